//! Pairs of requests that mean the same, or do not, under `standard`.

use super::{fields, form, json, request};
use crate::matching::compare;
use crate::model::{Headers, Request, Strategy};

const CHAT: &str = "/v1/chat/completions";
const IMAGES: &str = "/v1/images/generations";

/// Fails unless the pair matches under `standard` exactly when `same`; both ways round.
fn check(same: bool, why: &str, one: &Request, other: &Request) {
    let (one, other) = (fields(one), fields(other));
    for (one, other) in [(&one, &other), (&other, &one)] {
        let comparison = compare(&Strategy::STANDARD, one, other);
        assert_eq!(comparison.is_match(), same, "{why}: {comparison:#?}");
        assert_eq!(
            one.fingerprint(&Strategy::STANDARD) == other.fingerprint(&Strategy::STANDARD),
            same,
            "{why}"
        );
    }
}

/// JSON bodies that mean the same: why, target, one body, the other.
const SAME: &[(&str, &str, &str, &str)] = &[
    (
        "key order",
        CHAT,
        r#"{"model":"m","messages":[{"role":"user","content":"a"}]}"#,
        r#"{"messages":[{"content":"a","role":"user"}],"model":"m"}"#,
    ),
    (
        "whitespace",
        CHAT,
        r#"{"model":"m","seed":1}"#,
        "\u{feff} {\n\t\"model\" : \"m\" ,\r\n \"seed\" : 1 }\n",
    ),
    ("1 and 1.0", CHAT, r#"{"temperature":1}"#, r#"{"temperature":1.0}"#),
    ("1 and 1e0", CHAT, r#"{"temperature":1}"#, r#"{"temperature":1e0}"#),
    ("1 and 10e-1", CHAT, r#"{"temperature":1}"#, r#"{"temperature":10e-1}"#),
    ("0 and -0", CHAT, r#"{"temperature":0}"#, r#"{"temperature":-0.0}"#),
    (
        "escapes",
        CHAT,
        r#"{"messages":[{"content":"é/😀"}]}"#,
        r#"{"messages":[{"content":"\u00e9\/\ud83d\ude00"}]}"#,
    ),
    ("escaped key", CHAT, r#"{"seed":1}"#, r#"{"s\u0065ed":1}"#),
    ("default n", CHAT, r#"{"model":"m","n":1}"#, r#"{"model":"m"}"#),
    ("null seed", CHAT, r#"{"seed":null,"model":"m"}"#, r#"{"model":"m"}"#),
    ("stream false", CHAT, r#"{"stream":false,"model":"m"}"#, r#"{"model":"m"}"#),
    ("stream null and false", CHAT, r#"{"stream":false,"model":"m"}"#, r#"{"stream":null,"model":"m"}"#),
    ("user", CHAT, r#"{"model":"m","user":"a"}"#, r#"{"model":"m","user":"b"}"#),
    ("metadata", CHAT, r#"{"model":"m","metadata":{"a":{"b":1}}}"#, r#"{"model":"m"}"#),
    ("store", CHAT, r#"{"model":"m","store":true}"#, r#"{"model":"m"}"#),
    ("service tier", CHAT, r#"{"model":"m","service_tier":"flex"}"#, r#"{"model":"m"}"#),
    ("cache key", CHAT, r#"{"model":"m","prompt_cache_key":"k"}"#, r#"{"model":"m"}"#),
    (
        "obfuscation",
        CHAT,
        r#"{"model":"m","stream_options":{"include_obfuscation":true}}"#,
        r#"{"model":"m"}"#,
    ),
    ("empty stream options", CHAT, r#"{"model":"m","stream_options":{}}"#, r#"{"model":"m"}"#),
    ("model date", CHAT, r#"{"model":"gpt-4o-2024-08-06"}"#, r#"{"model":"gpt-4o"}"#),
    ("model prefix", CHAT, r#"{"model":"openai/gpt-4o"}"#, r#"{"model":"gpt-4o"}"#),
    ("two prefixes", CHAT, r#"{"model":"openrouter/openai/gpt-4o"}"#, r#"{"model":"gpt-4o-2024-11-20"}"#),
    (
        "tool call ids",
        CHAT,
        r#"{"messages":[{"tool_calls":[{"id":"call_a"}]},{"tool_call_id":"call_a"}]}"#,
        r#"{"messages":[{"tool_calls":[{"id":"call_b"}]},{"tool_call_id":"call_b"}]}"#,
    ),
    ("image prompt", IMAGES, r#"{"model":"m","prompt":"a cat"}"#, r#"{"model":"m","prompt":"a dog"}"#),
    ("size auto", IMAGES, r#"{"model":"m","size":"auto"}"#, r#"{"model":"m"}"#),
    ("png", IMAGES, r#"{"model":"m","output_format":"png","output_compression":100}"#, r#"{"model":"m"}"#),
    ("n 1.0", IMAGES, r#"{"model":"m","n":1.0}"#, r#"{"model":"m"}"#),
    (
        "b64 of gpt-image",
        IMAGES,
        r#"{"model":"gpt-image-1","response_format":"b64_json"}"#,
        r#"{"model":"gpt-image-1"}"#,
    ),
    ("video prompt", "/v1/videos", r#"{"prompt":"a","seconds":"4"}"#, r#"{"prompt":"b"}"#),
    ("mp3", "/v1/audio/speech", r#"{"input":"a","response_format":"mp3","speed":1.0}"#, r#"{"input":"a"}"#),
    ("float", "/v1/embeddings", r#"{"input":"a","encoding_format":"float"}"#, r#"{"input":"a"}"#),
    (
        "media in JSON",
        CHAT,
        r#"{"messages":[{"content":"data:image/png;base64,AAAA"}]}"#,
        r#"{"messages":[{"content":"data:image\/PNG;base64,AAAA"}]}"#,
    ),
];

#[test]
fn json_bodies_that_mean_the_same() {
    for (why, target, one, other) in SAME {
        check(true, why, &json(target, one), &json(target, other));
    }
}

/// JSON bodies that mean something else.
const OTHER: &[(&str, &str, &str, &str)] = &[
    (
        "edge 4: growing chat",
        CHAT,
        r#"{"messages":[{"role":"user","content":"a"}]}"#,
        r#"{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}"#,
    ),
    (
        "order of messages",
        CHAT,
        r#"{"messages":[{"content":"a"},{"content":"b"}]}"#,
        r#"{"messages":[{"content":"b"},{"content":"a"}]}"#,
    ),
    ("chat text", CHAT, r#"{"messages":[{"content":"a"}]}"#, r#"{"messages":[{"content":"b"}]}"#),
    ("case", CHAT, r#"{"messages":[{"content":"a"}]}"#, r#"{"messages":[{"content":"A"}]}"#),
    ("space in text", CHAT, r#"{"messages":[{"content":"a"}]}"#, r#"{"messages":[{"content":"a "}]}"#),
    ("edge 3: 2^53 and 2^53+1", CHAT, r#"{"seed":9007199254740992}"#, r#"{"seed":9007199254740993}"#),
    ("2^53-1 and 2^53", CHAT, r#"{"seed":9007199254740991}"#, r#"{"seed":9007199254740992}"#),
    ("2^64 and 2^64+1", CHAT, r#"{"seed":18446744073709551616}"#, r#"{"seed":18446744073709551617}"#),
    ("small decimals", CHAT, r#"{"temperature":0.1}"#, r#"{"temperature":0.10000000000000001}"#),
    ("1 and \"1\"", CHAT, r#"{"seed":1}"#, r#"{"seed":"1"}"#),
    ("1 and true", CHAT, r#"{"seed":1}"#, r#"{"seed":true}"#),
    ("duplicate key", CHAT, r#"{"seed":1,"seed":2}"#, r#"{"seed":2}"#),
    ("duplicate keys turned", CHAT, r#"{"seed":1,"seed":2}"#, r#"{"seed":2,"seed":1}"#),
    ("array and object", CHAT, r#"{"stop":["x"]}"#, r#"{"stop":{"0":"x"}}"#),
    ("nested arrays", CHAT, r#"{"input":[[1],[2,3]]}"#, r#"{"input":[[1,2],[3]]}"#),
    ("empty array and object", CHAT, r#"{"stop":[]}"#, r#"{"stop":{}}"#),
    ("empty array and absent", CHAT, r#"{"stop":[]}"#, "{}"),
    (
        "null inside arguments",
        CHAT,
        r#"{"tools":[{"function":{"parameters":{"a":null}}}]}"#,
        r#"{"tools":[{"function":{"parameters":{}}}]}"#,
    ),
    ("default inside a schema", CHAT, r#"{"tools":[{"n":1}]}"#, r#"{"tools":[{}]}"#),
    ("metadata inside a schema", CHAT, r#"{"tools":[{"metadata":1}]}"#, r#"{"tools":[{"metadata":2}]}"#),
    ("user inside arguments", CHAT, r#"{"messages":[{"user":"a"}]}"#, r#"{"messages":[{"user":"b"}]}"#),
    ("null of an unknown field", CHAT, r#"{"unheard_of":null}"#, "{}"),
    ("model", CHAT, r#"{"model":"gpt-4o"}"#, r#"{"model":"gpt-4o-mini"}"#),
    ("organization in the model", CHAT, r#"{"model":"meta-llama/x"}"#, r#"{"model":"x"}"#),
    ("stream", CHAT, r#"{"stream":true}"#, "{}"),
    ("include usage", CHAT, r#"{"stream_options":{"include_usage":true}}"#, "{}"),
    (
        "which tool call",
        CHAT,
        r#"{"messages":[{"tool_calls":[{"id":"a"},{"id":"b"}]},{"tool_call_id":"a"}]}"#,
        r#"{"messages":[{"tool_calls":[{"id":"a"},{"id":"b"}]},{"tool_call_id":"b"}]}"#,
    ),
    ("size", IMAGES, r#"{"size":"1024x1024"}"#, r#"{"size":"1024x1536"}"#),
    ("n", IMAGES, r#"{"n":2}"#, "{}"),
    ("seed", IMAGES, r#"{"seed":1}"#, r#"{"seed":2}"#),
    ("quality", IMAGES, r#"{"quality":"low"}"#, r#"{"quality":"high"}"#),
    ("webp", IMAGES, r#"{"output_format":"webp"}"#, "{}"),
    (
        "response format",
        IMAGES,
        r#"{"model":"dall-e-3","response_format":"b64_json"}"#,
        r#"{"model":"dall-e-3"}"#,
    ),
    ("instructions of speech", "/v1/audio/speech", r#"{"input":"a"}"#, r#"{"input":"b"}"#),
    ("completion prompt", "/v1/completions", r#"{"prompt":"a"}"#, r#"{"prompt":"b"}"#),
    ("embedding input", "/v1/embeddings", r#"{"input":"a"}"#, r#"{"input":["a"]}"#),
    ("responses input", "/v1/responses", r#"{"input":"a"}"#, r#"{"input":"b"}"#),
    (
        "previous response",
        "/v1/responses",
        r#"{"previous_response_id":"a"}"#,
        r#"{"previous_response_id":"b"}"#,
    ),
    ("lone surrogates", CHAT, r#"{"stop":"\ud800"}"#, r#"{"stop":"\ud801"}"#),
    ("generic prompt", "other!/v1/images/generations", r#"{"prompt":"a"}"#, r#"{"prompt":"b"}"#),
    ("generic user", "other!/v1/x", r#"{"user":"a"}"#, r#"{"user":"b"}"#),
    (
        "media",
        CHAT,
        r#"{"messages":[{"content":"data:image/png;base64,AAAA"}]}"#,
        r#"{"messages":[{"content":"data:image/png;base64,AAAB"}]}"#,
    ),
];

#[test]
fn json_bodies_that_mean_something_else() {
    for (why, target, one, other) in OTHER {
        check(false, why, &json(target, one), &json(target, other));
    }
}

#[test]
fn edge_37_targets() {
    for (same, why, one, other) in [
        (true, "query order", "/v1/x?a=1&b=2", "/v1/x?b=2&a=1"),
        (true, "empty query", "/v1/x?", "/v1/x"),
        (true, "needless escape", "/v1/x?a=%7E", "/v1/x?a=~"),
        (true, "api key", "/v1/x?key=sk-1&a=1", "/v1/x?a=1"),
        (true, "api version", "/v1/x?api-version=1", "/v1/x?api-version=2"),
        (true, "trailing slash", "/v1/chat/completions/", "/v1/chat/completions"),
        (true, "mounts of one dialect", "openai!/v1/chat/completions", "lumenfall!/v1/chat/completions"),
        (false, "mounts of the generic one", "a!/v1/x", "b!/v1/x"),
        (false, "dialects", "openai!/v1/x", "b!/v1/x"),
        (false, "parameter", "/v1/x?dryRun=true", "/v1/x"),
        (false, "repeated parameter", "/v1/x?a=1&a=2", "/v1/x?a=2&a=1"),
        (false, "repeated and single", "/v1/x?a=1&a=1", "/v1/x?a=1"),
        (false, "path", "/v1/x", "/v1/y"),
        (false, "id in the path", "GET /v1/videos/video_1", "GET /v1/videos/video_2"),
        (false, "version", "/v1/x", "/v2/x"),
        (false, "method", "GET /v1/videos/video_1", "DELETE /v1/videos/video_1"),
        (false, "generic slashes", "a!/v1//x", "a!/v1/x"),
        (true, "generic needless escape", "a!/v1/%7e", "a!/v1/~"),
        (false, "generic needed escape", "a!/v1/a%2fb", "a!/v1/a/b"),
    ] {
        check(same, why, &json(one, ""), &json(other, ""));
    }
}

#[test]
fn headers_that_decide_and_others() {
    let with = |name: &str, value: &str| {
        let mut request = json(CHAT, "{}");
        request.headers.push(name, value.to_owned());
        request
    };
    for (same, name) in [
        (true, "idempotency-key"),
        (true, "user-agent"),
        (true, "x-stainless-retry-count"),
        (true, "traceparent"),
        (true, "authorization"),
        (false, "openai-beta"),
        (false, "range"),
    ] {
        check(same, name, &with(name, "a"), &with(name, "b"));
        check(same, name, &with(name, "a"), &json(CHAT, "{}"));
    }
}

#[test]
fn edge_1_forms_are_compared_by_parts() {
    const EDITS: &str = "/v1/images/edits";
    let one = form(
        EDITS,
        "aaa",
        &[("model", "", "m"), ("image[]", "a.png", "\x01A"), ("image[]", "b.png", "\x01B"), ("n", "", "2")],
    );
    let of = |parts: &[(&str, &str, &str)]| form(EDITS, "bbb-000", parts);
    let a = ("image[]", "x.png", "\x01A");
    let b = ("image[]", "y.png", "\x01B");
    check(true, "boundary, order, file names", &one, &of(&[("n", "", "2"), a, ("model", "", "m"), b]));
    check(true, "number form", &one, &of(&[("n", "", "2.0"), a, ("model", "", "m"), b]));
    check(true, "prompt", &one, &of(&[("n", "", "2"), a, ("model", "", "m"), b, ("prompt", "", "x")]));
    check(true, "default", &one, &of(&[("n", "", "2"), a, ("model", "", "m"), b, ("size", "", "auto")]));
    check(false, "order of repeated parts", &one, &of(&[("n", "", "2"), b, ("model", "", "m"), a]));
    check(
        false,
        "contents",
        &one,
        &of(&[("n", "", "2"), a, ("model", "", "m"), ("image[]", "b.png", "\x01C")]),
    );
    check(false, "one picture less", &one, &of(&[("n", "", "2"), a, ("model", "", "m")]));
    check(false, "n", &one, &of(&[("n", "", "3"), a, ("model", "", "m"), b]));
    check(true, "n=1", &of(&[("n", "", "1"), a]), &of(&[a]));
    let quoted = {
        let plain = of(&[a, b]);
        request(EDITS, "multipart/form-data; boundary=\"bbb-000\"", plain.body)
    };
    check(true, "quoted boundary", &of(&[a, b]), &quoted);
    let bare: Vec<u8> = of(&[a, b]).body.iter().copied().filter(|byte| *byte != b'\r').collect();
    check(
        true,
        "bare line feeds",
        &of(&[a, b]),
        &request(EDITS, "multipart/form-data; boundary=bbb-000", bare),
    );
    let broken = request(EDITS, "multipart/form-data; boundary=zzz", of(&[a, b]).body);
    assert_eq!(fields(&broken).opaque, Some("the boundary does not occur"));
    check(false, "edge 2: unreadable", &of(&[a, b]), &broken);
    check(true, "edge 2: unreadable and equal", &broken, &broken.clone());
    check(
        true,
        "seconds of a video",
        &form("/v1/videos", "a", &[("seconds", "", "4")]),
        &form("/v1/videos", "b", &[("prompt", "", "x")]),
    );
}

#[test]
fn bodies_of_other_kinds() {
    let text = |body: &str| request("/v1/x", "text/plain", body.to_owned());
    let many = |inner: &str| json(CHAT, &format!("[{}{inner}]", "\"\",".repeat(100_001)));
    assert_eq!(fields(&many("1")).opaque, Some("its JSON has too many values"));
    assert!(fields(&many("1")).leaves.len() < 10);
    check(false, "many values", &many("1"), &many("2"));
    let tokens =
        |last: &str| json("/v1/embeddings", &format!("{{\"input\":[[{}{last}]]}}", "1.0,".repeat(5000)));
    check(true, "tokens", &tokens("2"), &tokens("2.0"));
    check(false, "tokens", &tokens("2"), &tokens("3"));
    check(true, "text", &text("a"), &text("a"));
    check(false, "text", &text("a"), &text("b"));
    check(false, "opaque spaces", &text("a"), &text("a "));
    check(false, "broken JSON", &json(CHAT, "{\"a\":1"), &json(CHAT, "{\"a\": 1"));
    assert_eq!(fields(&json(CHAT, "{")).opaque, Some("it is not valid JSON"));
    let deep = |inner: &str| json(CHAT, &format!("{}{inner}{}", "[".repeat(200), "]".repeat(200)));
    assert_eq!(fields(&deep("")).opaque, Some("its JSON is nested too deeply"));
    check(false, "edge 3: deep", &deep("1"), &deep("2"));
    check(
        false,
        "binary",
        &request("/v1/x", "image/png", vec![0xff]),
        &request("/v1/x", "image/png", vec![0xfe]),
    );
    check(true, "JSON without a content type", &request(CHAT, "", "{\"a\": 1}"), &json(CHAT, "{\"a\":1}"));
    check(true, "edge 6: compressed", &gzip("{\"seed\":1}"), &json(CHAT, "{ \"seed\": 1 }"));
}

fn gzip(body: &str) -> Request {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(body.as_bytes()).unwrap();
    let headers = Headers::from_iter([("content-type", "application/json"), ("content-encoding", "gzip")]);
    Request { headers, body: encoder.finish().unwrap().into(), ..json(CHAT, "") }
}
