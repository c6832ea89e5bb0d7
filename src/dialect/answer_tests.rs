use std::time::Duration;

use super::*;
use crate::dialect::Dialect;
use crate::model::ByteLog;

fn state(dialect: Dialect, target: &str, kind: &'static str, body: &str) -> AnswerState {
    let (method, path) = target.split_once(' ').unwrap();
    let response = Response {
        status: 200,
        headers: Headers::from_iter([("content-type", kind)]),
        log: ByteLog::whole(body.to_owned(), Duration::ZERO),
    };
    dialect.answer_state(&dialect.endpoint(method, path), method, &response)
}

const SSE: &str = "text/event-stream";
const JSON: &str = "application/json";
const ROWS: &str = "application/x-ndjson";
const CHAT: &str = "POST /v1/chat/completions";

#[test]
fn a_clean_end_is_an_end_where_the_body_says_so() {
    let openai =
        |target: &str, kind: &'static str, body: &str| state(Dialect::OpenAi, target, kind, body).ended;
    let other =
        |target: &str, kind: &'static str, body: &str| state(Dialect::Generic, target, kind, body).ended;
    let choice = |index: u8, reason: &str| {
        format!("data: {{\"choices\":[{{\"index\":{index},\"delta\":{{}},\"finish_reason\":{reason}}}]}}\n\n")
    };
    assert!(openai(CHAT, SSE, &choice(0, "\"stop\"")), "a finish reason and no [DONE]");
    assert!(!openai(CHAT, SSE, &choice(0, "null")));
    assert!(
        !openai(CHAT, SSE, &(choice(0, "\"stop\"") + &choice(1, "null"))),
        "one of two choices is not done"
    );
    assert!(openai(CHAT, SSE, &(choice(0, "\"stop\"") + &choice(1, "\"length\""))));
    assert!(!openai(CHAT, SSE, ""), "a stream without events");
    let stopped = "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n";
    assert!(state(Dialect::Anthropic, "POST /v1/messages", SSE, stopped).ended);
    // Behind a mount of which nothing is known streams are known by what they say.
    assert!(!other(CHAT, SSE, &choice(0, "null")));
    assert!(other(CHAT, SSE, "data: {\"choices\":[{\"delta\":{}}]}\n\ndata: [DONE]\n\n"));
    assert!(!other("POST /v2/chat", SSE, "event: message-start\ndata: {\"type\":\"message-start\"}\n\n"));
    assert!(other(
        "POST /v2/chat",
        SSE,
        "data: {\"type\":\"message-start\"}\n\ndata: {\"type\":\"message-end\"}\n\n"
    ));
    assert!(!other("POST /v1/messages", SSE, "data: {\"type\":\"message_start\"}\n\n"));
    assert!(
        other("POST /events", SSE, "data: {\"tick\":1}\n\n"),
        "its end is not known, so a clean end is one"
    );
}

#[test]
fn json_that_breaks_off_has_not_ended_whatever_the_connection_says() {
    let ended = |kind: &'static str, body: &str| state(Dialect::OpenAi, CHAT, kind, body).ended;
    for body in ["{\"a\":[1,2", "{\"a\":\"b", "[{\"a\":1},", "{\"a\":1", "{", "\"abc", ""] {
        assert!(!ended(JSON, body), "{body}");
        assert!(!ended("application/problem+json; charset=utf-8", body), "{body}");
    }
    for body in ["{}", "[]", " {\"a\":1}\n", "\"abc\"", "null", "\u{feff}{}", "{\"a\":NaN}"] {
        assert!(ended(JSON, body), "{body}");
    }
    let rows = |body: &str| state(Dialect::Generic, "POST /api/chat", ROWS, body);
    assert!(rows("{\"done\":false}\n{\"done\":true}\n").ended);
    assert!(rows("{\"done\":false}\n{\"done\":true}").terminated);
    assert!(!rows("{\"done\":false}\n{\"done\":false}\n").ended, "no last row");
    assert!(!rows("{\"done\":false}\n{\"do").ended);
    assert!(rows("{\"status\":\"pulling\"}\n{\"status\":\"success\"}\n").ended, "rows that never say it");
    assert!(ended("text/plain", ""), "a text may be empty");
}

#[test]
fn an_answer_without_a_body_is_whole() {
    for (method, status, length) in [
        ("HEAD", 200, None),
        ("GET", 304, None),
        ("DELETE", 204, None),
        ("GET", 206, None),
        ("POST", 200, Some("0")),
    ] {
        let mut headers = Headers::from_iter([("content-type", JSON)]);
        if let Some(length) = length {
            headers.push("content-length", length);
        }
        let response = Response { status, headers, log: ByteLog::default() };
        let endpoint = Dialect::OpenAi.endpoint(method, "/v1/files/f");
        assert!(Dialect::OpenAi.answer_state(&endpoint, method, &response).ended, "{method} {status}");
    }
}

