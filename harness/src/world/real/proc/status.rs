//! `/proc/PID/status` (`proc_pid_status(5)`).

use super::record;
use crate::world::real::ids::IdMap;

/// What daemonlab reads from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The process that this thread is of.
    pub process: i32,
    /// The file mode creation mask.
    pub umask: u32,
    /// Real, effective, saved and file-system user id.
    pub uid: [u32; 4],
    /// Real, effective, saved and file-system group id.
    pub gid: [u32; 4],
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// Inheritable, permitted, effective, bounding and ambient capabilities.
    pub capabilities: [u64; 5],
    /// Whether exec can no longer raise privileges.
    pub no_new_privs: bool,
    /// Pending for the thread or the process.
    pub pending: u64,
    /// Blocked.
    pub blocked: u64,
    /// Ignored.
    pub ignored: u64,
    /// Caught.
    pub caught: u64,
    /// How many threads.
    pub threads: u32,
}

impl Status {
    /// Parses the file. What is missing, as with a zombie, stays zero.
    pub fn parse(text: &str) -> Status {
        let mut status = Status::default();
        // A name cannot end its line: the kernel escapes line feeds there.
        for (key, value) in text.lines().filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            let hex = || u64::from_str_radix(value, 16).unwrap_or(0);
            let number = || value.parse().unwrap_or(0);
            match key {
                "Tgid" => status.process = value.parse().unwrap_or(0),
                "Umask" => status.umask = u32::from_str_radix(value, 8).unwrap_or(0),
                "Uid" => status.uid = four(value),
                "Gid" => status.gid = four(value),
                "Groups" => status.groups = numbers(value).collect(),
                "CapInh" => status.capabilities[0] = hex(),
                "CapPrm" => status.capabilities[1] = hex(),
                "CapEff" => status.capabilities[2] = hex(),
                "CapBnd" => status.capabilities[3] = hex(),
                "CapAmb" => status.capabilities[4] = hex(),
                "NoNewPrivs" => status.no_new_privs = number() != 0,
                "SigPnd" | "ShdPnd" => status.pending |= hex(),
                "SigBlk" => status.blocked = hex(),
                "SigIgn" => status.ignored = hex(),
                "SigCgt" => status.caught = hex(),
                "Threads" => status.threads = number(),
                _ => {}
            }
        }
        status
    }

    /// Reads that of a process or thread; `None` if there is none.
    pub fn read(pid: i32) -> Option<Status> {
        record(&format!("/proc/{pid}/status")).map(|text| Status::parse(&text))
    }
}

fn numbers(text: &str) -> impl Iterator<Item = u32> {
    text.split_ascii_whitespace().filter_map(|n| n.parse().ok())
}

fn four(text: &str) -> [u32; 4] {
    let mut ids = [0; 4];
    ids.iter_mut()
        .zip(numbers(text))
        .for_each(|(id, n)| *id = n);
    ids
}

/// The id that the kernel shows for one that has no mapping
/// (`/proc/sys/kernel/overflowuid`).
const OVERFLOW: u32 = 65_534;

/// An id as a fact: none where the kernel shows its stand-in for ids without a
/// mapping, and no such id exists inside.
pub fn mapped(id: u32, map: &IdMap) -> Option<u32> {
    (id != OVERFLOW || map.has(OVERFLOW)).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Name:\tlabd\nUmask:\t0007\nState:\tS (sleeping)\nTgid:\t12\nPid:\t12\n\
        Uid:\t0\t1000\t1000\t1000\nGid:\t0\t5\t6\t7\nGroups:\t4 24 \nThreads:\t3\n\
        SigPnd:\t0000000000000200\nShdPnd:\t0000000000004000\nSigBlk:\t0000000000000001\n\
        SigIgn:\t0000000000001000\nSigCgt:\t0000000180000000\nCapInh:\t0000000000000001\n\
        CapPrm:\t0000000000000002\nCapEff:\t0000000000000003\nCapBnd:\t000001ffffffffff\n\
        CapAmb:\t0000000000000004\nNoNewPrivs:\t1\n";

    #[test]
    fn every_field_has_its_place() {
        let status = Status {
            process: 12,
            umask: 0o007,
            uid: [0, 1000, 1000, 1000],
            gid: [0, 5, 6, 7],
            groups: vec![4, 24],
            capabilities: [1, 2, 3, 0x1ff_ffff_ffff, 4],
            no_new_privs: true,
            pending: 0x4200,
            blocked: 1,
            ignored: 0x1000,
            caught: 0x1_8000_0000,
            threads: 3,
        };
        assert_eq!(Status::parse(TEXT), status);
    }

    #[test]
    fn the_kernels_stand_in_is_no_id_unless_it_exists() {
        let (one, many) = (IdMap::parse("0 1000 1"), IdMap::parse("0 0 65536"));
        assert_eq!(mapped(65_534, &one), None);
        assert_eq!(mapped(65_534, &many), Some(65_534));
        assert_eq!(mapped(0, &one), Some(0));
    }
}
