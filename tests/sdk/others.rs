//! Anthropic and Gemini: recorded by one process, and replayed by a fresh one without an upstream.

use std::sync::Arc;

use axum::response::Response;
use retake::model::Outcome as CallOutcome;
use serde_json::{Value, json};

use crate::check::{
    a_miss_is_told_at_once, all_became, marked, masked, no_secret_anywhere, nothing_of_ours_arrived, same,
    stopped,
};
use crate::provider::{STREAMED, anthropic, gemini, header};
use crate::world::{KEY, Seen, Upstream};
use crate::{Outcomes, Scene, own_headers};

/// What differs from one provider to the other.
struct Provider {
    /// The calls that are recorded and replayed, `echo` among them.
    names: &'static [&'static str],
    answer: fn(&Seen) -> Response,
    /// The header in which the SDK sends its key, and how it stands there.
    credential: (&'static str, String),
    /// The SDK's exception for 404, and the word of the provider's error body.
    missing: [&'static str; 2],
    /// The name of the field in which the changed calls differ.
    field: &'static str,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sdk_of_anthropic_gets_the_same_again_without_the_upstream() {
    let Some(scene) = Scene::new("anthropic") else { return };
    let provider = Provider {
        names: &["plain", "streamed", "tools", "tools_streamed", "counted", "pictured", "echo", "overloaded"],
        answer: anthropic::answer,
        credential: ("authorization", format!("Bearer {KEY}")),
        missing: ["NotFoundError", "not_found_error"],
        field: "stop_sequences",
    };
    let recorded = recorded_and_replayed(&scene, &provider).await;
    let result = |name: &str| &recorded[name].result;
    assert_eq!(result("plain")["content"][0]["text"], "The Rhine, the Nile and the Yenisei.");
    assert_eq!(result("plain")["usage"]["output_tokens"], 12);
    assert_eq!(result("streamed")["text"], STREAMED.concat());
    assert_eq!(result("streamed")["message"]["stop_reason"], "end_turn");
    assert_eq!(result("streamed")["message"]["usage"]["output_tokens"], 15, "the last count holds");
    assert_eq!(result("tools")[0]["stop_reason"], "tool_use");
    assert_eq!(result("tools")[1]["content"][0]["text"], "It rains.");
    let input: Value = serde_json::from_str(&anthropic::INPUT.concat()).unwrap();
    assert_eq!(result("tools_streamed")["message"]["content"][0]["input"], input);
    assert_eq!(*result("counted"), json!({ "input_tokens": 9 }));
    assert_eq!(result("pictured")["content"][0]["text"], "A fox.");
    let error = &recorded["overloaded"].error;
    assert_eq!((&error["type"], &error["status"]), (&json!("OverloadedError"), &json!(529)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sdk_of_google_gets_the_same_again_without_the_upstream() {
    let Some(scene) = Scene::new("gemini") else { return };
    let provider = Provider {
        names: &["plain", "streamed", "chat", "embedded", "tools", "pictured", "echo", "overloaded"],
        answer: gemini::answer,
        credential: ("x-goog-api-key", KEY.to_owned()),
        missing: ["ClientError", "NOT_FOUND"],
        field: "stopSequences",
    };
    let recorded = recorded_and_replayed(&scene, &provider).await;
    let result = |name: &str| &recorded[name].result;
    let part = |answer: &Value| answer["candidates"][0]["content"]["parts"][0].clone();
    assert_eq!(part(result("plain"))["text"], "The Rhine, the Nile and the Yenisei.");
    assert_eq!(result("plain")["usage_metadata"]["total_token_count"], 10);
    assert_eq!(result("streamed")["text"], STREAMED.concat());
    let chunks = result("streamed")["chunks"].as_array().unwrap();
    assert_eq!(chunks.len(), STREAMED.len());
    assert_eq!(chunks[STREAMED.len() - 1]["candidates"][0]["finish_reason"], "STOP");
    assert_eq!(part(&result("chat")[1])["text"], "1,233 km.");
    for (index, vector) in gemini::VECTORS.iter().enumerate() {
        assert_eq!(result("embedded")["embeddings"][index]["values"], json!(vector));
    }
    assert_eq!(part(&result("tools")[0])["function_call"]["args"]["town"], "Ulm");
    assert_eq!(part(&result("tools")[1])["text"], "It rains.");
    assert_eq!(part(result("pictured"))["text"], "A fox.");
    let error = &recorded["overloaded"].error;
    assert_eq!((&error["type"], &error["status"]), (&json!("ServerError"), &json!(503)));
}

/// Records all calls, replays them in another process, and lets changed ones miss. Gives what was recorded.
async fn recorded_and_replayed(scene: &Scene, provider: &Provider) -> Outcomes {
    let answer = provider.answer;
    let upstream = Upstream::start(move |seen| answer(&seen)).await;
    let to = format!("{}=http://{}", scene.sdk, upstream.address);
    let flags = ["--mode", "replay-or-error", "--upstream", &to];

    let serve = scene.serve(&flags);
    let recorded = scene.calls(&serve, own_headers(), provider.names);
    let exchanges = recorded.values().map(|outcome| outcome.exchanges.len()).sum();
    let mut said = all_became(&serve, CallOutcome::Record, exchanges);
    for (name, outcome) in &recorded {
        assert_eq!(outcome.error.is_null(), name != "overloaded", "{name}: {}", outcome.error);
    }
    marked(&recorded, "record");
    assert_eq!(upstream.calls(), exchanges, "each call once");
    nothing_of_ours_arrived(&upstream);
    let (credential, value) = &provider.credential;
    for seen in upstream.seen.lock().unwrap().iter() {
        assert_eq!(header(seen, credential), value, "{}", seen.target);
    }
    let seen = Arc::clone(&upstream.seen);
    upstream.stop().await;
    said += &stopped(serve);

    let serve = scene.serve(&flags);
    let replayed = scene.calls(&serve, json!({}), provider.names);
    said += &all_became(&serve, CallOutcome::Replay, exchanges);
    marked(&replayed, "replay");
    for (name, first) in &recorded {
        match name.as_str() {
            "echo" => masked(name, first, &replayed[name], value),
            _ => same(name, first, &replayed[name]),
        }
    }
    for name in ["plain_changed", "streamed_changed"] {
        said += &a_miss_is_told_at_once(scene, &serve, name, provider.missing, [provider.field, "Volga"]);
    }
    said += &stopped(serve);
    assert_eq!(seen.lock().unwrap().len(), exchanges, "nobody called the upstream after it was gone");
    assert_eq!(scene.home.rows().len(), exchanges);
    no_secret_anywhere(&scene.home, &said, &[KEY]);
    recorded
}
