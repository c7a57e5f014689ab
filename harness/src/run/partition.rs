//! Parts of a selection, for machines that share the work.

use std::fmt;
use std::str::FromStr;

/// One of several parts of which each case is in exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    way: Way,
    /// From 0.
    part: u64,
    parts: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Each part gets every n-th case: they are of one size.
    Slice,
    /// By a hash of the id: a case stays in its part when others come and go.
    Hash,
}

impl Partition {
    /// Whether the case with this id, at this index of the selection, is in
    /// the part.
    pub fn has(self, index: usize, id: &str) -> bool {
        let number = match self.way {
            Way::Slice => index as u64,
            Way::Hash => fnv1a(id.as_bytes()),
        };
        number % self.parts == self.part
    }

    /// Whether both are parts of the same division, or even the same part.
    pub fn is_beside(self, other: Partition) -> bool {
        (self.way, self.parts) == (other.way, other.parts)
    }

    /// Every part of this division.
    pub fn all(self) -> impl Iterator<Item = Partition> {
        (0..self.parts).map(move |part| Partition { part, ..self })
    }
}

impl fmt::Display for Partition {
    /// As it is parsed: `slice:1/3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = match self.way {
            Way::Slice => "slice",
            Way::Hash => "hash",
        };
        write!(f, "{way}:{}/{}", self.part + 1, self.parts)
    }
}

impl FromStr for Partition {
    type Err = String;

    fn from_str(text: &str) -> Result<Partition, String> {
        let read = || {
            let (way, numbers) = text.split_once(':')?;
            let way = match way {
                "slice" => Way::Slice,
                "hash" => Way::Hash,
                _ => return None,
            };
            let (part, parts) = numbers.split_once('/')?;
            Some((way, part.parse::<u64>().ok()?, parts.parse::<u64>().ok()?))
        };
        match read() {
            Some((way, part, parts)) if (1..=parts).contains(&part) => Ok(Partition {
                way,
                part: part - 1,
                parts,
            }),
            Some((_, part, parts)) => Err(format!(
                "there is no part {part} of {parts}; parts are counted from 1"
            )),
            None => Err("say `slice:1/3` or `hash:1/3`".to_owned()),
        }
    }
}

/// FNV-1a with 64 bits: the same on every machine and in every version.
/// Source: RFC 9923.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    proptest! {
        #[test]
        fn each_case_is_in_exactly_one_part(
            way in "slice|hash", parts in 1..9_u64, index in 0..1000_usize, id in ".*",
        ) {
            let owners = (1..=parts)
                .map(|part| format!("{way}:{part}/{parts}").parse::<Partition>().expect("it is one"))
                .filter(|partition| partition.has(index, &id))
                .count();
            prop_assert_eq!(owners, 1);
        }
    }

    #[test]
    fn slices_take_turns() {
        let second: Partition = "slice:2/3".parse().expect("it is one");
        let taken: Vec<usize> = (0..8).filter(|index| second.has(*index, "x")).collect();
        assert_eq!(taken, [1, 4, 7]);
    }

    #[rstest]
    #[case(b"", 0xcbf2_9ce4_8422_2325)]
    #[case(b"a", 0xaf63_dc4c_8601_ec8c)]
    #[case(b"foobar", 0x8594_4171_f739_67e8)]
    fn the_hash_is_that_of_the_standard(#[case] bytes: &[u8], #[case] hash: u64) {
        assert_eq!(fnv1a(bytes), hash);
    }

    #[rstest]
    #[case("slice:0/3", "counted from 1")]
    #[case("slice:4/3", "no part 4 of 3")]
    #[case("count:1/3", "say `slice:1/3`")]
    #[case("hash:1", "say `slice:1/3`")]
    fn what_is_none_is_told(#[case] text: &str, #[case] says: &str) {
        let error = text.parse::<Partition>().expect_err("it is none");
        assert!(error.contains(says), "{error}");
    }
}
