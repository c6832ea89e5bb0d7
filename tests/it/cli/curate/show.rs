//! `show`: what is particular about a recording is said, and nothing else.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn particulars_are_said_where_there_are_any() {
    let said = both(&chats(&["billed", "plain"]), async |stage| {
        stage.play(
            "
            retake show rec_2
            retake protect rec_1
            retake tag rec_1 --add ci
            retake rename rec_1 first
            retake edit rec_1 --text other --pace x2 --ending stall
            retake retag rec_1 --playback sequence
            retake show rec_1
            retake derive rec_2 cut@10 --scope t1
            retake show rec_3 | head -n 10
            ",
        );
    })
    .await;
    insta::assert_snapshot!(said);
}
