//! Which file needs which, names followed through re-exports to where they are declared.

use std::collections::{BTreeMap, BTreeSet};

use super::lexer::Token;
use super::tree::{File, Mention};

/// A file's name, relative to `src/`.
type Name<'a> = &'a str;

/// Imports between the files of the program, without its tests.
pub(super) struct Graph<'a> {
    pub(super) edges: BTreeMap<Name<'a>, BTreeSet<Name<'a>>>,
}

/// What stands in one file: its own names, and those that it hands on.
struct Contents<'a> {
    file: &'a File,
    declared: BTreeSet<&'a str>,
    /// A name and the path it is handed on from; `*` for all of a module.
    handed_on: Vec<(String, Vec<String>)>,
}

impl<'a> Graph<'a> {
    /// The graph of all files; `mentioned` are each file's paths, in the order of `files`.
    pub(super) fn new(files: &'a [File], mentioned: &[Vec<Mention>]) -> Self {
        let contents: Vec<Contents<'_>> = files
            .iter()
            .zip(mentioned)
            .filter(|(file, _)| !file.test)
            .map(|(file, _)| contents(file))
            .collect();
        let by_module: BTreeMap<&[String], &Contents<'_>> =
            contents.iter().map(|contents| (contents.file.module.as_slice(), contents)).collect();
        let mut edges = BTreeMap::new();
        for (file, mentions) in files.iter().zip(mentioned).filter(|(file, _)| !file.test) {
            let own: &mut BTreeSet<Name<'a>> = edges.entry(file.name.as_str()).or_default();
            for mention in mentions.iter().filter(|mention| !mention.test && !mention.handed_on) {
                let found = absolute(file, &mention.path, &by_module)
                    .and_then(|path| home(&path, &by_module, 0))
                    .filter(|found| *found != file.name);
                own.extend(
                    found
                        .and_then(|found| files.iter().find(|file| file.name == found))
                        .map(|f| f.name.as_str()),
                );
            }
        }
        Self { edges }
    }

    /// Groups of files that need each other in a circle, each sorted; `within` chooses the files.
    pub(super) fn circles(&self, within: impl Fn(Name<'_>) -> bool) -> Vec<Vec<Name<'a>>> {
        let nodes: Vec<Name<'a>> = self.edges.keys().copied().filter(|name| within(name)).collect();
        let edges = nodes.iter().map(|name| {
            (*name, self.edges[name].iter().copied().filter(|to| within(to)).collect::<BTreeSet<_>>())
        });
        circles(&edges.collect())
    }
}

/// The strongly connected parts of more than one node.
pub(super) fn circles<'a>(edges: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Vec<Vec<&'a str>> {
    let reached = |from: &'a str| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(at) = open.pop() {
            for to in edges.get(at).into_iter().flatten() {
                if seen.insert(*to) {
                    open.push(to);
                }
            }
        }
        seen
    };
    let reach: BTreeMap<&str, BTreeSet<&str>> = edges.keys().map(|node| (*node, reached(node))).collect();
    let mut found: BTreeSet<Vec<&str>> = BTreeSet::new();
    for (node, targets) in &reach {
        let circle: Vec<&str> = targets
            .iter()
            .copied()
            .filter(|to| reach.get(to).is_some_and(|back| back.contains(node)))
            .collect();
        if circle.len() > 1 {
            found.insert(circle);
        }
    }
    found.into_iter().collect()
}

fn contents(file: &File) -> Contents<'_> {
    let tokens = &file.tokens;
    let text = |at: usize| tokens.get(at).map_or("", |token: &Token| token.text.as_str());
    let (mut declared, mut handed_on) = (BTreeSet::new(), Vec::new());
    for at in 0..tokens.len() {
        match text(at) {
            "struct" | "enum" | "trait" | "type" | "union" | "fn" | "const" | "static" => {
                declared.insert(text(at + 1));
            }
            "macro_rules" => {
                declared.insert(text(at + 2));
            }
            "use" if is_public(tokens, at) => handed_on.extend(uses(tokens, at + 1, &[])),
            _ => {}
        }
    }
    Contents { file, declared, handed_on }
}

