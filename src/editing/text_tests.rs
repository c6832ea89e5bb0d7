use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::dialect::Dialect;
use crate::editing::{set_body, set_image};
use crate::model::{ByteLog, Headers, Request};
use crate::reading::{events, text_of};

fn headers(kind: &str) -> Headers {
    [("content-type", kind.to_owned())].into_iter().collect()
}

/// A response of which a piece arrives every 10 ms.
fn response(kind: &str, pieces: &[&str]) -> Response {
    let timed = pieces.iter().zip(1..).map(|(piece, n)| (Duration::from_millis(10 * n), piece));
    Response { status: 200, headers: headers(kind), log: ByteLog::from_pieces(timed) }
}

const SSE: &str = "text/event-stream; charset=utf-8";
const JSON: &str = "application/json";

fn anthropic() -> Response {
    let event = |name: &str, rest: &str| format!("event: {name}\ndata: {{\"type\":\"{name}\"{rest}}}\n\n");
    let delta = |index: u8, delta: &str| {
        event("content_block_delta", &format!(",\"index\": {index} ,\"delta\":{delta}"))
    };
    let all = [
        event(
            "message_start",
            r#","message":{"id":"msg_1","content":[],"usage":{"input_tokens":3,"output_tokens":1}}"#,
        ),
        event("content_block_start", r#","index":0,"content_block":{"type":"thinking","thinking":""}"#),
        delta(0, r#"{"type":"thinking_delta","thinking":"Hmm"}"#),
        event("content_block_stop", r#","index":0"#),
        event("ping", ""),
        event("content_block_start", r#","index":1,"content_block":{"type":"text","text":""}"#),
        delta(1, r#"{"type":"text_delta","text":"Hello"}"#),
        delta(1, r#"{"type":"text_delta","text":", w\u00f6rld"}"#),
        delta(1, r#"{"type":"text_delta","text":"!"}"#),
        event("content_block_stop", r#","index":1"#),
        delta(2, r#"{"type":"input_json_delta","partial_json":"{\"text\":1}"}"#),
        event("message_delta", r#","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}"#),
        event("message_stop", ""),
    ];
    response(SSE, &all.iter().map(String::as_str).collect::<Vec<_>>())
}

fn gemini() -> Response {
    let part = |part: &str, rest: &str| {
        format!(
            "data: {{\"candidates\": [{{\"content\": {{\"parts\": [{part}],\"role\": \"model\"}}{rest}}}]}}\r\n\r\n"
        )
    };
    let all = [
        part(r#"{"text": "Let me think","thought": true}"#, ""),
        part(r#"{"text": "One two"},{"text":" three"}"#, r#","index": 0"#),
        part(r#"{"text": " four."}"#, r#","finishReason": "STOP","index": 0"#),
    ];
    response(SSE, &all.iter().map(String::as_str).collect::<Vec<_>>())
}

fn responses() -> Response {
    let event = |name: &str, rest: &str| format!("event: {name}\ndata: {{\"type\":\"{name}\",{rest}}}\n\n");
    let part = |text: &str| format!(r#"{{"type":"output_text","text":"{text}","annotations":[]}}"#);
    let item = |text: &str| format!(r#"{{"id":"msg_1","type":"message","content":[{}]}}"#, part(text));
    let at = r#""output_index":1,"content_index":0"#;
    let done = format!(
        r#""response":{{"status":"completed","output":[{{"type":"reasoning","summary":[]}},{}]}}"#,
        item("stop")
    );
    let all = [
        event("response.created", r#""response":{"status":"in_progress","output":[]}"#),
        event("response.content_part.added", &format!("{at},\"part\":{}", part(""))),
        event("response.output_text.delta", &format!("{at},\"delta\":\"st\",\"obfuscation\":\"x8\"")),
        event("response.output_text.delta", &format!("{at},\"delta\":\"op\"")),
        event("response.output_text.done", &format!("{at},\"text\":\"stop\"")),
        event("response.content_part.done", &format!("{at},\"part\":{}", part("stop"))),
        event("response.output_item.done", &format!("\"output_index\":1,\"item\":{}", item("stop"))),
        event("response.completed", &done),
    ];
    response(SSE, &all.iter().map(String::as_str).collect::<Vec<_>>())
}

fn mocked(stream: bool) -> Response {
    let body = json!({ "model": "gpt-4o", "stream": stream, "n": 2, "messages": [{ "role": "user", "content": "Why?" }] });
    let target = "/v1/chat/completions".to_owned();
    let request =
        Request { method: "POST".into(), target, body: body.to_string().into(), ..Request::default() };
    Dialect::OpenAi.mock(&request, "http://127.0.0.1:4010").unwrap()
}

/// One response of each form, with the dialect and path by which its stream is complete.
fn forms() -> Vec<(Dialect, &'static str, Response)> {
    let openai = |path, response| (Dialect::OpenAi, path, response);
    let rows = "{\"message\":{\"role\":\"assistant\",\"content\":\"One\"},\"done\":false}\n{\"message\":{\"content\":\" two\"},\"done\":false}\n";
    let generate = "{\"response\":\"One\",\"done\":false}\r\n\r\n{\"response\":\" two\",\"done\":true}";
    let transcript = [
        "data: {\"type\":\"transcript.text.delta\",\"delta\":\"One two\"}\n\n",
        "data: {\"type\":\"transcript.text.done\",\"text\":\"One two\"}\n\n",
    ];
    let completion = [
        "data: {\"choices\":[{\"index\":1,\"text\":\"No\"},{\"index\":0,\"text\":\"One\"}]}\n\n",
        ": hi\n\ndata: {\"choices\":[{\"index\":0,\n",
        "data: \"text\":\" two\"}]}\n\ndata: [DONE]\n\n",
    ];
    let cohere = "event: content-delta\ndata: {\"type\":\"content-delta\",\"index\":0,\"delta\":{\"message\":{\"content\":{\"text\":\"One two\"}}}}\n\ndata: [DONE]\n\n";
    let array = r#"[{"candidates":[{"content":{"parts":[{"text":"One"}]}}]},{"candidates":[{"content":{"parts":[{"text":" two"}]}}]}]"#;
    let claude = r#"{"type":"message","role":"assistant","content":[{"type":"thinking","thinking":"?"},{"type":"text","text":"One"},{"type":"text","text":" two"}]}"#;
    let whole = r#"{"object":"response","output":[{"type":"message","content":[{"type":"output_text","text":"One two"}]}],"text":{"format":{}}}"#;
    let mistral =
        r#"{"choices":[{"message":{"content":[{"type":"thinking"},{"type":"text","text":"One"}]}}]}"#;
    vec![
        openai("/v1/chat/completions", mocked(true)),
        openai("/v1/chat/completions", mocked(false)),
        openai("/v1/completions", response(SSE, &completion)),
        openai("/v1/responses", responses()),
        openai("/v1/responses", response(JSON, &[whole])),
        openai("/v1/audio/transcriptions", response(SSE, &transcript)),
        openai("/v1/audio/transcriptions", response(JSON, &[r#"{"text":"One two","usage":{}}"#])),
        openai("/v1/chat/completions", response(JSON, &[mistral])),
        (Dialect::Anthropic, "/v1/messages", anthropic()),
        (Dialect::Anthropic, "/v1/messages", response(JSON, &[claude])),
        (Dialect::Gemini, "/v1beta/models/g:streamGenerateContent", gemini()),
        (Dialect::Gemini, "/v1beta/models/g:streamGenerateContent", response(JSON, &[array])),
        (Dialect::Generic, "/api/chat", response("application/x-ndjson", &[rows])),
        (Dialect::Generic, "/api/generate", response("application/x-ndjson", &[generate])),
        (Dialect::Generic, "/v2/chat", response(SSE, &[cohere])),
    ]
}

/// The law, for one response and one text.
fn holds((dialect, path, old): &(Dialect, &str, Response), text: &str) {
    let endpoint = dialect.endpoint("POST", path);
    let new = set_text(old, text).unwrap();
    assert_eq!(text_of(&new).as_deref(), Some(text), "{path}");
    assert!(
        dialect.answer_state(&endpoint, "POST", &new).terminated
            || new.headers.media_type() != "text/event-stream",
        "{path}"
    );
    let times = |response: &Response| events(response).iter().map(|event| event.at).collect::<Vec<_>>();
    assert_eq!(times(&new), times(old), "{path}");
    let sum: u64 = new.log.pieces.iter().map(|piece| piece.len).sum();
    assert_eq!(sum, new.log.bytes.len() as u64, "{path}");
    let restored = set_text(&new, &text_of(old).unwrap()).unwrap();
    assert_eq!(text_of(&restored), text_of(old), "{path}");
}

#[test]
fn every_form_takes_a_new_text_and_keeps_the_old_one() {
    for form in forms() {
        let said = text_of(&form.2).unwrap();
        assert!(!said.is_empty(), "{}", form.1);
        assert_eq!(set_text(&form.2, &said).unwrap(), form.2, "{}", form.1);
        for text in [
            "",
            "No",
            "\"\\\n\r\n\u{2028}\u{85}\t\0",
            "👍🏽 猫\n\ndata: [DONE]\n\n",
            &said.repeat(3),
            &format!("{said} More."),
        ] {
            holds(&form, text);
        }
    }
}

#[test]
fn an_edit_changes_the_events_that_it_reaches_and_no_other_byte() {
    let old = anthropic();
    assert_eq!(text_of(&old).unwrap(), "Hello, wörld!");
    let new = set_text(&old, "Hello, \"moon\"!").unwrap();
    let expected =
        std::str::from_utf8(&old.log.bytes).unwrap().replace(r#"", w\u00f6rld""#, r#"", \"moon\"""#);
    assert_eq!(new.log.bytes, expected);
    let new = set_text(&gemini(), "One 2 three four.").unwrap();
    let expected = std::str::from_utf8(&gemini().log.bytes).unwrap().replace("One two", "One 2");
    assert_eq!(new.log.bytes, expected);
    assert!(
        set_text(&gemini(), "\u{2028}").unwrap().log.bytes.is_ascii(),
        "clients split at such characters"
    );
}

#[test]
fn what_repeats_the_text_says_the_new_one() {
    let new = set_text(&responses(), "go on").unwrap();
    let said = std::str::from_utf8(&new.log.bytes).unwrap();
    assert_eq!(said.matches("\"text\":\"go on\"").count(), 4);
    assert_eq!(said.matches("\"text\":\"\"").count(), 1, "the part that is added is still empty");
    assert!(
        !said.contains("\"stop\"") && said.contains("\"delta\":\"go\"") && said.contains("\"delta\":\" on\"")
    );
    let mut mocked = mocked(true);
    let second =
        |response: &Response| String::from_utf8_lossy(&response.log.bytes).matches("\"index\":1").count();
    let before = second(&mocked);
    mocked = set_text(&mocked, "x").unwrap();
    assert_eq!(second(&mocked), before, "other choices stay");
}

#[test]
fn events_keep_their_times_however_the_bytes_came() {
    let whole = anthropic();
    for len in [1, 7, 40, 1000] {
        let pieces = whole.log.bytes.chunks(len).zip(1..).map(|(piece, n)| (Duration::from_millis(n), piece));
        let old = Response { log: ByteLog::from_pieces(pieces), ..whole.clone() };
        for text in ["", "Hello", "Something much longer than what was there before"] {
            holds(&(Dialect::Anthropic, "/v1/messages", old.clone()), text);
        }
    }
}

#[test]
fn encoded_answers_are_edited_decoded() {
    let plain = anthropic();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&plain.log.bytes).unwrap();
    let mut br = Vec::new();
    brotli::CompressorWriter::new(&mut br, 4096, 5, 22).write_all(&plain.log.bytes).unwrap();
    let zstd =
        ruzstd::encoding::compress_to_vec(&plain.log.bytes[..], ruzstd::encoding::CompressionLevel::Fastest);
    for (name, body) in [("gzip", gzip.finish().unwrap()), ("br", br), ("zstd", zstd)] {
        let mut headers = plain.headers.clone();
        headers.push("content-encoding", name);
        headers.push("content-length", body.len().to_string());
        let pieces = body.chunks(30).zip(1..).map(|(piece, n)| (Duration::from_millis(n), piece));
        let log = ByteLog::from_pieces(pieces);
        let old = Response { status: 200, headers, log };
        assert_eq!(set_text(&old, &text_of(&old).unwrap()).unwrap(), old, "{name}");
        let new = set_text(&old, "Other").unwrap();
        assert_eq!(new.log.bytes, set_text(&plain, "Other").unwrap().log.bytes, "{name}");
        assert_eq!(new.headers.get("content-encoding"), None);
        let times = |response: &Response| events(response).iter().map(|event| event.at).collect::<Vec<_>>();
        assert_eq!(times(&new), times(&old), "{name}");
        assert!(times(&old).windows(2).any(|pair| pair[0] < pair[1]), "{name}");
        assert_eq!(new.headers.text("content-length"), Some(new.log.bytes.len().to_string().as_str()));
    }
    let mut broken = plain;
    broken.headers.push("content-encoding", "br");
    assert!(matches!(set_text(&broken, "x"), Err(EditError::Unreadable(_))));
    assert_eq!(set_text(&response(JSON, &["{\"data\":[]}"]), "x"), Err(EditError::NoText));
}

#[test]
fn the_fixtures_keep_the_law() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut texts = 0;
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = entry.to_str().unwrap();
        let kind = match () {
            () if name.ends_with(".response.sse") => SSE,
            () if name.ends_with(".response.json") => JSON,
            () => continue,
        };
        let log = ByteLog::whole(fs::read(&entry).unwrap(), Duration::ZERO);
        let old = Response { status: 200, headers: headers(kind), log };
        if let Some(text) = text_of(&old) {
            texts += 1;
            assert_eq!(set_text(&old, &text).unwrap(), old, "{name}");
            assert_eq!(text_of(&set_text(&old, "a \"b\"\nc").unwrap()).unwrap(), "a \"b\"\nc", "{name}");
        }
    }
    assert!(texts > 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_text_can_be_set(text in any::<String>(), words in "[a-c \n\"\u{2028}👍]{0,60}") {
        for form in forms() {
            holds(&form, &text);
            holds(&form, &words);
        }
    }

    #[test]
    fn any_bytes_are_survived(
        noise in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..12),
            prop::sample::select(vec![
                "data: ", "data:{\"choices\":[{\"delta\":{\"content\":\"", "\"}}]}", "\n\n", "\r\n", "event: x", "{\"text\":\"", "\\u", "\\ud83d", "\"}", "[",
                "{\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"猫\"}}", "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA",
            ]).prop_map(|text| text.as_bytes().to_vec()),
        ], 0..12),
        kind in prop::sample::select(vec![SSE, JSON, "application/x-ndjson", ""]),
        encoding in prop::sample::select(vec!["", "gzip", "br", "zstd", "deflate"]),
        lens in prop::collection::vec(0_u64..30, 0..6),
        text: String,
    ) {
        let mut headers = headers(kind);
        headers.push("content-encoding", encoding);
        let pieces = lens.iter().map(|len| crate::model::Piece { len: *len, at: *len }).collect();
        let log = ByteLog { bytes: Bytes::from(noise.concat()), pieces };
        let old = Response { status: 200, headers, log };
        if let Ok(new) = set_text(&old, &text) {
            prop_assert_eq!(text_of(&new).unwrap(), text);
            prop_assert_eq!(set_text(&old, &text_of(&old).unwrap()).unwrap(), old.clone());
        }
        _ = set_image(&old, None, &Bytes::from_static(b"\xFF\xD8\xFF"));
        _ = set_body(&old, old.log.bytes.clone());
    }
}
