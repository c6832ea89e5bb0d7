//! Fingerprints: hashes over exactly the significant fields.

use sha2::{Digest, Sha256};

use super::significance::is_significant;
use crate::matching::fields::field::{Field, FieldPlace, FieldStep};
use crate::matching::fields::leaf::Leaf;
use crate::matching::fields::request_fields::Fields;
use crate::model::{CANONICAL_VERSION, Fingerprint, Strategy};

impl Fields {
    /// The hash of the significant fields under `strategy`, and of the strategy's text: fingerprints under different
    /// strategies are never equal, so one map can hold them all.
    #[must_use]
    pub fn fingerprint(&self, strategy: &Strategy) -> Fingerprint {
        let mut print = Print::new(&strategy.to_string());
        print.text(self.dialect.name().as_bytes());
        for leaf in
            self.present().chain(&self.exact).filter(|leaf| is_significant(strategy, self, &leaf.field))
        {
            print.leaf(leaf);
        }
        print.finish()
    }

    /// All fields with their values in one line, and whether they decide under `strategy`. What only `strict` looks at is
    /// among them under `strict` alone.
    pub fn under_strategy(&self, strategy: &Strategy) -> impl Iterator<Item = (&Field, String, bool)> {
        let exact = self.exact.iter().filter(|_| *strategy == Strategy::Strict);
        self.present().chain(exact).map(|leaf| {
            let significant = is_significant(strategy, self, &leaf.field);
            (&leaf.field, leaf.value.shown(0), significant)
        })
    }

    /// The hash of all canonical fields, cosmetic ones included: requests that share it are takes of each other.
    #[must_use]
    pub fn all(&self) -> Fingerprint {
        let mut print = Print::new("all");
        for leaf in self.present() {
            print.leaf(leaf);
            print.text(leaf.written.as_deref().unwrap_or_default().as_bytes());
        }
        print.finish()
    }
}

/// Bytes to be hashed. Everything has its length or a fixed size in front, so that no two lists of fields give the
/// same bytes.
struct Print(Vec<u8>);

impl Print {
    fn new(domain: &str) -> Self {
        let mut print = Self(Vec::with_capacity(1024));
        print.0.extend_from_slice(&CANONICAL_VERSION.to_le_bytes());
        print.text(domain.as_bytes());
        print
    }

    fn text(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        self.0.extend_from_slice(bytes);
    }

    fn leaf(&mut self, leaf: &Leaf) {
        self.0.push(tag(leaf.field.place));
        self.0.extend_from_slice(&(leaf.field.steps.len() as u64).to_le_bytes());
        for step in &leaf.field.steps {
            match step {
                FieldStep::Index(index) => {
                    self.0.push(0);
                    self.0.extend_from_slice(&index.to_le_bytes());
                }
                FieldStep::Key(key) => {
                    self.0.push(1);
                    self.text(key.as_bytes());
                }
                FieldStep::Again(times) => {
                    self.0.push(2);
                    self.0.extend_from_slice(&times.to_le_bytes());
                }
            }
        }
        let (kind, bytes) = leaf.value.bytes();
        self.0.push(kind);
        self.text(&bytes);
    }

    fn finish(self) -> Fingerprint {
        Fingerprint(Sha256::digest(&self.0).into())
    }
}

/// A number for each place that stays the same when places are added.
fn tag(place: FieldPlace) -> u8 {
    match place {
        FieldPlace::Method => 0,
        FieldPlace::Mount => 1,
        FieldPlace::Path => 2,
        FieldPlace::Query => 3,
        FieldPlace::Header => 4,
        FieldPlace::Body => 5,
        FieldPlace::Part => 6,
        FieldPlace::Target => 7,
        FieldPlace::Bytes => 8,
    }
}
