//! The laws: equal fingerprints exactly without significant change, and what canonical form must not notice.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::Strategy as _;

use super::{fields, form, json, request};
use crate::matching::compare;
use crate::matching::{Canon, DatedModels, Fields, Ignore};
use crate::model::{Request, Strategy};

pub(super) const TARGETS: &[&str] = &[
    "/v1/chat/completions",
    "/v1/images/generations",
    "/v1/images/edits",
    "/v1/videos",
    "/v1/embeddings",
    "/v1/responses",
    "/v1/audio/speech",
    "/v1/models/gpt-4o",
    "/v1/models/openai/gpt-4o",
    "GET /v1/videos/a",
    "GET /v1/videos/b",
    "lumenfall!/v1/chat/completions",
    "other!/v1/chat/completions",
    "another!/v1/x",
    "/v1/x?a=1&b=2",
    "/v1/x?b=2&a=1",
    "/v1/x?a=1&a=2",
    "/v1/x?key=sk-secret&a=1",
    "anthropic!/v1/messages",
    "anthropic!/v1/messages/batches",
    "anthropic!/v1/chat/completions",
    "gemini!/v1/models/gpt-4o:generateContent",
    "gemini!/v1/models/a:generateContent",
    "gemini!/v1/models/a:predict",
    "vertex!/v1/models/a:batchEmbedContents",
    "vertex!/v1/publishers/anthropic/models/a:rawPredict",
    "azure!/openai/deployments/gpt-4o/chat/completions",
    "azure!/openai/deployments/a/images/edits?api-version=1",
    "azure!/v1/chat/completions",
];
const STRATEGIES: &[&str] = &[
    "strict",
    "standard",
    "standard -size",
    "standard -messages -seed",
    "standard -messages/*/content",
    "standard -model",
    "standard -method -path -mount -body",
    "standard -target -bytes -header",
    "standard -part/size",
    "standard -path/id -query/a",
    "specific",
    "specific size,seed",
    "specific prompt",
    "specific body",
    "specific query",
    "specific messages/0",
    "specific path,mount,method,target,bytes",
    "specific header,part",
    "specific */a",
    "standard -messages/0/content/0/text",
    "specific system/0/text,stop/0",
    "specific header/accept",
    "standard -accept -x-tenant",
    "pinned",
];
pub(super) const KEYS: &[&str] = &[
    "model",
    "prompt",
    "messages",
    "input",
    "size",
    "seed",
    "n",
    "stream",
    "user",
    "metadata",
    "stream_options",
    "include_usage",
    "tools",
    "response_format",
    "0",
    "a/b",
    "role",
    "content",
    "tool_calls",
    "tool_call_id",
    "id",
    "seconds",
    "contents",
    "parts",
    "thoughtSignature",
    "thought_signature",
    "functionCall",
    "args",
    "generation_config",
    "generationConfig",
    "responseSchema",
    "properties",
    "candidateCount",
    "candidate_count",
    "labels",
    "instances",
    "requests",
    "params",
    "cache_control",
    "tool_use_id",
    "system",
    "text",
    "type",
    "stop",
    "tool_choice",
    "thinking",
    "signature",
    "call_id",
    "citations",
    "inlineData",
    "data",
    "thought",
];
const TEXTS: &[&str] = &[
    r#""gpt-4o""#,
    r#""openai/gpt-4o-2024-08-06""#,
    r#""gpt-image-1""#,
    r#""auto""#,
    r#""b64_json""#,
    r#""float""#,
    r#""4""#,
    r#""\u0061""#,
    r#""a""#,
    r#""""#,
    r#""data:image/png;base64,AAAA""#,
    r#""text""#,
    r#""input_text""#,
    r#""message""#,
    r#""user""#,
    r#""item_reference""#,
    r#""function_call""#,
    r#"[{"type":"text","text":"a"}]"#,
    r#"[{"type":"text","text":"a","cache_control":null}]"#,
    r#"[{"role":"user","content":[{"type":"input_text","text":"a"}]}]"#,
    r#"[{"type":"function_call","id":"x","call_id":"a"},{"type":"function_call_output","call_id":"a"}]"#,
    r#"["a"]"#,
    r#""\ud800""#,
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1",
    "1.0",
    "1e0",
    "4",
    "9007199254740993",
    "9007199254740992",
    "1e400",
    "{}",
    "[]",
];