/// Whether the `use` at this place is `pub`, `pub(crate)`, `pub(super)` …
pub(super) fn is_public(tokens: &[Token], at: usize) -> bool {
    let before = |by: usize| at.checked_sub(by).map_or("", |at| tokens[at].text.as_str());
    before(1) == "pub" || (before(1) == ")" && (before(4) == "pub" || before(5) == "pub"))
}

/// The names that a `use` brings and the paths they come from, behind the word.
fn uses(tokens: &[Token], mut at: usize, prefix: &[String]) -> Vec<(String, Vec<String>)> {
    let text = |at: usize| tokens.get(at).map_or("", |token: &Token| token.text.as_str());
    let mut path = prefix.to_vec();
    let mut found = Vec::new();
    loop {
        match text(at) {
            "{" => {
                let mut depth = 0;
                let mut begun = at + 1;
                while at < tokens.len() {
                    match text(at) {
                        "{" => depth += 1,
                        "," if depth == 1 => {
                            found.extend(uses(tokens, begun, &path));
                            begun = at + 1;
                        }
                        "}" => {
                            depth -= 1;
                            if depth == 0 {
                                found.extend(uses(tokens, begun, &path));
                                return found;
                            }
                        }
                        _ => {}
                    }
                    at += 1;
                }
                return found;
            }
            "*" => {
                found.push(("*".to_owned(), path));
                return found;
            }
            "}" | "," | ";" | "" => return found,
            word => {
                if word != "self" || path.is_empty() {
                    path.push(word.to_owned());
                }
                match text(at + 1) {
                    "::" => at += 2,
                    "as" => {
                        found.push((text(at + 2).to_owned(), path));
                        return found;
                    }
                    _ => {
                        found.push((path.last().cloned().unwrap_or_default(), path));
                        return found;
                    }
                }
            }
        }
    }
}

/// A path from the crate's root, without `crate`; none for what other crates hold.
fn absolute(
    file: &File,
    path: &[String],
    by_module: &BTreeMap<&[String], &Contents<'_>>,
) -> Option<Vec<String>> {
    match path.first().map(String::as_str) {
        Some("crate") => Some(path[1..].to_vec()),
        Some(first) => {
            let child = [file.module.as_slice(), &[first.to_owned()]].concat();
            by_module.contains_key(child.as_slice()).then(|| [file.module.as_slice(), path].concat())
        }
        None => None,
    }
}

/// The file that declares what a path names.
fn home<'a>(
    path: &[String],
    by_module: &BTreeMap<&[String], &Contents<'a>>,
    depth: usize,
) -> Option<&'a str> {
    let (len, contents) = (0..=path.len()).rev().find_map(|len| Some((len, by_module.get(&path[..len])?)))?;
    let Some(name) = path.get(len) else { return Some(&contents.file.name) };
    if contents.declared.contains(name.as_str()) || depth > 8 {
        return Some(&contents.file.name);
    }
    let resolved = |from: &[String]| {
        let mut whole = contents.file.module.clone();
        let mut rest = from;
        match rest.first().map(String::as_str) {
            Some("crate") => {
                whole.clear();
                rest = &rest[1..];
            }
            _ => {
                while let Some(word @ ("self" | "super")) = rest.first().map(String::as_str) {
                    if word == "super" {
                        whole.pop();
                    }
                    rest = &rest[1..];
                }
            }
        }
        [whole.as_slice(), rest].concat()
    };
    for (handed, from) in &contents.handed_on {
        if handed == name {
            let whole = [resolved(from).as_slice(), &path[len + 1..]].concat();
            return home(&whole, by_module, depth + 1);
        }
    }
    for (_, from) in contents.handed_on.iter().filter(|(handed, _)| handed == "*") {
        let whole = [resolved(from).as_slice(), &path[len..]].concat();
        let found = home(&whole, by_module, depth + 1);
        let declares = |name: &str| {
            by_module.values().any(|c| c.file.name == name && c.declared.contains(path[len].as_str()))
        };
        if found.is_some_and(declares) {
            return found;
        }
    }
    Some(&contents.file.name)
}
