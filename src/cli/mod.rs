//! The command line: one file a verb, and what they share.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

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
mod generate;
mod keep;
mod label;
mod list;
mod make;
mod pick;
mod print;
mod progress;
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
mod undo;
mod workbench;

pub use config::{Keys, Look, Place, Theme};
pub use workbench::{Screen, Show};

use exit::Exit;

const EXAMPLES: &str = "\
Examples:
  retake demo                                see what it does, with nothing to set up
  retake                                     the workbench, with the proxy on 127.0.0.1:4010
  retake serve --mode replay-or-error        the same proxy headless, for CI
  retake run --preset ci --fail-on miss -- pytest
                                             a command before a proxy of its own, and what became of its calls
  OPENAI_BASE_URL=http://127.0.0.1:4010/openai/v1 python app.py
  retake list --json | jq -r '.[].id'
  retake show rec_2jKx --image

Exit status: 0 fine, 1 not found or a difference, 2 usage, 3 store in use or unreadable, 4 upstream; of run the
command's.";

/// A terminal workbench for recorded AI API calls.
#[derive(Parser)]
#[command(name = "retake", version, about, after_help = EXAMPLES, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    proxy: ProxyArgs,
    #[command(subcommand)]
    verb: Option<Verb>,
}

/// Flags of every verb.
#[derive(Args, Clone)]
struct Common {
    /// The store's directory
    #[arg(long, value_name = "DIR", env = "RETAKE_STORE", default_value = ".retake", global = true)]
    store: PathBuf,
    /// The configuration file; the default one may be missing
    #[arg(long, value_name = "FILE", env = "RETAKE_CONFIG", global = true)]
    config: Option<PathBuf>,
}

/// Flags of the verbs that run the proxy.
#[derive(Args, Clone, Default)]
struct ProxyArgs {
    /// Where the proxy listens; port 0 picks a free one [default: 127.0.0.1:4010]
    #[arg(long, value_name = "ADDR:PORT", env = "RETAKE_LISTEN")]
    listen: Option<String>,
    /// What happens to a call [default: replay-or-mock]
    #[arg(long, value_name = "MODE", env = "RETAKE_MODE")]
    mode: Option<String>,
    /// A mode with its ceiling: dev (replay-or-record), ci (replay-or-error, nothing is forwarded), staging
    /// (replay-or-live), production (off)
    #[arg(long, value_name = "NAME", env = "RETAKE_PRESET")]
    preset: Option<String>,
    /// The match strategy of new recordings [default: standard]
    #[arg(long = "match", value_name = "STRATEGY", env = "RETAKE_MATCH")]
    strategy: Option<String>,
    /// An upstream's base URL; repeatable
    #[arg(long = "upstream", value_name = "NAME=URL", env = "RETAKE_UPSTREAM", value_delimiter = ',')]
    upstreams: Vec<String>,
    /// Refuse every call that would be forwarded
    #[arg(long, env = "RETAKE_NEVER_FORWARD", value_parser = clap::builder::FalseyValueParser::new())]
    never_forward: bool,
    /// Keep personal data in recordings as it is (credentials are never kept)
    #[arg(long, env = "RETAKE_NO_SCRUB", value_parser = clap::builder::FalseyValueParser::new())]
    no_scrub: bool,
}

#[derive(Subcommand)]
enum Verb {
    /// The terminal workbench, with the proxy inside (the default)
    Tui(ProxyArgs),
    /// The same proxy headless: one line a call on stdout
    Serve {
        #[command(flatten)]
        proxy: ProxyArgs,
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
        /// Where the demo's proxy listens; port 0 picks a free one [default: 127.0.0.1:4010, or a free port]
        #[arg(long, value_name = "ADDR:PORT")]
        listen: Option<String>,
    },
    /// Run a command whose AI calls go through a proxy of its own, and say what became of them
    ///
    /// The proxy listens on a free port unless --listen names one, and the base-URL variables of the SDKs lead the
    /// command there. Where a running retake owns the store, its proxy is used. Stdout is the command's alone, and so is
    /// the exit code: 127 when it is not found, 126 when it cannot be run, 128 and the signal when one ended it.
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
    let parsed = Cli::command()
        .try_get_matches_from(args)
        .and_then(|matches| Cli::from_arg_matches(&matches).map(|cli| (cli, matches)));
    let (cli, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            print::clap(&error);
            return ended(if error.use_stderr() { Exit::Usage.into() } else { ExitCode::SUCCESS });
        }
    };
    stay_quiet_about_caught_panics();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => {
            let outcome = runtime.block_on(carry_out(cli, &matches, show));
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

/// sled may panic on a damaged index. The store catches that and makes the index anew, so nobody needs to see it.
fn stay_quiet_about_caught_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !crate::store::catches_panics() {
            before(info);
        }
    }));
}

async fn carry_out(cli: Cli, matches: &ArgMatches, show: impl Show) -> anyhow::Result<ExitCode> {
    let common = cli.common;
    let typed = |flag: &str| {
        let verb = matches.subcommand().map(|(_, verb)| verb);
        verb.and_then(|verb| verb.value_source(flag)) == Some(ValueSource::CommandLine)
    };
    match cli.verb {
        None => workbench::run(&common, cli.proxy, show).await,
        Some(Verb::Tui(proxy)) => workbench::run(&common, cli.proxy.and(proxy, typed), show).await,
        Some(Verb::Serve { proxy, quiet, json }) => {
            serve::run(&common, cli.proxy.and(proxy, typed), serve::Lines::of(quiet, json)).await
        }
        Some(Verb::Attach(place)) => attach::run(&common, place, show).await,
        Some(Verb::Demo { length, listen }) => {
            demo::run(&common, length, listen.or(cli.proxy.listen), show).await
        }
        Some(Verb::Run(mut job)) => {
            job.proxy = cli.proxy.and(job.proxy, typed);
            run::run(&common, job).await
        }
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
        Some(Verb::Doctor { json, offline }) => doctor::run(&common, &cli.proxy, json, offline).await,
        Some(Verb::Completions { shell }) => Ok(generate::completions(Cli::command(), shell)),
        Some(Verb::Man { dir }) => generate::man(Cli::command(), dir.as_deref()),
        Some(Verb::Show { id, part }) => show::run(&common, &id, &part).await,
        Some(Verb::Curate(verb)) => curate::run(&common, verb).await,
    }
}

impl ProxyArgs {
    /// Whether anything is asked for.
    fn any(&self) -> bool {
        let texts = [&self.listen, &self.mode, &self.preset, &self.strategy];
        texts.iter().any(|text| text.is_some())
            || !self.upstreams.is_empty()
            || self.never_forward
            || self.no_scrub
    }

    /// Flags before and after the verb mean the same; the later one wins. `typed` says which stand after it: the
    /// others there hold what the environment says, and that yields to a flag before the verb.
    fn and(self, later: Self, typed: impl Fn(&str) -> bool) -> Self {
        let one = |flag, before, after| if typed(flag) { after } else { before };
        let upstreams = if typed("upstreams") { later.upstreams } else { Vec::new() };
        Self {
            listen: one("listen", self.listen, later.listen),
            mode: one("mode", self.mode, later.mode),
            preset: one("preset", self.preset, later.preset),
            strategy: one("strategy", self.strategy, later.strategy),
            upstreams: [self.upstreams, upstreams].concat(),
            never_forward: self.never_forward || later.never_forward,
            no_scrub: self.no_scrub || later.no_scrub,
        }
    }
}
