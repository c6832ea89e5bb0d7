//! How the house is built: type names, fields of a struct, files of a folder, and its numbers in a table.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::graph::Graph;
use super::lexer::Token;
use super::tree::{File, Sources};

/// The most fields of a struct; what has more is several things.
const FIELDS: usize = 15;
/// What is written as it stands, to a disk, a file of people or a program: its fields are those of that form.
const FORMS: &[&str] = &["Call", "ConfigFile", "FixtureFile", "Recording", "Row", "Rules", "Settings"];
/// The most files of a folder that has no folders in it.
const FOLDER: usize = 15;
/// Words that no name of an item has in it (CONTRIBUTING lists them), and those that are no name by themselves, because they
/// carry a sentence that only its writer knows.
const BANNED: [&str; 8] = ["cassette", "flow", "handler", "helper", "interaction", "manager", "stub", "util"];
const SENTENCES: [&str; 6] = ["asked", "found", "kept", "known", "said", "told"];
/// Words with which a doc comment begins that says no noun.
const NO_NOUNS: [&str; 12] =
    ["How", "Its", "That", "Their", "They", "What", "When", "Where", "Whether", "Which", "Who", "Why"];

/// Where each type of the program is declared, by name; associated types are no declarations.
pub(super) fn types(files: &[File]) -> BTreeMap<&str, Vec<&str>> {
    let mut types: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for file in files.iter().filter(|file| !file.test) {
        for (at, depth) in outside_tests(&file.tokens) {
            let (word, name) = (text(&file.tokens, at), text(&file.tokens, at + 1));
            let declares =
                matches!(word, "struct" | "enum" | "trait" | "union") || (word == "type" && depth == 0);
            if declares && name.starts_with(char::is_uppercase) {
                types.entry(name).or_default().push(&file.name);
            }
        }
    }
    types
}

/// Type names that stand for more than one thing, one line each.
pub(super) fn twice(files: &[File]) -> Vec<String> {
    let twice = types(files).into_iter().filter(|(_, places)| places.len() > 1);
    twice.map(|(name, places)| format!("{name} is declared in {}", places.join(", "))).collect()
}

/// Type names of one word, one line each.
pub(super) fn one_word(files: &[File]) -> Vec<String> {
    let one_word = |name: &&str| !name[1..].contains(char::is_uppercase);
    types(files).into_keys().filter(one_word).map(str::to_owned).collect()
}

/// Items whose names are banned words or no nouns, one line each.
pub(super) fn misnamed(files: &[File]) -> Vec<String> {
    const ITEMS: [&str; 9] = ["const", "enum", "fn", "mod", "static", "struct", "trait", "type", "union"];
    let mut misnamed = Vec::new();
    for file in files.iter().filter(|file| !file.test) {
        for (at, _) in outside_tests(&file.tokens) {
            let name = text(&file.tokens, at + 1);
            let wrong = SENTENCES.contains(&name) || words(name).any(|word| BANNED.contains(&&*word));
            if ITEMS.contains(&text(&file.tokens, at)) && wrong {
                misnamed.push(format!("{}: {name}", file.name));
            }
        }
    }
    misnamed
}

/// The words of a name in lower case and singular.
fn words(name: &str) -> impl Iterator<Item = String> {
    let parted: String =
        name.chars().flat_map(|c| [c.is_uppercase().then_some('_'), Some(c)]).flatten().collect();
    let words: Vec<String> =
        parted.split('_').map(|word| word.to_lowercase().trim_end_matches('s').to_owned()).collect();
    words.into_iter()
}

/// Doc comments that begin with no noun, one line each; those of the command line are its help.
pub(super) fn without_noun(sources: &Sources) -> Vec<String> {
    let mut comments = Vec::new();
    for (name, source) in sources {
        let mut above = "";
        for (line, nth) in source.lines().map(str::trim_start).zip(1..) {
            let begins = !above.starts_with("///") && !above.starts_with("//!");
            let first = line.strip_prefix("/// ").or_else(|| line.strip_prefix("//! "));
            let word = first.filter(|_| begins).and_then(|text| text.split_whitespace().next());
            // One that ends without a full stop is shown by `--help`.
            if word.is_some_and(|word| NO_NOUNS.contains(&word))
                && (!name.starts_with("cli/") || line.ends_with('.'))
            {
                comments.push(format!("{name}:{nth}: {line}"));
            }
            above = line;
        }
    }
    comments
}

