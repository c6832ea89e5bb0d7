//! What a request may hold to be searched and taken apart, and what becomes of one that holds more.

use crate::matching::compare;
use crate::matching::{
    Fields, Salt, ScrubPattern, Scrubber, credentials, has_countless_credentials, is_withheld, placeholders,
};
use crate::model::{Headers, Request, Strategy};

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
