//! A digest that is the same in every run and every build.

use std::fmt;
use std::hash::Hasher;

/// A 64-bit digest: FNV-1a over the bytes, with a final mix (Fowler, Noll and
/// Vo; the mix is SplitMix64's). Not for defence against an adversary.
///
/// It is a [`Hasher`], for values that implement `Hash`, and a
/// [`fmt::Write`], for values that can be shown. Integers are taken in little
/// endian, but for those in a slice, which the standard library hashes as they
/// lie in memory.
#[derive(Clone, Debug)]
pub struct Digest(u64);

impl Digest {
    /// The digest of nothing.
    pub const fn new() -> Self {
        Digest(0xcbf2_9ce4_8422_2325)
    }

    /// The digest of `value`.
    pub fn of(value: impl std::hash::Hash) -> u64 {
        let mut digest = Digest::new();
        value.hash(&mut digest);
        digest.finish()
    }
}

impl Default for Digest {
    fn default() -> Self {
        Self::new()
    }
}

impl Hasher for Digest {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    }

    fn write_u16(&mut self, number: u16) {
        self.write(&number.to_le_bytes());
    }

    fn write_u32(&mut self, number: u32) {
        self.write(&number.to_le_bytes());
    }

    fn write_u64(&mut self, number: u64) {
        self.write(&number.to_le_bytes());
    }

    fn write_u128(&mut self, number: u128) {
        self.write(&number.to_le_bytes());
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn finish(&self) -> u64 {
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl fmt::Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.write(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_the_definition_says() {
        assert_eq!(Digest::of(("daemon", 7u32)), 0xba22_414a_3e46_13c3);
    }

    #[test]
    fn what_differs_differs() {
        assert_ne!(Digest::of((1u8, 2u8)), Digest::of((2u8, 1u8)));
        assert_ne!(Digest::of("ab"), Digest::of("ba"));
    }

    #[test]
    fn text_counts_by_its_letters_not_by_its_pieces() {
        use std::fmt::Write;
        let mut pieces = Digest::new();
        let text = "ab";
        write!(pieces, "{text}{}", 1).unwrap();
        let mut whole = Digest::new();
        write!(whole, "ab1").unwrap();
        assert_eq!(pieces.finish(), whole.finish());
    }
}
