//! Panics of simulated programs: an outcome like any other, so that they are
//! noted and not printed.

use std::cell::{Cell, RefCell};
use std::panic;
use std::sync::Once;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

static HOOK: Once = Once::new();

/// Runs `program`; where it panics, on this thread, nothing is printed, and
/// the place is kept for [`last_place`].
pub(super) fn quietly<T>(program: impl FnOnce() -> T) -> T {
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                return before(info);
            }
            let place = info.location();
            PLACE.set(place.map(|place| format!("{}:{}", place.file(), place.line())));
        }));
    });
    let before = QUIET.replace(true);
    let result = program();
    QUIET.set(before);
    result
}

/// Where the last panic of a simulated program was.
pub(super) fn last_place() -> Option<String> {
    PLACE.take()
}
