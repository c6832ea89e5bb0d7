//! Generations: the times of the changes after which a look-up may find another answer. What was derived holds until then.
//!
//! A recording that comes, changes or goes can change only what would find it: requests with its fields, or with its
//! significant fields under its strategy. These are few, so each fingerprint has a time of its own (which it shares with one
//! in [`PLACES`] others); what can change any answer, as rules and strategies nobody used before, has one for all.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::model::Fingerprint;

/// The number of fingerprints with a time of their own.
const PLACES: usize = PLACE as usize + 1;
/// The bits of a fingerprint that say its place.
const PLACE: u16 = (1 << 15) - 1;

/// Times of changes, counted in changes: the first is 1.
pub(crate) struct Generations {
    newest: AtomicU64,
    /// The last change that may change any answer.
    of_all: AtomicU64,
    of_prints: Box<[AtomicU64]>,
}

/// The recordings that an answer hangs on, and the time at which it was found.
#[derive(Clone, Debug)]
pub(crate) struct Dependence {
    found_at: u64,
    on: DependsOn,
}

#[derive(Clone, Debug)]
enum DependsOn {
    /// On every recording.
    Everything,
    /// On those with fingerprints in these places.
    Prints(Box<[u16]>),
}

impl Default for Generations {
    fn default() -> Self {
        let of_prints = (0..PLACES).map(|_| AtomicU64::new(0)).collect();
        Self { newest: AtomicU64::new(0), of_all: AtomicU64::new(0), of_prints }
    }
}

impl Generations {
    /// The number of changes so far.
    pub(crate) fn newest(&self) -> u64 {
        self.newest.load(Ordering::Acquire)
    }

    /// Notes a change that may change any answer.
    pub(crate) fn change_all(&self) {
        self.of_all.fetch_max(self.next(), Ordering::AcqRel);
    }

    /// Notes a change of recordings with these fingerprints.
    pub(crate) fn change(&self, prints: impl Iterator<Item = Fingerprint>) {
        let now = self.next();
        for print in prints {
            self.of_prints[usize::from(place(&print))].fetch_max(now, Ordering::AcqRel);
        }
    }

    /// True if nothing changed that this hangs on.
    pub(crate) fn holds(&self, dependence: &Dependence) -> bool {
        let since = dependence.found_at;
        match &dependence.on {
            DependsOn::Everything => self.newest() <= since,
            DependsOn::Prints(places) => {
                let place = |at: &u16| self.of_prints[usize::from(*at)].load(Ordering::Acquire);
                self.of_all.load(Ordering::Acquire) <= since && places.iter().all(|at| place(at) <= since)
            }
        }
    }

    fn next(&self) -> u64 {
        self.newest.fetch_add(1, Ordering::AcqRel) + 1
    }
}

impl Dependence {
    /// An answer that any change ends. `found_at` is the number of changes before the look-up.
    pub(crate) fn on_everything(found_at: u64) -> Self {
        Self { found_at, on: DependsOn::Everything }
    }

    /// An answer that ends with a change of recordings with one of these fingerprints.
    pub(crate) fn on_prints(found_at: u64, prints: impl Iterator<Item = Fingerprint>) -> Self {
        Self { found_at, on: DependsOn::Prints(prints.map(|print| place(&print)).collect()) }
    }
}

/// The place of a fingerprint, which is a hash: its beginning is as good as any of it.
fn place(print: &Fingerprint) -> u16 {
    u16::from_le_bytes([print.0[0], print.0[1]]) & PLACE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(first: u8) -> Fingerprint {
        Fingerprint([first; 32])
    }

    #[test]
    fn what_has_other_fingerprints_changes_nothing() {
        let generations = Generations::default();
        let found = Dependence::on_prints(generations.newest(), [print(1), print(2)].into_iter());
        generations.change([print(3)].into_iter());
        assert!(generations.holds(&found));
        assert!(!generations.holds(&Dependence::on_everything(0)));
        generations.change([print(4), print(2)].into_iter());
        assert!(!generations.holds(&found));
    }

    #[test]
    fn a_change_of_all_ends_everything_found_before_and_nothing_after() {
        let generations = Generations::default();
        let before = Dependence::on_prints(generations.newest(), [print(1)].into_iter());
        generations.change_all();
        let after = Dependence::on_prints(generations.newest(), [print(1)].into_iter());
        assert!(!generations.holds(&before) && generations.holds(&after));
    }
}
