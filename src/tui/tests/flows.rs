//! The workflows that change recordings: what people press, see, and what is asked for then.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::engine::{ExchangeRef, MatchSettings, Rerecord, Retagged, ReviewVerdict, Revision, Trashed};
use crate::matching::{BlastRadius, NamedField};
use crate::model::{Event, Playback, RecordingId, Row, Strategy, Timestamp, Usd};
use crate::tui::content::draft::{DraftOutcome, DraftPart, EditDraft};
use crate::tui::content::page::ExchangePages;
use crate::tui::content::text::BodyForm;
use crate::tui::diff::page::DiffPage;
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::input::tab::Tab;
use crate::tui::protocol::effect::Effect;
use crate::tui::protocol::message::Message;
use crate::tui::protocol::mutation::Mutation;
use crate::tui::protocol::query::{RemoteAnswer, RemoteQuery};
use crate::tui::tests::script::{Script, key};
use crate::tui::tests::world;
use crate::tui::widgets::line::{Tone, Toned};

pub(super) fn field(name: &str, value: &str, significant: bool) -> NamedField {
    NamedField { name: name.into(), value: value.into(), significant, fixed: name == "model", recordings: 1 }
}

fn fields() -> RemoteAnswer {
    RemoteAnswer::Fields(vec![
        field("model", "gpt-image-1.5", true),
        field("prompt", "A capybara wearing a tiny hat, sitting in a hot spring", false),
        field("quality", "high", true),
        field("seed", "7", true),
        field("size", "1024x1024", true),
    ])
}

pub(super) fn effect(miss_to_hit: u64, to_others: u64, twins: Vec<RecordingId>) -> RemoteAnswer {
    let radius = BlastRadius {
        calls: 214,
        miss_to_hit,
        to_others,
        indistinguishable: twins.clone(),
        ..BlastRadius::default()
    };
    RemoteAnswer::Retag(vec![Retagged {
        recording: world::id(0),
        before: Strategy::STANDARD,
        after: "standard -seed".parse().unwrap(),
        playback: Playback::Newest,
        radius,
        ambiguous: twins,
        absent: Vec::new(),
        collisions: 0,
    }])
}

impl Script {
    /// The questions that are open, the newest last.
    pub(super) fn asked(&mut self) -> Vec<(u64, RemoteQuery)> {
        let effects = self.effects();
        effects
            .into_iter()
            .filter_map(|effect| {
                if let Effect::Query(generation, ask) = effect { Some((generation, ask)) } else { None }
            })
            .collect()
    }

    /// Answers the newest question for which there is an answer.
    pub(super) fn answered(
        &mut self,
        answer: Result<RemoteAnswer, String>,
        fits: fn(&RemoteQuery) -> bool,
    ) -> RemoteQuery {
        let asked = self.asked();
        let (generation, ask) = asked.into_iter().rfind(|(_, ask)| fits(ask)).expect("a question");
        self.say(Message::QueryAnswered { request_id: generation, result: answer, query: ask.clone() });
        ask
    }

    pub(super) fn deeds(&mut self) -> Vec<Mutation> {
        let effects = self.effects();
        effects
            .into_iter()
            .filter_map(|effect| if let Effect::Mutate(deed) = effect { Some(deed) } else { None })
            .collect()
    }
}

#[test]
fn a_strategy_is_chosen_with_its_effect_in_sight() {
    let mut script = Script::new(world::world(12, 0)).keys("2 t");
    script.answered(Ok(fields()), |ask| matches!(ask, RemoteQuery::Fields(_)));
    assert_eq!(script.asked(), [], "nothing is chosen yet");
    script.press("j <Space>");
    let ask =
        script.answered(Ok(effect(3, 1, vec![world::id(6)])), |ask| matches!(ask, RemoteQuery::Retag(..)));
    let tag = |text: &str| MatchSettings { strategy: Some(text.parse().unwrap()), playback: None };
    assert_eq!(ask, RemoteQuery::Retag([world::id(0)].into(), tag("standard -seed")));
    script.shows("retag");
    script.press("<Enter>");
    assert_eq!(script.deeds(), [Mutation::Retag(vec![world::id(0)], tag("standard -seed"))]);
    assert!(!script.app.is_modal());
}

