//! Law 4 at the door: for each place of a credential the upstream gets it as it is, no file of the store holds it, and
//! the recording answers whoever has another one. Answers: the client gets what the provider said, the store does not.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::response::Response;
use retake::engine::{Profile, Secret, UpstreamKey};
use retake::matching::MountNames;
use retake::model::{Hash, Mode};

use super::{CHAT, chat};
use crate::world::{KEY, Upstream, World, json, request, settings, stands_in};

/// Two people's keys that look like words.
const ONE: &str = "zebra-hunter";
const OTHER: &str = "quokka";

const CHAT_PATH: &str = "/v1/chat/completions";
const MAIL: &str = "jane.doe@example.com";

/// Target, content type and body, with `KEY` where the credential stands.
const PLACES: &[(&str, &str, &str)] = &[
    (
        "/v1/chat/completions?api_key=KEY&auth_key=KEY&access_key=KEY",
        "application/json",
        r#"{"model":"m","messages":[]}"#,
    ),
    ("/v1/chat/completions", "application/json", r#"{"model":"m","api_key":"KEY","messages":[]}"#),
    (
        "/v1/responses",
        "application/json",
        r#"{"model":"m","input":"x","tools":[{"type":"mcp","server_label":"s","server_url":"https://mcp.example/sse?key=KEY","authorization":"KEY","headers":{"X-Team-Key":"KEY","Anything":"KEY"}}]}"#,
    ),
    (
        "/v1/messages",
        "application/json",
        r#"{"model":"m","messages":[],"mcp_servers":[{"type":"url","url":"https://mcp.example/?token=KEY","name":"n","authorization_token":"KEY"}]}"#,
    ),
    (
        "/v1/chat/completions",
        "application/json",
        r#"{"messages":[],"data_sources":[{"type":"azure_search","parameters":{"endpoint":"https://s.example","authentication":{"type":"api_key","key":"KEY"}}}]}"#,
    ),
    (
        "/v1/chat/completions",
        "application/json",
        r#"{"messages":[{"role":"assistant","tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"password\":\"KEY\"}"}}]}]}"#,
    ),
    (
        "/oauth/token",
        "application/x-www-form-urlencoded",
        "grant_type=refresh_token&client_secret=KEY&refresh_token=KEY&client_assertion=KEY&password=KEY",
    ),
    (
        "/v1/images/edits",
        "multipart/form-data; boundary=b",
        "--b\r\nContent-Disposition: form-data; name=\"api_key\"\r\n\r\nKEY\r\n--b\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\na cat\r\n--b--\r\n",
    ),
    ("/v1/chat/completions", "text/plain", r#"{"model":"m","client_secret":"KEY","messages":[]}"#),
    (
        "/v1/chat/completions",
        "application/json",
        r#"{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://user:KEY@cdn.example/a.png?access_token=KEY"}}]}]}"#,
    ),
];

#[tokio::test]
async fn each_place_is_forwarded_and_never_stored() {
    for (target, kind, body) in PLACES {
        let upstream = Upstream::start(chat).await;
        let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
        let with = |key: &str| (target.replace("KEY", key), body.replace("KEY", key));
        let (to, asked) = with(ONE);
        let to = format!("/openai{to}");
        world.record(&to, &[("content-type", kind), ("x-custom-token", ONE)], &asked).await;
        let seen = upstream.last();
        assert_eq!(
            (seen.body.as_ref(), format!("/openai{}", seen.target)),
            (asked.as_bytes(), to.clone()),
            "{body}"
        );
        let (to, asked) = with(OTHER);
        let reply = world.post(&format!("/openai{to}"), &[("content-type", kind)], &asked).await;
        assert_eq!(reply.headers.text("x-retake-result"), Some("replay"), "{target} {body}");
        assert_eq!(upstream.calls(), 1);
        let dir = world.ended().await;
        for key in [ONE, OTHER] {
            assert_eq!(stands_in(dir.path(), key), None, "{target} {body}");
        }
    }
}

#[tokio::test]
async fn words_decide_and_answer_for_themselves() {
    let upstream =
        Upstream::start(|seen| json(&format!(r#"{{"asked":"{}","by":"dummy local"}}"#, seen.target))).await;
    let mut own = settings(Mode::ReplayOrRecord, upstream.address);
    own.upstreams.insert("own".into(), format!("http://{}", upstream.address).parse().unwrap());
    own.upstreams.insert("open".into(), format!("http://{}", upstream.address).parse().unwrap());
    let public = MountNames { public: vec!["key".into(), "token".into()], secret: vec!["member".into()] };
    own.names = BTreeMap::from([("open".to_owned(), public)]);
    let world = World::with(own, tempfile::tempdir().unwrap()).await;
    for mount in ["own", "open"] {
        for query in ["key=apple", "key=banana", "token=page2", "token=page3", "page_token=a", "page_token=b"]
        {
            let target = format!("/{mount}/v1/items?{query}");
            let (reply, _) = world.record(&target, &[("x-api-key", "dummy")], "{}").await;
            assert_eq!(reply.headers.text("x-retake-result"), Some("record"), "{target}");
            let again = world.post(&target, &[("x-api-key", "local")], "{}").await;
            assert_eq!(again.headers.text("x-retake-result"), Some("replay"), "{target}");
            assert_eq!(again.body, reply.body, "no word is blanked out");
            assert_eq!(again.headers.text("x-retake-scrubbed"), None);
        }
    }
    world.record("/open/v1/items?member=zebra-hunter", &[], "{}").await;
    let rows = world.engine.rows();
    let stored = |row: &retake::model::RecordingId| world.recording(row).request.target.clone();
    let targets: Vec<_> = rows.keys().map(stored).collect();
    for wanted in ["/v1/items?key=apple", "/v1/items?token=page3", "/v1/items?member=redacted"] {
        assert_eq!(targets.iter().filter(|target| *target == wanted).count(), 1, "{wanted} {targets:?}");
    }
}

#[tokio::test]
async fn answers_are_stored_without_what_they_tell() {
    let said = format!(
        r#"{{"id":"x","choices":[{{"index":0,"message":{{"role":"assistant","content":"Mail {MAIL} with sk-proj-abcdefghij0123456789"}}}}],"access_token":"{ONE}"}}"#
    );
    let answer = said.clone();
    let upstream = Upstream::start(move |_| {
        let head = Response::builder().header("content-type", "application/json").header("x-owner", MAIL);
        head.header("x-session-token", ONE).body(Body::from(answer.clone())).unwrap()
    })
    .await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let (first, _) = world.record(CHAT_PATH, &[], CHAT).await;
    assert_eq!(first.body, said, "the client gets the provider's bytes");
    assert_eq!((first.headers.text("x-owner"), first.headers.text("x-retake-scrubbed")), (Some(MAIL), None));
    let second = world.post(CHAT_PATH, &[], CHAT).await;
    assert_eq!(second.headers.text("x-retake-result"), Some("replay"));
    assert_eq!(second.headers.text("x-retake-scrubbed"), Some("5"), "{second:?}");
    let text = String::from_utf8_lossy(&second.body).into_owned();
    assert!(
        text.contains(r#""content":"Mail <email-"#) && text.contains(r#""access_token":"redacted""#),
        "{text}"
    );
    // What the client got is sent back in the next turn: the one from the replay means the same as the first.
    let turn = |answer: &[u8]| {
        let answer: serde_json::Value = serde_json::from_slice(answer).unwrap();
        let messages = serde_json::json!([{"role":"user","content":"Say hi"}, answer["choices"][0]["message"], {"role":"user","content":"more"}]);
        serde_json::json!({"model":"gpt-5-mini","messages":messages}).to_string()
    };
    world.record(CHAT_PATH, &[], &turn(&first.body)).await;
    let next = world.post(CHAT_PATH, &[], &turn(&second.body)).await;
    assert_eq!(next.headers.text("x-retake-result"), Some("replay"));
    let dir = world.ended().await;
    for secret in [MAIL, "sk-proj-abcdefghij", ONE] {
        assert_eq!(stands_in(dir.path(), secret), None, "{secret}");
    }
}

#[tokio::test]
async fn an_address_that_a_stream_spells_out_is_found() {
    let delta = |text: &str| {
        format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n")
    };
    let pieces = [delta("Mail jane.d"), delta("oe@exam"), delta("ple.com!"), "data: [DONE]\n\n".to_owned()];
    let said = pieces.concat();
    let answer = said.clone();
    let upstream = Upstream::start(move |_| {
        let head = Response::builder().header("content-type", "text/event-stream");
        head.body(Body::from(answer.clone())).unwrap()
    })
    .await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let body = CHAT.replace("\"messages\"", "\"stream\":true,\"messages\"");
    let (first, recording) = world.record(CHAT_PATH, &[], &body).await;
    assert_eq!(first.body, said);
    assert!(recording.completeness.replayable(), "{:?}", recording.completeness);
    let second = world.post(CHAT_PATH, &[], &body).await;
    assert_eq!(second.headers.text("x-retake-scrubbed"), Some("1"));
    let text = String::from_utf8_lossy(&second.body).into_owned();
    assert_eq!(text.matches("data: {").count(), 3, "{text}");
    assert!(
        text.contains("Mail <email-") && text.contains("\"content\":\"\"") && text.contains("\"!\""),
        "{text}"
    );
}

#[tokio::test]
async fn answers_stay_as_they_are_where_the_configuration_says_so() {
    let upstream =
        Upstream::start(|_| json(&format!(r#"{{"mail":"{MAIL}","password":"{ONE}","echo":"{KEY}"}}"#))).await;
    let mut open = settings(Mode::ReplayOrRecord, upstream.address);
    open.keep_answers = true;
    let world = World::with(open, tempfile::tempdir().unwrap()).await;
    let (_, recording) = world.record(CHAT_PATH, &[], CHAT).await;
    let text = String::from_utf8_lossy(&recording.response.log.bytes).into_owned();
    assert!(text.starts_with(&format!(r#"{{"mail":"{MAIL}","password":"redacted","echo":"<key-"#)), "{text}");
}

/// The keys of the configuration: nobody sends them, and an upstream may repeat them.
#[tokio::test]
async fn an_echo_of_a_configured_key_is_no_other_than_that_of_a_sent_one() {
    let (upstream_key, spare) = ("up-4f9a8c7e6d5b4a39281706f5", "spare-0123456789abcdef0123");
    let answer = format!(r#"{{"error":"{upstream_key} and {spare}"}}"#);
    let upstream = Upstream::start(move |_| json(&answer)).await;
    let mut own = settings(Mode::Record, upstream.address);
    own.keys.insert("openai".into(), Secret(spare.into()));
    let profile = Profile {
        name: "tests".into(),
        key: Hash::of(KEY.as_bytes()),
        mode: None,
        strategy: None,
        upstream_key: Some(UpstreamKey::Known(Secret(upstream_key.into()))),
    };
    own.profiles.push(std::sync::Arc::new(profile));
    let world = World::with(own, tempfile::tempdir().unwrap()).await;
    let prompt = CHAT.replace("Say hi", &format!("my key is {spare}"));
    let (reply, _) = world.record(CHAT_PATH, &[], &prompt).await;
    assert!(String::from_utf8_lossy(&reply.body).contains(upstream_key));
    assert!(upstream.last().headers.iter().any(|(_, value)| value.contains(upstream_key)));
    let dir = world.ended().await;
    for key in [upstream_key, spare, KEY] {
        assert_eq!(stands_in(dir.path(), key), None, "{key}");
    }
    assert_eq!(request("/", &[], "").headers.0.len(), 2, "the client's key is its only one");
}
