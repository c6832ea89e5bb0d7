//! Memory: one bound, in bytes, for all that calls hold and work with.
//!
//! Three quarters of it are for what calls hold: bodies as they arrive, what is kept of answers on their way. Who finds no
//! room there is told so and does without. The rest is for work: bodies that are decoded, searched and taken apart. Work waits
//! for its share in order; it never waits for anything else while it has one, so waiting always ends. Short bodies take no
//! part, and bodies of middling length have a share of their own, so that ordinary calls never stand behind large ones.

use super::aside::aside;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Shares are counted in units of so many bytes.
const UNIT: usize = 1024;
/// The part of the work's share that long work leaves to shorter work.
const LIGHT: usize = 8;
/// The most that what is made of a body takes beside its bytes: fields, edits, values are counted, and have bounds.
const PARTS: usize = 128 << 20;

/// The memory for bodies, shared by all calls.
pub(super) struct Budget {
    held: Arc<Semaphore>,
    heavy: Lane,
    light: Lane,
}

struct Lane {
    semaphore: Arc<Semaphore>,
    units: u32,
}

/// A share of the memory that calls hold; given back when it is dropped.
#[derive(Debug)]
pub struct Hold {
    budget: Arc<Semaphore>,
    share: Option<OwnedSemaphorePermit>,
}

impl Budget {
    /// A bound of `bytes` for all calls together; at least 16 MiB.
    pub(super) fn new(bytes: usize) -> Self {
        let work = bytes.max(16 << 20) / 4;
        let lane = |bytes: usize| {
            let units = units(bytes);
            Lane { semaphore: Arc::new(Semaphore::new(units as usize)), units }
        };
        let light = work / LIGHT;
        let held = Arc::new(Semaphore::new(units(3 * work) as usize));
        Self { held, heavy: lane(work - light), light: lane(light) }
    }

    /// A share that holds nothing yet.
    pub(super) fn hold(&self) -> Hold {
        Hold { budget: Arc::clone(&self.held), share: None }
    }

    /// Waits until a body of `len` bytes, without its content encoding, may be worked on.
    pub(super) async fn work(&self, len: usize) -> Hold {
        let weight = units(len.saturating_mul(4) + len.saturating_mul(24).min(PARTS));
        let lane = if weight <= self.light.units / 2 { &self.light } else { &self.heavy };
        // What takes more than there is takes all there is.
        let share = Arc::clone(&lane.semaphore).acquire_many_owned(weight.min(lane.units)).await;
        Hold { budget: Arc::clone(&lane.semaphore), share: share.ok() }
    }

    /// Works on a body of `len` bytes where it keeps nobody else waiting, once there is a share for it.
    pub(super) async fn aside<T: Send + 'static>(
        &self,
        len: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        // Kept by the work and not by who waits for it: a call that is given up does not stop what was begun.
        let share = self.work(len).await;
        aside(move || {
            let done = work();
            drop(share);
            done
        })
        .await
    }
}

impl Hold {
    /// Takes what is missing for `bytes` in all. False where there is no room: then nothing changes.
    pub fn cover(&mut self, bytes: usize) -> bool {
        let missing = units(bytes).saturating_sub(self.units());
        if missing == 0 {
            return true;
        }
        match Arc::clone(&self.budget).try_acquire_many_owned(missing) {
            Ok(more) => {
                self.add(more);
                true
            }
            Err(_) => false,
        }
    }

    /// Like [`Self::cover`], but not where that leaves less for others than it takes in all: so there is always room
    /// for one more.
    pub fn cover_fairly(&mut self, bytes: usize) -> bool {
        let missing = units(bytes).saturating_sub(self.units());
        let left = self.budget.available_permits().saturating_sub(missing as usize);
        (missing == 0 || left >= units(bytes) as usize) && self.cover(bytes)
    }

    /// Gives back what is not needed for `bytes`.
    pub fn shrink(&mut self, bytes: usize) {
        let spare = self.units().saturating_sub(units(bytes));
        drop(self.share.as_mut().and_then(|share| share.split(spare as usize)));
    }

    /// The bytes that it stands for.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.units() as usize * UNIT
    }

    fn add(&mut self, more: OwnedSemaphorePermit) {
        match &mut self.share {
            Some(share) => share.merge(more),
            None => self.share = Some(more),
        }
    }

    fn units(&self) -> u32 {
        self.share.as_ref().map_or(0, |share| u32::try_from(share.num_permits()).unwrap_or(u32::MAX))
    }
}

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX >> 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_has_a_bound_for_all_together() {
        let budget = Budget::new(64 << 20);
        let (mut one, mut other) = (budget.hold(), budget.hold());
        assert!(one.cover(20 << 20) && one.cover(1 << 20) && one.bytes() == 20 << 20);
        assert!(!other.cover(29 << 20) && other.bytes() == 0);
        assert!(other.cover(28 << 20));
        one.shrink(7 << 20);
        assert!(one.bytes() == 7 << 20 && other.cover(41 << 20));
        drop(one);
        assert!(other.cover(48 << 20) && !other.cover((48 << 20) + 1));
    }

    #[test]
    fn nobody_takes_all_of_the_rest() {
        let budget = Budget::new(64 << 20);
        let mut holds: Vec<_> = (0..6).map(|_| budget.hold()).collect();
        // Each takes all that it gets, in steps.
        for hold in &mut holds {
            let step = 64 << 10;
            while hold.cover_fairly(hold.bytes() + step) {}
        }
        assert_eq!(
            holds.iter().map(|hold| hold.bytes() >> 10).collect::<Vec<_>>(),
            [24576, 12288, 6144, 3072, 1536, 768]
        );
        assert!(budget.hold().cover_fairly(256 << 10));
    }

    #[tokio::test]
    async fn long_work_waits_for_its_turn_and_shorter_work_does_not_wait_for_it() {
        let budget = Arc::new(Budget::new(64 << 20));
        // More than there is takes all there is.
        let first = budget.work(1 << 30).await;
        let waiting = tokio::spawn({
            let budget = Arc::clone(&budget);
            async move { drop(budget.work(60 << 20).await) }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(budget.work(32 << 10).await);
        drop(first);
        waiting.await.unwrap();
    }
}
