//! Every way to end that a program cannot choose, after which the store is free and what was counted is known.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use retake::store::owner;
use serde_json::Value;
use tokio::sync::Notify;

use super::*;
use crate::home::{CHAT_PATH, call, chat, signal};
use crate::terminal::owned;
use crate::world::PATIENCE;

/// Makes a recording at a proxy, which then answers once.
pub(super) async fn recorded_and_hit(address: SocketAddr) {
    for result in ["record", "replay"] {
        let reply = call(address, CHAT_PATH, &[], &chat("a cat")).await;
        assert_eq!((reply.status, reply.headers.text("x-retake-result")), (200, Some(result)));
    }
}

/// Waits until something is there.
#[track_caller]
pub(super) fn until<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits for the end of the process that owns the store.
#[track_caller]
fn is_let_go(home: &Home, what: &str) {
    until(&format!("{what}: the store is still held"), || owner(&home.store()).is_none().then_some(()));
}

/// A process id that a command wrote into a file.
pub(super) fn written(home: &Home, file: &str) -> u32 {
    let id = || std::fs::read_to_string(home.path().join(file)).ok()?.strip_suffix('\n')?.parse().ok();
    until("the command does not start", id)
}

#[track_caller]
pub(super) fn is_gone(pid: u32, what: &str) {
    let gone = || (!std::fs::exists(format!("/proc/{pid}/exe")).unwrap_or(false)).then_some(());
    until(&format!("{what}: process {pid} goes on"), gone);
}

/// Asserts that nothing was lost: the recording, its hit, and when its use began to be known.
#[track_caller]
pub(super) fn all_is_known(home: &Home, what: &str) {
    is_let_go(home, what);
    let rows = home.rows();
    assert_eq!((rows.len(), rows[0].usage.hits), (1, 1), "{what}");
    let stats: Value = serde_json::from_str(&home.fine(&["stats", "--json"])).unwrap();
    assert_eq!(stats["use_unknown_before"], 0, "{what}: {stats}");
}

/// The words that start a recording proxy, headless or with its screen.
pub(super) fn recording(upstream: &Upstream, verb: &str) -> String {
    let to = upstream.address;
    format!(
        "{} {verb} --listen 127.0.0.1:0 --mode replay-or-record --upstream openai=http://{to}",
        env!("CARGO_BIN_EXE_retake")
    )
}

