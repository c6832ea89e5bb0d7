//! `retake run`: a command before a proxy of its own, and what became of its calls.
//!
//! Stdout is the command's alone; everything that retake says goes to stderr.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use super::common::Common;
use super::exit::{Exit, UsageError};
use super::serve::running::{RunningProxy, close_now, log_to_stderr};
use super::{door, print};
use crate::api::SnapshotRequest;
use crate::api::{DRAIN, scope::scope_prefix};
use crate::client::Client;
use crate::config::{self, Config, FlagValues};
use crate::engine::Explanation;
use crate::model::{CallId, Mode, Outcome, Snapshot};
use crate::proxy::reachable;
use crate::reading::{human, sanitize};
use crate::store::StoreError;
use crate::terminal::Signals;

mod child;
mod environment;
mod summary;

#[cfg(target_os = "linux")]
pub(super) use child::becomes;
pub(super) use environment::KEYS;
use environment::{Environment, ProxyPlace, forwards_nothing};
pub(crate) use summary::RunSummary;
use summary::Since;

/// Arguments of `retake run`.
#[derive(clap::Args)]
pub(super) struct RunArgs {
    /// Exit with 5 when the command succeeds and calls had such an outcome: miss (also one that was refused because it
    /// must not be forwarded; --preset ci asks for this), mock, live, record, replay, error; several with commas
    #[arg(long, value_name = "OUTCOMES", value_delimiter = ',', value_parser = outcome)]
    fail_on: Vec<Outcome>,
    /// Make all calls in this scope
    #[arg(long, value_name = "NAME")]
    scope: Option<String>,
    /// Write the summary as one JSON object to this file
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,
    /// Say the summary as one JSON object, the last line on stderr
    #[arg(long)]
    json: bool,
    /// The command and its arguments; retake's own options stand before it
    #[arg(trailing_var_arg = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

fn outcome(text: &str) -> Result<Outcome, String> {
    let known = || Outcome::ALL.map(Outcome::as_str).join(", ");
    let found = Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == text);
    found.ok_or_else(|| format!("`{text}` is not an outcome; known are {}", known()))
}

/// The proxy that the command is pointed at.
enum Host {
    /// One of our own, for this run.
    Own(RunningProxy),
    /// The proxy of the process that owns the store.
    Other { client: Client, address: SocketAddr },
}

pub(super) async fn run(common: &Common, mut job: RunArgs) -> anyhow::Result<ExitCode> {
    log_to_stderr(true);
    let scope = job.scope.as_deref().map(scope_prefix).transpose();
    let scope = scope.map_err(|error| UsageError(format!("--scope: {error}")))?.unwrap_or_default();
    let config = configured(common)?;
    let mut judges = Vec::from_iter((!job.fail_on.is_empty()).then(|| "--fail-on".to_owned()));
    if let Some(preset) = &config.deciders.misses {
        job.fail_on.push(Outcome::Miss);
        judges.push(preset.clone());
    }
    let mut file = job.summary.as_deref().map(created).transpose()?;
    // Before the command: whoever started us may send a signal at once.
    let mut signals = Signals::listen()?;
    let host = Host::open(common, &job, &config).await?;
    let client = host.client();
    let before = client.run(SnapshotRequest {}).await?;
    let since = Since::new(&before, job.scope.clone(), matches!(host, Host::Other { .. }));
    let url = url(host.address());
    let mounts: Vec<_> = config.settings.upstreams.keys().cloned().collect();
    let forwards_nothing = match &host {
        Host::Own(_) => forwards_nothing(&config.settings),
        Host::Other { .. } => !before.mode.forwards(),
    };
    let place = ProxyPlace { url: &url, scope: &scope, mounts: &mounts, forwards_nothing };
    let environment = Environment::new(&place, |name| std::env::var_os(name));
    environment.notes.iter().for_each(|note| say(note));
    match &host {
        Host::Own(_) => say(&format!("proxy on {url}, {}", config.deciders.words(before.mode))),
        Host::Other { .. } => say(&format!("proxy on {url}, mode {} (its own)", before.mode)),
    }
    let mut child = match child::start(&job.command, &environment) {
        Ok(child) => child,
        Err(error) => {
            host.close().await?;
            print::error(&error.to_string());
            return Ok(error.code().into());
        }
    };
    let ended = child::wait(&mut child, &mut signals).await?;
    let code = child::code(ended.status);
    let summed = if ended.hard {
        None
    } else {
        tokio::select! {
            summed = host.summed(&since) => Some(summed?),
            _ = signals.next() => None,
        }
    };
    let Some(summed) = summed else {
        // Who asks twice does not want to wait for a summary.
        if let Client::Local(engine) = &client {
            close_now(engine).await;
        }
        return Ok(code.into());
    };
    job.finish(summed.of(url, code), file.as_mut(), &judges.join(", "))
}

