//! Finding recordings: filter, order, marks, the finder and the contact sheet.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;

use crate::model::{Call, Event, Hash, Hit, Hits, Outcome, RecordingId, Row, Snapshot, Timestamp};
use crate::query::{self, Query, QueryKind, RowFacts};
use crate::tui::content::page::ExchangePages;
use crate::tui::content::subject::DetailSubject;
use crate::tui::content::text::BodyForm;
use crate::tui::input::tab::Tab;
use crate::tui::listing::order::SortBy;
use crate::tui::protocol::effect::Effect;
use crate::tui::protocol::message::Message;
use crate::tui::protocol::mutation::Mutation;
use crate::tui::protocol::query::{RemoteAnswer, RemoteQuery};
use crate::tui::tests::script::Script;
use crate::tui::tests::world;

fn shown(script: &Script) -> Vec<RecordingId> {
    script.app.recordings.list.keys().iter().map(|key| key.1.clone()).collect()
}

fn selected(script: &Script) -> Option<RecordingId> {
    script.app.selected_row().map(|row| row.id.clone())
}

/// Rows with everything that a row can show.
fn curated() -> Snapshot {
    let mut world = world::world(12, 0);
    let tagged = |number: u8, tags: &[&str]| Row {
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        ..world::row(number)
    };
    let rows = [
        Row { name: Some("checkout/hat".into()), edited: true, ..tagged(0, &["ci", "hats"]) },
        Row { hash: Hash::of(b"take"), ..tagged(1, &["ci"]) },
        Row { hash: Hash::of(b"take"), scope: Some("test-1".into()), ..world::row(4) },
        Row { job: Some("job_1".into()), ending: crate::model::Ending::Cut, ..world::row(6) },
        Row { job: Some("job_1".into()), review: Some(world::id(6)), ..world::row(8) },
    ];
    world.apply(&Event::Stored { rows: rows.into_iter().map(Arc::new).collect() });
    world
}

#[test]
fn a_query_filters_and_what_is_wrong_is_said() {
    let mut script = Script::new(curated()).keys("2 /model:gpt* <Space> -tag:ci <Enter> /");
    assert_eq!(shown(&script), [6, 7].map(world::id), "two models, of which tagged ones are out");
    let before = shown(&script);
    script.say(Message::Paste(" stauts:404".into()));
    assert_eq!(shown(&script), before, "wrong input leaves the list alone");
    script.shows("filter_wrong");
    let typing = |script: &Script| script.app.filter().input.is_some();
    script.press("<Enter>");
    assert!(typing(&script) && script.screen().contains("did you mean `status`"), "it is to be mended");
    script.press("<Esc>");
    assert!(!typing(&script) && script.screen().contains("is no filter"), "{}", script.screen());
    assert_eq!(shown(&script), before, "the one from before is back");
}

/// `/age:30` became the text `age`, and what was marked and deleted were the strangers that hold it.
#[test]
fn a_wrong_filter_is_never_kept_as_a_shorter_right_one() {
    for (tab, list) in [("1", false), ("2", true), ("4 <Esc>", false)] {
        for leave in ["<Enter> <Esc>", "<Esc>"] {
            let mut script = Script::new(curated()).keys(tab).keys("/hat<Enter>");
            let before = (script.app.filter().text().to_owned(), shown(&script));
            assert_eq!(before.0, "hat");
            script.press("/ <C-u> age:30");
            assert!(script.app.filter().error().is_some());
            assert!(script.screen().contains("`age` needs a unit: 30d, <30d, 30h"), "{}", script.screen());
            if list {
                script.shows("filter_unit");
            }
            script.press(leave);
            assert_eq!((script.app.filter().text().to_owned(), shown(&script)), before, "{tab} {leave}");
            script.press("/ <C-u> foo:bar");
            script.press(leave);
            assert_eq!(script.app.filter().text(), "hat");
        }
    }
    let mut script = Script::new(curated()).keys("2 /");
    script.say(Message::Paste("\thats\r\nmodel:gpt-5\n".into()));
    assert_eq!(script.app.filter().input.as_ref().unwrap().value(), " hats model:gpt-5");
}