/// A JSON value as text: few keys and values, so that pairs often agree.
fn value(depth: u32) -> BoxedStrategy<String> {
    let leaf = prop::sample::select(TEXTS).prop_map(str::to_owned);
    if depth == 0 {
        return leaf.boxed();
    }
    let array =
        prop::collection::vec(value(depth - 1), 0..3).prop_map(|items| format!("[{}]", items.join(",")));
    prop_oneof![3 => leaf, 1 => array, 1 => object(depth - 1)].boxed()
}

pub(super) fn object(depth: u32) -> BoxedStrategy<String> {
    let member =
        (prop::sample::select(KEYS), value(depth)).prop_map(|(key, value)| format!("\"{key}\":{value}"));
    prop::collection::vec(member, 0..5).prop_map(|members| format!("{{{}}}", members.join(","))).boxed()
}

fn any_request() -> impl proptest::strategy::Strategy<Value = Request> {
    let target = || prop::sample::select(TARGETS);
    let part = (
        prop::sample::select(KEYS),
        prop::sample::select(vec!["", "f.png"]),
        prop::sample::select(vec!["1", "1.0", "auto", "gpt-4o", "x", "true"]),
    );
    let body = (target(), object(3), prop::sample::select(vec!["application/json", "", "text/plain"]));
    prop_oneof![
        6 => body.prop_map(|(target, body, kind)| request(target, kind, body)),
        2 => (target(), prop::collection::vec(part, 0..5), prop::sample::select(vec!["aa", "bb"]))
            .prop_map(|(target, parts, boundary)| form(target, boundary, &parts)),
        1 => (target(), prop::collection::vec(any::<u8>(), 0..20)).prop_map(|(target, body)| request(target, "multipart/form-data; boundary=aa", body)),
        1 => (target(), urlencoded()).prop_map(|(target, body)| request(target, "application/x-www-form-urlencoded", body)),
        1 => (target(), related()).prop_map(|(target, body)| request(target, "multipart/related; boundary=aa", body)),
        1 => (target(), prop::collection::vec(any::<u8>(), 0..20)).prop_map(|(target, body)| request(target, "", body)),
    ]
}

/// Names and values in one text.
fn urlencoded() -> impl proptest::strategy::Strategy<Value = String> {
    let pair = (prop::sample::select(KEYS), prop::sample::select(vec!["a", "1", "%41", "", "b+c"]));
    let text = |pairs: Vec<(&str, &str)>| {
        pairs.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("&")
    };
    prop::collection::vec(pair, 0..5).prop_map(text)
}

/// Parts without names, JSON and others.
fn related() -> impl proptest::strategy::Strategy<Value = String> {
    let kind = prop::sample::select(vec!["application/json", "image/png", "text/plain\r\nContent-ID: <a>"]);
    let part =
        (kind, value(2)).prop_map(|(kind, text)| format!("--aa\r\nContent-Type: {kind}\r\n\r\n{text}\r\n"));
    prop::collection::vec(part, 0..4).prop_map(|parts| format!("{}--aa--\r\n", parts.concat()))
}

/// Headers that are fields, or are where a configuration says so.
fn any_header() -> impl proptest::strategy::Strategy<Value = (&'static str, &'static str)> {
    prop::sample::select(vec![
        ("anthropic-beta", "x"),
        ("anthropic-beta", "y, x"),
        ("anthropic-beta", "x,y"),
        ("accept", "*/*"),
        ("accept", "application/json"),
        ("accept", "text/event-stream, Application/JSON"),
        ("prefer", "wait"),
        ("prefer", ""),
        ("x-tenant", "a"),
        ("x-tenant", "b"),
        ("authorization", "a"),
    ])
}

