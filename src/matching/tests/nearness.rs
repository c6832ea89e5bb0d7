//! Near misses: what is closest, in which order.

use super::{fields, json};
use crate::matching::Fields;
use crate::matching::nearest;
use crate::model::{RecordingId, Strategy};

static STANDARD: Strategy = Strategy::STANDARD;

fn id(nth: u8) -> RecordingId {
    RecordingId::from_random([nth; 16])
}

fn order(incoming: &Fields, candidates: &[Fields], limit: usize) -> Vec<(usize, u8)> {
    let all = candidates.iter().zip(0..).map(|(fields, nth)| (id(nth), &STANDARD, fields));
    let place = |wanted: &RecordingId| (0..=255).position(|nth| id(nth) == *wanted).unwrap();
    nearest(incoming, all, limit).iter().map(|near| (place(&near.id), near.likeness)).collect()
}

#[test]
fn endpoint_and_model_weigh_more_than_parameters_and_these_more_than_words() {
    let images = |body: &str| fields(&json("/v1/images/generations", body));
    let chat = |body: &str| fields(&json("/v1/chat/completions", body));
    let incoming =
        chat(r#"{"model":"a","temperature":1,"messages":[{"role":"user","content":"tell me of cats"}]}"#);
    let candidates = [
        images(r#"{"model":"a","prompt":"x"}"#),
        chat(r#"{"model":"b","temperature":1,"messages":[{"role":"user","content":"tell me of cats"}]}"#),
        chat(r#"{"model":"a","temperature":2,"messages":[{"role":"user","content":"tell me of cats"}]}"#),
        chat(r#"{"model":"a","temperature":1,"messages":[{"role":"user","content":"tell me of dogs"}]}"#),
        chat(r#"{"model":"a","temperature":1,"messages":[{"role":"user","content":"tell me of cats"}]}"#),
    ];
    let found = order(&incoming, &candidates, 9);
    assert_eq!(found.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [4, 3, 2, 1, 0]);
    assert_eq!(found[0].1, 100);
    assert!(found[1].1 < 100 && found.windows(2).all(|pair| pair[0].1 >= pair[1].1), "{found:?}");
    assert_eq!(order(&incoming, &candidates, 2).len(), 2);
    assert_eq!(order(&incoming, &candidates, 0), []);
}

#[test]
fn ties_stay_in_order() {
    let of =
        |seed: u8| fields(&json("/v1/images/generations", &format!("{{\"model\":\"a\",\"seed\":{seed}}}")));
    let candidates: Vec<Fields> = (1..20).map(of).collect();
    let found = order(&of(0), &candidates, 3);
    assert_eq!(found.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn a_picture_is_the_same_in_both_alphabets_of_base64() {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    let picture: Vec<u8> = (0..=255).rev().cycle().take(600).collect();
    let body = |data: String| {
        fields(&json(
            "gemini!/v1beta/models/m:generateContent",
            &format!(
                r#"{{"contents":[{{"parts":[{{"inlineData":{{"mimeType":"image/png","data":"{data}"}}}}]}}]}}"#
            ),
        ))
    };
    let (one, other) = (STANDARD.encode(&picture), URL_SAFE.encode(&picture));
    assert_ne!(one, other);
    assert_eq!(body(one).all(), body(other).all());
}