/// A filter on the way to `age:30d`: there stood the text `age`, and while `age:30` was wrong what holds that text was
/// listed.
#[test]
fn while_a_filter_is_wrong_the_list_is_the_one_from_before() {
    for (tab, entered) in
        ["", "/hat<Enter>", "/zzz<Enter>"].into_iter().flat_map(|keys| [("1", keys), ("2", keys)])
    {
        let counted = |script: &Script| match tab {
            "1" => script.app.live.list.keys().len(),
            _ => script.app.recordings.list.keys().len(),
        };
        let mut script = Script::new(curated()).keys(tab).keys(entered);
        let before = counted(&script);
        script.press("/ <C-u> age");
        assert!(
            tab == "1" || entered == "/hat<Enter>" || counted(&script) != before,
            "a right one counts at once"
        );
        script.press(":30");
        assert_eq!(counted(&script), before, "{tab} {entered}");
        assert!(script.screen().contains("until the filter is right"), "{}", script.screen());
        let empty = script.screen().contains("Nothing matches \"zzz\", the filter from before.");
        assert_eq!(empty, entered.contains("zzz"), "{}", script.screen());
        script.press("d");
        assert!(!script.screen().contains("until the filter is right"), "{}", script.screen());
        script.press("<Esc>");
        assert_eq!(script.app.filter().text(), "age:30d");
    }
}

#[test]
fn tab_completes_from_what_there_is() {
    let mut script = Script::new(curated()).keys("2 /m");
    script.shows("filter_keys");
    script.press("odel:");
    script = script.size(80, 24);
    script.shows("filter_values");
    script.press("<Tab> <Tab>");
    let text = script.app.filter().text().to_owned();
    assert!(text.starts_with("model:") && text.len() > 6, "{text}");
    assert!(shown(&script).iter().all(|id| {
        let model = script.app.context.world.rows[id].model.clone().unwrap_or_default();
        text.ends_with(&model)
    }));
}

#[test]
fn each_tab_has_a_history_of_its_own() {
    let mut script = Script::new(curated()).keys("2 /hat<Enter> /<C-u>fox<Enter> /<Up>");
    assert_eq!(script.app.filter().text(), "hat");
    script.press("<Down> <Enter>");
    assert_eq!(script.app.filter().text(), "fox");
    script.press("1 /<Up>");
    assert_eq!(script.app.filter().text(), "");
}

#[test]
fn what_only_the_client_knows_is_asked_once_while_it_is_awaited() {
    let mut script = Script::new(curated()).keys("2 /");
    script.say(Message::Paste("dup:yes".into()));
    let asked = |script: &mut Script| -> Vec<(u64, String)> {
        let asks = script.effects().into_iter().filter_map(|effect| match effect {
            Effect::Query(generation, RemoteQuery::List(query)) => Some((generation, query)),
            _ => None,
        });
        asks.collect()
    };
    let asks = asked(&mut script);
    let (generation, query) = asks.last().cloned().unwrap();
    assert_eq!(query, "dup:yes");
    assert_eq!(shown(&script).len(), 12, "the list stays until the answer is there");
    script.event(Event::Removed { ids: vec![world::id(2)] });
    script.event(Event::Stored { rows: vec![Arc::new(world::row(30))] });
    assert_eq!(asked(&mut script), [], "steady changes do not keep it from being answered");
    let answer =
        Ok(RemoteAnswer::List([2, 7, 9].map(|number| Arc::new(world::row(number))).into_iter().collect()));
    script.say(Message::QueryAnswered {
        request_id: generation,
        result: answer,
        query: RemoteQuery::List(query),
    });
    assert_eq!(shown(&script), [7, 9].map(world::id), "what went meanwhile does not come back");
    let again = asked(&mut script);
    assert_eq!(again.len(), 1, "what changed meanwhile is asked about");
    let ask = RemoteQuery::List("dup:yes".into());
    script.say(Message::QueryAnswered {
        request_id: again[0].0,
        query: ask,
        result: Err("the disk is gone".into()),
    });
    assert!(script.screen().contains("the disk is gone"));
    assert_eq!(
        (asked(&mut script), shown(&script).len()),
        (vec![], 2),
        "no answer is not asked for again and again"
    );
}

