//! `rm`, `trash` and `restore`.

use super::*;
use crate::home::{CHAT_PATH, chat};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_removed_comes_back() {
    let said = both(&chats(&["one", "two", "two", "three"]), async |stage| {
        stage.play(
            "
            retake trash
            retake trash --json
            retake tag rec_4 --add old
            retake rename rec_4 three
            retake rm rec_1
            retake rm rec_1… -y
            retake rm --where tag:old --yes
            retake trash
            ",
        );
        stage.note(&stage.call(CHAT_PATH, &[], &chat("one")).await.status.to_string());
        stage.play(
            "
            retake restore rec_1…
            retake restore rec_1
            retake restore rec_4 --json
            retake show rec_4 | grep -E '^(recording|tags)'
            retake protect rec_2
            retake rm rec_2 rec_3 --yes
            retake rm rec_2 --yes
            retake rm --where protected:yes --yes
            retake restore --all
            retake restore --all
            retake list --json | grep -o '\"id\"' | wc -l
            ",
        );
        stage.note(&stage.call(CHAT_PATH, &[], &chat("one")).await.status.to_string());
    })
    .await;
    insta::assert_snapshot!(said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_beginning_must_mean_one() {
    let said = both(&chats(&["one", "two", "two"]), async |stage| {
        stage.play(
            "
            retake restore nothing
            retake restore
            retake restore ''
            retake restore rec_1 --all
            retake rm rec_1 --yes
            retake rm rec_2 --yes
            retake restore rec_
            retake restore rec_1 nothing
            retake restore rec_1 rec_1
            retake rm --where 'hits:many' --yes
            retake rm --where '' --yes
            retake rm --where model:none --yes
            retake rm --hash xyz --yes
            retake rm rec_1 --where model:none --yes
            retake rm --yes
            retake rm '' --yes
            retake list --json | grep -o '\"id\"' | wc -l
            ",
        );
        let hash = stage.home.rows()[0].hash.to_string();
        stage.play(&format!("retake rm --hash {} --yes", hash[..12].to_uppercase()));
        stage.play("retake trash | wc -l");
    })
    .await;
    insta::assert_snapshot!(said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_store_nothing_is_made() {
    let home = crate::home::Home::new();
    for verb in [
        "rm rec_x --yes",
        "trash",
        "restore --all",
        "undo",
        "redo",
        "steps",
        "tag x --add y",
        "rename x y",
        "protect x",
        "edit x --text y",
        "derive x 500",
        "duplicate x",
        "keep 1",
        "rerecord x",
        "review",
        "retag x strict",
    ] {
        let args: Vec<_> = verb.split(' ').collect();
        home.run(&args).refused(1, &["there is no store at .retake; `retake serve` makes one"]);
    }
    assert!(!home.store().exists());
    std::fs::create_dir(home.store()).unwrap();
    std::fs::write(home.store().join("journal.log"), "something else").unwrap();
    for verb in ["undo", "steps", "trash", "review"] {
        home.run(&[verb]).refused(3, &["journal.log"]);
    }
}
