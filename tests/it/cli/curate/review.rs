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
            retake undo -n 3
            retake review
            ",
        );
        stage.note(&stage.call(CHAT_PATH, &[], &chat("three")).await.status.to_string());
    })
    .await;
    assert!(!said.contains(KEY));
    insta::assert_snapshot!(said, @r#"
    $ retake review
    ! nothing waits for review; `retake rerecord ID…` asks upstreams once more
    $ retake review --json
    []
    $ retake rerecord rec_1 rec_3 --dry-run
    RECORDING               PRICE  PROBLEM
    rec_1  $0.0043  –
    rec_3  $0.0043  –
    $ retake rerecord rec_1 --dry-run --json
    [{"recording":"rec_1","price":4250,"problem":null,"new":null}]
    $ retake rerecord rec_1 rec_3
    RECORDING               PRICE  PROBLEM
    rec_1  $0.0043  –
    rec_3  $0.0043  –
    ! error: 2 calls to upstreams for about $0.0085: nobody can be asked; add --yes
    = 2
    $ retake rename rec_1 first
    rec_1 is called first
    $ retake rerecord rec_1… rec_2 --yes
    rec_5 waits for review beside rec_1
    rec_6 waits for review beside rec_2
    ! `retake diff OLD NEW` compares them, `retake review accept|keep|reject ID…` decides
    $ retake rerecord rec_3 --yes --json
    [{"recording":"rec_3","price":4250,"problem":null,"new":"rec_7"}]
    $ retake rerecord rec_4 -y
    rec_8 waits for review beside rec_4
    ! `retake diff OLD NEW` compares them, `retake review accept|keep|reject ID…` decides
    $ retake review
    rec_8 waits beside rec_4  200 chat/completions
    rec_7 waits beside rec_3  200 chat/completions
    rec_6 waits beside rec_2  200 chat/completions
    rec_5 waits beside rec_1  200 chat/completions
    $ retake show rec_5 | grep -E '^(source|review|price)'
    source     rec_1, recorded anew
    review     waits beside rec_1; `retake review accept|keep|reject rec_5` decides
    price      $0.0043
    $ retake review accept rec_5
    rec_5 is accepted
    rec_1 gave way and went to the trash
    $ retake show rec_5 | grep -E '^(recording|source|review)'
    recording  rec_5 (first)
    source     rec_1, recorded anew
    $ retake show rec_1
    ! error: there is no recording `rec_1`; see `retake list`
    = 1
    $ retake review keep rec_6
    rec_6 stays beside the old one
    $ retake review keep rec_6
    ! error: rec_6 does not wait for a review; `retake review` lists what does
    = 1
    $ retake review reject rec_7 --json
    {"ids":["rec_7"]}
    $ retake review reject --all
    rec_8 went to the trash
    $ retake review accept --all
    ! nothing waits for review
    $ retake review accept
    ! error: which? give ids of what `retake review` lists, or --all
    = 2
    $ retake review accept nothing
    ! error: there is no recording `nothing`; see `retake list`
    = 1
    $ retake review decide rec_5
    ! error: invalid value 'decide' for '[VERDICT]': expected accept, keep or reject
    ! 
    ! For more information, try '--help'.
    = 2
    $ retake review accept rec_5 --all
    ! error: the argument '[ID]...' cannot be used with '--all'
    ! 
    ! Usage: retake review <VERDICT> <ID>...
    ! 
    ! For more information, try '--help'.
    = 2
    $ retake undo -n 3
    undid review reject rec_8
    undid review reject rec_7
    undid review keep rec_6
    $ retake review
    rec_8 waits beside rec_4  200 chat/completions
    rec_7 waits beside rec_3  200 chat/completions
    rec_6 waits beside rec_2  200 chat/completions
    # 200
    "#);
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
    insta::assert_snapshot!(said, @r#"
    $ retake rename rec_1 first
    rec_1 is called first
    $ retake rerecord rec_1 --yes
    rec_2 waits for review beside rec_1
    ! `retake diff OLD NEW` compares them, `retake review accept|keep|reject ID…` decides
    $ retake rerecord rec_1 --yes
    rec_3 waits for review beside rec_1
    ! `retake diff OLD NEW` compares them, `retake review accept|keep|reject ID…` decides
    $ retake review accept rec_3 rec_2 rec_3
    rec_3 is accepted
    rec_2 is accepted
    rec_1 gave way and went to the trash
    $ retake show rec_2 | grep ^recording
    recording  rec_2
    $ retake show rec_3 | grep ^recording
    recording  rec_3 (first)
    $ retake trash --json | grep -o '"id"' | wc -l
    1
    $ retake undo
    undid review accept of 3 recordings
    $ retake review
    rec_3 waits beside rec_1  200 chat/completions
    rec_2 waits beside rec_1  200 chat/completions
    "#);
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
    insta::assert_snapshot!(said, @r#"
    $ retake rerecord rec_1 --dry-run
    RECORDING               PRICE  PROBLEM
    rec_1  $0.0043  there is no key for `openai`; set OPENAI_API_KEY, or an upstream_key in a profile
    = 1
    $ retake rerecord rec_1 --yes
    ! error: rec_1: there is no key for `openai`; set OPENAI_API_KEY, or an upstream_key in a profile
    = 1
    $ retake rerecord rec_1
    ! error: rec_1: there is no key for `openai`; set OPENAI_API_KEY, or an upstream_key in a profile
    = 1
    $ retake rerecord rec_2 --yes --json
    [{"recording":"rec_2","price":4250,"problem":"its request holds <email-ID>, which was scrubbed when it was recorded, and the original is gone; make the call again instead","new":null}]
    = 1
    $ retake rerecord nothing --yes
    ! error: there is no recording `nothing`; see `retake list`
    = 1
    $ retake rerecord --yes
    ! error: the following required arguments were not provided:
    !   <ID>...
    ! 
    ! Usage: retake rerecord --yes <ID>...
    ! 
    ! For more information, try '--help'.
    = 2
    $ retake review
    ! nothing waits for review; `retake rerecord ID…` asks upstreams once more
    "#);
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
    insta::assert_snapshot!(said, @r#"
    $ retake new --to /anthropic/v1/messages --model claude --prompt hi --response answer.json
    rec_2 is new
    $ retake rerecord rec_2 --yes
    ! error: rec_2: http://127.0.0.1:1 could not be reached: Connection refused (os error 111)
    = 4
    $ retake rerecord rec_2 rec_1 --yes
    rec_3 waits for review beside rec_1
    ! error: rec_2: http://127.0.0.1:1 could not be reached: Connection refused (os error 111)
    ! `retake diff OLD NEW` compares them, `retake review accept|keep|reject ID…` decides
    = 4
    $ retake review
    rec_3 waits beside rec_1  200 chat/completions
    "#);
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
    insta::assert_snapshot!(said, @r#"
    $ retake review
    rec_2 waits beside rec_1  200 chat/completions
    "#);
}
