use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::dialect::Endpoint;
use crate::matching::Scrubber;
use crate::model::{Provenance, RecordingId, Request};
use crate::reading::events;

const STREAM: &str = ": hi\r\n\r\nevent: a\r\ndata: {\"n\":1}\r\n\r\nevent: b\r\ndata: {\"n\":\"猫\"}\r\n\r\ndata: [DONE]\r\n\r\n";

fn recording(mount: &str, kind: &str, body: &str) -> Recording {
    let request = Request {
        method: "POST".into(),
        mount: mount.into(),
        target: "/v1/messages".into(),
        body: "{}".into(),
        ..Request::default()
    };
    let headers = [
        ("content-type", kind.to_owned()),
        ("request-id", "req_7".into()),
        ("x-should-retry", "false".into()),
    ];
    let pieces = body.as_bytes().chunks(5).zip(1..).map(|(piece, n)| (Duration::from_millis(n), piece));
    let response =
        Response { status: 200, headers: headers.into_iter().collect(), log: ByteLog::from_pieces(pieces) };
    let scrubbed = Scrubber::new(crate::matching::Salt([7; 32]), false).scrub(&request);
    Recording::new(RecordingId::from_random([1; 16]), scrubbed, response, Provenance::default())
}

fn body(faulty: &Faulty) -> Value {
    serde_json::from_slice(&faulty.response.log.bytes).unwrap()
}

fn text(faulty: &Faulty) -> &str {
    std::str::from_utf8(&faulty.response.log.bytes).unwrap()
}

#[test]
fn faults_have_names() {
    for text in [
        "429",
        "429 retry-after=20",
        "500",
        "529",
        "cut@0",
        "stall@3",
        "malformed",
        "slow x5",
        "slow 10s",
        "slow 250ms",
    ] {
        assert_eq!(text.parse::<Fault>().unwrap().to_string(), text);
    }
    for wrong in [
        "",
        "418",
        "cut",
        "cut@",
        "cut@-1",
        "cut@3 x",
        "slow",
        "slow none",
        "slow 31s",
        "429 20",
        "429 retry-after=-1",
        "500 x",
        "500 500 500",
    ] {
        let said = wrong.parse::<Fault>().unwrap_err().to_string();
        assert!(said.starts_with(&format!("unknown fault `{wrong}`; use 429")), "{said}");
    }
}

#[test]
fn errors_are_said_in_each_providers_words() {
    let said = |mount: &str, fault: &str| {
        let faulty = derive(&recording(mount, "text/event-stream", STREAM), fault.parse().unwrap()).unwrap();
        assert_eq!((faulty.ending, faulty.pace), (Ending::Clean, None));
        assert_eq!(faulty.response.headers.text("content-type"), Some("application/json"));
        assert_eq!(faulty.response.headers.get("x-should-retry"), None, "clients are to try again");
        assert_eq!(faulty.response.log.begins(), Duration::from_millis(1));
        faulty
    };
    let openai = said("openai", "429 retry-after=20");
    assert_eq!((openai.response.status, openai.response.headers.text("retry-after")), (429, Some("20")));
    assert_eq!(body(&openai)["error"]["code"], "rate_limit_exceeded");
    let keys: Vec<_> = body(&openai)["error"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["message", "type", "param", "code"]);
    assert_eq!(body(&said("lumenfall", "500"))["error"]["type"], "server_error");
    assert_eq!(body(&said("azure", "429"))["error"]["code"], "429");
    assert_eq!(body(&said("azure", "500"))["error"]["code"], "InternalServerError");
    let gemini = body(&said("gemini", "429 retry-after=7"));
    assert_eq!(
        (&gemini["error"]["code"], &gemini["error"]["status"]),
        (&429.into(), &"RESOURCE_EXHAUSTED".into())
    );
    assert_eq!(gemini["error"]["details"][0]["retryDelay"], "7s");
    assert_eq!(body(&said("vertex", "500"))["error"]["status"], "INTERNAL");
    for (fault, status, kind) in
        [("429", 429, "rate_limit_error"), ("500", 500, "api_error"), ("529", 529, "overloaded_error")]
    {
        let anthropic = said("anthropic", fault);
        let body = body(&anthropic);
        assert_eq!((anthropic.response.status, &body["type"]), (status, &"error".into()));
        assert_eq!((&body["error"]["type"], &body["request_id"]), (&kind.into(), &"req_7".into()));
    }
    let wrong = derive(&recording("openai", "text/event-stream", STREAM), Fault::Overloaded).unwrap_err();
    assert_eq!(wrong.to_string(), "529 is no answer of the dialect openai; use 429 or 500");
    assert_eq!(body(&said("elsewhere", "500"))["error"]["type"], "server_error");
}

