//! `list` and `show`, by themselves and through the process that owns the store.

use retake::model::{Recording, Row};

use super::*;
use crate::home::{CHAT_PATH, Home, Running, chat};
use crate::world::{KEY, Upstream};

/// The shortest beginning of `row`'s id that no other has.
fn unique(row: &Row, rows: &[Row]) -> String {
    let id = row.id.as_str();
    let others = |prefix: &str| rows.iter().filter(|other| other.id.as_str().starts_with(prefix)).count();
    (5..=id.len()).map(|end| &id[..end]).find(|prefix| others(prefix) == 1).unwrap().to_owned()
}

/// Does `check` twice: on a store that nobody owns, and beside its owner.
fn alone_and_beside_an_owner(home: &Home, check: impl Fn(&str)) {
    check("alone");
    let owner: Running = home.serve(&["--quiet"]);
    check("beside an owner");
    let said = owner.end("TERM");
    assert_eq!((said.code, said.out.as_str()), (Some(0), ""), "--quiet says nothing but the address");
}

#[test]
fn a_look_at_no_store_makes_none() {
    let home = Home::new();
    for args in [&["list"][..], &["list", "--json"], &["show", "rec_1"], &["rm", "rec_1", "--yes"]] {
        home.run(args).refused(1, &["no store", ".retake", "retake serve", "--store"]);
    }
    home.run(&["list", "--store", "elsewhere"]).refused(1, &["elsewhere"]);
    assert!(!home.store().exists() && !home.path().join("elsewhere").exists());
}

