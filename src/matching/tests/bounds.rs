//! Bounds of a request that is searched and taken apart, and the fate of one that holds more.

use std::time::Duration;

use bytes::Bytes;

use crate::matching::compare;
use crate::matching::scrub::effort::Effort;
use crate::matching::{
    AnswerOrigin, Fields, Salt, ScrubPattern, Scrubber, Unsearched, credentials, has_countless_credentials,
    is_withheld, placeholders,
};
use crate::model::{ByteLog, Headers, Request, Response, Strategy};

fn text(body: String) -> Request {
    Request {
        method: "POST".into(),
        mount: "openai".into(),
        target: "/v1/chat/completions".into(),
        headers: Headers::from_iter([("content-type", "text/plain")]),
        body: body.into(),
    }
}

fn addresses(count: usize) -> String {
    (0..count).map(|nth| format!("a{nth}@b.cc,")).collect::<Vec<_>>().concat()
}

#[test]
fn what_cannot_be_searched_to_its_end_is_never_stored_and_still_compared() {
    let scrubber = Scrubber::new(Salt([7; 32]), false);
    let (one, other) = (text(addresses(50_001)), text(addresses(50_002)));
    let stored = scrubber.scrub(&one);
    assert!(is_withheld(&stored) && !stored.body.windows(5).any(|some| some == b"@b.cc"));
    assert!(stored.body.len() < 100, "{stored:?}");
    assert_eq!(scrubber.scrub(stored.get()), stored, "once more changes nothing");
    assert_eq!(placeholders(stored.get()).len(), 1, "what stood there is gone, and nobody sends it anew");
    let fields = |request: &Request| Fields::of(&scrubber.scrub(request));
    assert!(fields(&one).opaque.is_some_and(|why| why.contains("searched for secrets")));
    for strategy in [Strategy::Strict, Strategy::STANDARD] {
        assert!(compare(&strategy, &fields(&one), &fields(&one.clone())).is_match());
        assert!(!compare(&strategy, &fields(&one), &fields(&other)).is_match(), "{strategy}");
    }
    let salted = Scrubber::new(Salt([8; 32]), false).scrub(&one);
    assert_ne!(salted.body, stored.body, "nobody tells from it what stood there");
    let fine = scrubber.scrub(&text(addresses(1000)));
    assert!(!is_withheld(&fine) && !fine.body.windows(5).any(|some| some == b"@b.cc"));
}

#[test]
fn a_search_takes_as_long_as_its_text_is_long() {
    let scrubber = Scrubber::new(Salt([7; 32]), false);
    // A token that begins and never ends, with a key behind it, again and again.
    let tokens = scrubber.scrub(&text(format!("{} .", "eyJaaaaaaaa-AKIAIOSFODNN7EXAMPLE-".repeat(60_000))));
    assert!(!tokens.body.windows(20).any(|some| some == b"AKIAIOSFODNN7EXAMPLE"));
    // What a pattern finds stands apart from all that was found before it.
    let pattern = ScrubPattern { name: "id".into(), pattern: "id-[0-9]+".into() };
    let own = scrubber.with_patterns(&[pattern]).unwrap();
    let ids: Vec<_> = (0..20_000).map(|nth| format!("id-{nth} a{nth}@b.cc ")).collect();
    let found = own.scrub(&text(ids.concat()));
    assert!(!is_withheld(&found));
    let said = String::from_utf8_lossy(&found.body);
    assert_eq!((said.matches("<id-").count(), said.matches("<email-").count()), (20_000, 20_000));
}

#[test]
fn more_credentials_than_anything_can_be_searched_for_are_not_stored() {
    let json = |count: usize| {
        let keys: Vec<_> = (0..count).map(|nth| format!("\"password\":\"k{nth}a1b2c3d4e5f60718\"")).collect();
        let headers = Headers::from_iter([("content-type", "application/json")]);
        Request { headers, ..text(format!("{{{}}}", keys.join(","))) }
    };
    let scrubber = Scrubber::new(Salt([7; 32]), false);
    let (few, many) = (json(64), json(65));
    assert!(!has_countless_credentials(&few) && credentials(&few).len() == 64);
    assert!(has_countless_credentials(&many));
    assert!(!is_withheld(&scrubber.scrub(&few)) && is_withheld(&scrubber.scrub(&many)));
    // The same one again and again is one.
    let same = text(format!("[{}]", vec!["{\"password\":\"a1b2c3d4e5f60718\"}"; 5000].join(",")));
    assert!(!has_countless_credentials(&same) && !is_withheld(&scrubber.scrub(&same)));
}

