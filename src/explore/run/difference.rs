//! Two executions with the same choices that went apart.

use super::{Repeats, Run};
use crate::explore::Model;
use crate::explore::point::Readiness;

/// Two executions with the same choices went apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// After how many steps.
    pub after: usize,
    /// What the first execution showed there.
    pub first: String,
    /// What the second one did.
    pub second: String,
}

impl<M: Model> Run<M> {
    /// What every task is about to do.
    pub(super) fn describe(&self) -> String {
        let mut text = String::new();
        for (place, at) in self.tasks.iter().enumerate() {
            if place > 0 {
                text.push_str("; ");
            }
            let task = at.task.index();
            text.push_str(&format!("{} #{} ", self.names[task], self.counts[task] + 1));
            self.model
                .write_operation(place, &mut text)
                .expect("writing to a string does not fail");
            match at.readiness {
                Readiness::Blocked => text.push_str(" (blocked)"),
                Readiness::Timer => text.push_str(" (until its timer fires)"),
                Readiness::Fault => text.push_str(" (blocked but for a fault)"),
                Readiness::Ready => {}
            }
        }
        if text.is_empty() {
            text.push_str("no task is left");
        }
        text
    }

    pub(super) fn compare_with_previous(&mut self) -> Option<Difference> {
        let depth = self.taken.len();
        if !self.same || self.repeats == Repeats::Mostly {
            return None;
        }
        let expected = *self.previous.1.get(depth)?;
        if expected == self.shapes[depth] {
            return None;
        }
        let second = self.describe();
        Some(Difference {
            after: depth,
            first: self.see_again(expected),
            second,
        })
    }

    /// Tries to come once more to a point that looked like `expected` after
    /// the steps of this execution, and describes it.
    fn see_again(&mut self, expected: u64) -> String {
        // What is not exact may be slow to start over: real processes.
        let attempts = if self.model.is_exact() { 8 } else { 1 };
        let steps = self.taken.clone();
        for _ in 0..attempts {
            self.begin(self.bounds);
            self.same = false;
            for step in &steps {
                self.look(false);
                let Some(place) = self.tasks.iter().position(|at| at.task == step.task) else {
                    break;
                };
                if usize::from(step.alternative) >= usize::from(self.tasks[place].all) {
                    break;
                }
                self.counts[step.task.index()] += 1;
                self.model.step(place, step.alternative.into());
            }
            self.look(false);
            if self.shapes.last() == Some(&expected) {
                return self.describe();
            }
        }
        format!("something else, which did not show itself again (attempts: {attempts})")
    }
}
