//! `keep`: calls of the history become recordings after the fact.

use super::*;
use crate::home::{CHAT_PATH, chat};
use crate::terminal::{Manners, Terminal};

const MESSAGES: &str = "/anthropic/v1/messages";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_mocked_and_missed_calls_are_kept() {
    let said = beside(&chats(&["billed"]), async |stage| {
        let calls = [
            (CHAT_PATH, "replay-or-live", "live", 200),
            (CHAT_PATH, "mock", "mocked", 200),
            (CHAT_PATH, "replay-or-error", "missed", 404),
            (CHAT_PATH, "replay-or-error", "asked for", 404),
            (MESSAGES, "replay-or-error", "out of reach", 404),
            (CHAT_PATH, "replay-or-error", "billed", 200),
        ];
        let owner = stage.owner.as_ref().unwrap();
        let mut numbers = Vec::new();
        for (path, mode, topic, status) in calls {
            assert_eq!(owner.call(path, &[("x-retake-mode", mode)], &chat(topic)).await.status, status);
            numbers.push(owner.json().id.0);
        }
        let first = numbers[0];
        assert_eq!(numbers, (first..first + 6).collect::<Vec<_>>());
        assert_eq!(first, 2, "the first was the recording's");
        stage.play(
            "
            retake keep 2
            retake keep 2
            retake keep call_3 --json
            retake show rec_2 | grep -E '^(recorded|status)'
            retake keep 4
            retake keep 4 --yes
            retake keep 4
            retake keep 6
            retake keep 6 --yes
            retake keep 7
            retake keep 99
            retake keep many
            ",
        );
        let mut terminal = Terminal::with(&stage.home, (150, 20), Manners::Answers, &[], &["keep", "5"]);
        terminal.shows("Ask it now? [y/N]");
        terminal.keys("n\r");
        terminal.ends(0);
        assert!(terminal.contents().contains("nothing was kept"));
        let mut terminal = Terminal::with(&stage.home, (150, 20), Manners::Answers, &[], &["keep", "5"]);
        terminal.shows("Ask it now? [y/N]");
        terminal.keys("y\r");
        terminal.ends(0);
        assert!(terminal.contents().contains("keeps call 5"));
        for topic in ["live", "mocked", "missed", "asked for"] {
            stage.note(&stage.call(CHAT_PATH, &[], &chat(topic)).await.status.to_string());
        }
        stage.play("retake steps | grep -c keep");
    })
    .await;
    insta::assert_snapshot!(said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_process_remembers_is_not_kept() {
    let said = both(&chats(&["one"]), async |stage| {
        // A call of an earlier process, and one that never was.
        stage.play(
            "
            retake keep 1
            retake keep 2 --yes
            ",
        );
    })
    .await;
    insta::assert_snapshot!(said);
}
