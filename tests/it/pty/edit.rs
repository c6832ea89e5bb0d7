//! Somebody's editor in the place of the workbench.

use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::home::{CHAT_PATH, call, chat};
use crate::terminal::{Manners, owned};

/// Says how it finds the terminal, outlives Ctrl-C, and writes the line that is typed.
const EDITOR: &str = r#"#!/bin/sh
trap 'echo interrupted' INT
stty -a | grep -q ' icanon' && echo "ready: $(tr -d '\n' < "$2")"
line=
until [ -n "$line" ]; do read -r line; done
printf '%s' "$line" > "$2"
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_edited_in_an_editor_and_served_so() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    home.filled(&upstream, &["apples"]).await;
    let editor = home.path().join("an editor.sh");
    std::fs::write(&editor, EDITOR).unwrap();
    std::fs::set_permissions(&editor, std::fs::Permissions::from_mode(0o755)).unwrap();
    let visual = format!("'{}' --wait", editor.display());
    let variables = [("VISUAL", visual.as_str())];
    let mut terminal =
        Terminal::with(&home, LARGE, Manners::Answers, &variables, &["--listen", "127.0.0.1:0"]);
    terminal.shows("q quit");
    terminal.keys("2");
    terminal.selects(&["apples", "never"]);
    terminal.keys("eb");
    terminal.shows("ready: {");
    assert!(terminal.look(|screen| !screen.alternate_screen() && !screen.hide_cursor()));
    terminal.keys("{\r");
    terminal.shows("This edit cannot be stored");
    terminal.shows("line 1, column 1");
    terminal.keys("\x1b");
    terminal.hides("This edit cannot be stored");
    terminal.keys("et");
    terminal.shows("ready: h\u{e9} \u{2713}");
    terminal.keys("\x03");
    terminal.shows("interrupted");
    terminal.keys("goodbye\r");
    terminal.shows("Store this edit?");
    terminal.shows("goodbye");
    terminal.keys("x");
    terminal.shows("u undoes it");
    let (_, address) = owned(&home);
    let reply = call(address, CHAT_PATH, &[], &chat("apples")).await;
    assert!(String::from_utf8_lossy(&reply.body).contains("goodbye"), "{:?}", reply.body);
    terminal.keys("u");
    terminal.shows("Undone: edit");
    let reply = call(address, CHAT_PATH, &[], &chat("apples")).await;
    assert_eq!(&reply.body[..], crate::cli::ANSWER.as_bytes());
    terminal.keys("q");
    terminal.ends(0);
}
