//! The flags that several verbs share: which verb obeys which, what was typed, and what the environment says.
//!
//! They may stand before the verb and behind it. One that the verb does not obey is refused.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{FalseyValueParser, ValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::exit::UsageError;
use crate::config::{FlagValues, Layers};

/// The flags of a store and of its configuration.
const PLACE: &[&str] = &["store", "config", "trust"];
/// All flags of a proxy beside these.
const PROXY: &[&str] = &[
    "store",
    "config",
    "trust",
    "listen",
    "mode",
    "preset",
    "strategy",
    "upstreams",
    "never_forward",
    "no_scrub",
];
/// Flags that decide about asking an upstream outside of any call.
const ASKING: &[&str] = &["store", "config", "trust", "upstreams", "never_forward", "no_scrub"];

/// The shared flags that a verb obeys, by their ids; the workbench is the verb without a name.
pub(super) fn obeyed(verb: Option<&str>) -> &'static [&'static str] {
    match verb {
        None | Some("tui" | "serve" | "run" | "doctor") => PROXY,
        Some("rerecord" | "keep") => ASKING,
        Some("explain") => &["store", "config", "trust", "mode"],
        Some("new") => &["store", "config", "trust", "strategy", "upstreams"],
        Some("demo") => &["config", "trust", "listen"],
        Some("config" | "help") => &["config", "trust"],
        Some("trust") => &["config"],
        Some("token") => &["store"],
        Some("completions" | "man" | "schema") => &[],
        Some(_) => PLACE,
    }
}

/// The shared flags themselves, in the order of the help.
fn shared() -> [Arg; 10] {
    let path = || value_parser!(PathBuf);
    let text = || ValueParser::string();
    let valued = |id: &'static str, long: &'static str, name: &'static str, variable: &'static str| {
        Arg::new(id).long(long).value_name(name).env(variable).value_parser(text())
    };
    let switch = |id: &'static str, long: &'static str, variable: &'static str| {
        let falsey = FalseyValueParser::new();
        Arg::new(id).long(long).env(variable).action(ArgAction::SetTrue).value_parser(falsey)
    };
    [
        valued("store", "store", "DIR", "RETAKE_STORE")
            .value_parser(path())
            .help("The store's directory [default: .retake in the project's folder]"),
        valued("config", "config", "FILE", "RETAKE_CONFIG")
            .value_parser(path())
            .help("The configuration file [default: retake.toml in the project's folder, if it is there]"),
        // A variable would trust whatever project somebody comes to; RETAKE_CONFIG names one.
        Arg::new("trust")
            .long("trust")
            .action(ArgAction::SetTrue)
            .help("Trust the project's configuration file for this run, whatever it says"),
        valued("listen", "listen", "ADDR:PORT", "RETAKE_LISTEN")
            .help("Where the proxy listens; port 0 picks a free one [default: 127.0.0.1:4010]"),
        valued("mode", "mode", "MODE", "RETAKE_MODE")
            .help("What happens to a call [default: replay-or-mock]"),
        valued("preset", "preset", "NAME", "RETAKE_PRESET").help(
            "A mode with its ceiling: dev (replay-or-record), ci (replay-or-error, nothing is forwarded, and `run` \
             fails on a miss), staging (replay-or-live), production (off)",
        ),
        valued("strategy", "match", "STRATEGY", "RETAKE_MATCH")
            .help("The match strategy of new recordings [default: standard]"),
        valued("upstreams", "upstream", "NAME=URL", "RETAKE_UPSTREAM")
            .action(ArgAction::Append)
            .value_delimiter(',')
            // A URL may hold a password, and help is shown to others.
            .hide_env_values(true)
            .help("An upstream's base URL; repeatable"),
        switch("never_forward", "never-forward", "RETAKE_NEVER_FORWARD")
            .help("Refuse every call that would be forwarded; nothing lifts that"),
        switch("no_scrub", "no-scrub", "RETAKE_NO_SCRUB")
            .help("Keep personal data in recordings as it is (credentials are never kept)"),
    ]
}

/// The command line with the shared flags: all of them before the verb, and behind each verb those that it obeys.
pub(super) fn added(command: Command) -> Command {
    let flags = shared();
    let command = command.mut_subcommands(|verb| {
        let ids = obeyed(Some(verb.get_name()));
        let obeyed: Vec<_> = flags.iter().filter(|flag| ids.contains(&flag.get_id().as_str())).collect();
        below(verb, &obeyed)
    });
    command.args(flags)
}

/// A verb and all below it with these flags, but for those of which it has one of its own.
fn below(verb: Command, flags: &[&Arg]) -> Command {
    let own = |flag: &Arg| verb.get_arguments().any(|own| own.get_long() == flag.get_long());
    let missing: Vec<_> = flags.iter().filter(|flag| !own(flag)).map(|flag| (*flag).clone()).collect();
    verb.args(missing).mut_subcommands(|verb| below(verb, flags))
}

