//! Very many recordings stay usable: keys leave to a worker what takes a look at all of them. How long both take is
//! measured by `cargo bench --bench workbench`; here is held that it is done at all, and by whom.

use std::sync::Arc;

use crate::model::{Event, Row, Snapshot};
use crate::tui::listing::fuzzy_find::{FuzzyIndex, fuzzy_find};
use crate::tui::protocol::effect::Effect;
use crate::tui::protocol::message::Message;
use crate::tui::tests::script::{Script, key};
use crate::tui::tests::world;

const MANY: u32 = 100_000;

fn many() -> Snapshot {
    let row = |number: u32| {
        let kind = u8::try_from(number % 251).unwrap();
        let id = world::nth_id(number);
        Arc::new(Row { id, hash: crate::model::Hash::of(&number.to_be_bytes()), ..world::row(kind) })
    };
    let mut world = Snapshot::default();
    world.apply(&Event::Stored { rows: (0..MANY).map(row).collect() });
    world
}

#[test]
fn a_hundred_thousand_recordings_are_filtered_sorted_marked_and_found() {
    let mut script = Script::new(many()).size(80, 24).keys("2");
    let mut lines = FuzzyIndex::default();
    let mut work = Vec::new();
    for name in ["/", "h", "a", "t", "Enter", "s", "n", "a", "f", "c", "h"] {
        for effect in script.app.update(Message::Key(key(name))) {
            match effect {
                Effect::List(sift) => {
                    work.push(name);
                    let (generation, keys) = (sift.request_id, sift.keys());
                    script.app.update(Message::Listed { request_id: generation, keys });
                }
                Effect::FuzzyFind(wanted) => {
                    work.push(name);
                    lines = FuzzyIndex::of(&wanted.rows, &lines);
                    let sought = fuzzy_find(&wanted.text, &lines, &|| false).unwrap();
                    script
                        .app
                        .update(Message::FuzzyMatched { request_id: wanted.request_id, matches: sought });
                }
                _ => {}
            }
        }
        assert!(!script.screen().is_empty());
    }
    assert!(script.app.context.marks.ids.len() > 10_000 && script.screen().contains("/100,000"));
    assert_eq!(work, ["h", "a", "t", "n", "f", "c", "h"], "what looks at all of them is a worker's");
}
