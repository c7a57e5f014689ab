//! A file's text, and places in it.

use std::ops::Range;

use serde::Serialize;

/// A range of bytes of a file, from `start` up to but not including `end`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

impl Span {
    /// The range as the standard library knows it.
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// A value and where it stands in its file.
#[derive(Clone, Debug, PartialEq)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> At<T> {
    /// Puts a value at its place.
    pub fn new(value: T, span: Span) -> At<T> {
        At { value, span }
    }
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its name as messages and test ids show it: `scenarios/detach/session.yaml`.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// A place in a file, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
}

impl Source {
    /// The line and column of a byte; that of the end for one beyond it.
    pub fn position(&self, offset: usize) -> Position {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &self.text[..end];
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        Position {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }

    /// `file:line:column` of a place.
    pub fn locate(&self, span: Span) -> String {
        let Position { line, column } = self.position(span.start);
        format!("{}:{line}:{column}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let source = Source {
            name: "x.yaml".into(),
            text: "a: ü\nb: c\n".into(),
        };
        let at = |offset| {
            let Position { line, column } = source.position(offset);
            (line, column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(5), (1, 5), "ü is two bytes and one column");
        assert_eq!(at(4), (1, 4), "the middle of a character is its start");
        assert_eq!(at(6), (2, 1));
        assert_eq!(at(999), (3, 1));
        assert_eq!(source.locate(Span { start: 9, end: 10 }), "x.yaml:2:4");
    }
}
