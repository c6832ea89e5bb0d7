//! One shape for every verb: what can be shown first, what programs read, how recordings are named.

use clap::Command;

use super::command::command;

/// Each verb as it is typed, those below `config` and `usage` included.
fn verbs() -> Vec<(String, Command)> {
    fn below(command: &Command, above: &str, found: &mut Vec<(String, Command)>) {
        for verb in command.get_subcommands() {
            let name = format!("{above}{}", verb.get_name());
            if verb.has_subcommands() {
                below(verb, &format!("{name} "), found);
            } else {
                found.push((name, verb.clone()));
            }
        }
    }
    let mut found = Vec::new();
    below(&command(), "", &mut found);
    found
}

fn has(verb: &Command, flag: &str) -> bool {
    verb.get_arguments().any(|arg| arg.get_long() == Some(flag))
}

/// Holds a rule for all verbs but the named ones, each of which must break it.
#[track_caller]
fn rule(says: &str, holds: impl Fn(&Command) -> bool, exceptions: &[(&[&str], &str)]) {
    let excepted = |name: &str| exceptions.iter().any(|(names, _)| names.contains(&name));
    for (name, verb) in verbs() {
        assert_eq!(holds(&verb), !excepted(&name), "{says}: {name}");
    }
    let known: Vec<_> = verbs().into_iter().map(|(name, _)| name).collect();
    for name in exceptions.iter().flat_map(|(names, _)| *names) {
        assert!(known.iter().any(|known| known == name), "there is no verb {name}");
    }
}

#[test]
fn what_changes_something_can_be_tried_dry() {
    rule(
        "-n, --dry-run",
        |verb| {
            verb.get_arguments().any(|arg| arg.get_short() == Some('n') && arg.get_long() == Some("dry-run"))
        },
        &[
            (&["tui", "serve", "attach", "demo", "run"], "they run until they are ended"),
            (
                &["list", "show", "calls", "stats", "diff", "explain", "suggest-ignores", "trash", "steps"],
                "they look",
            ),
            (
                &["config check", "config path", "doctor", "help", "completions", "token", "schema"],
                "they look",
            ),
            (&["config init", "man", "usage export"], "they write the one file or folder that is named"),
        ],
    );
}

#[test]
fn what_says_something_says_it_to_programs_too() {
    rule(
        "--json",
        |verb| has(verb, "json"),
        &[
            (&["tui", "attach", "demo"], "they are screens"),
            (&["help", "completions", "man", "token", "schema"], "they are pages, scripts and JSON"),
            (&["config init", "config path"], "the one line is a path"),
            (&["usage export"], "it is JSON"),
        ],
    );
}

#[test]
fn recordings_are_named_in_the_same_ways() {
    let many =
        ["retag", "tag", "protect", "edit", "derive", "duplicate", "rerecord", "review", "rm", "restore"];
    for (name, verb) in verbs() {
        let named = [has(&verb, "where"), has(&verb, "hash")];
        match name.as_str() {
            // It is a filter alone, and what is kept is named one by one.
            "prune" => assert!(has(&verb, "keep"), "{name}"),
            // The filter stands bare there.
            "list" => assert_eq!(named, [false, true], "{name}"),
            name if many.contains(&name) => {
                assert_eq!(named, [true, true], "{name}");
                let ids =
                    verb.get_positionals().any(|arg| arg.get_num_args().is_some_and(|n| n.max_values() > 1));
                assert!(ids, "{name} takes several ids");
            }
            // They are about one, or about none.
            _ => assert_eq!(named, [false, false], "{name}"),
        }
    }
}

#[test]
fn who_may_be_asked_can_be_answered_beforehand() {
    for (name, verb) in verbs() {
        let asks = ["rm", "prune", "rerecord", "keep", "compact", "scrub", "trust"].contains(&name.as_str());
        assert_eq!(has(&verb, "yes"), asks, "--yes of {name}");
    }
}
