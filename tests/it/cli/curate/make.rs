//! `duplicate` and `new`.

use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::home::{CHAT_PATH, chat};
use crate::terminal::{Manners, Terminal};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_are_the_newest_takes() {
    let said = both(&chats(&["one", "two"]), async |stage| {
        stage.play(
            "
            retake rename rec_1 cats
            retake protect rec_1
            retake duplicate rec_1… rec_2
            retake show rec_3 | grep -E '^(recording|source|protected)'
            retake duplicate --where name:cats --json
            retake edit rec_3 --text 'the copy'
            retake duplicate nothing
            retake duplicate rec_1 nothing
            retake duplicate
            retake undo --steps 2
            retake list --json | grep -o '\"id\"' | wc -l
            ",
        );
    })
    .await;
    insta::assert_snapshot!(said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recordings_are_made_of_files_stdin_and_words() {
    let said = both(&[], async |stage| {
        stage.write("body.json", chat("body"));
        stage.write("whole.json", format!(r#"{{"url":"{CHAT_PATH}","body":{}}}"#, chat("whole")));
        stage.write("answer.json", r#"{"said":"so"}"#);
        stage.write("answer.bin", [0, 159, 146, 150]);
        stage.play(
            "
            retake new whole.json --response answer.json --name first --match pinned --scope t1
            retake show rec_1 | grep -E '^(recording|strategy|scope|status|.said)'
            retake new body.json --to /openai/v1/chat/completions --json
            printf '%s' '{\"model\":\"gpt-5-mini\",\"messages\":[]}' | retake new --to /openai/v1/chat/completions --response answer.json --status 418
            printf '%s' '{\"late\":true}' | retake new body.json --to /openai/v1/chat/completions --response -
            retake new --to /openai/v1/chat/completions --model gpt-5-mini --prompt hello --text 'Good day.'
            retake show rec_5 --request | tail -n 16
            retake new --to /openai/v1/images/generations --model gpt-image-1 --prompt 'a hat'
            retake new --to /anthropic/v1/messages --model claude --prompt hi --response answer.bin --content-type x/y
            retake show rec_7 --request | grep max_tokens
            ",
        );
        let reply = stage.call(CHAT_PATH, &[], &chat("hello")).await;
        let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        stage.note(&body["choices"][0]["message"]["content"].to_string());
    })
    .await;
    insta::assert_snapshot!(said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_made_is_not() {
    let said = both(&chats(&["one"]), async |stage| {
        stage.write("body.json", chat("body"));
        stage.write("broken.json", "{");
        stage.write("answer.bin", [0, 159, 146, 150]);
        let to = "--to /openai/v1/chat/completions";
        stage.play(&format!(
            "
            retake new
            retake new {to}
            retake new {to} --model gpt-5-mini
            retake new {to} --prompt hello
            retake new --prompt hello
            retake new body.json
            retake new missing.json {to}
            retake new broken.json {to}
            retake new body.json --to /nowhere/v1/x
            retake new body.json {to} --response answer.bin
            retake new body.json {to} --response missing.bin
            retake new body.json {to} --response broken.json
            retake new {to} --response -
            retake new body.json {to} --status 500
            retake new body.json {to} --response body.json --status 700
            retake new body.json {to} --match loose
            retake new body.json {to} --match 'specific sizee'
            retake new body.json {to} --name ../x
            retake new body.json {to} --scope 'a?b'
            retake new body.json {to} --text a --response body.json
            retake new body.json --to /openai/v1/embeddings
            retake new body.json --to /openai/v1/embeddings --text a
            retake new --to /openai/v1/images/generations --model gpt-image-1 --prompt hat --text a
            retake new --to /openai/v1/moderations --model m --prompt hat
            retake rename rec_1 taken
            retake new body.json {to} --name taken
            retake list --json | grep -o '\"id\"' | wc -l
            "
        ));
    })
    .await;
    insta::assert_snapshot!(said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_written_in_an_editor() {
    let said = both(&[], async |stage| {
        stage.write("editor.sh", "#!/bin/sh\nsed -i 's/\"model\": \"\"/\"model\": \"gpt-5-mini\"/' \"$1\"\n");
        let path = stage.home.path().join("editor.sh");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        for editor in ["true", "./editor.sh"] {
            let editors = [("EDITOR", editor)];
            let args = ["new", "--to", CHAT_PATH, "--prompt", "hi", "--text", "Hello!"];
            let mut terminal = Terminal::with(&stage.home, (120, 20), Manners::Answers, &editors, &args);
            terminal.ends(0);
            stage.note(terminal.contents().lines().next().unwrap_or_default());
        }
        stage.play("retake show rec_1 --request");
    })
    .await;
    insta::assert_snapshot!(said);
}