#[test]
fn a_rule_is_typed_and_checked_and_a_playback_alone_is_a_change() {
    let mut script = Script::new(world::world(12, 0)).keys("2 t r");
    script.say(Message::Paste("turn=x".into()));
    assert!(script.screen().contains("a number from 0 on is expected"));
    script.press("<Enter>");
    assert_eq!(script.deeds(), [], "a wrong rule is no change");
    script.press("<BS>2<Enter>");
    script.answered(Ok(effect(0, 0, Vec::new())), |ask| matches!(ask, RemoteQuery::Retag(..)));
    let strategy = Some("rule turn=2".parse().unwrap());
    assert_eq!(
        script.deeds(),
        [Mutation::Retag(vec![world::id(0)], MatchSettings { strategy, playback: None })]
    );
    script.press("t <Enter>");
    assert!(script.screen().contains("Nothing would change"));
    script.press("b <Enter>");
    let tag = MatchSettings { strategy: None, playback: Some(Playback::Sequence) };
    assert_eq!(script.deeds(), [Mutation::Retag(vec![world::id(0)], tag)]);
    script.press("t r <Esc>");
    assert!(script.app.is_modal(), "the first Esc ends the typing");
    script.press("<Esc>");
    assert!(!script.app.is_modal());
}

#[test]
fn marked_recordings_are_retagged_together() {
    let mut script = Script::new(world::world(12, 0)).keys("2 <Space> <Space> t p");
    script.answered(Err("rec_x: the request has no field `seed`".into()), |ask| {
        matches!(ask, RemoteQuery::Retag(..))
    });
    assert!(script.screen().contains("the request has no field `seed`"));
    script.press("<Enter>");
    assert_eq!(script.deeds(), [], "what cannot be is not tried");
    script.press("t");
    script.press("p <Enter>");
    script.answered(Ok(effect(0, 0, Vec::new())), |ask| matches!(ask, RemoteQuery::Retag(..)));
    let tag = MatchSettings { strategy: Some(Strategy::Pinned), playback: None };
    let ids: Vec<RecordingId> = BTreeSet::from([world::id(0), world::id(1)]).into_iter().collect();
    assert_eq!(script.deeds(), [Mutation::Retag(ids, tag)]);
}

fn draft(outcome: DraftOutcome) -> Message {
    let written = Some("A capybara with a fedora.".to_owned());
    Message::Drafted(Box::new(EditDraft {
        written,
        outcome,
        ..EditDraft::new(world::id(0), DraftPart::Text)
    }))
}

#[test]
fn an_edit_shows_what_differs_before_it_is_stored() {
    let mut script = Script::new(world::world(12, 0)).keys("2 e");
    script.shows("edit");
    script.press("t");
    assert_eq!(script.effects(), [Effect::Editor(Box::new(EditDraft::new(world::id(0), DraftPart::Text)))]);
    let said = Toned::of(Tone::Plain, "A capybara with a ")
        .and(Tone::Bad, "[-tiny hat-]")
        .and(Tone::Good, "[+fedora+]");
    script.say(draft(DraftOutcome::Changed(vec![said])));
    script.shows("edit_difference");
    script.press("<Enter>");
    assert_eq!(script.deeds(), [], "Enter is not the key that stores");
    script.press("x");
    let revision = Revision::Text("A capybara with a fedora.".into());
    assert_eq!(script.deeds(), [Mutation::Edit(world::id(0), vec![revision])]);
    script.say(draft(DraftOutcome::Unchanged));
    assert!(script.screen().contains("Nothing was changed"));
}

#[test]
fn a_wrong_edit_leads_back_into_the_editor_and_is_not_lost() {
    let mut script = Script::new(world::world(12, 0)).size(80, 24).keys("2");
    let wrong = "line 3, column 5: expected value; the content type `application/json` asks for JSON";
    script.say(draft(DraftOutcome::Wrong(wrong.into())));
    script.shows("edit_wrong");
    script.press("x");
    assert_eq!(script.deeds(), []);
    script.press("e");
    let effects = script.effects();
    assert!(matches!(&effects[..], [Effect::Editor(draft)] if draft.written.is_some()));
    script.say(draft(DraftOutcome::Wrong(wrong.into())));
    script.press("<Esc> e");
    assert!(script.screen().contains("go on"));
    script.press("g");
    let effects = script.effects();
    assert!(matches!(&effects[..], [Effect::Editor(draft)] if draft.written.is_some()));
}

