//! Watching calls and tending recordings with the keyboard.

use retake::model::{Mode, Outcome};

use super::*;
use crate::home::{CHAT_PATH, call, chat};
use crate::terminal::owned;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_appear_as_they_happen() {
    for size in [SMALL, LARGE] {
        let (home, upstream) = (Home::new(), Upstream::start(answer).await);
        let mut terminal = workbench(&home, size, &upstream);
        let (_, address) = owned(&home);
        assert_eq!(call(address, CHAT_PATH, &[], &chat("first")).await.body, crate::cli::ANSWER);
        terminal.line(&["REC", "200", "chat/completions", "gpt-5-mini"]);
        terminal.shows("1 rec");
        assert_eq!(call(address, CHAT_PATH, &[], &chat("first")).await.body, crate::cli::ANSWER);
        terminal.line(&["HIT", "200", "chat/completions", "gpt-5-mini"]);
        assert_eq!(upstream.calls(), 1);
        terminal.keys("q");
        terminal.ends(0);
        // The last word, on the ordinary screen.
        terminal.line(&["1 HIT", "1 REC", "1 recordings"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_is_deleted_after_a_question_and_comes_back() {
    for size in [SMALL, LARGE] {
        let (home, upstream) = (Home::new(), Upstream::start(answer).await);
        home.filled(&upstream, &["apples", "pears"]).await;
        let mut terminal = workbench(&home, size, &upstream);
        terminal.keys("2");
        terminal.shows("Recordings 2");
        terminal.selects(&["pears"]);
        terminal.keys("d");
        terminal.shows("Delete");
        // The key that asked is no answer, and Esc keeps.
        terminal.keys("d\x1b");
        terminal.hides("Cancel");
        assert_eq!(home.rows().len(), 2);
        terminal.keys("d");
        terminal.shows("Cancel");
        terminal.keys("x");
        terminal.shows("Recordings 1");
        let left = home.rows();
        assert_eq!(left.len(), 1, "`retake list` beside it agrees");
        terminal.shows(&left[0].hash.short());
        terminal.keys("u");
        terminal.shows("Recordings 2");
        assert_eq!(home.rows().len(), 2);
        let (_, address) = owned(&home);
        for prompt in ["apples", "pears"] {
            let reply =
                call(address, CHAT_PATH, &[("x-retake-mode", "replay-or-error")], &chat(prompt)).await;
            assert_eq!((reply.status, &reply.body[..]), (200, crate::cli::ANSWER.as_bytes()));
        }
        terminal.keys("q");
        terminal.ends(0);
        assert_eq!(home.rows().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_verb_beside_it_removes_leaves_the_screen() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["apples", "pears"]).await;
    let mut terminal = workbench(&home, LARGE, &upstream);
    terminal.keys("2");
    terminal.shows(&made[0].hash.short());
    home.fine(&["rm", made[0].id.as_str(), "--yes"]);
    terminal.shows("Recordings 1");
    terminal.hides(&made[0].hash.short());
    terminal.keys("q");
    terminal.ends(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_filter_narrows_the_list() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["apples", "pears", "plums"]).await;
    let mut terminal = workbench(&home, LARGE, &upstream);
    terminal.keys("2");
    terminal.shows("Recordings 3");
    terminal.keys("/pear");
    terminal.shows("1 of 3");
    terminal.shows(&made[1].hash.short());
    terminal.hides(&made[0].hash.short());
    // While it is typed, letters are letters.
    terminal.keys("q");
    terminal.shows("0 of 3");
    terminal.keys("\x7f\r");
    terminal.shows("1 of 3");
    terminal.keys("\x1b");
    terminal.shows("Recordings 3");
    terminal.shows(&made[0].hash.short());
    terminal.keys("q");
    terminal.ends(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mode_is_switched_and_the_next_call_knows() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let mut terminal = workbench(&home, LARGE, &upstream);
    let (_, address) = owned(&home);
    terminal.keys("m");
    terminal.shows("Mode:");
    terminal.keys("\x1b");
    terminal.hides("Mode:");
    for (mode, label, outcome) in [(Mode::Mock, "MOCK", Outcome::Mock), (Mode::Off, "LIVE", Outcome::Live)] {
        choose(&terminal, mode);
        let reply = call(address, CHAT_PATH, &[], &chat("hello")).await;
        assert_eq!(reply.headers.text("x-retake-result"), Some(outcome.as_str()));
        terminal.line(&[label, "200", "chat/completions"]);
    }
    assert_eq!(upstream.calls(), 1);
    terminal.keys("q");
    terminal.ends(0);
}

/// Chooses a mode in the menu, from its first row down.
fn choose(terminal: &Terminal, mode: Mode) {
    let at = Mode::ALL.iter().position(|known| *known == mode).unwrap();
    terminal.keys(&format!("m{}{}\r", "k".repeat(Mode::ALL.len()), "j".repeat(at)));
    let sign = format!(" {mode} ");
    terminal.until(&sign, |screen| screen.contents().lines().next().is_some_and(|head| head.contains(&sign)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_miss_says_why() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    home.filled(&upstream, &["apples"]).await;
    let mut terminal = workbench(&home, LARGE, &upstream);
    let (_, address) = owned(&home);
    let reply = call(address, CHAT_PATH, &[("x-retake-mode", "replay-or-error")], &chat("oranges")).await;
    assert_eq!(reply.status, 404);
    terminal.line(&["MISS", "404", "chat/completions"]);
    terminal.keys("G");
    terminal.shows("messages");
    terminal.keys("q");
    terminal.ends(0);
}

#[test]
fn the_help_explains_the_keys() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, LARGE, &["--listen", "127.0.0.1:0"]);
    terminal.shows("q quit");
    terminal.keys("?");
    for text in ["In the list", "follow the newest call"] {
        terminal.shows(text);
    }
    terminal.keys("G");
    terminal.shows("close the picture");
    terminal.keys("gg");
    terminal.shows("follow the newest call");
    terminal.keys("/filter the");
    terminal.shows("filter the list");
    terminal.hides("follow the newest call");
    terminal.keys("\x1b");
    terminal.shows("follow the newest call");
    terminal.keys("q");
    terminal.hides("Keys: /");
    terminal.keys("q");
    terminal.ends(0);
}
