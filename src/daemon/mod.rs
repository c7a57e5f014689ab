//! The daemonizer.
