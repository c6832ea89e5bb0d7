//! What decides between recordings, asked through the door: spellings, headers, types that lie, and what has no fields.

use retake::engine::Settings;
use retake::matching::DatedModels;
use retake::model::{Mode, Request};
use serde_json::{Value, json};

use crate::world::{Reply, Upstream, World, json as answer, request, settings};

const CHAT: &str = "/openai/v1/chat/completions";
const MESSAGES: &str = "/anthropic/v1/messages";
const RESPONSES: &str = "/openai/v1/responses";
const OTHER: &str = "/other/v3/x";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const REPLAY: (&str, &str) = ("x-retake-mode", "replay-or-error");

/// A proxy that records calls of several APIs at one upstream, which says what it was sent.
async fn world(with: impl FnOnce(&mut Settings)) -> (World, Upstream) {
    let upstream = Upstream::start(|seen| {
        answer(&json!({ "id": "x", "sent": String::from_utf8_lossy(&seen.body) }).to_string())
    })
    .await;
    let mut settings = settings(Mode::Record, upstream.address);
    let base = settings.upstreams["openai"].clone();
    settings.upstreams.extend(["anthropic", "other"].map(|mount| (mount.to_owned(), base.clone())));
    with(&mut settings);
    (World::with(settings, tempfile::tempdir().unwrap()).await, upstream)
}

