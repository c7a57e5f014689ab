//! The vDSO (`vdso(7)`) reads clocks without a call. A program that is not
//! told where it lies makes calls instead.

use crate::world::real::tracer::memory;

/// Entries of the auxiliary vector (`getauxval(3)`).
const END: u64 = 0;
const IGNORE: u64 = 1;
const SYSINFO_EHDR: u64 = 33;

/// More words than a stack that has just been made holds before its end.
const MOST: u64 = 1 << 20;

/// Hides it from a thread that has just executed a program, whose stack begins
/// at `stack`: the count of arguments, arguments, environment, vector. Gives
/// whether it is hidden, or was not there.
pub fn hide(tid: i32, stack: u64) -> bool {
    let word = |index: u64| memory::word(tid, stack.wrapping_add(index * 8));
    let Some(arguments) = word(0) else {
        return false;
    };
    let mut at = arguments.saturating_add(2);
    while at < MOST {
        match word(at) {
            None => return false,
            Some(0) => break,
            Some(_) => at += 1,
        }
    }
    at += 1;
    while at < MOST {
        match word(at) {
            None => return false,
            Some(END) => return true,
            Some(SYSINFO_EHDR) => {
                let address = stack.wrapping_add(at * 8);
                return memory::write(tid, address, &IGNORE.to_ne_bytes());
            }
            Some(_) => at += 2,
        }
    }
    false
}
