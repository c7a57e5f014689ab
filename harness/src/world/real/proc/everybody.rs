//! A look at every process while they come and go.

use std::fs;

/// How often everybody is looked at at most.
const LOOKS: usize = 8;

/// The PIDs of all processes that can be seen, ascending.
pub fn pids() -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let pid = |entry: std::io::Result<fs::DirEntry>| entry.ok()?.file_name().to_str()?.parse().ok();
    let mut pids: Vec<i32> = entries.filter_map(pid).collect();
    pids.sort_unstable();
    pids
}

/// What `look` finds of everybody whom `list` names; it finds nothing of who is
/// gone. Who was there to be listed and is gone when it is looked at may have
/// made somebody who was not there yet. So everybody is listed and looked at
/// again then; where that goes on and on, the last look counts.
pub fn look_at<T>(
    mut list: impl FnMut() -> Vec<i32>,
    mut look: impl FnMut(i32) -> Option<T>,
) -> Vec<(i32, T)> {
    let mut found = Vec::new();
    for _ in 0..LOOKS {
        let pids = list();
        let seen = pids.iter().filter_map(|pid| Some((*pid, look(*pid)?)));
        found = seen.collect();
        if found.len() == pids.len() {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 7 makes 9 and ends, after it was listed and before it is looked at.
    #[test]
    fn who_was_made_meanwhile_is_seen() {
        let mut lists = [vec![5, 7], vec![5, 9]].into_iter();
        let found = look_at(
            || lists.next().expect("twice is enough"),
            |pid| (pid != 7).then_some(()),
        );
        assert_eq!(found, [(5, ()), (9, ())]);
    }

    #[test]
    fn where_somebody_is_always_gone_it_comes_to_an_end() {
        let mut next = 10;
        let list = || {
            next += 1;
            vec![5, next]
        };
        let found = look_at(list, |pid| (pid == 5).then_some(()));
        assert_eq!((found, next), (vec![(5, ())], 10 + LOOKS as i32));
    }

    #[test]
    fn this_process_is_among_all() {
        assert!(pids().is_sorted() && pids().contains(&(std::process::id() as i32)));
    }
}
