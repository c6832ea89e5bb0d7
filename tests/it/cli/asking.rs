//! `list` by filter, `calls`, `stats` and `diff`: the same alone and beside an owner.

use retake::model::Row;
use serde_json::Value;

use super::*;
use crate::home::{CHAT_PATH, Home, Running, chat};
use crate::world::{Seen, Upstream};

/// An upstream whose answers say what was asked.
#[expect(clippy::needless_pass_by_value, reason = "what an upstream answers with takes what it saw")]
fn echo(seen: Seen) -> Response {
    let asked: Value = serde_json::from_slice(&seen.body).unwrap();
    let said = format!("You said {}.", asked["messages"][0]["content"].as_str().unwrap());
    json(&ANSWER.replace("h\\u00e9 \\u2713", &said))
}

async fn served(home: &Home) -> Running {
    let owner = home.serve(&["--json", "--mode", "replay-or-error"]);
    for (prompt, status) in [("the red hat", 200), ("the red hat", 200), ("no such thing", 404)] {
        assert_eq!(owner.call(CHAT_PATH, &[], &chat(prompt)).await.status, status);
        owner.json();
    }
    owner
}

fn lists(home: &Home, made: &[Row]) {
    let shown = |filter: &[&str]| {
        let rows: Vec<Row> =
            serde_json::from_str(&home.fine(&[&["list", "--json"], filter].concat())).unwrap();
        rows.iter().map(|row| row.prompt.clone().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(shown(&["red"]), ["the red hat"]);
    assert_eq!(shown(&["hits:>0"]), ["the red hat"]);
    assert_eq!(shown(&["model:gpt-5* -red"]), ["the blue scarf"]);
    assert_eq!(shown(&["model:gpt-5*", "--", "-red"]), ["the blue scarf"]);
    assert_eq!(shown(&[]).len(), made.len());
    let none = home.run(&["list", "model:o9"]);
    assert!(
        none.code == Some(0) && none.out.is_empty() && none.err.contains("no recording is shown"),
        "{none:?}"
    );
    home.run(&["list", "modle:x"]).refused(2, &["modle:x", "^^^^^", "model"]);
    home.run(&["list", "result:hit"]).refused(2, &["a key of calls"]);
}

fn counts(home: &Home) {
    let calls = |args: &[&str]| -> Vec<Value> {
        serde_json::from_str(&home.fine(&[&["calls", "--json"], args].concat())).unwrap()
    };
    let missed = calls(&["result:miss"]);
    assert_eq!((missed.len(), &missed[0]["status"]), (1, &404.into()));
    assert_eq!(calls(&["result:hit"]).len(), 2);
    let last = calls(&["--last", "1"]);
    assert_eq!((last.len(), &last[0]["outcome"]), (1, &"miss".into()));
    let table = home.fine(&["calls"]);
    assert!(
        table.contains("MISS") && table.contains("HIT") && table.contains("no recording answers"),
        "{table}"
    );
    home.run(&["calls", "tag:ci"]).refused(2, &["a key of recordings"]);
    let stats: Value = serde_json::from_str(&home.fine(&["stats", "--json"])).unwrap();
    assert_eq!((&stats["recordings"], &stats["hits"]), (&2.into(), &2.into()));
    let text = home.fine(&["stats"]);
    assert!(text.contains("recordings  2 with") && text.contains("chat/completions"), "{text}");
    assert!(!text.contains("1970"), "no process died while it counted: {text}");
}

fn differs(home: &Home, made: &[Row]) {
    let (hat, scarf) = (made[0].id.as_str(), made[1].id.as_str());
    let said = home.run(&["diff", hat, scarf]);
    assert_eq!(said.code, Some(1), "{said:?}");
    for line in [
        "they do not match",
        "≠ body/messages/0/content: the red hat → the blue scarf",
        &format!("fix   retake retag {hat}"),
        "You said the [-red-]{+blue+} [-hat.-]{+scarf.+}",
    ] {
        assert!(said.out.contains(line), "{line}: {}", said.out);
    }
    let whole = home.run(&["diff", hat, scarf, "--body"]).out;
    assert!(whole.contains("-         \"content\": \"You said the red hat.\""), "{whole}");
    assert_eq!(home.run(&["diff", hat, hat]).code, Some(0), "nothing differs from itself");
    home.run(&["diff", hat]).refused(1, &["never edited"]);
    home.run(&["diff", "call_1"]).refused(2, &["with what"]);
    home.run(&["diff", "call_x", hat]).refused(2, &["call_x", "call_12"]);
    home.run(&["diff", "call_99", hat]).refused(1, &["no call 99"]);
    home.run(&["diff", hat, "rec_zzzzzzzzz"]).refused(1, &["rec_zzzzzzzzz"]);
    home.fine(&["edit", hat, "--text", "You said nothing."]);
    let edited = home.run(&["diff", hat]);
    assert!(edited.code == Some(1) && edited.out.contains("they match"), "{edited:?}");
    assert!(edited.out.contains("{+nothing.+}"), "{edited:?}");
    home.fine(&["undo"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_numbers_and_differences_are_the_same_alone_and_beside_an_owner() {
    let (home, upstream) = (Home::new(), Upstream::start(echo).await);
    let made = home.filled(&upstream, &["the red hat", "the blue scarf"]).await;
    let owner = served(&home).await;
    let all = || {
        lists(&home, &made);
        counts(&home);
        differs(&home, &made);
    };
    all();
    let missed: Vec<Value> = serde_json::from_str(&home.fine(&["calls", "result:miss", "--json"])).unwrap();
    let call = format!("call_{}", missed[0]["id"]);
    let said = home.run(&["diff", made[0].id.as_str(), &call]);
    assert!(said.code == Some(1) && said.out.contains("status 200 → 404"), "{said:?}");
    assert!(said.out.contains("the red hat → no such thing"), "{said:?}");
    assert_eq!(owner.end("TERM").code, Some(0));
    all();
}
