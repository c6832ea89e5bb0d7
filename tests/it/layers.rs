//! Reads `src/` and holds the architecture: who imports whom, who may name which crate, and a few habits.

mod graph;
mod lexer;
mod shape;
mod tree;
mod verbs;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use graph::Graph;
use tree::{File, Mention, Sources, files, mentions};

/// Where the order of the modules is written, for people and for this test.
const ROOT: &str = include_str!("../../src/lib.rs");

/// What only some modules may name, and which.
const OWNERS: &[(&str, &[&str])] = &[
    ("sled", &["store"]),
    ("hyper_util::client", &["upstream", "client"]),
    ("hyper::client", &["upstream", "client"]),
    ("hyper_rustls", &["upstream", "client"]),
    ("axum", &["proxy"]),
    ("ratatui", &["tui"]),
    ("viuer", &["terminal"]),
    ("clap", &["cli"]),
];

/// What only some files may name (they begin so), and why.
const ONLY_IN: &[(&str, &str, &str)] = &[
    ("Scrubbed::vouched", "matching/scrub", "scrubbing is the only way to a request that may be stored"),
    (".with_body", "store/", "only the store puts bodies back that it keeps apart"),
    ("SystemTime::now", "engine/clock.rs", "only the engine's clock reads the time"),
];

/// Kinds of faults with the number of those that are left. It may only become less.
const MOST: [(usize, &str); 6] = [
    (0, "type names with two meanings"),
    (0, "structs of too many fields"),
    (0, "folders of too many files"),
    (0, "names that are none"),
    (378, "type names of one word"),
    (115, "doc comments that begin with no noun"),
];

/// The longest file, in lines.
const LONGEST: usize = 500;

#[test]
fn the_sources_keep_the_order() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Sources::new();
    read(&root, "", &mut sources);
    assert!(sources.len() > 20, "only {} files were found in {}", sources.len(), root.display());
    let mut broken = violations(&sources);
    broken.extend(verbs::unreached(&sources));
    assert!(broken.is_empty(), "{} rules are broken:\n{}", broken.len(), broken.join("\n"));
}

/// `cargo test --test it layers::the_house_in_numbers -- --nocapture` prints them.
#[test]
fn the_house_in_numbers() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Sources::new();
    read(&root, "", &mut sources);
    let files = files(&sources);
    let mentioned: Vec<Vec<Mention>> = files.iter().map(mentions).collect();
    println!("{}", shape::table(&files, &Graph::new(&files, &mentioned), &sources));
    let faults = [
        shape::twice(&files),
        shape::wide(&files),
        shape::full(&files),
        shape::misnamed(&files),
        shape::one_word(&files),
        shape::without_noun(&sources),
    ];
    for (lines, (most, of)) in faults.iter().zip(MOST) {
        let list = lines.join("\n");
        assert!(lines.len() <= most, "{} {of}, of which there may be {most}:\n{list}", lines.len());
        println!("{} {of}:\n{list}\n", lines.len());
    }
}

fn read(folder: &Path, prefix: &str, sources: &mut Sources) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            read(&entry.path(), &format!("{name}/"), sources);
        } else if entry.path().extension().is_some_and(|extension| extension == "rs") {
            sources.insert(name, fs::read_to_string(entry.path()).unwrap());
        }
    }
}

/// Everything that is wrong, one line each.
fn violations(sources: &Sources) -> Vec<String> {
    let files = files(sources);
    let ranks = ranks();
    let mentioned: Vec<Vec<Mention>> = files.iter().map(mentions).collect();
    let mut broken = circles(&files, &mentioned);
    for name in sources.keys().filter(|name| files.iter().all(|file| file.name != **name)) {
        broken.push(format!("{name}: no `mod` names this file"));
    }
    for (file, mentions) in files.iter().zip(&mentioned) {
        let lines = sources[&file.name].lines().count();
        if lines > LONGEST {
            broken.push(format!("{}: {lines} lines are more than {LONGEST}", file.name));
        }
        for mention in mentions {
            let wrong = [
                out_of_order(file, mention, &ranks),
                not_owned(file, mention),
                elsewhere(file, mention),
                unwrapped(mention),
            ];
            let place = format!("{}:{}", file.name, mention.line);
            broken.extend(wrong.into_iter().flatten().map(|text| format!("{place}: {text}")));
        }
    }
    // One line may say the same thing several times.
    broken.dedup();
    broken
}

