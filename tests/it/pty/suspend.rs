//! Stopped and going on, under a shell that knows such things.

use super::endings::{all_is_known, listening, recorded_and_hit, recording, until, written};
use super::*;
use crate::home::{CHAT_PATH, Home, call, chat, signal};
use crate::terminal::{Manners, owned};

fn taken(screen: &vt100::Screen) -> bool {
    screen.alternate_screen()
        && screen.hide_cursor()
        && screen.bracketed_paste()
        && screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None
}

#[test]
fn ctrl_z_goes_back_to_the_shell_and_fg_returns() {
    let home = Home::new();
    let terminal = Terminal::shell(&home, SMALL);
    terminal.shows("ready>");
    terminal.keys(&format!("{} --listen 127.0.0.1:0\r", env!("CARGO_BIN_EXE_retake")));
    terminal.shows("q quit");
    for _ in 0..2 {
        terminal.keys("\x1a");
        terminal.until("the shell", |screen| !screen.alternate_screen());
        terminal.shows("Stopped");
        let mouse = |screen: &vt100::Screen| screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None;
        assert!(terminal.look(|screen| !screen.hide_cursor() && !mouse(screen)));
        terminal.keys("fg\r");
        terminal.until("the workbench", vt100::Screen::alternate_screen);
        terminal.shows("q quit");
        terminal.shows("Resumed");
        assert!(terminal.look(taken));
        terminal.keys("2");
        terminal.shows("[2 Recordings]");
        terminal.keys("1");
        terminal.shows("[1 Live]");
    }
    terminal.keys("q");
    terminal.shows("no calls; 0 recordings");
    terminal.until("the shell", |screen| !screen.alternate_screen() && !screen.hide_cursor());
}

#[test]
fn stopped_by_somebody_else_it_sets_the_terminal_up_again_when_it_goes_on() {
    let home = Home::new();
    let terminal = Terminal::shell(&home, SMALL);
    terminal.shows("ready>");
    terminal.keys(&format!("{} --listen 127.0.0.1:0\r", env!("CARGO_BIN_EXE_retake")));
    terminal.shows("q quit");
    let pid = owned(&home).0.pid;
    for (tab, name) in [("2", "[2 Recordings]"), ("1", "[1 Live]")] {
        signal("STOP", pid);
        terminal.shows("Stopped");
        // Somebody tidies up after it: the terminal is an ordinary one again.
        terminal.keys(
            "stty sane; printf '\\033[?1049l\\033[?1000l\\033[?1002l\\033[?1003l\\033[?2004l\\033[?25h'\r",
        );
        terminal.until("the shell", |screen| !screen.alternate_screen() && !screen.hide_cursor());
        terminal.keys("fg\r");
        terminal.until("the workbench", taken);
        terminal.shows("Resumed");
        terminal.shows("q quit");
        terminal.keys(tab);
        terminal.shows(name);
        assert!(!terminal.contents().contains("Stopped"), "all is drawn anew: {}", terminal.contents());
    }
    terminal.keys("q");
    terminal.shows("no calls; 0 recordings");
    terminal.until("the shell", |screen| !screen.alternate_screen() && !screen.hide_cursor());
}

/// Waits until a process is stopped (`T` in proc(5)).
#[track_caller]
fn is_stopped(pid: u32) {
    until(&format!("process {pid} is not stopped"), || stopped(pid).then_some(()));
}

/// Waits until a process is not stopped any more.
#[track_caller]
fn goes_on(pid: u32) {
    until(&format!("process {pid} does not go on"), || (!stopped(pid)).then_some(()));
}