#[test]
fn parts_of_an_answer_are_edited_by_a_line() {
    let mut script = Script::new(world::world(12, 0)).keys("2 e s <BS><BS><BS>429<Enter>");
    let edit = |revision| Mutation::Edit(world::id(0), vec![revision]);
    assert_eq!(script.deeds(), [edit(Revision::Status(429))]);
    script.press("e h");
    script.say(Message::Paste("retry-after: 3".into()));
    script.press("<Enter>");
    let header = Revision::Header { name: "retry-after".into(), value: "3".into() };
    assert_eq!(script.deeds(), [edit(header)]);
    script.press("e i /tmp/new.png<Enter>");
    assert_eq!(script.deeds(), [Mutation::Picture(world::id(0), None, "/tmp/new.png".into())]);
    script.press("e p soon<Enter>");
    assert!(script.screen().contains("is not a latency"));
    script.press("<Esc> e e c");
    assert_eq!(script.deeds(), [edit(Revision::Ending(crate::model::Ending::Clean))]);
}

#[test]
fn common_faults_have_letters_and_others_are_typed() {
    let mut script = Script::new(world::world(12, 0)).size(80, 24).keys("2 D");
    script.shows("derive");
    script.press("5");
    let derive = |text: &str| Mutation::Derive(vec![world::id(0)], text.parse().unwrap());
    assert_eq!(script.deeds(), [derive("500")]);
    script.press("D c <BS>5<Enter>");
    assert_eq!(script.deeds(), [derive("cut@5")]);
}

#[test]
fn all_marked_are_made_to_fail_and_what_takes_one_says_so() {
    let mut script = Script::new(world::world(12, 0)).keys("2 <Space> <Space> D 5");
    let marked: Vec<RecordingId> = script.app.context.marks.ids.iter().cloned().collect();
    assert_eq!(script.deeds(), [Mutation::Derive(marked, "500".parse().unwrap())]);
    script.press("e");
    assert!(script.screen().contains("Recordings are edited one at a time"), "{}", script.screen());
    script.press("N");
    assert!(script.screen().contains("named one at a time"), "{}", script.screen());
    assert_eq!(script.deeds().len(), 0);
}

#[test]
fn a_difference_is_mended_where_it_is_seen() {
    let mut script = Script::new(world::world(12, 0)).keys("2 c j c t");
    let screen = script.screen();
    let (one, _) = script.app.diff.sides.clone().unwrap();
    assert!(
        screen.contains(&format!("Make {one} answer both")) && screen.contains("3 past misses would hit"),
        "{screen}"
    );
    script.shows("match");
    script.press("a");
    let deeds = script.deeds();
    let [Mutation::Retag(ids, tag)] = &deeds[..] else { panic!("{deeds:?}") };
    assert_eq!(ids[0].to_string(), one.to_string());
    assert!(tag.strategy.is_some());
    // What it did is seen at once: the side that changed is compared anew.
    let row = script.app.context.world.rows[&ids[0]].clone();
    script.app.update(Message::Event(Arc::new(Event::Stored { rows: vec![row] })));
    let effects = script.app.update(Message::Frame);
    assert!(
        effects.iter().any(|effect| matches!(effect, Effect::Query(_, RemoteQuery::Diff(..)))),
        "{effects:?}"
    );
    script.press("t t p");
    assert_eq!(script.app.scopes(), [KeyScope::Retag]);
    assert!(
        script.app.context.cache.fields.waiting && script.app.context.cache.retag.waiting,
        "the effect is asked for here, too"
    );
}

#[test]
fn more_and_fewer_equal_lines_are_asked_for_around_a_change() {
    let mut script = Script::new(world::world(12, 0)).keys("2 c j c");
    let mut asks = |name: &str| {
        let effects = script.app.update(Message::Key(key(name)));
        effects.into_iter().find_map(|effect| match effect {
            Effect::Query(_, RemoteQuery::Diff(.., context)) => Some(context),
            _ => None,
        })
    };
    let asked: Vec<_> = ["}", "}", "}", "}", "{", "{", "{", "{"].into_iter().filter_map(&mut asks).collect();
    assert_eq!(asked, [12, 48, usize::MAX, usize::MAX, 48, 12, 3, 0]);
    assert_eq!(script.app.diff.page, DiffPage::Response, "there they are seen");
    let effects = script.app.update(Message::Key(key("R")));
    let first = script.app.diff.recording().cloned();
    let rerecorded = effects.into_iter().find_map(|effect| match effect {
        Effect::Query(_, RemoteQuery::RerecordPlan(ids)) => ids.first().cloned(),
        _ => None,
    });
    assert!(first.is_some() && rerecorded == first, "{rerecorded:?}");
}

