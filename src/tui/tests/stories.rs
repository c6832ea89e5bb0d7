//! Stories of people: their keys, and the screens they see.

use std::sync::Arc;

use crate::model::{CallId, Event, Level, Mode, Notice, Snapshot, Timestamp};
use crate::tui::content::page::ExchangePages;
use crate::tui::content::text::BodyForm;
use crate::tui::protocol::effect::Effect;
use crate::tui::protocol::message::Message;
use crate::tui::protocol::mutation::Mutation;
use crate::tui::tests::script::Script;
use crate::tui::tests::world;
use crate::tui::widgets::theme::{Theme, ThemeChoice};

fn pages() -> ExchangePages {
    ExchangePages::of_recording(&world::recording(1, &world::png(64)), BodyForm::default())
}

#[test]
fn live_beside_its_detail_and_above_it() {
    let mut script = Script::new(world::world(12, 40)).holding(pages());
    script.shows("live");
}

#[test]
fn following_stops_when_somebody_looks_back_and_g_resumes() {
    let mut script = Script::new(world::world(12, 40)).size(80, 24);
    assert!(script.app.live.list.following());
    script.press("k");
    for number in 41..=53 {
        script.event(world::announced(world::call(number), 0));
    }
    assert_eq!(script.app.live.list.selected(), Some(&CallId(39)));
    script.shows("live_paused");
    script.press("G");
    assert_eq!((script.app.live.list.selected(), script.app.live.list.new_below()), (Some(&CallId(53)), 0));
    script.press("<C-u>");
    assert!(!script.app.live.list.following());
    script.press("F");
    assert!(script.app.live.list.following());
    script.press("<Enter>");
    script.event(world::announced(world::call(54), 0));
    assert_eq!(script.app.live.list.selected(), Some(&CallId(53)), "what is being read stays");
}

#[test]
fn a_call_is_seen_while_it_is_under_way() {
    let mut script = Script::new(world::world(12, 3)).size(80, 24);
    script.event(world::announced(world::flying(4), 1));
    assert!(script.screen().contains("1 in flight"));
    assert!(script.screen().contains("…    …"));
    script.event(world::announced(world::call(4), 0));
    assert_eq!(script.app.live.list.keys().len(), 4);
    assert!(script.screen().contains("HIT~ 200"));
}

#[test]
fn a_miss_says_why_before_anything_else() {
    let mut script = Script::new(world::world(12, 2)).holding(pages());
    script.shows("miss");
}

#[test]
fn a_filter_narrows_stays_and_is_cleared_step_by_step() {
    let mut script = Script::new(world::world(12, 40)).size(80, 24);
    script.press("/ d o c");
    script.shows("filter_typed");
    script.press("<Esc>");
    let kept = script.app.live.list.keys().len();
    assert!(kept < 40);
    script.press("\\");
    assert_eq!(script.app.live.list.keys().len(), 40);
    script.press("\\");
    assert_eq!(script.app.live.list.keys().len(), kept);
    script.press("2");
    assert_eq!(script.app.recordings.list.keys().len(), 12, "each tab has its own");
    script.press("1 <Esc>");
    assert_eq!(script.app.live.list.keys().len(), 40);
    script.press("<Esc> <Esc>");
    assert_eq!(script.effects(), [], "Esc never quits");
    script.press("/zebra");
    script.shows("filter_no_result");
    assert!(!script.screen().contains("clears the filter"), "these keys would be typed");
    script.press("<Enter>");
    assert!(script.screen().contains("Esc clears the filter, \\ turns it off."), "{}", script.screen());
}

#[test]
fn where_the_terminal_shows_pixels_the_picture_is_handed_to_it() {
    let mut script = Script::new(world::world(3, 0)).holding(pages()).keys("2");
    script.app.context.options.protocol = Some(crate::terminal::Protocol::Kitty);
    script.press("i");
    assert!(matches!(script.effects()[..], [Effect::FullScreen(_)]));
    assert!(!script.app.is_modal());
}

#[test]
fn a_streamed_answer_is_shown_as_the_text_it_adds_up_to() {
    let pages = ExchangePages::of_exchange(&world::stream(), BodyForm::default());
    let mut script = Script::new(world::world(0, 1)).holding(pages);
    script.shows("stream");
}

#[test]
fn deleting_asks_first_and_the_list_waits_for_the_event() {
    let mut script = Script::new(world::world(12, 0)).size(80, 24).keys("2 j d");
    script.shows("delete");
    script.press("d <Enter>");
    assert_eq!(script.effects(), [], "neither the key that asked nor Enter confirms");
    script.press("<Esc> d x");
    assert_eq!(script.effects(), [Effect::Mutate(Mutation::Remove(vec![world::id(1)]))]);
    assert_eq!(script.app.recordings.list.keys().len(), 12, "nothing is gone because it was asked for");
    script.event(Event::Removed { ids: vec![world::id(1)] });
    assert_eq!(script.app.recordings.list.keys().len(), 11);
    script.shows("deleted");
    script.press("u u");
    assert_eq!(
        script.effects(),
        [Effect::Mutate(Mutation::Undo), Effect::Mutate(Mutation::Undo)],
        "each takes one back"
    );
    assert_eq!(script.app.recordings.list.keys().len(), 11);
    script.event(Event::Stored { rows: vec![Arc::new(world::row(1))] });
    script.say(Message::Done("Undone: rm rec_x".into()));
    assert_eq!(script.app.recordings.list.keys().len(), 12);
    assert!(script.screen().contains("Undone: rm rec_x"));
    script.say(Message::Failed { what: "undo", text: "there is nothing to undo".into() });
    assert!(script.screen().contains("nothing to undo"));
}

