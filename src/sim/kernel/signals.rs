//! Signals of one process: mask, dispositions, what is pending
//! (`signal(7)`). Sending and delivering are in [`super::sending`].

use super::refusal::{Refusal, Result};
use crate::sys::records::{Disposition, MaskHow, SignalInfo};
use crate::sys::{Signal, SignalSet};

/// What the kernel does for a signal whose disposition is the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Nothing (also SIGCONT, which continues when it is sent).
    Ignore,
    /// The process stops.
    Stop,
    /// The process ends.
    Terminate,
}

/// The default action, `signal(7)`.
pub fn default_action(signal: Signal) -> Action {
    match signal {
        Signal::CHLD | Signal::CONT | Signal::URG | Signal::WINCH => Action::Ignore,
        Signal::STOP | Signal::TSTP | Signal::TTIN | Signal::TTOU => Action::Stop,
        _ => Action::Terminate,
    }
}

/// The signals that stop a process by default.
pub(super) const STOPS: SignalSet = SignalSet::EMPTY
    .with(Signal::STOP)
    .with(Signal::TSTP)
    .with(Signal::TTIN)
    .with(Signal::TTOU);

/// The signals that do nothing by default.
const QUIET: SignalSet = SignalSet::EMPTY
    .with(Signal::CHLD)
    .with(Signal::CONT)
    .with(Signal::URG)
    .with(Signal::WINCH);

/// What can be neither blocked, caught nor ignored.
const UNTOUCHABLE: SignalSet = SignalSet::EMPTY.with(Signal::KILL).with(Signal::STOP);

/// What the C library keeps for its threads, `nptl(7)`: bits 31 and 32.
const RESERVED: SignalSet = SignalSet::from_bits(0b11 << 31);

/// Faults of the program itself, which are taken before all others
/// (`SYNCHRONOUS_MASK` in kernel/signal.c).
const SYNCHRONOUS: SignalSet = SignalSet::EMPTY
    .with(Signal::SEGV)
    .with(Signal::BUS)
    .with(Signal::ILL)
    .with(Signal::TRAP)
    .with(Signal::FPE)
    .with(Signal::SYS);

/// The signals that dump core by default (`SIG_KERNEL_COREDUMP_MASK`).
pub(super) const DUMPS: SignalSet = SYNCHRONOUS
    .with(Signal::QUIT)
    .with(Signal::ABRT)
    .with(Signal::XCPU)
    .with(Signal::XFSZ);

/// The signals of one process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Signals {
    /// The mask.
    pub blocked: SignalSet,
    /// Ignored by choice.
    pub ignored: SignalSet,
    /// Caught by the handler that does nothing.
    pub caught: SignalSet,
    /// What has been sent and neither taken nor delivered: by number, and of
    /// one number the oldest first. No program can tell in which order
    /// different signals came.
    pub pending: Vec<SignalInfo>,
}

impl Signals {
    /// What the child of a fork starts with: the same, but nothing pending.
    pub(super) fn of_child(&self) -> Signals {
        Signals {
            pending: Vec::new(),
            ..self.clone()
        }
    }

    /// What the signal does.
    pub fn disposition(&self, signal: Signal) -> Disposition {
        if self.ignored.contains(signal) {
            Disposition::Ignore
        } else if self.caught.contains(signal) {
            Disposition::Interrupt
        } else {
            Disposition::Default
        }
    }

    /// Whether nothing happens when it is delivered.
    pub(super) fn is_ignored(&self, signal: Signal) -> bool {
        self.quiet().contains(signal)
    }

    /// The signals for which nothing happens.
    pub(super) fn quiet(&self) -> SignalSet {
        either(self.ignored, less(QUIET, self.caught))
    }

    /// Whether its delivery ends the process.
    fn is_fatal(&self, signal: Signal) -> bool {
        self.disposition(signal) == Disposition::Default
            && default_action(signal) == Action::Terminate
    }

