//! Reasons why a verb could not be carried out, here or there.

use std::path::PathBuf;

use crate::engine::{Blame, EngineError, VerbError};
use crate::store::StoreError;

/// A verb that could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The store said no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine could not be set up.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The owner could not be reached, or fell silent in the middle of an answer.
    #[error("the retake at {base}{} does not answer: {reason}{}", holder(*.process), wake(*.process, *.silent))]
    Unreachable {
        /// URL.
        base: String,
        /// Process; none where it was found by its URL.
        process: Option<u32>,
        /// The failure, in words.
        reason: String,
        /// True if it takes connections and says nothing: it may have been stopped.
        silent: bool,
    },
    /// An address where another program answers.
    #[error(
        "what answers at {base} is not a retake; give the URL that the proxy listens on, such as http://127.0.0.1:4010"
    )]
    NoRetake {
        /// The URL.
        base: String,
    },
    /// An address where another program answers, although the store names it.
    #[error(
        "what answers at {base} is not the retake that owns {}, although its LOCK says so: does that run in a container, \
         or on another machine?", store.display()
    )]
    Elsewhere {
        /// The URL.
        base: String,
        /// The store.
        store: PathBuf,
    },
    /// A retake that speaks another control API.
    #[error(
        "the retake at {base} is version {theirs} and this one is {ours}; use the same version on both sides"
    )]
    OtherVersion {
        /// URL.
        base: String,
        /// The version of the other side.
        theirs: String,
        /// The version of this program.
        ours: &'static str,
    },
    /// No token is known.
    #[error(
        "the retake at {base} needs a token and no running retake owns {}: give the token of the LOCK file in its \
         store with --token or RETAKE_TOKEN", store.display()
    )]
    NoToken {
        /// URL.
        base: String,
        /// The store in which one was looked for.
        store: PathBuf,
    },
    /// The token is not the right one.
    #[error(
        "the retake at {base} does not take the token: it stands in the LOCK file of its store, and is another one at \
         each start; give it with --token or RETAKE_TOKEN"
    )]
    WrongToken {
        /// URL.
        base: String,
    },
    /// The owner refused, or answered something else.
    #[error("{}{message}", match status { 400..=409 | 502 => String::new(), _ => format!("the process that owns the store answered {status}: ") })]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The message of the owner.
        message: String,
    },
    /// The verb cannot be carried out.
    #[error(transparent)]
    Verb(#[from] VerbError),
}

/// The advice about an owner that fell silent.
fn wake(process: Option<u32>, silent: bool) -> String {
    let stopped = |pid| format!("; if it was stopped, `kill -CONT {pid}` lets it go on");
    process.filter(|_| silent).map(stopped).unwrap_or_default()
}

fn holder(process: Option<u32>) -> String {
    process.map(|process| format!(" (process {process}, which holds the store)")).unwrap_or_default()
}

impl ClientError {
    /// True if it could be done by somebody who agrees to what it costs; the text says what that is.
    #[must_use]
    pub fn wants_consent(&self) -> bool {
        match self {
            Self::Verb(error) => error.blame() == Blame::Consent,
            Self::Refused { status, .. } => *status == 402,
            _ => false,
        }
    }
}
