//! The runner: carries scenarios out and says what happens, event by event.