/// Files of a module that need each other in a circle.
fn circles(files: &[File], mentioned: &[Vec<Mention>]) -> Vec<String> {
    let graph = Graph::new(files, mentioned);
    let modules = files.iter().filter(|file| !file.test).filter_map(top).collect::<BTreeSet<_>>();
    let of = |module: &str| {
        let within = |name: &str| {
            let rest = name.strip_prefix(module).unwrap_or_default();
            rest.starts_with('/') || rest == ".rs"
        };
        graph.circles(within)
    };
    modules
        .into_iter()
        .flat_map(of)
        .map(|circle| format!("a circle of files: {}", circle.join(", ")))
        .collect()
}

/// The place of each module in the order: the lines of a block in the root's documentation that hold `<`.
fn ranks() -> BTreeMap<&'static str, usize> {
    let lines = ROOT.lines().filter_map(|line| line.strip_prefix("//! "));
    let order =
        lines.skip_while(|line| !line.starts_with("model <")).take_while(|line| !line.starts_with("```"));
    let (mut rank, mut ranks) = (0, BTreeMap::new());
    for line in order {
        for (nth, level) in line.split('<').enumerate() {
            rank += usize::from(nth > 0);
            ranks.extend(
                level.split(',').map(str::trim).filter(|name| !name.is_empty()).map(|name| (name, rank)),
            );
        }
    }
    ranks
}

/// The module at the top that a file belongs to; none for the crate's root, which only lists the modules.
fn top(file: &File) -> Option<&str> {
    file.module.first().map(String::as_str)
}

fn out_of_order(file: &File, mention: &Mention, ranks: &BTreeMap<&str, usize>) -> Option<String> {
    let from = top(file)?;
    let [root, to, ..] = mention.path.as_slice() else { return None };
    if root != "crate" || to == from {
        return None;
    }
    match (ranks.get(from), ranks.get(to.as_str())) {
        (Some(own), Some(other)) if other < own => None,
        (Some(own), Some(other)) if other == own => Some(format!("{from} and {to} do not know each other")),
        (Some(_), Some(_)) => Some(format!("{from} imports {to}, which stands to its right in the order")),
        (None, _) => Some(format!("the module {from} has no place in the order")),
        (_, None) => Some(format!("the module {to} has no place in the order")),
    }
}

fn not_owned(file: &File, mention: &Mention) -> Option<String> {
    let (name, owners) = OWNERS.iter().find(|(name, _)| begins_with(&mention.path, name))?;
    let own = top(file).is_some_and(|top| owners.contains(&top));
    (!own).then(|| format!("only {} may name {name}", owners.join(" and ")))
}

fn begins_with(path: &[String], prefix: &str) -> bool {
    // A single word may be any name; a path or an import of the crate has more.
    path.len() > 1 && prefix.split("::").enumerate().all(|(at, word)| path.get(at).is_some_and(|w| w == word))
}

fn elsewhere(file: &File, mention: &Mention) -> Option<String> {
    let named = |wanted: &str| mention.path.join("::").ends_with(wanted);
    if mention.test && mention.path == [".with_body"] {
        return None;
    }
    let (name, home, reason) =
        ONLY_IN.iter().find(|(name, home, _)| named(name) && !file.name.starts_with(home))?;
    Some(format!("{name} outside {home}: {reason}"))
}

fn unwrapped(mention: &Mention) -> Option<String> {
    (mention.path == [".unwrap"] && !mention.test).then(|| "unwrap() outside tests".to_owned())
}

/// The checks themselves, on sources made up to break them.
mod checks {
    use super::*;

