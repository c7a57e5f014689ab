//! The reference of the format is true: its tables of facts are those of the
//! schema. Its examples are run by the test `book`.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use daemonlab_harness::world::facts::schema::{Field, Kind, Subject};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/scenario-format.md")
}

#[test]
fn every_step_has_a_section() {
    let text = std::fs::read_to_string(docs()).unwrap();
    for step in [
        "launch", "await", "adopt", "check", "events", "signal", "hang-up", "again", "write",
        "connect", "pause",
    ] {
        assert!(text.contains(&format!("### `{step}`")), "{step}");
    }
}

/// The tables of facts are made of the schema. `DAEMONLAB_BLESS=1` writes them.
#[test]
fn the_tables_of_facts_are_those_of_the_schema() {
    const MARK: &str = "<!-- facts -->\n";
    let text = std::fs::read_to_string(docs()).unwrap();
    let (before, found) = text.split_once(MARK).expect("the mark is there");
    let made = tables();
    if std::env::var_os("DAEMONLAB_BLESS").is_some() {
        std::fs::write(docs(), format!("{before}{MARK}{made}")).unwrap();
    } else {
        assert_eq!(found, made, "run this test with DAEMONLAB_BLESS=1");
    }
}

fn tables() -> String {
    let mut out = String::new();
    for subject in Subject::ALL {
        let name = subject.to_string();
        let title = name[..1].to_uppercase() + &name[1..];
        writeln!(out, "\n### {title}\n\n| field | kind | |\n|---|---|---|").unwrap();
        rows(&mut out, "", subject.fields());
    }
    out
}

fn rows(out: &mut String, path: &str, fields: &[Field]) {
    for field in fields {
        let name = format!("{path}{}", field.name);
        let kind = short(field.kind);
        writeln!(out, "| `{name}` | {kind} | {} |", field.doc).unwrap();
        // What each of several has, the record that they are in says.
        let is_said = matches!(field.kind, Kind::Each(_)) && !path.is_empty();
        if let Kind::Record(inner) | Kind::Each(inner) = field.kind
            && !is_said
        {
            rows(out, &format!("{name}: "), inner);
        }
    }
}

fn short(kind: Kind) -> String {
    match kind {
        Kind::Bool => "truth".to_owned(),
        Kind::Int => "number".to_owned(),
        Kind::Text => "text".to_owned(),
        Kind::Word(words) => format!("`{}`", words.join("`, `")),
        Kind::Octal => "octal".to_owned(),
        Kind::Time => "time span".to_owned(),
        Kind::Pid => "process".to_owned(),
        Kind::Addressee => "process or group".to_owned(),
        Kind::Uid => "user".to_owned(),
        Kind::Gid => "group".to_owned(),
        Kind::Signal => "signal".to_owned(),
        Kind::Capability => "capability".to_owned(),
        Kind::Limit => "number or `unlimited`".to_owned(),
        Kind::Call => "call".to_owned(),
        Kind::Outcome => "`ok`, `never` or an errno".to_owned(),
        Kind::Paths => "path".to_owned(),
        Kind::List(inner) => format!("list of {}", short(*inner)),
        Kind::Set(inner) => format!("set of {}", short(*inner)),
        Kind::Map(inner) => format!("map to {}", short(*inner)),
        Kind::Record(_) | Kind::Each(_) => "fields".to_owned(),
    }
}
