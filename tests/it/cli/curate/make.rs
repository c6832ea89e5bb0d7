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
            retake undo -n 2
            retake list --json | grep -o '\"id\"' | wc -l
            ",
        );
    })
    .await;
    insta::assert_snapshot!(said, @r#"
    $ retake rename rec_1 cats
    rec_1 is called cats
    $ retake protect rec_1
    rec_1 is protected
    $ retake duplicate rec_1… rec_2
    rec_3 is a copy of rec_1
    rec_4 is a copy of rec_2
    ! a copy is the newest take of its request, so it answers from now on; `retake undo` takes it back
    $ retake show rec_3 | grep -E '^(recording|source|protected)'
    recording  rec_3
    source     rec_1, copied
    $ retake duplicate --where name:cats --json
    {"ids":["rec_5"]}
    $ retake edit rec_3 --text 'the copy'
    rec_3 is edited; `retake undo` takes it back
    $ retake duplicate nothing
    ! error: there is no recording `nothing`; see `retake list`
    = 1
    $ retake duplicate rec_1 nothing
    ! error: there is no recording `nothing`; see `retake list`
    = 1
    $ retake duplicate
    ! error: the following required arguments were not provided:
    !   <ID>...
    ! 
    ! Usage: retake duplicate <ID>...
    ! 
    ! For more information, try '--help'.
    = 2
    $ retake undo -n 2
    undid edit rec_3
    undid duplicate rec_5
    $ retake list --json | grep -o '"id"' | wc -l
    4
    "#);
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
    insta::assert_snapshot!(said, @r#"
    $ retake new whole.json --response answer.json --name first --match pinned --scope t1
    rec_1 is new
    $ retake show rec_1 | grep -E '^(recording|strategy|scope|status|.said)'
    recording  rec_1 (first)
    strategy   pinned
    scope      t1
    status 200
    $ retake new body.json --to /openai/v1/chat/completions --json
    {"ids":["rec_2"]}
    $ printf '%s' '{"model":"gpt-5-mini","messages":[]}' | retake new --to /openai/v1/chat/completions --response answer.json --status 418
    rec_3 is new
    $ printf '%s' '{"late":true}' | retake new body.json --to /openai/v1/chat/completions --response -
    rec_4 is new
    $ retake new --to /openai/v1/chat/completions --model gpt-5-mini --prompt hello --text 'Good day.'
    rec_5 is new
    $ retake show rec_5 --request | tail -n 16
    POST /v1/chat/completions
    content-type: application/json

    {
      "model": "gpt-5-mini",
      "messages": [
        {
          "role": "user",
          "content": "hello"
        }
      ]
    }


    $ retake new --to /openai/v1/images/generations --model gpt-image-1 --prompt 'a hat'
    rec_6 is new
    $ retake new --to /anthropic/v1/messages --model claude --prompt hi --response answer.bin --content-type x/y
    rec_7 is new
    $ retake show rec_7 --request | grep max_tokens
      "max_tokens": 1024,
    # "Good day."
    "#);
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
    insta::assert_snapshot!(said, @r#"
    $ retake new
    ! error: there is no request: give a FILE, write one to stdin, or say --to URL --model NAME --prompt TEXT
    = 2
    $ retake new --to /openai/v1/chat/completions
    ! error: a plain request to /openai/v1/chat/completions lacks --model NAME, and without a terminal no editor can be opened
    = 2
    $ retake new --to /openai/v1/chat/completions --model gpt-5-mini
    ! error: a plain request to /openai/v1/chat/completions lacks --prompt TEXT, and without a terminal no editor can be opened
    = 2
    $ retake new --to /openai/v1/chat/completions --prompt hello
    ! error: a plain request to /openai/v1/chat/completions lacks --model NAME, and without a terminal no editor can be opened
    = 2
    $ retake new --prompt hello
    ! error: the following required arguments were not provided:
    !   --to <URL>
    ! 
    ! Usage: retake new --to <URL> --prompt <TEXT> [FILE]
    ! 
    ! For more information, try '--help'.
    = 2
    $ retake new body.json
    ! error: body.json: a body alone does not say where it goes; add --to /openai/v1/chat/completions, or write {"url": …, "body": …}
    = 2
    $ retake new missing.json --to /openai/v1/chat/completions
    ! error: missing.json cannot be read: No such file or directory (os error 2)
    = 2
    $ retake new broken.json --to /openai/v1/chat/completions
    ! error: broken.json: this is not JSON: EOF while parsing an object at line 1 column 1
    = 2
    $ retake new body.json --to /nowhere/v1/x
    ! error: /nowhere/v1/x belongs to no mount; known are /anthropic, /cohere, /fal, /gemini, /lumenfall, /mistral, /ollama, /openai, /replicate
    = 2
    $ retake new body.json --to /openai/v1/chat/completions --response answer.bin
    ! error: answer.bin: the content type is not clear; give it with --content-type
    = 2
    $ retake new body.json --to /openai/v1/chat/completions --response missing.bin
    ! error: missing.bin cannot be read: No such file or directory (os error 2)
    = 2
    $ retake new body.json --to /openai/v1/chat/completions --response broken.json
    ! error: broken.json: this is not JSON: EOF while parsing an object at line 1 column 1
    = 2
    $ retake new --to /openai/v1/chat/completions --response -
    ! error: stdin holds the answer; give the request as a FILE, or with --to and --prompt
    = 2
    $ retake new body.json --to /openai/v1/chat/completions --status 500
    ! error: the following required arguments were not provided:
    !   --response <FILE>
    ! 
    ! Usage: retake new --response <FILE> --to <URL> --status <STATUS> <FILE>
    ! 
    ! For more information, try '--help'.
    = 2
    $ retake new body.json --to /openai/v1/chat/completions --response body.json --status 700
    ! error: invalid value '700' for '--status <STATUS>': 700 is not in 200..=599
    ! 
    ! For more information, try '--help'.
    = 2
    $ retake new body.json --to /openai/v1/chat/completions --match loose
    ! error: --match: `loose` is not a match strategy: the first word is unknown; use standard, standard -FIELD…, strict, specific FIELD,FIELD, pinned or rule CONDITION…
    = 2
    $ retake new body.json --to /openai/v1/chat/completions --match 'specific sizee'
    ! error: the strategy of the new recording: the request has no field `sizee`
    = 2
    $ retake new body.json --to /openai/v1/chat/completions --name ../x
    ! error: `../x` cannot be a name: a part begins with a dot, a dash or a space, or ends with a dot or a space
    = 2
    $ retake new body.json --to /openai/v1/chat/completions --scope 'a?b'
    ! error: `a?b` cannot be a scope: it has 1 to 128 of the letters A to Z and a to z, digits, spaces and . _ - / : @ + [ ] ( ) # = ,
    = 2
    $ retake new body.json --to /openai/v1/chat/completions --text a --response body.json
    ! error: the argument '--text <TEXT>' cannot be used with '--response <FILE>'
    ! 
    ! Usage: retake new --to <URL> --text <TEXT> <FILE>
    ! 
    ! For more information, try '--help'.
    = 2
    $ retake new body.json --to /openai/v1/embeddings
    ! error: no answer to `/v1/embeddings` can be made up; say what it answers with
    = 2
    $ retake new body.json --to /openai/v1/embeddings --text a
    ! error: no answer to `/v1/embeddings` can be made up; say what it answers with
    = 2
    $ retake new --to /openai/v1/images/generations --model gpt-image-1 --prompt hat --text a
    ! error: --text: the answer holds no text of a kind that is known; edit its body instead
    = 2
    $ retake new --to /openai/v1/moderations --model m --prompt hat
    ! error: what is asked of /openai/v1/moderations is not known; give the request as a FILE or on stdin
    = 2
    $ retake rename rec_1 taken
    rec_1 is called taken
    $ retake new body.json --to /openai/v1/chat/completions --name taken
    ! error: the name `taken` is that of rec_1; a name is also a path in an export
    = 1
    $ retake list --json | grep -o '"id"' | wc -l
    1
    "#);
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
    insta::assert_snapshot!(said, @r#"
    # nothing was made
    # rec_1 is new
    $ retake show rec_1 --request
    POST /v1/chat/completions
    content-type: application/json

    {
      "model": "gpt-5-mini",
      "messages": [
        {
          "role": "user",
          "content": "hi"
        }
      ]
    }
    "#);
}
