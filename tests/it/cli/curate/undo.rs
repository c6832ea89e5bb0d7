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
            retake redo -n 9
            retake undo -n 9 --json
            retake undo
            retake redo --steps 2
            retake tag rec_1 --add new
            retake redo
            retake steps
            retake undo -n 0
            retake undo -n x
            ",
        );
    })
    .await;
    insta::assert_snapshot!(said, @r#"
    $ retake steps
    ! nothing was changed yet
    $ retake steps --json
    []
    $ retake undo
    ! error: there is nothing to undo
    = 1
    $ retake redo
    ! error: there is nothing to redo
    = 1
    $ retake rename rec_1 first
    rec_1 is called first
    $ retake rm rec_2 rec_3 --yes
    removed rec_2
    removed rec_3
    $ retake edit rec_1 --text edited
    rec_1 is edited; `retake undo` takes it back
    $ retake steps
    STEP  WHEN                 WHAT                         STATE
       3  DATE  edit rec_1    done
       2  DATE  rm of 2 recordings           done
       1  DATE  rename rec_1  done
    $ retake undo
    undid edit rec_1
    $ retake undo --json
    [{"id":2,"at":0,"verb":"rm","recordings":["rec_2","rec_3"],"count":2,"undone":true}]
    $ retake redo -n 9
    did again: rm of 2 recordings
    did again: edit rec_1
    ! error: there is nothing to redo
    = 1
    $ retake undo -n 9 --json
    [{"id":3,"at":0,"verb":"edit","recordings":["rec_1"],"count":1,"undone":true},{"id":2,"at":0,"verb":"rm","recordings":["rec_2","rec_3"],"count":2,"undone":true},{"id":1,"at":0,"verb":"rename","recordings":["rec_1"],"count":1,"undone":true}]
    ! error: there is nothing to undo
    = 1
    $ retake undo
    ! error: there is nothing to undo
    = 1
    $ retake redo --steps 2
    did again: rename rec_1
    did again: rm of 2 recordings
    $ retake tag rec_1 --add new
    rec_1 tagged +new
    $ retake redo
    ! error: there is nothing to redo
    = 1
    $ retake steps
    STEP  WHEN                 WHAT                         STATE
       4  DATE  tag rec_1     done
       3  DATE  edit rec_1    undone
       2  DATE  rm of 2 recordings           done
       1  DATE  rename rec_1  done
    $ retake undo -n 0
    ! error: invalid value '0' for '--steps <COUNT>': 0 is not in 1..=4294967295
    ! 
    ! For more information, try '--help'.
    = 2
    $ retake undo -n x
    ! error: invalid value 'x' for '--steps <COUNT>': invalid digit found in string
    ! 
    ! For more information, try '--help'.
    = 2
    "#);
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
        stage.play("retake undo -n 10");
        assert_eq!(stage.home.fine(&["list", "--json"]), before);
        stage.play("retake redo -n 10");
        assert_eq!(stage.home.fine(&["list", "--json"]), after);
        stage.play("retake redo");
    })
    .await;
    insta::assert_snapshot!(said, @r#"
    $ retake retag rec_1 strict
    rec_1 changed: standard → strict, plays newest
      of 2 past calls: nothing would change
    ! to take it back: retake retag rec_1 'standard'
    $ retake tag rec_1 --add a,b
    rec_1 tagged +a +b
    $ retake rename rec_1 first
    rec_1 is called first
    $ retake protect rec_1
    rec_1 is protected
    $ retake edit rec_1 --status 201
    rec_1 is edited; `retake undo` takes it back
    $ retake derive rec_1 500
    rec_3 fails as `500`, made of rec_1
    ! it answers instead of the other from now on; --scope gives it to some calls only, `retake undo` takes it back
    $ retake duplicate rec_2
    rec_4 is a copy of rec_2
    ! a copy is the newest take of its request, so it answers from now on; `retake undo` takes it back
    $ retake new --to /openai/v1/chat/completions --model gpt-5-mini --prompt hi --response answer.json
    rec_5 is new
    $ retake rm rec_2 --yes
    removed rec_2
    $ retake restore rec_2
    rec_2 is back
    $ retake undo -n 10
    undid restore rec_2
    undid rm rec_2
    undid new rec_5
    undid duplicate rec_4
    undid derive rec_3
    undid edit rec_1
    undid protect rec_1
    undid rename rec_1
    undid tag rec_1
    undid retag rec_1
    $ retake redo -n 10
    did again: retag rec_1
    did again: tag rec_1
    did again: rename rec_1
    did again: protect rec_1
    did again: edit rec_1
    did again: derive rec_3
    did again: duplicate rec_4
    did again: new rec_5
    did again: rm rec_2
    did again: restore rec_2
    $ retake redo
    ! error: there is nothing to redo
    = 1
    "#);
}