    /// The signals of which there is at least one.
    pub(super) fn pending_set(&self) -> SignalSet {
        self.pending.iter().map(|info| info.signal).collect()
    }

    /// The pending signals of `set` that end the process once delivered, first
    /// the one that does.
    pub(super) fn fatal_in(&self, set: SignalSet) -> Option<Signal> {
        let fatal: SignalSet = self
            .pending
            .iter()
            .map(|info| info.signal)
            .filter(|signal| set.contains(*signal) && self.is_fatal(*signal))
            .collect();
        if fatal.contains(Signal::KILL) {
            return Some(Signal::KILL);
        }
        first(fatal)
    }

    /// The pending signals of `set` that stop the process.
    pub(super) fn stop_in(&self, set: SignalSet) -> Option<Signal> {
        let mut pending = self.pending.iter().map(|info| info.signal);
        pending.find(|signal| {
            set.contains(*signal)
                && self.disposition(*signal) == Disposition::Default
                && default_action(*signal) == Action::Stop
        })
    }

    /// Whether a pending signal of `set` runs the handler.
    pub(super) fn caught_in(&self, set: SignalSet) -> bool {
        self.pending
            .iter()
            .any(|info| set.contains(info.signal) && self.caught.contains(info.signal))
    }

    /// Takes the first pending signal of `set`.
    pub(super) fn take(&mut self, set: SignalSet) -> Option<SignalInfo> {
        let signal = first(both(self.pending_set(), set))?;
        let place = self.pending.iter().position(|info| info.signal == signal)?;
        Some(self.pending.remove(place))
    }

    /// Puts a signal among the pending ones. A standard signal that is pending
    /// already is lost, with its sender; real-time signals queue.
    pub(super) fn queue(&mut self, info: SignalInfo) {
        let standard = info.signal.number() < 32;
        let there = self
            .pending
            .iter()
            .any(|pending| pending.signal == info.signal);
        if !(standard && there) {
            let behind = |pending: &SignalInfo| pending.signal.number() <= info.signal.number();
            let place = self.pending.partition_point(behind);
            self.pending.insert(place, info);
        }
    }

    pub(super) fn forget(&mut self, set: SignalSet) {
        self.pending.retain(|info| !set.contains(info.signal));
    }

    pub(super) fn mask(&mut self, how: MaskHow, set: SignalSet) -> SignalSet {
        let before = self.blocked;
        self.blocked = match how {
            MaskHow::Block => either(before, blockable(set)),
            MaskHow::Unblock => less(before, set),
            MaskHow::Set => blockable(set),
        };
        before
    }

    pub(super) fn action(
        &mut self,
        signal: Signal,
        disposition: Disposition,
    ) -> Result<Disposition> {
        if UNTOUCHABLE.contains(signal) {
            return Err(Refusal::ActionOfUntouchable);
        }
        // What is inherited ignored can be reset, and no more.
        if RESERVED.contains(signal) && disposition != Disposition::Default {
            return Err(Refusal::ActionOfReserved);
        }
        if disposition == Disposition::Foreign {
            return Err(Refusal::ActionForeign);
        }
        let before = self.disposition(signal);
        self.ignored = self.ignored.without(signal);
        self.caught = self.caught.without(signal);
        match disposition {
            Disposition::Ignore => self.ignored = self.ignored.with(signal),
            Disposition::Interrupt => self.caught = self.caught.with(signal),
            Disposition::Default | Disposition::Foreign => {}
        }
        // "Setting a signal action to SIG_IGN for a signal that is pending
        // shall cause the pending signal to be discarded, whether or not it is
        // blocked" (POSIX, 2.4.3), and as much for a default that ignores.
        if self.is_ignored(signal) {
            self.forget(SignalSet::EMPTY.with(signal));
        }
        Ok(before)
    }
}

/// The set less what can never be blocked or waited for.
pub(super) fn blockable(set: SignalSet) -> SignalSet {
    less(less(set, UNTOUCHABLE), RESERVED)
}

/// What is in either.
pub(super) fn either(one: SignalSet, other: SignalSet) -> SignalSet {
    SignalSet::from_bits(one.bits() | other.bits())
}

