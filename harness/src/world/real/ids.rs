//! Which ids a sandbox has, and which of the host's they are.

use std::fmt;

/// A map between ids inside a user namespace and ids outside it, as
/// `/proc/PID/uid_map` holds it (`user_namespaces(7)`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdMap(Vec<Extent>);

/// Consecutive ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Extent {
    inside: u32,
    outside: u32,
    count: u32,
}

impl Extent {
    fn minus_two(outside: u32) -> Extent {
        Extent {
            inside: MINUS_TWO,
            outside,
            count: 1,
        }
    }
}

/// How many ids a sandbox has if they can be had: those of 16 bits, with
/// `nobody` (65534) among them.
const WANTED: u32 = 65_536;

/// What becomes of -2 as an id. Programs that call "no group" -2, as Pingora does
/// when it gives its PID file away, meet EINVAL where it has no mapping; on a
/// host it is an id as any other.
const MINUS_TWO: u32 = u32::MAX - 1;

/// Where root's sandboxes have their ids: above what `systemd-nspawn` and the
/// like hand out, so that nothing on the host belongs to them.
const HIGH: u32 = 0x7000_0000;

const NOBODY: u32 = 65_534;

impl IdMap {
    /// Reads the text of `/proc/PID/uid_map`; lines that are none are left out.
    pub fn parse(text: &str) -> IdMap {
        let extent = |line: &str| {
            let mut numbers = line.split_whitespace().map(|n| n.parse().ok());
            Some(Extent {
                inside: numbers.next()??,
                outside: numbers.next()??,
                count: numbers.next()??,
            })
        };
        IdMap(text.lines().filter_map(extent).collect())
    }

    /// Just this id of the host, as root.
    pub fn single(outside: u32) -> IdMap {
        IdMap(vec![Extent {
            inside: 0,
            outside,
            count: 1,
        }])
    }

    /// This id as root, and after it those of `/etc/subuid` or `/etc/subgid`
    /// (`subuid(5)`) that belong to the user of this name or number, up to
    /// what is wanted. `None` if there are none.
    pub fn subordinate(own: u32, table: &str, user: &str, uid: u32) -> Option<IdMap> {
        let mut map = IdMap::single(own);
        let mut next = 1;
        for line in table.lines() {
            let mut fields = line.trim().split(':');
            let owner = fields.next()?;
            if owner != user && owner.parse() != Ok(uid) {
                continue;
            }
            let mut number = || fields.next().and_then(|n| n.parse::<u32>().ok());
            let (Some(outside), Some(count)) = (number(), number()) else {
                continue;
            };
            let taken = count.min(WANTED - next);
            if taken > 0 {
                map.0.push(Extent {
                    inside: next,
                    outside,
                    count: taken,
                });
                next += taken;
            }
            if next == WANTED && taken < count {
                map.0.push(Extent::minus_two(outside + taken));
                break;
            }
        }
        (next > 1).then_some(map)
    }

    /// Ids for a sandbox that root makes, out of those that exist where it is
    /// made (`self`, by its inner side): none that anything outside has, if possible.
    pub fn high(&self) -> Option<IdMap> {
        let fits = |e: &&Extent| e.inside <= HIGH && HIGH - e.inside + WANTED < e.count;
        if self.0.iter().any(|e| fits(&e)) {
            let low = Extent {
                inside: 0,
                outside: HIGH,
                count: WANTED,
            };
            return Some(IdMap(vec![low, Extent::minus_two(HIGH + WANTED)]));
        }
        // Root of a container has no ids that high: the uppermost half of what it has.
        let last = self.0.iter().max_by_key(|e| e.inside)?;
        let count = WANTED.min(last.count / 2);
        let end = last.inside + last.count;
        let map = match count {
            0 | 1 => return None,
            WANTED => vec![
                Extent {
                    inside: 0,
                    outside: end - count,
                    count,
                },
                Extent::minus_two(end - count - 1),
            ],
            _ => vec![
                Extent {
                    inside: 0,
                    outside: end - count,
                    count: count - 1,
                },
                Extent {
                    inside: NOBODY,
                    outside: end - 1,
                    count: 1,
                },
            ],
        };
        Some(IdMap(map))
    }

    /// The map of a user namespace one level further down that changes no id.
    pub fn identity(&self) -> IdMap {
        let same = |e: &Extent| Extent {
            outside: e.inside,
            ..*e
        };
        IdMap(self.0.iter().map(same).collect())
    }

    /// The id inside that is `outside` on the host, if there is one.
    pub fn inside(&self, outside: u32) -> Option<u32> {
        let hit = |e: &Extent| {
            let offset = outside.checked_sub(e.outside)?;
            (offset < e.count).then(|| e.inside + offset)
        };
        self.0.iter().find_map(hit)
    }

    /// Whether the id exists inside.
    pub fn has(&self, inside: u32) -> bool {
        self.0
            .iter()
            .any(|e| inside.checked_sub(e.inside).is_some_and(|o| o < e.count))
    }

    /// How many ids there are.
    pub fn len(&self) -> usize {
        self.0.iter().map(|e| e.count as usize).sum()
    }

    /// The arguments by which `newuidmap(1)` makes it: three numbers an extent.
    pub fn arguments(&self) -> Vec<String> {
        let numbers = |e: &Extent| [e.inside, e.outside, e.count].map(|n| n.to_string());
        self.0.iter().flat_map(numbers).collect()
    }
}

impl fmt::Display for IdMap {
    /// As it is written to `/proc/PID/uid_map`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for e in &self.0 {
            writeln!(f, "{} {} {}", e.inside, e.outside, e.count)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::machine("0 0 4294967295", "0 1879048192 65536\n4294967294 1879113728 1\n")]
    #[case::container("0 100000 1000000", "0 934464 65536\n4294967294 934463 1\n")]
    #[case::small_container("0 100000 65536", "0 32768 32767\n65534 65535 1\n")]
    fn roots_sandboxes_have_ids_that_nobody_else_has(#[case] own: &str, #[case] map: &str) {
        assert_eq!(IdMap::parse(own).high().unwrap().to_string(), map);
    }

    #[test]
    fn root_with_one_id_has_none_to_give() {
        assert_eq!(IdMap::parse("0 1000 1").high(), None);
    }

    #[rstest]
    #[case::by_name(
        "me:100000:65536\n",
        Some("0 1000 1\n1 100000 65535\n4294967294 165535 1\n")
    )]
    #[case::by_number("x:5:5\n1000:7:3\n", Some("0 1000 1\n1 7 3\n"))]
    #[case::two_ranges(
        "me:10:40000\nme:90000:40000",
        Some("0 1000 1\n1 10 40000\n40001 90000 25535\n4294967294 115535 1\n")
    )]
    #[case::others("you:100000:65536\n", None)]
    #[case::broken("me:one:2\nme:3\n\n", None)]
    fn subordinate_ids_follow_the_users_own(#[case] table: &str, #[case] map: Option<&str>) {
        let found = IdMap::subordinate(1000, table, "me", 1000);
        assert_eq!(found.map(|map| map.to_string()).as_deref(), map);
    }

    #[test]
    fn ids_are_found_in_both_directions() {
        let map = IdMap::parse("0 1000 1\n1 100000 65536");
        assert_eq!(map.inside(1000), Some(0));
        assert_eq!(map.inside(100_999), Some(1000));
        assert_eq!((map.inside(0), map.inside(165_536)), (None, None));
        assert!(map.has(65_536) && !map.has(65_537));
        assert_eq!(map.identity().to_string(), "0 0 1\n1 1 65536\n");
        assert_eq!(map.len(), 65_537);
    }
}