#[test]
fn the_menu_sorts_and_the_heading_says_so() {
    let mut script = Script::new(curated()).keys("2 j j s");
    let before = selected(&script);
    script.shows("sort_menu");
    script.press("h");
    script.shows("sorted_hits");
    assert_eq!(selected(&script), before, "what is selected stays so");
    let hits = |script: &Script| -> Vec<u64> {
        shown(script).iter().map(|id| script.app.context.world.rows[id].usage.hits).collect()
    };
    assert!(hits(&script).is_sorted_by(|one, other| one >= other));
    script.press("S");
    assert!(hits(&script).is_sorted());
    script.press("s s");
    script = script.size(80, 24);
    script.shows("sorted_size");
}

#[test]
fn a_hit_moves_a_row_where_hits_decide() {
    let mut script = Script::new(world::world(12, 0)).keys("2 s l G");
    let last = selected(&script).unwrap();
    let call = crate::model::Call { recording: Some(last.clone()), ..world::call(1) };
    let all = Hits { count: 1, last: Some(Timestamp(world::START.0 + 39_000)) };
    let usage = Some(Hit { all, in_scope: Hits::default() });
    let counters = crate::model::Counters::default();
    script.event(Event::Call { call: Arc::new(call), usage, counters });
    assert_eq!((shown(&script)[0].clone(), selected(&script)), (last.clone(), Some(last)));
}

#[test]
fn rows_say_what_is_known_of_them() {
    let mut script = Script::new(curated());
    script.expired = vec![Arc::new(world::row(2))];
    let mut script = script.keys("2 <Space> j <Space>");
    script.shows("rows_curated");
    script.press("_");
    script.shows("rows_zoomed");
    assert!(Script::new(curated()).keys("2 ? / expired").screen().contains("older than its rule"));
}

#[test]
fn marks_survive_filters_and_ranges_shrink_again() {
    let mut script = Script::new(curated()).keys("2 <Space> v j j j");
    assert_eq!(script.app.context.marks.ids.len(), 5);
    script.press("k k");
    assert_eq!(script.app.context.marks.ids.len(), 3, "what the range went over before is not marked");
    script.shows("range");
    script.press("<Esc> /tag:ci <Enter>");
    assert_eq!(script.app.context.marks.ids.len(), 3, "Esc ends the range and leaves its marks");
    assert_eq!(script.app.context.marks.hidden, 1);
    script = script.size(80, 24);
    script.shows("marks_hidden");
    script.press("V");
    assert_eq!(script.app.context.marks.ids.len(), 1, "others: of those that are shown");
    script.press("a <Esc>");
    assert!(script.app.context.marks.ids.is_empty(), "first the marks go, then the filter");
    assert!(!script.app.filter().text().is_empty());
}

#[test]
fn a_few_letters_find_a_recording() {
    let pages = ExchangePages::of_recording(&world::recording(1, &world::png(64)), BodyForm::default());
    let mut script = Script::new(curated()).holding(pages).keys("f capy <Space> hat");
    script.shows("finder");
    script.press("<Tab>");
    assert_eq!(script.app.context.marks.ids, BTreeSet::from([world::id(0)]));
    script.press("<Enter>");
    assert_eq!(selected(&script), Some(world::id(6)));
    script.press("f<Up>");
    assert!(script.screen().contains("> capy hat"), "what was looked for before");
    script.press("<Esc> 2 /zebra<Enter> f fox <Enter>");
    assert_eq!(selected(&script), Some(world::id(4)), "a filter does not hide it");
    script.press("f zzzz <Enter>");
    assert!(script.screen().contains("no match"));
    script.event(Event::Stored { rows: vec![Arc::new(Row { name: Some("zzzz".into()), ..world::row(40) })] });
    assert!(
        script.screen().contains("zzzz:") || script.screen().contains(" zzzz"),
        "what comes meanwhile is found"
    );
}

#[test]
fn the_finder_looks_into_recordings_over_every_tab() {
    let pages = ExchangePages::of_recording(&world::recording(1, &world::png(64)), BodyForm::default());
    for keys in ["1", "2 c j c", "4 <Esc>", "5"] {
        let mut script = Script::new(curated()).holding(pages.clone()).keys(keys).keys("f capy hat");
        assert_eq!(script.app.detail.subject, Some(DetailSubject::Recording(world::id(0))), "{keys}");
        assert!(script.app.detail.picture.scaled.is_some(), "{keys}");
        let before = script.app.context.tab;
        script.press("<Enter>");
        assert_eq!((script.app.context.tab, selected(&script)), (Tab::Recordings, Some(world::id(0))));
        script.press("<C-o>");
        assert_eq!(script.app.context.tab, before);
    }
}

