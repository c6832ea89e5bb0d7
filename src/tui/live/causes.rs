//! Misses by cause: those that differ from the same recording in the same fields are one row.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::matching::Field;
use crate::model::{Call, CallId, Cause, Outcome, Row, Strategy};
use crate::tui::listing::list::List;

/// The cause of misses: an endpoint, and what of the nearest recording differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MissCause {
    /// The endpoint.
    pub endpoint: Arc<str>,
    /// The nearest recording and the fields that differ; `None` where nothing came near.
    pub cause: Option<Arc<Cause>>,
}

/// The misses among the listed calls, by cause.
#[derive(Debug)]
pub struct MissCauses {
    /// True if they are shown instead of the calls.
    pub shown: bool,
    /// The causes in their order.
    pub list: List<MissCause>,
    misses: BTreeMap<CallId, MissCause>,
    groups: BTreeMap<MissCause, BTreeSet<CallId>>,
}

impl Default for MissCauses {
    fn default() -> Self {
        Self { shown: false, list: List::new(false), misses: BTreeMap::new(), groups: BTreeMap::new() }
    }
}

impl MissCauses {
    /// Takes in what is listed now, instead of what was.
    pub fn replace<'a>(&mut self, calls: impl Iterator<Item = &'a Call>) {
        self.misses.clear();
        self.groups.clear();
        for call in calls {
            self.enter(call);
        }
        self.list.replace(self.groups.keys().cloned().collect());
    }

    /// Takes in a call that is listed.
    pub fn put(&mut self, call: &Call) {
        if let Some(reason) = self.enter(call) {
            self.list.put(&reason, true);
        }
    }

    /// Forgets the calls before this one.
    pub fn drop_before(&mut self, oldest: CallId) {
        while let Some(first) = self.misses.first_entry().filter(|first| *first.key() < oldest) {
            let (id, reason) = first.remove_entry();
            let Some(group) = self.groups.get_mut(&reason) else { continue };
            group.remove(&id);
            if group.is_empty() {
                self.groups.remove(&reason);
                self.list.put(&reason, false);
            }
        }
    }

    /// The number of misses.
    #[must_use]
    pub fn misses(&self) -> usize {
        self.misses.len()
    }

    /// The number of calls that missed for this cause, and the newest of them.
    #[must_use]
    pub fn group(&self, reason: &MissCause) -> Option<(usize, CallId)> {
        let group = self.groups.get(reason)?;
        Some((group.len(), *group.last()?))
    }

    /// The newest call of the selected group.
    #[must_use]
    pub fn selected(&self) -> Option<CallId> {
        Some(self.group(self.list.selected()?)?.1)
    }

    /// A call says once why it missed: when it ends.
    fn enter(&mut self, call: &Call) -> Option<MissCause> {
        if call.outcome != Some(Outcome::Miss) || self.misses.contains_key(&call.id) {
            return None;
        }
        let reason = MissCause { endpoint: Arc::clone(&call.endpoint), cause: call.cause.clone() };
        self.misses.insert(call.id, reason.clone());
        self.groups.entry(reason.clone()).or_default().insert(call.id);
        Some(reason)
    }
}

impl MissCause {
    /// The fields in short: `quality, seed`.
    #[must_use]
    pub fn fields(&self) -> String {
        let Some(cause) = &self.cause else { return "nothing recorded comes near".into() };
        if cause.fields.is_empty() {
            return "another scope, or not replayed".into();
        }
        cause.fields.iter().map(|field| short(field)).collect::<Vec<_>>().join(", ")
    }

    /// True if the recording, as its strategy is now, does not look at what differs.
    #[must_use]
    pub fn is_mended(&self, row: &Row) -> bool {
        let Some(cause) = &self.cause else { return false };
        let covered = |names: &[String], field: &String| {
            field.parse::<Field>().is_ok_and(|field| names.iter().any(|name| field.covered_by(name)))
        };
        let places = ["body/", "part/", "query/", "header/"];
        let looked_at = |field: &String| match &row.strategy {
            Strategy::Standard { ignored } => !covered(ignored, field),
            Strategy::Specific { fields } => covered(fields, field),
            Strategy::Pinned => false,
            _ => true,
        };
        // Endpoint and model count under every strategy.
        let open =
            |field: &String| !places.iter().any(|place| field.starts_with(place)) || field == "body/model";
        !cause.fields.is_empty() && !cause.fields.iter().any(|field| open(field) || looked_at(field))
    }
}

/// A field as people say it, where that is clear enough.
#[must_use]
pub fn short(field: &str) -> &str {
    field.strip_prefix("body/").or_else(|| field.strip_prefix("part/")).unwrap_or(field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::tests::world;

    fn miss(number: u64, nearest: u8, fields: &[&str]) -> Call {
        let cause = Some(Arc::new(world::cause(nearest, fields)));
        Call { outcome: Some(Outcome::Miss), endpoint: "images".into(), cause, ..world::call(number) }
    }

    #[test]
    fn two_hundred_misses_of_one_field_are_one_row() {
        let mut causes = MissCauses::default();
        for number in 1..=200 {
            causes.put(&miss(number, 1, &["body/seed"]));
        }
        causes.put(&miss(201, 1, &["body/seed", "body/size"]));
        causes.put(&miss(201, 1, &["body/seed", "body/size"]));
        causes.put(&miss(202, 2, &["body/seed"]));
        causes.put(&Call { outcome: Some(Outcome::Replay), ..miss(203, 2, &["body/seed"]) });
        let rows: Vec<_> =
            causes.list.keys().iter().map(|key| (causes.group(key).unwrap(), key.fields())).collect();
        assert_eq!(causes.misses(), 202);
        assert_eq!(rows.len(), 3);
        assert!(rows.contains(&((200, CallId(200)), "seed".into())), "{rows:?}");
        assert!(rows.contains(&((1, CallId(201)), "seed, size".into())), "{rows:?}");
        causes.drop_before(CallId(201));
        assert_eq!((causes.list.keys().len(), causes.misses()), (2, 2));
        causes.replace([].into_iter());
        assert_eq!((causes.list.keys().len(), causes.misses(), causes.selected()), (0, 0, None));
    }

    #[test]
    fn a_cause_is_mended_when_its_fields_do_not_count_any_more() {
        let reason = MissCause { endpoint: "x".into(), cause: miss(1, 1, &["body/seed", "body/size"]).cause };
        let row = |strategy: &str| Row { strategy: strategy.parse().unwrap(), ..world::row(1) };
        for (strategy, mended) in [
            ("standard", false),
            ("standard -seed", false),
            ("standard -seed -size", true),
            ("specific size", false),
            ("specific quality", true),
            ("pinned", true),
            ("strict", false),
        ] {
            assert_eq!(reason.is_mended(&row(strategy)), mended, "{strategy}");
        }
        let model = MissCause { cause: miss(1, 1, &["body/model"]).cause, ..reason };
        assert!(!model.is_mended(&row("pinned")));
    }
}
