//! What a panic has said.

use std::any::Any;

/// The message of a panic that was caught.
pub fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("it gave no message")
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};

    use super::*;

    fn said(panics: impl FnOnce()) -> String {
        let panic = catch_unwind(AssertUnwindSafe(panics)).expect_err("it panics");
        message(&*panic).to_owned()
    }

    #[test]
    fn a_panic_says_what_it_was_given() {
        assert_eq!(said(|| panic!("seven")), "seven");
        assert_eq!(said(|| panic!("{}", 7)), "7");
        assert_eq!(said(|| panic_any(7)), "it gave no message");
    }
}