#[test]
fn what_can_go_is_asked_in_the_same_language_and_messages_by_any_text() {
    let mut script = Script::new(curated()).size(80, 24).keys("4 <Esc> /hi");
    script.shows("prune_keys");
    script.press("<Tab>0<Enter>");
    assert_eq!(script.app.prune.query(), "hits:0");
    script.press("/ OR <Esc>");
    assert!(script.app.prune.plan_query().is_some());
    assert_eq!(script.app.prune.query(), "hits:0", "what was right comes back");
    script.say(Message::Failed { what: "delete", text: "the disk (sda) is full".into() });
    script.say(Message::Done("Renamed".into()));
    script.press("<Esc> 5 /(SDA <Tab> <Enter>");
    assert!(script.app.filter().error().is_none());
    assert_eq!(script.app.log.list.keys().len(), 1);
    script.press("\\");
    assert_eq!(script.app.log.list.keys().len(), 3, "that a filter was wrong is among them");
}

#[test]
fn calls_that_were_cleared_stay_away_whatever_the_filter() {
    let mut script = Script::new(world::world(12, 40)).keys("C x /model:gpt* <Esc>");
    assert_eq!(script.app.live.list.keys(), []);
    script.event(world::announced(world::call(41), 0));
    script.press("<Esc>");
    assert_eq!(script.app.live.list.keys().len(), 1);
    let miss =
        |number| Call { outcome: Some(Outcome::Miss), model: Some("flux".into()), ..world::call(number) };
    for number in 42..45 {
        script.event(world::announced(miss(number), 0));
    }
    let listed = script.app.live.causes.misses();
    script.press("/-model:flux");
    assert_eq!((listed - script.app.live.causes.misses(), script.app.live.list.keys().len()), (3, 1));
}

#[test]
fn letters_that_were_found_are_seen_without_colour() {
    use ratatui::style::Modifier;
    let script = Script::new(curated()).keys("f hat");
    let buffer = script.buffer();
    let found: String = buffer
        .content()
        .iter()
        .filter(|cell| cell.modifier.contains(Modifier::BOLD | Modifier::UNDERLINED))
        .map(ratatui::buffer::Cell::symbol)
        .collect();
    assert!(found.starts_with("hat"), "{found}");
}