/// Two requests: independent, or the second made from the first by one change.
fn pair() -> impl proptest::strategy::Strategy<Value = (Request, Request)> {
    let changed = (any_request(), any_request(), 0..7u8, any_header(), any_header());
    let changed = changed.prop_map(|(one, other, what, header, more)| {
        let mut changed = one.clone();
        match what {
            0 => changed.target.clone_from(&other.target),
            1 => changed.method.clone_from(&other.method),
            2 => changed.mount.clone_from(&other.mount),
            3 => (changed.body, changed.headers) = (other.body, other.headers),
            _ => {
                changed.headers.push(header.0, header.1);
                changed.headers.push(more.0, more.1);
            }
        }
        (one, changed)
    });
    prop_oneof![(any_request(), any_request()), changed]
}

fn strategies() -> impl Iterator<Item = Strategy> {
    STRATEGIES.iter().map(|text| text.parse().unwrap())
}

/// Settings: half the time none.
fn any_canon() -> impl proptest::strategy::Strategy<Value = Canon> {
    let aliases =
        BTreeMap::from([("a".to_owned(), "gpt-4o".to_owned()), ("gpt-image-1".to_owned(), "a".to_owned())]);
    let field = || {
        prop::option::of(prop::sample::select(vec![
            "size",
            "messages/*/content",
            "prompt",
            "query/a",
            "model",
            "header",
        ]))
    };
    let pattern = prop::option::of(prop::sample::select(vec!["date", "hex", "[a4]", "o"]));
    let endpoint = prop::option::of(prop::sample::select(vec!["chat/*", "images/generations", "*"]));
    let ignore =
        (endpoint, field(), pattern).prop_filter_map("names something", |(endpoint, field, pattern)| {
            let owned = |text: Option<&str>| text.map(str::to_owned);
            (field.is_some() || pattern.is_some()).then(|| Ignore {
                endpoint: owned(endpoint),
                field: owned(field),
                pattern: owned(pattern),
            })
        });
    let headers = prop::collection::vec(prop::sample::select(vec!["x-tenant", "accept"]), 0..2);
    let dated = prop::sample::select(vec![DatedModels::Same, DatedModels::Exact]);
    let made = (prop::collection::vec(ignore, 0..3), any::<bool>(), headers, dated).prop_map(
        move |(ignores, aliased, headers, dated)| {
            let aliases = if aliased { &aliases } else { const { &BTreeMap::new() } };
            let headers: Vec<_> = headers.into_iter().map(str::to_owned).collect();
            let canon = Canon::new(aliases, &ignores).unwrap().with_dated_models(dated);
            canon.with_headers(&headers).unwrap()
        },
    );
    prop_oneof![proptest::strategy::Just(Canon::default()), made]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn law_1_equal_fingerprints_exactly_when_there_is_no_significant_change((one, other) in pair(), canon in any_canon()) {
        let (one, other) = (canon.fields(&one), canon.fields(&other));
        let outlines = (one.outline(), other.outline());
        for strategy in strategies() {
            let comparison = compare(&strategy, &one, &other);
            let equal = one.fingerprint(&strategy) == other.fingerprint(&strategy);
            prop_assert_eq!(equal, comparison.is_match(), "{} {:#?}", strategy, comparison);
            prop_assert_eq!(equal, outlines.0.key(&strategy) == outlines.1.key(&strategy), "outline, {}", strategy);
        }
        let stored = postcard::to_stdvec(&outlines.0).unwrap();
        let back = postcard::from_bytes::<crate::matching::Outline>(&stored).unwrap().under(&canon);
        prop_assert_eq!(&back, &outlines.0);
        for strategy in strategies() {
            prop_assert_eq!(back.key(&strategy), outlines.0.key(&strategy), "stored, {}", strategy);
        }
        prop_assert_eq!(one.all() == other.all(), outlines.0.all() == outlines.1.all());
        let shown = compare(&Strategy::STANDARD, &one, &other);
        prop_assert_eq!(one.all() == other.all(), shown.changes.is_empty(), "{:#?}", shown);
        for change in shown.changes {
            let lengths = [change.recorded, change.incoming].map(|text| text.map_or(0, |text| text.chars().count()));
            prop_assert!(lengths.iter().all(|length| *length <= 80));
        }
    }

    #[test]
    fn nothing_differs_from_itself(one in any_request()) {
        let fields = fields(&one);
        for strategy in strategies() {
            prop_assert!(compare(&strategy, &fields, &fields.clone()).changes.is_empty());
        }
        prop_assert!(fields.leaves.windows(2).all(|pair| pair[0].field < pair[1].field), "sorted, no field twice");
    }

    #[test]
    fn key_order_and_whitespace_never_matter(members in prop::collection::btree_map(prop::sample::select(KEYS), value(2), 0..6), target in prop::sample::select(TARGETS)) {
        let texts: Vec<String> = members.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        let spaced: Vec<String> = members.iter().rev().map(|(key, value)| format!("\n \"{key}\" :\t{value} ")).collect();
        let one = fields(&json(target, &format!("{{{}}}", texts.join(","))));
        let other = fields(&json(target, &format!(" {{{}}}\r\n", spaced.join(","))));
        prop_assert_eq!(&one.leaves, &other.leaves);
        prop_assert_eq!(one.all(), other.all());
    }

    #[test]
    fn canonical_form_is_idempotent(number in "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,25})?", name in "([a-z]{1,8}/){0,2}[a-z0-9-]{1,12}(-2024-08-06)?") {
        use crate::dialect::model_name;
        use crate::wire::json::canonical_number;
        let canonical = canonical_number(&number);
        prop_assert_eq!(canonical_number(&canonical), canonical);
        prop_assert_eq!(model_name::canonical(model_name::canonical(&name)), model_name::canonical(&name));
    }

    #[test]
    fn no_bytes_make_it_panic(target in "\\PC{0,40}", kind in "(application/json|multipart/form-data; ?boundary=\"?a\"?|\\PC{0,20})", body in prop_oneof![prop::collection::vec(any::<u8>(), 0..200), "[-\\]\\[{}:,\"\\\\u0-9a\r\n ]{0,80}".prop_map(String::into_bytes)]) {
        let one = request(&target, &kind, body);
        let fields = Fields::of(&one);
        let _ = (crate::matching::summary(&one), fields.all(), crate::matching::credentials(&one));
    }
}

