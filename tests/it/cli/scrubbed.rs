//! `scrub --again`: a pattern that comes later reaches what is stored, and nothing of it stays anywhere.

use axum::response::Response;
use retake::model::Outcome;
use serde_json::{Value, json};

use crate::cli::json as answered;
use crate::home::{CHAT_PATH, Home, Running, chat};
use crate::world::{Seen, Upstream, stands_in};

/// A customer's number, which nobody takes for a secret before the project says so.
const CUSTOMER: &str = "C-481516";

const CONFIG: &str = "mode = \"replay-or-error\"\n[[scrub]]\nname = \"customer\"\npattern = 'C-\\d{6}'\n";

fn echo(seen: &Seen) -> Response {
    let asked: Value = serde_json::from_slice(&seen.body).unwrap();
    let said = format!("You asked: {}", asked["messages"][0]["content"].as_str().unwrap());
    let choice =
        json!({"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"});
    answered(&json!({"id": "chatcmpl-1", "object": "chat.completion", "choices": [choice]}).to_string())
}

fn customers() -> [String; 4] {
    // One is so long that its bodies are files.
    let long = format!("{CUSTOMER} {}", "again and again ".repeat(3000));
    [format!("who is {CUSTOMER}"), long, format!("trashed {CUSTOMER}"), "nobody".to_owned()]
}

