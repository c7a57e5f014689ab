//! What comes of holding facts against an expectation.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::Serialize;

use crate::scenario::diagnostic::fit;
use crate::scenario::source::{Source, Span};
use crate::value::Value;
use crate::world::event::Event;

/// What comes of holding facts against an expectation.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Everything is as expected.
    Passed,
    /// What is not; at least one.
    Failed(Vec<Failure>),
}

impl Verdict {
    /// Whether everything is as expected.
    pub fn passed(&self) -> bool {
        *self == Verdict::Passed
    }

    /// What is not as expected.
    pub fn failures(self) -> Vec<Failure> {
        match self {
            Verdict::Passed => Vec::new(),
            Verdict::Failed(failures) => failures,
        }
    }
}

/// Something that is not as the scenario says, with its evidence.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failure {
    /// What was looked at: ``process `daemon`: uid.saved``.
    pub title: String,
    /// What the scenario says and what is: `expected 1000, got 0`.
    pub label: String,
    /// Where the scenario says it.
    pub span: Span,
    /// The field, with dots: `uid.saved`. Empty if it is not about a field.
    pub path: String,
    /// What is expected, in words. Empty if it is not about a value.
    pub expected: String,
    /// What is.
    pub actual: Value,
    /// The difference of two texts of several lines: `-` expected, `+` actual.
    pub diff: Option<String>,
    /// What is worth knowing besides: which case, for how long it was waited.
    pub notes: Vec<String>,
    /// The events that it is about, in the order in which the scenario names
    /// them.
    pub events: Vec<Event>,
}

impl Failure {
    /// A failure that is not about a value: something did not happen in time.
    pub fn new(span: Span, title: impl Into<String>, label: impl Into<String>) -> Failure {
        Failure {
            title: title.into(),
            label: label.into(),
            span,
            path: String::new(),
            expected: String::new(),
            actual: Value::Absent,
            diff: None,
            notes: Vec::new(),
            events: Vec::new(),
        }
    }

    /// Adds what is worth knowing.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Failure {
        self.notes.push(note.into());
        self
    }

    /// The message with the line of the scenario, a caret, the difference and
    /// the notes.
    pub fn render(&self, source: &Source, renderer: &Renderer) -> String {
        let snippet = Snippet::source(&source.text).path(&source.name).annotation(
            AnnotationKind::Primary
                .span(fit(source, self.span))
                .label(&self.label),
        );
        let mut group: Group<'_> = Level::ERROR.primary_title(&self.title).element(snippet);
        if let Some(diff) = &self.diff {
            group = group.element(Level::NOTE.no_name().message(diff));
        }
        for note in &self.notes {
            group = group.element(Level::NOTE.no_name().message(note));
        }
        renderer.render(&[group])
    }
}
