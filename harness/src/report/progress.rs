//! The bar on a terminal: how many cases are done, and what the others do.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar, which may be hidden, and the cases that run.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    /// Ids, and what each case does.
    running: Vec<(String, String)>,
}

impl Progress {
    pub(super) fn new(bar: ProgressBar) -> Progress {
        Progress {
            bar,
            running: Vec::new(),
        }
    }

    /// How many cases there are.
    pub(super) fn of(&self, cases: usize) {
        self.bar.set_length(cases as u64);
    }

    pub(super) fn started(&mut self, id: &str) {
        self.running.push((id.to_owned(), String::new()));
        self.show();
    }

    /// A case has come to a step.
    pub(super) fn does(&mut self, id: &str, what: &str) {
        if let Some((_, does)) = self.running.iter_mut().find(|(known, _)| known == id) {
            what.clone_into(does);
        }
        self.show();
    }

    /// A case is over; so many are by now.
    pub(super) fn finished(&mut self, id: &str, by_now: usize) {
        self.running.retain(|(known, _)| known != id);
        self.bar.set_position(by_now as u64);
        self.show();
    }

    /// How many cases run.
    pub(super) fn running(&self) -> usize {
        self.running.len()
    }

    /// Makes room for what is written to the same terminal.
    pub(super) fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }

    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn show(&self) {
        let shown: Vec<String> = self
            .running
            .iter()
            .map(|(id, does)| match does.as_str() {
                "" => id.clone(),
                does => format!("{id}: {does}"),
            })
            .collect();
        self.bar.set_message(shown.join(" | "));
    }
}

/// The bar for a terminal: how many are done, and what runs.
pub fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    bar.set_style(
        ProgressStyle::with_template(
            "{prefix:>12.green.bold} [{elapsed_precise:>9}] [{bar:25}] {pos}/{len} {wide_msg:.dim}",
        )
        .expect("the template is a constant")
        .progress_chars("=> "),
    );
    bar.set_prefix("Running");
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
