//! `retake attach`, and `retake` beside a proxy that runs on the same store: the screen of another process.

use std::process::ExitCode;

use super::screens::{Screens, refuse_without_terminal};
use crate::cli::common::Common;
use crate::cli::exit::UsageError;
use crate::cli::serve::running::log_to_file;
use crate::cli::{door, print};
use crate::client::{Client, ControlClient};
use crate::config::{Config, WorkbenchStart};
use crate::model::{Level, Notice};
use crate::upstream::Base;

/// Arguments of `retake attach`.
#[derive(clap::Args)]
pub(crate) struct AttachArgs {
    /// Its URL, such as `http://127.0.0.1:4010` or `https://retake.example`
    url: String,
    /// The token in the LOCK file of its store [default: that of the running retake on --store]
    #[arg(long, value_name = "TOKEN", env = "RETAKE_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

pub(crate) async fn run(common: &Common, place: AttachArgs, screens: Screens) -> anyhow::Result<ExitCode> {
    let base: Base = place.url.parse().map_err(|error| UsageError(format!("{error}")))?;
    refuse_without_terminal()?;
    let Some(config) = screens.consented(&common.config).await? else { return Ok(ExitCode::SUCCESS) };
    screens.refuse_wrong_look(&common.config, &config.look)?;
    log_to_file();
    let token = place.token.filter(|token| !token.is_empty());
    let notices = in_the_clear(&base).into_iter().collect();
    let owner = ControlClient::at_url(base, token, &common.store).await?;
    shown(owner, &config, notices, screens).await
}

/// Attaches to the proxy that runs on the store, for which opening it failed with `in_use`.
pub(crate) async fn beside(
    common: &Common,
    config: &Config,
    screens: Screens,
    in_use: anyhow::Error,
) -> anyhow::Result<ExitCode> {
    let Some(owner) = ControlClient::of(&common.store) else { return Err(in_use) };
    door::refuse_flags_beside(owner.base(), &common.config.layers.flags.about_proxy())?;
    let ignored = common.config.layers.environment.about_proxy();
    let text = format!(
        "a retake runs on this store and this is its screen: the environment's {} has no effect on it",
        ignored.join(", ")
    );
    let notice = Notice { level: Level::Warning, text };
    let notices = (!ignored.is_empty()).then_some(notice).into_iter().collect();
    shown(owner, config, notices, screens).await
}

async fn shown(
    owner: ControlClient,
    config: &Config,
    notices: Vec<Notice>,
    screens: Screens,
) -> anyhow::Result<ExitCode> {
    let base = owner.base();
    let address = base.as_str().strip_prefix("http://").unwrap_or(base.as_str()).to_owned();
    (screens.workbench)(Client::Remote(owner), start(address.clone(), config, notices)).await?;
    print::note(&format!("the proxy at {address} goes on"));
    Ok(ExitCode::SUCCESS)
}

fn start(address: String, config: &Config, notices: Vec<Notice>) -> WorkbenchStart {
    WorkbenchStart {
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

/// The notice about a URL whose traffic others can read.
fn in_the_clear(base: &Base) -> Option<Notice> {
    let open = base.as_str().starts_with("http://") && !base.is_loopback();
    let text = format!(
        "the token and all that is shown go to {} unencrypted; https:// would hide them",
        base.host()
    );
    open.then_some(Notice { level: Level::Warning, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_can_read_is_said_to_be() {
        let said = |url: &str| in_the_clear(&url.parse().unwrap()).map(|notice| notice.text);
        assert!(said("http://build-7:4010").unwrap().contains("build-7:4010 unencrypted"));
        for fine in
            ["https://build-7:4010", "http://127.0.0.1:4010", "http://localhost:4010", "http://[::1]:4010"]
        {
            assert_eq!(said(fine), None, "{fine}");
        }
    }
}