/// The layers of flags and environment; `command` is the whole command line.
///
/// # Errors
/// A sentence about a flag that the verb does not obey.
pub(super) fn layers(matches: &ArgMatches, command: fn() -> Command) -> Result<Layers, UsageError> {
    let levels: Vec<_> = std::iter::successors(Some(matches), |level| Some(level.subcommand()?.1)).collect();
    refuse_what_is_not_obeyed(matches, command)?;
    let flags = values(&levels, ValueSource::CommandLine);
    // Where a flag is typed, clap has no look at its variable, which may hold a ceiling.
    let nothing = Command::new("retake").args(shared()).get_matches_from(["retake"]);
    let environment = values(&[&nothing], ValueSource::EnvVariable);
    Ok(Layers { flags, environment })
}

/// Refuses what stands before a verb that has no use for it.
fn refuse_what_is_not_obeyed(matches: &ArgMatches, command: fn() -> Command) -> Result<(), UsageError> {
    let Some(verb) = matches.subcommand_name() else { return Ok(()) };
    for flag in shared() {
        let id = flag.get_id().as_str();
        if is(matches, id, ValueSource::CommandLine) && !obeyed(Some(verb)).contains(&id) {
            return Err(no_use(verb, &flag, command));
        }
    }
    Ok(())
}

/// The sentence about a shared flag that stands behind a verb which has no use for it; none where something else is wrong.
/// clap finds such a flag unknown, and recommends the `--` that would make a filter or a file name of it.
pub(super) fn refusal(
    error: &clap::Error,
    args: &[OsString],
    command: fn() -> Command,
) -> Option<UsageError> {
    let (ErrorKind::UnknownArgument, Some(ContextValue::String(typed))) =
        (error.kind(), error.get(ContextKind::InvalidArg))
    else {
        return None;
    };
    let long = typed.strip_prefix("--")?;
    let flag = shared().into_iter().find(|flag| flag.get_long() == Some(long))?;
    let matches = command().ignore_errors(true).try_get_matches_from(args).ok()?;
    let verb = matches.subcommand_name()?;
    (!obeyed(Some(verb)).contains(&flag.get_id().as_str())).then(|| no_use(verb, &flag, command))
}

fn no_use(verb: &str, flag: &Arg, command: fn() -> Command) -> UsageError {
    let id = flag.get_id().as_str();
    let takers = command();
    let takers = takers.get_subcommands().map(Command::get_name);
    let takers: Vec<_> = takers.filter(|name| obeyed(Some(name)).contains(&id)).collect();
    let takers = match takers[..] {
        // Nobody reads a list of all verbs.
        [_, _, _, _, _, _, _, _, _, ..] => "most other verbs have".to_owned(),
        _ => format!("{} have", takers.join(", ")),
    };
    UsageError(format!("`retake {verb}` has no use for --{}; {takers}", flag.get_long().unwrap_or(id)))
}

/// True if a flag has a value from there; a verb that does not know it has none.
fn is(level: &ArgMatches, id: &str, source: ValueSource) -> bool {
    level.try_contains_id(id).unwrap_or(false) && level.value_source(id) == Some(source)
}

