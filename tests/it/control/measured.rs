//! Metrics and the request log.

use serde_json::json;

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_and_recordings_are_counted() {
    let (world, _upstream, _) = furnished().await;
    world.post(CHAT, &[("x-retake-mode", "mock")], r#"{"model":"gpt-5-mini","messages":[]}"#).await;
    let reply = ask(&world, "GET", "/__retake/metrics", None).await;
    assert_eq!(reply.headers.text("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = String::from_utf8(reply.body.to_vec()).unwrap();
    let stored: u64 = world.engine.rows().values().map(|row| row.size).sum();
    for line in [
        "retake_calls_total{outcome=\"miss\"} 1",
        "retake_calls_total{outcome=\"record\"} 3",
        "retake_calls_total{outcome=\"mock\"} 1",
        "retake_calls_in_flight 0",
        "retake_call_duration_seconds_count{outcome=\"record\"} 3",
        "retake_call_duration_seconds_bucket{outcome=\"record\",le=\"+Inf\"} 3",
        &format!("retake_recordings {}", world.engine.rows().len()),
        &format!("retake_recording_bytes {stored}"),
        "retake_store_degraded 0",
        &format!("retake_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(text.lines().any(|known| known == line), "`{line}` in\n{text}");
    }
    // Every sample belongs to a family that is described above it.
    let mut family = "";
    for line in text.lines() {
        if let Some(described) = line.strip_prefix("# TYPE ") {
            family = described.split(' ').next().unwrap();
        } else if !line.starts_with('#') {
            let name = line.split(['{', ' ']).next().unwrap();
            let own = ["", "_bucket", "_sum", "_count"].iter().any(|end| name == format!("{family}{end}"));
            assert!(own, "{line} under {family}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_request_log_shows_what_became_of_calls() {
    let (world, _upstream, recording) = furnished().await;
    let hello = r#"{"model":"gpt-5-mini","messages":[{"role":"user","content":"hello"}]}"#;
    // Nobody listens there.
    let nowhere = settings(Mode::ReplayOrRecord, "127.0.0.1:9".parse().unwrap());
    world.engine.reconfigure(nowhere).unwrap();
    world.post(CHAT, &[("x-retake-mode", "off"), ("x-retake-scope", "checkout")], hello).await;
    world.post(CHAT, &[("x-retake-mode", "mock")], hello).await;
    let log = get(&world, "/__retake/v1/requests").await;
    let shown = |at: usize, names: &[&str]| {
        let entry = &log["data"][at];
        names.iter().map(|name| entry[*name].clone()).collect::<Value>()
    };
    let names =
        ["id", "status", "http_status", "replay_result", "error_code", "modality", "session_id", "cost"];
    assert_eq!(shown(0, &names), json!(["req_7", "completed", 200, "mock", null, "text", null, 0.0]));
    let unreachable =
        json!(["req_6", "upstream_failure", 502, "error", "UPSTREAM_UNREACHABLE", "text", "checkout", null]);
    assert_eq!(shown(1, &names), unreachable);
    let missed = json!(["req_1", "rejected", 404, "miss", "RECORDING_NOT_FOUND", "image", null, 0.0]);
    assert_eq!(shown(6, &names), missed);
    assert_eq!(shown(5, &["recording_id", "model"]), json!([recording.id, "gpt-image-1.5"]));
    let one = get(&world, "/__retake/v1/requests/req_6").await;
    assert_eq!(one, log["data"][1]);
    let few = get(&world, "/__retake/v1/requests?outcome=record&model=gpt-5-mini&limit=1").await;
    assert_eq!(few["data"][0]["id"], "req_4");
    let next = get(&world, few["next_page_url"].as_str().unwrap()).await;
    assert_eq!((&next["data"][0]["id"], &next["next_page_url"]), (&json!("req_3"), &Value::Null));
}

/// What asked a provider costs what the prices say of its answer, recorded or not; the rest costs nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_request_log_knows_what_calls_cost() {
    let billed = r#"{"choices":[{"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],
        "usage":{"prompt_tokens":1000,"completion_tokens":500,"prompt_tokens_details":{"cached_tokens":0}}}"#;
    let upstream = Upstream::start(move |_| json(billed)).await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    for (model, mode, expected) in [
        ("gpt-5-mini", "replay-or-record", json!(["record", 0.00125])),
        ("gpt-5-mini", "replay-or-record", json!(["replay", 0.0])),
        ("gpt-5-mini", "off", json!(["live", 0.00125])),
        ("gpt-5-mini", "mock", json!(["mock", 0.0])),
        ("unheard-of", "replay-or-error", json!(["miss", 0.0])),
        ("unheard-of", "off", json!(["live", null])),
        ("unheard-of", "record", json!(["record", null])),
    ] {
        let mut events = world.engine.subscribe();
        let body = json!({"model": model, "messages": [{"role": "user", "content": "hello"}]});
        world.post(CHAT, &[("x-retake-mode", mode)], &body.to_string()).await;
        let done = |event: &Event| matches!(event, Event::Call { call, .. } if call.done).then_some(());
        wait(&mut events, done).await;
        let entry = &get(&world, "/__retake/v1/requests?limit=1").await["data"][0];
        assert_eq!(json!([entry["replay_result"], entry["cost"]]), expected, "{model} {mode}");
        let one = get(&world, &format!("/__retake/v1/requests/{}", entry["id"].as_str().unwrap())).await;
        assert_eq!(one, *entry);
    }
}
