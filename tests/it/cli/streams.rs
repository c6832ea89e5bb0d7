//! What becomes of a verb whose streams or terminal are not what it hopes for: it does what it does anywhere.

use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::{Write as _, pipe};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Stdio};

use retake::model::Row;

use super::*;
use crate::home::{CHAT_PATH, Home, PROGRAM, Said, chat, said};
use crate::terminal::Terminal;
use crate::world::Upstream;

/// Each verb of clap's own table with arguments, in an order in which all of them find what they need. `1` to `3` stand for
/// the recordings, `?` for a verb that waits for a signal or a key, which have tests of their own.
pub(super) const VERBS: [(&str, &[&str]); 45] = [
    ("retake", &["--help"]),
    ("list", &["list"]),
    ("show", &["show", "1"]),
    ("calls", &["calls"]),
    ("stats", &["stats"]),
    ("diff", &["diff", "1", "3"]),
    ("explain", &["explain", "--to", CHAT_PATH, "request.json"]),
    ("suggest-ignores", &["suggest-ignores"]),
    ("doctor", &["doctor", "--offline"]),
    ("help", &["help", "keys"]),
    ("completions", &["completions", "bash"]),
    ("man", &["man"]),
    ("schema", &["schema", "list"]),
    ("token", &["token"]),
    ("config-init", &["config", "init", "--force"]),
    ("config-check", &["config", "check"]),
    ("config-path", &["config", "path"]),
    ("trust", &["trust", "trusted.toml", "--yes"]),
    ("run", &["run", "--", "sh", "-c", "exit 5"]),
    ("demo", &["demo", "--listen", "127.0.0.1:0", "--for", "1ms"]),
    ("serve", &["?"]),
    ("tui", &["?"]),
    ("attach", &["?"]),
    ("retag", &["retag", "1", "pinned"]),
    ("tag", &["tag", "1", "--add", "ci"]),
    ("rename", &["rename", "1", "one"]),
    ("protect", &["protect", "1"]),
    ("edit", &["edit", "1", "--status", "201"]),
    ("derive", &["derive", "2", "429"]),
    ("duplicate", &["duplicate", "2"]),
    ("new", &["new", "--to", CHAT_PATH, "request.json"]),
    ("keep", &["keep", "1", "--yes"]),
    ("rerecord", &["rerecord", "2", "--yes"]),
    ("review", &["review"]),
    ("undo", &["undo"]),
    ("redo", &["redo"]),
    ("steps", &["steps"]),
    ("scrub", &["scrub", "--again", "--yes"]),
    ("prune", &["prune", "hits:0", "--yes", "--keep", "1"]),
    ("trash", &["trash"]),
    ("restore", &["restore", "--all"]),
    ("rm", &["rm", "3", "--yes"]),
    ("compact", &["compact", "--purge", "--yes"]),
    ("usage-export", &["usage", "export"]),
    ("usage-merge", &["usage", "merge", "usage.json"]),
];

/// A store with recordings and calls, what the verbs read, and the arguments of each of them.
pub(super) async fn prepared(home: &Home) -> Vec<(&'static str, Vec<String>)> {
    let upstream = Upstream::start(answer).await;
    prepared_with(home, &upstream, &["one", "two", "three"]).await
}

async fn prepared_with(
    home: &Home,
    upstream: &Upstream,
    prompts: &[&str],
) -> Vec<(&'static str, Vec<String>)> {
    let rows = home.filled(upstream, prompts).await;
    std::fs::write(home.path().join("request.json"), chat("new")).unwrap();
    std::fs::write(home.path().join("usage.json"), home.fine(&["usage", "export"])).unwrap();
    let word = |word: &&str| match word.parse::<usize>() {
        Ok(nth) if word.len() == 1 && nth > 0 => rows[nth - 1].id.to_string(),
        _ => (*word).to_owned(),
    };
    // The number of a call is no recording.
    let words = |(name, words): &(&'static str, &[&str])| match *name {
        "keep" => (*name, words.iter().map(|word| (*word).to_owned()).collect()),
        _ => (*name, words.iter().map(word).collect()),
    };
    VERBS.iter().filter(|(_, words)| words != &["?"]).map(words).collect()
}

