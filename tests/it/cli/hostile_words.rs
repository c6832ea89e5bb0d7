//! Words from outside that do something to a terminal: on the command line, in the environment, in the names of files and
//! in the configuration. Whatever a verb says about them, it says harmlessly.

use std::os::unix::ffi::OsStrExt as _;

use super::streams::{HOSTILE, VERBS, is_hostile, prepared};
use crate::home::{Home, Said, said};
use crate::terminal::Terminal;

/// The variables that stand in for flags, and the one that says what is logged.
const VARIABLES: [&str; 10] = [
    "RETAKE_STORE",
    "RETAKE_CONFIG",
    "RETAKE_LISTEN",
    "RETAKE_MODE",
    "RETAKE_PRESET",
    "RETAKE_MATCH",
    "RETAKE_UPSTREAM",
    "RETAKE_NEVER_FORWARD",
    "RETAKE_NO_SCRUB",
    "RETAKE_LOG",
];

#[track_caller]
fn is_harmless(what: &str, said: &Said) {
    let bad: Vec<_> = said.out.chars().chain(said.err.chars()).filter(|c| is_hostile(*c)).collect();
    assert!(bad.is_empty(), "{what}: {bad:?} in {said:?}");
    assert!(!said.err.contains("panicked"), "{what}: {said:?}");
}

/// Every verb with arguments as they are usual, and with what ends those that would wait for a signal.
async fn verbs(home: &Home) -> Vec<Vec<String>> {
    let verbs = prepared(home).await.into_iter().filter(|(name, _)| *name != "retake");
    let mut verbs: Vec<_> = verbs.map(|(_, words)| words).collect();
    for waiting in VERBS.iter().filter(|(_, words)| words == &["?"]) {
        let words = [waiting.0, "--listen", "no address"];
        let words = if waiting.0 == "attach" { &words[..1] } else { &words };
        verbs.push(words.iter().map(|word| (*word).to_owned()).collect());
    }
    assert_eq!(verbs.len(), VERBS.len() - 1);
    verbs
}

