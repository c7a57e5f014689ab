//! What is wrong with a file: every mistake with its place, and what to do.

use std::fmt;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::source::{Source, Span};

/// A mistake in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong, without a full stop.
    pub title: String,
    /// What is said under the caret.
    pub label: String,
    /// Where.
    pub span: Span,
    /// A second place that bears on it, and what is said there.
    pub related: Option<(Span, String)>,
    /// What is worth knowing besides.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A mistake at a place.
    pub fn new(span: Span, title: impl Into<String>, label: impl Into<String>) -> Diagnostic {
        Diagnostic {
            title: title.into(),
            label: label.into(),
            span,
            related: None,
            notes: Vec::new(),
            help: None,
        }
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// Adds what is worth knowing.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }

    /// Adds a second place.
    #[must_use]
    pub fn related(mut self, span: Span, label: impl Into<String>) -> Diagnostic {
        self.related = Some((span, label.into()));
        self
    }

    /// The message with the lines of the file, a caret, and its notes.
    pub fn render(&self, source: &Source, renderer: &Renderer) -> String {
        let mut snippet = Snippet::source(&source.text).path(&source.name).annotation(
            AnnotationKind::Primary
                .span(fit(source, self.span))
                .label(&self.label),
        );
        if let Some((span, label)) = &self.related {
            snippet = snippet.annotation(
                AnnotationKind::Context
                    .span(fit(source, *span))
                    .label(label),
            );
        }
        let mut group: Group<'_> = Level::ERROR.primary_title(&self.title).element(snippet);
        for note in &self.notes {
            group = group.element(Level::NOTE.message(note));
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help));
        }
        renderer.render(&[group])
    }
}

/// A span that lies within the text, on the boundaries of characters: the
/// renderer panics on any other.
pub(crate) fn fit(source: &Source, span: Span) -> std::ops::Range<usize> {
    let text = &source.text;
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.start);
    start..floor(span.end).max(start)
}

/// Everything that is wrong with a file; at least one mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostics {
    /// The file.
    pub source: Arc<Source>,
    /// The mistakes, in the order of their places. Empty if the file could not
    /// be read.
    pub mistakes: Vec<Diagnostic>,
    /// Why the file could not be read, if it could not.
    pub unreadable: Option<String>,
}

impl Diagnostics {
    /// All messages, with a line that counts them at the end.
    pub fn render(&self, renderer: &Renderer) -> String {
        let name = &self.source.name;
        if let Some(why) = &self.unreadable {
            let title = format!("cannot read `{name}`: {why}");
            return renderer.render(&[Group::with_title(Level::ERROR.primary_title(&title))]);
        }
        let mut out = String::new();
        for mistake in &self.mistakes {
            out.push_str(&mistake.render(&self.source, renderer));
            out.push_str("\n\n");
        }
        let mistakes = match self.mistakes.len() {
            1 => "1 mistake".to_owned(),
            n => format!("{n} mistakes"),
        };
        out.push_str(&format!("{name}: {mistakes}"));
        out
    }
}

/// Without colours.
impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(&Renderer::plain()))
    }
}

impl std::error::Error for Diagnostics {}
