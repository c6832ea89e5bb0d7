//! The order of the recordings, and the keys by which their list knows its place.

use std::cmp::Reverse;

use crate::model::{RecordingId, Row, Timestamp};
use crate::reading::Prices;

/// A column that recordings can be sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "`SortBy::name` says what each one is")]
pub enum SortBy {
    #[default]
    Recorded,
    LastHit,
    Hits,
    Size,
    Took,
    Name,
    Model,
    Endpoint,
    Status,
    Cost,
}

/// A column to sort by, and the direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowOrder {
    /// The column.
    pub by: SortBy,
    /// True if the largest, newest, or last of the alphabet comes first.
    pub falling: bool,
}

/// The key by which a recording has its position in a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowKey(pub RowPlace, pub RecordingId);

/// A recording's place by the order; of equal ones the newest comes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowPlace(RowRank, Reverse<Timestamp>);

/// The value to sort by. Recordings without one come last in either direction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum RowRank {
    Rising(SortValue),
    Falling(Reverse<SortValue>),
    Nothing,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SortValue {
    Number(u64),
    Text(Box<str>),
}

impl SortBy {
    /// All of them, in the order of the menu, with the key that chooses each.
    pub const ALL: [(Self, char); 10] = [
        (Self::Recorded, 'r'),
        (Self::LastHit, 'l'),
        (Self::Hits, 'h'),
        (Self::Size, 's'),
        (Self::Took, 't'),
        (Self::Name, 'n'),
        (Self::Model, 'm'),
        (Self::Endpoint, 'e'),
        (Self::Status, 'c'),
        (Self::Cost, 'd'),
    ];

    /// Name on the screen.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::LastHit => "last hit",
            Self::Hits => "hits",
            Self::Size => "size",
            Self::Took => "time taken",
            Self::Name => "name",
            Self::Model => "model",
            Self::Endpoint => "endpoint",
            Self::Status => "status",
            Self::Cost => "cost",
        }
    }

    /// The first rows in its usual direction, in words.
    #[must_use]
    pub fn first(self) -> &'static str {
        match self {
            Self::Recorded => "the newest first",
            Self::LastHit => "the last used first; never used ones last",
            Self::Hits => "the most used first",
            Self::Size => "the largest first",
            Self::Took => "the slowest first",
            Self::Name => "A to Z; those without a name last",
            Self::Model | Self::Endpoint => "A to Z",
            Self::Status => "by status, errors last",
            Self::Cost => "most expensive first; unknown prices last",
        }
    }

    /// The way round in which it is of use.
    #[must_use]
    pub fn order(self) -> RowOrder {
        let falling = !matches!(self, Self::Name | Self::Model | Self::Endpoint | Self::Status);
        RowOrder { by: self, falling }
    }
}

impl Default for RowOrder {
    fn default() -> Self {
        SortBy::default().order()
    }
}

impl RowOrder {
    /// The other way round.
    #[must_use]
    pub fn reversed(self) -> Self {
        Self { falling: !self.falling, ..self }
    }

    /// The key of a recording.
    #[must_use]
    pub fn key(self, row: &Row, prices: &Prices) -> RowKey {
        let number = |number: u64| Some(SortValue::Number(number));
        let time = |at: Timestamp| number(u64::try_from(at.0).unwrap_or_default());
        let text = |text: Option<&str>| text.map(|text| SortValue::Text(text.to_lowercase().into()));
        let value = match self.by {
            SortBy::Recorded => time(row.recorded_at),
            SortBy::LastHit => row.usage.last_hit.and_then(time),
            SortBy::Hits => number(row.usage.hits),
            SortBy::Size => number(row.size),
            SortBy::Took => number(row.total),
            SortBy::Status => number(row.status.into()),
            SortBy::Cost => prices.of(row).and_then(|cost| number(cost.0)),
            SortBy::Name => text(row.name.as_deref()),
            SortBy::Model => text(row.model.as_deref()),
            SortBy::Endpoint => text(Some(&row.endpoint)),
        };
        let rank = match value {
            None => RowRank::Nothing,
            Some(value) if self.falling => RowRank::Falling(Reverse(value)),
            Some(value) => RowRank::Rising(value),
        };
        RowKey(RowPlace(rank, Reverse(row.recorded_at)), row.id.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::tests::world;

    #[test]
    fn what_has_no_value_comes_last_either_way() {
        let rows: Vec<Row> = (0..6).map(world::row).collect();
        let prices = Prices::listed();
        for order in [SortBy::LastHit.order(), SortBy::LastHit.order().reversed()] {
            let mut keys: Vec<RowKey> = rows.iter().map(|row| order.key(row, &prices)).collect();
            keys.sort_unstable();
            assert_eq!(keys.last().map(|key| &key.1), Some(&world::id(0)), "never hit");
            let second = if order.falling { 1 } else { 5 };
            assert_eq!(keys[0].1, world::id(second));
        }
    }

    #[test]
    fn every_letter_of_the_menu_is_its_own_and_moves_nothing() {
        let letters: std::collections::BTreeSet<char> = SortBy::ALL.iter().map(|(_, key)| *key).collect();
        assert_eq!(letters.len(), SortBy::ALL.len());
        assert!(letters.iter().all(|key| !"jkq".contains(*key)));
    }
}
