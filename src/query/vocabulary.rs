//! The values that the rows and calls there are have: what completion offers.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::Key;
use crate::model::{Call, Rows};

/// The most values of a key that are offered, the most frequent first.
const OFFERED: usize = 200;

/// The values behind a key of recordings, where they are texts of people and providers.
#[must_use]
pub fn of_rows(rows: &Rows, key: Key) -> Vec<String> {
    frequent(rows.values().flat_map(|row| {
        let one = match key {
            Key::Model => row.model.as_deref(),
            Key::Endpoint => Some(row.endpoint.as_str()),
            Key::Name => row.name.as_deref(),
            Key::Scope => row.scope.as_deref(),
            Key::Mount => Some(row.mount.as_str()),
            Key::Method => Some(row.method.as_str()),
            _ => None,
        };
        one.into_iter().chain(row.tags.iter().filter(|_| key == Key::Tag).map(String::as_str))
    }))
}

/// The values behind a key of calls.
#[must_use]
pub fn of_calls(calls: &VecDeque<Arc<Call>>, key: Key) -> Vec<String> {
    frequent(calls.iter().filter_map(|call| match key {
        Key::Model => call.model.as_deref(),
        Key::Endpoint => Some(&*call.endpoint),
        Key::Scope => call.scope.as_deref(),
        Key::Profile => call.profile.as_deref(),
        Key::Mount => Some(&*call.mount),
        Key::Method => Some(&*call.method),
        _ => None,
    }))
}

/// The most frequent of these texts, each once.
fn frequent<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    texts.for_each(|text| *counts.entry(text).or_default() += 1);
    let mut counted: Vec<(usize, &str)> = counts.into_iter().map(|(text, count)| (count, text)).collect();
    counted.sort_unstable_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(other.1)));
    counted.into_iter().take(OFFERED).map(|(_, text)| text.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Row;
    use crate::query::tests::row;

    #[test]
    fn frequent_values_come_first_and_each_once() {
        let models = ["a", "b", "b", "c"].into_iter().zip(1..);
        let made = models.map(|(model, nth)| Arc::new(Row { model: Some(model.into()), ..row(nth) }));
        let rows: Rows = made.collect();
        assert_eq!(of_rows(&rows, Key::Model), ["b", "a", "c"]);
        assert!(of_rows(&rows, Key::Hits).is_empty());
        let calls = VecDeque::from([Arc::new(Call { method: "POST".into(), ..Call::default() })]);
        assert_eq!(of_calls(&calls, Key::Method), ["POST"]);
    }
}
