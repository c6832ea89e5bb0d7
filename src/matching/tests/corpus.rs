//! Pairs of requests that mean the same, or do not, under `standard`.

use super::{fields, form, json, request};
use crate::matching::compare;
use crate::model::{Headers, Request, Strategy};

const CHAT: &str = "/v1/chat/completions";

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

/// One pair a line: `=` or `!` (the same or not), why, the target, one body, the other. Two targets, and two methods or
/// mounts with them, stand around ` <> `. A body may have `<header: value>` in front, `type CONTENT-TYPE: ` where that is not
/// JSON's, `gzip` to be compressed, or be `form BOUNDARY name=value & name@file=content`. Lines that begin with `#` are for readers.
const PAIRS: &[&str] = &[
    include_str!("pairs/first.txt"),
    include_str!("pairs/openai.txt"),
    include_str!("pairs/azure.txt"),
    include_str!("pairs/anthropic.txt"),
    include_str!("pairs/gemini.txt"),
    include_str!("pairs/generic.txt"),
    include_str!("pairs/spellings.txt"),
    include_str!("pairs/echoes.txt"),
    include_str!("pairs/headers.txt"),
];

/// The request that a column means.
fn read(target: &str, body: &str) -> Request {
    if let Some((header, rest)) = body.strip_prefix('<').and_then(|body| body.split_once("> ")) {
        let (name, value) = header.split_once(": ").unwrap();
        let mut request = read(target, rest);
        request.headers.push(name, value.to_owned());
        return request;
    }
    if let Some((kind, rest)) = body.strip_prefix("type ").and_then(|body| body.split_once(": ")) {
        return request(target, kind, rest.to_owned());
    }
    if let Some(rest) = body.strip_prefix("gzip ") {
        return Request { headers: gzip("").headers, body: gzip(rest).body, ..json(target, "") };
    }
    let Some((boundary, parts)) = body.strip_prefix("form ").and_then(|form| form.split_once(' ')) else {
        return json(target, body);
    };
    let part = |part: &'static str| {
        let (name, content) = part.split_once('=').unwrap();
        let (name, file) = name.split_once('@').unwrap_or((name, ""));
        (name, file, content)
    };
    let parts = String::from(parts).leak();
    form(target, boundary, &parts.split(" & ").map(part).collect::<Vec<_>>())
}

#[test]
fn labelled_pairs_are_told_apart_under_standard() {
    let lines = PAIRS.iter().flat_map(|file| file.lines());
    let (mut pairs, mut wrong) = (0, Vec::new());
    let mut seen = std::collections::HashSet::new();
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let [label, _, target, one, other] = line.split(" | ").collect::<Vec<_>>()[..] else {
            panic!("five columns: {line}")
        };
        assert!(
            matches!(label, "=" | "!") && seen.insert((target, one, other)),
            "a label, and no pair twice: {line}"
        );
        let (first, second) = target.split_once(" <> ").unwrap_or((target, target));
        let (one, other) = (fields(&read(first, one)), fields(&read(second, other)));
        let standard = Strategy::STANDARD;
        let equal = one.fingerprint(&standard) == other.fingerprint(&standard);
        let hits = [(&one, &other), (&other, &one)].map(|(a, b)| compare(&standard, a, b).is_match());
        if hits != [label == "="; 2] || equal != (label == "=") {
            wrong.push(format!("{line}\n  {:#?}", compare(&standard, &one, &other).changes));
        }
        pairs += 1;
    }
    println!("{pairs} pairs, {} wrong or missed", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(pairs >= 600, "{pairs} pairs");
}

#[test]
fn edge_37_targets() {
    for (same, why, one, other) in [
        (true, "query order", "/v1/x?a=1&b=2", "/v1/x?b=2&a=1"),
        (true, "empty query", "/v1/x?", "/v1/x"),
        (true, "needless escape", "/v1/x?a=%7E", "/v1/x?a=~"),
        (true, "api key", "/v1/x?api_key=sk-1&a=1", "/v1/x?a=1"),
        (false, "a word called key", "/v1/x?key=apple", "/v1/x?key=banana"),
        (false, "a pager's token", "/v1/x?token=page2", "/v1/x?token=page3"),
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
    for raw in [true, false] {
        check(true, "edge 6: deflate", &deflate("{\"seed\":1}", raw), &json(CHAT, "{ \"seed\": 1 }"));
    }
}

/// A deflated body, raw as some clients send it or with the header of zlib.
fn deflate(body: &str, raw: bool) -> Request {
    let mut body = flate2::read::ZlibEncoder::new(body.as_bytes(), flate2::Compression::fast());
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut body, &mut bytes).unwrap();
    if raw {
        bytes = bytes[2..bytes.len() - 4].to_vec();
    }
    let headers = Headers::from_iter([("content-type", "application/json"), ("content-encoding", "deflate")]);
    Request { headers, body: bytes.into(), ..json(CHAT, "") }
}

fn gzip(body: &str) -> Request {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(body.as_bytes()).unwrap();
    let headers = Headers::from_iter([("content-type", "application/json"), ("content-encoding", "gzip")]);
    Request { headers, body: encoder.finish().unwrap().into(), ..json(CHAT, "") }
}
