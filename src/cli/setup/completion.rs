//! What a shell offers while a command line is typed: verbs and flags, their values, and what is in the store.
//!
//! The script of `retake completions` runs retake with [`VARIABLE`] set and the words behind `--`. A look at the store is
//! not to be noticed: none is made or mended for it, none is waited for, and an owner that does not answer at once is
//! not asked twice.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::process::ExitCode;
use std::sync::Arc;

use clap::builder::PossibleValuesParser;
use clap::{Arg, Command, ValueHint};
use clap_complete::engine::ArgValueCompleter;
use clap_complete::env::Shells;
use clap_complete::{CompleteEnv, CompletionCandidate, Shell};

use super::typed::{STRATEGIES, Typed};
use crate::cli::print;
use crate::config::PRESETS;
use crate::model::{Mode, Outcome};
use crate::query::{Key, QueryKind};

/// What the shell's script sets to its own name.
const VARIABLE: &str = "RETAKE_COMPLETE";
/// The faults; those with a number as an example.
const FAULTS: [&str; 8] = ["429", "500", "529", "cut@3", "stall@3", "malformed", "slow x5", "slow 10s"];

/// The script for a shell, on stdout.
pub(crate) fn script(command: &Command, shell: Shell) -> ExitCode {
    let name = command.get_name();
    let mut script = Vec::new();
    if let Some(shell) = Shells::builtins().completer(&shell.to_string())
        && shell.write_registration(VARIABLE, name, name, name, &mut script).is_ok()
    {
        print::bytes(&script);
        return ExitCode::SUCCESS;
    }
    ExitCode::FAILURE
}

