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
    insta::assert_snapshot!(said, @r#"
    $ retake trash
    ! the trash is empty
    $ retake trash --json
    []
    $ retake tag rec_4 --add old
    rec_4 tagged +old
    $ retake rename rec_4 three
    rec_4 is called three
    $ retake rm rec_1
    ID                    HASH      ST   ENDPOINT          MODEL       STRATEGY  HITS   SIZE  PROMPT
    rec_1  8293e87d  200  chat/completions  gpt-5-mini  standard     –  259 B  one
    ! error: nobody can be asked whether to remove this recording; add --yes
    = 2
    $ retake rm rec_1… -y
    removed rec_1
    $ retake rm --where tag:old --yes
    ID                    NAME   HASH      ST   ENDPOINT          MODEL       STRATEGY  HITS   SIZE  TAGS  PROMPT
    rec_4  three  38a7e1cd  200  chat/completions  gpt-5-mini  standard     –  261 B  old   three
    removed rec_4
    $ retake trash
    ID                    REMOVED              ENDPOINT          MODEL        SIZE  PROMPT
    rec_4  DATE  chat/completions  gpt-5-mini  261 B  three
    rec_1  DATE  chat/completions  gpt-5-mini  259 B  one
    # 404
    $ retake restore rec_1…
    rec_1 is back
    $ retake restore rec_1
    ! error: the trash holds no recording `rec_1`; see `retake trash`
    = 1
    $ retake restore rec_4 --json
    {"ids":["rec_4"]}
    $ retake show rec_4 | grep -E '^(recording|tags)'
    recording  rec_4 (three)
    tags       old
    $ retake protect rec_2
    rec_2 is protected
    $ retake rm rec_2 rec_3 --yes
    removed rec_3
    ! error: rec_2 is protected and stays; `retake protect --off rec_2` lets it go
    = 1
    $ retake rm rec_2 --yes
    ! error: rec_2 is protected and stays; `retake protect --off rec_2` lets it go
    = 1
    $ retake rm --where protected:yes --yes
    ! error: rec_2 is protected and stays; `retake protect --off rec_2` lets it go
    = 1
    $ retake restore --all
    rec_3 is back
    $ retake restore --all
    ! the trash is empty
    $ retake list --json | grep -o '"id"' | wc -l
    4
    # 200
    "#);
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
            retake rm rec_1 rec_2 --yes
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
    insta::assert_snapshot!(said, @r#"
    $ retake restore nothing
    ! error: the trash holds no recording `nothing`; see `retake trash`
    = 1
    $ retake restore
    ! error: the following required arguments were not provided:
    !   <ID>...
    ! 
    ! Usage: retake restore <ID>...
    ! 
    ! For more information, try '--help'.
    = 2
    $ retake restore ''
    ! error: the trash holds no recording ``; see `retake trash`
    = 1
    $ retake restore rec_1 --all
    ! error: the argument '[ID]...' cannot be used with '--all'
    ! 
    ! Usage: retake restore <ID>...
    ! 
    ! For more information, try '--help'.
    = 2
    $ retake rm rec_1 rec_2 --yes
    removed rec_1
    removed rec_2
    $ retake restore rec_
    ! error: `rec_` is the beginning of 2 ids: rec_2, rec_1
    = 1
    $ retake restore rec_1 nothing
    ! error: the trash holds no recording `nothing`; see `retake trash`
    = 1
    $ retake restore rec_1 rec_1
    rec_1 is back
    $ retake rm --where 'hits:many' --yes
    ! error: `many` is no value of `hits`
    !   hits:many
    !        ^^^^
    ! expected: a whole number such as `404`, `>=400` or `400..499`
    = 2
    $ retake rm --where '' --yes
    ! error: --where: an empty filter means everything; say which
    = 2
    $ retake rm --where model:none --yes
    ! error: no recording is shown by model:none
    = 1
    $ retake rm --hash xyz --yes
    ! error: --hash xyz: expected 1 to 64 hexadecimal digits
    = 2
    $ retake rm rec_1 --where model:none --yes
    ! error: the argument '[ID]...' cannot be used with '--where <FILTER>'
    ! 
    ! Usage: retake rm --yes <ID>...
    ! 
    ! For more information, try '--help'.
    = 2
    $ retake rm --yes
    ! error: the following required arguments were not provided:
    !   <ID>...
    ! 
    ! Usage: retake rm --yes <ID>...
    ! 
    ! For more information, try '--help'.
    = 2
    $ retake rm '' --yes
    ! error: there is no recording ``; see `retake list`
    = 1
    $ retake list --json | grep -o '"id"' | wc -l
    2
    $ retake rm --hash 8A555FC2A101 --yes
    ID                    HASH      ST   ENDPOINT          MODEL       STRATEGY  HITS   SIZE  PROMPT
    rec_3  8a555fc2  200  chat/completions  gpt-5-mini  standard     –  259 B  two
    removed rec_3
    $ retake trash | wc -l
    3
    "#);
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