/// The exit code of a verb on the prepared store.
fn usually(verb: &str) -> i32 {
    match verb {
        // Two recordings that differ; a call that is a recording already; an upstream for which there is no key.
        // And a file that is not there, and no retake that runs.
        "diff" | "keep" | "rerecord" | "token" | "trust" => 1,
        // That of the command.
        "run" => 5,
        _ => 0,
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    std::fs::set_permissions(to, std::fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// How often a name stands in the table is checked against what clap knows, so that no verb is forgotten.
#[test]
fn the_table_has_every_verb() {
    let home = Home::new();
    let wrote = home.fine(&["man", "--dir", "pages"]);
    let pages = wrote.lines().filter_map(|line| line.rsplit_once('/')?.1.strip_suffix(".1"));
    let pages: Vec<_> = pages.map(|page| page.strip_prefix("retake-").unwrap_or(page)).collect();
    // A verb that is only a place for others does nothing by itself.
    let is_place = |page: &str| pages.iter().any(|other| other.starts_with(&format!("{page}-")));
    let mut wanted: Vec<_> = pages.iter().filter(|page| !is_place(page)).copied().collect();
    let mut known: Vec<_> = VERBS.iter().map(|(name, _)| *name).collect();
    wanted.sort_unstable();
    known.sort_unstable();
    assert_eq!(known, wanted);
}

/// What a stream is that nobody reads any more.
fn broken() -> Stdio {
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    Stdio::from(OwnedFd::from(writer))
}

fn full() -> Stdio {
    OpenOptions::new().write(true).open("/dev/full").unwrap().into()
}

/// A way in which the streams or the environment of a program can be.
type Condition = (&'static str, fn(&mut Command));

const CONDITIONS: [Condition; 12] = [
    ("as usual", |_| {}),
    ("stdout without a reader", |command| _ = command.stdout(broken())),
    ("stderr without a reader", |command| _ = command.stderr(broken())),
    ("no readers", |command| _ = command.stdout(broken()).stderr(broken())),
    ("a full disk behind stdout", |command| _ = command.stdout(full())),
    ("a full disk behind stderr", |command| _ = command.stderr(full())),
    ("a full disk behind both", |command| _ = command.stdout(full()).stderr(full())),
    ("COLUMNS=0", |command| _ = command.env("COLUMNS", "0").env("LINES", "0").env("TERM", "dumb")),
    ("COLUMNS=1", |command| _ = command.env("COLUMNS", "1").env("TERM", "")),
    ("COLUMNS=999999", |command| _ = command.env("COLUMNS", "999999").env("TERM", "no such terminal")),
    ("COLUMNS=garbage", |command| _ = command.env("COLUMNS", "-1e9 \u{1b}[31m")),
    ("RETAKE_LOG=trace", |command| _ = command.env("RETAKE_LOG", "trace").stderr(broken())),
];

/// Runs a verb to its end.
fn ran(home: &Home, words: &[String], condition: fn(&mut Command)) -> Said {
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let mut command = home.command(&words);
    condition(&mut command);
    let said = said(command);
    assert!(!said.err.contains("panicked"), "{words:?}: {said:?}");
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_verb_ends_as_usual_whoever_listens() {
    let seed = Home::new();
    let verbs = prepared(&seed).await;
    let (mut usual, mut left) = (Vec::new(), Vec::new());
    for (name, condition) in CONDITIONS {
        let home = Home::new();
        copy(seed.path(), home.path());
        let ended: Vec<_> = verbs.iter().map(|(_, words)| ran(&home, words, condition)).collect();
        if usual.is_empty() {
            let failed =
                verbs.iter().zip(&ended).filter(|((verb, _), said)| said.code != Some(usually(verb)));
            let failed: Vec<_> = failed.map(|((verb, _), said)| format!("{verb}: {said:?}")).collect();
            assert!(failed.is_empty(), "{}", failed.join("\n"));
            (usual, left) = (ended, home.rows());
            continue;
        }
        let lost = name.starts_with("a full disk") && !name.ends_with("stderr");
        for (((verb, _), usual), ended) in verbs.iter().zip(&usual).zip(&ended) {
            // Output that was asked for is not there.
            let failed = lost && usual.code == Some(0) && !usual.out.is_empty();
            let code = if failed { Some(1) } else { usual.code };
            assert_eq!(ended.code, code, "{verb} under {name}: {ended:?}");
        }
        // What was to be done was done, too.
        let facts = |row: &Row| (row.name.clone(), row.tags.clone(), row.strategy.clone(), row.status);
        let (here, there): (Vec<_>, Vec<_>) =
            (home.rows().iter().map(facts).collect(), left.iter().map(facts).collect());
        assert_eq!(here, there, "{name}");
    }
}

/// Runs all verbs in a shell that first says `before`, without a stream or with what a terminal has in its place.
fn script(verbs: &[(impl Display, Vec<String>)], before: &str, behind: &str) -> String {
    let quoted = |word: &String| format!("'{}'", word.replace('\'', r"'\''"));
    let line = |name: &dyn Display, words: &[String]| {
        let words: Vec<_> = words.iter().map(quoted).collect();
        format!("'{PROGRAM}' {} {behind}; echo \"{name} $?\" >>codes\n", words.join(" "))
    };
    format!("{before}\n{}", verbs.iter().map(|(name, words)| line(name, words)).collect::<String>())
}

fn codes(home: &Home) -> Vec<String> {
    std::fs::read_to_string(home.path().join("codes")).unwrap().lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_verb_ends_as_usual_with_closed_streams() {
    let seed = Home::new();
    let verbs = prepared(&seed).await;
    let mut usual = Vec::new();
    for behind in ["", "<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
        let home = Home::new();
        copy(seed.path(), home.path());
        let mut shell = Command::new("sh");
        shell.env_clear().envs(home.environment()).current_dir(home.path());
        let said = said({
            shell.args(["-c", &script(&verbs, "", behind)]).stdin(Stdio::null());
            shell
        });
        assert!(!said.err.contains("panicked"), "{behind}: {said:?}");
        let codes = codes(&home);
        if usual.is_empty() {
            usual = codes;
        } else {
            assert_eq!(codes, usual, "{behind}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_verb_ends_as_usual_on_a_terminal_of_any_size() {
    let seed = Home::new();
    let verbs = prepared(&seed).await;
    let mut usual = Vec::new();
    for (columns, rows) in [(80, 24), (0, 0), (1, 1), (0, 24), (80, 0), (2, 65535), (65535, 2)] {
        let home = Home::new();
        copy(seed.path(), home.path());
        let before =
            format!("stty cols {columns} rows {rows}; [ \"$(stty size)\" = '{rows} {columns}' ] || exit 9");
        let mut file = std::fs::File::create(home.path().join("all.sh")).unwrap();
        file.write_all(script(&verbs, &before, "").as_bytes()).unwrap();
        let mut terminal = Terminal::program(&home, (80, 24), &["sh", "all.sh"]);
        terminal.ends(0);
        let codes = codes(&home);
        if usual.is_empty() {
            usual = codes;
        } else {
            assert_eq!(codes, usual, "{columns}x{rows}");
        }
    }
}

/// Each verb with each of its own switches.
fn with_switches(home: &Home, verbs: &[(&'static str, Vec<String>)]) -> Vec<(String, Vec<String>)> {
    // What all verbs share, and what waits for a signal.
    let left_out = ["--help", "--version", "--trust", "--never-forward", "--no-scrub", "--follow"];
    let mut all = Vec::new();
    for (name, words) in verbs.iter().filter(|(name, _)| *name != "retake") {
        let places = 1 + usize::from(["config", "usage"].contains(&words[0].as_str()));
        let verb: Vec<_> = words[..places].iter().map(String::as_str).collect();
        let help = home.fine(&[&verb[..], &["--help"]].concat());
        let switch = |line: &str| {
            let line = line.trim_start();
            let mut words = line.split([' ', ',']).filter(|word| !word.is_empty());
            let plain = |c: char| c.is_ascii_lowercase() || c == '-';
            let is_switch = |word: &&str| word.starts_with("--") && word.chars().all(plain);
            let switch = words.by_ref().take(2).find(is_switch)?;
            let valued = words.next().is_some_and(|word| word.starts_with('<'));
            (line.starts_with('-') && !valued && !left_out.contains(&switch)).then(|| switch.to_owned())
        };
        let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
        for switch in help.lines().filter_map(switch) {
            let words = [&words[..end], std::slice::from_ref(&switch), &words[end..]].concat();
            all.push((format!("{name} {switch}"), words));
        }
    }
    let has = |wanted: &str| all.iter().any(|(name, _)| name == wanted);
    let wanted =
        ["list --json", "show --image", "diff --json", "doctor --json", "explain --json", "run --json"];
    assert!(wanted.into_iter().all(has), "{all:?}");
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_switch_of_every_verb_ends_as_usual_with_closed_streams_and_without_columns() {
    let seed = Home::new();
    let verbs = prepared(&seed).await;
    let verbs = with_switches(&seed, &verbs);
    let mut usual = Vec::new();
    for (before, behind) in [
        ("stty cols 80 rows 24", "</dev/null >/dev/null 2>/dev/null"),
        ("stty cols 80 rows 24", "</dev/null >&- 2>&-"),
        ("stty cols 80 rows 24", "<&- 2>&-"),
        ("stty cols 0 rows 0", "</dev/null"),
        ("stty cols 1 rows 1", "</dev/null"),
    ] {
        let home = Home::new();
        copy(seed.path(), home.path());
        std::fs::write(home.path().join("all.sh"), script(&verbs, before, behind)).unwrap();
        let mut terminal = Terminal::program(&home, (80, 24), &["sh", "all.sh"]);
        terminal.ends(0);
        let codes = codes(&home);
        if usual.is_empty() {
            usual = codes;
            // None of them panicked, and none was refused for its flags.
            let wrong: Vec<_> = usual.iter().filter(|code| code.ends_with(" 101")).collect();
            assert!(wrong.is_empty(), "{wrong:?}");
        } else {
            assert_eq!(codes, usual, "{before} {behind}");
        }
    }
}

/// What terminals obey, hide or turn round: C0, DEL, C1, directions, zero widths, tags.
pub(super) const HOSTILE: &str =
    "a\u{1b}]52;c;aGk=\u{7}b\u{7f}c\u{9b}31md\u{202e}e\u{2066}f\u{200b}g\u{61c}h\u{e0041}i\u{feff}j\u{ad}k";

pub(super) fn is_hostile(c: char) -> bool {
    let invisible = ['\u{ad}', '\u{61c}', '\u{feff}'].contains(&c);
    c.is_control() && c != '\n'
        || invisible
        || ('\u{200b}'..='\u{200f}').contains(&c)
        || ('\u{202a}'..='\u{202e}').contains(&c)
        || ('\u{2066}'..='\u{2069}').contains(&c)
        || ('\u{e0000}'..='\u{e0fff}').contains(&c)
}

/// An answer whose every text is hostile.
fn hostile(_: Seen) -> Response {
    let text = serde_json::to_string(HOSTILE).unwrap();
    let answer = ANSWER.replace("\"h\\u00e9 \\u2713\"", &text).replace("chatcmpl-1", "chatcmpl-\u{9b}");
    assert!(answer.contains('\u{9b}'), "{answer}");
    json(&answer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_was_recorded_does_anything_to_a_terminal() {
    let (home, upstream) = (Home::new(), Upstream::start(hostile).await);
    let other = format!("{HOSTILE} and more");
    let verbs = prepared_with(&home, &upstream, &[HOSTILE, &other, "three"]).await;
    std::fs::write(home.path().join("request.json"), chat(&format!("{HOSTILE}?"))).unwrap();
    // In JSON the value is the same one.
    let prompts: Vec<_> = home.rows().iter().filter_map(|row| row.prompt.clone()).collect();
    assert!(prompts.iter().any(|prompt| prompt.contains("d\u{202e}e\u{2066}f\u{200b}")), "{prompts:?}");
    for (verb, words) in verbs.iter().filter(|(verb, _)| !["completions", "help", "man"].contains(verb)) {
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let has_json =
            *verb != "retake" && home.fine(&[&words[..1], &["--help"]].concat()).contains("--json");
        let json = if has_json && *verb != "run" { &["--json"][..] } else { &[] };
        for words in [&words[..], &[&words[..], json].concat()] {
            let said = home.run(words);
            let bad: Vec<_> = said.out.chars().chain(said.err.chars()).filter(|c| is_hostile(*c)).collect();
            assert!(bad.is_empty(), "{words:?}: {bad:?} in {said:?}");
            assert!(!said.out.contains('\u{fffd}'), "{words:?}: {said:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_is_bytes_for_a_pipe_and_harmless_before_a_terminal() {
    let (home, upstream) = (Home::new(), Upstream::start(hostile).await);
    let rows = home.filled(&upstream, &["one"]).await;
    let id = rows[0].id.as_str();
    let body = home.fine(&["show", id, "--body"]);
    assert!(body.contains('\u{9b}') && body.contains('\u{202e}'), "{body}");
    for part in ["--body", "--response", "--json"] {
        let mut terminal = Terminal::start(&home, (80, 24), &["show", id, part]);
        terminal.ends(0);
        let written = terminal.written();
        let written = written.split("ended 0").next().unwrap().replace(['\r', '\n'], "");
        assert!(written.contains("chatcmpl") && !written.chars().any(is_hostile), "{part}: {written:?}");
    }
}
