//! Use: hits of recordings, here and in other stores.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Timestamp;

/// The use of a recording: hits, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Usage {
    /// Calls that it answered here.
    pub hits: u64,
    /// The time of the last of them; `None` where there was none.
    pub last_hit: Option<Timestamp>,
    /// Hits by the scope of the call, of the [`Usage::SCOPES`] scopes that were hit last. A scope that is not listed
    /// may have been hit before them, and counts anew when it is hit again.
    #[serde(default)]
    pub scopes: BTreeMap<Arc<str>, Hits>,
    /// The use in other stores, by the name that each gave itself, of the [`Usage::STORES`] stores that hit last. Those
    /// before them are summed up as [`Usage::OTHERS`].
    #[serde(default)]
    pub elsewhere: BTreeMap<Arc<str>, Usage>,
}

/// Some hits of one recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hits {
    /// The number of hits.
    pub count: u64,
    /// The last of them.
    pub last: Option<Timestamp>,
}

/// A time in which hits may have been lost, because whoever counted them ended before they were written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// The beginning: hits before it are known. 1970 where that is not known.
    pub from: Timestamp,
    /// The end: hits from then on are known.
    pub to: Timestamp,
}

/// The use of a recording as one more hit leaves it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hit {
    /// All its hits here.
    pub all: Hits,
    /// The hits in the scope of the call; nothing for a call without one.
    pub in_scope: Hits,
}

impl Hits {
    /// The sum of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { count: self.count.saturating_add(other.count), last: self.last.max(other.last) }
    }
}

impl Usage {
    /// The most scopes for which the hits of one recording are counted apart: a run of tests may have a scope for each
    /// of them, and the next run others.
    pub const SCOPES: usize = 256;

    /// The most other stores that are counted apart: every run of a build machine may have a store of its own.
    pub const STORES: usize = 64;
    /// The name under which the use in further stores is summed up.
    pub const OTHERS: &str = "other stores";

    /// Whether there may have been other scopes than those that are listed.
    #[must_use]
    pub fn has_more_scopes(&self) -> bool {
        self.scopes.len() >= Self::SCOPES || self.elsewhere.values().any(Self::has_more_scopes)
    }

    /// Keeps the scopes that were hit last. Who counts and who follows along forget the same ones.
    pub fn forget_scopes(scopes: &mut BTreeMap<Arc<str>, Hits>) {
        while scopes.len() > Self::SCOPES {
            let oldest = scopes.iter().min_by_key(|(scope, hits)| (hits.last, *scope));
            let Some(oldest) = oldest.map(|(scope, _)| Arc::clone(scope)) else { return };
            scopes.remove(&oldest);
        }
    }

    /// Tells the stores apart that hit last, and sums the others up: what was used there stays used.
    pub fn sum_up_stores(elsewhere: &mut BTreeMap<Arc<str>, Self>) {
        while elsewhere.len() > Self::STORES {
            let named = elsewhere.iter().filter(|(name, _)| &***name != Self::OTHERS);
            let oldest = named.min_by_key(|(name, there)| (there.last_hit, *name));
            let Some(oldest) = oldest.map(|(name, _)| Arc::clone(name)) else { return };
            let Some(gone) = elsewhere.remove(&oldest) else { return };
            let others = elsewhere.entry(Self::OTHERS.into()).or_default();
            others.hits = others.hits.saturating_add(gone.hits);
            others.last_hit = others.last_hit.max(gone.last_hit);
            for (scope, hits) in gone.scopes {
                let known = others.scopes.entry(scope).or_default();
                *known = known.and(hits);
            }
            Self::forget_scopes(&mut others.scopes);
        }
    }

    /// The use within its bounds, which a file that somebody else wrote may not keep.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        Self::forget_scopes(&mut self.scopes);
        self.elsewhere.values_mut().for_each(|there| Self::forget_scopes(&mut there.scopes));
        Self::sum_up_stores(&mut self.elsewhere);
        self
    }

    /// Takes in what is known from another place of the same hits: of each count the higher one is true.
    pub fn learn(&mut self, other: Self) {
        self.hits = self.hits.max(other.hits);
        self.last_hit = self.last_hit.max(other.last_hit);
        for (scope, hits) in other.scopes {
            let known = self.scopes.entry(scope).or_default();
            *known = Hits { count: known.count.max(hits.count), last: known.last.max(hits.last) };
        }
        Self::forget_scopes(&mut self.scopes);
        for (store, there) in other.elsewhere {
            let known = self.elsewhere.entry(store).or_default();
            if there.hits >= known.hits {
                *known = there;
            }
        }
        Self::sum_up_stores(&mut self.elsewhere);
    }

    /// Hits here and elsewhere together.
    #[must_use]
    pub fn everywhere(&self) -> Hits {
        let here = Hits { count: self.hits, last: self.last_hit };
        self.elsewhere.values().map(Self::everywhere).fold(here, Hits::and)
    }

    /// Hits by scope, here and elsewhere together.
    #[must_use]
    pub fn scopes_everywhere(&self) -> BTreeMap<Arc<str>, Hits> {
        let mut all = self.scopes.clone();
        for (scope, hits) in self.elsewhere.values().flat_map(Self::scopes_everywhere) {
            let known = all.entry(scope).or_default();
            *known = known.and(hits);
        }
        all
    }

    /// Takes in what a hit leads to.
    pub fn take(&mut self, hit: Hit, scope: Option<&Arc<str>>) {
        self.hits = hit.all.count;
        self.last_hit = hit.all.last;
        if let Some(scope) = scope {
            self.scopes.insert(Arc::clone(scope), hit.in_scope);
            Self::forget_scopes(&mut self.scopes);
        }
    }
}
