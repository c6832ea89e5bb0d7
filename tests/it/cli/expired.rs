//! Age, as the configuration sets it: what has expired is shown and served with a warning or refused, and never a reason
//! to ask an upstream.

use std::sync::atomic::Ordering;

use retake::model::{Call, Outcome, Row};
use serde_json::Value;

use super::*;
use crate::home::{CHAT_PATH, Home, Running, chat};
use crate::world::{Reply, Upstream};

/// The modes in which a recording answers.
const SERVING: [&str; 4] = ["replay-or-error", "replay-or-record", "replay-or-live", "replay-or-mock"];

/// A store with a recording of `fresh`, which is tagged so, one of `plain` and a protected one of `kept`.
async fn aged(home: &Home, upstream: &Upstream) -> Vec<Row> {
    let made = home.filled(upstream, &["fresh", "plain", "kept"]).await;
    home.fine(&["tag", made[0].id.as_str(), "--add", "fresh"]);
    made
}

/// A proxy whose configuration ends like this.
fn serve(home: &Home, upstream: &Upstream, config: &str) -> Running {
    std::fs::write(home.path().join("retake.toml"), config).unwrap();
    let to = format!("openai=http://{}", upstream.address);
    home.serve(&["--json", "--upstream", &to])
}

async fn asked(running: &Running, mode: &str, prompt: &str) -> (Reply, Call) {
    let reply = running.call(CHAT_PATH, &[("x-retake-mode", mode)], &chat(prompt)).await;
    (reply, running.json())
}

