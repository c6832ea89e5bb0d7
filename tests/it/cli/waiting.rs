//! Verbs that wait: for another one, for an owner that begins or ends, and for one that dies. Who waits for what is seen
//! from outside, where the system tells.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use retake::engine::{self, Engine, Settings, UsageReport};
use retake::model::Timestamp;
use retake::proxy::{Proxy, ProxyAccess};
use retake::store::{Ownership, Store};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::together::{ended, tagging, tags};
use super::*;
use crate::home::{CHAT_PATH, Home, call, chat, signal};
use crate::world::{PATIENCE, Upstream};

/// Waits for something that no line tells of.
fn until(what: &str, mut so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !so() {
        assert!(started.elapsed() < PATIENCE, "not in time: {what}");
        std::thread::yield_now();
    }
}

/// Whether a process has a file open.
fn has_open(pid: u32, file: &Path) -> bool {
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    open.filter_map(|fd| std::fs::read_link(fd.path()).ok()).any(|path| path == file)
}

/// Whether somebody is connected to this address.
fn connected(address: SocketAddr) -> bool {
    let wanted = format!(":{:04X}", address.port());
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).any(|cells| {
        // The remote side is the third cell; 01 is an open connection.
        cells.len() > 3 && cells[2].ends_with(&wanted) && cells[3] == "01"
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verb_waits_for_another_and_says_who_it_waits_for_in_vain() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["one"]).await;
    // As a short command has it: without an address.
    let held = Store::open(&home.store(), &Ownership::default(), engine::now()).unwrap().store;
    let lock = home.store().canonicalize().unwrap().join("LOCK");
    let mut waiting = tagging(&home, &made[0], "patient");
    until("it waits", || has_open(waiting.id(), &lock));
    assert!(waiting.try_wait().unwrap().is_none());
    held.close();
    let said = ended(waiting);
    assert_eq!(said.code, Some(0), "{said:?}");
    let held = Store::open(&home.store(), &Ownership::default(), engine::now()).unwrap().store;
    let said = home.run(&["tag", made[0].id.as_str(), "--add", "late"]);
    said.refused(3, &["in use by process", &std::process::id().to_string()]);
    held.close();
    assert_eq!(tags(&home), ["patient"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verb_that_waits_while_somebody_begins_to_serve_is_done_there() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["one"]).await;
    let store = Store::open(&home.store(), &Ownership::default(), engine::now()).unwrap().store;
    let lock = home.store().canonicalize().unwrap().join("LOCK");
    let waiting = tagging(&home, &made[0], "there");
    until("it waits", || has_open(waiting.id(), &lock));
    let engine = Engine::new(Settings::default(), store.clone()).unwrap();
    let access = ProxyAccess { token: store.token().into(), public_url: None };
    let proxy = Proxy::bind(SocketAddr::from(([127, 0, 0, 1], 0)), engine.clone(), access).await.unwrap();
    store.announce(&proxy.address().to_string()).unwrap();
    let stop = CancellationToken::new();
    let serving = tokio::spawn(proxy.run(stop.clone().cancelled_owned()));
    let said = tokio::task::spawn_blocking(|| ended(waiting)).await.unwrap();
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(engine.row(&made[0].id).unwrap().tags.iter().collect::<Vec<_>>(), ["there"]);
    stop.cancel();
    serving.await.unwrap().unwrap();
    engine.close(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_that_is_about_to_end_is_waited_for() {
    let (reached, gate) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (tell, wait) = (Arc::clone(&reached), Arc::clone(&gate));
    let upstream = Upstream::start(move |_| {
        tell.notify_one();
        let wait = Arc::clone(&wait);
        let body = futures_util::stream::once(async move {
            wait.notified().await;
            Ok::<_, std::convert::Infallible>(ANSWER)
        });
        Response::builder().header("content-type", "application/json").body(Body::from_stream(body)).unwrap()
    });
    let (home, upstream) = (Home::new(), upstream.await);
    let mut owner = home.record(&upstream);
    let address = owner.address;
    let calling = tokio::spawn(async move { call(address, CHAT_PATH, &[], &chat("slow")).await });
    tokio::time::timeout(PATIENCE, reached.notified()).await.unwrap();
    signal("TERM", owner.pid());
    until("it takes no more calls", || TcpStream::connect(address).is_err());
    let lock = home.store().canonicalize().unwrap().join("LOCK");
    let waiting = home.command(&["list", "--json"]).spawn().unwrap();
    until("it waits", || has_open(waiting.id(), &lock));
    gate.notify_one();
    assert_eq!(calling.await.unwrap().status, 200);
    let said = ended(waiting);
    assert_eq!((said.code, said.out.matches("\"id\"").count()), (Some(0), 1), "{said:?}");
    assert_eq!(owner.ended().code, Some(0));
    let report: UsageReport = serde_json::from_str(&home.fine(&["usage", "export"])).unwrap();
    assert_eq!(report.unknown_before, Timestamp::default(), "it did not take the owner for one that died");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_that_dies_while_a_verb_waits_is_an_error_at_once_and_nothing_is_done() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["one", "two"]).await;
    let before = home.fine(&["list", "--json"]);
    let id = made[0].id.as_str();
    for verb in [&["tag", id, "--add", "never"][..], &["rm", id, "--yes"], &["duplicate", id], &["undo"]] {
        let owner = home.serve(&[]);
        // It takes no step more, and the kernel takes connections for it.
        signal("STOP", owner.pid());
        let waiting = home.command(verb).spawn().unwrap();
        until("it asks", || connected(owner.address));
        let killed = Instant::now();
        assert_eq!(owner.end("KILL").code, None);
        let said = ended(waiting);
        said.refused(3, &["does not answer"]);
        assert!(killed.elapsed() < PATIENCE, "{:?}", killed.elapsed());
        assert_eq!(home.fine(&["list", "--json"]), before, "{verb:?}");
    }
    assert_eq!(home.fine(&["trash", "--json"]).trim(), "[]");
    home.run(&["undo"]).refused(1, &["nothing to undo"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_that_is_stopped_is_named_and_goes_on_when_it_may() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let running = home.record(&upstream);
    assert_eq!(running.call(CHAT_PATH, &[], &chat("before")).await.status, 200);
    running.json();
    let pid = running.pid();
    signal("STOP", pid);
    let words = format!("process {pid}, which holds the store");
    let go_on = format!("kill -CONT {pid}");
    let asked = [&["list"][..], &["run", "--", "true"], &["undo"]].map(|verb| {
        let mut command = home.command(verb);
        command.spawn().unwrap()
    });
    for child in asked {
        ended(child).refused(3, &[&words, "does not answer", &go_on]);
    }
    signal("CONT", pid);
    assert_eq!(home.rows().len(), 1);
    assert_eq!(running.call(CHAT_PATH, &[], &chat("after")).await.status, 200);
    assert_eq!(running.end("TERM").code, Some(0));
    assert_eq!(home.rows().len(), 2);
}
