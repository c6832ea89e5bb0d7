//! The command line: one file a verb, and what they share.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

mod asked;
mod attach;
mod calls;
mod config;
mod curate;
mod curl;
mod demo;
mod diff;
mod doctor;
mod edit;
mod editor;
mod exit;
mod explain;
mod flags;
mod generate;
mod keep;
mod label;
mod list;
mod make;
mod pick;
mod print;
mod progress;
mod project;
mod proxy;
mod prune;
mod retag;
mod review;
mod rm;
mod run;
mod scrub;
mod serve;
mod show;
mod suggest;
mod table;
mod traffic;
mod trash;
mod trust;
mod undo;
mod workbench;

pub use config::{Keys, Look, Place, Privilege, Theme};
pub use workbench::{Consent, Screen, Show};

use exit::Exit;
use flags::Layers;
use project::Project;

const EXAMPLES: &str = "\
Examples:
  retake demo                                see what it does, with nothing to set up
  retake                                     the workbench, with the proxy on 127.0.0.1:4010
  retake serve --mode replay-or-error        the same proxy headless, for CI
  retake run --preset ci -- pytest           a command before a proxy of its own, and what became of its calls
  OPENAI_BASE_URL=http://127.0.0.1:4010/openai/v1 python app.py
  retake list --json | jq -r '.[].id'
  retake show rec_2jKx --image

Exit status: 0 fine, 1 not found or a difference, 2 usage, 3 store in use or unreadable, 4 upstream; of run the
command's, or 5 where it succeeded and a call was what --fail-on names.";

/// A terminal workbench for recorded AI API calls.
#[derive(Parser)]
#[command(name = "retake", version, about, after_help = EXAMPLES, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    verb: Option<Verb>,
}

/// What all verbs go by: where the store and the configuration are, and what goes before the latter.
#[derive(Clone)]
struct Common {
    store: PathBuf,
    /// The file that somebody named; without it the default one, which may be missing.
    config: Option<PathBuf>,
    /// The project's folder; empty where that is the working directory.
    folder: PathBuf,
    /// What is to be said of a project that is elsewhere.
    found: Option<String>,
    layers: Layers,
}

#[derive(Subcommand)]
enum Verb {
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
    Attach(attach::Place),
    /// See what retake does: recordings, a stand-in upstream and gentle traffic, all on this machine
    Demo {
        /// End by itself after this time, such as 10s or 2m
        #[arg(long = "for", value_name = "TIME", value_parser = traffic::time)]
        length: Option<std::time::Duration>,
    },
    /// Run a command whose AI calls go through a proxy of its own, and say what became of them
    ///
    /// The proxy listens on a free port unless --listen names one, and the base-URL variables of the SDKs lead the
    /// command there. Where a running retake owns the store, its proxy is used. Stdout is the command's alone, and so is
    /// the exit code: 127 when it is not found, 126 when it cannot be run, 128 and the signal when one ended it.
    /// A signal that asks retake to end is passed on to it. On Linux the command gets SIGTERM when retake is killed, too;
    /// elsewhere it goes on then.
    Run(run::Job),
    /// List recordings, the newest first
    #[command(after_long_help = crate::query::help(crate::query::Kind::Recordings))]
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
        part: show::Part,
    },
    /// List the calls of the history, the newest last
    Calls(calls::Which),
    /// Show what there is, and what it was good for, in numbers
    Stats {
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Show what differs between two recordings or calls, and whether the one answers the other
    ///
    /// Exits with 1 where something differs.
    Diff(diff::Sides),
    /// Say what would serve a request, and why; nothing is sent
    Explain(explain::Source),
    /// Propose fields to ignore: those that vary between otherwise equal calls of the history
    SuggestIgnores {
        /// One JSON array
        #[arg(long)]
        json: bool,
    },
    /// Write, check or find the configuration
    #[command(subcommand)]
    Config(config::verbs::Verb),
    /// Let the project's configuration file do what only a trusted one may, after a look at what that is
    ///
    /// A file that comes with a project may say how calls are answered and compared. Upstreams of its own, keys from the
    /// environment, an address beyond this machine, programs and the like need trust, once for each content. A file that is
    /// named with --config is trusted.
    Trust(trust::Which),
    /// Look at the terminal, the store, the configuration and the upstreams, and say what is wrong
    Doctor {
        /// One JSON object
        #[arg(long)]
        json: bool,
        /// Make no connection to upstreams
        #[arg(long)]
        offline: bool,
    },
    /// Print completions for a shell
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
    Curate(curate::Verb),
}

