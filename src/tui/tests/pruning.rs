//! Pruning: from queries to a plan, and what is spared of it; the log.

use crate::model::{Event, RecordingId, StepId, StepRow, Timestamp, Usd};
use crate::query::{Query, QueryKind, RowFacts};
use crate::retention::{PlanItem, PruneOptions, PrunePlan, plan};
use crate::tui::app::state::App;
use crate::tui::content::page::ExchangePages;
use crate::tui::content::text::BodyForm;
use crate::tui::input::action::Action;
use crate::tui::input::tab::Tab;
use crate::tui::protocol::message::Message;
use crate::tui::protocol::mutation::Mutation;
use crate::tui::protocol::query::{RemoteAnswer, RemoteQuery};
use crate::tui::tests::script::Script;
use crate::tui::tests::world;
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) fn planned(app: &App, query: &str, keep: &BTreeSet<RecordingId>) -> PrunePlan {
    let items: Vec<PlanItem> = app
        .context
        .world
        .rows
        .values()
        .map(|row| {
            let cost = (row.images > 0).then_some(Usd(40_000));
            PlanItem { row: Arc::clone(row), facts: RowFacts { cost, ..RowFacts::default() }, job: None }
        })
        .collect();
    let query = Query::parse(query, QueryKind::Recordings).unwrap();
    plan(&items, &query, app.context.now, &PruneOptions { keep: keep.clone(), ..PruneOptions::default() })
}

/// Answers the newest plan that was asked for.
fn plan_arrives(script: &mut Script) {
    let asked = script.asked();
    let (generation, ask) =
        asked.into_iter().rfind(|(_, ask)| matches!(ask, RemoteQuery::Prune(..))).unwrap();
    let RemoteQuery::Prune(query, keep) = &ask else { unreachable!() };
    let plan = planned(&script.app, query, keep);
    script.say(Message::QueryAnswered {
        request_id: generation,
        result: Ok(RemoteAnswer::Prune(Box::new(plan))),
        query: ask,
    });
}

#[test]
fn pruning_begins_with_queries_to_choose_from() {
    let mut script = Script::new(world::world(12, 0)).size(80, 24).keys("4");
    script.shows("prune_presets");
    script.press("<Esc>");
    script.shows("prune_empty");
    script.press("p n");
    plan_arrives(&mut script);
    assert_eq!(script.app.prune.query(), "hits:0");
}

#[test]
fn a_plan_is_looked_at_one_is_spared_and_the_rest_goes() {
    let mut script = Script::new(world::world(30, 0)).holding(pages()).keys("4 <Esc> /hits:<lt>9<Enter>");
    plan_arrives(&mut script);
    script.press("<Space>");
    plan_arrives(&mut script);
    script.shows("prune");
    script.press("d");
    script.shows("prune_question");
    let only: BTreeSet<RecordingId> = script
        .app
        .prune
        .plan(&script.app.context)
        .unwrap()
        .remove
        .iter()
        .map(|removal| removal.id.clone())
        .collect();
    let keep = script.app.prune.keep.clone();
    assert_eq!(keep.len(), 1);
    script.press("x");
    assert_eq!(script.deeds(), [Mutation::Prune("hits:<9".into(), keep, only)]);
    script.say(Message::Done("Pruned 6 recordings, 1.4 MiB; u undoes it".into()));
    script.say(Message::Offer(Action::Compact));
    assert!(script.screen().contains("Compact the store?"));
}

#[test]
fn what_is_spared_stays_in_its_place_until_it_is_spared_no_longer() {
    let mut script = Script::new(world::world(30, 0)).keys("4 <Esc> /hits:<lt>9<Enter>");
    plan_arrives(&mut script);
    let before: Vec<_> = script.app.prune.list.keys().iter().cloned().collect();
    script.press("<Space>");
    plan_arrives(&mut script);
    assert_eq!(script.app.prune.list.keys(), before);
    script.press("k <Space>");
    plan_arrives(&mut script);
    assert!(script.app.prune.keep.is_empty());
    assert_eq!(script.app.prune.list.keys(), before);
}

#[test]
fn a_wrong_query_is_underlined_and_asks_for_nothing() {
    use ratatui::style::Modifier;
    let mut script = Script::new(world::world(12, 0)).size(80, 24).keys("4 <Esc> /hits:many");
    assert!(
        script.asked().iter().all(|(_, ask)| *ask != RemoteQuery::Prune("hits:many".into(), BTreeSet::new()))
    );
    script.shows("prune_wrong");
    let buffer = script.buffer();
    let underlined = buffer.content().iter().filter(|cell| cell.modifier.contains(Modifier::UNDERLINED));
    assert_eq!(underlined.map(ratatui::buffer::Cell::symbol).collect::<String>(), "many");
    script.press("d");
    assert_eq!(script.deeds(), []);
}

#[test]
fn a_plan_that_is_on_its_way_is_waited_for() {
    let mut script = Script::new(world::world(12, 0)).keys("4 n");
    assert_eq!(script.asked().len(), 1);
    for number in 20..25 {
        script.event(Event::Stored { rows: vec![Arc::new(world::row(number))] });
    }
    assert_eq!(script.asked(), [], "traffic does not start it anew");
    script.press("<Esc> p d");
    assert_eq!(script.asked().len(), 1, "another query does");
}

fn pages() -> ExchangePages {
    ExchangePages::of_recording(&world::recording(1, &world::png(64)), BodyForm::default())
}

fn steps() -> RemoteAnswer {
    let step = |number: u64, verb: &str, count: u64, undone| StepRow {
        id: StepId(number),
        at: Timestamp(world::START.0 + i64::try_from(number).unwrap() * 1000),
        verb: verb.into(),
        recordings: vec![world::id(u8::try_from(number).unwrap())],
        count,
        undone,
    };
    RemoteAnswer::Steps(vec![step(1, "retag", 1, false), step(2, "rm", 12, false), step(3, "edit", 1, true)])
}

#[test]
fn the_log_keeps_what_was_said_and_errors_show_until_they_are_seen() {
    let mut script = Script::new(world::world(12, 0)).keys("2");
    script.say(Message::Done("Renamed rec_1".into()));
    script.say(Message::Failed { what: "delete", text: "the disk is full".into() });
    script.press("<Esc>");
    assert!(script.screen().contains("5 Log !"));
    script.press("5");
    script.answered(Ok(steps()), |ask| *ask == RemoteQuery::Steps);
    assert_eq!(script.app.context.tab, Tab::Log);
    assert!(!script.screen().contains("Log !"));
    script.shows("log");
}
