//! All rows by their recordings' ids, cheap to copy.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::{RecordingId, Row};

/// Parts of the map. With very many rows a part is still small enough to be copied for one change.
const PARTS: usize = 512;

/// The rows of recordings by id. A copy costs next to nothing however many rows there are: copies share what none of
/// them changed, so that workers can be given all rows while they go on changing.
#[derive(Clone, Default, JsonSchema)]
#[schemars(with = "Part")]
pub struct Rows {
    parts: Vec<Arc<Part>>,
    len: usize,
}

/// Some of the rows.
pub type Part = HashMap<RecordingId, Arc<Row>>;

impl Rows {
    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The row of a recording.
    #[must_use]
    pub fn get(&self, id: &RecordingId) -> Option<&Arc<Row>> {
        self.parts.get(part_of(id))?.get(id)
    }

    /// Whether there is such a recording.
    #[must_use]
    pub fn contains_key(&self, id: &RecordingId) -> bool {
        self.get(id).is_some()
    }

    /// The row of a recording, to be changed.
    pub fn get_mut(&mut self, id: &RecordingId) -> Option<&mut Arc<Row>> {
        // A part is not copied for a row that is not in it.
        if !self.contains_key(id) {
            return None;
        }
        Arc::make_mut(self.parts.get_mut(part_of(id))?).get_mut(id)
    }

    /// Adds a row or replaces the one of the same recording.
    pub fn insert(&mut self, row: Arc<Row>) {
        if self.parts.is_empty() {
            self.parts = vec![Arc::default(); PARTS];
        }
        let part = Arc::make_mut(&mut self.parts[part_of(&row.id)]);
        self.len += usize::from(part.insert(row.id.clone(), row).is_none());
    }

    /// Removes the row of a recording.
    pub fn remove(&mut self, id: &RecordingId) {
        if self.contains_key(id) {
            Arc::make_mut(&mut self.parts[part_of(id)]).remove(id);
            self.len -= 1;
        }
    }

    /// The parts that it is made of. One that is the same in two copies holds the same rows, and its address says so.
    #[must_use]
    pub fn parts(&self) -> &[Arc<Part>] {
        &self.parts
    }

    /// All rows, in no order.
    pub fn values(&self) -> impl Iterator<Item = &Arc<Row>> + Clone {
        self.parts.iter().flat_map(|part| part.values())
    }
}

/// The part that holds an id, as long as that is short: ids are random.
fn part_of(id: &RecordingId) -> usize {
    let letters = id.as_str().bytes().rev().take(6);
    letters.fold(0, |sum: usize, letter| sum.wrapping_mul(31).wrapping_add(letter.into())) % PARTS
}

impl PartialEq for Rows {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.values().all(|row| other.get(&row.id) == Some(row))
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.values().map(|row| (&row.id, row))).finish()
    }
}

impl FromIterator<Arc<Row>> for Rows {
    fn from_iter<I: IntoIterator<Item = Arc<Row>>>(rows: I) -> Self {
        let mut all = Self::default();
        rows.into_iter().for_each(|row| all.insert(row));
        all
    }
}

/// A map by id.
impl Serialize for Rows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.values().map(|row| (&row.id, row)))
    }
}

impl<'de> Deserialize<'de> for Rows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Part::deserialize(deserializer)?.into_values().collect())
    }
}