#[test]
fn an_empty_store_says_how_to_record() {
    let home = Home::new();
    assert_eq!(home.serve(&[]).end("TERM").code, Some(0));
    alone_and_beside_an_owner(&home, |when| {
        let said = home.run(&["list"]);
        assert_eq!((said.code, said.out.as_str()), (Some(0), ""), "{when}");
        assert!(said.err.contains("no recordings") && said.err.contains("replay-or-record"), "{said:?}");
        assert_eq!(home.fine(&["list", "--json"]).trim(), "[]", "{when}");
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recordings_are_listed_the_newest_first() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let long =
        "a very long prompt that no terminal of eighty columns shows whole, unless it is piped ".repeat(2);
    let made = home.filled(&upstream, &["first", "first", &long]).await;
    alone_and_beside_an_owner(&home, |when| {
        let rows = home.rows();
        assert_eq!(rows.iter().rev().cloned().collect::<Vec<_>>(), made, "{when}");
        let listed = home.fine(&["list"]);
        let lines: Vec<&str> = listed.lines().collect();
        assert!(lines[0].starts_with("ID ") && lines[0].contains("HASH") && lines.len() == 4, "{listed}");
        for (line, row) in lines[1..].iter().zip(&rows) {
            assert!(line.starts_with(row.id.as_str()) && line.contains(&row.hash.short()), "{line}");
            assert!(line.contains("gpt-5-mini") && line.contains("standard"), "{line}");
        }
        // Piped lines are not cut to some width of a terminal.
        assert!(lines[1].contains("shows whole"), "{}", lines[1]);
        assert!(lines.iter().all(|line| *line == line.trim_end()), "{listed:?}");
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recordings_are_found_by_hash() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["same", "same", "other"]).await;
    assert_eq!(made[0].hash, made[1].hash);
    assert_ne!(made[0].hash, made[2].hash);
    alone_and_beside_an_owner(&home, |when| {
        let whole = made[0].hash.to_string();
        for prefix in [whole.clone(), whole[..8].to_uppercase(), whole[..7].to_owned()] {
            let rows: Vec<Row> =
                serde_json::from_str(&home.fine(&["list", "--json", "--hash", &prefix])).unwrap();
            let mut ids: Vec<_> = rows.iter().map(|row| &row.id).collect();
            let mut expected = vec![&made[0].id, &made[1].id];
            ids.sort();
            expected.sort();
            assert_eq!(ids, expected, "{when} {prefix}");
        }
        let none = if whole.starts_with('0') { "1" } else { "0" }.repeat(64);
        let said = home.run(&["list", "--hash", &none]);
        assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{when}");
        home.run(&["list", "--hash", "xyz"]).refused(2, &["xyz", "hexadecimal"]);
        home.run(&["list", "--hash", ""]).refused(2, &["hexadecimal"]);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_recording_is_shown_by_id_and_by_unique_beginnings() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["first", "second"]).await;
    alone_and_beside_an_owner(&home, |when| {
        let row = &made[0];
        let prefix = unique(row, &made);
        let bare = prefix.strip_prefix("rec_").unwrap();
        // `r` alone is how all ids begin.
        let bare = if "rec_".starts_with(bare) { row.id.as_str() } else { bare };
        for wanted in [row.id.as_str(), &prefix, bare] {
            let shown = home.fine(&["show", wanted]);
            for word in
                [row.id.as_str(), &row.hash.to_string(), "first", "status 200", "standard", "chatcmpl-1"]
            {
                assert!(shown.contains(word), "{when}: `{word}` in {shown}");
            }
            assert!(!shown.contains(KEY) && !shown.contains("second"), "{shown}");
        }
        home.run(&["show", "rec_"]).refused(1, &["2 ids", made[0].id.as_str(), made[1].id.as_str()]);
        home.run(&["show", "rec_0000000000000000"]).refused(1, &["rec_0000000000000000", "retake list"]);
        home.run(&["show", ""]).refused(1, &["no recording"]);
        home.run(&["show", "../../etc/passwd"]).refused(1, &["no recording"]);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_of_a_recording_are_shown_by_themselves() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["what a request says"]).await;
    let id = made[0].id.as_str();
    alone_and_beside_an_owner(&home, |when| {
        assert_eq!(home.run(&["show", id, "--body"]).bytes, ANSWER.as_bytes(), "{when}");
        let whole: Recording = serde_json::from_str(&home.fine(&["show", id, "--json"])).unwrap();
        assert_eq!((whole.id.as_str(), whole.hash), (id, made[0].hash));
        assert_eq!(&whole.response.log.bytes[..], ANSWER.as_bytes());
        let request = home.fine(&["show", id, "--request"]);
        assert!(request.starts_with("POST /v1/chat/completions"), "{request}");
        assert!(request.contains("what a request says") && !request.contains("status 200"), "{request}");
        let response = home.fine(&["show", id, "--response"]);
        assert!(response.contains("status 200") && response.contains("chatcmpl-1"), "{response}");
        assert!(!response.contains("what a request says"), "{response}");
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_are_for_terminals() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let text = home.filled(&upstream, &["words only"]).await;
    home.run(&["show", text[0].id.as_str(), "--image"]).refused(1, &["no picture"]);
    let running = home.serve(&["--json", "--mode", "mock"]);
    let body = r#"{"model":"gpt-image-1.5","prompt":"a cat","size":"256x256"}"#;
    let mocked = running.call("/openai/v1/images/generations", &[], body).await;
    assert_eq!((mocked.status, running.end("TERM").code), (200, Some(0)));
    let picture = String::from_utf8(mocked.body.to_vec()).unwrap();
    let painter = Upstream::start(move |_| crate::world::json(&picture)).await;
    let running = home.record(&painter);
    assert_eq!(running.call("/openai/v1/images/generations", &[], body).await.status, 200);
    let id = running.json().recording.unwrap();
    let check = || {
        let said = home.run(&["show", id.as_str(), "--image"]);
        said.refused(2, &["terminal", "--body"]);
        assert_eq!(said.out, "");
        assert!(home.fine(&["show", id.as_str()]).len() < 20_000, "a picture's bytes are not shown as text");
    };
    check();
    assert_eq!(running.end("TERM").code, Some(0));
    check();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_of_a_call_is_shown_nowhere() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let running = home.record(&upstream);
    running.call(CHAT_PATH, &[("x-api-key", KEY)], &chat("hello")).await;
    let id = running.json().recording.unwrap();
    for args in [&["list"][..], &["list", "--json"], &["show", id.as_str()], &["show", id.as_str(), "--json"]]
    {
        assert!(!home.fine(args).contains(KEY), "{args:?}");
    }
    let said = running.end("TERM");
    assert!(!said.out.contains(KEY) && !said.err.contains(KEY));
    assert_eq!(crate::world::stands_in(home.path(), KEY), None);
}
