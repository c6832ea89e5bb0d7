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
    insta::assert_snapshot!(said, @r#"
    $ retake show rec_2
    recording  rec_2
    hash       44a0e167182afdce04aa18490d2a76ad5858d0535b1666e2b7c390e078412552
    recorded   DATE from http://UPSTREAM in TIME
    strategy   standard
    hits       0, last never
    size       261 B

    POST /v1/chat/completions
    content-type: application/json

    {
      "model": "gpt-5-mini",
      "messages": [
        {
          "role": "user",
          "content": "plain"
        }
      ]
    }


    status 200
    content-type: application/json
    content-length: 192
    date: DATE

    {
      "id": "chatcmpl-1",
      "object": "chat.completion",
      "created": 1,
      "model": "gpt-5-mini",
      "choices": [
        {
          "index": 0,
          "message": {
            "role": "assistant",
            "content": "hé ✓"
          },
          "finish_reason": "stop"
        }
      ]
    }


    $ retake protect rec_1
    rec_1 is protected
    $ retake tag rec_1 --add ci
    rec_1 tagged +ci
    $ retake rename rec_1 first
    rec_1 is called first
    $ retake edit rec_1 --text other --pace x2 --ending stall
    rec_1 is edited; `retake undo` takes it back
    $ retake retag rec_1 --playback sequence
    rec_1 changed: standard → standard, plays sequence
      of 2 past calls: nothing would change
    $ retake show rec_1
    recording  rec_1 (first)
    hash       0e0d440721000873fd74edcb62b4cc83abb1c89ecc80ddf892ba8afab4afed92
    recorded   DATE from http://UPSTREAM in TIME
    strategy   standard
    hits       0, last never
    size       329 B
    tags       ci
    protected  delete and prune leave it alone
    plays      sequence
    edited     the answer is not as it came; `retake edit rec_1 --revert` brings that back
    ending     stall: nothing comes behind what is there, and the connection stays open
    pace       x2
    price      $0.0043

    POST /v1/chat/completions
    content-type: application/json

    {
      "model": "gpt-5-mini",
      "messages": [
        {
          "role": "user",
          "content": "billed"
        }
      ]
    }


    status 200
    content-type: application/json
    content-length: 259
    date: DATE

    {
      "id": "chatcmpl-1",
      "object": "chat.completion",
      "created": 1,
      "model": "gpt-5-mini",
      "usage": {
        "prompt_tokens": 1000,
        "completion_tokens": 2000,
        "total_tokens": 3000
      },
      "choices": [
        {
          "index": 0,
          "message": {
            "role": "assistant",
            "content": "other"
          },
          "finish_reason": "stop"
        }
      ]
    }


    $ retake derive rec_2 cut@10 --scope t1
    rec_3 fails as `cut@10`, made of rec_2
    ! calls in the scope t1 get it from now on; `retake undo` takes it back
    $ retake show rec_3 | head -n 10
    recording  rec_3
    hash       44a0e167182afdce04aa18490d2a76ad5858d0535b1666e2b7c390e078412552
    recorded   DATE from http://UPSTREAM in TIME
    strategy   standard
    hits       0, last never
    size       79 B
    scope      t1
    source     rec_2, made to fail
    ending     cut: the connection breaks behind what is there
    "#);
}
