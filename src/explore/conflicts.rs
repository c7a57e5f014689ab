//! Footprints and labels by number, and which footprints conflict.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash};

use super::{Digest, Footprint};

/// A footprint, by a number that holds for one exploration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Foot(u32);

impl Foot {
    /// The footprint that conflicts with everything. It also stands for all
    /// footprints where the strategy does not want to know them.
    pub const UNKNOWN: Foot = Foot(0);
}

/// The label of a way, by a number that holds for one exploration. At another
/// point the same way of the same operation has the same one, whatever its
/// index among the alternatives there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WayName(u16);

impl WayName {
    /// The label of the normal way. It also stands for all labels where the
    /// strategy does not want to know them.
    pub const NORMAL: WayName = WayName(0);
}

/// Which footprints conflict: a triangle of bits.
#[derive(Debug, Default)]
pub struct Conflicts {
    rows: Vec<Vec<u64>>,
}

impl Conflicts {
    /// Whether the order of the two can matter.
    pub fn between(&self, one: Foot, other: Foot) -> bool {
        let (low, high) = (one.min(other).0 as usize, one.max(other).0 as usize);
        low == 0 || self.rows[high][low / 64] & (1 << (low % 64)) != 0
    }
}

/// Gives each footprint and each label its number.
///
/// Programs have few different footprints and meet them again and again, so
/// that two are compared once and the search asks for a bit.
#[derive(Debug)]
pub(super) struct Interner<K> {
    known: Vec<Footprint<K>>,
    /// Only looked up in, never gone through: its order must not matter.
    numbers: HashMap<Footprint<K>, Foot, BuildHasherDefault<Digest>>,
    /// The last answers, by who asked: most ask for the same again.
    last: Vec<Foot>,
    labels: Vec<Cow<'static, str>>,
    pub(super) conflicts: Conflicts,
}

impl<K: Clone + Ord + Hash> Interner<K> {
    pub(super) fn new() -> Self {
        Interner {
            known: vec![Footprint::unknown()],
            numbers: HashMap::default(),
            last: Vec::new(),
            labels: vec![Cow::Borrowed("")],
            conflicts: Conflicts {
                rows: vec![vec![1]],
            },
        }
    }

    /// There are few labels, so that going through them is fast enough.
    #[expect(
        clippy::ptr_arg,
        reason = "a label that is static is kept without a copy"
    )]
    pub(super) fn name(&mut self, label: &Cow<'static, str>) -> WayName {
        let known = self.labels.iter().position(|known| known == label);
        let number = known.unwrap_or_else(|| {
            self.labels.push(label.clone());
            self.labels.len() - 1
        });
        WayName(u16::try_from(number).expect("fewer than 65,536 different labels"))
    }

    /// The number of a footprint; `who` asks, any small number.
    pub(super) fn number(&mut self, footprint: &Footprint<K>, who: usize) -> Foot {
        if footprint.is_unknown() {
            return Foot::UNKNOWN;
        }
        if self.last.len() <= who {
            self.last.resize(who + 1, Foot::UNKNOWN);
        }
        let last = self.last[who];
        if self.known[last.0 as usize] != *footprint {
            self.last[who] = self.look_up(footprint);
        }
        self.last[who]
    }

    fn look_up(&mut self, footprint: &Footprint<K>) -> Foot {
        if let Some(foot) = self.numbers.get(footprint) {
            return *foot;
        }
        let number = self.known.len();
        let foot = Foot(u32::try_from(number).expect("fewer than 2^32 different footprints"));
        let mut row = vec![0u64; number / 64 + 1];
        for (other, known) in self.known.iter().enumerate() {
            row[other / 64] |= u64::from(footprint.conflicts(known)) << (other % 64);
        }
        row[number / 64] |= u64::from(footprint.conflicts(footprint)) << (number % 64);
        self.known.push(footprint.clone());
        self.conflicts.rows.push(row);
        self.numbers.insert(footprint.clone(), foot);
        foot
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_table_says_what_the_footprints_say(
            sets in proptest::collection::vec(
                (proptest::collection::vec(0u8..8, 0..4), proptest::collection::vec(0u8..8, 0..4), 0u8..10),
                1..100,
            ),
        ) {
            let mut interner = Interner::new();
            let footprints: Vec<(Footprint<u8>, Foot)> = sets
                .into_iter()
                .map(|(reads, writes, unknown)| {
                    let footprint = match unknown {
                        0 => Footprint::unknown(),
                        _ => Footprint::none().reading(reads).writing(writes),
                    };
                    let foot = interner.number(&footprint, 0);
                    (footprint, foot)
                })
                .collect();
            for (one, one_foot) in &footprints {
                for (other, other_foot) in &footprints {
                    prop_assert_eq!(one == other, one_foot == other_foot);
                    prop_assert_eq!(one.conflicts(other), interner.conflicts.between(*one_foot, *other_foot));
                }
            }
        }
    }
}