fn price(number: u8, price: Option<u64>, problem: Option<&str>) -> Rerecord {
    Rerecord {
        recording: world::id(number),
        price: price.map(Usd),
        problem: problem.map(String::from),
        new: None,
    }
}

#[test]
fn recording_anew_says_what_it_costs_and_can_be_stopped() {
    let mut script = Script::new(world::world(12, 0)).keys("2 <Space> <Space> <Space> R");
    let plan = vec![
        price(0, Some(40_000), None),
        price(1, None, None),
        price(2, None, Some("no key for anthropic is known; set ANTHROPIC_API_KEY")),
    ];
    script.answered(Ok(RemoteAnswer::RerecordPlan(plan)), |ask| matches!(ask, RemoteQuery::RerecordPlan(_)));
    script.shows("rerecord");
    script.press("x");
    assert_eq!(script.deeds(), [Mutation::Rerecord(vec![world::id(0), world::id(1)])]);
    script.say(Message::Progress { done: 1, total: 2 });
    assert!(script.screen().contains("re-recording: 2 of 2, Esc stops"));
    script.press("<Esc>");
    assert_eq!(script.effects(), [Effect::Cancel]);
    assert_eq!(script.app.context.marks.ids.len(), 3, "the marks stay");
    script.say(Message::Done("1 waits for review; 1 not asked any more".into()));
    assert!(!script.screen().contains("Esc stops"));
}

fn review() -> Row {
    let at = Timestamp(world::START.0 + 9_000);
    Row { id: world::id(40), review: Some(world::id(1)), recorded_at: at, ..world::row(1) }
}

#[test]
fn old_and_new_are_seen_side_by_side_and_decided() {
    let mut world = world::world(12, 0);
    world.apply(&Event::Stored { rows: vec![Arc::new(review())] });
    let mut script = Script::new(world).keys("2");
    script.app.update(Message::Tick(Timestamp(world::START.0 + 41_000)));
    script.act(Action::Reviews);
    script.answered(Ok(RemoteAnswer::Reviews(vec![Arc::new(review())])), |ask| *ask == RemoteQuery::Reviews);
    let (old, new) = (
        ExchangePages::of_exchange(&world::stream(), BodyForm::default()),
        ExchangePages::of_exchange(&world::stream(), BodyForm::default()),
    );
    let ask = script.answered(Ok(RemoteAnswer::ReviewPages(Box::new([old, new]))), |ask| {
        matches!(ask, RemoteQuery::ReviewPages(..))
    });
    assert_eq!(ask, RemoteQuery::ReviewPages(world::id(1), world::id(40)));
    script.shows("reviews");
    script.press("a b r");
    let review = |verdict| Mutation::Review(vec![world::id(40)], verdict);
    assert_eq!(
        script.deeds(),
        [ReviewVerdict::Accept, ReviewVerdict::KeepBoth, ReviewVerdict::Reject].map(review)
    );
    script.press("u");
    assert_eq!(script.deeds(), [Mutation::Undo]);
    script.press("c");
    let [one, other] = [1, 40].map(|number| ExchangeRef::Recording(world::id(number)));
    assert_eq!(script.app.diff.sides, Some((one, other)));
    assert_eq!(script.app.context.tab, Tab::Diff);
}

fn trash() -> RemoteAnswer {
    let one = |number: u8| Trashed {
        removed_at: Timestamp(world::START.0 - i64::from(number) * 4_000_000),
        row: Arc::new(world::row(number)),
    };
    RemoteAnswer::Trash((20..26).map(one).collect())
}

#[test]
fn what_was_deleted_is_restored_or_goes_for_good() {
    let mut script = Script::new(world::world(12, 0)).keys("2");
    script.act(Action::Trash);
    script.answered(Ok(trash()), |ask| *ask == RemoteQuery::Trash);
    script.press("<Space> j <Space>");
    script.shows("trash");
    script.press("r");
    assert_eq!(script.deeds(), [Mutation::Restore(vec![world::id(20), world::id(22)])]);
    script.say(Message::Done("Restored 2 recordings".into()));
    assert_eq!(script.asked().len(), 1, "the list is asked for anew");
    script.press("c");
    script.shows("compact");
    script.press("p x");
    assert_eq!(script.deeds(), [], "the word has to be typed first");
    script.press("purge x");
    assert_eq!(script.deeds(), [Mutation::Compact(true)]);
}