#[test]
fn names_are_resolved_or_listed() {
    let one = fields(&json("/v1/chat/completions?size=1", r#"{"size":1,"messages":[{"content":"a"}]}"#));
    assert_eq!(one.resolve("body/size").unwrap().to_string(), "body/size");
    assert_eq!(one.resolve("messages").unwrap().to_string(), "body/messages");
    assert_eq!(one.resolve("messages/0/content").unwrap().to_string(), "body/messages/0/content");
    assert_eq!(one.resolve("size").unwrap_err().to_string(), "`size` may mean query/size or body/size");
    assert_eq!(one.resolve("seed").unwrap_err().to_string(), "the request has no field `seed`");
}

#[test]
fn an_ignored_field_and_a_named_one_do_what_they_say() {
    let one = fields(&json("/v1/images/generations", r#"{"model":"m","prompt":"a","size":"1x1","seed":1}"#));
    let other =
        fields(&json("/v1/images/generations", r#"{"model":"m","prompt":"b","size":"1x1","seed":2}"#));
    let matches = |text: &str| compare(&text.parse().unwrap(), &one, &other).is_match();
    assert!(!matches("strict") && !matches("standard") && matches("standard -seed"));
    assert!(
        matches("specific size")
            && !matches("specific size,seed")
            && !matches("specific prompt")
            && matches("pinned")
    );
    let comparison = compare(&Strategy::STANDARD, &one, &other);
    let told: Vec<String> = comparison
        .changes
        .iter()
        .map(|c| format!("{} {:?} {:?} {}", c.field, c.recorded, c.incoming, c.significant))
        .collect();
    assert_eq!(told, [r#"body/prompt Some("a") Some("b") false"#, r#"body/seed Some("1") Some("2") true"#]);
    let text = serde_json::to_string(&comparison).unwrap();
    assert_eq!(serde_json::from_str::<crate::matching::Comparison>(&text).unwrap(), comparison);
}
