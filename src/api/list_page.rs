//! Parts of lists: `limit` says how long, `after` where it begins, and the answer's `next` what to send as `after` for the rest.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::VerbError;

/// The most items of a page that has a limit.
const LONGEST: usize = 1000;

/// A list, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "{T}List")]
pub struct ListPage<T> {
    /// Items, in the order of the list.
    pub items: Vec<T>,
    /// Value of `after` for the items that follow; `None` at the end.
    pub next: Option<String>,
}

/// Part of a list that is asked for.
pub(super) struct PageRange {
    pub(super) limit: Option<usize>,
    pub(super) after: Option<String>,
}

/// Place of an item in its list. Items come and go, and this stays: it is no number of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ListPlace(pub(super) i64, pub(super) String);

/// Order of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ListOrder {
    /// The oldest first.
    Rising,
    /// The newest first.
    Falling,
}

impl<T> ListPage<T> {
    /// The part of `items` that is asked for.
    ///
    /// # Errors
    /// When the limit is out of bounds or `after` is none that an answer gave.
    pub(super) fn cut(
        items: Vec<T>,
        PageRange { limit, after }: PageRange,
        order: ListOrder,
        place: impl Fn(&T) -> ListPlace,
    ) -> Result<Self, VerbError> {
        if let Some(limit) = limit.filter(|limit| !(1..=LONGEST).contains(limit)) {
            return Err(VerbError::Invalid(format!(
                "`limit`: expected 1 to {LONGEST}, not {limit}; leave it out for all"
            )));
        }
        let after = after.map(|after| ListPlace::read(&after)).transpose()?;
        let behind = |item: &T| match (&after, order) {
            (None, _) => true,
            (Some(after), ListOrder::Rising) => place(item) > *after,
            (Some(after), ListOrder::Falling) => place(item) < *after,
        };
        let mut items: Vec<T> = items.into_iter().filter(behind).collect();
        let limit = limit.unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|last| place(last).to_string());
        Ok(Self { items, next })
    }
}

impl fmt::Display for ListPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

impl ListPlace {
    fn read(text: &str) -> Result<Self, VerbError> {
        let place =
            text.split_once('.').and_then(|(number, name)| Some(Self(number.parse().ok()?, name.into())));
        let wrong = || {
            format!("`after`: expected the `next` of an earlier answer, not `{text}`; leave it out to begin")
        };
        place.ok_or_else(|| VerbError::Invalid(wrong()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(
        limit: Option<usize>,
        after: Option<&str>,
        order: ListOrder,
    ) -> Result<(Vec<i64>, Option<String>), String> {
        let mut items = vec![1, 2, 3, 5];
        if order == ListOrder::Falling {
            items.reverse();
        }
        let range = PageRange { limit, after: after.map(str::to_owned) };
        ListPage::cut(items, range, order, |item| ListPlace(*item, String::new()))
            .map(|page| (page.items, page.next))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn pages_lead_to_the_end_also_where_their_last_item_is_gone() {
        assert_eq!(cut(None, None, ListOrder::Rising), Ok((vec![1, 2, 3, 5], None)));
        assert_eq!(cut(Some(2), None, ListOrder::Rising), Ok((vec![1, 2], Some("2.".into()))));
        assert_eq!(cut(Some(2), Some("2."), ListOrder::Rising), Ok((vec![3, 5], None)));
        assert_eq!(cut(Some(2), Some("4."), ListOrder::Falling), Ok((vec![3, 2], Some("2.".into()))));
        assert_eq!(cut(Some(9), Some("1."), ListOrder::Falling), Ok((Vec::new(), None)));
        assert!(cut(Some(0), None, ListOrder::Rising).unwrap_err().contains("1 to 1000"));
        assert!(cut(None, Some("rec_1"), ListOrder::Rising).unwrap_err().contains("`next`"));
    }
}
