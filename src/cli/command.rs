//! The verbs as clap reads them, and which function carries each out.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory as _, Parser, Subcommand};

use super::browse::{calls, diff, explain, list, show, stats, suggest};
use super::common::Common;
use super::curate::{
    derive, duplicate, edit, keep, label, new, prune, rerecord, retag, review, rm, trash, undo,
};
use super::examples::EXAMPLES;
use super::maintain::{compact, scrub, usage};
use super::serve::screens::Screens;
use super::serve::{attach, demo, headless, traffic, workbench};
use super::setup::{completion, config, doctor, generate, help, schema, token, trust};
use super::{flags, print, run};

/// The help behind the flags.
const AFTER: &str = "\
Exit status: 0 fine, 1 not found or a difference, 2 usage, 3 store in use or unreadable, 4 upstream; of run the
command's, or 5 where it succeeded and a call was what --fail-on names.";

/// A terminal workbench for recorded AI API calls.
#[derive(Parser)]
#[command(name = "retake", version, about, after_help = format!("{EXAMPLES}\n\n{AFTER}"), disable_help_subcommand = true)]
pub(super) struct CommandLine {
    #[command(subcommand)]
    pub(super) verb: Option<CliVerb>,
}

#[derive(Subcommand)]
pub(super) enum CliVerb {
    /// The terminal workbench, with the proxy inside (the default)
    Tui,
    /// The same proxy headless: one line a call on stdout
    Serve {
        /// Print nothing but the address
        #[arg(long, conflicts_with = "json")]
        quiet: bool,
        /// Print one JSON object a call
        #[arg(long)]
        json: bool,
    },
    /// The workbench for a proxy that runs elsewhere; leaving it does not stop that
    Attach(attach::AttachArgs),
    /// See what retake does: recordings, a stand-in upstream and gentle traffic, all on this machine
    Demo {
        /// End by itself after this time, such as 10s or 2m
        #[arg(long = "for", value_name = "TIME", value_parser = traffic::time)]
        length: Option<Duration>,
    },
    /// Run a command whose AI calls go through a proxy of its own, and say what became of them
    ///
    /// The proxy listens on a free port unless --listen names one, and the base-URL variables of the SDKs lead the
    /// command there. Where a running retake owns the store, its proxy is used. Stdout is the command's alone, and so is
    /// the exit code: 127 when it is not found, 126 when it cannot be run, 128 and the signal when one ended it.
    /// A signal that asks retake to end is passed on to it. On Linux the command gets SIGTERM when retake is killed, too;
    /// elsewhere it goes on then.
    Run(run::RunArgs),
    /// List recordings, the newest first
    #[command(after_long_help = crate::query::help(crate::query::QueryKind::Recordings))]
    List {
        /// Only those that the filter shows, such as model:gpt-image* hits:0
        #[arg(value_name = "FILTER")]
        filter: Vec<String>,
        /// Only those whose hash begins so
        #[arg(long, value_name = "PREFIX", conflicts_with = "filter")]
        hash: Option<String>,
        /// Only those that answer the same calls as another one although their requests differ, in groups
        #[arg(long, conflicts_with_all = ["hash", "filter"])]
        ambiguous: bool,
        /// One JSON array of rows
        #[arg(long)]
        json: bool,
    },
    /// Show one recording
    Show {
        /// Its id, or a unique beginning of it
        id: String,
        #[command(flatten)]
        part: show::ShowArgs,
    },
    /// List the calls of the history, the newest last
    Calls(calls::CallsArgs),
    /// Show what there is, and what it was good for, in numbers
    Stats {
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Show what differs between two recordings or calls, and whether the one answers the other
    ///
    /// Exits with 1 where something differs.
    Diff(diff::DiffArgs),
    /// Say what would serve a request, and why; nothing is sent
    Explain(explain::ExplainArgs),
    /// Propose fields to ignore: those that vary between otherwise equal calls of the history
    SuggestIgnores {
        /// One JSON array
        #[arg(long)]
        json: bool,
    },
    /// Write, check or find the configuration
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Let the project's configuration file do what only a trusted one may, after a look at what that is
    ///
    /// A file that comes with a project may say how calls are answered and compared. Upstreams of its own, keys from the
    /// environment, an address beyond this machine, programs and the like need trust, once for each content. A file that is
    /// named with --config is trusted.
    Trust(trust::TrustArgs),
    /// Look at the terminal, the store, the configuration and the upstreams, and say what is wrong
    Doctor {
        /// One JSON object
        #[arg(long)]
        json: bool,
        /// Make no connection to upstreams
        #[arg(long)]
        offline: bool,
    },
    /// Print the token that opens the control API of the retake that runs on the store
    Token,
    /// Print the JSON schema of what a verb writes for programs, or the `OpenAPI` document of the control API
    Schema {
        /// Of what, such as `list`, or `openapi`; without it the names there are
        name: Option<String>,
    },
    /// Print the help of a verb, or all keys of the workbench: `retake help keys`
    Help {
        /// A verb; keys
        #[arg(value_name = "VERB")]
        words: Vec<String>,
    },
    /// Print the script with which a shell completes retake's command lines
    ///
    /// bash: `source <(retake completions bash)` in ~/.bashrc; zsh: the same in ~/.zshrc behind compinit; fish: `retake
    /// completions fish | source` in config.fish. The script asks retake for verbs, flags and their values, and for the
    /// ids, tags, scopes and fields in the store that the command line is about.
    Completions {
        /// For which
        shell: clap_complete::Shell,
    },
    /// Print the man page
    Man {
        /// Write it and one page for each verb into this directory
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
    #[command(flatten)]
    Curate(CurateVerb),
}

#[derive(Subcommand)]
pub(super) enum CurateVerb {
    /// Change what recordings answer
    Retag(retag::RetagArgs),
    /// Give recordings tags, and take tags away
    Tag(label::TagArgs),
    /// Name a recording
    Rename(label::RenameArgs),
    /// Keep delete and prune from recordings
    Protect(label::ProtectArgs),
    /// Change a recording's answer: status, headers, body, text, picture, pace
    Edit(edit::EditArgs),
    /// Make a recording that fails out of one that did not
    Derive(derive::DeriveArgs),
    /// Copy recordings
    Duplicate(duplicate::DuplicateArgs),
    /// Make a recording that no call made
    New(new::NewArgs),
    /// Make a recording of a call of the history after the fact
    Keep(keep::KeepArgs),
    /// Ask upstreams once more for what recordings hold; the new answers wait for review
    Rerecord(rerecord::RerecordArgs),
    /// List what waits for review, or decide it: accept, keep or reject
    Review(review::ReviewArgs),
    /// Move recordings to the trash
    Rm(rm::RmArgs),
    /// List the removed recordings
    Trash {
        /// One JSON array
        #[arg(long)]
        json: bool,
    },
    /// Bring recordings back from the trash
    Restore(trash::RestoreArgs),
    /// Move what a filter matches to the trash, after a look at what that would do
    Prune(prune::PruneArgs),
    /// Write the store anew without what nothing needs
    Compact(compact::CompactArgs),
    /// Take what the patterns in force find out of what is stored, for good
    Scrub(scrub::ScrubArgs),
    /// Carry what is known of recordings' use from store to store
    #[command(subcommand)]
    Usage(usage::UsageCommand),
    /// Undo the last change
    Undo(undo::UndoArgs),
    /// Redo the change that was undone last
    Redo(undo::UndoArgs),
    /// List the changes that can be undone
    Steps {
        /// One JSON array
        #[arg(long)]
        json: bool,
    },
}

/// The whole command line.
pub(super) fn command() -> clap::Command {
    flags::added(CommandLine::command())
}

fn says_it_at_once(verb: Option<&CliVerb>) -> bool {
    let init = matches!(verb, Some(CliVerb::Config(config::ConfigCommand::Init { .. })));
    !init && !matches!(verb, None | Some(CliVerb::Tui | CliVerb::Serve { .. }))
}

pub(super) async fn carry_out(
    verb: Option<CliVerb>,
    common: Common,
    screens: Screens,
) -> anyhow::Result<ExitCode> {
    // A proxy and its screen say it with what else there is to know.
    if let Some(found) = common.config.discovered.as_ref().filter(|_| says_it_at_once(verb.as_ref())) {
        print::note(found);
    }
    match verb {
        None | Some(CliVerb::Tui) => workbench::run(&common, screens).await,
        Some(CliVerb::Serve { quiet, json }) => {
            headless::run(&common, headless::CallLines::of(quiet, json)).await
        }
        Some(CliVerb::Attach(place)) => attach::run(&common, place, screens).await,
        Some(CliVerb::Demo { length }) => demo::run(&common, length, screens).await,
        Some(CliVerb::Run(job)) => run::run(&common, job).await,
        Some(CliVerb::List { ambiguous: true, json, .. }) => list::ambiguous(&common, json).await,
        Some(CliVerb::List { filter, hash, json, .. }) => {
            list::run(&common, &filter.join(" "), hash.as_deref(), json).await
        }
        Some(CliVerb::Calls(which)) => calls::run(&common, which).await,
        Some(CliVerb::Stats { json }) => stats::run(&common, json).await,
        Some(CliVerb::Diff(sides)) => diff::run(&common, sides).await,
        Some(CliVerb::Config(verb)) => config::run(&common, verb, &screens),
        Some(CliVerb::Explain(source)) => explain::run(&common, source).await,
        Some(CliVerb::SuggestIgnores { json }) => suggest::run(&common, json).await,
        Some(CliVerb::Trust(which)) => trust::run(&common, &which),
        Some(CliVerb::Doctor { json, offline }) => doctor::run(&common, json, offline).await,
        Some(CliVerb::Token) => token::run(&common),
        Some(CliVerb::Schema { name }) => schema::run(name.as_deref()),
        Some(CliVerb::Help { words }) => help::run(&common, &words, command(), &screens),
        Some(CliVerb::Completions { shell }) => Ok(completion::script(&command(), shell)),
        Some(CliVerb::Man { dir }) => generate::man(command(), dir.as_deref()),
        Some(CliVerb::Show { id, part }) => show::run(&common, &id, &part).await,
        Some(CliVerb::Curate(verb)) => curate(&common, verb).await,
    }
}

async fn curate(common: &Common, verb: CurateVerb) -> anyhow::Result<ExitCode> {
    match verb {
        CurateVerb::Retag(change) => retag::run(common, change).await,
        CurateVerb::Tag(tags) => label::tag(common, tags).await,
        CurateVerb::Rename(name) => label::rename(common, name).await,
        CurateVerb::Protect(protection) => label::protect(common, protection).await,
        CurateVerb::Edit(changes) => edit::run(common, changes).await,
        CurateVerb::Derive(failing) => derive::run(common, failing).await,
        CurateVerb::Duplicate(copies) => duplicate::run(common, copies).await,
        CurateVerb::New(new) => new::run(common, new).await,
        CurateVerb::Keep(call) => keep::run(common, call).await,
        CurateVerb::Rerecord(anew) => rerecord::run(common, anew).await,
        CurateVerb::Review(decided) => review::run(common, decided).await,
        CurateVerb::Rm(args) => rm::run(common, args).await,
        CurateVerb::Trash { json } => trash::run(common, json).await,
        CurateVerb::Restore(back) => trash::restore(common, back).await,
        CurateVerb::Prune(asked) => prune::run(common, asked).await,
        CurateVerb::Compact(asked) => compact::run(common, asked).await,
        CurateVerb::Scrub(asked) => scrub::run(common, asked).await,
        CurateVerb::Usage(carried) => usage::run(common, carried).await,
        CurateVerb::Undo(how) => undo::undo(common, &how).await,
        CurateVerb::Redo(how) => undo::redo(common, &how).await,
        CurateVerb::Steps { json } => undo::steps(common, json).await,
    }
}
