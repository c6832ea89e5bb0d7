//! Ends that come while another program, or a picture, has the terminal; and keys that are pressed twice.

use retake::store::owner;

use super::endings::{Stuck, all_is_known, is_gone, recorded_and_hit, until, written};
use super::pictures::pictured;
use super::*;
use crate::home::{call, signal};
use crate::terminal::{Manners, owned};

/// Editors: one that ends when it is asked to, one that hears nothing of its terminal, and one that does not want to.
const EDITORS: [(&str, &str); 3] = [
    ("willing", "sh -c 'echo $$ >editor; echo editing; exec tail -f /dev/null'"),
    ("apart", "sh -c 'echo $$ >editor; echo editing; exec setsid tail -f /dev/null'"),
    ("stubborn", "sh -c 'trap \"\" HUP TERM; echo $$ >editor; echo editing; exec tail -f /dev/null'"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ends_the_workbench_ends_the_editor_in_its_place() {
    let upstream = Upstream::start(answer).await;
    let to = format!("openai=http://{}", upstream.address);
    for (kind, editor) in EDITORS {
        for by in ["TERM", "HUP", "closed window", "lost session"] {
            let (home, what) = (Home::new(), format!("{by} in a {kind} editor"));
            let args = ["--listen", "127.0.0.1:0", "--mode", "replay-or-record", "--upstream", &to];
            let variables = [("VISUAL", editor)];
            let mut terminal = Terminal::with(&home, LARGE, Manners::Answers, &variables, &args);
            terminal.shows("q quit");
            let (owner, address) = owned(&home);
            recorded_and_hit(address).await;
            terminal.keys("2");
            terminal.selects(&["a cat"]);
            terminal.keys("eb");
            terminal.shows("editing");
            let editor = written(&home, "editor");
            match by {
                "closed window" => terminal.hangs_up(),
                "lost session" => terminal.loses_its_session(),
                name => {
                    signal(name, owner.pid);
                    if kind == "stubborn" {
                        // The first one may not have been seen yet, and two at once are one.
                        until("it goes on", || {
                            signal(name, owner.pid);
                            std::thread::sleep(std::time::Duration::from_millis(50));
                            (!alive(editor)).then_some(())
                        });
                    }
                    terminal.ends(0);
                }
            }
            is_gone(editor, &what);
            all_is_known(&home, &what);
        }
    }
}

fn alive(pid: u32) -> bool {
    std::fs::exists(format!("/proc/{pid}/exe")).unwrap_or(false)
}

/// Leaves the terminal raw and without an echo when it is killed, as editors do that die.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_editor_that_dies_leaves_no_trace_on_the_terminal() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    home.filled(&upstream, &["apples"]).await;
    let variables = [("VISUAL", "sh -c 'stty raw -echo; echo $$ >editor; exec tail -f /dev/null'")];
    let args = ["--listen", "127.0.0.1:0"];
    let mut terminal = Terminal::with(&home, LARGE, Manners::Answers, &variables, &args);
    terminal.shows("q quit");
    terminal.keys("2");
    terminal.selects(&["apples"]);
    terminal.keys("eb");
    signal("KILL", written(&home, "editor"));
    terminal.shows("ended with signal: 9");
    terminal.keys("q");
    terminal.ends(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_on_the_whole_screen_is_taken_off_by_what_ends_the_workbench() {
    for manners in [Manners::Kitty, Manners::Sixel, Manners::Answers] {
        for by in ["TERM", "HUP", "INT", "QUIT", "closed window", "lost session"] {
            let (home, what) = (Home::new(), format!("{by} under a picture of {manners:?}"));
            pictured(&home).await;
            let mut terminal = Terminal::with(&home, LARGE, manners, &[], &["--listen", "127.0.0.1:0"]);
            terminal.shows("1 rec");
            let (owner, address) = owned(&home);
            let body = r#"{"model":"gpt-image-1.5","prompt":"a cat","size":"64x64"}"#;
            let reply = call(address, "/openai/v1/images/generations", &[], body).await;
            assert_eq!(reply.headers.text("x-retake-result"), Some("replay"), "{what}");
            terminal.line(&["HIT", "200"]);
            terminal.keys("2");
            terminal.shows("64x64 png");
            terminal.keys("i");
            match manners {
                Manners::Answers => terminal.hides("Recordings 1"),
                _ => terminal.shows("any key returns"),
            }
            match by {
                "closed window" => terminal.hangs_up(),
                "lost session" => terminal.loses_its_session(),
                name => {
                    signal(name, owner.pid);
                    terminal.ends(0);
                    if manners == Manners::Kitty {
                        terminal.writes("\x1b_Ga=d,d=A");
                    }
                }
            }
            all_is_known(&home, &what);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_twice_leaves_the_screen_and_a_third_one_does_not_wait() {
    // With nothing under way the first one is enough, and the second finds nobody.
    let upstream = Upstream::start(answer).await;
    let home = Home::new();
    let terminal = workbench(&home, SMALL, &upstream);
    recorded_and_hit(owned(&home).1).await;
    terminal.shows("0 in flight");
    terminal.keys("\x03\x03");
    terminal.until("the ordinary screen", |screen| !screen.alternate_screen());
    all_is_known(&home, "Ctrl-C twice");

    let (home, stuck) = (Home::new(), Stuck::start().await);
    let to = format!("openai=http://{}", stuck.upstream.address);
    let args = ["--listen", "127.0.0.1:0", "--mode", "replay-or-record", "--upstream", &to];
    let mut terminal = Terminal::start(&home, SMALL, &args);
    terminal.shows("q quit");
    let address = owned(&home).1;
    recorded_and_hit(address).await;
    let calling = stuck.never(address).await;
    terminal.shows("1 in flight");
    terminal.keys("\x03");
    terminal.shows("still under way");
    terminal.keys("\x03");
    terminal.until("the ordinary screen", |screen| !screen.alternate_screen() && !screen.hide_cursor());
    // It has let its address go when it only waits for the call.
    until("it takes calls", || owner(&home.store())?.address.is_none().then_some(()));
    terminal.keys("\x03");
    terminal.ends(130);
    all_is_known(&home, "Ctrl-C three times");
    calling.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_screen_needs_a_size_to_begin_with() {
    for (columns, rows) in [(0, 0), (1, 1)] {
        for screen in ["demo", "attach", "trust"] {
            let (home, upstream) = (Home::new(), Upstream::start(answer).await);
            let running = (screen == "attach").then(|| home.record(&upstream));
            if screen == "trust" {
                std::fs::write(home.path().join("retake.toml"), "copy = \"tee theirs\"").unwrap();
            }
            let words = match &running {
                Some(running) => format!("attach http://{}", running.address),
                None if screen == "demo" => "demo --listen 127.0.0.1:0".into(),
                None => "--listen 127.0.0.1:0".into(),
            };
            let program = env!("CARGO_BIN_EXE_retake");
            let command = format!("stty cols {columns} rows {rows}; {program} {words}; stty cols 80 rows 24");
            let mut terminal = Terminal::program(&home, SMALL, &["sh", "-c", &command]);
            terminal.until("a screen", vt100::Screen::alternate_screen);
            terminal.pull(SMALL);
            terminal.shows(if screen == "trust" { "Trust this file?" } else { "q quit" });
            terminal.keys("q");
            if screen == "demo" {
                // Calls may be under way, and then it asks.
                terminal.until("the end or a question", |screen| {
                    !screen.alternate_screen() || screen.contents().contains("still under way")
                });
                if terminal.look(vt100::Screen::alternate_screen) {
                    terminal.keys("q");
                }
            }
            terminal.ends(0);
            assert!(running.is_none_or(|running| running.end("TERM").code == Some(0)));
        }
    }
}
