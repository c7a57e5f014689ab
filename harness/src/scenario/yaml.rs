//! The one place that knows the YAML library: text in, a tree with places out.
//!
//! Duplicate keys come through, so that all of them can be reported at once
//! with everything else. Merge keys are refused: they hide where a value comes
//! from. Aliases are allowed, within bounds.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{Error, Location, Spanned};

use super::diagnostic::Diagnostic;
use super::node::{Entry, Node, Yaml};
use super::source::{At, Span};

/// Deeper documents are refused: the tree is walked by recursion.
const MAX_DEPTH: usize = 40;

/// Reads a document.
///
/// # Errors
/// What makes it no YAML, or no YAML that is read here.
pub(super) fn parse(text: &str) -> Result<Node, Vec<Diagnostic>> {
    let options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 10_000 },
        budget: serde_saphyr::budget! { max_depth: MAX_DEPTH },
    };
    let raw: Spanned<Raw> = serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| vec![refused(text, &error)])?;
    let mut reading = Reading {
        text,
        mistakes: Vec::new(),
    };
    let node = reading.node(raw);
    if reading.mistakes.is_empty() {
        Ok(node)
    } else {
        Err(reading.mistakes)
    }
}

/// A value as the library tells it.
enum Raw {
    Null,
    Bool(bool),
    Int(i64),
    Number,
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<Raw>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Raw, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(i64::try_from(value).map_or(Raw::Number, Raw::Int))
    }

    fn visit_i128<E>(self, _: i128) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Raw, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element()? {
            elements.push(element);
        }
        Ok(Raw::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}

/// Turns what the library tells into a tree with ranges of bytes.
struct Reading<'a> {
    text: &'a str,
    mistakes: Vec<Diagnostic>,
}

impl Reading<'_> {
    fn node(&mut self, raw: Spanned<Raw>) -> Node {
        let span = span(self.text, &raw.referenced);
        // Under an alias, the text of a number stands at the anchor.
        let written = || {
            let range = self::span(self.text, &raw.defined).range();
            self.text.get(range).unwrap_or_default().to_owned()
        };
        match raw.value {
            Raw::Null => Node::new(Yaml::Null, span),
            Raw::Bool(value) => Node::new(Yaml::Bool(value), span),
            Raw::Int(value) => Node::new(Yaml::Int(value, written()), span),
            Raw::Number => Node::new(Yaml::Number(written()), span),
            Raw::Text(text) => Node::new(Yaml::Text(text), self.trimmed(span)),
            Raw::List(elements) => {
                let elements: Vec<Node> = elements.into_iter().map(|e| self.node(e)).collect();
                let last = elements.last().map(|last| last.span.end);
                Node::new(Yaml::List(elements), self.closed(span, last))
            }
            Raw::Map(entries) => {
                let entries: Vec<Entry> =
                    entries.into_iter().filter_map(|e| self.entry(e)).collect();
                let last = entries.last().map(|last| last.value.span.end);
                Node::new(Yaml::Map(entries), self.closed(span, last))
            }
        }
    }

    fn entry(&mut self, (key, value): (Spanned<Raw>, Spanned<Raw>)) -> Option<Entry> {
        let key = self.node(key);
        let value = self.node(value);
        match key.written() {
            Some(name) => Some(Entry {
                key: At::new(name, key.span),
                value,
            }),
            None => {
                self.mistakes.push(Diagnostic::new(
                    key.span,
                    "a key is a word or a number",
                    format!("this is {}", key.kind()),
                ));
                None
            }
        }
    }

    /// Without the white space that follows a block scalar.
    fn trimmed(&self, span: Span) -> Span {
        let text = self.text.get(span.range()).unwrap_or_default();
        Span {
            start: span.start,
            end: span.start + text.trim_end().len(),
        }
    }

    /// From the start of a list or map to the end of its last element, and its
    /// closing bracket if it is in flow style.
    fn closed(&self, span: Span, last: Option<usize>) -> Span {
        let end = last.unwrap_or(span.end).max(span.end);
        let close = match self.text.as_bytes().get(span.start) {
            Some(b'[') => ']',
            Some(b'{') => '}',
            _ => {
                return Span {
                    start: span.start,
                    end,
                };
            }
        };
        let rest = self.text.get(end..).unwrap_or_default();
        let after = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        let end = match after.strip_prefix(close) {
            Some(after) => self.text.len() - after.len(),
            None => end,
        };
        Span {
            start: span.start,
            end,
        }
    }
}

