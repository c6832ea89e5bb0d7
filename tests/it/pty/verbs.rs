//! The headless verbs before somebody who looks and can be asked.

use super::*;
use crate::home::{CHAT_PATH, chat};
use crate::terminal::Manners;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_asks_first() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["same", "same", "other"]).await;
    for (typed, left) in [("n", 3), ("", 3), ("yes please", 3), ("y", 1)] {
        let mut terminal = Terminal::start(&home, SMALL, &["rm", "--hash", &made[0].hash.short()]);
        terminal.shows("Remove these 2 recordings?");
        for row in &made[..2] {
            terminal.shows(row.id.as_str());
        }
        terminal.keys(&format!("{typed}\r"));
        terminal.ends(0);
        assert_eq!(home.rows().len(), left, "`{typed}`");
    }
    let mut terminal = Terminal::start(&home, SMALL, &["rm", made[2].id.as_str()]);
    terminal.shows("Remove this recording?");
    terminal.keys("y\r");
    terminal.ends(0);
    assert_eq!(home.rows(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_is_as_wide_as_the_terminal() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made =
        home.filled(&upstream, &["日本語 and a very long prompt of many words ".repeat(4).as_str()]).await;
    for (columns, head) in [
        (30, "ID"),
        (60, "ID ENDPOINT PROMPT"),
        (80, "ID ST ENDPOINT MODEL HITS PROMPT"),
        (120, "ID HASH ST ENDPOINT MODEL STRATEGY HITS SIZE PROMPT"),
        (200, "ID HASH ST ENDPOINT MODEL STRATEGY HITS SIZE PROMPT"),
    ] {
        let mut terminal = Terminal::start(&home, (columns, 20), &["list"]);
        terminal.ends(0);
        terminal.line(&[made[0].id.as_str()]);
        let first = terminal.contents().lines().next().unwrap_or_default().to_owned();
        assert_eq!(first.split_whitespace().collect::<Vec<_>>().join(" "), head, "{columns}");
        assert!(
            terminal.look(|screen| (0..20).all(|row| !screen.row_wrapped(row))),
            "{}",
            terminal.contents()
        );
        assert!(!terminal.written().contains('\x1b'), "no colour");
    }
}

#[test]
fn long_work_is_shown_and_ctrl_c_ends_it() {
    let home = Home::new();
    assert_eq!(home.serve(&[]).end("TERM").code, Some(0));
    // Somebody holds the store and says nothing, as a short command does.
    let lock = std::fs::File::options().write(true).open(home.store().join("LOCK")).unwrap();
    lock.lock().unwrap();
    let mut terminal = Terminal::start(&home, SMALL, &["list"]);
    terminal.shows("opening the store");
    terminal.keys("\x03");
    terminal.ends(130);
    terminal.hides("opening the store");
}

#[test]
fn ctrl_c_reaches_a_command_once() {
    let home = Home::new();
    let script =
        "trap 'kill $!; echo caught; exit 9' INT; sh -c 'echo waiting; exec tail -f /dev/null' & wait";
    let mut terminal = Terminal::start(&home, SMALL, &["run", "--mode", "mock", "--", "sh", "-c", script]);
    terminal.shows("waiting");
    terminal.keys("\x03");
    terminal.ends(9);
    assert_eq!(terminal.written().matches("caught").count(), 1, "{}", terminal.contents());
}

#[test]
fn a_doctor_looks_at_the_terminal() {
    let home = Home::new();
    for (manners, variables, pictures) in [
        (Manners::Kitty, &[][..], "kitty graphics protocol"),
        (Manners::Silent, &[], "half-blocks"),
        (Manners::Kitty, &[("TMUX", "/tmp/x")], "half-blocks, as tmux swallows more"),
    ] {
        let mut terminal = Terminal::with(&home, LARGE, manners, variables, &["doctor", "--offline"]);
        terminal.ends(0);
        terminal.shows(pictures);
        terminal.shows("120x36, TERM=xterm-256color");
    }
    let plain = [("NO_COLOR", "1")];
    let mut terminal = Terminal::with(&home, LARGE, Manners::Answers, &plain, &["doctor", "--offline"]);
    terminal.ends(0);
    terminal.shows("no colours, because NO_COLOR is set");
    assert!(!terminal.written().contains("\x1b[3"), "{:?}", terminal.written());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_is_shown_on_terminals_of_all_manners() {
    let home = Home::new();
    let id = super::pictures::pictured(&home).await;
    for manners in [Manners::Answers, Manners::Silent] {
        let args = ["show", id.as_str(), "--image"];
        let mut terminal = Terminal::with(&home, SMALL, manners, &[], &args);
        terminal.ends(0);
        assert!(
            terminal.contents().contains(['\u{2580}', '\u{2584}']),
            "half-blocks: {}",
            terminal.contents()
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recorded_text_does_nothing_to_the_terminal() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let hostile = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[?1049h\u{1b}]52;c;aGk=\u{7}\u{9b}31m";
    let made = home.filled(&upstream, &[hostile]).await;
    for args in [&["list"][..], &["show", made[0].id.as_str()], &["show", made[0].id.as_str(), "--request"]] {
        let mut terminal = Terminal::start(&home, LARGE, args);
        terminal.ends(0);
        assert!(!terminal.written().contains(['\x1b', '\u{9b}']), "{args:?}: {:?}", terminal.written());
    }
    let mut terminal = workbench(&home, LARGE, &upstream);
    terminal.keys("2");
    terminal.shows(&made[0].hash.short());
    terminal.keys("l");
    let (_, address) = crate::terminal::owned(&home);
    crate::home::call(address, CHAT_PATH, &[], &chat(hostile)).await;
    terminal.keys("1");
    terminal.line(&["HIT", "chat/completions"]);
    terminal.keys("q");
    terminal.ends(0);
    for sequence in ["\x1b]0;owned", "\x1b]52", "\u{9b}31m"] {
        assert!(!terminal.written().contains(sequence), "{sequence:?}");
    }
}
