//! What is made from tables: man pages, the page of keys.

use std::process::Command;

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
        assert!(own.contains(".SH \"SYNOPSIS\"") && own.contains(&format!("retake {roff}")), "{own}");
    }
    assert_eq!(std::fs::read_to_string(home.path().join("pages/man1/retake.1")).unwrap(), page);
    std::fs::write(home.path().join("file"), "").unwrap();
    home.run(&["man", "--dir", "file"]).refused(2, &["--dir", "file"]);
}

/// Nothing that a verb has is missing on its page, and nothing that all of them obey.
#[test]
fn man_pages_have_no_gaps() {
    let home = Home::new();
    home.fine(&["man", "--dir", "pages"]);
    let pages = std::fs::read_dir(home.path().join("pages")).unwrap();
    let mut seen = 0;
    for page in pages {
        let path = page.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        for part in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "ENVIRONMENT", "FILES"] {
            assert!(
                text.contains(&format!(".SH {part}")) || text.contains(&format!(".SH \"{part}\"")),
                "{part} in {name}"
            );
        }
        assert!(!text.contains(".SH EXTRA"), "{name}");
        let words: Vec<_> = match name.strip_prefix("retake-") {
            None => Vec::new(),
            Some(verb) => match verb.split_once('-').filter(|(first, _)| ["config", "usage"].contains(first))
            {
                Some((first, second)) => vec![first, second],
                None => vec![verb],
            },
        };
        let help = home.fine(&[&words[..], &["--help"]].concat());
        let flags = help.split_whitespace().filter(|word| word.starts_with("--") && word.len() > 2);
        let flags = flags.map(|word| word.trim_matches(|c: char| !c.is_ascii_lowercase() && c != '-'));
        for flag in
            flags.filter(|flag| help.contains(&format!("  {flag}")) || help.contains(&format!(", {flag}")))
        {
            assert!(text.contains(&flag.replace('-', "\\-")), "{flag} in {name}");
        }
        seen += 1;
    }
    assert!(seen > 40, "{seen}");
}

/// The page of keys stands in the documentation as the program prints it.
#[test]
fn the_documented_keys_are_those_of_the_workbench() {
    let home = Home::new();
    let page = home.fine(&["help", "keys"]);
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/keys.md");
    let documented = std::fs::read_to_string(path).unwrap();
    let block = documented.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    assert_eq!(block, page, "docs/keys.md holds what `retake help keys` prints");
    std::fs::write(home.path().join("retake.toml"), "[keymap]\nundo = [\"Z\"]\n").unwrap();
    assert!(
        home.run(&["--trust", "help", "keys"]).out.contains("  Z                   undo"),
        "your own keys"
    );
    assert!(home.fine(&["help", "retag"]).contains("Usage: retake retag"));
    assert!(home.fine(&["help", "config", "check"]).contains("Usage: retake config check"));
    assert!(home.fine(&["help"]).contains("Examples:"));
    home.run(&["help", "kees"]).refused(2, &["`kees`", "retake help"]);
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