impl RunArgs {
    /// Judges the run, says what became of it, and gives its exit code.
    fn finish(
        &self,
        mut summary: RunSummary,
        file: Option<&mut File>,
        judges: &str,
    ) -> anyhow::Result<ExitCode> {
        summary.failed_on = Outcome::ALL.into_iter().filter(|o| self.fail_on.contains(o)).collect();
        summary.failed_on.retain(|outcome| summary.outcomes.get(outcome).is_some_and(|count| *count > 0));
        let unknown = !self.fail_on.is_empty() && summary.forgotten > 0;
        let failed = !summary.failed_on.is_empty() || unknown;
        if failed && summary.command_exit == 0 {
            summary.exit = Exit::FailOn as u8;
        }
        let json = print::json_text(&summary)?;
        if let Some(file) = file {
            let written = file.write_all(json.as_bytes()).and_then(|()| file.write_all(b"\n"));
            written.map_err(|error| anyhow::anyhow!("the summary could not be written: {error}"))?;
        }
        if self.json {
            print::note(&json);
            return Ok(summary.exit.into());
        }
        summary.lines().iter().for_each(|line| say(line));
        if failed {
            let named = |outcome: &Outcome| {
                format!("{} {}", human::thousands(summary.count(*outcome)), outcome.label())
            };
            let mut named: Vec<_> = summary.failed_on.iter().map(named).collect();
            if unknown {
                named.push("calls that nobody could count".into());
            }
            say(&format!("failed: {} ({judges})", named.join(", ")));
        }
        Ok(summary.exit.into())
    }
}

impl Host {
    /// A proxy of our own, or the owner's where the store has one.
    async fn open(common: &Common, job: &RunArgs, config: &Config) -> anyhow::Result<Self> {
        let error = match RunningProxy::start(&common.store, config).await {
            Ok(running) => {
                running.notices.iter().for_each(|notice| say(&notice.text));
                return Ok(Self::Own(running));
            }
            Err(error) => error,
        };
        let Some(StoreError::InUse { address: Some(address), .. }) = error.downcast_ref() else {
            return Err(error);
        };
        let address = config::address(address)?;
        let (client, _) = Client::open(&common.store, config.settings.clone())?;
        let mode = client.run(SnapshotRequest {}).await?.mode;
        suits(common, address, mode, config)?;
        if job.scope.is_none() {
            say("calls that others make there meanwhile are counted, too; --scope NAME tells them apart");
        }
        Ok(Self::Other { client, address })
    }

    fn address(&self) -> SocketAddr {
        match self {
            Self::Own(running) => running.address,
            Self::Other { address, .. } => *address,
        }
    }

    fn client(&self) -> Client {
        match self {
            Self::Own(running) => Client::Local(running.engine.clone()),
            Self::Other { client, .. } => client.clone(),
        }
    }

    async fn close(self) -> anyhow::Result<()> {
        match self {
            Self::Own(running) => running.stop().await,
            Self::Other { client, .. } => {
                client.close().await;
                Ok(())
            }
        }
    }

