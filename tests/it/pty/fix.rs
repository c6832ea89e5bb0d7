//! A miss is fixed where it is explained, and the next call hits.

use super::*;
use crate::home::{CHAT_PATH, call};
use crate::terminal::owned;

fn seeded(seed: u32) -> String {
    format!(r#"{{"model":"gpt-5-mini","seed":{seed},"messages":[{{"role":"user","content":"apples"}}]}}"#)
}

const STRICT: [(&str, &str); 1] = [("x-retake-mode", "replay-or-error")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_miss_is_fixed_from_its_explanation_and_taken_back() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let mut terminal = workbench(&home, LARGE, &upstream);
    let (_, address) = owned(&home);
    assert_eq!(call(address, CHAT_PATH, &[], &seeded(1)).await.status, 200);
    terminal.shows("1 rec");
    assert_eq!(call(address, CHAT_PATH, &STRICT, &seeded(2)).await.status, 404);
    terminal.line(&["MISS", "404"]);
    terminal.shows("seed  1 → 2");
    terminal.keys("a");
    terminal.shows("Make it match");
    terminal.line(&["a", "standard -seed", "1 past miss would hit"]);
    terminal.keys("a");
    terminal.shows("u undoes it");
    assert_eq!(call(address, CHAT_PATH, &STRICT, &seeded(2)).await.status, 200);
    terminal.line(&["HIT~", "200"]);
    terminal.keys("u");
    terminal.shows("Undone: retag");
    assert_eq!(call(address, CHAT_PATH, &STRICT, &seeded(3)).await.status, 404);
    terminal.keys("q");
    terminal.ends(0);
}

/// The first key was to let the recording answer any prompt.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_prompt_is_recorded_first_and_then_hits() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let mut terminal = workbench(&home, LARGE, &upstream);
    let (_, address) = owned(&home);
    assert_eq!(call(address, CHAT_PATH, &[], &seeded(1)).await.status, 200);
    terminal.shows("1 rec");
    let other = seeded(1).replace("apples", "pears");
    assert_eq!(call(address, CHAT_PATH, &STRICT, &other).await.status, 404);
    terminal.line(&["MISS", "404"]);
    terminal.shows("record it now");
    terminal.shows("or loosen it: standard");
    terminal.keys("a");
    terminal.line(&["R", "record it", "the price first"]);
    terminal.line(&["a", "standard -messages", "would answer any prompt"]);
    terminal.keys("R");
    terminal.shows("Record now?");
    terminal.keys("x");
    terminal.shows("2 rec");
    assert_eq!(call(address, CHAT_PATH, &STRICT, &other).await.status, 200);
    let third = seeded(1).replace("apples", "plums");
    assert_eq!(call(address, CHAT_PATH, &STRICT, &third).await.status, 404);
    assert_eq!(upstream.calls(), 2);
    terminal.keys("q");
    terminal.ends(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_recording_answers_is_chosen_and_taken_back() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let mut terminal = workbench(&home, LARGE, &upstream);
    let (_, address) = owned(&home);
    assert_eq!(call(address, CHAT_PATH, &[], &seeded(1)).await.status, 200);
    terminal.shows("1 rec");
    assert_eq!(call(address, CHAT_PATH, &STRICT, &seeded(2)).await.status, 404);
    terminal.line(&["MISS", "404"]);
    terminal.keys("2");
    terminal.selects(&["apples"]);
    terminal.keys("t");
    terminal.line(&["Now:", "standard"]);
    terminal.keys("p");
    terminal.line(&["Of 2 past calls", "1 past miss would hit"]);
    terminal.keys("\r");
    terminal.selects(&["apples", "pinned"]);
    assert_eq!(call(address, CHAT_PATH, &STRICT, &seeded(2)).await.body, crate::cli::ANSWER);
    terminal.keys("u");
    terminal.shows("Undone: retag");
    terminal.selects(&["apples"]);
    assert_eq!(call(address, CHAT_PATH, &STRICT, &seeded(2)).await.status, 404);
    // What was taken back can be done again.
    terminal.keys("\x12");
    terminal.selects(&["apples", "pinned"]);
    assert_eq!(call(address, CHAT_PATH, &STRICT, &seeded(3)).await.status, 200);
    assert_eq!(upstream.calls(), 1);
    terminal.keys("q");
    terminal.ends(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_is_found_by_a_few_letters() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    home.filled(&upstream, &["apples and pears", "a tiny hat", "a red scarf"]).await;
    let mut terminal = Terminal::start(&home, LARGE, &["--listen", "127.0.0.1:0"]);
    terminal.shows("3 rec");
    terminal.keys("ftihat");
    terminal.line(&["\u{258c}", "a tiny hat"]);
    terminal.keys("\r");
    terminal.shows("[2 Recordings]");
    terminal.shows("prompt a tiny hat");
    terminal.keys("q");
    terminal.ends(0);
}