/// Structs with too many fields, one line each.
pub(super) fn wide(files: &[File]) -> Vec<String> {
    let mut wide = Vec::new();
    for file in files.iter().filter(|file| !file.test) {
        for (at, _) in outside_tests(&file.tokens).filter(|(at, _)| text(&file.tokens, *at) == "struct") {
            let fields = fields(&file.tokens, at + 1);
            if fields > FIELDS && !FORMS.contains(&text(&file.tokens, at + 1)) {
                wide.push(format!("{}: {} has {fields} fields", file.name, text(&file.tokens, at + 1)));
            }
        }
    }
    wide
}

/// Folders with too many files and no folders, one line each.
pub(super) fn full(files: &[File]) -> Vec<String> {
    let folder = |file: &File| file.name.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    let all: BTreeSet<String> = files.iter().filter(|file| !file.test).filter_map(folder).collect();
    let count =
        |name: &String| files.iter().filter(|file| !file.test && folder(file).as_ref() == Some(name)).count();
    let plain = all.iter().filter(|name| !all.iter().any(|other| other.starts_with(&format!("{name}/"))));
    plain
        .map(|name| (name, count(name)))
        .filter(|(_, count)| *count > FOLDER)
        .map(|(name, count)| format!("{name}/ has {count} files"))
        .collect()
}

/// Files, imports between them, files in circles and lines of each module, without tests.
pub(super) fn table(files: &[File], graph: &Graph<'_>, sources: &Sources) -> String {
    let mut text = format!("{:12} files imports in-circles  lines\n", "module");
    let modules: BTreeSet<&str> = files
        .iter()
        .filter(|file| !file.test)
        .filter_map(|file| file.module.first().map(String::as_str))
        .collect();
    for module in modules {
        let within =
            |name: &str| name.strip_prefix(module).is_some_and(|rest| rest.starts_with('/') || rest == ".rs");
        let own: Vec<_> = graph.edges.iter().filter(|(name, _)| within(name)).collect();
        let imports: usize = own.iter().map(|(_, to)| to.iter().filter(|to| within(to)).count()).sum();
        let circles: usize = graph.circles(within).iter().map(Vec::len).sum();
        let lines: usize = own.iter().map(|(name, _)| sources[**name].lines().count()).sum();
        let _ = writeln!(text, "{module:12} {:5} {imports:7} {circles:10} {lines:6}", own.len());
    }
    let types = types(files);
    let twice = types.values().filter(|places| places.len() > 1).count();
    let one_word = one_word(files).len();
    let _ =
        writeln!(text, "{} type names, {twice} declared more than once, {one_word} of one word", types.len());
    text
}

fn text(tokens: &[Token], at: usize) -> &str {
    tokens.get(at).map_or("", |token| &token.text)
}

/// The places of all tokens that are not in a `mod tests { … }`, and how deep in braces each stands.
fn outside_tests(tokens: &[Token]) -> impl Iterator<Item = (usize, usize)> {
    let (mut depth, mut tests) = (0_usize, None);
    let mut places = Vec::new();
    for at in 0..tokens.len() {
        match text(tokens, at) {
            "mod" if text(tokens, at + 2) == "{" && text(tokens, at + 1).ends_with("tests") => {
                tests.get_or_insert(depth);
            }
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                if tests == Some(depth) {
                    tests = None;
                }
            }
            _ => {}
        }
        if tests.is_none() {
            places.push((at, depth));
        }
    }
    places.into_iter()
}

/// How many named fields the struct has whose name stands at this place.
fn fields(tokens: &[Token], mut at: usize) -> usize {
    while !matches!(text(tokens, at), "{" | ";" | "(" | "") {
        at += 1;
    }
    if text(tokens, at) != "{" {
        return 0;
    }
    let (mut depth, mut fields) = (0_usize, 0);
    for at in at..tokens.len() {
        match text(tokens, at) {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => {
                depth -= 1;
                if depth == 0 {
                    return fields;
                }
            }
            ":" if depth == 1
                && text(tokens, at - 1).starts_with(|c: char| c.is_alphabetic() || c == '_') =>
            {
                fields += 1;
            }
            _ => {}
        }
    }
    fields
}
