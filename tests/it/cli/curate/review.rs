//! `rerecord` and `review`: upstreams are asked once more, and somebody decides.

use super::*;
use crate::home::{CHAT_PATH, chat};
use crate::terminal::{Manners, Terminal};
use crate::world::KEY;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_answers_wait_until_somebody_decides() {
    let seeds = chats(&["billed one", "billed two", "three", "four"]);
    let said = both_with(&seeds, &[("OPENAI_API_KEY", KEY)], async |stage| {
        stage.play(
            "
            retake review
            retake review --json
            retake rerecord rec_1 rec_3 --dry-run
            retake rerecord rec_1 --dry-run --json
            retake rerecord rec_1 rec_3
            retake rename rec_1 first
            retake rerecord rec_1… rec_2 --yes
            retake rerecord rec_3 --yes --json
            retake rerecord rec_4 -y
            retake review
            retake show rec_5 | grep -E '^(source|review|price)'
            retake review accept rec_5
            retake show rec_5 | grep -E '^(recording|source|review)'
            retake show rec_1
            retake review keep rec_6
            retake review keep rec_6
            retake review reject rec_7 --json
            retake review reject --all
            retake review accept --all
            retake review accept
            retake review accept nothing
            retake review decide rec_5
            retake review accept rec_5 --all
            retake undo --steps 3
            retake review
            ",
        );
        stage.note(&stage.call(CHAT_PATH, &[], &chat("three")).await.status.to_string());
    })
    .await;
    assert!(!said.contains(KEY));
    insta::assert_snapshot!(said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_that_wait_beside_one_the_first_takes_its_place() {
    let said = both_with(&chats(&["one"]), &[("OPENAI_API_KEY", KEY)], async |stage| {
        stage.play(
            "
            retake rename rec_1 first
            retake rerecord rec_1 --yes
            retake rerecord rec_1 --yes
            retake review accept rec_3 rec_2 rec_3
            retake show rec_2 | grep ^recording
            retake show rec_3 | grep ^recording
            retake trash --json | grep -o '\"id\"' | wc -l
            retake undo
            retake review
            ",
        );
    })
    .await;
    insta::assert_snapshot!(said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_asked_without_a_key_or_a_yes() {
    let said = both(&chats(&["billed", "write to me@example.com"]), async |stage| {
        stage.play(
            "
            retake rerecord rec_1 --dry-run
            retake rerecord rec_1 --yes
            retake rerecord rec_1
            retake rerecord rec_2 --yes --json
            retake rerecord nothing --yes
            retake rerecord --yes
            retake review
            ",
        );
    })
    .await;
    insta::assert_snapshot!(said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upstream_out_of_reach_leaves_what_is_there() {
    let variables = [("OPENAI_API_KEY", KEY), ("ANTHROPIC_API_KEY", KEY)];
    let said = both_with(&chats(&["one"]), &variables, async |stage| {
        stage.write("answer.json", "{}");
        stage.play(
            "
            retake new --to /anthropic/v1/messages --model claude --prompt hi --response answer.json
            retake rerecord rec_2 --yes
            retake rerecord rec_2 rec_1 --yes
            retake review
            ",
        );
    })
    .await;
    insta::assert_snapshot!(said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_price_is_asked_about_first() {
    let said = both_with(&chats(&["billed"]), &[("OPENAI_API_KEY", KEY)], async |stage| {
        let id = stage.id(1);
        for (answer, shown) in [("n", "nothing was asked"), ("y", "waits for review")] {
            let variables = [("OPENAI_API_KEY", KEY)];
            let args = ["rerecord", &id];
            let mut terminal = Terminal::with(&stage.home, (150, 20), Manners::Answers, &variables, &args);
            terminal.shows("[y/N]");
            terminal.shows("Make 1 call to upstreams for about $");
            terminal.keys(&format!("{answer}\r"));
            terminal.ends(0);
            assert!(terminal.contents().contains(shown), "{}", terminal.contents());
        }
        stage.play("retake review");
    })
    .await;
    insta::assert_snapshot!(said);
}
