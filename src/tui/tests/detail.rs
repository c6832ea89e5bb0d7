//! The detail page by page, what is compared, copied, opened and sent once more.

use std::sync::Arc;

use crate::engine::{ExchangeRef, Fired};
use crate::model::{CallId, Event, Outcome, Row};
use crate::tui::content::copy::CopyPart;
use crate::tui::content::page::DetailPage;
use crate::tui::protocol::effect::Effect;
use crate::tui::protocol::job::{ExchangeSource, OpenedPart};
use crate::tui::protocol::message::Message;
use crate::tui::tests::script::Script;
use crate::tui::tests::world;

fn recordings() -> Script {
    Script::new(world::world(12, 40)).keeping(world::recording(0, &world::png(64))).keys("2")
}

#[test]
fn the_detail_page_by_page() {
    let mut script = recordings();
    script.shows("detail_image");
    for (page, name) in [
        (DetailPage::Match, "detail_match"),
        (DetailPage::Meta, "detail_meta"),
        (DetailPage::Request, "detail_request"),
        (DetailPage::Response, "detail_response"),
        (DetailPage::Stream, "detail_stream"),
    ] {
        script.press("]");
        assert_eq!(script.app.detail.page, page);
        script.shows(name);
    }
}

#[test]
fn a_stream_stands_on_an_axis_of_time_with_its_text_beside_it() {
    let mut script = Script::new(world::world(12, 0)).keeping(world::streamed()).keys("2");
    assert_eq!(script.app.detail.page, DetailPage::Response);
    script.press("]");
    script.shows("stream_axis");
    script.keys("l +").shows("stream_axis_zoomed");
}

