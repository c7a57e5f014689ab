//! The scripted mock.
