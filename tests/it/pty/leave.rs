//! However it ends, the terminal is given back as it was.

use std::sync::Arc;

use tokio::sync::Notify;

use super::*;
use crate::home::{CHAT_PATH, call, chat, signal};
use crate::terminal::owned;
use crate::world::PATIENCE;

#[test]
fn keys_and_signals_leave_the_terminal_clean() {
    for (what, keys, by) in [
        ("q", "q", None),
        ("Ctrl-C", "\x03", None),
        ("SIGTERM", "", Some("TERM")),
        ("SIGHUP", "", Some("HUP")),
        ("SIGINT", "", Some("INT")),
    ] {
        let home = Home::new();
        let mut terminal = Terminal::start(&home, SMALL, &["--listen", "127.0.0.1:0"]);
        terminal.shows("q quit");
        assert!(terminal.look(|screen| screen.hide_cursor() && screen.bracketed_paste()), "{what}");
        terminal.keys(keys);
        if let Some(name) = by {
            signal(name, owned(&home).0.pid);
        }
        terminal.ends(0);
        terminal.shows("no calls; 0 recordings");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signals_end_it_whatever_lies_on_top() {
    let home = Home::new();
    super::pictures::pictured(&home).await;
    // What is typed, and what shows that it lies on top.
    for (keys, sign) in [
        ("?", "Keys: /"),
        ("m", "Mode:"),
        ("/text", "/ text"),
        ("f", "Find"),
        (":", "Command"),
        ("x", "Actions"),
        ("t", "Esc  Cancel"),
        ("d", "Delete 1 recording?"),
        ("N", "Name"),
        ("I", "Pictures 1"),
        ("i", "png"),
    ] {
        let mut terminal = Terminal::start(&home, LARGE, &["--listen", "127.0.0.1:0"]);
        terminal.shows("1 rec");
        terminal.keys("2");
        terminal.selects(&["a cat"]);
        terminal.shows("64x64 png");
        terminal.keys(keys);
        terminal.hides("q quit");
        terminal.shows(sign);
        signal("TERM", owned(&home).0.pid);
        terminal.ends(0);
    }
    assert_eq!(home.rows().len(), 1, "what was asked was not answered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaving_asks_while_calls_are_under_way() {
    let home = Home::new();
    let (reached, gate) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (tell, wait) = (Arc::clone(&reached), Arc::clone(&gate));
    let upstream = Upstream::start(move |_| {
        tell.notify_one();
        let wait = Arc::clone(&wait);
        let answer = futures_util::stream::once(async move {
            wait.notified().await;
            Ok::<_, std::convert::Infallible>(bytes::Bytes::from(crate::cli::ANSWER))
        });
        let body = axum::body::Body::from_stream(answer);
        Response::builder().header("content-type", "application/json").body(body).unwrap()
    })
    .await;
    let mut terminal = workbench(&home, SMALL, &upstream);
    let (_, address) = owned(&home);
    let calling = tokio::spawn(async move { call(address, CHAT_PATH, &[], &chat("slow")).await });
    tokio::time::timeout(PATIENCE, reached.notified()).await.unwrap();
    terminal.shows("1 in flight");
    terminal.keys("q");
    terminal.shows("still under way");
    terminal.keys("\x1b");
    terminal.hides("still under way");
    terminal.keys("q");
    terminal.shows("still under way");
    terminal.keys("q");
    // The screen goes at once; the call gets its answer before the program ends.
    terminal.until("the ordinary screen", |screen| !screen.alternate_screen());
    gate.notify_one();
    assert_eq!(calling.await.unwrap().body, crate::cli::ANSWER);
    terminal.ends(0);
    assert_eq!(home.rows().len(), 1);
}

#[test]
fn a_demo_is_left_like_any_other() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, SMALL, &["demo", "--listen", "127.0.0.1:0"]);
    terminal.shows("HIT");
    terminal.keys("q");
    // Calls may be under way, and then it asks.
    terminal.until("the end or a question", |screen| {
        !screen.alternate_screen() || screen.contents().contains("still under way")
    });
    if terminal.look(vt100::Screen::alternate_screen) {
        terminal.keys("q");
    }
    terminal.ends(0);
}
