//! The question whether a project's file is trusted, before the first screen.

use super::*;
use crate::home::{CHAT_PATH, call, chat};
use crate::terminal::owned;

/// A project whose file sends calls elsewhere, and starts a program.
fn project(upstream: &Upstream) -> Home {
    let home = Home::new();
    let text = format!(
        "mode = \"replay-or-live\"\ncopy = \"tee theirs\"\n[upstreams]\nopenai = \"http://{}\"\n",
        upstream.address
    );
    std::fs::write(home.path().join("retake.toml"), text).unwrap();
    home
}

/// What the question shows in either size.
fn asked(terminal: &Terminal, upstream: &Upstream) {
    terminal.shows("Trust this file?");
    terminal.shows("retake.toml");
    terminal.shows("2: copy = \"tee theirs\"");
    terminal.shows(&format!("4: upstreams.openai = \"http://{}\"", upstream.address));
    terminal.shows("OPENAI_API_KEY");
    terminal.shows("t  Trust it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_asked_about_before_anything_runs_and_once() {
    for size in [SMALL, LARGE] {
        let upstream = Upstream::start(answer).await;
        let home = project(&upstream);
        let args = ["--listen", "127.0.0.1:0"];
        let mut terminal = Terminal::start(&home, size, &args);
        asked(&terminal, &upstream);
        // Keys that mean something else later do nothing, and nothing runs yet.
        terminal.keys("y\r2x");
        terminal.shows("Trust this file?");
        assert!(!home.store().exists());
        terminal.keys("q");
        terminal.ends(0);
        assert!(!home.store().exists() && !home.path().join(".local").exists());
        // Without it, calls do not go there.
        let mut terminal = Terminal::start(&home, size, &args);
        asked(&terminal, &upstream);
        terminal.keys("w");
        terminal.shows("q quit");
        terminal.shows("not in force");
        let reply = call(owned(&home).1, CHAT_PATH, &[("x-retake-mode", "mock")], &chat("x")).await;
        assert_eq!((reply.status, upstream.calls()), (200, 0));
        terminal.line(&["MOCK", "200"]);
        terminal.shows("0 in flight");
        terminal.keys("q");
        terminal.ends(0);
        // With it they do, and nobody is asked again until the file changes.
        let mut terminal = Terminal::start(&home, size, &args);
        asked(&terminal, &upstream);
        terminal.keys("t");
        terminal.shows("q quit");
        assert_eq!(call(owned(&home).1, CHAT_PATH, &[], &chat("x")).await.status, 200);
        assert_eq!(upstream.calls(), 1);
        terminal.line(&["LIVE", "200"]);
        terminal.shows("0 in flight");
        terminal.keys("q");
        terminal.ends(0);
        let mut terminal = Terminal::start(&home, size, &args);
        terminal.shows("q quit");
        terminal.keys("q");
        terminal.ends(0);
        let file = home.path().join("retake.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("{text}# changed\n")).unwrap();
        let mut terminal = Terminal::start(&home, size, &args);
        asked(&terminal, &upstream);
        terminal.keys("\x03");
        terminal.ends(0);
    }
}
