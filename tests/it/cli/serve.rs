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

/// A proxy that may have so many descriptors.
fn few_descriptors(home: &Home, count: usize, args: &str) -> Running {
    let mut command = Command::new("sh");
    let limited = format!("ulimit -n {count}; exec {PROGRAM} serve --listen 127.0.0.1:0 --quiet {args}");
    command.args(["-c", &limited]).env_clear().envs(home.environment()).current_dir(home.path());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Running::start(command)
}

/// With few descriptors some calls wait, and all are answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_wait_where_there_are_few_descriptors() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let running =
        few_descriptors(&home, 64, &format!("--mode off --upstream openai=http://{}", upstream.address));
    let address = running.address;
    // Each call has a connection of its own, on which its request comes at once.
    let calls =
        (0..200).map(|at| tokio::task::spawn_blocking(move || asked(address, &chat(&format!("call {at}")))));
    for answer in futures_util::future::join_all(calls).await {
        let answer = answer.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    assert_eq!(upstream.calls(), 200);
    assert_eq!(running.end("TERM").code, Some(0));
}

/// What is answered to a call on a connection of its own.
fn asked(address: std::net::SocketAddr, body: &str) -> String {
    use std::io::{Read as _, Write as _};

    let mut socket = TcpStream::connect(address).unwrap();
    let head = format!("POST {CHAT_PATH} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
    let length = body.len();
    write!(socket, "{head}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

/// An upstream that does not answer keeps its own calls waiting, however many these are, and no others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upstream_that_hangs_holds_up_no_other() {
    use http_body_util::{BodyExt as _, Full};
    use hyper_util::rt::{TokioExecutor, TokioIo};

    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    home.filled(&upstream, &["recorded"]).await;
    // Its system takes connections for it, and nobody reads what comes.
    let hung = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let to = |name: &str, address| format!("--upstream {name}=http://{address}");
    let upstreams = [to("openai", upstream.address), to("hung", hung.local_addr().unwrap())].join(" ");
    let running = few_descriptors(&home, 64, &format!("--mode replay-or-live {upstreams}"));
    // Over HTTP/2 a few clients have many calls.
    let mut waiting = tokio::task::JoinSet::new();
    let mut clients = Vec::new();
    for _ in 0..3 {
        let socket = tokio::net::TcpStream::connect(running.address).await.unwrap();
        let (client, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket)).await.unwrap();
        tokio::spawn(connection);
        clients.push(client);
    }
    let ask = |client: &hyper::client::conn::http2::SendRequest<Full<Bytes>>, mount: &str, prompt: &str| {
        let request = http::Request::post(format!("http://{}/{mount}/v1/chat/completions", running.address))
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(chat(prompt))))
            .unwrap();
        let mut client = client.clone();
        async move {
            let (head, body) = client.send_request(request).await.unwrap().into_parts();
            (head.status.as_u16(), body.collect().await.unwrap().to_bytes())
        }
    };
    for at in 0..500 {
        // The server takes 200 at a time on one connection.
        waiting.spawn(ask(&clients[at % 3], "hung", &format!("call {at}")));
    }
    let others = [("recorded", 20), ("live", 40)];
    let last = tokio::net::TcpStream::connect(running.address).await.unwrap();
    _ = last.set_nodelay(true);
    let (client, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(last)).await.unwrap();
    tokio::spawn(connection);
    for (prompt, times) in others {
        let calls = (0..times).map(|_| ask(&client, "openai", prompt));
        let replies = tokio::time::timeout(crate::world::PATIENCE, futures_util::future::join_all(calls));
        for (status, body) in replies.await.expect("they wait for nobody") {
            assert_eq!((status, &body[..]), (200, ANSWER.as_bytes()), "{prompt}");
        }
    }
    assert_eq!(upstream.calls(), 1 + 40);
    assert!(waiting.try_join_next().is_none(), "a call that waits is not refused");
    waiting.abort_all();
    running.end("TERM");
}
