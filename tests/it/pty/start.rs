//! The first screen, on terminals of all manners and sizes.

use super::*;
use crate::home::{CHAT_PATH, call, chat};
use crate::terminal::{Manners, owned};

#[test]
fn an_empty_store_shows_how_to_point_an_sdk_at_it() {
    for size in [SMALL, LARGE] {
        let home = Home::new();
        let mut terminal = Terminal::start(&home, size, &["--listen", "127.0.0.1:0"]);
        terminal.shows("q quit");
        let (_, address) = owned(&home);
        terminal.shows(&address.to_string());
        terminal.shows(&format!("OPENAI_BASE_URL=http://{address}/openai/v1"));
        terminal.shows(&format!("ANTHROPIC_BASE_URL=http://{address}/anthropic"));
        terminal.shows("replay-or-mock");
        assert!(terminal.look(vt100::Screen::alternate_screen));
        terminal.keys("2");
        terminal.shows("No recordings yet");
        terminal.keys("q");
        terminal.ends(0);
    }
}

#[test]
fn a_terminal_that_answers_nothing_is_good_enough() {
    let home = Home::new();
    let args = ["tui", "--listen", "127.0.0.1:0"];
    let mut terminal = Terminal::with(&home, SMALL, Manners::Silent, &[], &args);
    terminal.shows("OPENAI_BASE_URL");
    terminal.keys("2");
    terminal.shows("No recordings yet");
    // Drawing everything anew asks no question either.
    terminal.keys("\x0c?");
    terminal.shows("Keys: / searches");
    terminal.keys("qq");
    terminal.ends(0);
}

#[test]
fn a_dumb_terminal_is_refused_with_a_hint() {
    let home = Home::new();
    let mut terminal = Terminal::with(&home, SMALL, Manners::Silent, &[("TERM", "dumb")], &[]);
    terminal.shows("retake serve");
    terminal.ends(2);
}

#[test]
fn what_is_wrong_is_said_on_the_ordinary_screen() {
    let home = Home::new();
    std::fs::write(home.path().join("retake.toml"), "theme = \"pink\"\n").unwrap();
    let mut terminal = Terminal::start(&home, SMALL, &[]);
    terminal.shows("mono");
    terminal.ends(2);
    assert!(!terminal.written().contains("\x1b[?1049h"), "the screen was never taken");
}

/// Whether a colour is set somewhere in what was written.
fn coloured(written: &str) -> Option<&str> {
    let sequences = written.split("\x1b[").skip(1);
    sequences.filter_map(|rest| rest.split_once('m').map(|(numbers, _)| numbers)).find(|numbers| {
        let plain = numbers.chars().all(|c| c.is_ascii_digit() || matches!(c, ';' | ':'));
        let colour =
            |number: &str| matches!(number.parse::<u16>(), Ok(30..=38 | 40..=48 | 58 | 90..=97 | 100..=107));
        plain && numbers.split([';', ':']).any(colour)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_color_means_none_and_the_selection_is_still_seen() {
    for (variables, colour) in [(&[][..], true), (&[("NO_COLOR", "1")], false), (&[("NO_COLOR", "")], true)] {
        let home = Home::new();
        let args = ["--listen", "127.0.0.1:0", "--mode", "mock"];
        let mut terminal = Terminal::with(&home, SMALL, Manners::Answers, variables, &args);
        terminal.shows("q quit");
        call(owned(&home).1, CHAT_PATH, &[], &chat("hello")).await;
        terminal.line(&["MOCK", "chat/completions"]);
        terminal.keys("?");
        terminal.shows("one row down");
        terminal.keys("\x1b");
        terminal.hides("one row down");
        let marked = terminal.look(|screen| {
            let cells = (0..24).flat_map(|row| (0..80).map(move |column| (row, column)));
            cells.filter_map(|(row, column)| screen.cell(row, column)).any(vt100::Cell::inverse)
        });
        terminal.keys("q");
        terminal.ends(0);
        let written = terminal.written();
        assert_eq!(coloured(&written).is_some(), colour, "{variables:?} {:?}", coloured(&written));
        assert!(colour || marked, "without colours the selected row is shown in reverse");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_size_will_do_and_the_proxy_goes_on() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let mut terminal = workbench(&home, LARGE, &upstream);
    let (_, address) = owned(&home);
    for (size, sign) in [
        ((40, 10), "RES"),
        ((30, 8), "in flight"),
        ((3, 1), "re"),
        ((1, 1), "r"),
        (SMALL, "q quit"),
        ((300, 100), "q quit"),
        (LARGE, "q quit"),
    ] {
        let text = format!("at {}x{}", size.0, size.1);
        assert_eq!(call(address, CHAT_PATH, &[], &chat(&text)).await.status, 200);
        terminal.resize(size);
        terminal.shows(sign);
    }
    terminal.line(&["REC", "200", "chat/completions", "gpt-5-mini"]);
    terminal.insist("2", "Recordings 7");
    terminal.keys("q");
    terminal.ends(0);
    assert_eq!(home.rows().len(), 7);
}

#[test]
fn a_demo_ends_by_itself() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, LARGE, &["demo", "--for", "4s", "--listen", "127.0.0.1:0"]);
    terminal.shows("Take part");
    terminal.shows("HIT");
    terminal.ends(0);
    assert!(std::fs::read_dir(home.temporary()).unwrap().next().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_is_started_only_for_those_who_chose_it() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    home.filled(&upstream, &["apples"]).await;
    std::fs::write(home.path().join("retake.toml"), "copy = \"tee theirs\"\n").unwrap();
    let own = home.path().join(".config/retake");
    std::fs::create_dir_all(&own).unwrap();
    for (line, sign) in [("", "Copied by the terminal"), ("copy = \"tee mine\"\n", "Copied")] {
        std::fs::write(own.join("retake.toml"), line).unwrap();
        let mut terminal = Terminal::start(&home, LARGE, &["--listen", "127.0.0.1:0"]);
        terminal.shows("1: copy = \"tee theirs\"");
        terminal.keys("w");
        terminal.shows("not in force");
        terminal.keys("2");
        terminal.selects(&["apples"]);
        terminal.keys("y");
        terminal.line(&["h", "hash"]);
        terminal.keys("h");
        terminal.shows(sign);
        terminal.keys("q");
        terminal.ends(0);
    }
    assert!(!home.path().join("theirs").exists());
    assert!(home.path().join("mine").exists());
}
