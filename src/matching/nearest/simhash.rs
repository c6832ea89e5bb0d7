//! Texts as 64 bits, alike for texts that are alike.

use crate::matching::fields::value::FieldValue;

/// The bits of a text's words and pairs of words, by majority: texts that share most of them share most bits.
pub(crate) struct Simhash {
    counts: [i32; 64],
    last: u64,
}

/// Limit of words of a request that are looked at.
const MOST_WORDS: usize = 512;

impl Default for Simhash {
    fn default() -> Self {
        Self { counts: [0; 64], last: 0 }
    }
}

impl Simhash {
    /// Takes the words of a text in.
    pub(crate) fn take(&mut self, value: &FieldValue) {
        let text = match value {
            FieldValue::Text(text) => text,
            FieldValue::Long { head, .. } => head,
            _ => return,
        };
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        for word in words.take(MOST_WORDS) {
            let word = word.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
            self.add(mixed(0, word));
            self.add(mixed(self.last, word));
            self.last = word;
        }
    }

    fn add(&mut self, hash: u64) {
        for (bit, count) in self.counts.iter_mut().enumerate() {
            *count += if hash >> bit & 1 == 1 { 1 } else { -1 };
        }
    }

    /// The majority's bits.
    pub(crate) fn bits(&self) -> u64 {
        self.counts.iter().enumerate().fold(0, |bits, (bit, count)| bits | u64::from(*count > 0) << bit)
    }
}

/// Two hashes as one; their order counts.
pub(crate) fn mixed(one: u64, other: u64) -> u64 {
    let mut mixed = one.rotate_left(23) ^ other.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