#[test]
fn a_stream_breaks_off_or_stalls_between_events() {
    let recording = recording("anthropic", "text/event-stream", STREAM);
    let cut = derive(&recording, Fault::Cut { after: 1 }).unwrap();
    assert_eq!((text(&cut), cut.ending), (&STREAM[..STREAM.find("event: b").unwrap()], Ending::Cut));
    assert_eq!(events(&cut.response)[..], events(&recording.response)[..1], "times are kept");
    let endpoint: Endpoint = Dialect::Anthropic.endpoint("POST", "/v1/messages");
    assert!(!Dialect::Anthropic.answer_state(&endpoint, "POST", &cut.response).ended);
    let stalled = derive(&recording, Fault::Stall { after: 3 }).unwrap();
    assert_eq!((text(&stalled), stalled.ending), (STREAM, Ending::Stall));
    assert_eq!(text(&derive(&recording, Fault::Cut { after: 0 }).unwrap()), "");
    let wrong = derive(&recording, Fault::Cut { after: 4 }).unwrap_err();
    assert_eq!(wrong.to_string(), "the answer has 3 events; 4 is too far");
}

#[test]
fn other_answers_break_off_after_bytes() {
    let recording = recording("openai", "application/json", "{\"a\":[1,2,3]}");
    let cut = derive(&recording, Fault::Cut { after: 7 }).unwrap();
    assert_eq!(text(&cut), "{\"a\":[1");
    let times: Vec<_> = cut.response.log.pieces.iter().map(|piece| (piece.len, piece.at)).collect();
    assert_eq!(times, [(5, 1000), (2, 2000)]);
    let wrong = derive(&recording, Fault::Stall { after: 14 }).unwrap_err();
    assert_eq!(wrong.to_string(), "the answer has 13 bytes; 14 is too far");
}

#[test]
fn json_is_broken_and_the_framing_is_not() {
    let stream = derive(&recording("openai", "text/event-stream", STREAM), Fault::Malformed).unwrap();
    let seen: Vec<_> = events(&stream.response).into_iter().map(|event| event.data).collect();
    assert_eq!(seen, ["{\"n\":1}", "{\"n\":", "[DONE]"]);
    assert_eq!(stream.ending, Ending::Clean);
    let whole =
        derive(&recording("openai", "application/json", "{\"a\":[1,2,3]}\n"), Fault::Malformed).unwrap();
    assert_eq!(text(&whole), "{\"a\":[");
    let binary = recording("openai", "audio/mpeg", "ID3");
    assert_eq!(derive(&binary, Fault::Malformed), Err(FaultError::NoJson));
    let slow = derive(&binary, "slow x5".parse().unwrap()).unwrap();
    assert_eq!((slow.response, slow.pace), (binary.response, Some(Latency::Recorded(5.0))));
}

proptest! {
    #[test]
    fn any_recording_is_survived(
        body in "[{}\\[\\]\"a:1,猫\r\nvdte ]{0,40}",
        kind in prop::sample::select(vec!["text/event-stream", "application/json", "application/x-ndjson", "x"]),
        mount in prop::sample::select(vec!["openai", "azure", "anthropic", "gemini", "x"]),
        after in 0_usize..50,
    ) {
        let recording = recording(mount, kind, &body);
        let all = [Fault::RateLimit { retry_after: RETRY_AFTER }, Fault::ServerError, Fault::Overloaded, Fault::Cut { after }, Fault::Stall { after }, Fault::Malformed];
        for fault in all {
            if let Ok(faulty) = derive(&recording, fault) {
                let sum: u64 = faulty.response.log.pieces.iter().map(|piece| piece.len).sum();
                prop_assert_eq!(sum, faulty.response.log.bytes.len() as u64);
            }
        }
    }
}