#[test]
fn bodies_are_shown_pretty_raw_and_in_hex() {
    let mut script = recordings().keys("] ] ] l");
    assert_eq!(script.app.detail.page, DetailPage::Request);
    script.press("b");
    assert!(script.screen().contains(r#"{"model":"gpt-image-1.5","prompt""#));
    assert!(script.screen().contains("raw"));
    script.press("b");
    script.shows("detail_hex");
    script.press("b w L");
    assert!(script.screen().contains("not wrapped"));
    script.press("w");
    assert!(!script.screen().contains("not wrapped"));
}

#[test]
fn a_long_body_is_shown_whole_when_asked_for() {
    let mut recording = world::recording(0, &world::png(8));
    let long = format!("{{\"text\":[{}\"the end\"]}}", "\"a line of some words\",".repeat(20_000));
    recording.response.log = crate::model::ByteLog::whole(long, std::time::Duration::ZERO);
    let mut script = Script::new(world::world(3, 0)).keeping(recording).keys("2 l");
    assert!(script.screen().contains("cut: B loads all"));
    assert!(!script.app.detail.lines.iter().any(|line| line.text().contains("the end")));
    script.press("B");
    assert!(!script.screen().contains("cut: B loads all"));
    assert!(script.app.detail.lines.iter().any(|line| line.text().contains("the end")));
}

#[test]
fn words_are_looked_for_in_the_detail() {
    let mut script = recordings().keys("] ] l / n o");
    script.shows("detail_search");
    script.press("<Enter>");
    assert!(!script.app.is_modal());
    let at = script.app.detail.search.at;
    script.press("n");
    assert_ne!(script.app.detail.search.at, at);
    script.press("N");
    assert_eq!(script.app.detail.search.at, at);
    script.press("<Esc>");
    assert_eq!(script.app.detail.search.count(), 0, "Esc takes the marks away first");
    assert!(script.app.context.in_detail);
    script.press("n");
    assert!(script.screen().contains("No search yet"));
}

#[test]
fn what_it_answered_is_known_the_moment_it_happens() {
    let mut script = recordings().keys("]");
    let before = script.screen();
    let mut call = world::call(41);
    (call.recording, call.outcome) = (Some(world::id(0)), Some(Outcome::Replay));
    script.event(world::announced(call, 0));
    assert_ne!(script.screen(), before);
}

#[test]
fn two_are_compared_page_by_page() {
    let mut script = recordings().keys("c");
    assert!(script.screen().contains("3 Diff: A picked"));
    script.press("j c");
    let (one, other) = (ExchangeRef::Recording(world::id(0)), ExchangeRef::Recording(world::id(1)));
    assert_eq!(script.app.diff.sides, Some((one.clone(), other.clone())));
    for name in ["diff_request", "diff_response", "diff_headers", "diff_text", "diff_image"] {
        script.shows(name);
        script.press("]");
    }
    let mut script = script.size(80, 24);
    script.press("n n");
    assert!(script.screen().contains("change 2 of 5"));
    assert_eq!(script.app.diff.at(), script.app.diff.view.changes.get(1).copied());
    script.press("N N");
    assert!(script.screen().contains("That was the first change"));
    script.press("X");
    assert_eq!(script.app.diff.sides, Some((other, one)));
    script.press("<Esc>");
    assert!(script.screen().contains("[2 Recordings]"));
}

#[test]
fn beside_or_below_is_for_people_to_choose() {
    let mut script = recordings().keys("c j c");
    let beside = script.screen();
    script.press("s");
    assert_ne!(script.screen(), beside);
    script.press("s");
    assert_eq!(script.screen(), beside);
    script.press("M");
    assert!(script.screen().contains("where they differ, in red"));
}

#[test]
fn what_compares_with_what() {
    let sides = |script: &Script| script.app.diff.sides.clone();
    let recording = |number| ExchangeRef::Recording(world::id(number));
    // Two that are marked, the older one first.
    let script = recordings().keys("<Space> <Space> c");
    assert_eq!(sides(&script), Some((recording(1), recording(0))));
    let script = recordings().keys("<Space> <Space> <Space> c");
    assert!(script.screen().contains("3 are marked"));
    // The same twice is nothing to compare.
    let script = recordings().keys("c c");
    assert_eq!((script.app.diff.first.clone(), sides(&script)), (None, None));
    // A miss goes with what its cause names.
    let mut script = Script::new(world::world(12, 1));
    let mut miss = world::call(2);
    miss.cause = Some(Arc::new(world::cause(5, &["body/seed"])));
    script.event(world::announced(miss, 0));
    script.press("c");
    assert_eq!(sides(&script), Some((recording(5), ExchangeRef::Call(CallId(2)))));
    // A hit with other cosmetic fields offers what answered it.
    let script = Script::new(world::world(12, 4)).keys("c");
    assert!(script.screen().contains("with the recording that answered it"));
    let script = script.keys("o");
    assert_eq!(sides(&script), Some((recording(4), ExchangeRef::Call(CallId(4)))));
    // An edited one offers what it was.
    let mut script = recordings();
    script.event(Event::Stored { rows: vec![Arc::new(Row { edited: true, ..world::row(0) })] });
    script.press("c");
    assert!(script.screen().contains("what it was before it was edited"));
    script.press("<Enter>");
    assert_eq!(sides(&script), Some((ExchangeRef::Original(world::id(0)), recording(0))));
}

#[test]
fn an_empty_diff_teaches() {
    let mut script = Script::new(world::world(3, 0)).size(80, 24).keys("3");
    script.shows("diff_empty");
    script.press("c / n N X ] s M . <Esc>");
    assert!(script.screen().contains("[2 Recordings]"));
}

#[test]
fn parts_are_copied_from_a_menu() {
    let mut script = recordings().keys("y");
    script.shows("copy_menu");
    script.press("c");
    let held = ExchangeSource(ExchangeRef::Recording(world::id(0)), None);
    assert_eq!(script.effects(), [Effect::Copy(held.clone(), CopyPart::Curl)]);
    script.say(Message::Copied { text: "curl".into(), what: "curl command" });
    assert_eq!(script.effects(), [Effect::Clip { text: "curl".into(), what: "curl command" }]);
    let mut script = Script::new(world::world(12, 4)).keys("y h");
    let held = ExchangeSource(ExchangeRef::Call(CallId(4)), Some(world::id(4)));
    assert_eq!(script.effects(), [Effect::Copy(held, CopyPart::Hash)]);
}

#[test]
fn what_the_detail_shows_is_opened_outside() {
    let mut script = recordings().keys("o");
    assert!(matches!(&script.effects()[..], [Effect::OpenOutside(_, OpenedPart::Picture(_))]));
    script.press("] ] ] o ] o");
    assert!(matches!(
        &script.effects()[..],
        [Effect::OpenOutside(_, OpenedPart::Request), Effect::OpenOutside(_, OpenedPart::Response)]
    ));
}

/// A call that hits with another seed than the recording's was sent with the recording's seed.
#[test]
fn on_live_the_selected_call_is_sent_once_more_and_not_what_answered_it() {
    let mut script = Script::new(world::world(12, 40)).keys("1 r");
    let call = script.app.selected_call().map(|call| (call.id, call.recording.clone())).unwrap();
    assert!(call.1.is_some(), "a recording answered it");
    assert_eq!(script.effects(), [Effect::Fire(ExchangeRef::Call(call.0))]);
    // Of marked recordings it is the one under the cursor, which the pane beside it shows.
    let mut script = recordings().keys("<Space> j r");
    let row = script.app.selected_row().map(|row| row.id.clone()).unwrap();
    assert_eq!(script.effects(), [Effect::Fire(ExchangeRef::Recording(row))]);
}

#[test]
fn a_request_that_was_sent_once_more_leads_to_its_call() {
    let mut script = recordings().keys("r");
    assert_eq!(script.effects(), [Effect::Fire(ExchangeRef::Recording(world::id(0)))]);
    let fired =
        |outcome, recording| Fired { call: CallId(41), outcome: Some(outcome), recording, reason: None };
    script.say(Message::Fired(fired(Outcome::Replay, Some(world::id(0)))));
    assert!(script.screen().contains("HIT: call 41 was answered by"));
    assert!(script.screen().contains("[2 Recordings]"), "the call is not known yet");
    script.event(world::announced(world::call(41), 0));
    assert_eq!(script.app.selected_call().map(|call| call.id), Some(CallId(41)));
    script.event(world::announced(world::call(42), 0));
    assert_eq!(script.app.selected_call().map(|call| call.id), Some(CallId(41)), "it stays");
    script.press("<C-o>");
    assert!(script.screen().contains("[2 Recordings]"));
    script.say(Message::Fired(fired(Outcome::Miss, None)));
    assert!(script.screen().contains("MISS: nothing answers"));
}
