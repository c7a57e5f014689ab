//! Names of tasks by pedigree.

use std::fmt;
use std::iter;
use std::str::FromStr;

/// How many generations a [`TaskName`] can tell apart below the first task.
pub const MAX_GENERATIONS: usize = 11;

/// A task, which is a process or one of its threads, by its pedigree: `0` is
/// the first process, `0.2` the second that it forked, `0.2.1` the first that
/// this one forked, and `0.2/t3` a further thread of `0.2`. Where a model
/// starts with several processes, the others are `1`, `2`, …
///
/// A name says how a task came to be, not when: it is the same in every
/// schedule in which its parents do the same, so that schedules, footprints
/// and a fork that is replayed can all rely on it. A process that a thread
/// forks counts as a child of the thread's process.
///
/// Names are ordered as in a family tree: a parent before its children, a
/// process before its threads.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskName {
    /// Which of the processes that are there from the start it descends from.
    first: u16,
    /// The ordinal of each generation below the first task, from 1; 0 ends it.
    path: [u16; MAX_GENERATIONS],
    /// 0 is the first thread, the process itself.
    thread: u16,
}

impl TaskName {
    /// The first task, `0`.
    pub const ROOT: TaskName = TaskName::first(0);

    /// The process number `ordinal` of those that are there from the start,
    /// counted from 0.
    pub const fn first(ordinal: u16) -> TaskName {
        TaskName {
            first: ordinal,
            path: [0; MAX_GENERATIONS],
            thread: 0,
        }
    }

    /// The process that this one, or its thread, forks as its `ordinal`-th,
    /// counted from 1. `None` if `ordinal` is 0 or the name would have more
    /// than [`MAX_GENERATIONS`].
    pub fn child(self, ordinal: u16) -> Option<TaskName> {
        let generation = self.generation();
        if ordinal == 0 || generation == MAX_GENERATIONS {
            return None;
        }
        let mut child = self.process();
        child.path[generation] = ordinal;
        Some(child)
    }

    /// The process that forked this one, or whose thread did; `None` for the
    /// first task and its threads.
    pub fn parent(self) -> Option<TaskName> {
        let generation = self.generation().checked_sub(1)?;
        let mut parent = self.process();
        parent.path[generation] = 0;
        Some(parent)
    }

    /// The first process that this one descends from; itself, if nobody forked it.
    pub fn root(self) -> TaskName {
        let forebears = iter::successors(Some(self.process()), |process| process.parent());
        forebears.last().unwrap_or(self)
    }

    /// The further thread number `ordinal` of this task's process; 0 is the
    /// process itself.
    pub fn thread(self, ordinal: u16) -> TaskName {
        TaskName {
            thread: ordinal,
            ..self
        }
    }

    /// The process of this task: itself, unless it is a further thread.
    pub fn process(self) -> TaskName {
        self.thread(0)
    }

    fn generation(self) -> usize {
        self.path
            .iter()
            .position(|ordinal| *ordinal == 0)
            .unwrap_or(MAX_GENERATIONS)
    }
}

impl fmt::Display for TaskName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first)?;
        for ordinal in &self.path[..self.generation()] {
            write!(f, ".{ordinal}")?;
        }
        if self.thread != 0 {
            write!(f, "/t{}", self.thread)?;
        }
        Ok(())
    }
}

impl fmt::Debug for TaskName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text is no name of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotATask(String);

impl fmt::Display for NotATask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no task: write `0` for the first process, `0.1` for the first that it forks, \
             `0.1/t2` for a thread of that; at most {MAX_GENERATIONS} generations, numbers up to \
             65535 without leading zeros, and none but the first of them 0",
            self.0
        )
    }
}

impl std::error::Error for NotATask {}

impl FromStr for TaskName {
    type Err = NotATask;

    fn from_str(text: &str) -> Result<TaskName, NotATask> {
        let not_a_task = || NotATask(text.to_owned());
        let ordinal = |digits: &str| -> Option<u16> {
            (digits.starts_with(|c: char| matches!(c, '1'..='9'))).then(|| digits.parse().ok())?
        };
        let (process, thread) = match text.split_once("/t") {
            Some((process, thread)) => (process, ordinal(thread).ok_or_else(not_a_task)?),
            None => (text, 0),
        };
        let mut parts = process.split('.');
        let first = match parts.next() {
            Some("0") => 0,
            part => part.and_then(ordinal).ok_or_else(not_a_task)?,
        };
        parts
            .try_fold(TaskName::first(first), |name, part| {
                name.child(ordinal(part)?)
            })
            .map(|name| name.thread(thread))
            .ok_or_else(not_a_task)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("0")]
    #[case("0.1")]
    #[case("0.1.1")]
    #[case("0.1/t2")]
    #[case("0/t1")]
    #[case("0.65535.2")]
    #[case("0.1.2.3.4.5.6.7.8.9.10.11")]
    #[case("2.1/t1")]
    fn a_name_reads_as_it_is_written(#[case] text: &str) {
        assert_eq!(text.parse::<TaskName>().unwrap().to_string(), text);
    }

    #[rstest]
    #[case("")]
    #[case("-1")]
    #[case("00")]
    #[case("01")]
    #[case("0.")]
    #[case("0.0")]
    #[case("0.01")]
    #[case("0.+1")]
    #[case("0.65536")]
    #[case("0/t0")]
    #[case("0/t")]
    #[case("0/2")]
    #[case("0.1/t2.1")]
    #[case(" 0")]
    #[case("0.1.2.3.4.5.6.7.8.9.10.11.12")]
    fn what_is_no_name_is_refused(#[case] text: &str) {
        let refused = text.parse::<TaskName>().unwrap_err();
        assert!(
            refused
                .to_string()
                .starts_with(&format!("`{text}` is no task")),
            "{refused}"
        );
    }

    #[test]
    fn the_order_is_that_of_a_family_tree() {
        let names = [
            "0", "0/t1", "0.1", "0.1/t1", "0.1.1", "0.1.2", "0.2", "1", "1.1",
        ];
        let parsed: Vec<TaskName> = names.iter().map(|name| name.parse().unwrap()).collect();
        assert!(parsed.is_sorted(), "{parsed:?}");
    }

    #[test]
    fn a_thread_forks_for_its_process() {
        let thread: TaskName = "0.1/t2".parse().unwrap();
        let child = thread.child(3).unwrap();
        assert_eq!(child.to_string(), "0.1.3");
        assert_eq!(child.parent().unwrap().to_string(), "0.1");
        assert_eq!(TaskName::ROOT.thread(2).parent(), None);
        assert_eq!(TaskName::ROOT.child(0), None);
    }

    #[rstest]
    #[case("0.1.2/t3", "0")]
    #[case("2/t1", "2")]
    #[case("1", "1")]
    fn whoever_descends_from_somebody_has_a_root(#[case] name: &str, #[case] root: &str) {
        assert_eq!(name.parse::<TaskName>().unwrap().root().to_string(), root);
    }

    proptest! {
        #[test]
        fn every_name_survives_being_written(
            first in any::<u16>(),
            path in proptest::collection::vec(1u16.., 0..=MAX_GENERATIONS),
            thread in any::<u16>(),
        ) {
            let name = path
                .iter()
                .fold(TaskName::first(first), |name, ordinal| name.child(*ordinal).unwrap())
                .thread(thread);
            prop_assert_eq!(name.to_string().parse::<TaskName>().unwrap(), name);
        }
    }
}
