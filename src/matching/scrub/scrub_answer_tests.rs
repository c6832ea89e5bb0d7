use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::matching::Salt;

const MAIL: &str = "jane.doe@example.com";

fn scrubber() -> Scrubber {
    Scrubber::new(Salt([7; 32]), false)
}

fn response(kind: &'static str, pieces: &[&str]) -> Response {
    let at = |nth: u64| Duration::from_millis(10 * nth);
    let log = ByteLog::from_pieces((1..).map(at).zip(pieces));
    Response { status: 200, headers: Headers::from_iter([("content-type", kind)]), log }
}

/// The answer as it is stored; that once more is the same, and its pieces add up.
fn stored(response: &Response, origin: AnswerOrigin<'_>) -> ByteLog {
    let scrubber = scrubber();
    let Some(log) = scrubber.answer(response, origin).unwrap() else { return response.log.clone() };
    let sum: u64 = log.pieces.iter().map(|piece| piece.len).sum();
    assert_eq!(sum, log.bytes.len() as u64, "the pieces add up");
    assert_ne!(log, response.log, "what did not change is none");
    let again = scrubber.answer(&Response { log: log.clone(), ..response.clone() }, origin).unwrap();
    assert_eq!(again, None, "{}", String::from_utf8_lossy(&log.bytes));
    log
}

fn of(kind: &'static str, body: &str) -> String {
    String::from_utf8(stored(&response(kind, &[body]), AnswerOrigin::default()).bytes.to_vec()).unwrap()
}

/// The placeholder of the address.
fn tag() -> String {
    of("text/plain", MAIL)
}

fn sse(events: &[Value]) -> String {
    let lines = events.iter().map(|event| match event["type"].as_str() {
        Some(name) => format!("event: {name}\ndata: {event}\n\n"),
        None => format!("data: {event}\n\n"),
    });
    lines.collect::<String>() + "data: [DONE]\n\n"
}

/// The data of all events.
fn events(body: &str) -> Vec<Value> {
    body.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok()).collect()
}

fn texts(events: &[Value], pointer: &str) -> String {
    events.iter().filter_map(|event| event.pointer(pointer)?.as_str()).collect()
}

