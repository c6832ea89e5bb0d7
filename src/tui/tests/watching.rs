//! Watching calls: why they were answered as they were, and what to do about those that were not.

use std::sync::Arc;

use crate::engine::{Explanation, MatchSettings};
use crate::model::{Call, CallId, Event, Outcome, Row, Timestamp, Usd};
use crate::tui::content::page::DetailPage;
use crate::tui::input::tab::Tab;
use crate::tui::protocol::effect::Effect;
use crate::tui::protocol::message::Message;
use crate::tui::protocol::mutation::Mutation;
use crate::tui::protocol::query::{RemoteAnswer, RemoteQuery};
use crate::tui::tests::script::Script;
use crate::tui::tests::world;

/// The newest call of this world is a miss.
const A_MISS: u64 = 10;

fn missed() -> Script {
    Script::new(world::world(12, A_MISS)).because(world::missed())
}

fn retag(number: u8, strategy: &str) -> Effect {
    let tag = MatchSettings { strategy: Some(strategy.parse().unwrap()), playback: None };
    Effect::Mutate(Mutation::Retag(vec![world::id(number)], tag))
}

#[test]
fn a_miss_opens_with_why() {
    let mut script = missed();
    assert_eq!(script.app.detail.page, DetailPage::Why);
    script.shows("why_miss");
    script.keys("l").shows("why_miss_focused");
}

#[test]
fn another_near_recording_is_a_key_away() {
    let mut script = missed().keys(".");
    assert!(script.screen().contains("74%"));
    script.press(".");
    assert!(script.screen().contains("91%"));
    script.press("k");
    script.press("j ,");
    assert!(script.screen().contains("74%"), "another call begins with the nearest one");
}

#[test]
fn a_hit_says_who_answered_and_what_did_not_count() {
    let mut script = Script::new(world::world(12, 4)).because(world::hit(4)).keys("[ [");
    assert_eq!(script.app.detail.page, DetailPage::Why);
    script.shows("why_hit");
}

#[test]
fn a_miss_that_would_hit_now_says_so() {
    let script = Script::new(world::world(12, A_MISS)).because(world::hit(4));
    assert!(script.screen().contains("Make the call again and it hits."));
    assert!(script.keys("a").screen().contains("answers it; there is nothing to fix"));
}

#[test]
fn a_body_that_is_compared_as_it_is_says_so() {
    for why in [world::missed(), world::hit(4)] {
        let why = Explanation { opaque: Some("it is not valid JSON".into()), ..why };
        let screen = Script::new(world::world(12, A_MISS)).because(why).size(140, 50).screen();
        assert!(screen.contains("as it is, byte for byte") && screen.contains("not valid JSON"), "{screen}");
    }
}

#[test]
fn why_is_not_asked_of_what_is_under_way_and_not_known_of_what_is_forgotten() {
    let mut script = Script::new(world::world(12, A_MISS));
    assert!(script.screen().contains("Its request is no longer in memory"));
    script.event(world::announced(world::flying(11), 1));
    script.press("[ [");
    assert_eq!(script.app.detail.page, DetailPage::Why);
    assert!(script.screen().contains("Still under way; the explanation comes"));
    script.press("a");
    assert!(script.screen().contains("fix it when it is done"));
}

#[test]
fn the_client_is_asked_once_for_each_call_and_again_when_recordings_changed() {
    let mut app = missed().app;
    let mut asks = |message: Message| {
        let mut effects = app.update(message);
        effects.extend(app.update(Message::Frame));
        effects
            .into_iter()
            .filter(|effect| matches!(effect, Effect::Query(_, RemoteQuery::Explain(_))))
            .count()
    };
    let tick = |seconds: i64| Message::Tick(Timestamp(world::START.0 + 41_000 + seconds * 1000));
    assert_eq!(asks(tick(0)) + asks(tick(1)), 0, "it was asked when it was selected");
    let stored =
        |number| Message::Event(Arc::new(Event::Stored { rows: vec![Arc::new(world::row(number))] }));
    assert_eq!((asks(stored(1)), asks(stored(2))), (0, 0), "not with each event");
    assert_eq!((asks(tick(2)), asks(tick(3))), (1, 0));
    assert_eq!(asks(stored(3)) + asks(Message::Done("retagged".into())), 1);
    assert_eq!(
        asks(Message::Event(Arc::new(world::announced(world::call(11), 0)))),
        0,
        "recorded: nothing to ask"
    );
    assert_eq!(asks(Message::Event(Arc::new(world::announced(world::call(12), 0)))), 1);
}

