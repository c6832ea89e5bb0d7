//! A window that somebody pulls at while calls run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::home::{CHAT_PATH, call, chat};
use crate::terminal::owned;

/// Sizes as a window goes through them: from nothing to more than any screen has, and all that is between.
fn sizes() -> impl Iterator<Item = (u16, u16)> {
    let extremes = [(1, 1), (300, 100), (1, 100), (300, 1), (2, 2), (40, 10), (39, 9), (60, 16), (59, 15)];
    let pulled = (0..60).map(|step| (1 + step * 5, 1 + (60 - step) / 2));
    extremes.into_iter().chain(pulled).chain([(120, 35), (119, 36), (80, 24), (79, 23)])
}

/// Whether the screen is whole: the line at the top, a frame around the lists, the hints on the last line.
fn whole(screen: &vt100::Screen, (columns, rows): (u16, u16)) -> bool {
    let lines: Vec<String> = screen.rows(0, columns).collect();
    let begins = |row: usize, signs: [char; 2]| lines[row].starts_with(signs);
    lines[0].starts_with(" retake")
        && begins(2, ['\u{250f}', '\u{250c}'])
        && (3..10).all(|row| begins(row, ['\u{2503}', '\u{2502}']))
        && lines.len() == usize::from(rows)
        && lines[lines.len() - 1].contains("q quit")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_that_is_pulled_at_ends_in_a_whole_screen_and_no_call_notices() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let mut terminal = workbench(&home, LARGE, &upstream);
    let (_, address) = owned(&home);
    let (pulling, calls) = (Arc::new(AtomicBool::new(true)), 40);
    let on = Arc::clone(&pulling);
    let calling = tokio::spawn(async move {
        let mut called = 0;
        while on.load(Ordering::SeqCst) || called < calls {
            let reply = call(address, CHAT_PATH, &[], &chat(&format!("call {}", called % calls))).await;
            assert_eq!((reply.status, &reply.body[..]), (200, crate::cli::ANSWER.as_bytes()));
            called += 1;
        }
    });
    for last in [SMALL, LARGE] {
        sizes().for_each(|size| terminal.pull(size));
        terminal.resize(last);
        terminal.until("a whole screen", |screen| whole(screen, last));
    }
    pulling.store(false, Ordering::SeqCst);
    calling.await.unwrap();
    terminal.insist("2", "Recordings 40");
    terminal.keys("?");
    terminal.shows("Keys: /");
    terminal.keys("\x1b");
    terminal.hides("Keys: /");
    terminal.until("a whole screen", |screen| whole(screen, LARGE));
    terminal.keys("q");
    terminal.ends(0);
    assert_eq!(home.rows().len(), 40);
}