/// The recording that answers, asked for three times: the third time it is known by its raw bytes.
async fn replayed(world: &World, target: &str, headers: &[(&str, &str)], body: &str) -> Option<String> {
    let headers = [&[REPLAY], headers].concat();
    let mut answers = Vec::new();
    for _ in 0..3 {
        let reply = world.post(target, &headers, body).await;
        assert!(matches!(reply.status, 200 | 404), "{reply:?}");
        answers.push(reply.headers.text("x-retake-recording-id").map(str::to_owned));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    answers.pop().flatten()
}

async fn recorded(world: &World, target: &str, headers: &[(&str, &str)], body: &str) -> Option<String> {
    Some(world.record(target, headers, body).await.1.id.to_string())
}

#[tokio::test]
async fn json_under_the_type_of_a_form_is_json() {
    let (world, upstream) = world(|_| {}).await;
    let asked = |seed: u32| {
        format!(r#"{{"model":"m","messages":[{{"role":"user","content":"salt&pepper=1"}}],"seed":{seed}}}"#)
    };
    let one = recorded(&world, CHAT, &[FORM], &asked(1)).await;
    assert_eq!(upstream.last().body, asked(1));
    let two = recorded(&world, CHAT, &[FORM], &asked(2)).await;
    assert_ne!(one, two);
    assert_eq!(replayed(&world, CHAT, &[FORM], &asked(1)).await, one);
    assert_eq!(replayed(&world, CHAT, &[FORM], &asked(2)).await, two);
    assert_eq!(replayed(&world, CHAT, &[FORM], &asked(3)).await, None, "another seed is another answer");
    assert_eq!(replayed(&world, CHAT, &[], &asked(2)).await, two, "the type does not decide");
    let id = two.as_ref().unwrap().parse().unwrap();
    let row = &world.engine.rows()[&id];
    assert_eq!((row.model.as_deref(), row.prompt.as_deref()), (Some("m"), Some("salt&pepper=1")));
    let mocked = world.post(CHAT, &[FORM, ("x-retake-mode", "mock")], &asked(1)).await;
    assert_eq!(mocked.headers.text("x-retake-result"), Some("mock"), "{mocked:?}");
}

#[tokio::test]
async fn a_form_has_a_field_for_each_name() {
    let (world, _upstream) = world(|_| {}).await;
    let one = recorded(&world, OTHER, &[FORM], "a=1&b=two+words&access_token=secret-of-mine").await;
    assert_eq!(replayed(&world, OTHER, &[FORM], "b=two%20words&a=1&access_token=another-one").await, one);
    let missed = world.post(OTHER, &[REPLAY, FORM], "a=2&b=two+words").await;
    let text = String::from_utf8_lossy(&missed.body).into_owned();
    assert!(missed.status == 404 && text.contains("body/a") && text.contains("standard -a"), "{text}");
    assert!(!text.contains("secret-of-mine"), "{text}");
}

#[tokio::test]
async fn two_spellings_of_one_request_are_one() {
    let (world, _upstream) = world(|_| {}).await;
    let text =
        r#"{"model":"claude","max_tokens":9,"system":"be kind","messages":[{"role":"user","content":"hi"}]}"#;
    let blocks = r#"{"model":"claude","max_tokens":9,"temperature":1.0,
        "system":[{"type":"text","text":"be kind","cache_control":{"type":"ephemeral"}}],
        "messages":[{"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]}]}"#;
    let one = recorded(&world, MESSAGES, &[], text).await;
    assert_eq!(replayed(&world, MESSAGES, &[], blocks).await, one);
    assert_eq!(replayed(&world, MESSAGES, &[], &blocks.replace("\"hi\"", "\"ho\"")).await, None);
    let missed = world.post(MESSAGES, &[REPLAY], &blocks.replace("\"hi\"", "\"ho\"")).await;
    let told = String::from_utf8_lossy(&missed.body).into_owned();
    assert!(told.contains("body/messages/0/content hi"), "{told}");

    let input = recorded(&world, RESPONSES, &[], r#"{"model":"m","input":"hi"}"#).await;
    let message = r#"{"model":"m","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}]}"#;
    assert_eq!(replayed(&world, RESPONSES, &[], message).await, input);
}

#[tokio::test]
async fn what_refers_to_something_else_is_answered_by_nothing_else() {
    let (world, _upstream) = world(|_| {}).await;
    let item = |kind: &str, id: &str| {
        json!({ "model": "m", "input": [{ "type": kind, "id": id }, { "role": "user", "content": "go on" }] })
            .to_string()
    };
    for kind in ["item_reference", "reasoning", "compaction", "image_generation_call"] {
        let one = recorded(&world, RESPONSES, &[], &item(kind, "a")).await;
        assert_eq!(replayed(&world, RESPONSES, &[], &item(kind, "a")).await, one, "{kind}");
        assert_eq!(replayed(&world, RESPONSES, &[], &item(kind, "b")).await, None, "{kind}");
    }
    let summed = |of: &str| {
        let block = json!({ "type": "compaction", "content": null, "encrypted_content": of });
        let messages =
            json!([{ "role": "assistant", "content": [block] }, { "role": "user", "content": "and?" }]);
        json!({ "model": "claude", "max_tokens": 9, "messages": messages }).to_string()
    };
    let one = recorded(&world, MESSAGES, &[], &summed("cats")).await;
    assert_eq!(replayed(&world, MESSAGES, &[], &summed("cats")).await, one);
    assert_eq!(replayed(&world, MESSAGES, &[], &summed("dogs")).await, None);
}

#[tokio::test]
async fn headers_of_the_configuration_decide_on_both_levels() {
    let named = |settings: &mut Settings| settings.match_headers = vec!["X-Tenant".into()];
    let (world, _upstream) = world(named).await;
    let body = r#"{"a":1}"#;
    let (a, b) = ([("x-tenant", "a")], [("x-tenant", "b")]);
    let mut answers = Vec::new();
    for tenant in [&a[..], &b, &[]] {
        answers.push(recorded(&world, OTHER, tenant, body).await);
    }
    let stored = |id: &Option<String>| world.recording(&id.as_ref().unwrap().parse().unwrap()).request;
    assert_eq!(stored(&answers[1]).headers.text("x-tenant"), Some("b"));
    assert_eq!(stored(&answers[2]).headers.text("x-tenant"), None);
    // Each is asked for often enough to be known by its raw bytes, which must hold the header.
    for _ in 0..2 {
        for (tenant, wanted) in [&a[..], &b, &[]].into_iter().zip(&answers) {
            assert_eq!(replayed(&world, OTHER, tenant, body).await, *wanted);
        }
    }
    assert_eq!(replayed(&world, OTHER, &[("x-tenant", "c")], body).await, None);
    let text = String::from_utf8_lossy(&world.post(OTHER, &[REPLAY, ("x-tenant", "c")], body).await.body)
        .into_owned();
    assert!(text.contains("header/x-tenant"), "{text}");

    let settings = |headers: &[&str]| Settings {
        match_headers: headers.iter().map(ToString::to_string).collect(),
        ..Settings::clone(&world.engine.settings())
    };
    world.engine.reconfigure(settings(&[])).unwrap();
    for tenant in [&a[..], &b, &[("x-tenant", "c")]] {
        assert_eq!(replayed(&world, OTHER, tenant, body).await, answers[2], "the newest, whoever asks");
    }
    world.engine.reconfigure(settings(&["x-tenant"])).unwrap();
    for (tenant, wanted) in [&a[..], &b, &[]].into_iter().zip(&answers) {
        assert_eq!(replayed(&world, OTHER, tenant, body).await, *wanted, "known ones are known anew");
    }
    let wrong = world.engine.reconfigure(settings(&["authorization"])).unwrap_err();
    assert!(
        wrong.to_string().contains("match_headers[0]") && wrong.to_string().contains("credentials"),
        "{wrong}"
    );
}

#[tokio::test]
async fn strict_looks_at_what_is_accepted_and_lists_have_no_order() {
    let (world, _upstream) = world(|_| {}).await;
    let body = r#"{"model":"m","messages":[]}"#;
    let strict = ("x-retake-match", "strict");
    let json = ("accept", "application/json");
    let one = recorded(&world, CHAT, &[strict, json], body).await;
    assert_eq!(replayed(&world, CHAT, &[json], body).await, one);
    assert_eq!(replayed(&world, CHAT, &[("accept", "text/event-stream")], body).await, None);
    let named = ("x-retake-match", "specific header/accept");
    assert_eq!(replayed(&world, CHAT, &[json, named], r#"{"model":"m","messages":[1]}"#).await, one);

    let betas = recorded(&world, MESSAGES, &[("anthropic-beta", "a,b")], body).await;
    assert_eq!(
        replayed(&world, MESSAGES, &[("anthropic-beta", "b"), ("anthropic-beta", "a")], body).await,
        betas
    );
    assert_eq!(replayed(&world, MESSAGES, &[("anthropic-beta", "a")], body).await, None);
    let waits = recorded(&world, OTHER, &[("prefer", "wait=5")], body).await;
    assert_eq!(replayed(&world, OTHER, &[("prefer", "Wait=5"), ("accept", "*/*")], body).await, waits);
    assert_eq!(replayed(&world, OTHER, &[("prefer", "wait=60")], body).await, None);
    assert_eq!(replayed(&world, OTHER, &[], body).await, None);
}

#[tokio::test]
async fn dated_models_can_be_told_apart() {
    let (world, _upstream) = world(|_| {}).await;
    let asked = |model: &str| json!({ "model": model, "messages": [] }).to_string();
    let dated = recorded(&world, CHAT, &[], &asked("gpt-4o-2024-08-06")).await;
    assert_eq!(replayed(&world, CHAT, &[], &asked("gpt-4o")).await, dated);
    let exact = Settings { dated_models: DatedModels::Exact, ..Settings::clone(&world.engine.settings()) };
    world.engine.reconfigure(exact.clone()).unwrap();
    assert_eq!(replayed(&world, CHAT, &[], &asked("gpt-4o")).await, None);
    assert_eq!(replayed(&world, CHAT, &[], &asked("openai/gpt-4o-2024-08-06")).await, dated);
    world.engine.reconfigure(Settings { dated_models: DatedModels::Same, ..exact }).unwrap();
    assert_eq!(replayed(&world, CHAT, &[], &asked("gpt-4o")).await, dated);
}

async fn bytes(world: &World, headers: &[(&str, &str)], body: &'static [u8]) -> Reply {
    world.send(&Request { body: body.into(), ..request(CHAT, headers, "") }).await
}

#[tokio::test]
async fn edge_3_what_has_no_fields_is_compared_as_it_is_and_says_why() {
    let (world, upstream) = world(|_| {}).await;
    let cases: [(&[u8], &[u8], &str); 3] = [
        (
            br#"{"model":"m","temperature":NaN}"#,
            br#"{"model":"m","temperature":Infinity}"#,
            "NaN or Infinity",
        ),
        (
            b"{\"model\":\"m\",\"user\":\"me@example.com\",\"a\":\"\xff\"}",
            b"{\"a\":\"\xfe\"}",
            "not valid UTF-8",
        ),
        (br#"{"model":"m","seed":1,}"#, br#"{"model":"m","seed":2,}"#, "not valid JSON"),
    ];
    for (body, other, why) in cases {
        let made = bytes(&world, &[], body).await;
        let id = made.headers.text("x-retake-recording-id").unwrap().to_owned();
        assert_eq!(upstream.last().body, body);
        let again = bytes(&world, &[REPLAY], body).await;
        assert_eq!(again.headers.text("x-retake-recording-id"), Some(&*id), "{why}");
        let missed = bytes(&world, &[REPLAY], other).await;
        let said: Value = serde_json::from_slice(&missed.body).unwrap();
        let message = said["error"]["message"].as_str().unwrap();
        assert!(missed.status == 404 && message.contains("byte for byte") && message.contains(why), "{said}");
        let deciding = world.engine.deciding(&id.parse().unwrap()).await.unwrap();
        let whole = deciding.fields.iter().find(|field| field.field == "body").unwrap();
        assert!(whole.value.contains(why), "{whole:?}");
    }
    let fine = world.post(CHAT, &[REPLAY], r#"{"model":"m","seed":9}"#).await;
    assert!(!String::from_utf8_lossy(&fine.body).contains("byte for byte"), "{fine:?}");
}

#[tokio::test]
async fn parts_without_names_are_compared_one_by_one() {
    let (world, _upstream) = world(|_| {}).await;
    let body = |boundary: &str, name: &str, picture: &str| {
        format!(
            "--{boundary}\r\nContent-Type: application/json\r\n\r\n{{\"file\":{{\"displayName\":\"{name}\"}}}}\r\n\
             --{boundary}\r\nContent-Type: image/png\r\n\r\n{picture}\r\n--{boundary}--\r\n"
        )
    };
    let kinds = ["multipart/related; boundary=a", "multipart/related; boundary=\"b b\""];
    let [one, other] = kinds.map(|kind| [("content-type", kind)]);
    let made = recorded(&world, OTHER, &one, &body("a", "cat", "PNG")).await;
    assert_eq!(replayed(&world, OTHER, &other, &body("b b", "cat", "PNG")).await, made);
    assert_eq!(replayed(&world, OTHER, &other, &body("b b", "cat", "GIF")).await, None);
    let missed = world.post(OTHER, &[REPLAY, other[0]], &body("b b", "dog", "PNG")).await;
    let text = String::from_utf8_lossy(&missed.body).into_owned();
    assert!(text.contains("part/0/file/displayName"), "{text}");
}
