//! The modules of a crate, found the way the compiler finds them, and the paths that stand in them.

use std::collections::BTreeMap;

use super::graph::is_public;
use super::lexer::{Token, tokens};

/// File names, relative to `src/`, and their text.
pub(super) type Sources = BTreeMap<String, String>;

/// One file that some `mod` names.
pub(super) struct File {
    pub(super) name: String,
    /// The module's path from the crate's root: `["engine", "clock"]`; `["main"]` for the program.
    pub(super) module: Vec<String>,
    /// Whether it is compiled for tests only.
    pub(super) test: bool,
    pub(super) tokens: Vec<Token>,
}

/// A path in the code (or the call of a method that is watched, `.unwrap`), `crate`, `self` and `super` resolved: `crate::model::Mode` is `["crate", "model", "Mode"]`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mention {
    pub(super) path: Vec<String>,
    pub(super) line: usize,
    /// Whether it is compiled for tests only.
    pub(super) test: bool,
    /// Whether it stands in a `pub use`, which makes a name known elsewhere and needs nothing itself.
    pub(super) handed_on: bool,
}

/// A `mod name;`.
struct Child {
    module: Vec<String>,
    path: Option<String>,
    test: bool,
}

/// All files that are modules, beginning at `lib.rs` and `main.rs`.
pub(super) fn files(sources: &Sources) -> Vec<File> {
    let roots = [("lib.rs", vec![]), ("main.rs", vec!["main".to_owned()])];
    let mut open: Vec<_> = roots.into_iter().map(|(name, module)| (name.to_owned(), module, false)).collect();
    let mut files = Vec::new();
    while let Some((name, module, test)) = open.pop() {
        let Some(source) = sources.get(&name) else { continue };
        let file = File { name, module, test, tokens: tokens(source) };
        for child in walk(&file).1 {
            let found = candidates(&file, &child).into_iter().find(|name| sources.contains_key(name));
            open.extend(found.map(|name| (name, child.module, file.test || child.test)));
        }
        files.push(file);
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}

/// All paths in a file, those of a `use` with braces taken apart.
pub(super) fn mentions(file: &File) -> Vec<Mention> {
    walk(file).0
}

fn candidates(file: &File, child: &Child) -> Vec<String> {
    let (folder, own) = file.name.rsplit_once('/').unwrap_or(("", &file.name));
    let stem = own.trim_end_matches(".rs");
    // A file that a `#[path]` names looks for its modules beside itself, as `mod.rs` does.
    let is_root =
        matches!(own, "mod.rs" | "lib.rs" | "main.rs") || file.module.last().is_some_and(|m| m != stem);
    let beside = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    if let Some(path) = &child.path {
        return vec![format!("{beside}{path}")];
    }
    let base = if is_root { beside } else { format!("{beside}{stem}/") };
    let name = child.module.last().map(String::as_str).unwrap_or_default();
    vec![format!("{base}{name}.rs"), format!("{base}{name}/mod.rs")]
}

/// Reads a file's tokens once: what they mention, and which modules they declare.
fn walk(file: &File) -> (Vec<Mention>, Vec<Child>) {
    let mut walk = Walk {
        tokens: &file.tokens,
        module: file.module.clone(),
        nesting: 0,
        inline: Vec::new(),
        test_until: file.test.then_some(Test::Always),
        path: None,
        handed_on: false,
        mentions: Vec::new(),
        children: Vec::new(),
    };
    let mut at = 0;
    while at < file.tokens.len() {
        at = walk.step(at);
    }
    (walk.mentions, walk.children)
}

/// How long code belongs to tests.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Test {
    Always,
    /// An attribute was read: to the end of the item that begins now, at this nesting.
    Item(usize),
}

struct Walk<'a> {
    tokens: &'a [Token],
    module: Vec<String>,
    nesting: usize,
    /// The nesting at which each inline module was opened.
    inline: Vec<usize>,
    test_until: Option<Test>,
    /// The value of a `#[path]` that was just read.
    path: Option<String>,
    /// Whether a `pub use` is being read.
    handed_on: bool,
    mentions: Vec<Mention>,
    children: Vec<Child>,
}