fn stopped(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, state)| state.starts_with('T'))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_proxy_answers_what_came_meanwhile_and_counts_it_once() {
    let upstream = Upstream::start(answer).await;
    // Ctrl-Z needs a shell: who has none would not be woken, and the system discards such a stop (POSIX, section 2.4.3).
    for by in ["STOP", "ctrl-z"] {
        let home = Home::new();
        let terminal = Terminal::shell(&home, SMALL);
        terminal.shows("ready>");
        terminal.keys(&format!("{}\r", recording(&upstream, "serve")));
        let address = listening(&home);
        let (owner, _) = owned(&home);
        assert_eq!(call(address, CHAT_PATH, &[], &chat("a cat")).await.status, 200);
        if by == "STOP" {
            signal(by, owner.pid);
        } else {
            terminal.keys("\x1a");
        }
        terminal.shows("Stopped");
        is_stopped(owner.pid);
        // The system takes the connection; nobody answers.
        let calling = tokio::spawn(async move { call(address, CHAT_PATH, &[], &chat("a cat")).await });
        terminal.keys("fg\r");
        let reply = calling.await.unwrap();
        assert_eq!((reply.status, reply.headers.text("x-retake-result")), (200, Some("replay")));
        signal("TERM", owner.pid);
        until("it does not end", || retake::store::owner(&home.store()).is_none().then_some(()));
        all_is_known(&home, by);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_screen_answers_what_came_meanwhile_and_counts_it_once() {
    let upstream = Upstream::start(answer).await;
    // By its own key, by somebody else, and under a picture that fills the screen.
    for (by, inside, manners) in [
        ("ctrl-z", "", Manners::Answers),
        ("STOP", "", Manners::Answers),
        ("STOP", "i", Manners::Answers),
        ("STOP", "i", Manners::Kitty),
    ] {
        let home = Home::new();
        if !inside.is_empty() {
            pictures::pictured(&home).await;
        }
        let terminal = Terminal::shell_with(&home, LARGE, manners);
        terminal.shows("ready>");
        terminal.keys(&format!("{}\r", recording(&upstream, "tui")));
        terminal.shows("q quit");
        let (owner, address) = owned(&home);
        if inside.is_empty() {
            assert_eq!(call(address, CHAT_PATH, &[], &chat("a cat")).await.status, 200);
            terminal.line(&["REC", "200"]);
            // While a call is under way, it asks first.
            terminal.shows("0 in flight");
        } else {
            terminal.keys("2");
            terminal.shows("64x64 png");
            terminal.keys(inside);
            // Stopped in the middle of a picture, it would leave a terminal that waits for the rest of it.
            match manners {
                Manners::Kitty => terminal.shows("any key returns"),
                _ => terminal.hides("Recordings 1"),
            }
        }
        if by == "ctrl-z" {
            terminal.keys("\x1a");
        } else {
            signal(by, owner.pid);
        }
        terminal.shows("Stopped");
        is_stopped(owner.pid);
        let body = chat("a cat");
        let picture = r#"{"model":"gpt-image-1.5","prompt":"a cat","size":"64x64"}"#.to_owned();
        let (path, body) =
            if inside.is_empty() { (CHAT_PATH, body) } else { ("/openai/v1/images/generations", picture) };
        let calling = tokio::spawn(async move { call(address, path, &[], &body).await });
        terminal.keys("stty sane; printf '\\033[?1049l\\033[?25h'\r");
        terminal.until("the shell", |screen| !screen.alternate_screen() && !screen.hide_cursor());
        terminal.keys("fg\r");
        terminal.until("the workbench", taken);
        if !inside.is_empty() && manners == Manners::Answers {
            // A picture in cells is there again; one in pixels, which somebody may have scrolled away, is not.
            terminal.keys("\x1b");
        }
        terminal.shows("q quit");
        assert_eq!(calling.await.unwrap().headers.text("x-retake-result"), Some("replay"));
        terminal.keys("1");
        terminal.line(&["HIT", "200"]);
        terminal.shows("0 in flight");
        terminal.keys("q");
        terminal.until("the shell", |screen| !screen.alternate_screen() && !screen.hide_cursor());
        all_is_known(&home, &format!("{by}{inside}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_run_goes_on_with_its_command() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let terminal = Terminal::shell(&home, SMALL);
    terminal.shows("ready>");
    let script = "echo $$ >child; echo begun; read line; echo \"it read $line\"";
    terminal.keys(&format!("{} -- sh -c '{script}'\r", recording(&upstream, "run")));
    terminal.shows("\nbegun");
    let (child, proxy) = (written(&home, "child"), retake::store::owner(&home.store()).unwrap().pid);
    recorded_and_hit(listening(&home)).await;
    terminal.keys("\x1a");
    terminal.shows("Stopped");
    is_stopped(child);
    is_stopped(proxy);
    terminal.keys("fg\r");
    // What is typed while the shell still has the terminal is the shell's.
    goes_on(child);
    goes_on(proxy);
    terminal.keys("a word\r");
    terminal.shows("it read a word");
    terminal.shows("2 calls");
    all_is_known(&home, "run");
    terminal.keys("echo $((40 + 2))\r");
    terminal.shows("\n42");
}