/// Runs one verb and says how it went; `show` is how a screen is shown.
pub fn run(args: impl IntoIterator<Item = OsString>, show: impl Show) -> ExitCode {
    let args: Vec<_> = args.into_iter().collect();
    #[cfg(target_os = "linux")]
    if let Some(code) = run::becomes(&args) {
        return code;
    }
    let parse = |command: clap::Command| {
        let matches = command.try_get_matches_from(&args)?;
        Cli::from_arg_matches(&matches).map(|cli| (cli, matches))
    };
    // Without styles: only then is every escape sequence in what clap says somebody else's.
    let (cli, matches) = match parse(command().styles(clap::builder::Styles::plain())) {
        Ok(parsed) => parsed,
        Err(error) => {
            if let Some(refusal) = flags::refusal(&error, &args) {
                return exit::report(&refusal.into());
            }
            print::clap(&error, || parse(command()).err());
            return ended(if error.use_stderr() { Exit::Usage.into() } else { ExitCode::SUCCESS });
        }
    };
    let common = match Common::of(&matches) {
        Ok(common) => common,
        Err(error) => return exit::report(&error.into()),
    };
    say_panics();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => {
            let outcome = runtime.block_on(carry_out(cli.verb, common, show));
            // A thread that waits for a key or a slow disk must not hold the exit up.
            runtime.shutdown_timeout(std::time::Duration::from_millis(200));
            outcome
        }
        Err(error) => Err(error.into()),
    };
    ended(outcome.unwrap_or_else(|error| exit::report(&error)))
}

/// The exit code of a verb that ended with `code`: success only where its output was written.
fn ended(code: ExitCode) -> ExitCode {
    let Some(cause) = print::unwritten() else { return code };
    print::error(&format!("cannot write the output: {cause}"));
    if code == ExitCode::SUCCESS { ExitCode::FAILURE } else { code }
}

/// Says a panic on stderr like any other text, because it may hold what was recorded. sled may panic on a damaged index:
/// the store catches that and makes the index anew, so nobody needs to see it.
fn say_panics() {
    std::panic::set_hook(Box::new(|info| {
        if !crate::store::catches_panics() {
            print::panicked(info);
        }
    }));
}

/// The whole command line.
fn command() -> clap::Command {
    flags::added(Cli::command())
}

fn says_it_at_once(verb: Option<&Verb>) -> bool {
    let init = matches!(verb, Some(Verb::Config(config::verbs::Verb::Init { .. })));
    !init && !matches!(verb, None | Some(Verb::Tui | Verb::Serve { .. }))
}

async fn carry_out(verb: Option<Verb>, common: Common, show: impl Show) -> anyhow::Result<ExitCode> {
    // A proxy and its screen say it with what else there is to know.
    if let Some(found) = common.found.as_ref().filter(|_| says_it_at_once(verb.as_ref())) {
        print::note(found);
    }
    match verb {
        None | Some(Verb::Tui) => workbench::run(&common, show).await,
        Some(Verb::Serve { quiet, json }) => serve::run(&common, serve::Lines::of(quiet, json)).await,
        Some(Verb::Attach(place)) => attach::run(&common, place, show).await,
        Some(Verb::Demo { length }) => demo::run(&common, length, show).await,
        Some(Verb::Run(job)) => run::run(&common, job).await,
        Some(Verb::List { ambiguous: true, json, .. }) => list::ambiguous(&common, json).await,
        Some(Verb::List { filter, hash, json, .. }) => {
            list::run(&common, &filter.join(" "), hash.as_deref(), json).await
        }
        Some(Verb::Calls(which)) => calls::run(&common, which).await,
        Some(Verb::Stats { json }) => calls::stats(&common, json).await,
        Some(Verb::Diff(sides)) => diff::run(&common, sides).await,
        Some(Verb::Config(verb)) => config::verbs::run(&common, verb, &show),
        Some(Verb::Explain(source)) => explain::run(&common, source).await,
        Some(Verb::SuggestIgnores { json }) => suggest::run(&common, json).await,
        Some(Verb::Trust(which)) => trust::run(&common, &which),
        Some(Verb::Doctor { json, offline }) => doctor::run(&common, json, offline).await,
        Some(Verb::Completions { shell }) => Ok(generate::completions(command(), shell)),
        Some(Verb::Man { dir }) => generate::man(command(), dir.as_deref()),
        Some(Verb::Show { id, part }) => show::run(&common, &id, &part).await,
        Some(Verb::Curate(verb)) => curate::run(&common, verb).await,
    }
}

impl Common {
    fn of(matches: &clap::ArgMatches) -> Result<Self, exit::Usage> {
        let layers = Layers::of(matches)?;
        let said = |one: fn(&flags::Said) -> &Option<PathBuf>| {
            one(&layers.flags).clone().or_else(|| one(&layers.environment).clone())
        };
        let (store, config) = (said(|said| &said.store), said(|said| &said.config));
        let project = Project::here();
        let verb = matches.subcommand_name();
        let used = |id: &str, named: &Option<PathBuf>| named.is_none() && flags::obeyed(verb).contains(&id);
        let found = project.sentence(used("store", &store), used("config", &config));
        let store = store.unwrap_or_else(|| project.folder.join(project::STORE));
        Ok(Self { store, config, folder: project.folder, found, layers })
    }
}
