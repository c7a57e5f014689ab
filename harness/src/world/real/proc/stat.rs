//! `/proc/PID/stat` (`proc_pid_stat(5)`).

use super::record;

/// What daemonlab reads from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stat {
    /// The process's name, which may hold blanks and parentheses.
    pub name: String,
    /// The letter of its state.
    pub state: char,
    /// Its parent.
    pub parent: i32,
    /// Its process group.
    pub group: i32,
    /// Its session.
    pub session: i32,
    /// Its controlling terminal's device number; 0 is none.
    pub terminal: u32,
    /// Whether it is on its way to its end: it may have closed its files before its
    /// state tells.
    pub ends: bool,
}

/// Of `flags`: `PF_EXITING` in `linux/sched.h`.
const EXITING: u32 = 4;

impl Stat {
    /// Parses the file; `None` if it is none.
    pub fn parse(text: &str) -> Option<Stat> {
        let open = text.find('(')?;
        let close = text.rfind(')')?;
        let mut fields = text.get(close + 1..)?.split_ascii_whitespace();
        Some(Stat {
            name: text.get(open + 1..close)?.to_owned(),
            state: fields.next()?.chars().next()?,
            parent: fields.next()?.parse().ok()?,
            group: fields.next()?.parse().ok()?,
            session: fields.next()?.parse().ok()?,
            // The kernel prints the number as if it were signed.
            terminal: fields.next()?.parse::<i32>().ok()? as u32,
            // Past the group in the terminal's foreground.
            ends: fields.nth(1)?.parse::<u32>().ok()? & EXITING != 0,
        })
    }

    /// Reads that of a process; `None` if there is none.
    pub fn read(pid: i32) -> Option<Stat> {
        record(&format!("/proc/{pid}/stat")).and_then(|text| Stat::parse(&text))
    }
}

/// The path of the terminal with this device number, as the kernel packs it
/// there (`new_encode_dev` in `linux/kdev_t.h`).
pub fn terminal_path(number: u32) -> Option<String> {
    let major = (number >> 8) & 0xfff;
    let minor = (number & 0xff) | ((number >> 12) & 0xf_ff00);
    // Documentation/admin-guide/devices.txt.
    Some(match (major, minor) {
        (0, 0) => return None,
        (136..=143, _) => format!("/dev/pts/{}", (major - 136) * 256 + minor),
        (4, 0..=63) => format!("/dev/tty{minor}"),
        (4, _) => format!("/dev/ttyS{}", minor - 64),
        (5, 1) => "/dev/console".to_owned(),
        _ => format!("device {major}:{minor}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("7 (labd) S 1 7 7 0 -1 4194560", "labd", 'S')]
    #[case("7 (a) R 9 (b) Z 1 7 7 0 -1 0", "a) R 9 (b", 'Z')]
    #[case("7 (x y\n) t 1 7 7 0 -1 0", "x y\n", 't')]
    fn a_name_may_hold_anything(#[case] text: &str, #[case] name: &str, #[case] state: char) {
        let stat = Stat::parse(text).unwrap();
        assert_eq!((stat.name.as_str(), stat.state), (name, state));
        assert_eq!((stat.parent, stat.group, stat.session), (1, 7, 7));
        assert!(!stat.ends);
    }

    #[test]
    fn who_is_on_its_way_to_its_end_has_a_flag() {
        let stat = Stat::parse("7 (labd) R 1 7 7 0 -1 4194564 0 0").unwrap();
        assert!(stat.ends);
    }

    #[rstest]
    #[case("")]
    #[case("7 (labd")]
    #[case(") S (")]
    #[case("7 (labd) S 1 7")]
    #[case("7 (labd) S 1 7 7 0 -1")]
    fn what_is_no_stat_is_none(#[case] text: &str) {
        assert_eq!(Stat::parse(text), None);
    }

    #[rstest]
    #[case(0, None)]
    #[case(34816, Some("/dev/pts/0"))]
    #[case(34823, Some("/dev/pts/7"))]
    #[case(0x0010_8801, Some("/dev/pts/257"))]
    #[case(1025, Some("/dev/tty1"))]
    #[case(1088, Some("/dev/ttyS0"))]
    #[case(1281, Some("/dev/console"))]
    #[case(2560, Some("device 10:0"))]
    fn terminals_have_paths(#[case] number: u32, #[case] path: Option<&str>) {
        assert_eq!(terminal_path(number).as_deref(), path);
    }
}
