//! The screen of a proxy that runs in another process.

use std::net::{SocketAddr, TcpListener};

use super::*;
use crate::home::{CHAT_PATH, Running, call, chat, signal};
use crate::terminal::{Manners, owned};

/// Starts `retake serve` on this address.
fn serve_on(home: &Home, address: SocketAddr) -> Running {
    Running::start(home.command(&["serve", "--listen", &address.to_string(), "--mode", "mock"]))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_a_proxy_the_screen_is_attached_and_leaving_it_changes_nothing() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let running = home.record(&upstream);
    let mut terminal = Terminal::start(&home, LARGE, &[]);
    terminal.shows("retake attached");
    terminal.shows(&format!("OPENAI_BASE_URL=http://{}/openai/v1", running.address));
    assert_eq!(running.call(CHAT_PATH, &[], &chat("while attached")).await.status, 200);
    terminal.line(&["REC", "200", "chat/completions"]);
    terminal.shows("1 rec");
    // What a call held that became no recording is asked of the other process.
    let headers = [("x-retake-mode", "replay-or-error")];
    assert_eq!(running.call(CHAT_PATH, &headers, &chat("unknown here")).await.status, 404);
    terminal.line(&["MISS", "404", "chat/completions"]);
    terminal.keys("G");
    terminal.shows("[Why]");
    terminal.shows("MISS 404  openai chat/completions");
    terminal.keys("]]");
    terminal.shows("RECORDING_NOT_FOUND");
    // Verbs reach it, and what they did comes back as an announcement.
    terminal.keys("2");
    terminal.selects(&["while attached"]);
    terminal.keys("d");
    terminal.shows("Delete 1 recording?");
    terminal.keys("x");
    terminal.shows("Deleted 1 recording");
    terminal.keys("u");
    terminal.shows("Undone: delete");
    terminal.keys("q");
    terminal.ends(0);
    terminal.shows("goes on");
    assert_eq!(running.call(CHAT_PATH, &[], &chat("afterwards")).await.status, 200);
    assert_eq!(running.end("TERM").code, Some(0));
    assert_eq!(home.rows().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_is_gone_is_missed_and_found_again() {
    let home = Home::new();
    let running = home.serve(&["--mode", "mock"]);
    let address = running.address;
    let mut terminal = Terminal::start(&home, LARGE, &[]);
    terminal.shows("retake attached");
    assert_eq!(running.end("KILL").code, None);
    terminal.shows("does not answer");
    terminal.keys("?");
    terminal.shows("one row down");
    terminal.keys("\x1b");
    terminal.hides("one row down");
    let running = serve_on(&home, address);
    terminal.shows("Connected again");
    assert_eq!(running.call(CHAT_PATH, &[], &chat("back")).await.status, 200);
    terminal.line(&["MOCK", "200", "chat/completions"]);
    // One that ends properly is missed in the same way, and found on another port: the store says where.
    assert_eq!(running.end("TERM").code, Some(0));
    terminal.shows("does not answer");
    let running = home.serve(&["--mode", "mock"]);
    terminal.hides("does not answer");
    for _ in 0..2 {
        assert_eq!(running.call(CHAT_PATH, &[], &chat("elsewhere")).await.status, 200);
    }
    terminal.shows("Live 3");
    terminal.keys("q");
    terminal.ends(0);
    assert_eq!(running.end("TERM").code, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_url_and_its_token_are_enough() {
    let (home, elsewhere) = (Home::new(), Home::new());
    let running = home.serve(&["--mode", "mock"]);
    let (owner, address) = owned(&home);
    let url = format!("http://{address}");
    let store = home.store();
    for (variables, args) in [
        (vec![], vec!["attach", &url, "--token", &owner.token]),
        (vec![("RETAKE_TOKEN", owner.token.as_str())], vec!["attach", &url]),
        (vec![], vec!["attach", &url, "--store", store.to_str().unwrap()]),
    ] {
        let mut terminal = Terminal::with(&elsewhere, LARGE, Manners::Answers, &variables, &args);
        terminal.shows("retake attached");
        assert_eq!(running.call(CHAT_PATH, &[], &chat("hello")).await.status, 200);
        terminal.line(&["MOCK", "200", "chat/completions"]);
        // Signals leave as keys do.
        terminal.keys("\x03");
        terminal.ends(0);
        assert!(!terminal.written().contains(&owner.token), "the token is not shown");
    }
    assert!(!elsewhere.store().exists(), "attaching makes no store");
    assert_eq!(running.end("TERM").code, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_attached_to_says_why() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let running = home.serve(&["--mode", "mock"]);
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let old = Upstream::start(|_| json(r#"{"status":"ok","name":"retake","version":"99.0.0"}"#)).await;
    let (url, stranger) = (format!("http://{}", running.address), format!("http://{}", upstream.address));
    let (gone, old) = (format!("http://{free}"), format!("http://{}", old.address));
    let other = Home::new();
    for (args, code, words) in [
        (vec!["attach", &url, "--token", "wrong"], 2, ["does not take the token", "LOCK"]),
        (vec!["attach", &url], 2, ["needs a token", "--token"]),
        (vec!["attach", &gone, "--token", "x"], 3, ["does not answer", "refused"]),
        (vec!["attach", &stranger, "--token", "x"], 2, ["is not a retake", "4010"]),
        (vec!["attach", &old, "--token", "x"], 2, ["99.0.0", "same version"]),
        (vec!["attach", "127.0.0.1:4010"], 2, ["scheme is missing", "http://"]),
    ] {
        let mut terminal = Terminal::start(&other, (200, 24), &args);
        terminal.ends(code);
        terminal.shows(words[0]);
        terminal.shows(words[1]);
        assert!(!terminal.written().contains("\x1b[?1049h"), "the screen was never taken");
    }
    let sent = upstream.last();
    assert!(sent.headers.iter().all(|(name, _)| name != "authorization"), "a stranger gets no token");
    assert_eq!(running.end("TERM").code, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn https_and_a_public_name_are_understood() {
    let (home, client) = (Home::new(), Home::new());
    let trusted = client.path().join("trusted.pem");
    let running = home.serve(&["--mode", "mock"]);
    let address = running.address;
    let public = format!("https://localhost:{}", crate::tls::front(&trusted, address).await);
    let attach = |token: &str| {
        let variables = [("SSL_CERT_FILE", trusted.to_str().unwrap()), ("RETAKE_TOKEN", token)];
        Terminal::with(&client, (200, 24), Manners::Answers, &variables, &["attach", &public])
    };
    // On another port than its own it is understood, but it cannot know of the scheme.
    let mut terminal = attach(&owned(&home).0.token);
    terminal.shows("retake attached");
    terminal.keys("q");
    terminal.ends(0);
    assert_eq!(running.end("TERM").code, Some(0));
    std::fs::write(home.path().join("retake.toml"), format!("public_url = \"{public}\"\n")).unwrap();
    let running = serve_on(&home, address);
    let mut terminal = attach(&owned(&home).0.token);
    terminal.shows("retake attached");
    terminal.shows(&format!("OPENAI_BASE_URL={public}/openai/v1"));
    assert_eq!(running.call(CHAT_PATH, &[], &chat("hello")).await.status, 200);
    terminal.line(&["MOCK", "200", "chat/completions"]);
    terminal.keys("q");
    terminal.ends(0);
    assert_eq!(running.end("TERM").code, Some(0));
}

#[test]
fn the_store_of_a_killed_proxy_is_free() {
    let home = Home::new();
    let running = home.serve(&["--mode", "mock"]);
    let pid = running.pid();
    assert_eq!(running.end("KILL").code, None);
    let text = std::fs::read_to_string(home.store().join("LOCK")).unwrap();
    assert!(text.contains(&pid.to_string()), "it says so to this day");
    assert_eq!(home.rows(), []);
    let mut terminal = Terminal::start(&home, LARGE, &["--listen", "127.0.0.1:0"]);
    terminal.shows("q quit");
    assert_ne!(owned(&home).0.pid, pid);
    assert!(!terminal.contents().contains("attached"));
    terminal.keys("q");
    terminal.ends(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verbs_at_the_same_time_all_get_their_turn() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["one", "two", "three", "four", "five", "six"]).await;
    let at_once = |rows: &[retake::model::Row]| {
        let start =
            |row: &retake::model::Row| home.command(&["rm", row.id.as_str(), "--yes"]).spawn().unwrap();
        let started: Vec<_> = rows.iter().map(start).collect();
        for child in started {
            let said = crate::home::Said::of(child.wait_with_output().unwrap());
            assert_eq!(said.code, Some(0), "{said:?}");
        }
    };
    at_once(&made[..3]);
    assert_eq!(home.rows().len(), 3);
    let owner = home.serve(&[]);
    at_once(&made[3..]);
    assert_eq!(home.rows(), []);
    assert_eq!(owner.end("TERM").code, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_is_not_held_up_by_who_watches() {
    let home = Home::new();
    let running = home.serve(&["--mode", "mock"]);
    let mut terminal = Terminal::start(&home, LARGE, &[]);
    terminal.shows("retake attached");
    call(running.address, CHAT_PATH, &[], &chat("hello")).await;
    terminal.line(&["MOCK"]);
    let started = std::time::Instant::now();
    signal("TERM", running.pid());
    let mut running = running;
    assert_eq!(running.ended().code, Some(0));
    assert!(started.elapsed() < retake::api::DRAIN, "{:?}", started.elapsed());
    terminal.keys("q");
    terminal.ends(0);
}
