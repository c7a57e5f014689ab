//! The binary `daemonlab`.

fn main() {}