/// A store whose recordings, trash, undo history and history of calls hold the number.
async fn furnished(home: &Home) -> Vec<retake::model::Row> {
    let upstream = Upstream::start(|seen| echo(&seen)).await;
    let prompts = customers();
    let made = home.filled(&upstream, &prompts.each_ref().map(String::as_str)).await;
    home.fine(&["tag", made[0].id.as_str(), "--add", "ci"]);
    home.fine(&["edit", made[0].id.as_str(), "--text", &format!("It is {CUSTOMER}.")]);
    home.fine(&["edit", made[3].id.as_str(), "--text", CUSTOMER]);
    home.fine(&["edit", made[3].id.as_str(), "--text", "Nobody."]);
    home.fine(&["rm", made[2].id.as_str(), "--yes"]);
    std::fs::write(home.path().join("retake.toml"), CONFIG).unwrap();
    assert!(stands_in(&home.store(), CUSTOMER).is_some());
    made
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_later_pattern_leaves_nothing_behind() {
    let home = Home::new();
    let made = furnished(&home).await;
    let planned = home.run(&["scrub", "--again", "--dry-run"]);
    assert_eq!(planned.code, Some(0), "{planned:?}");
    assert!(!format!("{planned:?}").contains(CUSTOMER), "never the value: {planned:?}");
    let line = planned.out.lines().find(|line| line.starts_with(made[0].id.as_str())).unwrap();
    for field in ["body/messages/0/content", "response/body", "original/body"] {
        assert!(line.contains(field), "{field}: {line}");
    }
    assert!(!planned.out.contains(made[3].id.as_str()), "{planned:?}");
    for said in ["2 of 3 recordings", "cannot be undone", "1 recording in the trash", "trash", "undo"] {
        assert!(planned.err.contains(said), "{said}: {planned:?}");
    }
    home.run(&["scrub", "--again"]).refused(2, &["2 recordings", "--yes"]);
    home.run(&["scrub"]).refused(2, &["--again"]);
    assert!(stands_in(&home.store(), CUSTOMER).is_some(), "nothing is done unasked");
    let done: Value = serde_json::from_str(&home.fine(&["scrub", "--again", "--yes", "--json"])).unwrap();
    assert_eq!(done["recordings"].as_array().unwrap().len(), 2);
    assert_eq!(stands_in(&home.store(), CUSTOMER), None, "in no file of the store");
    let rows = home.rows();
    let row = rows.iter().find(|row| row.id == made[0].id).unwrap();
    assert_eq!((rows.len(), &row.tags[..], row.edited), (3, &["ci".to_owned()][..], true));
    assert_ne!(row.hash, made[0].hash);
    assert!(row.prompt.as_deref().unwrap().starts_with("who is <customer-"), "{row:?}");
    home.run(&["undo"]).refused(1, &["nothing to undo"]);
    assert_eq!(home.fine(&["trash", "--json"]).trim(), "[]");
    let none = home.run(&["scrub", "--again", "--yes"]);
    assert!(none.code == Some(0) && none.err.contains("nothing to rewrite in 3 recordings"), "{none:?}");
    // The call that made it is answered as ever, and from the new pattern on.
    let serving = home.serve(&["--json"]);
    let reply = serving.call(CHAT_PATH, &[], &chat(&customers()[1])).await;
    assert_eq!(reply.headers.text("x-retake-result"), Some("replay"));
    assert_eq!(reply.headers.text("x-retake-scrubbed"), Some("1"));
    assert!(String::from_utf8_lossy(&reply.body).contains("<customer-"));
    assert_eq!(serving.json().outcome, Some(Outcome::Replay));
    assert_eq!(serving.end("TERM").code, Some(0));
    assert_eq!(stands_in(&home.store(), CUSTOMER), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_works_beside_a_running_retake() {
    let home = Home::new();
    let made = furnished(&home).await;
    let serving: Running = home.serve(&["--json"]);
    let done: Value = serde_json::from_str(&home.fine(&["scrub", "--again", "--yes", "--json"])).unwrap();
    assert_eq!(done["recordings"].as_array().unwrap().len(), 2);
    let reply = serving.call(CHAT_PATH, &[], &chat(&customers()[0])).await;
    assert_eq!(reply.headers.text("x-retake-recording-id"), Some(made[0].id.as_str()));
    assert!(!String::from_utf8_lossy(&reply.body).contains(CUSTOMER));
    assert!(!home.fine(&["calls", "--json"]).contains(CUSTOMER));
    assert_eq!(serving.end("TERM").code, Some(0));
    assert_eq!(stands_in(&home.store(), CUSTOMER), None);
}

/// Law 4, for what people write by hand: a recording from a file with keys in it.
#[test]
fn what_is_written_by_hand_is_scrubbed() {
    let home = Home::new();
    let body = r#"{"model":"m","api_key":"hunter2-zebra","messages":[{"role":"user","content":"hi"}]}"#;
    std::fs::write(home.path().join("request.json"), body).unwrap();
    home.fine(&["new", "--to", &format!("{CHAT_PATH}?client_secret=hunter2-zebra"), "request.json"]);
    let id = home.rows()[0].id.to_string();
    let answer = r#"{"access_token":"hunter2-zebra","said":"jane.doe@example.com"}"#;
    std::fs::write(home.path().join("answer.json"), answer).unwrap();
    home.fine(&["edit", &id, "--body", "answer.json"]);
    assert_eq!(stands_in(&home.store(), "hunter2-zebra"), None);
    assert_eq!(stands_in(&home.store(), "jane.doe"), None);
    assert!(home.fine(&["show", &id, "--body"]).contains(r#""access_token":"redacted""#));
}

/// What a mount's own names are, and that a wrong one is said with its line.
#[test]
fn the_configuration_says_which_names_are_secrets() {
    let home = Home::new();
    let check = |text: &str| {
        std::fs::write(home.path().join("own.toml"), text).unwrap();
        home.run(&["config", "check", "own.toml"])
    };
    let fine = check("scrub_answers = false\n[mounts.own]\npublic = [\"key\"]\nsecret = [\"member\"]\n");
    assert_eq!(fine.code, Some(0), "{fine:?}");
    let wrong = |text: &str, words: &[&str]| {
        let said = check(text);
        assert_eq!(said.code, Some(2), "{said:?}");
        for word in words {
            assert!(said.out.contains(word), "{word}: {said:?}");
        }
    };
    wrong(
        "mode = \"mock\"\n[mounts.own]\npublic = [\"api_key\"]\n",
        &["line 2", "mounts.own.public", "`api_key` is the name of a credential"],
    );
    wrong("[mounts.own]\n\npublik = []\n", &["line 3", "`mounts.own.publik`", "did you mean `public`?"]);
}