#[test]
fn answers_in_one_piece() {
    let tag = tag();
    assert!(tag.starts_with("<email-") && tag.len() == 16, "{tag}");
    for (kind, body) in [
        ("application/json", r#"{"choices":[{"message":{"content":"write to MAIL"}}], "n" : 1.0}"#),
        ("application/json; charset=utf-8", "\u{feff}[\"MAIL\"]"),
        ("text/plain", "write to MAIL\n"),
        ("text/html", "<a href=\"mailto:MAIL\">"),
        ("application/jsonl", "{\"a\":\"MAIL\"}\n{\"b\":\"MAIL\"}\n"),
        ("", "{\"a\":\"MAIL\"}"),
        ("application/octet-stream", "MAIL"),
    ] {
        assert_eq!(of(kind, &body.replace("MAIL", MAIL)), body.replace("MAIL", &tag), "{kind} {body}");
    }
    let keys = of(
        "application/json",
        r#"{"content":"use sk-proj-abcdefghij0123456789","access_token":"abc","client_secret":{"value":"ek_1"},"token_type":"bearer"}"#,
    );
    assert!(keys.starts_with(r#"{"content":"use <key-"#), "{keys}");
    assert!(
        keys.ends_with(
            r#"","access_token":"redacted","client_secret":{"value":"redacted"},"token_type":"bearer"}"#
        ),
        "{keys}"
    );
    let call = of(
        "application/json",
        r#"{"tool_calls":[{"id":"call_1","function":{"arguments":"{\"password\":\"hunter2\"}"}}]}"#,
    );
    assert_eq!(
        call,
        r#"{"tool_calls":[{"id":"call_1","function":{"arguments":"{\"password\":\"redacted\"}"}}]}"#
    );
}

#[test]
fn what_providers_give_out_and_media_stay() {
    let base64 = "QUtJQUlPU0ZPRE5ON0VYQU1QTEU=".repeat(4);
    for (kind, body) in [
        ("application/json", r#"{"id":"chatcmpl-9","choices":[{"logprobs":{"content":[{"token":"key"},{"token":"@"}]}}],"usage":{"completion_tokens":5}}"#.to_owned()),
        ("application/json", r#"{"id":"resp_-sk-abcdefghijklmnopqrstuv","encrypted_content":"-sk-abcdefghijklmnopqrstuv"}"#.to_owned()),
        ("application/json", r#"{"content":[{"type":"thinking","signature":"EqQB-sk-abcdefghijklmnopqrstuv"}]}"#.to_owned()),
        ("application/json", format!("{{\"data\":[{{\"b64_json\":\"{}\"}}]}}", base64.repeat(3))),
        ("image/svg+xml", format!("<svg>{MAIL}</svg>")),
        ("audio/mpeg", MAIL.to_owned()),
        ("application/json", r#"{"data":"nextPageToken","next_page_token":"page2","code":"ok"}"#.to_owned()),
    ] {
        assert_eq!(of(kind, &body), body);
    }
    let binary = [&[0xff, 0x00][..], MAIL.as_bytes()].concat();
    let picture =
        Response { log: ByteLog::whole(binary, Duration::ZERO), ..response("application/octet-stream", &[]) };
    assert_eq!(scrubber().answer(&picture, AnswerOrigin::default()), Ok(None));
    let url = "https://cdn.example/a.png?sig=abcdefghij0123456789";
    let body = format!(r#"{{"data":[{{"url":"{url}"}}],"other":"{url}"}}"#);
    let origin = AnswerOrigin { links: &[url], ..AnswerOrigin::default() };
    assert_eq!(stored(&response("application/json", &[&body]), origin).bytes, body, "links stay whole");
    assert!(of("application/json", &body).contains("a.png?sig=redacted"));
}

#[test]
fn echoes_of_words_stay_and_those_of_keys_go() {
    let own = [Bytes::from("sk-retake-test-4f9a8c7e6d5b4a39"), Bytes::from("dummy")];
    let origin = AnswerOrigin { credentials: &own, ..AnswerOrigin::default() };
    let body = r#"{"error":{"message":"Incorrect API key provided: sk-retake-test-4f9a8c7e6d5b4a39, dummy"},"id":"sk-retake-test-4f9a8c7e6d5b4a39"}"#;
    let log = stored(&response("application/json", &[body]), origin);
    let text = String::from_utf8_lossy(&log.bytes);
    assert_eq!(text.matches("<key-").count(), 2, "{text}");
    assert!(text.contains(", dummy\""), "{text}");
    let headers = Headers::from_iter([
        ("x-echo", "Bearer sk-retake-test-4f9a8c7e6d5b4a39"),
        ("x-auth-token", "dummy"),
        ("content-length", "9"),
        ("x-request-id", "req_1"),
    ]);
    let scrubbed = scrubber().answer_headers(&headers, true, origin);
    assert!(scrubbed.text("x-echo").unwrap().starts_with("Bearer <key-"), "{scrubbed:?}");
    assert_eq!((scrubbed.text("x-auth-token"), scrubbed.text("content-length")), (Some("redacted"), None));
    assert_eq!(scrubbed.text("x-request-id"), Some("req_1"));
    let sound =
        Response { log: ByteLog::whole(own[0].clone(), Duration::ZERO), ..response("audio/mpeg", &[]) };
    assert_eq!(scrubber().answer(&sound, origin).unwrap().unwrap().bytes, "*".repeat(own[0].len()));
}

#[test]
fn an_address_in_the_deltas_of_a_chat_is_one_address() {
    let delta = |index: u32, text: &str| json!({"id": "c", "choices": [{"index": index, "delta": {"content": text}}]});
    let body = sse(&[
        delta(0, "Mail \njane.d"),
        delta(1, "oe@"),
        delta(0, "oe@exam"),
        delta(0, "ple.com, "),
        delta(1, "x"),
        delta(0, "now"),
    ]);
    let out = events(&of("text/event-stream", &body));
    assert_eq!(out.len(), 6, "no event is lost");
    let of_choice = |index: u32| {
        let own: Vec<_> = out.iter().filter(|event| event["choices"][0]["index"] == index).cloned().collect();
        texts(&own, "/choices/0/delta/content")
    };
    assert_eq!(of_choice(0), format!("Mail \n{}, now", tag()));
    assert_eq!(of_choice(1), "oe@x", "another choice is another text");
    assert_eq!(out[0]["choices"][0]["delta"]["content"], format!("Mail \n{}", tag()));
    assert_eq!(out[2]["choices"][0]["delta"]["content"], "");
}

#[test]
fn keys_and_arguments_in_pieces() {
    let call = |text: &str| json!({"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": text}}]}}]});
    let body = sse(&[call(""), call("{\"pass"), call("word\":\"hun"), call("ter2\",\"n\":"), call("1}")]);
    let out =
        texts(&events(&of("text/event-stream", &body)), "/choices/0/delta/tool_calls/0/function/arguments");
    assert_eq!(out, r#"{"password":"redacted","n":1}"#);
    let text = |index: u32, text: &str| json!({"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": text}});
    let input = |text: &str| json!({"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": text}});
    let body = sse(&[
        text(0, "s"),
        text(0, "k-proj-abcdefghij"),
        text(0, "0123456789."),
        input("{\"api_k"),
        input("ey\": \"abc"),
        input("def\"}"),
        json!({"type": "message_stop"}),
    ]);
    let out = events(&of("text/event-stream", &body));
    let said = texts(&out, "/delta/text");
    assert!(said.starts_with("<key-") && said.ends_with(">."), "{said}");
    assert_eq!(texts(&out, "/delta/partial_json"), r#"{"api_key": "redacted"}"#);
    let spoken = |text: &str| json!({"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0, "content_index": 0, "delta": text});
    let body = sse(&[
        spoken("jane.doe@"),
        spoken("example.com"),
        json!({"type": "response.output_text.done", "output_index": 0, "content_index": 0, "text": MAIL}),
    ]);
    let out = events(&of("text/event-stream", &body));
    assert_eq!((texts(&out, "/delta"), texts(&out, "/text")), (tag(), tag()));
}

#[test]
fn other_streams_in_pieces() {
    let part = |text: &str| json!({"candidates": [{"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}]});
    let both = [part("to jane.doe"), part("@example.com")];
    let wanted = format!("to {}", tag());
    assert_eq!(
        texts(&events(&of("text/event-stream", &sse(&both))), "/candidates/0/content/parts/0/text"),
        wanted
    );
    let array = format!("[{},\n{}]", both[0], both[1]);
    let out: Vec<Value> = serde_json::from_str(&of("application/json", &array)).unwrap();
    assert_eq!(texts(&out, "/candidates/0/content/parts/0/text"), wanted);
    let line = |text: &str, done: bool| json!({"model": "llama", "created_at": "2026", "message": {"role": "assistant", "content": text}, "done": done});
    let body = format!("{}\n{}\n{}\n", line("jane.d", false), line("oe@example.com", false), line("", true));
    for kind in ["application/x-ndjson", "application/jsonl", "application/stream+json"] {
        let out: Vec<Value> =
            of(kind, &body).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((out.len(), texts(&out, "/message/content")), (3, tag()), "{kind}");
    }
    for kind in ["", "text/plain", "application/octet-stream"] {
        let out = events(&of(kind, &sse(&both)));
        assert_eq!(texts(&out, "/candidates/0/content/parts/0/text"), wanted, "{kind}: read as a stream");
    }
    assert_eq!(
        of(
            "text/event-stream",
            "event: output\ndata: jane.d\n\nevent: output\ndata: oe@example.com\n\nevent: done\ndata: {}\n\n"
        ),
        format!("event: output\ndata: {}\n\nevent: output\ndata: \n\nevent: done\ndata: {{}}\n\n", tag())
    );
    let split = "data: {\"api_key\":\ndata: \"hunter2\",\r\ndata: \"a\":\"jane.doe@example.com\"}\r\n\r\n: jane.doe@example.com\n";
    let wanted = split.replace("hunter2", "redacted").replace(MAIL, &tag());
    assert_eq!(of("text/event-stream", split), wanted);
}

#[test]
fn the_pieces_of_the_log_follow() {
    let body = ["data: {\"delta\":\"ja", "ne.doe@exam", "ple.com\"}\n\n", "data: [DONE]\n\n"];
    let log = stored(&response("text/event-stream", &body), AnswerOrigin::default());
    let pieces: Vec<_> =
        log.iter().map(|(at, piece)| (at.as_millis(), String::from_utf8(piece.to_vec()).unwrap())).collect();
    let first = format!("data: {{\"delta\":\"{}", tag());
    assert_eq!(pieces, [(10, first), (30, "\"}\n\n".to_owned()), (40, "data: [DONE]\n\n".to_owned())]);
}

#[test]
fn places_are_counted_where_they_differ() {
    let count = |body: &str| replaced_places(&response("application/json", &[body]));
    assert_eq!(count(r#"{"a":"see <email-1a2b3c4d>","api_key":"redacted","b":"it was redacted"}"#), 2);
    assert_eq!(
        count(r#"{"arguments":"{\"password\": \"redacted\"}","u":"https://a:redacted@b/?key=redacted&x"}"#),
        3
    );
    assert_eq!(count(r#"{"type":"redacted_thinking","a":"<tag-1>"}"#), 0);
}

#[test]
fn answers_can_be_kept_but_not_their_credentials() {
    let own = [Bytes::from("sk-retake-test-4f9a8c7e6d5b4a39")];
    let origin = AnswerOrigin { credentials: &own, ..AnswerOrigin::default() };
    let body = format!(
        r#"{{"a":"{MAIL} ghp_abcdefghijklmnopqrstuvwxyz0123456789 sk-retake-test-4f9a8c7e6d5b4a39","api_key":"x"}}"#
    );
    let log = scrubber()
        .keeping_answers(true)
        .answer(&response("application/json", &[&body]), origin)
        .unwrap()
        .unwrap();
    let text = String::from_utf8_lossy(&log.bytes);
    assert!(
        text.starts_with(&format!(r#"{{"a":"{MAIL} ghp_abcdefghijklmnopqrstuvwxyz0123456789 <key-"#)),
        "{text}"
    );
    assert!(text.ends_with(r#"","api_key":"redacted"}"#), "{text}");
}

/// A text in pieces at the given places.
fn cut(text: &str, cuts: &[usize]) -> Vec<String> {
    let mut at: Vec<usize> =
        cuts.iter().map(|cut| cut % (text.len() + 1)).filter(|at| text.is_char_boundary(*at)).collect();
    at.extend([0, text.len()]);
    at.sort_unstable();
    at.windows(2).map(|two| text[two[0]..two[1]].to_owned()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_cut_hides_a_secret(
        before in "[ a-zé\"\\\\\n]{0,8} ",
        behind in " [ a-zé\"\\\\\n]{0,8}",
        secret in prop::sample::select(vec![MAIL, "ghp_abcdefghijklmnopqrstuvwxyz0123456789", "AKIAIOSFODNN7EXAMPLE"]),
        cuts in prop::collection::vec(any::<usize>(), 0..6),
        pieces in prop::collection::vec(any::<usize>(), 0..6),
    ) {
        let text = format!("{before}{secret}{behind}");
        let deltas = cut(&text, &cuts);
        let all: Vec<_> = deltas.iter().map(|text| json!({"choices": [{"index": 0, "delta": {"content": text}}]})).collect();
        let body = sse(&all);
        let arrived = cut(&body, &pieces);
        let arrived: Vec<_> = arrived.iter().map(String::as_str).collect();
        let log = stored(&response("text/event-stream", &arrived), AnswerOrigin::default());
        let out = events(std::str::from_utf8(&log.bytes).unwrap());
        prop_assert_eq!(out.len(), all.len());
        let said = texts(&out, "/choices/0/delta/content");
        let whole = of("text/plain", &text);
        prop_assert!(!said.contains(secret));
        prop_assert_eq!(said, whole);
    }
}

/// Keys that no text holds as a whole: in tokens, parts, the events of several kinds, and in bytes.
#[test]
fn a_key_in_pieces_is_found_wherever_the_pieces_stand() {
    const KEY: &str = "sk-retake-test-4f9a8c7e6d5b4a39281706f5";
    let own = [Bytes::from(KEY)];
    let origin = AnswerOrigin { credentials: &own, ..AnswerOrigin::default() };
    let pieces: Vec<_> = KEY.as_bytes().chunks(7).map(|piece| std::str::from_utf8(piece).unwrap()).collect();
    let tokens: Vec<_> = pieces
        .iter()
        .map(|piece| json!({"token": piece, "bytes": piece.as_bytes(), "logprob": -0.1}))
        .collect();
    let parts: Vec<_> = pieces.iter().map(|piece| json!({"type": "text", "text": piece})).collect();
    let bare: Vec<_> = pieces.iter().map(|piece| format!("data: {piece}\n\n")).collect();
    let mut anthropic = vec![
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": pieces[0]}}),
    ];
    anthropic.extend(pieces[1..].iter().map(|piece| {
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}})
    }));
    let kinds: Vec<_> = pieces
        .iter()
        .enumerate()
        .map(|(nth, piece)| json!({"type": format!("kind{nth}"), "delta": piece}))
        .collect();
    let ids: Vec<_> = pieces.iter().map(|piece| json!({"choices": [{"delta": {"id": piece}}]})).collect();
    let lines: Vec<_> = pieces.iter().map(|piece| json!({"response": piece}).to_string() + "\n").collect();
    for (kind, body) in [
        ("application/json", json!({"choices": [{"logprobs": {"content": tokens}}]}).to_string()),
        ("application/json", json!({"content": parts}).to_string()),
        ("application/json", json!(pieces).to_string()),
        ("application/json", json!({"a": &pieces[..3].concat(), "b": &pieces[3..].concat()}).to_string()),
        ("application/json", json!({"said": pieces}).to_string().replace("sk-", "\\u0073k-")),
        ("application/x-ndjson", lines.concat()),
        ("text/event-stream", sse(&anthropic)),
        ("text/event-stream", sse(&kinds)),
        ("text/event-stream", sse(&ids)),
        ("text/event-stream", bare.concat()),
    ] {
        let log = stored(&response(kind, &[&body]), origin);
        let text = String::from_utf8(log.bytes.to_vec()).unwrap();
        assert_eq!(text.matches("<key-").count(), 1, "{text}");
        for piece in &pieces {
            assert!(!text.contains(piece), "{piece} in {text}");
        }
        assert!(!text.contains(&json!(pieces[1].as_bytes()).to_string()), "{text}");
        if kind == "application/json" {
            serde_json::from_str::<Value>(&text).unwrap();
        }
    }
}
