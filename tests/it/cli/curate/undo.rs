//! `undo`, `redo` and `steps`.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn steps_are_taken_back_and_made_again() {
    let said = both(&chats(&["one", "two", "three"]), async |stage| {
        stage.play(
            "
            retake steps
            retake steps --json
            retake undo
            retake redo
            retake rename rec_1 first
            retake rm rec_2 rec_3 --yes
            retake edit rec_1 --text edited
            retake steps
            retake undo
            retake undo --json
            retake redo --steps 9
            retake undo --steps 9 --json
            retake undo
            retake redo --steps 2
            retake tag rec_1 --add new
            retake redo
            retake steps
            retake undo --steps 0
            retake undo --steps x
            ",
        );
    })
    .await;
    insta::assert_snapshot!(said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_verb_can_be_taken_back_and_made_again() {
    let said = both(&chats(&["one", "two"]), async |stage| {
        stage.write("answer.json", "{}");
        let before = stage.home.fine(&["list", "--json"]);
        stage.play(
            "
            retake retag rec_1 strict
            retake tag rec_1 --add a,b
            retake rename rec_1 first
            retake protect rec_1
            retake edit rec_1 --status 201
            retake derive rec_1 500
            retake duplicate rec_2
            retake new --to /openai/v1/chat/completions --model gpt-5-mini --prompt hi --response answer.json
            retake rm rec_2 --yes
            retake restore rec_2
            ",
        );
        let after = stage.home.fine(&["list", "--json"]);
        stage.play("retake undo --steps 10");
        assert_eq!(stage.home.fine(&["list", "--json"]), before);
        stage.play("retake redo --steps 10");
        assert_eq!(stage.home.fine(&["list", "--json"]), after);
        stage.play("retake redo");
    })
    .await;
    insta::assert_snapshot!(said);
}
