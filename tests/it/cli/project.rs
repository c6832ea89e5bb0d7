//! Store and configuration, found from a subfolder, and folders that are not the program's.

use std::path::Path;

use super::*;
use crate::home::{CHAT_PATH, Home, Said, chat, said};
use crate::world::{KEY, Upstream};

/// Runs the program in a folder below `home`.
fn within(home: &Home, folder: &str, args: &[&str]) -> Said {
    let mut command = home.command(args);
    command.current_dir(home.path().join(folder));
    said(command)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verbs_find_the_project_from_a_subfolder_and_say_so() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let sub = "project/src/deep";
    std::fs::create_dir_all(home.path().join(sub)).unwrap();
    let project = home.path().join("project").canonicalize().unwrap();
    let text = format!(
        "mode = \"record\"\ntheme = \"mine.toml\"\n[upstreams]\nopenai = \"http://{}\"\n",
        upstream.address
    );
    std::fs::write(project.join("retake.toml"), text).unwrap();
    std::fs::write(project.join("mine.toml"), "base = \"light\"").unwrap();
    // Its upstream is no provider's.
    assert_eq!(within(&home, sub, &["trust", "--yes"]).code, Some(0));
    let checked = within(&home, sub, &["config", "check"]);
    assert_eq!(checked.code, Some(0), "the theme is found beside the file: {checked:?}");
    assert!(
        checked.err.contains(&format!("retake.toml of the project in {}", project.display())),
        "{checked:?}"
    );
    let path = within(&home, sub, &["config", "path"]);
    assert_eq!(Path::new(path.out.trim()), project.join("retake.toml"));
    // The store is made beside the file, by a proxy that says where.
    let mut command = home.command(&["serve", "--json", "--listen", "127.0.0.1:0"]);
    command.current_dir(home.path().join(sub));
    let running = crate::home::Running::start(command);
    assert_eq!(running.call(CHAT_PATH, &[], &chat("hello")).await.status, 200);
    assert_eq!(running.json().outcome, Some(retake::model::Outcome::Record));
    let beside = within(&home, sub, &["list", "--json"]);
    let said = running.end("TERM");
    let both = format!(".retake and retake.toml of the project in {}", project.display());
    assert!(said.err.contains(&both), "{said:?}");
    assert!(project.join(".retake/journal.log").exists());
    assert!(!home.path().join(sub).join(".retake").exists());
    let list = within(&home, sub, &["list", "--json"]);
    assert!(list.err.contains(&both) && list.out == beside.out && list.out.contains("rec_"), "{list:?}");
    let there = within(&home, "project", &["list", "--json"]);
    assert_eq!((there.err.as_str(), &there.out), ("", &list.out), "nothing to say where it is");
    // What is named is used, and only the rest is found.
    let named = within(&home, sub, &["list", "--store", "nowhere"]);
    named.refused(
        1,
        &["no store at nowhere", &format!("retake.toml of the project in {}", project.display())],
    );
    assert!(!named.err.contains(".retake and"), "{named:?}");
    // A store of its own makes a folder its own project: nothing of the one above holds there.
    std::fs::create_dir(home.path().join(sub).join(".retake")).unwrap();
    let own = within(&home, sub, &["config", "path"]);
    assert!(own.out.trim().ends_with("deep/retake.toml") && own.err.contains("no such file"), "{own:?}");
    assert_eq!(within(&home, "project/src", &["config", "init"]).code, Some(0));
    assert!(project.join("src/retake.toml").exists(), "a new file is for the folder that it is asked for in");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_lies_at_home_is_not_everybodys() {
    let home = Home::new();
    std::fs::write(home.path().join("retake.toml"), "mode = \"nonsense\"").unwrap();
    std::fs::create_dir_all(home.path().join("project/src")).unwrap();
    let said = within(&home, "project/src", &["list"]);
    said.refused(1, &["no store at .retake"]);
    home.run(&["list"]).refused(1, &["no store at .retake"]);
    home.run(&["stats"]).refused(1, &["no store"]);
    home.run(&["run", "--", "true"]).refused(2, &["nonsense"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_was_there_gets_no_gitignore() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let dir = home.path().join("fixtures");
    std::fs::create_dir(&dir).unwrap();
    std::fs::write(dir.join("notes.txt"), "mine").unwrap();
    let to = format!("openai=http://{}", upstream.address);
    let running = home.serve(&["--json", "--store", "fixtures", "--mode", "record", "--upstream", &to]);
    assert_eq!(running.call(CHAT_PATH, &[], &chat("hello")).await.status, 200);
    running.json();
    assert_eq!(running.end("TERM").code, Some(0));
    assert!(home.fine(&["list", "--store", "fixtures", "--json"]).contains("rec_"));
    assert!(!dir.join(".gitignore").exists());
    home.serve(&[]).end("TERM");
    assert_eq!(std::fs::read_to_string(home.store().join(".gitignore")).unwrap(), "*\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unset_key_stops_only_the_calls_that_need_it() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let made = home.filled(&upstream, &["hello"]).await;
    let id = made[0].id.as_str();
    let text = format!(
        "[keys]\nopenai = \"env:UNSET_TOO\"\n[upstreams]\nopenai = \"http://{}\"\n[[profile]]\nname = \"tests\"\nkey = \"{KEY}\"\nupstream_key = \"env:UNSET\"\n",
        upstream.address
    );
    std::fs::write(home.path().join("retake.toml"), text).unwrap();
    home.fine(&["trust", "--yes"]);
    for args in [&["list"][..], &["show", id], &["stats"], &["config", "check"], &["run", "--", "true"]] {
        assert_eq!(home.run(args).code, Some(0), "{args:?} {:?}", home.run(args));
    }
    let running = home.serve(&["--json", "--mode", "replay-or-record"]);
    let authorization = format!("Bearer {KEY}");
    let key = [("authorization", authorization.as_str())];
    let replayed = running.call(CHAT_PATH, &key, &chat("hello")).await;
    assert_eq!((replayed.status, replayed.headers.text("x-retake-result")), (200, Some("replay")));
    running.json();
    let calls = upstream.calls();
    for mode in ["replay-or-record", "record", "off", "replay-or-live"] {
        let headers = [key[0], ("x-retake-mode", mode)];
        let refused = running.call(CHAT_PATH, &headers, &chat("other")).await;
        let text = String::from_utf8_lossy(&refused.body).into_owned();
        assert_eq!((refused.status, refused.headers.text("x-should-retry")), (403, Some("false")), "{text}");
        for word in ["UPSTREAM_KEY_MISSING", "profile tests", "variable UNSET is not set"] {
            assert!(text.contains(word), "{word} in {text}");
        }
        running.json();
    }
    assert_eq!(upstream.calls(), calls, "the client's key is not sent instead");
    assert_eq!(
        running.call(CHAT_PATH, &[("authorization", "Bearer sk-somebody-else")], &chat("other")).await.status,
        200,
        "calls without that key go on"
    );
    let said = running.end("TERM");
    assert!(said.err.contains("UNSET is not set: no call of profile tests is forwarded"), "{said:?}");
    home.run(&["rerecord", id, "--yes"]).refused(1, &["set UNSET_TOO"]);
    assert_eq!(upstream.calls(), calls + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upstream_that_ends_in_a_version_is_understood() {
    let (home, upstream) = (Home::new(), Upstream::start(answer).await);
    let file = format!("[upstreams]\nfiled = \"http://{}/openai/v1/\"\n", upstream.address);
    std::fs::write(home.path().join("retake.toml"), file).unwrap();
    home.fine(&["trust", "--yes"]);
    let to = |mount: &str, path: &str| format!("{mount}=http://{}{path}", upstream.address);
    let (openai, gemini, ark) = (to("openai", "/v1"), to("gemini", "/v1beta"), to("ark", "/api/v3"));
    let args =
        ["--json", "--mode", "record", "--upstream", &openai, "--upstream", &gemini, "--upstream", &ark];
    let running = home.serve(&args);
    for (target, sent) in [
        ("/openai/v1/chat/completions", "/v1/chat/completions"),
        ("/openai/chat/completions", "/v1/chat/completions"),
        ("/filed/v1/chat/completions", "/openai/v1/chat/completions"),
        ("/gemini/v1beta/models/m:generateContent?alt=sse", "/v1beta/models/m:generateContent?alt=sse"),
        ("/ark/v1/chat/completions", "/api/v3/chat/completions"),
        ("/openai/v2/other", "/v1/v2/other"),
    ] {
        assert_eq!(running.call(target, &[], &chat("hello")).await.status, 200, "{target}");
        assert_eq!(upstream.last().target, sent, "{target}");
    }
    assert_eq!(running.end("TERM").code, Some(0));
}
