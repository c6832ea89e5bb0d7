//! Laws of the screen at every size, with any content, after any events.

use std::sync::Arc;

use proptest::prelude::*;
use ratatui::style::Color;
use unicode_width::UnicodeWidthStr;

use crate::model::{Event, RecordingId, Row, Snapshot};
use crate::query::{Query, QueryKind, RowFacts, Subject};
use crate::tui::tests::script::Script;
use crate::tui::tests::states::{EMPTY, STATES};
use crate::tui::tests::told::Words;
use crate::tui::tests::world;
use crate::tui::widgets::theme::{Theme, ThemeChoice};

fn harmless(script: &Script) -> Result<(), String> {
    for (at, cell) in script.buffer().content().iter().enumerate() {
        let symbol = cell.symbol();
        let bad = |c: char| {
            c.is_control()
                || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        };
        if symbol.contains(bad) || symbol.width() == 0 {
            return Err(format!("cell {at} holds {symbol:?}"));
        }
        let colour = [cell.fg, cell.bg].iter().any(|colour| *colour != Color::Reset);
        if script.app.context.options.theme.mono() && colour {
            return Err(format!("cell {at}, {symbol:?}, has a colour in mono"));
        }
    }
    Ok(())
}

fn theme(look: ThemeChoice, ascii: bool) -> Theme {
    let theme = Theme::choose(look, false, None);
    if ascii { theme.in_ascii() } else { theme }
}

#[test]
fn no_size_makes_a_screen_panic() {
    let world = Words::Hostile.world();
    let states = STATES.iter().map(|(_, keys)| (*keys, &world));
    let nothing = Snapshot::default();
    let all: Vec<_> = states.chain(EMPTY.iter().map(|(_, keys)| (*keys, &nothing))).collect();
    for (nth, (keys, world)) in all.iter().enumerate() {
        let look = [ThemeChoice::Dark, ThemeChoice::Light, ThemeChoice::Mono][nth % 3];
        let told = (Words::Hostile, nth % 7 == 6);
        let mut script =
            Script::telling(told.0, told.1, (*world).clone(), theme(look, nth % 2 == 0)).keys(keys);
        // Each size meets one state; neighbouring sizes meet the others.
        let sizes = (0..=130_u16).flat_map(|columns| (0..=40_u16).map(move |rows| (columns, rows)));
        for (columns, rows) in
            sizes.filter(|(columns, rows)| usize::from(columns * 41 + rows) % all.len() == nth)
        {
            script.resize(columns, rows);
            harmless(&script).unwrap_or_else(|bad| panic!("{keys} at {columns}x{rows}: {bad}"));
        }
    }
}

/// States that show texts of each kind whole.
const LONG: [&str; 7] =
    ["live_detail", "detail_raw", "detail_stream", "draft", "record_now", "delete_failed", "diff_text"];

#[test]
fn endless_lines_are_harmless() {
    let world = Words::Endless.world();
    for (nth, (name, keys)) in STATES.iter().filter(|(name, _)| LONG.contains(name)).enumerate() {
        let mut script =
            Script::telling(Words::Endless, nth % 2 == 1, world.clone(), theme(ThemeChoice::Mono, false))
                .keys(keys);
        script.resize(100, 30);
        harmless(&script).unwrap_or_else(|bad| panic!("{name}: {bad}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_screen_at_any_size_is_harmless(
        (_, state) in prop::sample::select(STATES),
        sizes in prop::collection::vec((1..=300_u16, 1..=100_u16), 1..3),
        look in prop::sample::select(&[ThemeChoice::Dark, ThemeChoice::Light, ThemeChoice::Mono][..]),
        (ascii, failing) in (any::<bool>(), prop::bool::weighted(0.2)),
        keys in "[jkgGhlHL12345/xmdu?q+,.FfIiSsvVzabBwcXMnNyorACpRKteD\\[\\]\\\\ <>]{0,12}",
        pasted in "\\PC{0,8}[\u{200b}-\u{200f}\u{202a}-\u{202e}\u{80}-\u{9f}猫]{0,4}",
    ) {
        let world = Words::Hostile.world();
        let mut script = Script::telling(Words::Hostile, failing, world, theme(look, ascii)).keys(state);
        for (columns, rows) in sizes {
            script.resize(columns, rows);
            harmless(&script).map_err(TestCaseError::fail)?;
            script.press(&keys);
            script.say(crate::tui::protocol::message::Message::Paste(pasted.clone()));
            harmless(&script).map_err(TestCaseError::fail)?;
        }
    }

    #[test]
    fn the_lists_are_a_fold_of_the_events(
        steps in prop::collection::vec((0..4_u8, 0..40_u8), 0..60),
        filter in "(hat|doc|model:gpt*|-hits:0)?",
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
        let passes = |kind, subject: Subject<'_>| Query::parse(&filter, kind).unwrap_or(Query::all(kind)).shows(subject, script.app.context.now);
        let calls: Vec<_> =
            folded.calls.iter().filter(|call| passes(QueryKind::Calls, Subject::Call(call))).map(|call| call.id).collect();
        prop_assert_eq!(script.app.live.list.keys(), calls);
        let facts = RowFacts::default();
        let shown = |row: &&Row| passes(QueryKind::Recordings, Subject::Row(row, &facts));
        let mut rows: Vec<&Row> = folded.rows.values().map(AsRef::as_ref).filter(shown).collect();
        rows.sort_by_key(|row| (std::cmp::Reverse(row.recorded_at), row.id.clone()));
        let wanted: Vec<RecordingId> = rows.iter().map(|row| row.id.clone()).collect();
        let shown: Vec<RecordingId> = script.app.recordings.list.keys().iter().map(|key| key.1.clone()).collect();
        prop_assert_eq!(shown, wanted);
        prop_assert_eq!(script.app.recordings.stored_bytes, folded.rows.values().map(|row| row.size).sum::<u64>());
        prop_assert_eq!(script.app.context.world, folded);
    }
}
