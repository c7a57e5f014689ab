//! Whatever stands in a file: it is read, or its mistakes are told with places
//! that are in it. Nothing panics, and nothing is refused without a word.

use std::path::Path;
use std::time::Duration;

use daemonlab_harness::expect::judge;
use daemonlab_harness::scenario::matcher::Expect;
use daemonlab_harness::scenario::model::{Action, LaunchWait, Scenario};
use daemonlab_harness::scenario::{Scope, parse};
use daemonlab_harness::value::Value;
use proptest::prelude::*;

const EVERYTHING: &str = include_str!("scenario_everything.yaml");

/// Good files and bad ones, to be broken further.
fn corpus() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/malformed");
    let mut texts: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    texts.sort();
    texts.push(EVERYTHING.to_owned());
    texts
}

fn read(text: &str) -> Option<Scenario> {
    match parse("x.yaml", text, Path::new("/lab")) {
        Ok(scenario) => Some(scenario),
        Err(told) => {
            assert!(
                !told.mistakes.is_empty(),
                "refused without a word: {text:?}"
            );
            for mistake in &told.mistakes {
                let range = mistake.span.range();
                assert!(range.start <= range.end && range.end <= told.source.text.len());
                assert!(!mistake.title.is_empty());
            }
            assert!(told.to_string().contains("x.yaml"));
            None
        }
    }
}

fn expectations(scenario: &Scenario) -> Vec<Expect> {
    let steps = scenario.cases.iter().flat_map(|case| &case.steps);
    steps
        .filter_map(|step| match &step.action {
            Action::Launch(launch) => match &launch.wait {
                LaunchWait::End { expect, .. } => Some(expect.clone()),
                LaunchWait::Background => None,
            },
            Action::Await(wait) => Some(wait.expect.clone()),
            Action::Check(check) => Some(check.expect.clone()),
            Action::Adopt(adopt) => adopt.expect.clone(),
            Action::Signal(signal) => signal.expect.clone(),
            Action::Connect(connect) => Some(connect.expect.clone()),
            Action::Events(_) | Action::HangUp(_) | Action::Write(_) | Action::Pause(_) => None,
        })
        .collect()
}

/// What a file is broken with: the characters that mean something in YAML and
/// in this format, and words of it.
fn fragment() -> impl Strategy<Value = String> {
    prop_oneof![
        "[\\[\\]{}:,\\-?&*!|>'\"%@`#~ \n\t$0-9a-zü\u{0}]{0,6}",
        prop::sample::select(vec![
            "${",
            "}",
            "$${",
            "${demo.pid}",
            "${target}",
            "null",
            "{}",
            "[]",
            "\n  - ",
            ": ",
            "0",
            "-1",
            "1e99",
            "99999999999999999999",
            "expect",
            "events",
            "order",
            "never",
            "count",
            "exactly",
            "last",
            "kind",
            "launch",
            "id",
            "daemon",
            "not",
            "equals",
            "one-of",
            "1..",
            "2s",
            "\"0644\"",
            "\r\n",
            "\u{feff}",
            "---\n",
            "&a ",
            "*a",
            "<<: ",
            "!!str ",
            "? ",
            "|\n",
            "1d",
            "1y 3M",
        ])
        .prop_map(str::to_owned),
    ]
}

/// One of the files with up to `cuts` of its parts replaced.
fn broken(files: Vec<String>, cuts: usize) -> impl Strategy<Value = String> {
    let cut = (any::<prop::sample::Index>(), 0..12_usize, fragment());
    (
        prop::sample::select(files),
        prop::collection::vec(cut, 0..=cuts),
    )
        .prop_map(|(text, cuts)| {
            let mut chars: Vec<char> = text.chars().collect();
            for (at, length, with) in cuts {
                let at = at.index(chars.len() + 1);
                let end = (at + length).min(chars.len());
                chars.splice(at..end, with.chars());
            }
            chars.into_iter().collect()
        })
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Absent),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        "[a-z\n]{0,8}".prop_map(Value::Text),
        any::<u64>().prop_map(|n| Value::Time(Duration::from_nanos(n))),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        let names = prop::sample::select(vec![
            "exists",
            "exit",
            "stderr",
            "duration",
            "uid",
            "real",
            "saved",
            "content",
            "parent",
            "signals",
            "blocked",
            "environment",
            "gone",
            "text",
            "matched",
            "gaps",
            "count",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            prop::collection::btree_map(names.prop_map(str::to_owned), inner, 0..6)
                .prop_map(Value::Map),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        read(&text);
    }

    #[test]
    fn a_broken_file_is_read_or_refused(text in broken(corpus(), 5)) {
        read(&text);
    }

    #[test]
    fn facts_of_any_form_are_judged(text in broken(vec![EVERYTHING.to_owned()], 1), facts in value()) {
        let Some(scenario) = read(&text) else { return Ok(()) };
        for expect in expectations(&scenario) {
            for failure in judge("it", &expect, &facts, &Scope::new()).failures() {
                let rendered = failure.render(&scenario.source, &annotate_snippets::Renderer::plain());
                prop_assert!(rendered.contains("x.yaml"));
            }
        }
    }
}

#[test]
fn the_corpus_has_a_good_file_too() {
    assert!(expectations(&read(EVERYTHING).unwrap()).len() > 8);
}
