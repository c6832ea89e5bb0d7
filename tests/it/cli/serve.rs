//! `retake serve`: what it prints, what decides its mode, and how it ends.

use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use bytes::Bytes;
use retake::model::{Mode, Outcome};
use tokio::sync::Notify;

use super::*;
use crate::home::{CHAT_PATH, Home, PROGRAM, Running, chat, signal};
use crate::world::{PATIENCE, Upstream};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_line_a_call() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let to = format!("openai=http://{}", upstream.address);
    let running = home.serve(&["--mode", "replay-or-record", "--upstream", &to]);
    for (mode, status, label) in [
        ("replay-or-record", 200, " REC "),
        ("replay-or-error", 200, " HIT "),
        ("mock", 200, " MOCK "),
        ("off", 200, " LIVE "),
    ] {
        assert_eq!(
            running.call(CHAT_PATH, &[("x-retake-mode", mode)], &chat("hello")).await.status,
            status,
            "{mode}"
        );
        let line = running.line();
        for word in [label, "200", "chat/completions", "gpt-5-mini"] {
            assert!(line.contains(word), "{word} in {line}");
        }
        assert!(!line.contains('\x1b'), "{line}");
    }
    let missed = running.call(CHAT_PATH, &[("x-retake-mode", "replay-or-error")], &chat("unknown")).await;
    assert_eq!(missed.status, 404);
    assert!(running.line().contains(" MISS 404 "));
    assert!(running.line().starts_with("         "), "a second line says why");
    let said = running.end("TERM");
    assert_eq!((said.code, said.out.as_str()), (Some(0), ""), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quiet_prints_the_address_alone() {
    let home = Home::new();
    let running = home.serve(&["--quiet", "--mode", "mock"]);
    assert_eq!(running.call(CHAT_PATH, &[], &chat("hello")).await.status, 200);
    let said = running.end("INT");
    assert_eq!((said.code, said.out.as_str()), (Some(0), ""), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_under_way_is_finished_before_the_end() {
    for name in ["INT", "TERM", "HUP"] {
        let home = Home::new();
        let (reached, gate) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (tell, wait) = (Arc::clone(&reached), Arc::clone(&gate));
        let upstream = Upstream::start(move |_| {
            tell.notify_one();
            let wait = Arc::clone(&wait);
            let answer = futures_util::stream::once(async move {
                wait.notified().await;
                Ok::<_, std::convert::Infallible>(Bytes::from(ANSWER))
            });
            Response::builder()
                .header("content-type", "application/json")
                .body(Body::from_stream(answer))
                .unwrap()
        })
        .await;
        let mut running = home.record(&upstream);
        let address = running.address;
        let calling =
            tokio::spawn(async move { crate::home::call(address, CHAT_PATH, &[], &chat("slow")).await });
        tokio::time::timeout(PATIENCE, reached.notified()).await.unwrap();
        signal(name, running.pid());
        refuses(&running);
        gate.notify_one();
        let reply = calling.await.unwrap();
        assert_eq!((reply.status, &reply.body[..]), (200, ANSWER.as_bytes()), "{name}");
        let said = running.ended();
        assert_eq!(said.code, Some(0), "{name} {said:?}");
        assert!(said.out.contains("\"outcome\":\"record\""), "{name} {said:?}");
        assert_eq!(home.rows().len(), 1, "{name}");
    }
}

/// Waits until nobody is let in any more.
fn refuses(running: &Running) {
    let started = Instant::now();
    while TcpStream::connect(running.address).is_ok() {
        assert!(started.elapsed() < PATIENCE, "it still listens");
        std::thread::yield_now();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flags_come_before_the_environment_before_the_file_before_the_default() {
    let home = Home::new();
    let file = "mode = \"mock\"\n";
    for (flag, variable, file, expected) in [
        (None, None, None, Mode::default()),
        (None, None, Some(file), Mode::Mock),
        (None, Some("replay-or-error"), Some(file), Mode::ReplayOrError),
        (Some("record"), Some("replay-or-error"), Some(file), Mode::Record),
    ] {
        let place = home.path().join("retake.toml");
        let _ = std::fs::remove_file(&place);
        if let Some(text) = file {
            std::fs::write(&place, text).unwrap();
        }
        // Before and behind the verb, flags mean the same.
        for behind in [true, false] {
            let flags: Vec<&str> = flag.map_or_else(Vec::new, |mode| vec!["--mode", mode]);
            let serve = ["serve", "--json", "--never-forward", "--listen", "127.0.0.1:0"];
            let args = if behind { [&serve, &flags[..]].concat() } else { [&flags[..], &serve].concat() };
            let mut command = home.command(&args);
            command.envs(variable.map(|mode| ("RETAKE_MODE", mode)));
            let running = Running::start(command);
            running.call(CHAT_PATH, &[], &chat("hello")).await;
            assert_eq!(running.json().mode, expected, "{flag:?} {variable:?} {file:?}, behind: {behind}");
            assert_eq!(running.end("TERM").code, Some(0));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_flag_of_the_proxy_counts() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let to = format!("openai=http://{}", upstream.address);
    let running = home.serve(&["--json", "--mode", "record", "--upstream", &to, "--match", "strict"]);
    running.call(CHAT_PATH, &[], &chat("hello")).await;
    assert_eq!(running.json().outcome, Some(Outcome::Record));
    assert_eq!(home.rows()[0].strategy.to_string(), "strict");
    assert_eq!(running.end("TERM").code, Some(0));
    let running = home.serve(&["--json", "--mode", "record", "--upstream", &to, "--never-forward"]);
    let refused = running.call(CHAT_PATH, &[], &chat("hello")).await;
    assert_eq!((refused.status, upstream.calls()), (403, 1));
    assert_eq!(running.end("TERM").code, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_leaves_does_not_stop_the_proxy() {
    let home = Home::new();
    let mut command = home.command(&["serve", "--listen", "127.0.0.1:0", "--mode", "mock"]);
    let mut child = command.spawn().unwrap();
    let mut first = String::new();
    let mut stdout = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut stdout, &mut first).unwrap();
    drop(stdout);
    let address = first.trim().strip_prefix("listening on http://").unwrap().parse().unwrap();
    let statuses = [
        crate::home::call(address, CHAT_PATH, &[], &chat("one")).await.status,
        crate::home::call(address, CHAT_PATH, &[], &chat("two")).await.status,
    ];
    signal("TERM", child.id());
    let status = child.wait().unwrap();
    assert_eq!((statuses, status.code()), ([200, 200], Some(0)));
}

/// With few descriptors some calls wait, and all are answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_wait_where_there_are_few_descriptors() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let to = format!("openai=http://{}", upstream.address);
    let mut command = Command::new("sh");
    let limited =
        format!("ulimit -n 64; exec {PROGRAM} serve --listen 127.0.0.1:0 --mode off --quiet --upstream {to}");
    command.args(["-c", &limited]).env_clear().envs(home.environment()).current_dir(home.path());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let running = Running::start(command);
    // Each call has a client, and so a connection, of its own.
    let prompts: Vec<_> = (0..40).map(|at| chat(&format!("call {at}"))).collect();
    let calls = prompts.iter().map(|prompt| running.call(CHAT_PATH, &[], prompt));
    for reply in futures_util::future::join_all(calls).await {
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    assert_eq!(upstream.calls(), 40);
    assert_eq!(running.end("TERM").code, Some(0));
}