/// The range of bytes of a place.
fn span(text: &str, place: &Location) -> Span {
    let span = place.span();
    if let (Some(start), Some(length)) = (span.byte_offset(), span.byte_len()) {
        let start = (start as usize).min(text.len());
        let end = (start + length as usize).min(text.len());
        return Span { start, end };
    }
    // Some errors have no more than a line and a column.
    let line = usize::try_from(place.line()).unwrap_or(1).max(1);
    let column = usize::try_from(place.column()).unwrap_or(1).max(1);
    let line_start: usize = text
        .split_inclusive('\n')
        .take(line - 1)
        .map(str::len)
        .sum();
    let rest = &text[line_start..];
    let in_line: usize = rest.chars().take(column - 1).map(char::len_utf8).sum();
    let start = line_start + in_line;
    let end = start + rest[in_line..].chars().next().map_or(0, char::len_utf8);
    Span { start, end }
}

/// What the library refused, in the words of this format.
fn refused(text: &str, error: &Error) -> Diagnostic {
    let error = error.without_snippet();
    let place = error.location();
    let span = place.map_or(Span::default(), |place| span(text, &place));
    match error {
        Error::MultipleDocuments { .. } => Diagnostic::new(
            span,
            "a file has one document",
            "a second one begins before this",
        )
        .help("put each scenario into a file of its own"),
        Error::MergeKeyNotAllowed { .. } => {
            Diagnostic::new(span, "merge keys are not read", "this one")
                .help("write the keys out, or use `cases` or `let` for what differs")
        }
        _ => {
            let told = error.to_string();
            let told = match place {
                Some(place) => told.replace(
                    &format!(" at line {}, column {}", place.line(), place.column()),
                    "",
                ),
                None => told,
            };
            let refused = Diagnostic::new(span, "this is no YAML", told);
            if near_variable(text, span.start) {
                return refused.help("inside of [ ] and { }, a value with ${x} in it needs quotes");
            }
            refused
        }
    }
}

/// Whether `${` stands at a place, or right before it.
fn near_variable(text: &str, at: usize) -> bool {
    let before = at.saturating_sub(3);
    text.as_bytes()
        .get(before..(at + 2).min(text.len()))
        .is_some_and(|near| near.windows(2).any(|pair| pair == b"${"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree with the text that each node's span covers.
    fn show(text: &str, node: &Node) -> String {
        let slice = &text[node.span.range()];
        match &node.yaml {
            Yaml::List(elements) => {
                let inner: Vec<String> = elements.iter().map(|e| show(text, e)).collect();
                format!("[{}]<{slice}>", inner.join(" "))
            }
            Yaml::Map(entries) => {
                let inner: Vec<String> = entries
                    .iter()
                    .map(|e| format!("{}={}", e.key.value, show(text, &e.value)))
                    .collect();
                format!("{{{}}}<{slice}>", inner.join(" "))
            }
            Yaml::Int(value, written) => format!("{value}|{written}<{slice}>"),
            other => format!("{other:?}<{slice}>"),
        }
    }

    #[test]
    fn every_node_knows_its_text() {
        let text = "ü: [x, 0x1F, \"y\" , ]\nb: {c: 0644, d: yes}\n";
        let shown = show(text, &parse(text).unwrap());
        assert!(
            shown.starts_with(
                "{ü=[Text(\"x\")<x> 31|0x1F<0x1F> Text(\"y\")<\"y\">]<[x, 0x1F, \"y\" , ]> \
                 b={c=Number(\"0644\")<0644> d=Text(\"yes\")<yes>}<{c: 0644, d: yes}>}"
            ),
            "{shown}"
        );
    }

    #[test]
    fn a_block_scalar_ends_with_its_text() {
        let text = "a: |\n  one\n  two\n\nb: 1\n";
        let node = parse(text).unwrap();
        let block = &node.get("a").unwrap().value;
        assert_eq!(block.yaml, Yaml::Text("one\ntwo\n".into()));
        assert!(text[block.span.range()].ends_with("two"));
    }

    #[test]
    fn a_number_under_an_alias_is_written_as_at_its_anchor() {
        let text = "a: &x 0x1F\nb: *x\n";
        let node = parse(text).unwrap();
        let used = &node.get("b").unwrap().value;
        assert_eq!(used.yaml, Yaml::Int(31, "0x1F".into()));
        assert_eq!(&text[used.span.range()], "*x");
    }

    #[test]
    fn duplicate_keys_come_through() {
        let node = parse("a: 1\na: 2\n").unwrap();
        assert_eq!(node.entries().len(), 2);
    }

    #[test]
    fn bombs_are_refused() {
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        assert!(parse(&deep).is_err());
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for n in 1..9 {
            let last = format!("*a{}", n - 1);
            bomb.push_str(&format!(
                "a{n}: &a{n} [{}]\n",
                [last.as_str(); 10].join(", ")
            ));
        }
        assert!(parse(&bomb).is_err());
    }
}
