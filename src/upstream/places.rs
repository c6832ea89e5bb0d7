//! Places for calls to upstreams: each takes a descriptor, and there are only so many. A call that finds none waits; and no
//! upstream takes so many that there is none for the others.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::Notify;

/// Descriptors beyond which more would help nobody.
const ENOUGH: u64 = 16 << 10;
/// Descriptors for the store, the terminal and the like.
const RESERVED: u64 = 64;

/// The most connections on either side, to clients and to upstreams: half of the descriptors that the process may have,
/// after it asked for as many as it may ask for.
#[must_use]
pub fn connections() -> usize {
    half(descriptors())
}

fn descriptors() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let (now, wanted) = (current.unwrap_or(ENOUGH), maximum.unwrap_or(ENOUGH).min(ENOUGH));
    if now < wanted && setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }).is_ok() {
        return wanted;
    }
    now
}

fn half(descriptors: u64) -> usize {
    let spare = descriptors.saturating_sub(RESERVED.min(descriptors / 2));
    usize::try_from(spare / 2).unwrap_or(usize::MAX).max(1)
}

/// The places of one client.
#[derive(Debug)]
pub(super) struct UpstreamPlaces {
    state: Mutex<PlacesState>,
    freed: Notify,
}

#[derive(Debug)]
struct PlacesState {
    free: usize,
    /// The places that are taken, by upstream.
    taken: HashMap<String, usize>,
}

/// The place of one call; free again when it is dropped.
#[derive(Debug)]
pub(super) struct CallPlace {
    places: Arc<UpstreamPlaces>,
    upstream: String,
}

impl UpstreamPlaces {
    pub(super) fn new(count: usize) -> Arc<Self> {
        let state = PlacesState { free: count.max(1), taken: HashMap::new() };
        Arc::new(Self { state: Mutex::new(state), freed: Notify::new() })
    }

    /// Waits for a place for a call to this upstream. It gets one while more are free than it has: so one that does not
    /// answer has half of them at most, and the next one half of the rest.
    pub(super) async fn take(self: &Arc<Self>, upstream: &str) -> CallPlace {
        loop {
            let mut freed = std::pin::pin!(self.freed.notified());
            // From here on nothing is missed.
            freed.as_mut().enable();
            if let Some(place) = self.try_take(upstream) {
                return place;
            }
            freed.await;
        }
    }

    fn try_take(self: &Arc<Self>, upstream: &str) -> Option<CallPlace> {
        let mut state = self.lock();
        let own = state.taken.get(upstream).copied().unwrap_or(0);
        if state.free <= own {
            return None;
        }
        state.free -= 1;
        state.taken.insert(upstream.to_owned(), own + 1);
        Some(CallPlace { places: Arc::clone(self), upstream: upstream.to_owned() })
    }

    fn lock(&self) -> MutexGuard<'_, PlacesState> {
        self.state.lock()
    }
}

impl Drop for CallPlace {
    fn drop(&mut self) {
        let mut state = self.places.lock();
        state.free += 1;
        if let Some(taken) = state.taken.get_mut(&self.upstream) {
            *taken -= 1;
            if *taken == 0 {
                state.taken.remove(&self.upstream);
            }
        }
        drop(state);
        // Whose turn it is depends on what each has.
        self.places.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_descriptors_are_for_each_side() {
        let all = [(0, 1), (8, 2), (64, 16), (256, 96), (1024, 480), (16384, 8160)];
        assert_eq!(all.map(|(descriptors, _)| (descriptors, half(descriptors))), all);
    }

    #[tokio::test]
    async fn no_upstream_takes_the_places_of_the_others() {
        let places = UpstreamPlaces::new(16);
        let all = |upstream: &str| -> Vec<_> { std::iter::from_fn(|| places.try_take(upstream)).collect() };
        let hung = all("hung");
        let (second, third) = (all("second"), all("third"));
        assert_eq!([hung.len(), second.len(), third.len()], [8, 4, 2]);
        let fourth = places.take("fourth").await;
        // Who waits gets what others give back.
        let waiting = tokio::spawn({
            let places = Arc::clone(&places);
            async move { drop(places.take("hung").await) }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop((second, third, fourth));
        assert!(places.try_take("hung").is_none(), "it has as many as are free");
        drop(hung);
        waiting.await.unwrap();
        {
            let state = places.lock();
            assert_eq!((state.free, state.taken.len()), (16, 0));
        }
        let one = UpstreamPlaces::new(1);
        drop(one.take("only").await);
        drop(one.take("other").await);
    }
}
