//! The mouse, commands by name, keys that somebody chose, marks.

use std::sync::Arc;

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use crate::model::{Call, Outcome, Timestamp};
use crate::tui::Keymap;
use crate::tui::input::action::Action;
use crate::tui::input::tab::Tab;
use crate::tui::protocol::effect::Effect;
use crate::tui::protocol::message::Message;
use crate::tui::protocol::mutation::Mutation;
use crate::tui::tests::script::Script;
use crate::tui::tests::told::Words;
use crate::tui::tests::world;
use crate::tui::widgets::theme::{Theme, ThemeChoice};

fn mouse(script: &mut Script, kind: MouseEventKind, (column, row): (u16, u16), millis: i64) {
    let event = MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
    script.say(Message::Mouse(event, Timestamp(world::START.0 + millis)));
}

const CLICK: MouseEventKind = MouseEventKind::Down(MouseButton::Left);

#[test]
fn the_mouse_chooses_tabs_rows_and_panes() {
    let mut script = Script::new(world::world(12, 40)).size(120, 36);
    mouse(&mut script, CLICK, (12, 1), 0);
    assert_eq!(script.app.context.tab, Tab::Recordings);
    mouse(&mut script, CLICK, (5, 8), 1_000);
    assert_eq!(script.app.recordings.list.index(), Some(4), "below frame and heading");
    assert!(!script.app.context.in_detail);
    mouse(&mut script, CLICK, (5, 8), 1_200);
    assert!(script.app.context.in_detail, "a second click opens");
    mouse(&mut script, CLICK, (5, 9), 5_000);
    assert_eq!((script.app.context.in_detail, script.app.recordings.list.index()), (false, Some(5)));
    mouse(&mut script, MouseEventKind::ScrollDown, (5, 9), 6_000);
    assert_eq!(script.app.recordings.list.index(), Some(8));
    mouse(&mut script, CLICK, (100, 20), 7_000);
    assert!(script.app.context.in_detail);
    for spot in [(0, 0), (119, 35), (500, 500), (3, 34)] {
        mouse(&mut script, CLICK, spot, 9_000);
        mouse(&mut script, MouseEventKind::ScrollUp, spot, 9_000);
    }
    script.press(": m o u s e <Enter>");
    assert_eq!(script.effects(), [Effect::Mouse(false)]);
}

#[test]
fn the_mouse_chooses_among_causes_while_those_are_listed() {
    let mut script = Script::new(world::world(12, 0)).size(120, 36);
    for (number, field) in [(1, "body/seed"), (2, "body/size")] {
        let cause = Some(Arc::new(world::cause(4, &[field])));
        let call = Call { outcome: Some(Outcome::Miss), cause, ..world::call(number) };
        script.event(world::announced(call, 0));
    }
    script.press("M");
    let live = script.app.live.list.index();
    for (row, at) in [(4, 0), (5, 1)] {
        mouse(&mut script, CLICK, (5, row), i64::from(row) * 1_000);
        assert_eq!(script.app.live.causes.list.index(), Some(at));
    }
    assert_eq!(script.app.live.list.index(), live, "which nobody sees");
}

#[test]
fn commands_are_found_by_a_few_letters() {
    let mut script = Script::new(world::world(12, 3)).keys("2 : c o m p");
    script.shows("palette");
    let mut script = script.keys("<C-k> <Esc>");
    assert!(!script.app.is_modal());
    script.press(": z o o m <Enter>");
    assert!(script.app.context.zoom);
    script.press(": n o s u c h <Enter>");
    assert!(!script.app.is_modal());
}

#[test]
fn the_help_finds_a_key_and_shows_the_chosen_ones() {
    let remap = (Action::Undo, vec!["z".into()]);
    let mut script = Script::new(world::world(3, 3)).keys("2");
    script.app.context.options.keymap = Keymap::default().with(&[remap]).unwrap();
    script.press("u");
    assert_eq!(script.effects(), []);
    script.press("z");
    assert_eq!(script.effects(), [Effect::Mutate(Mutation::Undo)]);
    script.press("? / l a s t");
    let shown = script.screen();
    assert!(shown.contains("z ") && shown.contains("undo the last change"), "{shown}");
    assert!(!shown.contains("half a page"), "{shown}");
    script.press("<Enter> <Esc>");
    assert!(script.screen().contains("half a page"), "first what was looked for goes");
    script.press("<Esc>");
    assert!(!script.app.is_modal());
}

#[test]
fn keys_inside_dialogs_are_for_people_to_choose_and_the_dialogs_say_so() {
    let remap = |action, key: &str| (action, vec![key.to_owned()]);
    let chosen = [
        remap(Action::Confirm, "Y"),
        remap(Action::Back, "ctrl-g"),
        remap(Action::Restore, "z"),
        remap(Action::Mark, "m"),
        remap(Action::Open, "ctrl-e"),
    ];
    let keymap = Keymap::default().with(&chosen).unwrap();
    let world = Words::Plain.world();
    let mut script =
        Script::telling(Words::Plain, false, world, Theme::choose(ThemeChoice::Dark, false, None));
    script.app.context.options.keymap = keymap;
    script.press("2 d");
    assert!(script.screen().contains("[ Ctrl-G  Cancel ]     Y  Delete 1"), "{}", script.screen());
    script.press("x <Esc>");
    assert!(script.app.is_modal(), "the keys of the table mean nothing any more");
    script.press("Y");
    assert!(script.screen().contains("delete: the disk is full"));
    script.press("<C-g> t j m");
    assert!(script.screen().contains("[x]") && script.screen().contains("Ctrl-E  Retag 1"));
    script.press("<C-g> <:trash> z");
    assert!(script.screen().contains("z restore"));
    script.press("<C-g> ? / b r i n g");
    assert!(script.screen().contains("z               bring it back"), "{}", script.screen());
    script.press("<C-g> <C-g> f m");
    assert!(
        script.screen().contains("> m "),
        "where text is typed, letters are letters: {}",
        script.screen()
    );
}

#[test]
fn verbs_are_for_all_that_is_marked() {
    let mut script = Script::new(world::world(12, 0)).keys("2");
    script.press("j v j j v");
    assert_eq!(script.app.context.marks.ids.len(), 3);
    script.press("T c i <Enter>");
    let done = script.effects();
    let [Effect::Mutate(Mutation::Relabel(ids, relabel))] = &done[..] else { panic!("{done:?}") };
    assert_eq!((ids.len(), &relabel.tag[..]), (3, &["ci".to_owned()][..]));
    script.press("V");
    assert_eq!(script.app.context.marks.ids.len(), 9);
    script.press("a");
    assert_eq!(script.app.context.marks.ids.len(), 12);
    script.press("<Esc>");
    assert!(script.app.context.marks.ids.is_empty());
}

#[test]
fn going_back_to_the_shell_warns_while_calls_are_under_way() {
    let mut script = Script::new(world::world(3, 3));
    script.press("<C-z>");
    assert_eq!(script.effects(), [Effect::Suspend]);
    script.event(world::announced(world::flying(9), 1));
    script.press("<C-z>");
    assert_eq!(script.effects(), []);
    assert!(script.screen().contains("would stand still"));
    script.press("j <C-z>");
    assert_eq!(script.effects(), [], "only twice in a row");
    script.press("<C-z>");
    assert_eq!(script.effects(), [Effect::Suspend]);
}
