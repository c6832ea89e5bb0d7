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
    insta::assert_snapshot!(said);
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
    insta::assert_snapshot!(said);
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
    insta::assert_snapshot!(said);
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
    insta::assert_snapshot!(said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_cannot_be_searched_for_secrets_is_refused() {
    let said = both(&chats(&["one"]), async |stage| {
        // More addresses than are ever replaced in one answer.
        stage.write("many.txt", "a@b.cc,".repeat(60_000));
        let pairs = vec![r#"{"to":"a@b.cc"}"#; 60_000].join(",");
        stage.write("many.json", format!("[{pairs}]"));
        stage.write("whole.json", format!(r#"{{"url":"{CHAT_PATH}","body":{}}}"#, chat("whole")));
        stage.play(
            "
            retake edit rec_1 --text-file many.txt
            retake edit rec_1 --body many.json
            retake new whole.json --response many.json
            retake new whole.json --response many.txt --content-type text/plain
            retake list --json | grep -o '\"id\"' | wc -l
            grep -rc 'a@b.cc' .retake | grep -v ':0'
            retake steps
            ",
        );
    })
    .await;
    insta::assert_snapshot!(said);
}