#[test]
fn what_cannot_be_decoded_is_not_stored() {
    let headers = Headers::from_iter([("content-encoding", "gzip")]);
    let request = Request { headers, ..text("sk-proj-abcdefghij0123456789".into()) };
    let scrubbed = Scrubber::new(Salt([7; 32]), false).scrub(&request);
    assert!(is_withheld(&scrubbed));
    assert_eq!(Fields::of(&scrubbed).opaque, Some("its content encoding cannot be decoded"));
}

/// The result for an answer with a sixty-fourth of the effort that one may take.
fn answer(kind: &'static str, body: String) -> Result<Option<ByteLog>, Unsearched> {
    let response = Response {
        status: 200,
        headers: Headers::from_iter([("content-type", kind)]),
        log: ByteLog::whole(body, Duration::ZERO),
    };
    let own = [Bytes::from("sk-retake-test-4f9a8c7e6d5b4a39")];
    let origin = AnswerOrigin { mount: "openai", credentials: &own, links: &[] };
    let effort = Effort::part_of_answer(64);
    Scrubber::new(Salt([7; 32]), false).answer_within(&response, origin, &effort)
}

#[test]
fn an_answer_of_more_than_can_be_remembered_is_not_searched() {
    const MILLION: usize = (1 << 20) / 64;
    let (stream, lines, document) = ("text/event-stream", "application/x-ndjson", "application/json");
    let two = |one: &str, other: &str, times| format!("data: {one}\n\ndata: {other}\n\n").repeat(times);
    for (name, kind, body) in [
        ("strings of a stream", stream, two(r#""a""#, r#""b""#, 5 * MILLION / 2)),
        ("words of a stream", stream, two("a", "b", 5 * MILLION / 2)),
        ("lines of one event", stream, "data:a\n".repeat(5 * MILLION)),
        ("lines of nothing", stream, "\n".repeat(17 * MILLION)),
        ("strings of one line", lines, format!("[{}0]", "\"a\",".repeat(5 * MILLION))),
        ("strings of a document", document, format!("[{}0]", "\"\",".repeat(5 * MILLION / 2))),
        ("escapes of a document", document, format!("\"{}\"", r"\n".repeat(2 * MILLION))),
        ("escapes of a stream", stream, two(r#""\n""#, r#""\t\t""#, MILLION)),
        ("passwords", stream, "data: {\"password\":\"a\"}\n\n".repeat(1000)),
    ] {
        assert_eq!(answer(kind, body), Err(Unsearched), "{name}");
    }
    // In proportion, those of a long conversation and of many embeddings.
    let event = r#"{"id":"chatcmpl-1","choices":[{"index":0,"delta":{"content":"word\n"},"logprobs":null}]}"#;
    assert_eq!(answer(stream, two(event, &event.replace("word", "next"), MILLION / 8)), Ok(None));
    let floats = "0.0123,".repeat(20 * MILLION);
    assert_eq!(answer(document, format!("{{\"embedding\":[{floats}0]}}")), Ok(None));
}

#[test]
fn a_search_of_an_answer_takes_as_long_as_that_is_long() {
    // Each of them was read once for each string, or each step on the way to it.
    let many = "\"a\",\"b\",".repeat(50_000);
    let name = "n".repeat(1 << 20);
    let named = format!("{{\"{name}\":[{many}0]}}\n");
    let deep = format!("{}{many}0{}\n", "[".repeat(50_000), "]".repeat(50_000));
    // Half of a key again and again, in strings that are short: what came before is not read once more for each.
    let own = Bytes::from("4f9a8c7e6d5b4a39".repeat(1000) + "0123456789abcdef");
    let half = format!("\"{}\",{many}0", String::from_utf8_lossy(&own[..8000]));
    for body in [named, deep, format!("[{half}]")] {
        for kind in ["application/x-ndjson", "application/json"] {
            let log = ByteLog::whole(body.clone(), Duration::ZERO);
            let headers = Headers::from_iter([("content-type", kind)]);
            let own = [own.clone()];
            let origin = AnswerOrigin { mount: "openai", credentials: &own, links: &[] };
            let found =
                Scrubber::new(Salt([7; 32]), false).answer(&Response { status: 200, headers, log }, origin);
            assert_eq!(found, Ok(None));
        }
    }
}