/// The long flags that the help of a verb names.
fn flags(home: &Home, words: &[String]) -> Vec<String> {
    let places = ["config", "usage"];
    let verb: Vec<_> = words.iter().take(1 + usize::from(places.contains(&words[0].as_str()))).collect();
    let help = home.fine(&[verb.iter().map(|word| word.as_str()).collect(), vec!["--help"]].concat());
    let is_flag =
        |word: &&str| word.starts_with("--") && word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    let named = |line: &str| {
        let line = line.trim_start();
        let mut words = line.split([' ', ',', '[']).filter(|word| !word.is_empty()).take(2);
        words.find(is_flag).filter(|_| line.starts_with('-')).map(str::to_owned)
    };
    help.lines()
        .filter_map(named)
        .filter(|flag| !["--help", "--version", "--for"].contains(&&**flag))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_verb_repeats_a_hostile_word_as_it_is() {
    let home = Home::new();
    let verbs = verbs(&home).await;
    let ran = |words: &[&str]| {
        let said = home.run(words);
        is_harmless(&format!("{words:?}"), &said);
        said
    };
    for words in &verbs {
        let plain: Vec<_> = words.iter().map(String::as_str).collect();
        let end = plain.iter().position(|word| *word == "--").unwrap_or(plain.len());
        let flag = format!("--{HOSTILE}");
        let unknown = ran(&[&plain[..end], &[&flag], &plain[end..]].concat());
        assert_eq!(unknown.code, Some(2), "{unknown:?}");
        assert!(unknown.err.contains("␛]52;c;aGk"), "it is shown harmlessly: {unknown:?}");
        ran(&[&plain[..end], &[HOSTILE], &plain[end..]].concat());
        ran(&[&[HOSTILE], &plain[..]].concat());
        // An id, a filter, a file, a name, each in its place.
        for nth in 1..end {
            let mut other = plain.clone();
            other[nth] = HOSTILE;
            ran(&other);
        }
        let flags = flags(&home, words);
        assert!(
            ["completions", "help", "man", "schema", "token"].contains(&plain[0]) || !flags.is_empty(),
            "{words:?}"
        );
        for flag in flags {
            let flag = format!("{flag}={HOSTILE}");
            ran(&[&plain[..end], &[&flag], &plain[end..]].concat());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_verb_repeats_a_hostile_variable_as_it_is() {
    let home = Home::new();
    let verbs = verbs(&home).await;
    for words in &verbs {
        let plain: Vec<_> = words.iter().map(String::as_str).collect();
        let mut command = home.command(&[&plain[..1], &["--help"]].concat());
        command.envs(VARIABLES.map(|name| (name, HOSTILE)));
        let help = said(command);
        is_harmless(&format!("{plain:?} --help"), &help);
        assert_eq!(help.code, Some(0), "{help:?}");
    }
    let some = [
        "list",
        "doctor",
        "config",
        "run",
        "serve",
        "tui",
        "new",
        "explain",
        "rerecord",
        "demo",
        "man",
        "completions",
    ];
    for words in verbs.iter().filter(|words| some.contains(&words[0].as_str())) {
        for name in VARIABLES.iter().chain(["EDITOR", "TERM", "TERM_PROGRAM", "HTTPS_PROXY"].iter()) {
            let plain: Vec<_> = words.iter().map(String::as_str).collect();
            let mut command = home.command(&plain);
            command.env(name, HOSTILE);
            is_harmless(&format!("{name} of {plain:?}"), &said(command));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_verb_repeats_a_hostile_configuration_as_it_is() {
    let home = Home::new();
    let verbs = verbs(&home).await;
    let escaped: Vec<_> = HOSTILE.chars().map(|c| format!("\\U{:08X}", u32::from(c))).collect();
    let text = format!("\"{}\"", escaped.concat());
    let some = ["list", "doctor", "config", "run", "serve", "trust", "new", "explain", "rerecord", "demo"];
    for file in [
        format!("{text} = 1"),
        format!("mode = {text}"),
        format!("preset = {text}"),
        format!("theme = {text}"),
        format!("copy = \"'\" \nopen = {text}"),
        format!("listen = {text}"),
        format!("[upstreams]\n{text} = {text}"),
        format!("[keymap]\n{text} = {text}"),
        format!("[keys]\n{text} = {text}"),
        format!("[aliases]\n{text} = {text}"),
        format!("[mounts.{text}]\n{text} = {text}"),
        format!("[[profile]]\nname = {text}\nkey = {text}\nmode = {text}"),
        format!("[[profile]]\nname = {text}\nkey = \"k\"\nupstream_key = \"env:NONE\""),
        format!("[[route]]\nendpoint = {text}\nmodel = {text}\nmode = {text}"),
        format!("[[ignore]]\nfield = {text}\npattern = {text}"),
        format!("[[scrub]]\nname = {text}\npattern = \"(\""),
        format!("[[scrub]]\nname = \"a\"\npattern = {text}"),
        format!("[[expiry]]\ntag = {text}\nmax_age = {text}"),
        format!("= {text}"),
        HOSTILE.into(),
    ] {
        std::fs::write(home.path().join("retake.toml"), &file).unwrap();
        for words in verbs.iter().filter(|words| some.contains(&words[0].as_str())) {
            let plain: Vec<_> = words.iter().map(String::as_str).collect();
            if plain.starts_with(&["config", "init"]) {
                continue;
            }
            for trust in [&[][..], &["--trust"]] {
                let end = plain.iter().position(|word| *word == "--").unwrap_or(plain.len());
                let trust = if plain[0] == "trust" { &[][..] } else { trust };
                let words = [&plain[..end], trust, &plain[end..]].concat();
                is_harmless(&format!("{words:?} with {file:?}"), &home.run(&words));
            }
        }
    }
}

#[test]
fn folders_with_hostile_names_are_named_harmlessly() {
    let home = Home::new();
    // Not even text: such names are shown with a stand-in.
    for name in [HOSTILE.as_bytes(), b"a\xff\x1b]0;x\x07"] {
        let folder = home.path().join(std::ffi::OsStr::from_bytes(name));
        let below = folder.join("below");
        std::fs::create_dir_all(&below).unwrap();
        std::fs::write(folder.join("retake.toml"), "mode = 1").unwrap();
        std::fs::create_dir(folder.join(".retake")).unwrap();
        for words in [
            &["list"][..],
            &["config", "path"],
            &["config", "check"],
            &["config", "init"],
            &["doctor", "--offline"],
            &["trust", "--yes"],
            &["run", "--", "true"],
            &["serve", "--listen", "no address"],
            &["tui"],
        ] {
            let mut command = home.command(words);
            command.current_dir(&below);
            is_harmless(&format!("{words:?} in {below:?}"), &said(command));
        }
    }
}

#[test]
fn what_clap_says_keeps_its_colours_on_a_terminal_and_gets_none_from_a_word() {
    let home = Home::new();
    let said = |words: &[&str]| {
        let mut terminal = Terminal::start(&home, (80, 24), words);
        terminal.ends(2);
        terminal.written()
    };
    assert!(said(&["list", "--no-such-flag"]).contains("\x1b[1m\x1b[31merror:"), "in colour");
    for word in [HOSTILE, "\x1b[8mhidden", "\x1b[31mred"] {
        for words in
            [&["config", word][..], &["list", &format!("--{word}")], &["--mode", word, &format!("--{word}")]]
        {
            let written = said(words).replace(['\r', '\n'], "");
            assert!(!written.chars().any(is_hostile), "{words:?}: {written:?}");
        }
    }
}
