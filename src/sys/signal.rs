//! Signal numbers and sets of them, as plain data.
//!
//! nix's `Signal` stops at 31; a daemonizer that resets every disposition
//! needs the real-time signals too (`signal(7)`).

use std::fmt;

/// A signal number from 1 to 64, as `signal(7)` counts them on Linux.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signal(u8);

macro_rules! signals {
    ($($name:ident = $number:literal),* $(,)?) => {
        impl Signal {
            $(
                #[doc = concat!("SIG", stringify!($name), ", number ", stringify!($number), ".")]
                pub const $name: Signal = Signal($number);
            )*

            const NAMES: &'static [(u8, &'static str)] = &[$(($number, concat!("SIG", stringify!($name)))),*];
        }
    };
}

// The numbers of x86, ARM, and most others: signal(7), "Signal numbering for
// standard signals".
signals! {
    HUP = 1, INT = 2, QUIT = 3, ILL = 4, TRAP = 5, ABRT = 6, BUS = 7, FPE = 8,
    KILL = 9, USR1 = 10, SEGV = 11, USR2 = 12, PIPE = 13, ALRM = 14, TERM = 15,
    STKFLT = 16, CHLD = 17, CONT = 18, STOP = 19, TSTP = 20, TTIN = 21,
    TTOU = 22, URG = 23, XCPU = 24, XFSZ = 25, VTALRM = 26, PROF = 27,
    WINCH = 28, IO = 29, PWR = 30, SYS = 31,
}

impl Signal {
    /// The signal with this number, if it is between 1 and 64.
    pub fn new(number: i32) -> Option<Signal> {
        (1..=64).contains(&number).then_some(Signal(number as u8))
    }

    /// The number that the kernel knows it by.
    pub fn number(self) -> i32 {
        i32::from(self.0)
    }

    /// All 64 signals, in order.
    pub fn all() -> impl Iterator<Item = Signal> {
        (1..=64).map(Signal)
    }

    /// The signal called `TERM`, `SIGTERM`, `term`, or `15`; `None` for anything else.
    pub fn from_name(name: &str) -> Option<Signal> {
        if let Ok(number) = name.parse() {
            return Signal::new(number);
        }
        let upper = name.to_ascii_uppercase();
        let bare = upper.strip_prefix("SIG").unwrap_or(&upper);
        Signal::NAMES
            .iter()
            .find(|(_, known)| &known[3..] == bare)
            .map(|&(number, _)| Signal(number))
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Signal::NAMES.iter().find(|(number, _)| *number == self.0) {
            Some((_, name)) => f.write_str(name),
            None => write!(f, "SIG{}", self.0),
        }
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A set of signals: bit `n - 1` stands for signal `n`, as in `/proc/PID/status`.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct SignalSet(u64);

impl SignalSet {
    /// No signal.
    pub const EMPTY: SignalSet = SignalSet(0);
    /// Every signal.
    pub const ALL: SignalSet = SignalSet(u64::MAX);

    /// The set whose bits these are.
    pub const fn from_bits(bits: u64) -> SignalSet {
        SignalSet(bits)
    }

    /// The bits of this set.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// This set and `signal`.
    #[must_use]
    pub const fn with(self, signal: Signal) -> SignalSet {
        SignalSet(self.0 | 1 << (signal.0 - 1))
    }

    /// This set less `signal`.
    #[must_use]
    pub const fn without(self, signal: Signal) -> SignalSet {
        SignalSet(self.0 & !(1 << (signal.0 - 1)))
    }

    /// Whether `signal` is in the set.
    pub const fn contains(self, signal: Signal) -> bool {
        self.0 & (1 << (signal.0 - 1)) != 0
    }

    /// Whether no signal is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The signals of the set, lowest number first: the order of delivery.
    pub fn iter(self) -> impl Iterator<Item = Signal> {
        Signal::all().filter(move |signal| self.contains(*signal))
    }
}

impl FromIterator<Signal> for SignalSet {
    fn from_iter<I: IntoIterator<Item = Signal>>(signals: I) -> SignalSet {
        signals.into_iter().fold(SignalSet::EMPTY, SignalSet::with)
    }
}

impl fmt::Display for SignalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == SignalSet::ALL {
            return f.write_str("all signals");
        }
        f.write_str("{")?;
        for (i, signal) in self.iter().enumerate() {
            let gap = if i == 0 { "" } else { " " };
            write!(f, "{gap}{signal}")?;
        }
        f.write_str("}")
    }
}

impl fmt::Debug for SignalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_agree_with_libc() {
        for (signal, number) in [
            (Signal::USR1, libc::SIGUSR1),
            (Signal::CHLD, libc::SIGCHLD),
            (Signal::STOP, libc::SIGSTOP),
            (Signal::SYS, libc::SIGSYS),
        ] {
            assert_eq!(signal.number(), number);
            assert_eq!(Signal::from_name(&signal.to_string()), Some(signal));
        }
    }

    #[test]
    fn a_name_is_taken_with_or_without_its_prefix() {
        assert_eq!(Signal::from_name("term"), Some(Signal::TERM));
        assert_eq!(Signal::from_name("SIGTERM"), Some(Signal::TERM));
        assert_eq!(Signal::from_name("15"), Some(Signal::TERM));
        assert_eq!(Signal::from_name("65"), None);
        assert_eq!(Signal::from_name("TERMINATE"), None);
    }

    #[test]
    fn a_set_is_its_bits() {
        let set: SignalSet = [Signal::USR1, Signal::HUP].into_iter().collect();
        assert_eq!(set.bits(), 0b10_0000_0001);
        assert_eq!(set.to_string(), "{SIGHUP SIGUSR1}");
        assert!(set.without(Signal::HUP).without(Signal::USR1).is_empty());
        assert_eq!(SignalSet::ALL.iter().count(), 64);
    }
}
