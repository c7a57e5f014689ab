//! The scripted mock: a list of expected calls with their answers.
//!
//! A start-up's error paths are unit-tested with it, without a kernel: the
//! script says which calls come, in which order, and what each gives. Another
//! call than the expected one is a panic that shows both; so is a script that
//! is not used up.
//!
//! ```
//! use daemonlab::sys::call::{Call, Ret};
//! use daemonlab::sys::records::KillTarget;
//! use daemonlab::sys::scripted::{Run, Scripted, on};
//! use daemonlab::sys::{Errno, Pid, Process, Signal, Signals};
//!
//! let parent = Pid::from_raw(7);
//! let signal = Call::Kill {
//!     target: KillTarget::Process(parent),
//!     signal: Some(Signal::USR1),
//! };
//! let script = [
//!     on(Call::GetPpid).gives(Ret::Pid(parent)),
//!     // The same call four times.
//!     on(signal).fails(Errno::EPERM).times(3).done(),
//!     on(Call::Exit { status: 0 }).done(),
//! ];
//! let run = Scripted::new(script).run(|sys| {
//!     let parent = sys.getppid().unwrap();
//!     while sys.kill(KillTarget::Process(parent), Some(Signal::USR1)).is_err() {}
//!     sys.exit(0)
//! });
//! assert_eq!(run, Run::<()>::Exited(0));
//! ```

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

use super::call::{Call, Ret};
use super::{Environment, Errno, Gid, Group, Kernel, Result, Uid, User, Users};

/// One expected call, and what it gives each time it comes.
#[derive(Clone, Debug)]
pub struct Step {
    expected: Expected,
    answers: VecDeque<Result<Ret>>,
}

#[derive(Clone, Debug)]
enum Expected {
    Exactly(Call),
    Named(&'static str),
}

impl Expected {
    fn is(&self, call: &Call) -> bool {
        match self {
            Expected::Exactly(expected) => expected == call,
            Expected::Named(name) => *name == call.name(),
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expected::Exactly(call) => write!(f, "{call}"),
            Expected::Named(name) => write!(f, "{name}(anything)"),
        }
    }
}

/// The beginning of a step: exactly this call is expected.
pub fn on(call: Call) -> Step {
    Step {
        expected: Expected::Exactly(call),
        answers: VecDeque::new(),
    }
}

/// The beginning of a step: a call of this name ([`Call::name`]) is expected,
/// whatever its arguments.
pub fn on_any(name: &'static str) -> Step {
    Step {
        expected: Expected::Named(name),
        answers: VecDeque::new(),
    }
}

impl Step {
    /// It comes, and gives this answer.
    #[must_use]
    pub fn gives(self, answer: Ret) -> Step {
        self.answers(Ok(answer))
    }

    /// It comes, succeeds, and has nothing to say.
    #[must_use]
    pub fn done(self) -> Step {
        self.gives(Ret::Unit)
    }

    /// It comes, and fails.
    #[must_use]
    pub fn fails(self, errno: Errno) -> Step {
        self.answers(Err(errno))
    }

    /// It comes, and gives or fails with this.
    #[must_use]
    pub fn answers(mut self, answer: Result<Ret>) -> Step {
        self.answers.push_back(answer);
        self
    }

    /// It comes once, and gives or fails with this, whatever was said before:
    /// for tests that let each step of one script fail in turn.
    #[must_use]
    pub fn instead(mut self, answer: Result<Ret>) -> Step {
        self.answers = VecDeque::from([answer]);
        self
    }

    /// What was said last happens `times` times in all.
    ///
    /// # Panics
    /// If nothing was said yet.
    #[must_use]
    pub fn times(mut self, times: usize) -> Step {
        let last = self.answers.pop_back().expect("an answer to repeat");
        self.answers.extend(std::iter::repeat_n(last, times));
        self
    }
}

/// How a scripted run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run<T> {
    /// The program returned.
    Returned(T),
    /// It called `_exit` with this status.
    Exited(i32),
}

/// What [`Call::Exit`] unwinds with.
struct Exit(i32);

/// The mock. A clone is a handle to the same script.
#[derive(Clone, Debug, Default)]
pub struct Scripted {
    state: Rc<RefCell<State>>,
}

#[derive(Debug, Default)]
struct State {
    script: VecDeque<Step>,
    /// How many calls have been answered.
    answered: usize,
    /// After `_exit` or a mismatch: what destructors call is nobody's business.
    over: bool,
    users: Vec<(User, Vec<Gid>)>,
    groups: Vec<Group>,
    args: Vec<OsString>,
    vars: BTreeMap<OsString, OsString>,
}

impl Scripted {
    /// A mock that follows `script`.
    pub fn new(script: impl IntoIterator<Item = Step>) -> Scripted {
        let mock = Scripted::default();
        mock.state.borrow_mut().script = script.into_iter().collect();
        mock
    }

    /// Adds a user, whose group list is `groups`, ascending.
    #[must_use]
    pub fn user(self, name: &str, uid: u32, gid: u32, groups: &[u32]) -> Scripted {
        let user = User {
            name: name.to_owned(),
            uid: Uid::from_raw(uid),
            gid: Gid::from_raw(gid),
        };
        let groups = groups.iter().copied().map(Gid::from_raw).collect();
        self.state.borrow_mut().users.push((user, groups));
        self
    }

    /// Adds a group.
    #[must_use]
    pub fn group(self, name: &str, gid: u32) -> Scripted {
        self.state.borrow_mut().groups.push(Group {
            name: name.to_owned(),
            gid: Gid::from_raw(gid),
        });
        self
    }

