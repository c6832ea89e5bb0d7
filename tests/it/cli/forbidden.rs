//! What is asked of an upstream on somebody's behalf: not where that is forbidden, not of calls that are forgotten, and
//! not twice.

use std::sync::atomic::Ordering;

use axum::body::Body;
use retake::model::{Outcome, Row};

use super::*;
use crate::home::{CHAT_PATH, Home, Running, chat};
use crate::world::{KEY, Upstream};

fn connections(upstream: &Upstream) -> usize {
    upstream.connections.load(Ordering::SeqCst)
}

/// A proxy that has a key for the upstream, with which recordings are made anew.
fn serve(home: &Home, upstream: &Upstream, args: &[&str]) -> Running {
    let to = format!("openai=http://{}", upstream.address);
    let always = ["serve", "--listen", "127.0.0.1:0", "--json", "--upstream", &to];
    let mut command = home.command(&[&always, args].concat());
    command.env("OPENAI_API_KEY", KEY);
    Running::start(command)
}

/// Makes a call and gives its number.
async fn number(running: &Running, mode: &str, prompt: &str, outcome: Outcome) -> String {
    running.call(CHAT_PATH, &[("x-retake-mode", mode)], &chat(prompt)).await;
    let call = running.json();
    assert_eq!(call.outcome, Some(outcome), "{call:?}");
    call.id.0.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn never_forward_holds_for_verbs_too() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made: Vec<Row> = home.filled(&upstream, &["one"]).await;
    let (before, id) = (connections(&upstream), made[0].id.as_str());
    let running = serve(&home, &upstream, &["--never-forward", "--mode", "replay-or-error"]);
    let missed = number(&running, "replay-or-error", "unknown", Outcome::Miss).await;
    home.run(&["keep", &missed, "--yes"]).refused(2, &["--never-forward forbids"]);
    let said = home.run(&["rerecord", id, "--yes"]);
    said.refused(1, &[id, "--never-forward forbids"]);
    let plan = home.run(&["rerecord", id, "--dry-run", "--json"]);
    assert!(plan.code == Some(1) && plan.out.contains("--never-forward forbids"), "{plan:?}");
    assert_eq!(running.end("TERM").code, Some(0));
    // The same where no proxy runs, and the file says so.
    std::fs::write(
        home.path().join("retake.toml"),
        "never_forward = true
",
    )
    .unwrap();
    home.run(&["rerecord", id, "--yes"]).refused(1, &[id, "never-forward forbids"]);
    assert_eq!(connections(&upstream), before, "nothing left the machine");
    assert_eq!(home.rows(), made);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_missed_is_asked_for_only_when_somebody_agrees() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let running = serve(&home, &upstream, &["--mode", "replay-or-error"]);
    let missed = number(&running, "replay-or-error", "unknown", Outcome::Miss).await;
    home.run(&["keep", &missed]).refused(2, &["has no answer", "upstream has to be asked", "--yes"]);
    assert_eq!((connections(&upstream), home.rows().len()), (0, 0));
    home.fine(&["keep", &missed, "--yes"]);
    assert_eq!(upstream.calls(), 1);
    number(&running, "replay-or-error", "unknown", Outcome::Replay).await;
    assert_eq!(running.end("TERM").code, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upstream_that_cannot_be_reached_leaves_nothing_behind() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["one"]).await;
    let running = serve(&home, &upstream, &["--mode", "replay-or-error"]);
    upstream.stop().await;
    let missed = number(&running, "replay-or-error", "unknown", Outcome::Miss).await;
    home.run(&["keep", &missed, "--yes"]).refused(4, &["refused"]);
    home.run(&["rerecord", made[0].id.as_str(), "--yes"]).refused(4, &[made[0].id.as_str(), "refused"]);
    home.run(&["undo"]).refused(1, &["nothing to undo"]);
    assert_eq!(running.end("TERM").code, Some(0));
    assert_eq!(home.rows(), made);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_kept_says_why() {
    // More than is kept of one exchange.
    let long = |seen: Seen| {
        if seen.body.windows(4).any(|part| part == b"long") {
            Response::new(Body::from(vec![b'x'; 9 << 20]))
        } else {
            answer(seen)
        }
    };
    let (home, upstream) = (Home::new(), Upstream::start(long).await);
    let running = serve(&home, &upstream, &["--mode", "replay-or-record"]);
    let recorded = number(&running, "replay-or-record", "one", Outcome::Record).await;
    let replayed = number(&running, "replay-or-record", "one", Outcome::Replay).await;
    let too_long = number(&running, "off", "long", Outcome::Live).await;
    let live = number(&running, "off", "two", Outcome::Live).await;
    running.call("/nowhere/v1/x", &[], "").await;
    let wrong = running.json();
    assert_eq!(wrong.outcome, Some(Outcome::Error));
    let keep = |number: &str| home.run(&["keep", number, "--yes"]);
    keep("99").refused(1, &["there is no call 99", "retake calls"]);
    keep("first").refused(2, &["first", "12 or call_12"]);
    for number in [&recorded, &replayed] {
        keep(number).refused(1, &["is a recording already", home.rows()[0].id.as_str()]);
    }
    keep(&too_long).refused(1, &["is not in memory", "newest calls", "8 MiB"]);
    keep(&wrong.id.0.to_string()).refused(1, &["nothing to ask for once more"]);
    let calls = upstream.calls();
    assert_eq!(home.rows().len(), 1);
    // After a restart the calls are known and what they held is not.
    assert_eq!(running.end("TERM").code, Some(0));
    keep(&live).refused(1, &["is not in memory"]);
    let running = serve(&home, &upstream, &[]);
    keep(&live).refused(1, &["is not in memory", "running retake"]);
    assert_eq!(running.end("TERM").code, Some(0));
    assert_eq!((upstream.calls(), home.rows().len()), (calls, 1), "nobody was asked");
}
