//! `--dry-run` of the verbs that got one last: it says what would be, and nothing is.

use super::curate::{Stage, both_with, chats};
use crate::world::KEY;

/// All that verbs change.
fn held(stage: &Stage) -> String {
    let read = |verb: &str| stage.unnoted(&format!("retake {verb} --json"));
    ["list", "trash", "steps", "review"].map(read).join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_changes_nothing() {
    let seeds = chats(&["billed one", "billed two", "three"]);
    let said = both_with(&seeds, &[("OPENAI_API_KEY", KEY)], async |stage| {
        stage.write("body.json", r#"{"model":"gpt-5-mini","messages":[{"role":"user","content":"four"}]}"#);
        stage.play(
            "
            retake rerecord rec_1 rec_2 --yes
            retake rm rec_3 --yes
            retake tag rec_1 --add ci
            retake undo
            ",
        );
        let before = held(stage);
        stage.play(
            "
            retake review accept rec_4 -n
            retake review accept --all --dry-run --json
            retake review keep --where model:gpt-5* --dry-run
            retake review reject --hash zz -n
            retake review reject rec_1 -n
            retake edit rec_1 --status 500 --header 'x-a: 1' -n
            retake edit --where model:gpt-5* --status 200 -n
            retake edit rec_1 --text 'Another.' --pace 250ms --ending cut -n --json
            retake edit rec_1 --image body.json -n
            retake edit rec_1 -n
            retake derive rec_1 429 retry-after=20 -n
            retake derive --where model:gpt-5* 500 --dry-run --json
            retake derive rec_1 cut@99 -n
            retake derive rec_1 529 -n
            retake derive rec_1 rec_2
            retake derive rec_1 429 --where model:x
            retake new --to /openai/v1/chat/completions body.json --text Hi -n
            retake new --to /openai/v1/chat/completions body.json --text Hi --match 'standard -nothing' -n
            retake new --to /openai/v1/chat/completions body.json --text Hi -n --json
            retake undo -n
            retake redo -n
            retake redo --steps 9 -n
            retake restore --where model:gpt-5* -n
            retake restore --where model:other -n
            retake restore --hash 0 --hash 1
            retake compact -n
            retake compact --purge -n
            retake compact --purge -n --json
            retake usage export usage.json
            retake usage merge usage.json -n
            ",
        );
        assert_eq!(held(stage), before);
        stage.play(
            "
            retake edit rec_1 rec_2 --status 201
            retake derive rec_1 rec_2 500 --scope t1
            retake restore --where model:gpt-5*
            ",
        );
    })
    .await;
    insta::assert_snapshot!(said);
}
