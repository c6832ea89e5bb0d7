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
    insta::assert_snapshot!(said, @r#"
    $ retake derive rec_2 429 retry-after=20
    rec_3 fails as `429 retry-after=20`, made of rec_2
    ! it answers instead of the other from now on; --scope gives it to some calls only, `retake undo` takes it back
    $ retake show rec_3 --response
    status 429
    content-type: application/json
    retry-after: 20

    {
      "error": {
        "message": "Rate limit reached for requests. Please try again in TIME.",
        "type": "requests",
        "param": null,
        "code": "rate_limit_exceeded"
      }
    }


    # 429 after Some("20")
    $ retake undo
    undid derive rec_3
    # 200 after None
    $ retake derive rec_2… 500 --scope t1 --json
    {"ids":["rec_4"]}
    $ retake derive rec_1 'cut@2'
    rec_5 fails as `cut@2`, made of rec_1
    ! it answers instead of the other from now on; --scope gives it to some calls only, `retake undo` takes it back
    $ retake show rec_5 | grep -E '^(source|ending|scope)'
    source     rec_1, made to fail
    ending     cut: the connection breaks behind what is there
    $ retake derive rec_1 stall@0
    rec_6 fails as `stall@0`, made of rec_1
    ! it answers instead of the other from now on; --scope gives it to some calls only, `retake undo` takes it back
    $ retake show rec_6 | grep -E '^(source|ending|scope)'
    source     rec_1, made to fail
    ending     stall: nothing comes behind what is there, and the connection stays open
    $ retake derive rec_1 malformed
    rec_7 fails as `malformed`, made of rec_1
    ! it answers instead of the other from now on; --scope gives it to some calls only, `retake undo` takes it back
    $ retake show rec_7 --body
    data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-5-mini","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}

    data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-5-mini","choices":[{"index":0,"delta":{"content":"Hello "},"finish_reason":null}]}

    data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-5-

    data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-5-mini","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

    data: [DONE]

    $ retake derive rec_1 slow 10s
    rec_8 fails as `slow 10s`, made of rec_1
    ! it answers instead of the other from now on; --scope gives it to some calls only, `retake undo` takes it back
    $ retake derive rec_2 slow x5
    rec_9 fails as `slow x5`, made of rec_2
    ! it answers instead of the other from now on; --scope gives it to some calls only, `retake undo` takes it back
    $ retake show rec_9 | grep -E '^(source|pace)'
    source     rec_2, made to fail
    pace       x5
    # 500
    # 200
    "#);
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
    insta::assert_snapshot!(said, @r#"
    $ retake show rec_1 | grep ^media
    media      /data/0/url image/png 72 B
    $ retake derive rec_1 429
    rec_2 fails as `429`, made of rec_1
    ! it answers instead of the other from now on; --scope gives it to some calls only, `retake undo` takes it back
    $ retake show rec_2 | grep -E '^(source|media|status)'
    source     rec_1, made to fail
    status 429
    $ retake derive rec_1 500
    rec_3 fails as `500`, made of rec_1
    ! it answers instead of the other from now on; --scope gives it to some calls only, `retake undo` takes it back
    $ retake show rec_3 --json | grep -c '"media":\[\]'
    1
    $ retake derive rec_1 slow x2
    rec_4 fails as `slow x2`, made of rec_1
    ! it answers instead of the other from now on; --scope gives it to some calls only, `retake undo` takes it back
    $ retake show rec_4 | grep -E '^(source|media|pace|price)'
    source     rec_1, made to fail
    pace       x2
    media      /data/0/url image/png 72 B
    "#);
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
    insta::assert_snapshot!(said, @r#"
    $ retake derive rec_1 529
    ! error: 529 is no answer of the dialect openai; use 429 or 500
    = 2
    $ retake derive rec_1 418
    ! error: `418` is not a fault; use 429, 429 retry-after=20 (seconds), 500, 529, cut@3, stall@3, malformed, slow x5 or slow 10s (at most 30s)
    = 2
    $ retake derive rec_1 429 retry-after=soon
    ! error: `429 retry-after=soon` is not a fault; use 429, 429 retry-after=20 (seconds), 500, 529, cut@3, stall@3, malformed, slow x5 or slow 10s (at most 30s)
    = 2
    $ retake derive rec_1 cut@99
    ! error: the answer has 5 events; 99 is too far
    = 2
    $ retake derive rec_2 stall@999999
    ! error: the answer has 134 bytes; 999999 is too far
    = 2
    $ retake derive rec_1 cut@-1
    ! error: `cut@-1` is not a fault; use 429, 429 retry-after=20 (seconds), 500, 529, cut@3, stall@3, malformed, slow x5 or slow 10s (at most 30s)
    = 2
    $ retake derive rec_1 slow
    ! error: `slow` is not a fault; use 429, 429 retry-after=20 (seconds), 500, 529, cut@3, stall@3, malformed, slow x5 or slow 10s (at most 30s)
    = 2
    $ retake derive rec_1 slow 31s
    ! error: `slow 31s` is not a fault; use 429, 429 retry-after=20 (seconds), 500, 529, cut@3, stall@3, malformed, slow x5 or slow 10s (at most 30s)
    = 2
    $ retake derive rec_1
    ! error: the following required arguments were not provided:
    !   <FAULT>...
    ! 
    ! Usage: retake derive <ID> <FAULT>...
    ! 
    ! For more information, try '--help'.
    = 2
    $ retake derive nothing 500
    ! error: there is no recording `nothing`; see `retake list`
    = 1
    $ retake derive rec_1 500 --scope ''
    ! error: `` cannot be a scope: it has 1 to 128 of the letters A to Z and a to z, digits, spaces and . _ - / : @ + [ ] ( ) # = ,
    = 2
    $ retake derive rec_1 500 --scope 'schön'
    ! error: `schön` cannot be a scope: it has 1 to 128 of the letters A to Z and a to z, digits, spaces and . _ - / : @ + [ ] ( ) # = ,
    = 2
    $ retake list --json | grep -o rec_ | wc -l
    2
    "#);
}