/// The ids that a filter shows, the newest first.
fn listed(home: &Home, filter: &str) -> Vec<String> {
    let rows: Vec<Row> = serde_json::from_str(&home.fine(&["list", "--json", filter])).unwrap();
    rows.iter().map(|row| row.id.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_expired_is_served_with_a_warning() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = aged(&home, &upstream).await;
    let connections = upstream.connections.load(Ordering::SeqCst);
    let running = serve(&home, &upstream, "[[expiry]]\nmax_age = \"0s\"\n");
    for mode in SERVING {
        // The second and the third time the raw bytes are known.
        for _ in 0..3 {
            let (reply, call) = asked(&running, mode, "plain").await;
            assert_eq!((reply.status, &reply.body[..]), (200, ANSWER.as_bytes()), "{mode}");
            assert_eq!(call.outcome, Some(Outcome::Replay), "{mode}");
            let reason = call.reason.expect("it says so");
            assert!(reason.contains("has expired") && reason.contains(made[1].id.as_str()), "{reason}");
        }
    }
    let said = running.end("TERM");
    assert_eq!(said.err.matches("has expired").count(), 1, "people are told once: {said:?}");
    assert_eq!(upstream.connections.load(Ordering::SeqCst), connections, "age sends no call anywhere");
    assert_eq!(home.rows().len(), 3, "and records nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_expired_is_refused_where_that_was_asked_for() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = aged(&home, &upstream).await;
    let (connections, id) = (upstream.connections.load(Ordering::SeqCst), made[1].id.as_str());
    let running = serve(&home, &upstream, "on_expired = \"refuse\"\n[[expiry]]\nmax_age = \"0s\"\n");
    for _ in 0..3 {
        let (reply, call) = asked(&running, "replay-or-error", "plain").await;
        let body: Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!((reply.status, &body["error"]["code"]), (404, &"RECORDING_EXPIRED".into()));
        let message = body["error"]["message"].as_str().unwrap();
        assert!(message.contains(&format!("retake rerecord {id}")), "{message}");
        assert_eq!(reply.headers.text("x-should-retry"), Some("false"));
        assert_eq!((call.outcome, call.code.as_deref()), (Some(Outcome::Miss), Some("RECORDING_EXPIRED")));
    }
    for mode in &SERVING[1..] {
        let (reply, call) = asked(&running, mode, "plain").await;
        assert_eq!((reply.status, call.outcome), (200, Some(Outcome::Replay)), "{mode}");
        assert!(call.reason.unwrap().contains("has expired"), "{mode}");
    }
    // Also where a call asks for that very recording.
    let headers = [("x-retake-mode", "replay-or-error"), ("x-retake-recording", id)];
    assert_eq!(running.call(CHAT_PATH, &headers, &chat("else")).await.status, 404);
    assert_eq!(running.json().code.as_deref(), Some("RECORDING_EXPIRED"));
    assert_eq!(running.end("TERM").code, Some(0));
    assert_eq!(upstream.connections.load(Ordering::SeqCst), connections, "age sends no call anywhere");
    assert_eq!(
        home.rows().iter().find(|row| row.id == made[1].id).unwrap().usage.hits,
        3,
        "refusing is no use"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_for_a_tag_goes_before_the_one_for_all() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = aged(&home, &upstream).await;
    let ids: Vec<_> = made.iter().map(|row| row.id.to_string()).collect();
    for (rules, expired) in [
        ("[[expiry]]\ntag = \"fresh\"\nmax_age = \"0s\"\n", vec![&ids[0]]),
        ("[[expiry]]\nmax_age = \"0s\"\n", vec![&ids[2], &ids[1], &ids[0]]),
        (
            "[[expiry]]\nmax_age = \"0s\"\n[[expiry]]\ntag = \"fresh\"\nmax_age = \"90d\"\n",
            vec![&ids[2], &ids[1]],
        ),
        ("[[expiry]]\nmax_age = \"52w\"\n", vec![]),
        ("", vec![]),
    ] {
        let running = serve(&home, &upstream, &format!("on_expired = \"refuse\"\n{rules}"));
        assert_eq!(listed(&home, "expired:yes"), expired.iter().map(|id| &***id).collect::<Vec<_>>());
        assert_eq!(listed(&home, "expired:no").len(), 3 - expired.len(), "{rules}");
        let marked = home.fine(&["list"]);
        assert_eq!(marked.matches(" expired ").count(), expired.len(), "{marked}");
        assert!(
            expired
                .iter()
                .all(|id| marked.lines().any(|line| line.contains(*id) && line.contains(" expired ")))
        );
        for (prompt, id) in [("fresh", &ids[0]), ("plain", &ids[1]), ("kept", &ids[2])] {
            let status = asked(&running, "replay-or-error", prompt).await.0.status;
            assert_eq!(status, if expired.contains(&id) { 404 } else { 200 }, "{prompt} under {rules}");
        }
        assert_eq!(running.end("TERM").code, Some(0));
    }
    let wrong = "[[expiry]]\nmax_age = \"soon\"\n";
    std::fs::write(home.path().join("retake.toml"), wrong).unwrap();
    home.run(&["serve"]).refused(2, &["line 1", "expiry.max_age", "soon", "90d"]);
    std::fs::write(home.path().join("retake.toml"), "on_expired = \"forget\"\n").unwrap();
    home.run(&["serve"]).refused(2, &["line 1", "forget", "refuse"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edited_rule_holds_for_calls_that_are_known_already() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    aged(&home, &upstream).await;
    let running = serve(&home, &upstream, "");
    for _ in 0..3 {
        assert_eq!(asked(&running, "replay-or-error", "plain").await.0.status, 200);
    }
    std::fs::write(
        home.path().join("retake.toml"),
        "on_expired = \"refuse\"\n[[expiry]]\nmax_age = \"0s\"\n",
    )
    .unwrap();
    let started = std::time::Instant::now();
    while asked(&running, "replay-or-error", "plain").await.0.status == 200 {
        assert!(started.elapsed() < crate::world::PATIENCE, "the file is looked at every second");
    }
    assert_eq!(listed(&home, "expired:yes").len(), 3);
    assert_eq!(running.end("TERM").code, Some(0));
}
