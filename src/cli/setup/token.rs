//! `retake token`: what opens the control API of the retake that runs on a store.

use std::process::ExitCode;

use crate::cli::common::Common;
use crate::cli::exit::NotFound;
use crate::cli::print;
use crate::store;

/// Prints the token, for the header `authorization: Bearer TOKEN`.
pub(crate) fn run(common: &Common) -> anyhow::Result<ExitCode> {
    let owner = store::owner(&common.store).filter(|owner| owner.address.is_some());
    let owner = owner.ok_or_else(|| {
        NotFound(format!(
            "no retake runs on {}, so there is no token: start one with `retake` or `retake serve`, or name its store \
             with --store DIR",
            common.store.display()
        ))
    })?;
    print::line(&owner.token);
    Ok(ExitCode::SUCCESS)
}