#[test]
fn errors_in_the_body_of_a_success_are_failures() {
    let failure =
        |dialect, target: &str, kind: &'static str, body: &str| state(dialect, target, kind, body).failure;
    let error = Some(AnswerFailure::ErrorEvent);
    for (dialect, target, kind, body) in [
        (Dialect::OpenAi, CHAT, SSE, "data: {\"error\":{\"message\":\"overloaded\"}}\n\n"),
        (
            Dialect::OpenAi,
            "POST /v1/responses",
            SSE,
            "event: response.failed\ndata: {\"type\":\"response.failed\"}\n\n",
        ),
        (
            Dialect::OpenAi,
            "POST /v1/responses",
            JSON,
            "{\"id\":\"r\",\"status\":\"failed\",\"error\":{\"code\":\"x\"}}",
        ),
        (
            Dialect::Anthropic,
            "POST /v1/messages",
            SSE,
            "event: error\ndata: {\"type\":\"error\",\"error\":{}}\n\n",
        ),
        (
            Dialect::Gemini,
            "POST /v1/models/m:streamGenerateContent",
            SSE,
            "data: {\"error\":{\"code\":503}}\n\n",
        ),
        (Dialect::Gemini, "POST /v1/models/m:streamGenerateContent", JSON, "[{\"error\":{\"code\":503}}]"),
        (Dialect::Generic, CHAT, JSON, "{\"error\":{\"message\":\"rate limited\",\"code\":429}}"),
        (Dialect::Generic, "POST /api/chat", ROWS, "{\"done\":false}\n{\"error\":\"out of memory\"}\n"),
    ] {
        assert_eq!(failure(dialect, target, kind, body), error, "{body}");
        assert!(state(dialect, target, kind, body).ended, "{body}");
    }
    for (target, kind, body) in [
        ("GET /v1/responses/r", JSON, "{\"id\":\"r\",\"status\":\"failed\",\"error\":{\"code\":\"x\"}}"),
        ("POST /v1/responses", JSON, "{\"id\":\"r\",\"status\":\"completed\",\"error\":null}"),
        (CHAT, JSON, "{\"id\":\"c\",\"error\":\"\"}"),
        (CHAT, SSE, "data: {\"choices\":[],\"error\":null}\n\ndata: [DONE]\n\n"),
        (CHAT, JSON, "{\"choices\":[{\"message\":{\"content\":\"error\"}}]}"),
        (CHAT, JSON, "{\"score\":Infinity,\"other\":-Infinity,\"text\":\"NaN \\\" }\"}"),
    ] {
        assert_eq!(failure(Dialect::OpenAi, target, kind, body), None, "{body}");
    }
    assert_eq!(failure(Dialect::OpenAi, CHAT, JSON, "<html>busy</html>"), Some(AnswerFailure::Unparsable));
    let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
    assert_eq!(failure(Dialect::OpenAi, CHAT, JSON, &deep), None, "deep is no failure");
}

#[test]
fn frames_are_counted_and_exceptions_seen() {
    let frame = |name: &str| {
        let headers = [&[u8::try_from(name.len()).unwrap()][..], name.as_bytes(), &[7, 0, 1], b"x"].concat();
        let total = u32::try_from(16 + headers.len() + 2).unwrap();
        let len = u32::try_from(headers.len()).unwrap();
        [&total.to_be_bytes()[..], &len.to_be_bytes(), &[0; 4], &headers, b"{}", &[0; 4]].concat()
    };
    let of = |body: &[u8]| AnswerState::of_frames(body);
    let (event, exception) = (frame(":event-type"), frame(":exception-type"));
    assert_eq!(of(&event), AnswerState::WHOLE);
    assert!(!of(&event[..event.len() - 1]).ended && !of(&event[..3]).ended);
    assert_eq!(of(&[event, exception].concat()).failure, Some(AnswerFailure::ErrorEvent));
}

#[test]
fn the_end_of_a_stream_is_seen_with_the_piece_that_completes_it() {
    let watch = |dialect: Dialect, target: &str, kind| {
        let (method, path) = target.split_once(' ').unwrap();
        dialect.end_watch(&dialect.endpoint(method, path), &Headers::from_iter([("content-type", kind)]))
    };
    let ends = |mut watch: EndWatch, pieces: &[&str]| {
        let mut body = String::new();
        let seen: Vec<bool> = pieces
            .iter()
            .map(|piece| {
                body.push_str(piece);
                watch.ends(body.as_bytes())
            })
            .collect();
        seen
    };
    let chat = || watch(Dialect::OpenAi, CHAT, SSE).unwrap();
    assert_eq!(
        ends(chat(), &["data: {}\n\n", "data: [DO", "NE]\n", "\n", ": bye\n\n"]),
        [false, false, false, true, false]
    );
    assert_eq!(ends(chat(), &["data: {}\r\n\r\ndata: [DONE]\r\n\r\n"]), [true]);
    let claude = watch(Dialect::Anthropic, "POST /v1/messages", SSE).unwrap();
    assert_eq!(
        ends(claude, &["event: message_stop\ndata: {\"type\":\"message_stop\"}\n", "\n"]),
        [false, true]
    );
    let rows = watch(Dialect::Generic, "POST /api/chat", ROWS).unwrap();
    assert_eq!(ends(rows, &["{\"done\":false}\n{\"done\":t", "rue}", "\n"]), [false, false, true]);
    assert!(watch(Dialect::OpenAi, CHAT, JSON).is_none());
}
