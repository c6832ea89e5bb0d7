//! `edit`: each part of an answer, from flags, from files and in an editor.

use std::os::unix::fs::PermissionsExt as _;

use super::stage::png;
use super::*;
use crate::home::{CHAT_PATH, chat};
use crate::terminal::{Manners, Terminal};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_part_of_an_answer_is_edited_and_served_so() {
    let said = both(&chats(&["one"]), async |stage| {
        stage.write("text.txt", "from a file");
        stage.write("body.json", r#"{"choices":[{"message":{"content":"from a body"}}]}"#);
        stage.play(
            "
            retake edit rec_1 --text 'Another answer.'
            retake edit rec_1… --text-file text.txt --json
            printf 'from stdin' | retake edit rec_1 --text-file -
            retake edit rec_1 --status 201 --header 'X-One: 1' -H 'x-two: 2'
            retake edit rec_1 --without-header x-one --without-header date
            retake edit rec_1 --without-header x-one
            retake edit rec_1 --pace 250ms --ending cut
            retake show rec_1 | grep -E '^(edited|ending|pace|status|x-)'
            retake edit rec_1 --pace proxy --ending clean
            ",
        );
        let reply = stage.call(CHAT_PATH, &[], &chat("one")).await;
        stage.note(&format!("{} {}", reply.status, reply.headers.text("x-two").unwrap_or_default()));
        stage.note(&String::from_utf8_lossy(&reply.body));
        stage.play(
            "
            retake edit rec_1 --body body.json
            retake show rec_1 --body
            retake edit rec_1 --body - --text both < body.json
            retake edit rec_1 --revert
            retake show rec_1 | grep -cE '^(edited|ending|pace)'
            retake undo
            retake undo
            retake show rec_1 --body
            ",
        );
    })
    .await;
    insta::assert_snapshot!(said, @r#"
    $ retake edit rec_1 --text 'Another answer.'
    rec_1 is edited; `retake undo` takes it back
    $ retake edit rec_1… --text-file text.txt --json
    {"ids":["rec_1"]}
    $ printf 'from stdin' | retake edit rec_1 --text-file -
    rec_1 is edited; `retake undo` takes it back
    $ retake edit rec_1 --status 201 --header 'X-One: 1' -H 'x-two: 2'
    rec_1 is edited; `retake undo` takes it back
    $ retake edit rec_1 --without-header x-one --without-header date
    ! error: the header `date` is refused: every replay has its own
    = 2
    $ retake edit rec_1 --without-header x-one
    rec_1 is edited; `retake undo` takes it back
    $ retake edit rec_1 --pace 250ms --ending cut
    rec_1 is edited; `retake undo` takes it back
    $ retake show rec_1 | grep -E '^(edited|ending|pace|status|x-)'
    edited     the answer is not as it came; `retake edit rec_1 --revert` brings that back
    ending     cut: the connection breaks behind what is there
    pace       250ms
    status 201
    x-two: 2
    $ retake edit rec_1 --pace proxy --ending clean
    rec_1 is edited; `retake undo` takes it back
    # 201 2
    # { "id": "chatcmpl-1",  "object":"chat.completion","created":1,"model":"gpt-5-mini",
     "choices":[{"index":0,"message":{"role":"assistant","content":"from stdin"},"finish_reason":"stop"}] }

    $ retake edit rec_1 --body body.json
    rec_1 is edited; `retake undo` takes it back
    $ retake show rec_1 --body
    {"choices":[{"message":{"content":"from a body"}}]}$ retake edit rec_1 --body - --text both < body.json
    ! error: the argument '--body <FILE>' cannot be used with '--text <TEXT>'
    ! 
    ! Usage: retake edit --body <FILE> <ID>
    ! 
    ! For more information, try '--help'.
    = 2
    $ retake edit rec_1 --revert
    rec_1 is edited; `retake undo` takes it back
    $ retake show rec_1 | grep -cE '^(edited|ending|pace)'
    0
    = 1
    $ retake undo
    undid edit rec_1
    $ retake undo
    undid edit rec_1
    $ retake show rec_1 --body
    { "id": "chatcmpl-1",  "object":"chat.completion","created":1,"model":"gpt-5-mini",
     "choices":[{"index":0,"message":{"role":"assistant","content":"from stdin"},"finish_reason":"stop"}] }
    "#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_that_cannot_be_change_nothing() {
    let said = both(&chats(&["one"]), async |stage| {
        stage.write("broken.json", "{\"a\": 1,\n \"b\" 2}");
        stage.write("latin.txt", b"\xe9t\xe9");
        stage.write("text.txt", "text");
        stage.play(
            "
            retake edit rec_1 --body broken.json
            retake edit rec_1 --body missing.json
            retake edit rec_1 --text-file latin.txt
            retake edit rec_1 --status 99
            retake edit rec_1 --status 204
            retake edit rec_1 --status many
            retake edit rec_1 --header nonsense
            retake edit rec_1 --header 'content-length: 3'
            retake edit rec_1 --header 'x-a: 1' --without-header x-none
            retake edit rec_1 --image text.txt
            retake edit rec_1 --pace soon
            retake edit rec_1 --ending never
            retake edit rec_1 --revert --status 500
            retake edit rec_1 --text a --body text.txt
            retake edit rec_1 --field /data/0
            retake edit nothing --status 500
            retake edit rec_1
            retake edit rec_1 --status 500 --without-header x-none
            retake steps
            ",
        );
    })
    .await;
    insta::assert_snapshot!(said, @r#"
    $ retake edit rec_1 --body broken.json
    ! error: line 2, column 6: expected `:`; the content type `application/json` asks for JSON
    = 2
    $ retake edit rec_1 --body missing.json
    ! error: missing.json cannot be read: No such file or directory (os error 2)
    = 2
    $ retake edit rec_1 --text-file latin.txt
    ! error: latin.txt: this is not UTF-8 text; --body takes any bytes
    = 2
    $ retake edit rec_1 --status 99
    ! error: the status 99 is refused: it is to be a number from 200 to 599
    = 2
    $ retake edit rec_1 --status 204
    ! error: the status 204 is refused: such an answer has no body, and this one has
    = 2
    $ retake edit rec_1 --status many
    ! error: invalid value 'many' for '--status <STATUS>': invalid digit found in string
    ! 
    ! For more information, try '--help'.
    = 2
    $ retake edit rec_1 --header nonsense
    ! error: --header nonsense: expected NAME: VALUE
    = 2
    $ retake edit rec_1 --header 'content-length: 3'
    ! error: the header `content-length` is refused: it follows from the body
    = 2
    $ retake edit rec_1 --header 'x-a: 1' --without-header x-none
    ! error: the answer has no header `x-none`
    = 2
    $ retake edit rec_1 --image text.txt
    ! error: the file is no picture of a known kind (PNG, JPEG, WebP, GIF, AVIF or HEIC)
    = 2
    $ retake edit rec_1 --pace soon
    ! error: --pace: `soon` is not a latency; use none, recorded, a factor such as x0.5, or a time such as 250ms or 2s
    = 2
    $ retake edit rec_1 --ending never
    ! error: invalid value 'never' for '--ending <HOW>': expected clean, cut or stall
    ! 
    ! For more information, try '--help'.
    = 2
    $ retake edit rec_1 --revert --status 500
    ! error: the argument '--revert' cannot be used with '--status <STATUS>'
    ! 
    ! Usage: retake edit --revert <ID>
    ! 
    ! For more information, try '--help'.
    = 2
    $ retake edit rec_1 --text a --body text.txt
    ! error: the argument '--text <TEXT>' cannot be used with '--body <FILE>'
    ! 
    ! Usage: retake edit --text <TEXT> <ID>
    ! 
    ! For more information, try '--help'.
    = 2
    $ retake edit rec_1 --field /data/0
    ! error: the following required arguments were not provided:
    !   --image <FILE>
    ! 
    ! Usage: retake edit --image <FILE> --field <POINTER> <ID>
    ! 
    ! For more information, try '--help'.
    = 2
    $ retake edit nothing --status 500
    ! error: there is no recording `nothing`; see `retake list`
    = 1
    $ retake edit rec_1
    ! error: nothing to change was given, and without a terminal no editor can be opened; see --help
    = 2
    $ retake edit rec_1 --status 500 --without-header x-none
    ! error: the answer has no header `x-none`
    = 2
    $ retake steps
    ! nothing was changed yet
    "#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_and_pictures_are_edited_in_place() {
    let seeds = [stream("one"), image("inline"), image("linked")];
    let said = both(&seeds, async |stage| {
        stage.write("new.png", png(200));
        stage.write("not.png", "no picture");
        stage.play(
            "
            retake edit rec_1 --text 'A wholly other answer'
            retake show rec_1 --response | grep -i answer
            retake show rec_1 --body | grep -c '^data: '
            retake edit rec_2 --image new.png
            retake edit rec_2 --image new.png --field /data/1/b64_json
            retake edit rec_2 --image not.png
            retake edit rec_3 --image new.png
            retake show rec_3 | grep -E '^(media|edited)'
            retake edit rec_3 --image not.png
            retake edit rec_2 --text hello
            retake edit rec_3 --revert
            retake show rec_3 | grep -E '^(media|edited)'
            ",
        );
    })
    .await;
    insta::assert_snapshot!(said, @r#"
    $ retake edit rec_1 --text 'A wholly other answer'
    rec_1 is edited; `retake undo` takes it back
    $ retake show rec_1 --response | grep -i answer
    {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-5-mini", "choices": [{"index": 0, "delta": {"content": " answer"}, "finish_reason": null}]}
    $ retake show rec_1 --body | grep -c '^data: '
    5
    $ retake edit rec_2 --image new.png
    rec_2 is edited; `retake undo` takes it back
    $ retake edit rec_2 --image new.png --field /data/1/b64_json
    ! error: `/data/1/b64_json` holds no picture; there are pictures in /data/0/b64_json
    = 2
    $ retake edit rec_2 --image not.png
    ! error: the file is no picture of a known kind (PNG, JPEG, WebP, GIF, AVIF or HEIC)
    = 2
    $ retake edit rec_3 --image new.png
    rec_3 is edited; `retake undo` takes it back
    $ retake show rec_3 | grep -E '^(media|edited)'
    edited     the answer is not as it came; `retake edit rec_3 --revert` brings that back
    media      /data/0/url image/png 72 B
    $ retake edit rec_3 --image not.png
    ! error: the file is no picture of a known kind (PNG, JPEG, WebP, GIF, AVIF or HEIC)
    = 2
    $ retake edit rec_2 --text hello
    ! error: the answer holds no text of a kind that is known; edit its body instead
    = 2
    $ retake edit rec_3 --revert
    rec_3 is edited; `retake undo` takes it back
    $ retake show rec_3 | grep -E '^(media|edited)'
    media      /data/0/url image/png 72 B
    "#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_editor_opens_where_nothing_is_said() {
    let said = both(&chats(&["one"]), async |stage| {
        stage.write("editor.sh", "#!/bin/sh\nsed -i 's/hé/Hey/' \"$1\"\n");
        stage.write("idle.sh", "#!/bin/sh\nexit 0\n");
        stage.write("angry.sh", "#!/bin/sh\necho lost > \"$1\"\nexit 3\n");
        for script in ["editor.sh", "idle.sh", "angry.sh"] {
            let path = stage.home.path().join(script);
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let id = stage.id(1);
        for (editor, code) in
            [("./idle.sh", 0), ("./angry.sh", 1), ("./missing.sh", 2), ("./editor.sh", 0), ("./editor.sh", 0)]
        {
            let editors = [("VISUAL", ""), ("EDITOR", editor)];
            let mut terminal =
                Terminal::with(&stage.home, (180, 20), Manners::Answers, &editors, &["edit", &id]);
            terminal.ends(code);
            stage.note(&format!("{editor}: {}", terminal.contents().lines().next().unwrap_or_default()));
        }
        stage.play("retake show rec_1 --response | grep -i hey");
        stage.play("retake steps | tail -n +2 | wc -l");
    })
    .await;
    insta::assert_snapshot!(said, @r#"
    # ./idle.sh: nothing was changed
    # ./angry.sh: error: the editor `./angry.sh` ended with exit status: 3; nothing was changed
    # ./missing.sh: error: the editor `./missing.sh` cannot be started: No such file or directory (os error 2); set EDITOR
    # ./editor.sh: rec_1 is edited; `retake undo` takes it back
    # ./editor.sh: nothing was changed
    $ retake show rec_1 --response | grep -i hey
            "content": "Hey ✓"
    $ retake steps | tail -n +2 | wc -l
    1
    "#);
}
