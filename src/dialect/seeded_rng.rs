//! Chance for mocks and their pictures: the same numbers for the same seed, on every machine and in every version.

/// Numbers from a seed, by `SplitMix64`: four lines that never change under us, unlike the generators of a crate.
#[derive(Clone)]
pub(crate) struct SeededRng(u64);

impl SeededRng {
    /// Numbers that come in the same order for the same seed.
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        let fold = |state: u64, part: &[u8]| {
            let part = part.iter().fold(0, |part, byte| (part << 8) | u64::from(*byte));
            Self(state ^ part).next()
        };
        Self(seed.chunks_exact(8).fold(0, fold))
    }

    /// The generator of this seed for another purpose.
    pub(crate) fn skip(mut self, purpose: u64) -> Self {
        self.0 ^= purpose.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self
    }

    /// 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 up to 1.
    pub(crate) fn unit(&mut self) -> f32 {
        #[expect(clippy::cast_precision_loss, reason = "24 bits are what a float holds")]
        let bits = (self.next() >> 40) as f32;
        bits / 16_777_216.0
    }

    /// A number from `low` up to `high`.
    pub(crate) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// True in `share` (0 to 1) of all throws.
    pub(crate) fn chance(&mut self, share: f32) -> bool {
        self.unit() < share
    }

    /// One of `all`, which must not be empty.
    pub(crate) fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[usize::try_from(self.next() % all.len() as u64).unwrap_or(0)]
    }

    /// A whole number from `low` to `high`, both included; `low` when they are the wrong way round.
    pub(crate) fn whole(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(i128::from(high) - i128::from(low)).unwrap_or(0);
        let step = if span == u64::MAX { self.next() } else { self.next() % (span + 1) };
        low.wrapping_add_unsigned(step)
    }

    /// `count` letters and digits.
    pub(crate) fn letters(&mut self, count: usize) -> String {
        const ALL: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        (0..count).map(|_| char::from(*self.pick(ALL))).collect()
    }
}
