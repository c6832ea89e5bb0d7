//! `retake` and `retake tui`: the workbench, with the proxy inside.

use std::process::ExitCode;

use super::screens::{Screens, refuse_without_terminal};
use crate::cli::common::Common;
use crate::cli::serve::attach;
use crate::cli::serve::running::{RunningProxy, log_to_file};
use crate::cli::{exit, print};
use crate::client::Client;
use crate::config::{Config, WorkbenchStart};
use crate::engine::Engine;
use crate::model::Outcome;
use crate::reading::human;
use crate::store::StoreError;
use crate::terminal::Signals;

pub(crate) async fn run(common: &Common, screens: Screens) -> anyhow::Result<ExitCode> {
    refuse_without_terminal()?;
    let Some(config) = screens.consented(&common.config).await? else { return Ok(ExitCode::SUCCESS) };
    screens.refuse_wrong_look(&common.config, &config.look)?;
    log_to_file();
    let running = match RunningProxy::start(&common.store, &config).await {
        Err(error) if is_served(&error) => return attach::beside(common, &config, screens, error).await,
        running => running?,
    };
    let shown = (screens.workbench)(Client::Local(running.engine.clone()), start(&running, &config)).await;
    let summary = summary(&running.engine);
    // A signal that ended the screen is not counted again.
    let cut_short = running.stop_or(&mut Signals::listen()?).await?;
    shown?;
    print::note(&summary);
    Ok(cut_short.map_or(ExitCode::SUCCESS, exit::of_signal))
}

/// True if a store could not be had because a proxy runs on it.
fn is_served(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(StoreError::InUse { address: Some(_), .. }))
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

fn start(running: &RunningProxy, config: &Config) -> WorkbenchStart {
    WorkbenchStart {
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

/// The targets of forwarded calls, in a few words.
fn upstream(config: &Config) -> String {
    let settings = &config.settings;
    match settings.upstreams.get("openai") {
        _ if settings.never_forward => "nowhere (never forward)".into(),
        Some(openai) => format!("{} +{}", openai.host(), settings.upstreams.len() - 1),
        None => format!("{} upstreams", settings.upstreams.len()),
    }
}
