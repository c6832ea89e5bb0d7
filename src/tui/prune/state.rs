//! The state of the Prune tab.

use std::collections::{BTreeSet, HashMap};

use super::plan_lines::totals;
use crate::model::{RecordingId, Timestamp};
use crate::query::last_use;
use crate::retention::{PrunePlan, Reason, Removal, Spared};
use crate::tui::contract::context::Context;
use crate::tui::listing::list::List;
use crate::tui::protocol::query::RemoteQuery;
use crate::tui::widgets::line::Toned;

/// The key by which a recording has its position in the plan: first what goes or was spared here, then what stays for
/// another reason; the oldest use first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PruneKey(pub bool, pub Timestamp, pub RecordingId);

/// The fate of a recording in a plan.
#[derive(Clone, Copy, Debug)]
pub enum PruneFate<'a> {
    /// A recording that is removed.
    Goes(&'a Removal),
    /// A recording that is kept.
    Stays(&'a Spared),
}

/// The state of the tab. The query is the list's filter.
#[derive(Debug)]
pub struct PruneTab {
    /// The recordings that the query matches.
    pub list: List<PruneKey>,
    /// The recordings that somebody spared.
    pub keep: BTreeSet<RecordingId>,
    /// The totals of the plan, in lines.
    pub totals: Vec<Toned>,
    /// Places in the plan: among what goes, or among what stays.
    places: HashMap<RecordingId, (bool, usize)>,
}

impl Default for PruneTab {
    fn default() -> Self {
        Self { list: List::new(false), keep: BTreeSet::new(), totals: Vec::new(), places: HashMap::new() }
    }
}

impl PruneTab {
    /// The query; empty when there is none.
    #[must_use]
    pub fn query(&self) -> &str {
        self.list.filter.text().trim()
    }

    /// The plan to ask for; none without a query that can be understood.
    #[must_use]
    pub fn plan_query(&self) -> Option<RemoteQuery> {
        let ready = !self.query().is_empty() && self.list.filter.error().is_none();
        ready.then(|| RemoteQuery::Prune(self.query().to_owned(), self.keep.clone()))
    }

    /// Lists a plan.
    pub fn take(&mut self, plan: &PrunePlan, row: impl Fn(&RecordingId) -> Option<Timestamp>) {
        let goes = plan.remove.iter().enumerate().map(|(at, one)| (&one.id, (true, at)));
        let stays = plan.spared.iter().enumerate().map(|(at, one)| (&one.id, (false, at)));
        let key = |(id, (goes, at)): (&RecordingId, (bool, usize))| {
            let spared_here = !goes && plan.spared[at].reason == Reason::Kept;
            // What somebody spares stays in its place.
            PruneKey(!goes && !spared_here, row(id).unwrap_or_default(), id.clone())
        };
        let keys = goes.clone().chain(stays.clone()).map(key).collect();
        self.places = goes.chain(stays).map(|(id, place)| (id.clone(), place)).collect();
        self.list.replace(keys);
        self.totals = totals(plan);
    }

    /// The plan in force; `None` while the query has no answer, or is wrong.
    #[must_use]
    pub fn plan<'a>(&self, context: &'a Context) -> Option<&'a PrunePlan> {
        context.cache.prune.value().map(AsRef::as_ref).filter(|_| self.plan_query().is_some())
    }

    /// Lists the plan that arrived.
    pub fn plan_arrived(&mut self, context: &Context) {
        if let Some(plan) = context.cache.prune.value() {
            self.take(plan, |id| context.row(id).map(last_use));
        }
    }

    /// The fate of a recording in a plan.
    #[must_use]
    pub fn fate<'a>(&self, plan: &'a PrunePlan, id: &RecordingId) -> Option<PruneFate<'a>> {
        let (goes, at) = self.places.get(id)?;
        if *goes {
            plan.remove.get(*at).map(PruneFate::Goes)
        } else {
            plan.spared.get(*at).map(PruneFate::Stays)
        }
    }
}
