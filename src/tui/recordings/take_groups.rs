//! Groups of recordings: takes of one request, and the steps of a job.

use std::collections::HashMap;
use std::hash::Hash as Hashed;

use crate::model::{Hash, RecordingId, Row, Snapshot, Timestamp};

/// The groups, kept up with as recordings come and go.
#[derive(Debug, Default)]
pub struct TakeGroups {
    /// Takes by the request's hash, the oldest first.
    takes: HashMap<Hash, GroupMembers>,
    /// Recordings of a job by its id, the oldest first.
    jobs: HashMap<String, GroupMembers>,
    scoped: usize,
    tagged: usize,
    grouped: usize,
}

type GroupMembers = Vec<(Timestamp, RecordingId)>;

/// The position of a recording among those that it belongs to, from 1, and their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupPlace {
    /// A take of a request.
    Take(usize, usize),
    /// A step of a job.
    Step(usize, usize),
}

impl TakeGroups {
    /// The groups of all recordings.
    #[must_use]
    pub fn of(world: &Snapshot) -> Self {
        let mut kin = Self::default();
        world.rows.values().for_each(|row| kin.put(row));
        kin
    }

    /// A recording is there.
    pub fn put(&mut self, row: &Row) {
        self.scoped += usize::from(row.scope.is_some());
        self.tagged += usize::from(!row.tags.is_empty());
        join(&mut self.takes, row.hash, row, &mut self.grouped);
        if let Some(job) = &row.job {
            join(&mut self.jobs, job.clone(), row, &mut self.grouped);
        }
    }

    /// A recording, as it was, is there no more.
    pub fn remove(&mut self, row: &Row) {
        self.scoped = self.scoped.saturating_sub(usize::from(row.scope.is_some()));
        self.tagged = self.tagged.saturating_sub(usize::from(!row.tags.is_empty()));
        leave(&mut self.takes, &row.hash, row, &mut self.grouped);
        if let Some(job) = &row.job {
            leave(&mut self.jobs, job, row, &mut self.grouped);
        }
    }

    /// The position of a recording in its job, or among its takes; `None` for one that stands alone.
    #[must_use]
    pub fn nth(&self, row: &Row) -> Option<GroupPlace> {
        let place = |members: &GroupMembers| {
            let at = members.binary_search(&(row.recorded_at, row.id.clone())).ok()?;
            (members.len() > 1).then_some((at + 1, members.len()))
        };
        let step = row.job.as_ref().and_then(|job| self.jobs.get(job)).and_then(place);
        let take = || self.takes.get(&row.hash).and_then(place).map(|(at, of)| GroupPlace::Take(at, of));
        step.map(|(at, of)| GroupPlace::Step(at, of)).or_else(take)
    }

    /// True if some recording belongs to a scope.
    #[must_use]
    pub fn any_scope(&self) -> bool {
        self.scoped > 0
    }

    /// True if some recording has a tag.
    #[must_use]
    pub fn any_tag(&self) -> bool {
        self.tagged > 0
    }

    /// True if some recordings belong together.
    #[must_use]
    pub fn any_group(&self) -> bool {
        self.grouped > 0
    }
}

/// Groups of more than one are counted.
fn join<K: Eq + Hashed>(groups: &mut HashMap<K, GroupMembers>, key: K, row: &Row, grouped: &mut usize) {
    let members = groups.entry(key).or_default();
    let member = (row.recorded_at, row.id.clone());
    if let Err(at) = members.binary_search(&member) {
        members.insert(at, member);
        *grouped += usize::from(members.len() == 2);
    }
}

fn leave<K: Eq + Hashed>(groups: &mut HashMap<K, GroupMembers>, key: &K, row: &Row, grouped: &mut usize) {
    let Some(members) = groups.get_mut(key) else { return };
    let before = members.len();
    members.retain(|(_, id)| *id != row.id);
    *grouped -= usize::from(before == 2 && members.len() == 1);
    if members.is_empty() {
        groups.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::tests::world;

    #[test]
    fn takes_and_steps_are_counted_as_they_come_and_go() {
        let mut kin = TakeGroups::default();
        let take = |number: u8| Row { hash: Hash::of(b"same"), ..world::row(number) };
        let [old, new] = [take(5), take(2)];
        kin.put(&new);
        assert_eq!((kin.nth(&new), kin.any_group()), (None, false));
        kin.put(&old);
        kin.put(&old);
        assert_eq!(
            (kin.nth(&old), kin.nth(&new)),
            (Some(GroupPlace::Take(1, 2)), Some(GroupPlace::Take(2, 2)))
        );
        let step = Row { job: Some("job_1".into()), ..take(1) };
        kin.put(&step);
        assert_eq!(kin.nth(&step), Some(GroupPlace::Take(3, 3)), "a job of one is none");
        let poll = Row { job: Some("job_1".into()), scope: Some("s".into()), ..world::row(0) };
        kin.put(&poll);
        assert_eq!((kin.nth(&step), kin.any_scope()), (Some(GroupPlace::Step(1, 2)), true));
        for row in [&new, &old, &poll, &step] {
            kin.remove(row);
        }
        assert!(!kin.any_group() && !kin.any_scope() && kin.takes.is_empty() && kin.jobs.is_empty());
    }
}
