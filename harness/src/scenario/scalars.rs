//! Reading scalars: text, numbers, time spans, modes, and names of the
//! system's: signals and errnos.

use std::ops::RangeInclusive;
use std::time::Duration;

use daemonlab::sys::Signal;
use nix::errno::Errno;

use super::node::{Node, Yaml};
use super::reader::Reader;
use super::suggest;

/// Any whole number.
pub(super) const ANY: RangeInclusive<i64> = i64::MIN..=i64::MAX;

impl Reader {
    /// Text, or another scalar as it is written.
    pub(super) fn text(&self, node: &Node, what: &str) -> Option<String> {
        let text = node.written();
        if text.is_none() {
            self.unexpected(node, what, "text");
        }
        text
    }

    /// Text that has something in it.
    pub(super) fn some_text(&self, node: &Node, what: &str) -> Option<String> {
        let text = self.text(node, what)?;
        if text.trim().is_empty() {
            self.wrong(node, format!("{what} is empty"), "nothing in it");
            return None;
        }
        Some(text)
    }

    /// A whole number within bounds.
    pub(super) fn int(&self, node: &Node, what: &str, bounds: RangeInclusive<i64>) -> Option<i64> {
        let wanted = if bounds == ANY {
            "a number".to_owned()
        } else {
            format!("a number from {} to {}", bounds.start(), bounds.end())
        };
        match &node.yaml {
            Yaml::Int(value, _) if bounds.contains(value) => Some(*value),
            Yaml::Int(..) | Yaml::Number(_) => {
                self.wrong(node, format!("{what} is {wanted}"), "this one is not");
                None
            }
            Yaml::Text(text) if text.parse::<i64>().is_ok() => {
                self.push(
                    self.mistake(node, format!("{what} is {wanted}"), "this is text")
                        .help(format!("write {text} without quotes")),
                );
                None
            }
            _ => {
                self.unexpected(node, what, &wanted);
                None
            }
        }
    }

    /// True or false.
    pub(super) fn bool(&self, node: &Node, what: &str) -> Option<bool> {
        match &node.yaml {
            Yaml::Bool(value) => Some(*value),
            _ => {
                self.unexpected(node, what, "true or false");
                None
            }
        }
    }

    /// `true`, where the key alone says it all.
    pub(super) fn set(&self, node: &Node, what: &str) -> Option<()> {
        match &node.yaml {
            Yaml::Bool(true) => Some(()),
            Yaml::Bool(false) => {
                self.wrong(
                    node,
                    format!("{what} is true, or is left out"),
                    "this is false",
                );
                None
            }
            _ => {
                self.unexpected(node, what, "true, or is left out");
                None
            }
        }
    }

    /// A time span with its unit.
    pub(super) fn duration(&self, node: &Node, what: &str) -> Option<Duration> {
        let bare = match &node.yaml {
            Yaml::Text(text) => match humantime::parse_duration(text) {
                Ok(time) => return Some(time),
                Err(_) if text.parse::<f64>().is_ok() => text,
                Err(error) => {
                    self.push(
                        self.mistake(
                            node,
                            format!("{what} is a time span"),
                            format!("this is none: {error}"),
                        )
                        .help("write 300ms, 2s, or 1m 30s"),
                    );
                    return None;
                }
            },
            Yaml::Int(_, written) | Yaml::Number(written) => written,
            _ => {
                self.unexpected(node, what, "a time span, such as 300ms or 2s");
                return None;
            }
        };
        self.push(
            self.mistake(
                node,
                format!("{what} is a time span"),
                "this one has no unit",
            )
            .help(format!("write {bare}s or {bare}ms")),
        );
        None
    }

    /// Permission bits or a mask, up to `max`.
    pub(super) fn octal(&self, node: &Node, what: &str, max: u32) -> Option<u32> {
        let form = || {
            self.mistake(
                node,
                format!("{what} is octal digits in quotes"),
                format!("this is {}", node.kind()),
            )
        };
        match &node.yaml {
            Yaml::Text(text) => {
                let digits = (3..=4).contains(&text.len())
                    && text.bytes().all(|b| (b'0'..=b'7').contains(&b));
                match u32::from_str_radix(text, 8) {
                    Ok(bits) if digits && bits <= max => return Some(bits),
                    Ok(_) if digits => {
                        self.wrong(
                            node,
                            format!("{what} is at most \"{max:04o}\""),
                            "this is more",
                        );
                    }
                    _ => self.push(form().help("write three or four digits, such as \"0644\"")),
                }
            }
            Yaml::Int(_, written) | Yaml::Number(written) => {
                let digits = written.trim_start_matches("0o");
                self.push(form().help(format!("write \"{digits:0>4}\"")));
            }
            _ => self.unexpected(node, what, "octal digits in quotes, such as \"0644\""),
        }
        None
    }

    /// A signal by name.
    pub(super) fn signal(&self, node: &Node, what: &str) -> Option<Signal> {
        let name = self.text(node, what)?;
        let signal = Signal::from_name(&name);
        if signal.is_none() {
            let names: Vec<String> = Signal::all().map(|signal| signal.to_string()).collect();
            let full = format!("SIG{}", name.to_ascii_uppercase().trim_start_matches("SIG"));
            let near = suggest::nearest(&full, names.iter().map(String::as_str));
            let help = match near {
                Some(near) => format!("did you mean `{}`?", near.trim_start_matches("SIG")),
                None => "write its name, such as TERM, or its number".to_owned(),
            };
            self.push(
                self.mistake(
                    node,
                    format!("there is no signal `{name}`"),
                    "unknown signal",
                )
                .help(help),
            );
        }
        signal
    }

    /// An errno by name, as its number.
    pub(super) fn errno(&self, node: &Node, what: &str) -> Option<i32> {
        let name = self.text(node, what)?;
        let known = || {
            (1..=133)
                .map(Errno::from_raw)
                .filter(|errno| *errno != Errno::UnknownErrno)
        };
        if let Some(errno) = known().find(|errno| format!("{errno:?}") == name) {
            return Some(errno as i32);
        }
        let names: Vec<String> = known().map(|errno| format!("{errno:?}")).collect();
        let help = match suggest::nearest(&name, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write its name, such as EPERM".to_owned(),
        };
        self.push(
            self.mistake(node, format!("there is no errno `{name}`"), "unknown errno")
                .help(help),
        );
        None
    }
}
