//! A bad day: the upstream is too busy before each scenario, the first key is wrong, a job takes its time. The SDK goes on
//! as it does without a proxy, and afterwards everything is there without an upstream.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::response::Response;
use serde_json::{Value, json};

use crate::check::stopped;
use crate::provider::{anthropic, gemini, header, openai};
use crate::world::{KEY, Seen, Upstream};
use crate::{Outcomes, Scene};

/// A key that no upstream lets in.
const WRONG: &str = "sk-retake-test-wrong-0000000000000000000000000000";

/// An SDK's calls and its upstream.
struct Day {
    sdk: &'static str,
    /// Calls that end well, those with a job among them.
    names: &'static [&'static str],
    answer: fn(&Seen) -> Response,
    /// The answers about a job: to its submit, and to the polls by how many there were before; none for other calls.
    job: fn(&Seen, usize) -> Option<Response>,
    credential: &'static str,
    /// The exception for a wrong key.
    refused: &'static str,
}

const OPENAI: Day = Day {
    sdk: "openai",
    names: &["image_b64", "image_edit", "chat_plain", "chat_streamed", "embeddings", "listed", "job"],
    answer: openai::answer,
    job: openai::job,
    credential: "authorization",
    refused: "AuthenticationError",
};
const ANTHROPIC: Day = Day {
    sdk: "anthropic",
    names: &["plain", "streamed", "tools", "tools_streamed", "counted", "pictured", "job"],
    answer: anthropic::answer,
    job: anthropic::job,
    credential: "authorization",
    refused: "AuthenticationError",
};
const GEMINI: Day = Day {
    sdk: "gemini",
    names: &["plain", "streamed", "chat", "embedded", "tools", "pictured", "job"],
    answer: gemini::answer,
    job: gemini::job,
    credential: "x-goog-api-key",
    refused: "ClientError",
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_day_of_openais_sdk_ends_well_and_stays_so() {
    ends_well(&OPENAI).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_day_of_anthropics_sdk_ends_well_and_stays_so() {
    ends_well(&ANTHROPIC).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_day_of_googles_sdk_ends_well_and_stays_so() {
    ends_well(&GEMINI).await;
}

async fn ends_well(day: &Day) {
    let Some(scene) = Scene::new(day.sdk) else { return };
    let upstream = busy(day).await;
    let to = format!("{}=http://{}", day.sdk, upstream.address);
    let flags = ["--quiet", "--mode", "replay-or-record", "--upstream", &to];

    let serve = scene.home.serve(&flags);
    let refused = scene.calls_as(&serve, WRONG, &day.names[..1]);
    assert_eq!(refused[day.names[0]].error["type"], day.refused, "{refused:?}");
    let recorded = scene.calls_as(&serve, KEY, day.names);
    well(&recorded, &[401, 429, 200]);
    // Once more in the same process: nothing is asked for again that said its last word.
    let before = upstream.calls();
    let again = scene.calls_as(&serve, KEY, day.names);
    well(&again, &[200]);
    same_results(&recorded, &again);
    assert_eq!(upstream.calls(), before);
    upstream.stop().await;
    stopped(serve);

    for mode in ["replay-or-record", "replay-or-error"] {
        let serve = scene.home.serve(&["--quiet", "--mode", mode, "--upstream", &to]);
        let replayed = scene.calls_as(&serve, KEY, day.names);
        // What came of trying again plays as it was where nobody can be asked, and nowhere else.
        well(&replayed, if mode == "replay-or-error" { &[429, 200] } else { &[200] });
        same_results(&recorded, &replayed);
        stopped(serve);
    }
}

/// The provider, too busy for each request the first time, and for whoever has no right key at any time.
async fn busy(day: &Day) -> Upstream {
    let (answer, job, credential) = (day.answer, day.job, day.credential);
    let seen_before = Arc::new(Mutex::new(HashSet::new()));
    let polls = Arc::new(AtomicUsize::new(0));
    Upstream::start(move |seen: Seen| {
        if !header(&seen, credential).contains(KEY) {
            return refusal(401, "invalid x-api-key");
        }
        // Parts have another boundary each time, and a poll is the same request again and again.
        let what = if header(&seen, "content-type").starts_with("multipart/") {
            Vec::new()
        } else {
            seen.body.to_vec()
        };
        if seen_before.lock().unwrap().insert((seen.target.clone(), what)) {
            return refusal(429, "slow down");
        }
        let before = polls.load(Ordering::SeqCst);
        job(&seen, before).map_or_else(
            || answer(&seen),
            |response| {
                polls.fetch_add(usize::from(seen.body.is_empty()), Ordering::SeqCst);
                response
            },
        )
    })
    .await
}

/// An error that each of the SDKs understands.
fn refusal(status: u16, message: &str) -> Response {
    let error =
        json!({ "type": "error", "code": status, "message": message, "status": "RESOURCE_EXHAUSTED" });
    let body = json!({ "type": "error", "error": error });
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .header("retry-after-ms", "1")
        .header("retry-after", "0")
        .body(Body::from(body.to_string()))
        .unwrap()
}

/// Every call ended well, over exchanges with these statuses and no others.
fn well(outcomes: &Outcomes, statuses: &[u16]) {
    for (name, outcome) in outcomes {
        assert_eq!(outcome.error, Value::Null, "{name}");
        let seen: Vec<u16> = outcome.exchanges.iter().map(|exchange| exchange.status).collect();
        assert!(seen.iter().all(|status| statuses.contains(status)), "{name}: {seen:?}");
        assert_eq!(seen.contains(&429), statuses.contains(&429), "{name}: {seen:?}");
    }
}

fn same_results(one: &Outcomes, other: &Outcomes) {
    for (name, first) in one {
        let second = &other[name];
        assert_eq!(first.result, second.result, "{name}");
        let last =
            |outcome: &crate::python::Outcome| outcome.exchanges.last().map(|exchange| exchange.body.clone());
        assert_eq!(last(first), last(second), "{name}: equal bytes");
    }
}
