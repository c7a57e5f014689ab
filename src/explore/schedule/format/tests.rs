//! Tests of `format`.

use proptest::prelude::*;
use rstest::rstest;

use super::*;

const FILE: &str = "\
daemonlab schedule 1
about program tests/handshake.rs
about timers any time
breaks the launcher knows of the death

0 1 pipe2()
0 2 fork()
0.1 1 setsid()
0.1 2 [fault EPERM] kill(0, SIGUSR1)
# A comment, and an operation that looks like a way.
0.1/t2 1 \\[odd] one\\n
0 3 [timer timeout] rt_sigtimedwait([SIGUSR1], 600s)
end 6
";

#[test]
fn a_file_says_what_it_means() {
    let schedule: Schedule = FILE.parse().unwrap();
    assert_eq!(
        schedule.about[1],
        ("timers".to_owned(), "any time".to_owned())
    );
    assert_eq!(
        schedule.breaks.as_deref(),
        Some("the launcher knows of the death")
    );
    let steps = &schedule.steps;
    assert_eq!(steps[4].operation, "[odd] one\n");
    assert_eq!(steps[4].task.to_string(), "0.1/t2");
    let struck = PlannedStep {
        task: "0.1".parse().unwrap(),
        index: 2,
        way: Some(PlannedWay {
            kind: WayKind::Fault,
            label: "EPERM".to_owned(),
        }),
        operation: "kill(0, SIGUSR1)".to_owned(),
    };
    assert_eq!(steps[3], struck);
    let without_comment: String = FILE
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(schedule.to_string(), without_comment);
}

#[rstest]
#[case::another_version("schedule 1\n", "schedule 2\n", 1, "`daemonlab schedule 2` and not")]
#[case::cut_in_a_line("600s)\nend 6\n", "60", 12, "no line feed")]
#[case::cut_between_lines("end 6\n", "", 13, "it is missing")]
#[case::miscounted("end 6", "end 5", 13, "there are 6")]
#[case::after_the_end("end 6\n", "end 6\n0 4 more()\n", 14, "comes after the end")]
#[case::no_task("0.1 1 setsid", "zero 1 setsid", 8, "`zero` is no task")]
#[case::a_step_left_out("0 2 fork", "0 3 fork", 7, "`3` should be 2")]
#[case::leading_zero("0 2 fork", "0 02 fork", 7, "`02` should be 2")]
#[case::no_operation("0 2 fork()", "0 2", 7, "wants a task, a number and an operation")]
#[case::no_space("0 2 fork()", "fork()", 7, "has no space")]
#[case::unknown_kind("[fault", "[fauld", 9, "`fauld` is no kind of way")]
#[case::open_way("EPERM]", "EPERM", 9, "not closed")]
#[case::no_label("[fault EPERM]", "[EPERM]", 9, "wants a kind, a space and a label")]
#[case::two_ways("[fault EPERM]", "[fault EPERM] [fault EIO]", 9, "goes only one way")]
#[case::bad_escape("one\\n", "one\\x", 11, "`\\x` stands for nothing")]
#[case::loose_backslash("one\\n", "one\\", 11, "at the end stands for nothing")]
#[case::dos_line("fork()\n", "fork()\r\n", 7, "a carriage return")]
#[case::key_only(
    "about timers any time",
    "about timers",
    3,
    "wants a key, a space and a value"
)]
#[case::late_head("0 2 fork()", "breaks it", 7, "comes after the first step")]
#[case::broken_twice("\n\n", "\nbreaks it\n", 5, "a second `breaks`")]
fn what_is_wrong_is_told_with_its_line(
    #[case] right: &str,
    #[case] wrong: &str,
    #[case] line: usize,
    #[case] why: &str,
) {
    assert!(FILE.contains(right), "{right}");
    let error = FILE
        .replacen(right, wrong, 1)
        .parse::<Schedule>()
        .unwrap_err();
    assert_eq!(error.line, line, "{error}");
    assert!(error.to_string().contains(why), "{error}");
}

#[test]
fn nothing_is_no_schedule() {
    assert_eq!("".parse::<Schedule>().unwrap_err().line, 1);
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => any::<String>(),
        2 => "[a-z\\[\\]\\\\\n\r# ]{0,12}",
        1 => "[a-z_]{1,8}\\([a-z0-9, ]{0,12}\\)",
    ]
}

fn way() -> impl Strategy<Value = PlannedWay> {
    let kind = prop_oneof![
        Just(WayKind::Signal),
        Just(WayKind::Timer),
        Just(WayKind::Fault)
    ];
    (kind, text()).prop_map(|(kind, label)| PlannedWay { kind, label })
}

fn schedule() -> impl Strategy<Value = Schedule> {
    let task = prop_oneof!["0", "0\\.[1-9]", "0\\.[1-9]\\.[1-9]", "0\\.1/t[1-9]"];
    let step = (task, prop::option::of(way()), text());
    (
        prop::collection::vec(("[^ \\pC]{1,8}", text()), 0..4),
        prop::option::of(text()),
        prop::collection::vec(step, 0..12),
    )
        .prop_map(|(about, breaks, steps)| {
            let mut schedule = Schedule {
                about,
                breaks,
                steps: Vec::new(),
            };
            for (task, way, operation) in steps {
                let task: TaskName = task.parse().unwrap();
                let before = schedule.steps.iter().filter(|step| step.task == task);
                let index = before.count() as u32 + 1;
                schedule.steps.push(PlannedStep {
                    task,
                    index,
                    way,
                    operation,
                });
            }
            schedule
        })
}

proptest! {
    #[test]
    fn what_is_written_reads_the_same(schedule in schedule()) {
        let file = schedule.to_string();
        prop_assert_eq!(file.parse::<Schedule>(), Ok(schedule));
    }

    /// Cut anywhere, it is refused.
    #[test]
    fn what_is_cut_off_is_refused(schedule in schedule(), cut in any::<prop::sample::Index>()) {
        let file = schedule.to_string();
        let mut at = cut.index(file.len());
        while !file.is_char_boundary(at) {
            at -= 1;
        }
        prop_assert!(file[..at].parse::<Schedule>().is_err());
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let _ = text.parse::<Schedule>();
        let _ = format!("{HEADER}\n{text}\nend 0\n").parse::<Schedule>();
    }
}
