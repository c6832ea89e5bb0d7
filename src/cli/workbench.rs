//! `retake` and `retake tui`: the workbench, with the proxy inside.
//!
//! The command line does not know the screen: whoever calls it hands in how one is shown.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use super::config::{self, Config, Look, Place, Privilege};
use super::exit::Usage;
use super::proxy::{Running, log_to_file};
use super::{Common, attach, exit, print};
use crate::client::Client;
use crate::engine::Engine;
use crate::model::{Notice, Outcome};
use crate::reading::human;
use crate::store::StoreError;
use crate::terminal::Signals;

/// What a screen is told at its start.
#[derive(Clone, Debug)]
pub struct Screen {
    /// Where the proxy listens, `127.0.0.1:4010`; with a scheme where that is not `http`.
    pub address: String,
    /// Where forwarded calls go, in a few words; empty where that is not known.
    pub upstream: String,
    /// Stands behind the name in the title, `demo`.
    pub suffix: Option<String>,
    /// Whether the proxy runs in another process, which goes on when the screen is left.
    pub attached: bool,
    /// How to point something at the proxy, line by line.
    pub banner: Vec<String>,
    /// What it looks and feels like.
    pub look: Look,
    /// What people should know about the start.
    pub notices: Vec<Notice>,
    /// After this time the screen leaves by itself.
    pub length: Option<Duration>,
}

/// What somebody says to what a project's file wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// It may, until it changes.
    Given,
    /// Start without it.
    Withheld,
    /// Do not start.
    Leave,
}

/// How a screen is shown.
pub trait Show {
    /// Shows a screen until somebody leaves it.
    fn show(&self, client: Client, screen: Screen) -> impl Future<Output = anyhow::Result<()>>;

    /// Asks on a screen whether a project's file may do these things.
    fn ask(&self, file: &Path, wanted: &[Privilege]) -> impl Future<Output = anyhow::Result<Consent>>;

    /// What is wrong with a look, in sentences, each with the line of the configuration where one is to blame.
    fn wrong(&self, look: &Look) -> Vec<(Option<Place>, String)>;
}

/// Refuses a look that cannot be shown.
pub(super) fn refuse_wrong_look(common: &Common, look: &Look, show: &impl Show) -> Result<(), Usage> {
    let problems = config::verbs::of_look(common, look, show);
    let said: Vec<_> = problems.iter().map(ToString::to_string).collect();
    if said.is_empty() { Ok(()) } else { Err(Usage(said.join("\n"))) }
}

pub(super) async fn run(common: &Common, show: impl Show) -> anyhow::Result<ExitCode> {
    refuse_without_terminal()?;
    let Some(config) = consented(common, &show).await? else { return Ok(ExitCode::SUCCESS) };
    refuse_wrong_look(common, &config.look, &show)?;
    log_to_file();
    let running = match Running::start(&common.store, &config).await {
        Err(error) if is_served(&error) => return attach::beside(common, &config, show, error).await,
        running => running?,
    };
    let shown = show.show(Client::Local(running.engine.clone()), Screen::of(&running, &config)).await;
    let summary = summary(&running.engine);
    // A signal that ended the screen is not counted again.
    let cut_short = running.stop_or(&mut Signals::listen()?).await?;
    shown?;
    print::note(&summary);
    Ok(cut_short.map_or(ExitCode::SUCCESS, exit::of_signal))
}

/// The configuration, after somebody said whether the file may do what only a trusted one may; none when they leave.
pub(super) async fn consented(common: &Common, show: &impl Show) -> anyhow::Result<Option<Config>> {
    loop {
        let config = Config::read(common)?;
        let (Some(trusted), [_, ..]) = (&config.trusted, config.withheld()) else { return Ok(Some(config)) };
        match show.ask(trusted.path(), config.withheld()).await? {
            // What is read next may be another content already, which is asked about, too.
            Consent::Given => trusted.grant()?,
            Consent::Withheld => return Ok(Some(config)),
            Consent::Leave => return Ok(None),
        }
    }
}

/// Whether a store could not be had because a proxy runs on it.
fn is_served(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(StoreError::InUse { address: Some(_), .. }))
}

/// A screen without anybody before it is no use.
pub(super) fn refuse_without_terminal() -> Result<(), Usage> {
    if terminal_at_hand() {
        return Ok(());
    }
    Err(Usage("the workbench needs a terminal on stdin and stdout; without one use `retake serve`".into()))
}

/// Whether there is somebody to look and to type.
pub(super) fn terminal_at_hand() -> bool {
    let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal() && !dumb
}

fn summary(engine: &Engine) -> String {
    let snapshot = engine.snapshot();
    let counted = Outcome::ALL.into_iter().map(|outcome| (snapshot.counters.of(outcome), outcome.label()));
    let counted: Vec<_> = counted
        .filter(|(count, _)| *count > 0)
        .map(|(count, label)| format!("{} {label}", human::thousands(count)))
        .collect();
    let calls = if counted.is_empty() { "no calls".to_owned() } else { counted.join(", ") };
    format!("{calls}; {} recordings", human::thousands(snapshot.rows.len()))
}

// === impl Screen ===

impl Screen {
    fn of(running: &Running, config: &Config) -> Self {
        Self {
            address: running.address.to_string(),
            upstream: upstream(config),
            suffix: None,
            attached: false,
            banner: Vec::new(),
            look: config.look.clone(),
            notices: [running.notices.clone(), config.notices()].concat(),
            length: None,
        }
    }

    /// That of a proxy in another process.
    pub(super) fn attached(address: String, config: &Config, notices: Vec<Notice>) -> Self {
        Self {
            address,
            upstream: String::new(),
            suffix: Some("attached".into()),
            attached: true,
            banner: Vec::new(),
            look: config.look.clone(),
            notices,
            length: None,
        }
    }

    /// The demo's: it says what is going on and how to take part.
    pub(super) fn demo(address: SocketAddr, look: Look, length: Option<Duration>) -> Self {
        let banner = vec![
            "This is a demo: a temporary store, a stand-in upstream, made-up traffic. Nothing leaves this machine.".into(),
            format!("Take part: OPENAI_API_KEY=any OPENAI_BASE_URL=http://{address}/openai/v1"),
        ];
        Self {
            address: address.to_string(),
            upstream: "stand-in upstream".into(),
            suffix: Some("demo".into()),
            attached: false,
            banner,
            look,
            notices: Vec::new(),
            length,
        }
    }
}

/// Where forwarded calls go, in a few words.
fn upstream(config: &Config) -> String {
    let settings = &config.settings;
    match settings.upstreams.get("openai") {
        _ if settings.never_forward => "nowhere (never forward)".into(),
        Some(openai) => format!("{} +{}", openai.host(), settings.upstreams.len() - 1),
        None => format!("{} upstreams", settings.upstreams.len()),
    }
}
