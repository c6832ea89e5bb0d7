//! Several recordings are retagged together.

use std::sync::Arc;

use crate::matching::NamedField;
use crate::model::{Event, Hash, Playback, Row, Snapshot, Strategy};
use crate::tui::contract::outcome::Overlay as _;
use crate::tui::overlay::retag::choice::RetagOverlay;
use crate::tui::protocol::effect::Effect;
use crate::tui::protocol::query::{RemoteAnswer, RemoteQuery};
use crate::tui::tests::flows::{effect, field};
use crate::tui::tests::script::Script;
use crate::tui::tests::world;

/// Only the first one's fields were offered, and that those marked collide was said by nobody.
#[test]
fn the_fields_of_all_that_are_marked_are_offered_and_what_collides_is_counted() {
    let mut script = Script::new(world::world(12, 0)).keys("2 <Space> <Space> <Space> t");
    let some = |name: &str, recordings| NamedField { recordings, ..field(name, "2 different values", true) };
    let fields = RemoteAnswer::Fields(vec![some("size", 3), some("seed", 2), some("style", 1)]);
    let ask = script.answered(Ok(fields), |ask| matches!(ask, RemoteQuery::Fields(_)));
    let RemoteQuery::Fields(ids) = ask else { panic!("{ask:?}") };
    assert_eq!(ids.len(), 3);
    script.press("f j j <Space>");
    let RemoteAnswer::Retag(mut told) = effect(0, 0, Vec::new()) else { unreachable!() };
    told[0].after = "specific style".parse().unwrap();
    told.resize(3, told[0].clone());
    (told[0].collisions, told[1].collisions) = (1, 1);
    (told[1].absent, told[2].absent) = (vec!["style".into()], vec!["style".into()]);
    script.answered(Ok(RemoteAnswer::Retag(told)), |ask| matches!(ask, RemoteQuery::Retag(..)));
    let screen = script.screen();
    for text in ["in 3 of 3", "in 2 of 3", "in 1 of 3", "2 of these 3 could no longer be told apart"] {
        assert!(screen.contains(text), "{text}:\n{screen}");
    }
    script.shows("retag_many");
}

/// The dialog said `3000` where all else on the screen says `3,000`.
#[test]
fn counts_are_written_the_same_way_everywhere() {
    let row = |number: u32| {
        let hash = Hash::of(&number.to_be_bytes());
        Arc::new(Row { id: world::nth_id(number), hash, ..world::row(0) })
    };
    let mut many = Snapshot::default();
    many.apply(&Event::Stored { rows: (0..3000).map(row).collect() });
    let mut script = Script::new(many).keys("2 a t");
    let all = NamedField { recordings: 2999, ..field("size", "2 different values", true) };
    let other = NamedField { recordings: 3000, ..field("seed", "2 different values", true) };
    script.answered(Ok(RemoteAnswer::Fields(vec![all, other])), |ask| matches!(ask, RemoteQuery::Fields(_)));
    script.press("f j <Space>");
    let RemoteAnswer::Retag(mut told) = effect(1200, 0, Vec::new()) else { unreachable!() };
    told[0].radius.calls = 10_000;
    told[0].after = "specific style".parse().unwrap();
    told.resize(3000, told[0].clone());
    for one in &mut told {
        (one.collisions, one.absent) = (1, vec!["style".into()]);
    }
    script.answered(Ok(RemoteAnswer::Retag(told)), |ask| matches!(ask, RemoteQuery::Retag(..)));
    let screen = script.screen();
    for text in [
        "Match strategy of 3,000 recordings",
        "Retag 3,000",
        "in 2,999 of 3,000",
        "Of 10,000 past calls",
        "3,600,000 past misses would hit",
        "3,000 of these 3,000",
    ] {
        assert!(screen.contains(text), "{text}:\n{screen}");
    }
    script.press("<Esc> d");
    assert!(
        script.screen().contains("and 2,9") && script.screen().contains("Delete 3,000"),
        "{}",
        script.screen()
    );
}

/// Enter closed the dialog, and what was wrong stood somewhere else.
#[test]
fn a_retag_is_done_when_its_effect_is_known_and_one_that_cannot_be_stays_in_sight() {
    let begun = || Script::new(world::world(12, 0)).keys("2 <Space> <Space> t p <Enter>");
    let told = |script: &mut Script, answer| {
        let ask = script.answered(answer, |ask| matches!(ask, RemoteQuery::Retag(..)));
        assert!(matches!(ask, RemoteQuery::Retag(ids, _) if ids.len() == 2));
    };
    let done =
        |script: &mut Script| script.effects().iter().any(|effect| matches!(effect, Effect::Mutate(_)));
    let mut script = begun();
    assert!(script.screen().contains("it is done then"), "{}", script.screen());
    told(&mut script, Ok(effect(0, 0, Vec::new())));
    assert!(done(&mut script) && !script.app.is_modal());

    let why = "rec_2jKx: `seed` may mean body/seed or query/seed";
    let mut script = begun();
    told(&mut script, Err(why.into()));
    for _ in 0..2 {
        assert!(!done(&mut script) && script.screen().contains(why), "{}", script.screen());
        script.press("<Enter>");
    }
    // A further choice takes the agreement back.
    let mut script = begun();
    script.press("t");
    told(&mut script, Ok(effect(0, 0, Vec::new())));
    assert!(!done(&mut script) && script.app.is_modal());
    script.press("<Enter>");
    assert!(done(&mut script));
}

/// Turned once round to what the first has, the others stayed as they were.
#[test]
fn what_differs_among_the_marked_is_what_changes() {
    let row = |playback| Row { playback, strategy: Strategy::STANDARD, ..world::row(1) };
    let (newest, cycle) = (row(Playback::Newest), row(Playback::Cycle));
    let asked = |rows: &[&Row], keys: &str| {
        let mut retag = RetagOverlay::of(rows).unwrap();
        keys.split(' ')
            .filter(|key| !key.is_empty())
            .for_each(|key| assert!(!retag.letter(key).is_ignored()));
        let tag = retag.tag().unwrap();
        (tag.strategy, tag.playback)
    };
    let (same, mixed) = ([&newest, &newest], [&newest, &cycle]);
    assert_eq!(asked(&mixed, ""), (None, None));
    assert_eq!(asked(&mixed, "s"), (None, None));
    assert_eq!(asked(&mixed, "b b b"), (None, Some(Playback::Newest)));
    assert_eq!(asked(&same, "b b b"), (None, None));
    assert_eq!(asked(&same, "s b"), (None, Some(Playback::Sequence)));
    let strict = Row { strategy: Strategy::Strict, ..newest.clone() };
    assert_eq!(asked(&[&newest, &strict], "s"), (Some(Strategy::STANDARD), None));
}