/// What is in both.
pub(super) fn both(one: SignalSet, other: SignalSet) -> SignalSet {
    SignalSet::from_bits(one.bits() & other.bits())
}

/// What is in the first alone.
pub(super) fn less(one: SignalSet, other: SignalSet) -> SignalSet {
    SignalSet::from_bits(one.bits() & !other.bits())
}

/// The complement.
pub(super) fn all_but(set: SignalSet) -> SignalSet {
    SignalSet::from_bits(!set.bits())
}

fn first(set: SignalSet) -> Option<Signal> {
    let urgent = both(set, SYNCHRONOUS);
    urgent.iter().next().or_else(|| set.iter().next())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::sys::Pid;

    fn info(signal: Signal, pid: i32) -> SignalInfo {
        SignalInfo {
            signal,
            pid: Pid::from_raw(pid),
            uid: 0,
        }
    }

    #[test]
    fn a_standard_signal_coalesces_and_keeps_its_first_sender() {
        let mut signals = Signals::default();
        signals.queue(info(Signal::USR1, 1));
        signals.queue(info(Signal::USR1, 2));
        assert_eq!(signals.pending, [info(Signal::USR1, 1)]);
    }

    #[test]
    fn a_real_time_signal_queues() {
        let signal = Signal::new(40).unwrap();
        let mut signals = Signals::default();
        signals.queue(info(signal, 1));
        signals.queue(info(signal, 2));
        assert_eq!(signals.take(SignalSet::ALL), Some(info(signal, 1)));
        assert_eq!(signals.take(SignalSet::ALL), Some(info(signal, 2)));
        assert_eq!(signals.take(SignalSet::ALL), None);
    }

    #[test]
    fn the_lowest_number_comes_first_but_for_the_programs_own_faults() {
        let mut signals = Signals::default();
        for signal in [Signal::CHLD, Signal::USR1, Signal::SEGV] {
            signals.queue(info(signal, 1));
        }
        let order: Vec<Signal> = std::iter::from_fn(|| signals.take(SignalSet::ALL))
            .map(|info| info.signal)
            .collect();
        assert_eq!(order, [Signal::SEGV, Signal::USR1, Signal::CHLD]);
    }

    #[rstest]
    #[case::einval_kill(Signal::KILL, Disposition::Default, Refusal::ActionOfUntouchable)]
    #[case::einval_stop(Signal::STOP, Disposition::Ignore, Refusal::ActionOfUntouchable)]
    #[case::einval_reserved(Signal::new(32).unwrap(), Disposition::Ignore, Refusal::ActionOfReserved)]
    #[case::einval_foreign(Signal::USR1, Disposition::Foreign, Refusal::ActionForeign)]
    fn sigaction_is_refused(
        #[case] signal: Signal,
        #[case] disposition: Disposition,
        #[case] refusal: Refusal,
    ) {
        let done = Signals::default().action(signal, disposition);
        assert_eq!(done, Err(refusal));
    }

    #[test]
    fn to_ignore_a_signal_is_to_forget_it() {
        let mut signals = Signals::default();
        signals.mask(MaskHow::Block, SignalSet::ALL);
        signals.queue(info(Signal::USR1, 1));
        assert_eq!(
            signals.action(Signal::USR1, Disposition::Ignore),
            Ok(Disposition::Default)
        );
        assert!(signals.pending.is_empty());
        assert_eq!(
            signals.action(Signal::USR1, Disposition::Interrupt),
            Ok(Disposition::Ignore)
        );
    }

    #[test]
    fn kill_stop_and_the_c_librarys_signals_are_never_blocked() {
        let mut signals = Signals::default();
        signals.mask(MaskHow::Set, SignalSet::ALL);
        for number in [9, 19, 32, 33] {
            assert!(!signals.blocked.contains(Signal::new(number).unwrap()));
        }
        assert_eq!(signals.blocked.iter().count(), 60);
    }
}