#[test]
fn what_is_protected_is_not_deleted() {
    let mut script = Script::new(world::world(12, 0)).keys("2 j j j d");
    assert!(script.screen().contains("protected: kept"));
    script.press("x");
    assert_eq!(script.effects(), []);
}

#[test]
fn the_mode_is_chosen_from_a_menu_that_explains_it() {
    let mut script = Script::new(world::world(3, 3)).keys("m k");
    script.shows("modes");
    script.press("<Enter>");
    assert_eq!(script.effects(), [Effect::Mutate(Mutation::Mode(Mode::ReplayOrRecord))]);
    assert_eq!(script.app.context.world.mode, Mode::ReplayOrError);
    script.event(Event::Mode(Mode::ReplayOrRecord));
    assert!(script.screen().contains("● replay-or-record"));
}

#[test]
fn the_help_comes_from_the_table_of_keys() {
    let mut script = Script::new(Snapshot::default()).keys("?");
    script.shows("help");
    script.size(80, 24).keys("G").shows("help_scrolled");
}

#[test]
fn empty_screens_teach() {
    let mut script = Script::new(Snapshot::default());
    script.app.context.options.start.banner = vec!["curl http://127.0.0.1:4010/openai/v1/models".into()];
    script.app.context.options.start.suffix = Some("demo".into());
    script.shows("empty_live");
    script.size(80, 24).keys("2").shows("empty_recordings");
}

#[test]
fn from_a_call_to_its_recording_and_back() {
    let mut script = Script::new(world::world(12, 40)).keys("g d");
    assert_eq!(script.app.selected_row().map(|row| row.id.clone()), Some(world::id(4)));
    script.press("<C-o>");
    assert_eq!(script.app.selected_call().map(|call| call.id), Some(CallId(40)));
    script.press("2 /nothing <Enter> 1 g d");
    assert_eq!(
        script.app.selected_row().map(|row| row.id.clone()),
        Some(world::id(4)),
        "a filter does not hide it"
    );
}

#[test]
fn quitting_asks_only_while_calls_are_under_way() {
    let mut script = Script::new(world::world(0, 1)).keys("q");
    assert_eq!(script.effects(), [Effect::Quit]);
    script.event(world::announced(world::flying(2), 1));
    script.press("q");
    assert_eq!(script.effects(), []);
    assert!(script.screen().contains("1 call is still under way"));
    script.press("<Esc> <C-c> <C-c>");
    assert_eq!(script.effects(), [Effect::Quit]);
}

#[test]
fn messages_go_by_themselves_and_errors_stay() {
    let mut script = Script::new(world::world(0, 1)).size(80, 24);
    let notice = Notice { level: Level::Info, text: "Rebuilt the index".into() };
    script.event(Event::Notice(notice));
    assert!(script.screen().contains("Rebuilt the index"));
    script.say(Message::Tick(Timestamp(world::START.0 + 45_000)));
    assert!(!script.screen().contains("Rebuilt the index"));
    script.say(Message::Failed { what: "delete", text: "the disk is full".into() });
    script.say(Message::Tick(Timestamp(world::START.0 + 900_000)));
    script.shows("error");
    script.press("<Esc>");
    assert!(!script.screen().contains("the disk is full"));
}

#[test]
fn without_colour_no_cell_has_one_and_the_selection_is_seen() {
    use ratatui::style::{Color, Modifier};
    for keys in ["", "m", "?", "2 ]", "2 d", "/x"] {
        let mono = Script::with(world::world(12, 40), Theme::choose(ThemeChoice::Dark, true, None))
            .holding(pages())
            .keys(keys);
        let buffer = mono.buffer();
        assert!(
            buffer.content().iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset),
            "{keys}"
        );
    }
    let mono = Script::with(world::world(12, 40), Theme::choose(ThemeChoice::Mono, false, None));
    assert!(mono.buffer().content().iter().any(|cell| cell.modifier.contains(Modifier::REVERSED)));
}

#[test]
fn light_and_ascii_say_the_same() {
    let dark = Script::new(world::world(12, 40));
    let light = Script::with(world::world(12, 40), Theme::choose(ThemeChoice::Light, false, None));
    assert_eq!(dark.screen(), light.screen());
    assert_ne!(dark.buffer(), light.buffer());
    let ascii = Script::with(world::world(12, 40), Theme::choose(ThemeChoice::Dark, false, None).in_ascii())
        .size(80, 24);
    let screen = ascii.screen().replace('…', ".");
    assert!(screen.is_ascii(), "{screen}");
}

#[test]
fn an_idle_screen_is_not_drawn() {
    let mut script = Script::new(Snapshot::default());
    script.app.take_dirty();
    script.say(Message::Tick(Timestamp(world::START.0 + 41_000)));
    assert!(!script.app.take_dirty());
    script.press("j");
    assert!(script.app.take_dirty());
}

#[test]
fn an_answer_that_comes_too_late_is_dropped() {
    let mut script = Script::new(world::world(3, 0)).keys("2");
    let before = script.app.detail.pages.clone();
    script.say(Message::Loaded { generation: 0, pages: None });
    assert_eq!(script.app.detail.pages, before);
}
