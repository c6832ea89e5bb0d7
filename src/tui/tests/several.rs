//! Several recordings are retagged together.

use super::flows::{effect, field};
use super::script::Script;
use super::world;
use crate::matching::NamedField;
use crate::model::{Playback, Row, Strategy};
use crate::tui::ask::{Answer, Ask};
use crate::tui::overlay::Retag;

/// Only the first one's fields were offered, and that those marked collide was said by nobody.
#[test]
fn the_fields_of_all_that_are_marked_are_offered_and_what_collides_is_counted() {
    let mut script = Script::new(world::world(12, 0)).keys("2 <Space> <Space> <Space> t");
    let some = |name: &str, recordings| NamedField { recordings, ..field(name, "2 different values", true) };
    let fields = Answer::Fields(vec![some("size", 3), some("seed", 2), some("style", 1)]);
    let ask = script.answered(Ok(fields), |ask| matches!(ask, Ask::Fields(_)));
    let Ask::Fields(ids) = ask else { panic!("{ask:?}") };
    assert_eq!(ids.len(), 3);
    script.press("f j j <Space>");
    let Answer::Retag(mut told) = effect(0, 0, Vec::new()) else { unreachable!() };
    told[0].after = "specific style".parse().unwrap();
    told.resize(3, told[0].clone());
    (told[0].collisions, told[1].collisions) = (1, 1);
    (told[1].absent, told[2].absent) = (vec!["style".into()], vec!["style".into()]);
    script.answered(Ok(Answer::Retag(told)), |ask| matches!(ask, Ask::Retag(..)));
    let screen = script.screen();
    for text in ["in 3 of 3", "in 2 of 3", "in 1 of 3", "2 of these 3 could no longer be told apart"] {
        assert!(screen.contains(text), "{text}:\n{screen}");
    }
    script.shows("retag_many");
}

/// Turned once round to what the first has, the others stayed as they were.
#[test]
fn what_differs_among_the_marked_is_what_changes() {
    let row = |playback| Row { playback, strategy: Strategy::STANDARD, ..world::row(1) };
    let (newest, cycle) = (row(Playback::Newest), row(Playback::Cycle));
    let asked = |rows: &[&Row], keys: &str| {
        let mut retag = Retag::of(rows).unwrap();
        keys.split(' ').filter(|key| !key.is_empty()).for_each(|key| assert!(retag.letter(key)));
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
