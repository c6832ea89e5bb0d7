//! What is made from the table of verbs: shell completions and man pages.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::home::Home;

/// All verbs, as the help lists them.
pub(super) fn verbs(home: &Home) -> Vec<String> {
    let help = home.fine(&["--help"]);
    let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    // What continues the line above is further to the right.
    let first = commands.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let verbs: Vec<_> = first.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect();
    assert!(verbs.len() > 10, "{help}");
    verbs
}

#[test]
fn completions_name_every_verb() {
    let home = Home::new();
    let verbs = verbs(&home);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = home.fine(&["completions", shell]);
        for verb in &verbs {
            assert!(script.contains(verb), "{verb} for {shell}");
        }
    }
    home.run(&["completions", "csh"]).refused(2, &["csh", "bash", "zsh"]);
    assert!(!home.store().exists());
}

#[test]
fn completions_offer_the_values_of_arguments() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = home.fine(&["completions", shell]);
        for value in ["replay-or-record", "staging", "sequence", "accept", "stall"] {
            assert!(script.contains(value), "{value} for {shell}");
        }
    }
    home.run(&["serve", "--mode", "rewind"]).refused(2, &["rewind", "replay-or-mock"]);
}

#[test]
fn bash_understands_its_completions() {
    let home = Home::new();
    let script = home.fine(&["completions", "bash"]);
    let mut bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn().unwrap();
    bash.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    assert!(bash.wait().unwrap().success());
    // Each verb is completed, with the flags of its own.
    let ask = format!(
        "{script}\nCOMP_WORDS=(retake r); COMP_CWORD=1; _retake retake r retake; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    );
    let answer = Command::new("bash").args(["-c", &ask]).output().unwrap();
    let answer = String::from_utf8(answer.stdout).unwrap();
    for verb in verbs(&home).iter().filter(|verb| verb.starts_with('r')) {
        assert!(answer.lines().any(|line| line == verb), "{verb} in {answer}");
    }
}

#[test]
fn man_pages_are_there_for_every_verb() {
    let home = Home::new();
    let page = home.fine(&["man"]);
    assert!(page.contains("RETAKE_MODE"), "{page}");
    let wrote = home.fine(&["man", "--dir", "pages/man1"]);
    for verb in verbs(&home) {
        let roff = verb.replace('-', "\\-");
        assert!(page.contains(&format!("retake\\-{roff}(1)")), "{verb} in {page}");
        let name = format!("pages/man1/retake-{verb}.1");
        assert!(wrote.contains(&name), "{name} in {wrote}");
        let own = std::fs::read_to_string(home.path().join(name)).unwrap();
        assert!(own.contains(".SH SYNOPSIS") && own.contains(&format!("retake {roff}")), "{own}");
    }
    assert_eq!(std::fs::read_to_string(home.path().join("pages/man1/retake.1")).unwrap(), page);
    std::fs::write(home.path().join("file"), "").unwrap();
    home.run(&["man", "--dir", "file"]).refused(2, &["--dir", "file"]);
}

/// Who ships a binary finds what that takes: each license that asks for more than a notice is told of, and left out where
/// its feature is.
#[test]
fn licenses_that_ask_for_more_are_told_of() {
    let read = |name: &str| {
        std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
    };
    let (allowed, told) = (read(".ci/deny.toml"), read("THIRD-PARTY.md"));
    let exceptions: Vec<_> =
        allowed.lines().filter_map(|line| line.trim().strip_prefix("{ crate = \"")).collect();
    assert!(!exceptions.is_empty());
    for exception in exceptions {
        let (name, rest) = exception.split_once('"').unwrap();
        let license = rest.split('"').nth(1).unwrap();
        assert!(told.contains(&format!("## {name}, {license}")), "{name}");
        let tree = |features: &[&str]| {
            let mut cargo = Command::new(env!("CARGO"));
            cargo
                .args(["tree", "--locked", "--offline", "--edges", "normal", "--prefix", "none"])
                .args(features);
            let output = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout)
                .unwrap()
                .lines()
                .any(|line| line.starts_with(&format!("{name} ")))
        };
        assert!(tree(&[]) && !tree(&["--no-default-features"]), "{name}");
    }
}