impl Walk<'_> {
    fn text(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| &token.text)
    }

    fn texts<const N: usize>(&self, at: usize) -> [&str; N] {
        std::array::from_fn(|i| self.text(at + i))
    }

    /// Takes in what begins at `at`; gives where the next thing begins.
    fn step(&mut self, at: usize) -> usize {
        match self.texts::<6>(at) {
            ["#", "[", "cfg", "(", ..] if self.is_for_tests(at + 4) => {
                self.test_until.get_or_insert(Test::Item(self.nesting));
            }
            ["#", "[", "path", "=", value, "]"] => self.path = Some(value.trim_matches('"').to_owned()),
            ["mod", name, "{", ..] => {
                self.module.push(name.to_owned());
                self.inline.push(self.nesting);
                return at + 2;
            }
            ["mod", name, ";", ..] => {
                let module = [self.module.as_slice(), &[name.to_owned()]].concat();
                let (path, test) = (self.path.take(), self.test_until.is_some());
                self.children.push(Child { module, path, test });
                return at + 2;
            }
            // How far something is visible needs nothing from there.
            ["pub", "(", "crate" | "super" | "self" | "in", ..] => {
                let end = (at..self.tokens.len()).find(|at| self.text(*at) == ")");
                return end.unwrap_or(at) + 1;
            }
            ["use", ..] => self.handed_on = is_public(self.tokens, at),
            ["(" | "[" | "{", ..] => self.nesting += 1,
            [sign @ (")" | "]" | "}" | ";"), ..] => {
                let sign = sign.to_owned();
                self.close(&sign);
            }
            [".", method @ ("unwrap" | "with_body"), "(", ..] => {
                let called = format!(".{method}");
                self.mention(&[called], self.tokens[at].line);
            }
            [word, ..] if starts_path(word) && !matches!(self.before(at), "::" | "." | "'" | "fn") => {
                return self.path(at, &[]);
            }
            _ => {}
        }
        at + 1
    }

    /// Whether the condition that begins at `at` names `test`, other than in `not(test)`.
    fn is_for_tests(&self, at: usize) -> bool {
        let end = (at..self.tokens.len()).find(|at| self.text(*at) == "]").unwrap_or(at);
        (at..end).any(|at| self.text(at) == "test" && self.texts(at.saturating_sub(2)) != ["not", "("])
    }

    fn before(&self, at: usize) -> &str {
        at.checked_sub(1).map_or("", |at| self.text(at))
    }

    fn close(&mut self, sign: &str) {
        if sign == ";" {
            self.handed_on = false;
        } else {
            self.nesting = self.nesting.saturating_sub(1);
        }
        if matches!(sign, "}" | ";") && self.test_until == Some(Test::Item(self.nesting)) {
            self.test_until = None;
        }
        if sign == "}" && self.inline.last() == Some(&self.nesting) {
            self.inline.pop();
            self.module.pop();
        }
    }

    /// Reads a path and what its braces hold; gives where the code goes on.
    fn path(&mut self, mut at: usize, prefix: &[String]) -> usize {
        let line = self.tokens[at].line;
        let mut path = prefix.to_vec();
        loop {
            path.push(self.text(at).to_owned());
            let next = (self.text(at + 1) == "::").then(|| self.text(at + 2));
            match next {
                Some("{") => return self.group(at + 3, &path),
                Some(word) if starts_path(word) => at += 2,
                _ => break,
            }
        }
        self.mention(&path, line);
        at + 1
    }

    /// Reads `a, b::{c, d}}`, behind its opening brace.
    fn group(&mut self, mut at: usize, prefix: &[String]) -> usize {
        while at < self.tokens.len() && self.text(at) != "}" {
            match self.text(at) {
                word if starts_path(word) && word != "as" => at = self.path(at, prefix),
                "*" => {
                    let line = self.tokens[at].line;
                    self.mention(prefix, line);
                    at += 1;
                }
                "as" => at += 2,
                _ => at += 1,
            }
        }
        at + 1
    }

    fn mention(&mut self, path: &[String], line: usize) {
        let path = self.resolved(path);
        let (test, handed_on) = (self.test_until.is_some(), self.handed_on);
        self.mentions.push(Mention { path, line, test, handed_on });
    }

    fn resolved(&self, path: &[String]) -> Vec<String> {
        let supers = path.iter().take_while(|word| matches!(word.as_str(), "self" | "super")).count();
        let mut whole = match path.first().map(String::as_str) {
            Some("crate" | "retake") => vec!["crate".to_owned()],
            Some("self" | "super") => {
                let up = path[..supers].iter().filter(|word| *word == "super").count();
                let kept = self.module.len().saturating_sub(up);
                ["crate".to_owned()].into_iter().chain(self.module[..kept].iter().cloned()).collect()
            }
            _ => return path.to_vec(),
        };
        whole.extend(path[supers.max(1)..].iter().filter(|word| *word != "self").cloned());
        whole
    }
}

fn starts_path(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && !word.ends_with(['"', '#'])
        && !matches!(
            word,
            "use" | "pub" | "mod" | "fn" | "let" | "impl" | "for" | "in" | "dyn" | "mut" | "ref" | "as"
        )
}
