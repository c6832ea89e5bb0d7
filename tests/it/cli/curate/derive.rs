//! `derive`: recordings that fail, made of ones that did not.

use super::*;
use crate::home::{CHAT_PATH, chat};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_is_made_and_served() {
    let seeds = [stream("one"), chats(&["two"]).remove(0)];
    let said = both(&seeds, async |stage| {
        stage.play(
            "
            retake derive rec_2 429 retry-after=20
            retake show rec_3 --response
            ",
        );
        let reply = stage.call(CHAT_PATH, &[], &chat("two")).await;
        stage.note(&format!("{} after {:?}", reply.status, reply.headers.text("retry-after")));
        stage.play("retake undo");
        let reply = stage.call(CHAT_PATH, &[], &chat("two")).await;
        stage.note(&format!("{} after {:?}", reply.status, reply.headers.text("retry-after")));
        stage.play(
            "
            retake derive rec_2… 500 --scope t1 --json
            retake derive rec_1 'cut@2'
            retake show rec_5 | grep -E '^(source|ending|scope)'
            retake derive rec_1 stall@0
            retake show rec_6 | grep -E '^(source|ending|scope)'
            retake derive rec_1 malformed
            retake show rec_7 --body
            retake derive rec_1 slow 10s
            retake derive rec_2 slow x5
            retake show rec_9 | grep -E '^(source|pace)'
            ",
        );
        let scoped = [("x-retake-scope", "t1")];
        for headers in [&scoped[..], &[]] {
            stage.note(&stage.call(CHAT_PATH, headers, &chat("two")).await.status.to_string());
        }
    })
    .await;
    insta::assert_snapshot!(said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_has_no_links_and_the_rest_keeps_them() {
    let said = both(&[image("linked")], async |stage| {
        stage.play(
            "
            retake show rec_1 | grep ^media
            retake derive rec_1 429
            retake show rec_2 | grep -E '^(source|media|status)'
            retake derive rec_1 500
            retake show rec_3 --json | grep -c '\"media\":\\[\\]'
            retake derive rec_1 slow x2
            retake show rec_4 | grep -E '^(source|media|pace|price)'
            ",
        );
    })
    .await;
    insta::assert_snapshot!(said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_that_cannot_be_make_nothing() {
    let said = both(&[stream("one"), image("inline")], async |stage| {
        stage.play(
            "
            retake derive rec_1 529
            retake derive rec_1 418
            retake derive rec_1 429 retry-after=soon
            retake derive rec_1 cut@99
            retake derive rec_2 stall@999999
            retake derive rec_1 cut@-1
            retake derive rec_1 slow
            retake derive rec_1 slow 31s
            retake derive rec_1
            retake derive nothing 500
            retake derive rec_1 500 --scope ''
            retake derive rec_1 500 --scope 'sch\u{f6}n'
            retake list --json | grep -o rec_ | wc -l
            ",
        );
    })
    .await;
    insta::assert_snapshot!(said);
}