#[test]
fn a_fix_is_chosen_by_a_letter_and_says_what_else_it_does() {
    let mut script = missed().keys("a");
    script.shows("fixes");
    script.press("a");
    assert_eq!(script.effects(), [retag(7, "standard -quality -seed")]);
    script.say(Message::Done(
        "standard -quality -seed: rec_x; 5 calls that missed hit when they are made again".into(),
    ));
    assert!(script.screen().contains("5 calls that missed"));
    script.press("u");
    assert_eq!(script.effects(), [Effect::Mutate(Mutation::Undo)]);
    let mut script = script.size(80, 24).keys("a");
    script.press("j <Enter>");
    assert_eq!(script.effects(), [retag(7, "specific size")]);
}

/// The first way was to answer any prompt with this recording.
#[test]
fn another_prompt_is_recorded_before_anything_is_loosened() {
    let mut script = Script::new(world::world(12, A_MISS)).because(world::reworded());
    let screen = script.screen();
    let (record, loosen) = (screen.find("record it now").unwrap(), screen.find("or loosen it:").unwrap());
    assert!(record < loosen && screen.contains("would answer any"), "{screen}");
    script.shows("reworded");
    script.press("a");
    script.shows("reworded_fixes");
    script.press("<Enter>");
    assert_eq!(script.effects(), [Effect::Mutate(Mutation::Keep(CallId(A_MISS), false))]);
    script.press("a R");
    assert_eq!(script.effects(), [Effect::Mutate(Mutation::Keep(CallId(A_MISS), false))]);
    script.press("a b");
    assert_eq!(script.effects(), [retag(7, "pinned")]);
}

#[test]
fn recording_now_asks_what_the_client_wants_to_have_agreed() {
    let mut script = missed().keys("R");
    assert_eq!(script.effects(), [Effect::Mutate(Mutation::Keep(CallId(A_MISS), false))]);
    let deed = Mutation::Keep(CallId(A_MISS), false).agreed().unwrap();
    let text = "call 10 has no answer; the upstream has to be asked for one, for about $0.04".to_owned();
    script.say(Message::Consent { mutation: deed, text });
    script.shows("record_now");
    script.press("<Enter>");
    assert_eq!(script.effects(), [], "Enter does not agree");
    script.press("x");
    assert_eq!(script.effects(), [Effect::Mutate(Mutation::Keep(CallId(A_MISS), true))]);
}

#[test]
fn a_mocked_call_is_kept_and_a_recorded_one_is_there_already() {
    let mut script = Script::new(world::world(12, 5)).keys("K");
    assert_eq!(script.effects(), [Effect::Mutate(Mutation::Keep(CallId(5), false))]);
    script.press("R");
    assert!(script.screen().contains("which K keeps"));
    script.press("k K");
    assert!(script.screen().contains("(gd)"));
    assert_eq!(script.effects(), []);
}

/// 200 misses of one field among other calls.
fn many_misses(script: &mut Script) {
    let seed = Arc::new(world::cause(4, &["body/seed"]));
    for number in 20..220 {
        let call = Call {
            outcome: Some(Outcome::Miss),
            endpoint: "images/generations".into(),
            cause: Some(Arc::clone(&seed)),
            ..world::call(number)
        };
        script.event(world::announced(call, 0));
    }
}

#[test]
fn misses_of_one_cause_are_one_row_and_fixed_by_one_key() {
    let mut script = missed();
    many_misses(&mut script);
    script.press("M");
    assert_eq!(script.app.live.causes.list.keys().len(), 3);
    assert_eq!(script.app.selected_call().map(|call| call.id), Some(CallId(219)));
    script.shows("causes");
    script.press("a c");
    assert_eq!(script.effects(), [retag(7, "pinned")]);
    let row = Row { strategy: "standard -seed".parse().unwrap(), ..world::row(4) };
    script.event(Event::Stored { rows: vec![Arc::new(row)] });
    assert!(script.screen().contains("fixed"));
    let mut script = script.size(80, 24);
    script.press("<Esc>");
    assert_eq!(script.app.selected_call().map(|call| call.id), Some(CallId(219)), "the place is kept");
    script.press("/ HIT <Enter> M");
    assert!(script.screen().contains("No call in the list missed"));
}