/// Answers the script of a shell; `None` where none asks. `args` are those of the process.
pub(crate) fn answered(args: &[OsString], command: fn() -> Command) -> Option<ExitCode> {
    std::env::var_os(VARIABLE).filter(|shell| !shell.is_empty())?;
    let typed = Arc::new(Typed::of(args, command));
    let offering = || offering(command(), &typed);
    let done = CompleteEnv::with_factory(offering)
        .var(VARIABLE)
        .try_complete(args, std::env::current_dir().ok().as_deref());
    Some(if done.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A command and all below it with what there is to choose from: the verbs themselves read their arguments with messages
/// of their own.
fn offering(command: Command, typed: &Arc<Typed>) -> Command {
    let verb = command.get_name().to_owned();
    command
        .mut_args(|arg| if arg.get_action().takes_values() { offered(&verb, arg, typed) } else { arg })
        .mut_subcommands(|verb| offering(verb, typed))
}

fn offered(verb: &str, arg: Arg, typed: &Arc<Typed>) -> Arg {
    let with = |arg: Arg, offer: fn(&Typed, &str) -> Vec<CompletionCandidate>| {
        let typed = Arc::clone(typed);
        let offer = move |current: &OsStr| offer(&typed, &current.to_string_lossy());
        arg.add(ArgValueCompleter::new(offer))
    };
    match (verb, arg.get_id().as_str()) {
        (_, "mode") => arg.value_parser(PossibleValuesParser::new(Mode::ALL.map(Mode::as_str))),
        (_, "preset") => arg.value_parser(PossibleValuesParser::new(PRESETS)),
        (_, "fail_on") => arg.value_parser(PossibleValuesParser::new(Outcome::ALL.map(Outcome::as_str))),
        (_, "playback") => arg.value_parser(["newest", "sequence", "cycle"]),
        (_, "ending") => arg.value_parser(["clean", "cut", "stall"]),
        (_, "verdict") => arg.value_parser(["accept", "keep", "reject"]),
        (_, "strategy") => arg.value_parser(["standard", "strict", "pinned"]),
        (_, "store" | "dir") => arg.value_hint(ValueHint::DirPath),
        (_, "config" | "file" | "summary" | "body" | "text_file" | "image" | "response") => {
            arg.value_hint(ValueHint::FilePath)
        }
        (_, "command") => arg.value_hint(ValueHint::CommandWithArguments),
        ("restore", "ids") => with(arg, |typed, current| ids(&typed.trash(), current)),
        ("review", "ids") => with(arg, |typed, current| ids(&typed.waiting(), current)),
        (_, "ids" | "id" | "one" | "other" | "keep") => {
            with(arg, |typed, current| ids(&typed.recordings(), current))
        }
        ("keep", "number") => with(arg, |typed, current| beginning(typed.unkept(), current)),
        ("retag", "words") => with(arg, retagged),
        ("derive", "words") => with(arg, derived),
        ("calls", "filter") => with(arg, |typed, current| terms(typed, current, QueryKind::Calls)),
        (_, "filter") => with(arg, |typed, current| terms(typed, current, QueryKind::Recordings)),
        (_, "hash") => with(arg, |typed, current| {
            let hashes = typed.recordings();
            let hashes = hashes.iter().map(|row| (row.hash.short(), about(row)));
            beginning(hashes.collect(), current)
        }),
        ("tag", "add" | "remove") => with(arg, |typed, current| values(typed, current, Key::Tag)),
        (_, "scope") => with(arg, |typed, current| values(typed, current, Key::Scope)),
        (_, "model") => with(arg, |typed, current| values(typed, current, Key::Model)),
        _ => arg,
    }
}

/// Of texts with what they mean, those that begin as typed.
fn beginning(known: Vec<(String, String)>, current: &str) -> Vec<CompletionCandidate> {
    let known = known.into_iter().filter(|(text, _)| text.starts_with(current));
    known.map(|(text, note)| CompletionCandidate::new(text).help(Some(note.into()))).collect()
}

fn ids(rows: &[Arc<crate::model::Row>], current: &str) -> Vec<CompletionCandidate> {
    beginning(rows.iter().map(|row| (row.id.to_string(), about(row))).collect(), current)
}

/// A recording in a few words.
fn about(row: &crate::model::Row) -> String {
    let of = row.name.as_deref().or(row.prompt.as_deref()).unwrap_or_default();
    let text = format!("{} {}", row.model.as_deref().unwrap_or(&row.endpoint), of);
    text.chars().filter(|c| !c.is_control()).take(60).collect::<String>().trim_end().to_owned()
}

/// The values that recordings have for a key of the filter.
fn values(typed: &Typed, current: &str, key: Key) -> Vec<CompletionCandidate> {
    let known = typed.values(QueryKind::Recordings, key).into_iter();
    beginning(known.map(|value| (value, String::new())).collect(), current)
}

/// How a filter goes on. bash cuts words at colons: the key stands before the word then.
fn terms(typed: &Typed, current: &str, kind: QueryKind) -> Vec<CompletionCandidate> {
    let (key, current) = match (typed.before(2), typed.before(1)) {
        (Some(key), Some(":")) => (format!("{key}:"), current),
        (_, Some(key)) if current == ":" => (format!("{key}:"), ""),
        _ => (String::new(), current),
    };
    let text = format!("{key}{current}");
    let known = |key| typed.values(kind, key);
    let completions = crate::query::complete(&text, text.len(), kind, &known);
    let whole = |one: &crate::query::Completion| {
        let all = format!("{}{}{}", &text[..one.replace.start], one.text, &text[one.replace.end..]);
        (all.strip_prefix(&key).unwrap_or(&all).to_owned(), one.note.clone())
    };
    beginning(completions.iter().map(whole).collect(), current)
}

/// Ids, behind them a strategy, and behind that the fields that it names.
fn retagged(typed: &Typed, current: &str) -> Vec<CompletionCandidate> {
    let (words, chosen) = typed.retagged();
    // A strategy in quotes is one word.
    let (strategy, begun) = match current.split_once(' ') {
        Some((strategy, begun)) => (Some(strategy), begun),
        None => (chosen.as_deref(), current),
    };
    let Some(strategy) = strategy else {
        let mut all = ids(&typed.recordings(), current);
        if words.is_empty() && !typed.is_vague() {
            return all;
        }
        all.extend(beginning(STRATEGIES.map(|name| (name.to_owned(), String::new())).to_vec(), current));
        return all;
    };
    let sign = match strategy {
        "standard" => "-",
        "specific" => "",
        _ => return Vec::new(),
    };
    let head = current.len() - begun.len() + begun.rfind([' ', ',']).map_or(0, |at| at + 1);
    let fields = typed.fields().into_iter().filter(|field| !field.fixed);
    let fields: Vec<_> = fields.map(|field| (field.name, field.value)).collect();
    // Whatever holds several fields is named by its own first step.
    let holders =
        fields.iter().filter_map(|(name, _)| name.split_once('/')).map(|(first, _)| first.to_owned());
    let holders: BTreeSet<_> = holders.collect();
    let named = holders.into_iter().map(|name| (name, String::new())).chain(fields);
    let named = named.map(|(name, value)| (format!("{}{sign}{name}", &current[..head]), value));
    beginning(named.collect(), current)
}

/// Ids, and behind them a fault.
fn derived(typed: &Typed, current: &str) -> Vec<CompletionCandidate> {
    let mut all = ids(&typed.recordings(), current);
    if typed.is_vague() || !typed.words().is_empty() {
        all.extend(beginning(FAULTS.map(|fault| (fault.to_owned(), String::new())).to_vec(), current));
    }
    all
}