/// The values of this source, the later level first: a flag behind the verb goes before the same one before it.
fn values(levels: &[&ArgMatches], source: ValueSource) -> FlagValues {
    let having = |id: &'static str| {
        let levels = levels.iter().rev().copied();
        levels.filter(move |level| is(level, id, source))
    };
    let text = |id| {
        let text = having(id).find_map(|level| level.try_get_one::<String>(id).ok()?.cloned());
        text.filter(|text| !text.is_empty())
    };
    let path = |id| {
        let path = having(id).find_map(|level| level.try_get_one::<PathBuf>(id).ok()?.cloned());
        path.filter(|path| !path.as_os_str().is_empty())
    };
    let switch = |id| having(id).find_map(|level| level.try_get_one::<bool>(id).ok()?.copied());
    let upstreams = levels.iter().filter(|level| is(level, "upstreams", source));
    let upstreams = upstreams.filter_map(|level| level.try_get_many::<String>("upstreams").ok()?);
    FlagValues {
        store: path("store"),
        config: path("config"),
        trust: switch("trust") == Some(true),
        listen: text("listen"),
        mode: text("mode"),
        preset: text("preset"),
        strategy: text("strategy"),
        upstreams: upstreams.flatten().filter(|pair| !pair.is_empty()).cloned().collect(),
        never_forward: switch("never_forward") == Some(true),
        no_scrub: switch("no_scrub"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::command::command;

    /// Every verb as it is typed, those below `config` and `usage` included, with what it cannot do without.
    fn verbs() -> Vec<Vec<String>> {
        fn all(command: &Command, above: &[String], found: &mut Vec<Vec<String>>) {
            for verb in command.get_subcommands() {
                let mut words = above.to_vec();
                words.push(verb.get_name().into());
                if verb.has_subcommands() {
                    all(verb, &words, found);
                    continue;
                }
                for needed in verb.get_positionals().filter(|needed| needed.is_required_set()) {
                    words.extend(needed.is_trailing_var_arg_set().then(|| "--".into()));
                    let values = needed.get_possible_values();
                    let number = if needed.get_id() == "number" { "7" } else { "rec_1" };
                    words.push(values.first().map_or(number.into(), |value| value.get_name().to_owned()));
                }
                words.extend(also(verb.get_name()).iter().map(|word| (*word).to_owned()));
                found.push(words);
            }
        }
        let mut found = Vec::new();
        all(&command(), &[], &mut found);
        found
    }

    /// Flags that a verb needs unless something else stands in for it.
    fn also(verb: &str) -> &'static [&'static str] {
        match verb {
            "rm" | "edit" | "protect" | "duplicate" | "rerecord" | "restore" | "rename" => &["rec_1"],
            "tag" => &["rec_1", "--add", "x"],
            "retag" => &["rec_1", "pinned"],
            "scrub" => &["--again"],
            _ => &[],
        }
    }

    fn parsed<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Layers, String> {
        let words: Vec<OsString> = std::iter::once("retake").chain(words).map(Into::into).collect();
        let matches = command().try_get_matches_from(&words).map_err(|error| {
            refusal(&error, &words, command).map_or_else(|| error.to_string(), |refusal| refusal.to_string())
        })?;
        layers(&matches, command).map_err(|error| error.to_string())
    }

    #[test]
    fn every_flag_is_obeyed_or_refused_by_every_verb() {
        let verbs = verbs();
        assert!(verbs.len() > 30, "{verbs:?}");
        for (words, flag) in
            verbs.iter().flat_map(|words| shared().into_iter().map(move |flag| (words, flag)))
        {
            let (id, long) = (flag.get_id().as_str(), format!("--{}", flag.get_long().unwrap()));
            let plain: Vec<&str> = words.iter().map(String::as_str).collect();
            let typed: &[&str] = if flag.get_action().takes_values() { &[&long, "a=b"] } else { &[&long] };
            let before = parsed([typed, &plain].concat());
            let end = plain.iter().position(|word| *word == "--").unwrap_or(plain.len());
            let behind = parsed([&plain[..end], typed, &plain[end..]].concat());
            if obeyed(Some(plain[0])).contains(&id) {
                let [before, behind] = [before, behind].map(|layers| layers.unwrap().flags);
                assert_eq!(before, behind, "{words:?} {long}");
                assert_ne!(before, FlagValues::default(), "{words:?} {long}");
                continue;
            }
            let before = before.unwrap_err();
            let refusal = format!("`retake {}` has no use for {long}; ", plain[0]);
            assert!(before.starts_with(&refusal), "{words:?} {before}");
            assert_eq!(behind.unwrap_err(), before, "{words:?} {long}");
            let glued = format!("{long}=mock");
            if flag.get_action().takes_values() {
                let glued = parsed([&plain[..end], &[&glued], &plain[end..]].concat());
                assert_eq!(glued.unwrap_err(), before, "{words:?} {long}");
            }
        }
    }

    #[test]
    fn a_short_flag_means_the_same_on_every_verb() {
        fn all(command: &Command, known: &mut std::collections::BTreeMap<char, String>) {
            for arg in command.get_arguments() {
                let (Some(short), Some(long)) = (arg.get_short(), arg.get_long()) else { continue };
                assert_eq!(known.entry(short).or_insert_with(|| long.into()), long, "-{short}");
            }
            command.get_subcommands().for_each(|verb| all(verb, known));
        }
        let mut known = std::collections::BTreeMap::new();
        all(&command(), &mut known);
        assert_eq!(known.get(&'n').map(String::as_str), Some("dry-run"));
    }

    #[test]
    fn a_flag_behind_the_verb_goes_before_the_one_before_it() {
        let words =
            ["--mode", "off", "--upstream", "a=b,c=d", "serve", "--mode", "mock", "--upstream", "e=f"];
        let flags = parsed(words).unwrap().flags;
        assert_eq!(
            (flags.mode.as_deref(), &flags.upstreams[..]),
            (Some("mock"), &["a=b", "c=d", "e=f"].map(String::from)[..])
        );
        let nested = parsed(["--config", "a", "config", "--config", "b", "path", "--config", "c"]).unwrap();
        assert_eq!(nested.flags.config, Some("c".into()));
    }
}