#[test]
fn clearing_hides_calls_and_only_those_until_now() {
    let mut script = Script::new(world::world(12, 10)).size(80, 24).keys("C");
    script.shows("clear");
    script.press("<Enter> <Esc>");
    assert_eq!(script.app.live.list.keys().len(), 10);
    script.press("C x");
    assert_eq!((script.app.live.list.keys().len(), script.app.context.world.calls.len()), (0, 10));
    assert!(script.screen().contains("The list was cleared."));
    script.event(world::announced(world::flying(11), 1));
    script.event(world::announced(world::call(12), 1));
    script.press("C x");
    assert_eq!(script.app.live.list.keys(), [CallId(11), CallId(12)], "what is under way is still seen");
    script.press("p");
    assert!(!script.app.live.list.following());
    script.press("p");
    assert!(script.app.live.list.following());
}

#[test]
fn from_a_recording_to_its_calls_and_back() {
    let mut script = Script::new(world::world(12, 40)).keys("/ gpt <Enter> 2 j j j j g d");
    assert_eq!(
        (script.app.context.tab, script.app.selected_call().map(|call| call.id)),
        (Tab::Live, Some(CallId(40)))
    );
    let answered = |id: &CallId| script.app.context.call(*id).unwrap().recording == Some(world::id(4));
    assert!(script.app.live.list.keys().iter().all(answered));
    script.press("<C-o>");
    assert_eq!((script.app.context.tab, script.app.live.list.filter.text()), (Tab::Recordings, "gpt"));
    script.press("j j g d");
    assert!(script.screen().contains("No call in the list was answered by"));
    script.press("1 <Esc> <Esc> G k k k k k k");
    assert_eq!(script.app.selected_call().and_then(|call| call.outcome), Some(Outcome::Miss));
    script.press("g d");
    assert_eq!(
        script.app.selected_row().map(|row| row.id.clone()),
        Some(world::id(7)),
        "to what came nearest"
    );
}

#[test]
fn the_strip_shows_times_misses_and_upstreams() {
    let mut script = Script::new(world::world(12, 40));
    many_misses(&mut script);
    let down =
        Call { mount: "fal".into(), outcome: Some(Outcome::Record), status: Some(429), ..world::call(240) };
    script.event(world::announced(down, 0));
    script.say(Message::Lagged(1_200));
    script.shows("strip");
    assert!(!script.size(119, 36).screen().contains("misses of the last"));
}

#[test]
fn what_was_saved_is_asked_for_at_times_and_shown() {
    let mut app = Script::new(world::world(12, 8)).app;
    let mut asked = |seconds: i64| {
        let effects = app.update(Message::Tick(Timestamp(world::START.0 + 40_000 + seconds * 1000)));
        let asked = effects.into_iter().find_map(|effect| match effect {
            Effect::Query(generation, RemoteQuery::Stats) => Some(generation),
            _ => None,
        });
        (asked, app.context.world.calls.len())
    };
    assert!(asked(1).0.is_none(), "asked at the start");
    assert!(asked(11).0.is_some(), "there were calls since");
    assert!(asked(30).0.is_none(), "nothing new to count");
    let mut script = Script::new(world::world(12, 8));
    script.event(world::announced(world::call(9), 0));
    let stats = world::stats(Usd(4_210_000));
    let tick = Message::Tick(Timestamp(world::START.0 + 60_000));
    let generation = script.app.update(tick).into_iter().find_map(|effect| match effect {
        Effect::Query(generation, RemoteQuery::Stats) => Some(generation),
        _ => None,
    });
    let answer = Ok(RemoteAnswer::Stats(Box::new(stats)));
    script.say(Message::QueryAnswered {
        request_id: generation.unwrap(),
        query: RemoteQuery::Stats,
        result: answer,
    });
    assert!(script.screen().contains("saved $4.21"));
    assert!(script.size(80, 24).screen().contains("saved $4.21"));
}
