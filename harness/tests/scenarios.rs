//! Every scenario of the packs, against `labd`, as a test of its own.

daemonlab_harness::scenarios!("../scenarios");