    /// Waits for calls under way, lets the store go, and sums up.
    async fn summed(mut self, since: &Since) -> anyhow::Result<RunSummary> {
        let client = self.client();
        match &mut self {
            Self::Own(running) => running.drain().await?,
            Self::Other { client, .. } => settled(client, since).await?,
        }
        let explained = explanations(&client, since).await?;
        self.close().await?;
        // The engine's picture outlives its store, and now holds what was still being recorded.
        Ok(RunSummary::new(since, &client.run(SnapshotRequest {}).await?, &explained))
    }
}

async fn explanations(client: &Client, since: &Since) -> anyhow::Result<Vec<(CallId, Explanation)>> {
    let (calls, _) = since.calls(&client.run(SnapshotRequest {}).await?);
    Ok(summary::explained(client, &calls).await)
}

/// Waits until all our calls at the owner's proxy are done, as long as a proxy of our own would.
async fn settled(client: &Client, since: &Since) -> anyhow::Result<()> {
    const PAUSE: Duration = Duration::from_millis(200);
    let done = |snapshot: &Snapshot| since.calls(snapshot).0.iter().all(|call| call.done);
    let waiting = async {
        while !done(&client.run(SnapshotRequest {}).await?) {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    };
    // What goes on longer is counted as it stands.
    tokio::time::timeout(DRAIN, waiting).await.unwrap_or(Ok(()))
}

/// The proxy's flags that the owner's may not be asked for, whatever they hold.
fn apart(said: &FlagValues) -> Vec<&'static str> {
    let mut flags = said.about_proxy();
    flags.retain(|flag| !matches!(*flag, "--mode" | "--preset"));
    flags
}

/// The configuration, with what people should know about it said.
fn configured(common: &Common) -> anyhow::Result<Config> {
    door::refuse_withheld(common)?;
    let config = Config::read(&on_a_free_port(common).config)?;
    config.granted().iter().for_each(|line| say(line));
    config.warnings.iter().for_each(|warning| say(&warning.to_string()));
    Ok(config)
}

/// Flags with a free port to listen on, unless a flag or the environment names an address.
fn on_a_free_port(common: &Common) -> Common {
    let mut common = common.clone();
    if common.config.layers.environment.listen.is_none() {
        common.config.layers.flags.listen.get_or_insert_with(|| "127.0.0.1:0".into());
    }
    common
}

/// Refuses flags that the owner's proxy does not already meet: they cannot change it.
fn suits(common: &Common, address: SocketAddr, mode: Mode, config: &Config) -> Result<(), UsageError> {
    let layers = [&common.config.layers.flags, &common.config.layers.environment];
    let asked = layers.iter().any(|said| said.mode.is_some() || said.preset.is_some());
    let advice = "stop it, or use another store with --store";
    if asked && config.settings.mode != mode {
        return Err(UsageError(format!(
            "the store's proxy at {address} runs in mode {mode}, not {}: switch it there, {advice}",
            config.settings.mode
        )));
    }
    if config.settings.never_forward {
        return Err(UsageError(format!(
            "the store belongs to the proxy at {address}, and only that one can promise to forward nothing: {advice}"
        )));
    }
    door::refuse_flags_beside(address, &apart(&common.config.layers.flags))?;
    let ignored = apart(&common.config.layers.environment);
    let aside = if ignored.is_empty() {
        String::new()
    } else {
        format!("; the environment's {} means nothing to it", ignored.join(", "))
    };
    say(&format!("the store belongs to the proxy at {address}, which is used{aside}"));
    Ok(())
}

/// The URL by which a child on this machine reaches a proxy that listens there.
fn url(address: SocketAddr) -> String {
    format!("http://{}", reachable(address))
}

fn created(path: &std::path::Path) -> Result<File, UsageError> {
    File::create(path).map_err(|error| UsageError(format!("--summary {}: {error}", path.display())))
}

/// Prints a line on stderr, where the command's own lines are, too.
fn say(text: &str) {
    print::note(&format!("retake: {}", sanitize(text)));
}
