//! The values that the rows and calls there are have: what completion offers.

use std::collections::HashMap;

use crate::model::Snapshot;
use crate::query::{Key, Kind};

/// So many values of a key are offered, the most frequent first.
const OFFERED: usize = 200;

/// The values behind a key, where they are texts of people and providers.
#[must_use]
pub fn values(world: &Snapshot, kind: Kind, key: Key) -> Vec<String> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    match kind {
        Kind::Recordings => {
            for row in world.rows.values() {
                let one = match key {
                    Key::Model => row.model.as_deref(),
                    Key::Endpoint => Some(row.endpoint.as_str()),
                    Key::Name => row.name.as_deref(),
                    Key::Scope => row.scope.as_deref(),
                    Key::Mount => Some(row.mount.as_str()),
                    Key::Method => Some(row.method.as_str()),
                    _ => None,
                };
                let tags = if key == Key::Tag { row.tags.as_slice() } else { &[] };
                for text in one.into_iter().chain(tags.iter().map(String::as_str)) {
                    *counts.entry(text).or_default() += 1;
                }
            }
        }
        Kind::Calls => {
            for call in &world.calls {
                let one = match key {
                    Key::Model => call.model.as_deref(),
                    Key::Endpoint => Some(&*call.endpoint),
                    Key::Scope => call.scope.as_deref(),
                    Key::Profile => call.profile.as_deref(),
                    Key::Mount => Some(&*call.mount),
                    Key::Method => Some(&*call.method),
                    _ => None,
                };
                if let Some(text) = one {
                    *counts.entry(text).or_default() += 1;
                }
            }
        }
    }
    let mut counted: Vec<(usize, &str)> = counts.into_iter().map(|(text, count)| (count, text)).collect();
    counted.sort_unstable_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(other.1)));
    counted.into_iter().take(OFFERED).map(|(_, text)| text.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::tests::world;

    #[test]
    fn frequent_values_come_first_and_each_once() {
        let world = world::world(8, 4);
        let models = values(&world, Kind::Recordings, Key::Model);
        assert_eq!((models.len(), models[0].as_str()), (6, "gpt-5-mini"), "two of eight rows have it");
        assert_eq!(values(&world, Kind::Calls, Key::Method), ["POST"]);
        assert!(values(&world, Kind::Recordings, Key::Hits).is_empty());
    }
}
