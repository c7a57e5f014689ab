//! Every scenario of the packs, against `labd`, as a test of its own in each
//! world.

daemonlab_harness::scenarios!("../scenarios", world = Both);