    /// Sets the arguments, the program's name first.
    #[must_use]
    pub fn args(self, args: &[&str]) -> Scripted {
        self.state.borrow_mut().args = args.iter().map(OsString::from).collect();
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn var(self, name: &str, value: &str) -> Scripted {
        self.set_var(name.as_ref(), value.as_ref());
        self
    }

    /// Runs `program` against the script.
    ///
    /// # Panics
    /// On a call that the script does not expect, on a script that is not used
    /// up, and as `program` does.
    pub fn run<T>(self, program: impl FnOnce(Scripted) -> T) -> Run<T> {
        let sys = self.clone();
        // The program's own state goes with it; the mock's is only looked at.
        let run = match catch_unwind(AssertUnwindSafe(|| program(sys))) {
            Ok(value) => Run::Returned(value),
            Err(payload) => match payload.downcast::<Exit>() {
                Ok(exit) => Run::Exited(exit.0),
                Err(panic) => resume_unwind(panic),
            },
        };
        let state = self.state.borrow();
        if let Some(step) = state.script.front() {
            panic!(
                "after {} calls the program is over, and the script expects {}",
                state.answered, step.expected
            );
        }
        run
    }
}

impl Kernel for Scripted {
    #[track_caller]
    fn call(&self, call: Call) -> Result<Ret> {
        let mut state = self.state.borrow_mut();
        if state.over {
            return Err(Errno::ENOSYS);
        }
        let answered = state.answered;
        let mismatch = |state: &mut State, expected: String| -> ! {
            state.over = true;
            panic!("call {answered}: the script expects {expected}, and the program calls {call}")
        };
        let Some(step) = state.script.front_mut() else {
            mismatch(&mut state, "nothing more".to_owned())
        };
        if !step.expected.is(&call) {
            let expected = step.expected.to_string();
            mismatch(&mut state, expected)
        }
        let Some(answer) = step.answers.pop_front() else {
            let unanswered = format!("{} and has no answer to it", step.expected);
            mismatch(&mut state, unanswered)
        };
        if step.answers.is_empty() {
            state.script.pop_front();
        }
        state.answered += 1;
        if let Call::Exit { status } = call {
            state.over = true;
            drop(state);
            resume_unwind(Box::new(Exit(status)));
        }
        answer
    }
}

impl Users for Scripted {
    fn user(&self, name: &str) -> Result<Option<User>> {
        let state = self.state.borrow();
        let mut users = state.users.iter().map(|(user, _)| user);
        Ok(users.find(|user| user.name == name).cloned())
    }

    fn group(&self, name: &str) -> Result<Option<Group>> {
        let state = self.state.borrow();
        let mut groups = state.groups.iter();
        Ok(groups.find(|group| group.name == name).cloned())
    }

    fn group_list(&self, user: &str, gid: Gid) -> Result<Vec<Gid>> {
        let state = self.state.borrow();
        let found = state.users.iter().find(|(known, _)| known.name == user);
        Ok(found.map_or_else(|| vec![gid], |(_, groups)| groups.clone()))
    }
}

impl Environment for Scripted {
    fn args(&self) -> Vec<OsString> {
        self.state.borrow().args.clone()
    }

    fn var(&self, name: &str) -> Option<OsString> {
        self.state.borrow().vars.get(OsStr::new(name)).cloned()
    }

    fn vars(&self) -> Vec<(OsString, OsString)> {
        let state = self.state.borrow();
        let vars = state.vars.iter();
        vars.map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    fn set_var(&self, name: &OsStr, value: &OsStr) {
        let mut state = self.state.borrow_mut();
        state.vars.insert(name.to_owned(), value.to_owned());
    }

    fn remove_var(&self, name: &OsStr) {
        self.state.borrow_mut().vars.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::{Files, Process};

    #[test]
    fn exit_diverges_and_what_destructors_do_is_not_expected() {
        let script = [
            on_any("pipe2").gives(Ret::Fds((3, 4))),
            on(Call::Exit { status: 5 }).done(),
        ];
        let run = Scripted::new(script).run(|sys| {
            let _pipe = crate::sys::Pipes::pipe(&sys).unwrap();
            sys.exit(5)
        });
        assert_eq!(run, Run::<()>::Exited(5));
    }

    #[test]
    fn the_same_call_gives_its_answers_in_turn() {
        let script = [on(Call::GetCwd)
            .fails(Errno::ENOENT)
            .fails(Errno::EACCES)
            .gives(Ret::Path("/".into()))];
        let run = Scripted::new(script).run(|sys| [(); 3].map(|()| sys.getcwd().err()));
        let expected = [Some(Errno::ENOENT), Some(Errno::EACCES), None];
        assert_eq!(run, Run::Returned(expected));
    }

    #[test]
    #[should_panic(
        expected = "call 0: the script expects getpid(), and the program calls getppid()"
    )]
    fn another_call_shows_both() {
        let script = [on(Call::GetPid).done()];
        Scripted::new(script).run(|sys| sys.getppid().is_ok());
    }

    #[test]
    #[should_panic(
        expected = "call 0: the script expects nothing more, and the program calls fork()"
    )]
    fn a_call_too_many_shows_it() {
        Scripted::new([]).run(|sys| sys.fork().is_ok());
    }

    #[test]
    #[should_panic(expected = "after 0 calls the program is over, and the script expects fork()")]
    fn a_script_that_is_left_over_shows_what_is_missing() {
        Scripted::new([on(Call::Fork).done()]).run(|_| ());
    }

    #[test]
    #[should_panic(expected = "the program's own")]
    fn the_programs_own_panic_is_passed_on() {
        Scripted::new([]).run(|_| panic!("the program's own"));
    }
}