/// Where the owner of a store listens that is about to be opened.
pub(super) fn listening(home: &Home) -> SocketAddr {
    until("nobody listens", || owner(&home.store())?.address?.parse().ok())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_screen_that_is_asked_to_end_or_loses_its_terminal_forgets_nothing() {
    let upstream = Upstream::start(answer).await;
    for name in ["TERM", "HUP", "INT", "QUIT"] {
        let home = Home::new();
        let mut terminal = workbench(&home, SMALL, &upstream);
        let (owner, address) = owned(&home);
        recorded_and_hit(address).await;
        signal(name, owner.pid);
        terminal.ends(0);
        all_is_known(&home, name);
    }
    // Under `nohup` no signal comes: the terminal is simply gone. Words behind the command are streams of it.
    for (what, before, behind) in [
        ("a closed window", "", ""),
        ("a closed window under nohup", "trap '' HUP; ", ""),
        ("a closed window and no stderr", "", " 2>&-"),
        ("a closed window and a full disk", "trap '' HUP; ", " 2>/dev/full"),
    ] {
        let home = Home::new();
        let command = format!("{before}{}{behind}; echo ended", recording(&upstream, "tui"));
        let mut terminal = Terminal::program(&home, SMALL, &["sh", "-c", &command]);
        terminal.shows("q quit");
        recorded_and_hit(owned(&home).1).await;
        terminal.hangs_up();
        all_is_known(&home, what);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_screen_without_stderr_ends_as_usual() {
    let upstream = Upstream::start(answer).await;
    for stderr in ["2>&-", "2>/dev/full", "2> >(exit 0)"] {
        let home = Home::new();
        let command = format!("{} {stderr}", recording(&upstream, "tui"));
        let mut terminal = Terminal::program(&home, SMALL, &["bash", "-c", &command]);
        terminal.shows("q quit");
        recorded_and_hit(owned(&home).1).await;
        terminal.line(&["HIT", "200"]);
        terminal.shows("0 in flight");
        terminal.keys("q");
        terminal.ends(0);
        all_is_known(&home, stderr);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_screen_keeps_its_recordings_and_lets_the_store_go() {
    let upstream = Upstream::start(answer).await;
    let home = Home::new();
    let terminal = workbench(&home, SMALL, &upstream);
    let (owner, address) = owned(&home);
    recorded_and_hit(address).await;
    signal("KILL", owner.pid);
    is_let_go(&home, "SIGKILL");
    assert_eq!(home.rows().len(), 1);
    drop(terminal);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attached_screen_ends_and_its_proxy_goes_on() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let running = home.record(&upstream);
    for name in ["TERM", "HUP", "INT", "QUIT", "closed window"] {
        let mut terminal = Terminal::program(
            &home,
            SMALL,
            &["sh", "-c", &format!("echo $$ >pid; exec {}", env!("CARGO_BIN_EXE_retake"))],
        );
        terminal.shows("retake attached");
        let pid = written(&home, "pid");
        if name == "closed window" {
            terminal.hangs_up();
            is_gone(pid, name);
        } else {
            signal(name, pid);
            terminal.ends(0);
            terminal.shows("goes on");
        }
        assert_eq!(running.call(CHAT_PATH, &[], &chat(name)).await.status, 200);
    }
    assert_eq!(running.end("TERM").code, Some(0));
    assert_eq!(home.rows().len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_headless_proxy_that_is_asked_to_end_forgets_nothing() {
    let upstream = Upstream::start(answer).await;
    let to = format!("openai=http://{}", upstream.address);
    for name in ["TERM", "HUP", "INT", "QUIT"] {
        let home = Home::new();
        let running = home.serve(&["--mode", "replay-or-record", "--upstream", &to]);
        recorded_and_hit(running.address).await;
        assert_eq!(running.end(name).code, Some(0), "{name}");
        all_is_known(&home, name);
    }
    // It outlives its terminal only where it is told to.
    for (what, before, behind, outlives) in [
        ("a closed window", "", "", false),
        ("a closed window and a full disk", "", " 2>/dev/full", false),
        ("a closed window under nohup", "trap '' HUP; ", "", true),
        ("a closed window under nohup, with a log", "trap '' HUP; export RETAKE_LOG=trace; ", "", true),
    ] {
        let home = Home::new();
        let command = format!("{before}{}{behind}; echo ended", recording(&upstream, "serve"));
        let mut terminal = Terminal::program(&home, SMALL, &["sh", "-c", &command]);
        let address = listening(&home);
        terminal.shows("listening on");
        if outlives {
            terminal.hangs_up();
            recorded_and_hit(address).await;
            signal("TERM", owner(&home.store()).unwrap().pid);
        } else {
            recorded_and_hit(address).await;
            terminal.hangs_up();
        }
        all_is_known(&home, what);
    }
}

/// An upstream that answers as usual, but never ends its answer to one prompt.
pub(super) struct Stuck {
    pub(super) upstream: Upstream,
    reached: Arc<Notify>,
}

impl Stuck {
    pub(super) async fn start() -> Self {
        let reached = Arc::new(Notify::new());
        let tell = Arc::clone(&reached);
        let upstream = Upstream::start(move |seen| {
            if !String::from_utf8_lossy(&seen.body).contains("never") {
                return answer(seen);
            }
            tell.notify_one();
            let body = axum::body::Body::from_stream(futures_util::stream::pending::<
                Result<bytes::Bytes, std::io::Error>,
            >());
            Response::builder().header("content-type", "application/json").body(body).unwrap()
        })
        .await;
        Self { upstream, reached }
    }

    /// Makes the call that never ends, and waits until it is here.
    pub(super) async fn never(&self, address: SocketAddr) -> tokio::task::JoinHandle<()> {
        let calling = tokio::spawn(async move {
            call(address, CHAT_PATH, &[], &chat("never")).await;
        });
        tokio::time::timeout(PATIENCE, self.reached.notified()).await.unwrap();
        calling
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_twice_does_not_wait_and_loses_nothing() {
    for (name, code) in [("INT", 130), ("TERM", 143), ("HUP", 129), ("QUIT", 131)] {
        let (home, stuck) = (Home::new(), Stuck::start().await);
        let to = format!("openai=http://{}", stuck.upstream.address);
        let mut running = home.serve(&["--mode", "replay-or-record", "--upstream", &to]);
        recorded_and_hit(running.address).await;
        let calling = stuck.never(running.address).await;
        signal(name, running.pid());
        // It has heard the first when it takes no more calls.
        until("it was not heard", || owner(&home.store())?.address.is_none().then_some(()));
        signal(name, running.pid());
        let said = running.ended();
        assert_eq!(said.code, Some(code), "{name}: {said:?}");
        all_is_known(&home, name);
        calling.abort();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_passes_its_end_on_and_leaves_no_command_behind() {
    let upstream = Upstream::start(answer).await;
    for (name, code) in [("TERM", 143), ("HUP", 129), ("\x03", 130), ("\x1c", 131), ("closed window", 0)] {
        let home = Home::new();
        // A command in a session of its own hears nothing but what is passed on.
        let apart = if name == "closed window" { "setsid " } else { "" };
        let command = format!("{apart}sh -c 'echo $$ >child; exec tail -f /dev/null'");
        let words = format!("exec {} -- {command}", recording(&upstream, "run"));
        let mut terminal = Terminal::program(&home, SMALL, &["sh", "-c", &words]);
        recorded_and_hit(listening(&home)).await;
        let child = written(&home, "child");
        match name {
            "closed window" => terminal.hangs_up(),
            "TERM" | "HUP" => signal(name, owner(&home.store()).unwrap().pid),
            key => terminal.keys(key),
        }
        if name != "closed window" {
            terminal.ends(code);
        }
        is_gone(child, name);
        all_is_known(&home, name);
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_run_leaves_no_command_behind() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    // Its name is what it is started by, whatever stood in for it.
    let script = "tr '\\0' ' ' </proc/$$/cmdline >name; echo $$ >child; exec tail -f /dev/null";
    std::fs::write(home.path().join("script"), script).unwrap();
    let words = format!("{} -- sh script", recording(&upstream, "run"));
    let terminal = Terminal::program(&home, SMALL, &["sh", "-c", &words]);
    recorded_and_hit(listening(&home)).await;
    let child = written(&home, "child");
    assert_eq!(std::fs::read_to_string(home.path().join("name")).unwrap(), "sh script ");
    signal("KILL", owner(&home.store()).unwrap().pid);
    is_gone(child, "SIGKILL");
    is_let_go(&home, "SIGKILL");
    assert_eq!(home.rows().len(), 1);
    drop(terminal);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminal_without_a_size_ends_no_screen() {
    let upstream = Upstream::start(answer).await;
    for (columns, rows) in [(0, 0), (1, 1), (0, 24), (80, 0), (1, 65535)] {
        let home = Home::new();
        let command =
            format!("stty cols {columns} rows {rows}; {}; stty cols 80 rows 24", recording(&upstream, "tui"));
        let mut terminal = Terminal::program(&home, SMALL, &["sh", "-c", &command]);
        terminal.until("a screen", vt100::Screen::alternate_screen);
        recorded_and_hit(listening(&home)).await;
        // The size comes later, as it does in a container.
        terminal.pull(SMALL);
        terminal.shows("q quit");
        terminal.line(&["HIT", "200"]);
        terminal.shows("0 in flight");
        terminal.keys("q");
        terminal.ends(0);
        all_is_known(&home, &format!("{columns}x{rows}"));
    }
}

#[test]
fn a_screen_started_in_the_background_waits_to_be_fetched() {
    let home = Home::new();
    let terminal = Terminal::shell(&home, SMALL);
    terminal.shows("ready>");
    terminal.keys(&format!("{} --listen 127.0.0.1:0 &\r", env!("CARGO_BIN_EXE_retake")));
    listening(&home);
    // It may not set the terminal up from there, and a shell says so before its next prompt.
    let stopped = || {
        terminal.keys("\r");
        std::thread::sleep(Duration::from_millis(50));
        terminal.contents().contains("Stopped").then_some(())
    };
    until("it is not stopped", stopped);
    terminal.keys("fg\r");
    terminal.shows("q quit");
    terminal.until("the workbench", |screen| screen.alternate_screen() && screen.hide_cursor());
    terminal.keys("q");
    terminal.shows("no calls; 0 recordings");
    terminal.until("the shell", |screen| !screen.alternate_screen() && !screen.hide_cursor());
}

#[test]
fn a_question_without_an_answer_is_a_no() {
    let home = Home::new();
    std::fs::write(home.path().join("request.json"), chat("one")).unwrap();
    home.fine(&["new", "--to", CHAT_PATH, "request.json"]);
    let id = home.rows()[0].id.to_string();
    for key in ["\x04", "\r", "n\r"] {
        let mut terminal = Terminal::start(&home, SMALL, &["rm", &id]);
        terminal.shows("[y/N]");
        terminal.keys(key);
        terminal.ends(0);
        terminal.shows("\nnothing was removed");
    }
    // Ctrl-C and a closed window are no answers, either; and where nobody can be asked, that is said.
    let mut terminal = Terminal::start(&home, SMALL, &["rm", &id]);
    terminal.shows("[y/N]");
    terminal.keys("\x03");
    terminal.ends(130);
    let mut terminal = Terminal::start(&home, SMALL, &["rm", &id]);
    terminal.shows("[y/N]");
    terminal.hangs_up();
    is_let_go(&home, "a closed window");
    for behind in ["<&-", "2>&-", "</dev/null"] {
        let command = format!("{} rm {id} {behind}", env!("CARGO_BIN_EXE_retake"));
        let mut terminal = Terminal::program(&home, SMALL, &["sh", "-c", &command]);
        terminal.ends(2);
    }
    assert_eq!(home.rows().len(), 1);
}
