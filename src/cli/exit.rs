//! Exit codes, and how errors are said.

use std::process::ExitCode;

use tokio::signal::unix::SignalKind;

use super::print;
use crate::client::ClientError;
use crate::config::ConfigError;
use crate::engine::{Blame, EngineError};
use crate::store::StoreError;
use crate::upstream::UpstreamError;

/// The exit codes of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    NotFound = 1,
    Usage = 2,
    Store = 3,
    Upstream = 4,
    /// A call of a run was what must not be.
    FailOn = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A wrong flag, configuration or environment.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct UsageError(pub(super) String);

impl From<ConfigError> for UsageError {
    fn from(error: ConfigError) -> Self {
        Self(error.0)
    }
}

/// Something that was asked for is not there.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct NotFound(pub(super) String);

/// Prints an error on stderr, in one line, and gives its exit code.
pub(super) fn report(error: &anyhow::Error) -> ExitCode {
    print::error(&format!("{error:#}"));
    if let Some(StoreError::InUse { address: Some(_), .. }) = error.downcast_ref() {
        print::note(
            "`retake` shows it, and all verbs but those that run a proxy work beside it; --store DIR uses another store",
        );
    }
    exit(error).into()
}

/// The exit code of a program that a signal cut short, as a shell says it.
pub(super) fn of_signal(signal: SignalKind) -> ExitCode {
    u8::try_from(128 + signal.as_raw_value()).unwrap_or(u8::MAX).into()
}

fn exit(error: &anyhow::Error) -> Exit {
    if error.is::<UsageError>() || error.is::<ConfigError>() {
        return Exit::Usage;
    }
    if let Some(error) = error.downcast_ref::<ClientError>() {
        return of_client(error);
    }
    if error.is::<StoreError>() {
        return Exit::Store;
    }
    if error.is::<UpstreamError>() { Exit::Upstream } else { Exit::NotFound }
}

/// The owner of the store says the same of a wrong question as this process would. It is no upstream: who cannot reach it
/// cannot use the store.
fn of_client(error: &ClientError) -> Exit {
    match error {
        ClientError::Verb(error) => match error.blame() {
            Blame::Missing | Blame::Conflict => Exit::NotFound,
            Blame::Wrong | Blame::Consent => Exit::Usage,
            Blame::Store => Exit::Store,
            Blame::Upstream => Exit::Upstream,
        },
        ClientError::Refused { status: 400, .. }
        | ClientError::Engine(EngineError::Settings(_))
        | ClientError::NoRetake { .. }
        | ClientError::OtherVersion { .. }
        | ClientError::NoToken { .. }
        | ClientError::WrongToken { .. } => Exit::Usage,
        ClientError::Refused { status: 404 | 409, .. } => Exit::NotFound,
        ClientError::Refused { status: 502, .. } => Exit::Upstream,
        ClientError::Engine(EngineError::Store(_))
        | ClientError::Unreachable { .. }
        | ClientError::Elsewhere { .. }
        | ClientError::Refused { .. }
        | ClientError::Store(_) => Exit::Store,
    }
}
