//! What holds at every size, with any content, after any events.

use std::sync::Arc;

use proptest::prelude::*;

use super::script::Script;
use super::world;
use crate::engine::Explanation;
use crate::model::{Call, Event, Outcome, RecordingId, Row, Snapshot};
use crate::tui::page::Pages;
use crate::tui::text::Form;

const HOSTILE: &str =
    "\u{1b}]52;c;aGk=\u{7}\u{9b}31m\u{202e}\u{2066}\u{200b}\0猫猫👩‍👩‍👧\u{301}\u{301}\t\r\n\u{ad}";

fn hostile() -> (Snapshot, Pages) {
    let mut world = world::world(20, 30);
    let bad = || HOSTILE.repeat(4);
    let rows = (0..9).map(|number| {
        Arc::new(Row {
            model: Some(bad()),
            prompt: Some(bad()),
            name: (number % 2 == 0).then(bad),
            tags: vec![bad()],
            endpoint: bad(),
            size: u64::MAX / 20,
            ..world::row(number)
        })
    });
    world.apply(&Event::Stored { rows: rows.collect() });
    for number in 31..40 {
        let call = Call {
            endpoint: bad().into(),
            model: Some(bad().into()),
            reason: Some(bad()),
            method: bad().into(),
            mount: bad().into(),
            outcome: Some(if number % 2 == 0 { Outcome::Miss } else { Outcome::Live }),
            cause: Some(Arc::new(world::cause(7, &[&bad()]))),
            ..world::call(number)
        };
        world.apply(&world::announced(call, 3));
    }
    (world, Pages::of_recording(&world::recording(1, &world::png(40)), Form::default()))
}

fn why() -> Explanation {
    world::hostile(&HOSTILE.repeat(4))
}

fn harmless(script: &Script) {
    for cell in script.buffer().content() {
        let bad = |c: char| {
            c.is_control()
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}'..='\u{200f}')
        };
        assert!(!cell.symbol().contains(bad), "{:?}", cell.symbol());
    }
}

#[test]
fn no_size_makes_a_screen_panic() {
    const STATES: [&str; 25] = [
        "",
        "2 ]",
        "2 d",
        "m",
        "?",
        "/x",
        "2 l",
        "2 ] i",
        "2 t",
        "2 e",
        "2 D",
        "4",
        "4n /x",
        "5",
        "a",
        "M",
        "C",
        "M <Enter> ,",
        "l .",
        "2 ]]]",
        "2 ]]]] l",
        "2 l / a",
        "2 y",
        "2 c j c",
        "2 c j c [ M",
    ];
    let (world, pages) = hostile();
    let mut scripts: Vec<Script> = STATES
        .iter()
        .map(|keys| Script::new(world.clone()).holding(pages.clone()).because(why()).keys(keys))
        .collect();
    for columns in 0..=130 {
        for rows in 0..=40 {
            // Each size meets one state; neighbouring sizes meet the others.
            let at = usize::from(columns + rows) % scripts.len();
            let script = scripts.remove(at).size(columns, rows);
            harmless(&script);
            scripts.insert(at, script);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_keys_make_a_screen_panic(
        keys in "[jkgGhlHL12345/xmdu?q+,.FiVzabBwcXsMnNyorACpRKteD\\[\\]\\\\ <>]{0,30}",
        sizes in prop::collection::vec((0..=130_u16, 0..=40_u16), 1..3),
        pasted in any::<String>(),
    ) {
        let (world, pages) = hostile();
        let mut script = Script::new(world).holding(pages).because(why());
        for (columns, rows) in sizes {
            script = script.size(columns, rows);
            script.press(&keys);
            script.say(crate::tui::message::Message::Paste(pasted.clone()));
            harmless(&script);
        }
    }

    #[test]
    fn the_lists_are_a_fold_of_the_events(
        steps in prop::collection::vec((0..4_u8, 0..40_u8), 0..60),
        filter in "(hat|doc|HIT)?",
    ) {
        let mut script = Script::new(Snapshot::default());
        let mut folded = Snapshot::default();
        script.press(&format!("/{filter}<Esc>2/{filter}<Esc>"));
        for (kind, number) in steps {
            let event = match kind {
                0 => world::announced(world::call(u64::from(number) + 1), 0),
                1 => world::announced(world::flying(u64::from(number) + 1), 1),
                2 => Event::Stored { rows: vec![Arc::new(world::row(number))] },
                _ => Event::Removed { ids: vec![world::id(number)] },
            };
            folded.apply(&event);
            script.event(event);
        }
        let passes = |text: String| text.to_lowercase().contains(&filter.to_lowercase());
        let calls: Vec<_> = folded.calls.iter().filter(|call| passes(call.haystack())).map(|call| call.id).collect();
        prop_assert_eq!(script.app.live.keys(), calls);
        let mut rows: Vec<&Row> = folded.rows.values().map(AsRef::as_ref).filter(|row| passes(row.haystack())).collect();
        rows.sort_by_key(|row| (std::cmp::Reverse(row.recorded_at), row.id.clone()));
        let wanted: Vec<RecordingId> = rows.iter().map(|row| row.id.clone()).collect();
        let shown: Vec<RecordingId> = script.app.recordings.keys().iter().map(|key| key.1.clone()).collect();
        prop_assert_eq!(shown, wanted);
        prop_assert_eq!(script.app.stored, folded.rows.values().map(|row| row.size).sum::<u64>());
        prop_assert_eq!(script.app.world, folded);
    }
}