#[test]
fn pictures_on_a_contact_sheet_are_stacked() {
    let mut world = world::world(40, 0);
    let rows = (0..40).step_by(2).map(|number| Arc::new(Row { images: 1, ..world::row(number) }));
    world.apply(&Event::Stored { rows: rows.collect() });
    let mut script = Script::new(world).keys("2 I");
    script.shows("sheet");
    let Some(sheet) = &script.app.recordings.sheet else { panic!("no sheet") };
    let stacks = sheet.stacks.clone();
    assert!(stacks[0].ids.len() > 1 && stacks.len() < 20, "{stacks:?}");
    script.press("<Space>");
    assert_eq!(script.app.context.marks.ids, stacks[0].ids.iter().cloned().collect());
    script.press("h <Space>");
    assert!(script.app.context.marks.ids.is_empty(), "once more takes the marks away");
    script.press("h l <Enter>");
    let shown = |script: &Script| match &script.app.recordings.sheet {
        Some(sheet) => (sheet.stacks.len(), sheet.at),
        _ => (0, 0),
    };
    let (members, second) = (stacks[1].ids.len(), stacks[1].ids[1].clone());
    assert_eq!(shown(&script), (members, 0), "the stack is open");
    script.shows("stack");
    script.press("<Esc>");
    assert_eq!(shown(&script), (stacks.len(), 1), "closed, it is still selected");
    // What lies under a question, and what is selected after the sheet, is the picture that it is about.
    let first = stacks[1].ids[0].clone();
    assert_eq!(script.app.detail.subject, Some(DetailSubject::Recording(first.clone())));
    script.press("d");
    assert_eq!(
        (selected(&script), &script.app.detail.subject),
        (Some(first.clone()), &Some(DetailSubject::Recording(first.clone())))
    );
    script.press("<Esc> <Esc>");
    assert_eq!((!script.app.is_modal(), selected(&script)), (true, Some(first)));
    script.press("I");
    assert_eq!(shown(&script), (stacks.len(), 1));
    script.say(Message::Done("Undone: rm of 3 recordings".into()));
    assert!(script.screen().contains("Undone: rm of 3 recordings"), "not under the sheet");
    script.press("<Esc> I");
    script.press("<Enter> l <Enter>");
    assert_eq!(selected(&script), Some(second));
    assert!(!script.app.is_modal() && script.app.context.in_detail);
    script.press("I d x");
    let free = |id: &&RecordingId| !script.app.context.world.rows[*id].protected;
    let removed = Effect::Mutate(Mutation::Remove(stacks[1].ids.iter().filter(free).cloned().collect()));
    assert!(script.effects().contains(&removed), "a verb is for the selected stack");
    let script = Script::new(world::world(0, 0)).keys("2 I");
    assert!(script.screen().contains("None of the listed recordings"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn under_any_order_and_filter_the_list_is_what_it_should_be_and_keeps_its_place(
        steps in prop::collection::vec((0..6_u8, 0..30_u8), 0..50),
        text in "(hat|-tag:ci|model:gpt*|hits:>5)?",
    ) {
        let mut script = Script::new(world::world(10, 0)).size(80, 24).keys("2");
        script.press(&format!("/{}<Enter>", text.replace('<', "<lt>")));
        let query = Query::parse(&text, QueryKind::Recordings).unwrap();
        for (kind, number) in steps {
            let before = selected(&script);
            match kind {
                0 => script.event(Event::Stored { rows: vec![Arc::new(world::row(number))] }),
                1 => script.event(Event::Removed { ids: vec![world::id(number)] }),
                2 => {
                    let hits = Hits { count: u64::from(number), last: Some(Timestamp(world::START.0 + i64::from(number))) };
                    let usage = Some(Hit { all: hits, in_scope: Hits::default() });
                    let call = crate::model::Call { recording: Some(world::id(number % 12)), ..world::call(1) };
                    script.event(Event::Call { call: Arc::new(call), usage, counters: crate::model::Counters::default() });
                }
                3 => script.press(&format!("s{}", SortBy::ALL[usize::from(number) % SortBy::ALL.len()].1)),
                4 => script.press("S"),
                _ => script.press(if number % 2 == 0 { "j" } else { "k" }),
            }
            let facts = RowFacts::default();
            let rows = script.app.context.world.rows.values();
            let shows = |row: &Row| query.shows(query::Subject::Row(row, &facts), script.app.context.now);
            let mut wanted: Vec<_> = rows.filter(|row| shows(row)).map(|row| script.app.recordings.order.key(row, &script.app.recordings.prices)).collect();
            wanted.sort();
            prop_assert_eq!(script.app.recordings.list.keys(), wanted);
            let stays = before.filter(|id| kind < 5 && script.app.context.world.rows.get(id).is_some_and(|row| shows(row)));
            if let Some(id) = stays {
                prop_assert_eq!(selected(&script), Some(id), "step {}", kind);
            }
            let window = script.app.recordings.list.window(script.app.context.areas.list_rows());
            prop_assert!(script.app.recordings.list.index().is_none_or(|at| window.contains(&at)));
        }
    }

    #[test]
    fn marks_and_their_numbers_agree(keys in prop::collection::vec(prop::sample::select(&["j", "k", "<Space>", "v", "a", "A", "V", "\\", "s h", "S"][..]), 0..30)) {
        let mut script = Script::new(curated()).keys("2 /tag:ci OR fox<Enter>");
        for key in keys {
            script.press(key);
            let app = &script.app;
            let rows: Vec<_> = app.context.marks.ids.iter().map(|id| &app.context.world.rows[id]).collect();
            prop_assert_eq!(app.context.marks.bytes, rows.iter().map(|row| row.size).sum::<u64>());
            let listed: BTreeSet<_> = shown(&script).into_iter().collect();
            prop_assert_eq!(app.context.marks.hidden, app.context.marks.ids.difference(&listed).count());
        }
    }
}
