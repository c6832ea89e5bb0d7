//! The filter language on one page.

use std::fmt::Write as _;

use super::key::{KEYS, KeyEntry};
use super::{Query, QueryKind, SYNTAX};

/// The syntax of a filter of this kind, for people.
#[must_use]
pub fn help(kind: QueryKind) -> String {
    let mut text = String::from("Filters:\n");
    // An example whose key is not asked of this kind says nothing here.
    let syntax = SYNTAX.iter().filter(|(example, _)| Query::parse(example, kind).is_ok());
    let syntax: Vec<_> = syntax.map(|(example, meaning)| ((*example).to_owned(), *meaning)).collect();
    let keys = KEYS.iter().filter(|entry| entry.kinds.contains(&kind));
    let keys: Vec<_> = keys.map(|entry| (example(entry), entry.help)).collect();
    let lines = || syntax.iter().chain(&keys);
    let width = lines().map(|(example, _)| example.chars().count()).max().unwrap_or_default();
    for (nth, (example, meaning)) in lines().enumerate() {
        let gap = if nth == syntax.len() { "\nKeys:\n" } else { "" };
        let _ = writeln!(text, "{gap}  {example:width$}  {meaning}");
    }
    text.trim_end().to_owned()
}

/// A key as it is written, with a value where one helps.
fn example(entry: &KeyEntry) -> String {
    format!("{}:{}", entry.name, entry.examples.first().copied().unwrap_or("yes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_the_help_shows_can_be_written() {
        for kind in [QueryKind::Recordings, QueryKind::Calls] {
            let help = help(kind);
            let examples = help.lines().filter_map(|line| line.strip_prefix("  ")?.split("  ").next());
            let examples: Vec<_> = examples.collect();
            assert!(examples.len() > 20, "{help}");
            for example in examples {
                assert!(Query::parse(example, kind).is_ok(), "{example}");
            }
        }
    }
}
