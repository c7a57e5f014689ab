//! What an operation reads and writes.

use std::cmp::Ordering;

/// What an operation reads and writes, as keys of the model's own type: a
/// file, the pending signals of a task, a clock.
///
/// Two operations of different tasks *commute* unless their footprints
/// conflict: unless one writes what the other reads or writes. An unknown
/// footprint conflicts with everything.
///
/// A key that is *added to* is a set that grows or shrinks by an element of
/// the operation's own: whoever reads or writes the whole set conflicts with
/// that, but not whoever adds another element.
///
/// What a reduction may leave out rests on footprints being honest, so a model
/// must err on the side of too many keys. In particular, if carrying out one
/// operation can start, end, block, release or change the next operation of
/// another task, or change the ways in which it may go, then the two
/// must conflict.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Footprint<K> {
    reads: Vec<K>,
    writes: Vec<K>,
    adds: Vec<K>,
    unknown: bool,
}

impl<K> Default for Footprint<K> {
    fn default() -> Self {
        Self::none()
    }
}

impl<K> Footprint<K> {
    /// Touches nothing that any other task could notice.
    pub const fn none() -> Self {
        Footprint {
            reads: Vec::new(),
            writes: Vec::new(),
            adds: Vec::new(),
            unknown: false,
        }
    }

    /// May touch anything.
    pub const fn unknown() -> Self {
        Footprint {
            reads: Vec::new(),
            writes: Vec::new(),
            adds: Vec::new(),
            unknown: true,
        }
    }

    /// The keys that it reads, ascending.
    pub fn reads(&self) -> &[K] {
        &self.reads
    }

    /// The keys that it writes, ascending. They need not be among the reads.
    pub fn writes(&self) -> &[K] {
        &self.writes
    }

    /// The keys that it adds to, ascending.
    pub fn adds(&self) -> &[K] {
        &self.adds
    }

    /// Whether it may touch anything.
    pub fn is_unknown(&self) -> bool {
        self.unknown
    }

    /// Makes it [`none`](Self::none) again and keeps the allocations.
    pub fn clear(&mut self) {
        self.reads.clear();
        self.writes.clear();
        self.adds.clear();
        self.unknown = false;
    }

    /// Makes it [`unknown`](Self::unknown) and keeps the allocations.
    pub fn set_unknown(&mut self) {
        self.clear();
        self.unknown = true;
    }
}

impl<K: Ord> Footprint<K> {
    /// Adds a key that is read.
    pub fn read(&mut self, key: K) -> &mut Self {
        insert(&mut self.reads, key);
        self
    }

    /// Adds a key that is written.
    pub fn write(&mut self, key: K) -> &mut Self {
        insert(&mut self.writes, key);
        self
    }

    /// Adds a key that is added to, by an element of the operation's own.
    pub fn add(&mut self, key: K) -> &mut Self {
        insert(&mut self.adds, key);
        self
    }

    /// Reads `keys`; for building one in an expression.
    pub fn reading(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        for key in keys {
            self.read(key);
        }
        self
    }

    /// Writes `keys`; for building one in an expression.
    pub fn writing(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        for key in keys {
            self.write(key);
        }
        self
    }

    /// Adds to `keys`; for building one in an expression.
    pub fn adding(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        for key in keys {
            self.add(key);
        }
        self
    }

    /// Whether the order of the two can matter.
    pub fn conflicts(&self, other: &Self) -> bool {
        self.unknown
            || other.unknown
            || meet(&self.writes, &other.writes)
            || meet(&self.writes, &other.reads)
            || meet(&self.reads, &other.writes)
            || self.meets_additions(other)
            || other.meets_additions(self)
    }

    /// Whether it reads or writes what the other adds to.
    fn meets_additions(&self, other: &Self) -> bool {
        !other.adds.is_empty()
            && (meet(&self.reads, &other.adds) || meet(&self.writes, &other.adds))
    }
}

fn insert<K: Ord>(keys: &mut Vec<K>, key: K) {
    if let Err(place) = keys.binary_search(&key) {
        keys.insert(place, key);
    }
}

fn meet<K: Ord>(mut left: &[K], mut right: &[K]) -> bool {
    while let ([a, left_rest @ ..], [b, right_rest @ ..]) = (left, right) {
        match a.cmp(b) {
            Ordering::Less => left = left_rest,
            Ordering::Greater => right = right_rest,
            Ordering::Equal => return true,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn of(reads: &[u8], writes: &[u8]) -> Footprint<u8> {
        Footprint::none()
            .reading(reads.iter().copied())
            .writing(writes.iter().copied())
    }

    fn adds(keys: &[u8]) -> Footprint<u8> {
        Footprint::none().adding(keys.iter().copied())
    }

    #[rstest]
    #[case::nothing_in_common(of(&[1], &[2]), of(&[3], &[4]), false)]
    #[case::both_read(of(&[1], &[]), of(&[1], &[]), false)]
    #[case::one_writes(of(&[1], &[]), of(&[], &[1]), true)]
    #[case::both_write(of(&[], &[1]), of(&[], &[1]), true)]
    #[case::none_and_none(Footprint::none(), Footprint::none(), false)]
    #[case::both_add(adds(&[1]), adds(&[1]), false)]
    #[case::one_adds_and_one_reads(adds(&[1]), of(&[1], &[]), true)]
    #[case::one_adds_and_one_writes(adds(&[1]), of(&[], &[1]), true)]
    #[case::they_add_to_different_sets(adds(&[1]), of(&[2], &[2]), false)]
    #[case::unknown_and_none(Footprint::unknown(), Footprint::none(), true)]
    #[case::unknown_and_read(Footprint::unknown(), of(&[1], &[]), true)]
    fn a_conflict_needs_a_writer(
        #[case] one: Footprint<u8>,
        #[case] other: Footprint<u8>,
        #[case] conflict: bool,
    ) {
        assert_eq!(one.conflicts(&other), conflict);
        assert_eq!(other.conflicts(&one), conflict);
    }

    #[test]
    fn a_cleared_footprint_is_none() {
        let mut footprint = of(&[1], &[2]);
        footprint.clear();
        assert_eq!(footprint, Footprint::none());
        footprint.set_unknown();
        assert_eq!(footprint, Footprint::unknown());
        footprint.clear();
        assert!(!footprint.is_unknown());
    }

    proptest! {
        #[test]
        fn keys_are_kept_in_order_and_once(keys in proptest::collection::vec(any::<u8>(), 0..20)) {
            let footprint = of(&keys, &[]);
            let expected: Vec<u8> = BTreeSet::from_iter(keys).into_iter().collect();
            prop_assert_eq!(footprint.reads(), &expected[..]);
        }

        #[test]
        fn a_conflict_is_what_the_sets_say(
            reads in proptest::collection::vec(0u8..6, 0..4),
            writes in proptest::collection::vec(0u8..6, 0..4),
            other_reads in proptest::collection::vec(0u8..6, 0..4),
            other_writes in proptest::collection::vec(0u8..6, 0..4),
        ) {
            let expected = writes.iter().any(|key| other_reads.contains(key) || other_writes.contains(key))
                || reads.iter().any(|key| other_writes.contains(key));
            prop_assert_eq!(of(&reads, &writes).conflicts(&of(&other_reads, &other_writes)), expected);
        }
    }
}
