//! The way to a store: in this process, or in the one that owns it.

use std::process::ExitCode;

use super::common::Common;
use super::exit::{NotFound, UsageError};
use super::print;
use super::progress::Progress;
use crate::client::Client;
use crate::config::Config;
use crate::store;

/// Refuses a verb that would ask upstreams, scrub or explain otherwise than the configuration says, because nobody vouches
/// for that. The owner of a store has settings of its own.
pub(crate) fn refuse_withheld(common: &Common) -> anyhow::Result<()> {
    if store::owner(&common.store).is_none_or(|owner| owner.address.is_none()) {
        Config::read(&common.config)?.refuse_withheld()?;
    }
    Ok(())
}

/// Does something at the client of a store that must be there, and closes that.
pub(crate) async fn at_store(
    common: &Common,
    work: impl AsyncFnOnce(&Client) -> anyhow::Result<ExitCode>,
) -> anyhow::Result<ExitCode> {
    let client = open(common)?;
    let done = work(&client).await;
    client.close().await;
    done
}

/// Opens the store where an upstream may be asked. The owner of the store goes by its own settings: it is not asked for
/// what the flags or a ceiling here do not want.
pub(crate) async fn at_upstream_store(
    common: &Common,
    work: impl AsyncFnOnce(&Client) -> anyhow::Result<ExitCode>,
) -> anyhow::Result<ExitCode> {
    let ceiling = Config::read(&common.config)?.deciders.ceiling;
    at_store(common, async |client| {
        if let Client::Remote(owner) = client {
            refuse_flags_beside(owner.base(), &common.config.layers.flags.about_proxy())?;
            if let Some(by) = ceiling {
                return Err(UsageError(format!(
                    "nothing is forwarded ({by}), and the store belongs to the proxy at {}: only that one can promise so",
                    owner.base()
                ))
                .into());
            }
        }
        work(client).await
    })
    .await
}

/// Opens a store, and makes it where there is none.
pub(crate) async fn at_new_store(
    common: &Common,
    work: impl AsyncFnOnce(&Client) -> anyhow::Result<ExitCode>,
) -> anyhow::Result<ExitCode> {
    let client = opened(common)?;
    let done = work(&client).await;
    client.close().await;
    done
}

/// The client of a store that must be there: a look must not create one.
pub(crate) fn open(common: &Common) -> anyhow::Result<Client> {
    if !Client::exists(&common.store) {
        let text = format!(
            "there is no store at {}; `retake serve` makes one, --store names another",
            common.store.display()
        );
        return Err(NotFound(text).into());
    }
    opened(common)
}

fn opened(common: &Common) -> anyhow::Result<Client> {
    let config = Config::read(&common.config)?;
    // It takes its time where the index is made anew, or another short command has the store.
    let opening = Progress::start("opening the store", None);
    let (client, notices) = Client::open(&common.store, config.settings)?;
    opening.done();
    for notice in &notices {
        print::note(&notice.text);
    }
    Ok(client)
}

/// Refuses flags about a proxy where one runs already: it goes by its own.
pub(crate) fn refuse_flags_beside(
    address: impl std::fmt::Display,
    typed: &[&'static str],
) -> Result<(), UsageError> {
    if typed.is_empty() {
        return Ok(());
    }
    Err(UsageError(format!(
        "the store belongs to the proxy at {address}, to which {} means nothing: leave it out, stop that proxy, or use \
         another store with --store",
        typed.join(", ")
    )))
}
