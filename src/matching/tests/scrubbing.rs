//! Scrubbing: what must not survive, and what must not change.

use proptest::prelude::*;

use super::{fields, form, json, request};
use crate::matching::compare;
use crate::matching::{Salt, ScrubPattern, Scrubber};
use crate::model::{Headers, Request, Strategy};

fn scrub(request: &Request) -> Request {
    Scrubber::new(Salt([7; 32]), false).scrub(request).get().clone()
}

fn body(request: &Request) -> String {
    String::from_utf8_lossy(&request.body).into_owned()
}

#[test]
fn only_headers_on_the_list_and_no_credential_stay() {
    let mut one = json(
        "/v1/x?api-key=AIzaSyB-secret&a=jane%40example.com&b=sk-abcdefghijklmnopqrst",
        r#"{"echo":"my \u0073k-own-4f9a8c7e6d5b4a39"}"#,
    );
    for (name, value) in [
        ("authorization", "Bearer sk-own-4f9a8c7e6d5b4a39"),
        ("cookie", "a=b"),
        ("openai-organization", "org-1"),
        ("openai-beta", "x"),
    ] {
        one.headers.push(name, value);
    }
    let scrubbed = scrub(&one);
    assert_eq!(
        scrubbed.headers,
        Headers::from_iter([("content-type", "application/json"), ("openai-beta", "x")])
    );
    assert!(
        scrubbed.target.starts_with("/v1/x?api-key=redacted&a=%3Cemail-")
            && !scrubbed.target.contains("abcdefgh"),
        "{}",
        scrubbed.target
    );
    assert!(body(&scrubbed).starts_with(r#"{"echo":"my <key-"#), "{}", body(&scrubbed));
}

#[test]
fn only_what_is_found_is_replaced() {
    let text = "{ \"b\" : \"hi jane@example.com\\n\\u00e9 \\u006aane@example.com\",\"a\":1.0, \"jane@example.com\":[] }";
    let scrubbed = body(&scrub(&json("/v1/x", text)));
    let tag = &scrubbed[scrubbed.find("<email-").unwrap()..][..16];
    assert_eq!(scrubbed, format!("{{ \"b\" : \"hi {tag}\\n\\u00e9 {tag}\",\"a\":1.0, \"{tag}\":[] }}"));
    let clean = json("/v1/x", r#"{"a":"nothing here, sk-y is the limit \u0041"}"#);
    assert_eq!(scrub(&clean).body.as_ptr(), clean.body.as_ptr(), "not copied");
    let personal = Scrubber::new(Salt([7; 32]), true)
        .scrub(&json("/v1/x", r#"["jane@example.com sk-abcdefghijklmnopqrst"]"#));
    assert!(body(personal.get()).starts_with(r#"["jane@example.com <key-"#));
}

#[test]
fn the_same_value_gets_the_same_placeholder_under_one_salt_only() {
    let text = |mail: &str| json("/v1/x", &format!("[\"{mail}\"]"));
    assert_eq!(scrub(&text("a@b.com")), scrub(&text("a@b.com")));
    assert_ne!(scrub(&text("a@b.com")), scrub(&text("c@b.com")));
    assert_ne!(
        scrub(&text("a@b.com")).body,
        Scrubber::new(Salt([8; 32]), false).scrub(&text("a@b.com")).get().body
    );
}

#[test]
fn parts_are_scrubbed_and_binary_is_left() {
    let picture = "\u{0}\u{1}jane@example.com";
    let one = form(
        "/v1/images/edits",
        "b",
        &[("prompt", "", "for jane@example.com"), ("image", "jane@example.com.png", "AAAA")],
    );
    let scrubbed = body(&scrub(&one));
    assert!(!scrubbed.contains("jane") && scrubbed.contains("for <email-"), "{scrubbed}");
    let mut bytes = form("/v1/x", "b", &[("file", "f", "@@")]).body.to_vec();
    let at = bytes.windows(2).position(|pair| pair == b"@@").unwrap();
    bytes.splice(at..at + 2, [&[0xff][..], picture.as_bytes()].concat());
    let binary = request("/v1/x", "multipart/form-data; boundary=b", bytes);
    assert_eq!(scrub(&binary).body, binary.body);
    let base64 = json(
        "/v1/x",
        &format!(
            "[\"{}\",\"data:image/png;base64,AKIAIOSFODNN7EXAMPLE\"]",
            "AKIAIOSFODNN7EXAMPLE".repeat(20)
        ),
    );
    assert_eq!(scrub(&base64).body, base64.body);
    let form =
        request("/v1/x", "application/x-www-form-urlencoded", "password=hunter2&mail=jane%40example.com");
    assert!(body(&scrub(&form)).starts_with("password=redacted&mail=%3Cemail-"));
}

#[test]
fn broken_and_deep_bodies_are_scrubbed_too() {
    for text in
        ["{\"a\":\"jane@example.com", "{jane@example.com}", "jane@example.com", "[[\"jane@example.com\"]"]
    {
        assert!(!body(&scrub(&json("/v1/x", text))).contains("jane"), "{text}");
    }
    let deep = format!("{}\"jane\\u0040example.com\"{}", "[".repeat(300), "]".repeat(300));
    assert!(!body(&scrub(&json("/v1/x", &deep))).contains("jane"));
}

const SECRETS: &[&str] = &[
    "sk-proj-abcdefghij0123456789",
    "sk-ant-api03-abcdefghijklmn",
    "AIzaSyA1234567890abcdefghijklmnopqrstuv",
    "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "AKIAIOSFODNN7EXAMPLE",
    "xoxb-123456789012-abc",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc_def-123",
    "jane.doe@mail.example.com",
    "own-credential-9f8e7d6c",
];

/// Each character of the text as an escape where the bits say so.
fn escaped(text: &str, bits: u64) -> String {
    let escape = |(at, c): (usize, char)| {
        if bits >> (at % 64) & 1 == 1 { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() }
    };
    text.chars().enumerate().map(escape).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_secret_survives_and_scrubbing_again_changes_nothing(
        picked in prop::collection::vec((prop::sample::select(SECRETS), any::<u64>(), "[ ,.;:é\\n'()<>|]{1,3}"), 0..6),
        shape in 0..5u8,
    ) {
        let text = picked.iter().map(|(secret, _, gap)| format!("{gap}{secret}{gap}")).collect::<Vec<_>>().concat();
        let raw = picked.iter().map(|(secret, bits, gap)| {
            let gap = gap.replace('\n', "\\n");
            format!("{gap}{}{gap}", escaped(secret, *bits))
        }).collect::<Vec<_>>().concat();
        let mut one = match shape {
            0 => json("/v1/chat/completions", &format!("{{\"messages\":[{{\"content\":\"{raw}\"}}]}}")),
            1 => json("/v1/chat/completions", &format!("{{\"{raw}\":\"{raw}\"}}")),
            2 => form("/v1/images/edits", "b", &[("prompt", "", &text)]),
            3 => request("/v1/x", "text/plain", text.clone()),
            _ => json(&format!("/v1/x?q={}", text.replace(['é', '\n', '#'], "-").replace(' ', "+").replace('@', "%40")), ""),
        };
        one.headers.push("authorization", "Bearer own-credential-9f8e7d6c");
        let scrubbed = scrub(&one);
        // What a reader of the stored request sees once escapes are resolved, in full.
        let resolved = serde_json::from_slice::<serde_json::Value>(&scrubbed.body).map(|value| value.to_string());
        prop_assert!(shape > 1 || resolved.is_ok());
        let target = crate::wire::percent::form_decoded(&scrubbed.target);
        let all = format!("{target} {} {}", resolved.unwrap_or_default(), body(&scrubbed));
        for (secret, _, _) in &picked {
            prop_assert!(!all.contains(secret), "{secret} in {all}");
        }
        prop_assert_eq!(&scrub(&scrubbed), &scrubbed);
        for strategy in [Strategy::Strict, Strategy::STANDARD] {
            prop_assert!(compare(&strategy, &fields(&scrubbed), &fields(&scrub(&one))).changes.is_empty());
        }
    }

    #[test]
    fn any_bytes_are_scrubbed_once_and_for_all(text in "(sk-[a-z]{16}|AKIA[0-9A-Z]{16}|a@b\\.de|eyJ|Bearer |[\"\\\\{}%40.-]|\\PC){0,12}", kind in prop::sample::select(vec!["application/json", "text/plain", "application/x-www-form-urlencoded"])) {
        let once = scrub(&request(&format!("/v1/{text}?{text}"), kind, text));
        prop_assert_eq!(&scrub(&once), &once);
    }
}

#[test]
fn patterns_of_a_project_become_placeholders_once() {
    let pattern = |name: &str, pattern: &str| ScrubPattern { name: name.into(), pattern: pattern.into() };
    let plain = Scrubber::new(Salt([7; 32]), false);
    let scrubber =
        plain.clone().with_patterns(&[pattern("customer", r"C-\d{4}"), pattern("n", r"\d{3,}")]).unwrap();
    let once = scrubber.scrub(&json("/v1/x?id=C-1234", r#"{"a":"of C-1234, a@b.com 98765 \u0043-1234"}"#));
    let text = String::from_utf8(once.body.to_vec()).unwrap();
    assert!(!text.contains("1234") && !text.contains("98765"), "{text}");
    assert_eq!(text.matches("<customer-").count(), 2, "{text}");
    assert!(text.contains("<n-") && text.contains("<email-") && !once.target.contains("1234"), "{text}");
    assert_eq!(scrubber.scrub(&once), once, "what is scrubbed stays as it is");
    for (name, found) in [("A", "x"), ("a", "("), ("a", "x*"), ("", "x")] {
        assert_eq!(plain.clone().with_patterns(&[pattern(name, found)]).unwrap_err().0, 0);
    }
}
