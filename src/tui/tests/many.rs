//! Very many recordings stay usable: what a key press costs, and what a worker does for it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::script::{Script, key};
use super::world;
use crate::model::{Event, Row, Snapshot};
use crate::tui::effect::Effect;
use crate::tui::message::Message;
use crate::tui::seek::{lines, seek};

const MANY: u32 = 100_000;

/// What a step may take in a build without optimization on a busy machine: quadratic work takes minutes. With
/// optimization all of it takes some tens of milliseconds.
const LIMIT: Duration = Duration::from_secs(5);

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
    let mut took = BTreeMap::new();
    for (step, name) in ["/", "h", "a", "t", "Enter", "s", "n", "a", "f", "c", "h"].iter().enumerate() {
        let start = Instant::now();
        let effects = script.app.update(Message::Key(key(name)));
        took.insert((step, *name, "update"), start.elapsed());
        for effect in effects {
            let start = Instant::now();
            match effect {
                Effect::Sift(sift) => {
                    let keys = sift.keys();
                    took.insert((step, *name, "sift"), start.elapsed());
                    let start = Instant::now();
                    script.app.update(Message::Sifted { generation: sift.generation, keys });
                    took.insert((step, *name, "sifted"), start.elapsed());
                }
                Effect::Seek(wanted) => {
                    let lines = lines(&wanted.among);
                    took.insert((step, *name, "lines"), start.elapsed());
                    let start = Instant::now();
                    let sought = seek(&wanted.text, &lines, &|| false).unwrap();
                    took.insert((step, *name, "seek"), start.elapsed());
                    script.app.update(Message::Sought { generation: wanted.generation, sought });
                }
                _ => {}
            }
        }
        let start = Instant::now();
        script.buffer();
        took.insert((step, *name, "draw"), start.elapsed());
    }
    assert!(script.app.marked.len() > 10_000 && script.screen().contains("/100,000"));
    let slow: BTreeMap<_, _> = took.iter().filter(|(_, time)| **time > LIMIT).collect();
    assert!(slow.is_empty(), "{slow:#?} of {took:#?}");
}