    fn broken(files: &[(&str, &str)]) -> Vec<String> {
        violations(&files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
    }

    /// A crate of two modules, of which one holds `text`.
    fn one(module: &str, text: &str) -> Vec<String> {
        let other = if module == "store" { "model" } else { "store" };
        let root = format!("pub mod {module}; pub mod {other};");
        broken(&[("lib.rs", &root), (&format!("{module}.rs"), text), (&format!("{other}.rs"), "")])
    }

    #[test]
    fn the_order_is_read_where_people_read_it() {
        let ranks = ranks();
        assert_eq!((ranks["model"], ranks["wire"], ranks["main"]), (0, 1, 12));
        assert!(
            ranks["api"] < ranks["proxy"] && ranks["proxy"] == ranks["terminal"],
            "over the end of a line"
        );
    }

    #[test]
    fn imports_from_the_left_are_fine() {
        assert_eq!(one("engine", "use crate::{model::Mode, store, upstream::{self, Base}};"), [""; 0]);
        assert_eq!(
            one("reading", "use crate::dialect::Dialect; fn f() -> super::model::Mode { todo!() }"),
            [""; 0]
        );
        assert_eq!(one("retention", "use crate::{model::Row, query::Query};"), [""; 0]);
        assert_eq!(one("query", "use crate::retention;").len(), 1);
        assert_eq!(one("cli", "use crate::terminal; use crate::tui_input; // crate::tui").len(), 1);
    }

    #[test]
    fn imports_from_the_right_are_found_in_every_form() {
        for text in [
            "use crate::engine::Engine;",
            "use crate::{model::Mode, engine::Engine};",
            "use crate::{model::{self, Mode}, engine};",
            "use super::engine::Engine as E;",
            "fn f() { crate::engine::now(); }",
            "pub use crate::engine::*;",
            "mod inner { use super::super::engine::Engine; }",
            "mod inner { fn f(x: &'static str) -> char { '\"' } } use self::super::engine;",
            "#[cfg(test)] mod tests { use crate::engine::Engine; }",
            "/* /* nested */ */ fn f() { let _ = r#\" \" \"#; crate::engine::f() }",
        ] {
            let found = one("store", text);
            assert_eq!(
                found,
                ["store.rs:1: store imports engine, which stands to its right in the order"],
                "{text}"
            );
        }
    }

    #[test]
    fn neighbours_do_not_know_each_other() {
        for (module, other) in [
            ("matching", "reading"),
            ("query", "reading"),
            ("store", "upstream"),
            ("cli", "tui"),
            ("client", "terminal"),
        ] {
            let found = one(module, &format!("use crate::{other}::x;"));
            assert_eq!(found, [format!("{module}.rs:1: {module} and {other} do not know each other")]);
        }
        assert_eq!(
            one("engine", "use crate::terminal::probe;").len(),
            1,
            "only tui and cli use the terminal"
        );
        assert_eq!(
            one("helpers", "use crate::model::Mode;").len(),
            1,
            "a new module needs a place in the order"
        );
    }

    #[test]
    fn comments_and_strings_import_nothing() {
        assert_eq!(
            one("model", "//! [`crate::tui`]\n/* crate::cli */ const X: &str = \"crate::engine::x\";"),
            [""; 0]
        );
    }

    #[test]
    fn crates_have_owners() {
        assert_eq!(one("store", "use sled::Db; fn f() { sled::open(\"x\"); }"), [""; 0]);
        assert_eq!(one("engine", "fn f() { sled::open(\"x\"); }"), ["engine.rs:1: only store may name sled"]);
        assert_eq!(one("proxy", "use axum::Router; use hyper_util::server::conn::auto;"), [""; 0]);
        let found = one("proxy", "use hyper_util::{client::legacy::Client, rt::TokioIo};");
        assert_eq!(found, ["proxy.rs:1: only upstream and client may name hyper_util::client"]);
        let stray =
            ["clap::Parser", "viuer::print", "ratatui::Frame", "hyper_rustls::HttpsConnector", "axum::Json"];
        for path in stray {
            assert_eq!(one("store", &format!("use {path};")).len(), 1, "{path}");
        }
        assert_eq!(one("model", "use super::model::sled; fn f(clap: u8) -> u8 { clap }"), [""; 0]);
    }

    #[test]
    fn what_is_scrubbed_is_vouched_for_in_one_place() {
        let root = ("lib.rs", "pub mod model; pub mod matching; pub mod engine;");
        let model = (
            "model.rs",
            "impl Scrubbed { pub(crate) fn vouched(request: Request) -> Self { Self(request) } }",
        );
        let call = "fn f() { Scrubbed::vouched(r) }";
        let fine =
            [root, model, ("matching/mod.rs", "mod scrub;"), ("matching/scrub.rs", call), ("engine.rs", "")];
        assert_eq!(broken(&fine), [""; 0]);
        let stray = [
            root,
            model,
            ("matching/mod.rs", call),
            ("engine.rs", "fn f() { crate::model::Scrubbed::vouched(r) }"),
        ];
        assert_eq!(broken(&stray).len(), 2);
        let put_back = "fn f() { request.with_body(body); }";
        assert_eq!(broken(&[("lib.rs", "pub mod store;"), ("store/mod.rs", put_back)]), [""; 0]);
        let found = one("engine", put_back);
        assert_eq!(
            found,
            ["engine.rs:1: .with_body outside store/: only the store puts bodies back that it keeps apart"]
        );
        assert_eq!(one("engine", &format!("#[cfg(test)]\nmod tests {{ {put_back} }}")), [""; 0]);
    }

    #[test]
    fn one_place_reads_the_clock() {
        let text = "fn f() { std::time::SystemTime::now(); }";
        let root = ("lib.rs", "pub mod engine;");
        let engine = ("engine/mod.rs", "mod clock;");
        assert_eq!(broken(&[root, engine, ("engine/clock.rs", text)]), [""; 0]);
        assert_eq!(one("proxy", text).len(), 1);
        assert_eq!(
            one("proxy", "use std::time::{Duration, SystemTime}; fn f() { SystemTime::now(); }").len(),
            1
        );
    }

    #[test]
    fn unwrap_is_for_tests() {
        assert_eq!(one("model", "fn f() {\n    x.unwrap();\n}"), ["model.rs:2: unwrap() outside tests"]);
        assert_eq!(one("model", "fn f() { x.unwrap_or(1); y.expect(\"always\"); }"), [""; 0]);
        let tests = "#[cfg(test)]\nmod tests { use super::{a, b}; #[test] fn f() { x.unwrap(); } }";
        assert_eq!(one("model", tests), [""; 0]);
        assert_eq!(
            one("model", &format!("{tests}\nfn g() {{ x.unwrap(); }}")).len(),
            1,
            "tests end with their brace"
        );
        assert_eq!(one("model", "#[cfg(not(test))] fn f() { x.unwrap(); }").len(), 1);
        assert_eq!(one("model", "#[cfg(all(test, unix))] fn f() { x.unwrap(); }"), [""; 0]);
    }

    #[test]
    fn no_file_is_forgotten() {
        let tests = ("model/tests.rs", "fn f() { x.unwrap(); }");
        let fine = [("lib.rs", "mod model;"), ("model.rs", "#[cfg(test)] mod tests;"), tests];
        assert_eq!(broken(&fine), [""; 0]);
        let fine = [
            ("lib.rs", "mod model;"),
            ("model/mod.rs", "mod a;"),
            ("model/a.rs", "#[cfg(test)]\n#[path = \"a_tests.rs\"]\nmod tests;"),
            ("model/a_tests.rs", "fn f() { x.unwrap(); }"),
        ];
        assert_eq!(broken(&fine), [""; 0]);
        let found = broken(&[("lib.rs", "mod model;"), ("model.rs", "// mod tests;"), tests]);
        assert_eq!(found, ["model/tests.rs: no `mod` names this file"]);
    }

    #[test]
    fn files_of_a_module_need_each_other_one_way() {
        let root = ("lib.rs", "pub mod matching;");
        let module = ("matching/mod.rs", "mod a; mod b; mod c; pub use a::One; pub use b::*;");
        let a = ("matching/a.rs", "use crate::matching::Two; pub struct One(Two);");
        let c = ("matching/c.rs", "#[cfg(test)] mod tests { use super::super::a::One; }");
        let fine = [root, module, a, ("matching/b.rs", "pub struct Two;"), c];
        assert_eq!(broken(&fine), [""; 0], "handing a name on needs nothing, tests may need anything");
        for b in [
            "use super::a; pub struct Two(a::One);",
            "pub struct Two(Box<super::One>);",
            "use crate::matching::{One as First}; pub struct Two(Box<First>);",
            "use super::c::three; pub struct Two;",
        ] {
            let c = ("matching/c.rs", "pub fn three() -> super::One { todo!() }");
            let found = broken(&[root, module, a, ("matching/b.rs", b), c]);
            assert_eq!(found.len(), 1, "{b}: {found:?}");
            assert!(found[0].starts_with("a circle of files: matching/a.rs, matching/b.rs"), "{found:?}");
        }
    }

    #[test]
    fn files_have_an_end() {
        assert_eq!(one("model", &"\n".repeat(LONGEST)), [""; 0]);
        assert_eq!(one("model", &"\n".repeat(LONGEST + 1)), ["model.rs: 501 lines are more than 500"]);
    }
}
