//! Errors of the store, in sentences that say what to do.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::model::RecordingId;

/// A failure of the store. It can be cloned because one failed write is the answer to all who waited for it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process owns the store.
    #[error("the store {} is in use by {}{}", .dir.display(), process(*pid), address.as_ref().map(|a| format!(" at {a}")).unwrap_or_default())]
    InUse {
        /// The store's directory.
        dir: PathBuf,
        /// The owner; 0 when it has not said yet, or its `LOCK` was deleted.
        pid: u32,
        /// The address on which the owner listens; `None` for a short command.
        address: Option<String>,
    },
    /// A newer retake wrote it.
    #[error("{} has format version {found}, and this retake reads versions up to {known}: use a newer retake", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version found.
        found: u32,
        /// The newest version that can be read.
        known: u32,
    },
    /// A folder that is no store, or one in which the part that all else hangs on is damaged.
    #[error("{} {problem}; {advice}", .path.display())]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// The problem, in words.
        problem: String,
        /// Advice for people.
        advice: &'static str,
    },
    /// The file system refused.
    #[error("cannot {action} {}: {cause}{}", .path.display(), advice(.cause))]
    Io {
        /// The action that was tried.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The answer.
        cause: Arc<io::Error>,
    },
    /// A stored body is missing or is not what was stored; it is never served.
    #[error("the body in {}{} {problem}; it is not served: restore the file from a backup, or delete the recording and record anew",
        .path.display(), recording.as_ref().map(|id| format!(" of {id}")).unwrap_or_default())]
    Body {
        /// The file that holds it or should.
        path: PathBuf,
        /// The recording it was read for; none for a body asked for by its hash.
        recording: Option<RecordingId>,
        /// The problem, in words.
        problem: String,
    },
    /// The store only reads: it cannot be written at all, or a write failed in a way that leaves no safe way on.
    #[error("{reason}; recordings are served, and nothing is recorded or changed")]
    ReadOnly {
        /// The reason, in words.
        reason: String,
    },
    /// The store was taken away while it was in use.
    #[error(
        "the store {} was removed or replaced while it was in use, and nothing is recorded any more: restart retake", .dir.display()
    )]
    Gone {
        /// The store's directory.
        dir: PathBuf,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

/// The reason why the index cannot be used any longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct IndexError(pub(super) String);

/// The reason why the index was not used, or a store could not be read or written.
pub(super) enum IndexProblem {
    Index(IndexError),
    Store(StoreError),
}

impl StoreError {
    /// Makes an error of what the file system answered, for `map_err`.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |cause| Self::Io { action, path, cause: Arc::new(cause) }
    }

    /// True if writing failed for a reason that leaves all there is to be read.
    pub(super) fn unwritable(&self) -> bool {
        let Self::Io { cause, .. } = self else { return false };
        is_full(cause)
            || matches!(cause.kind(), io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied)
    }

    /// Names the recording that a body was read for.
    pub(super) fn of_recording(self, id: &RecordingId) -> Self {
        match self {
            Self::Body { path, problem, .. } => Self::Body { path, problem, recording: Some(id.clone()) },
            other => other,
        }
    }
}

impl fmt::Display for IndexProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(IndexError(reason)) => f.write_str(reason),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl IndexProblem {
    pub(super) fn doubt(reason: &str) -> Self {
        Self::Index(IndexError(reason.into()))
    }
}

impl From<IndexError> for IndexProblem {
    fn from(error: IndexError) -> Self {
        Self::Index(error)
    }
}

impl From<StoreError> for IndexProblem {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn process(pid: u32) -> String {
    match pid {
        0 => "a process that does not say who it is: end it, or try again in a moment".into(),
        pid => format!("process {pid}"),
    }
}

/// True if a write failed for want of space, which may be there the next time.
pub(super) fn is_full(cause: &io::Error) -> bool {
    let kinds = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded, io::ErrorKind::FileTooLarge];
    kinds.contains(&cause.kind())
}

fn advice(cause: &io::Error) -> &'static str {
    match cause.kind() {
        _ if is_full(cause) => "; free some space and try again",
        io::ErrorKind::PermissionDenied => "; check that you own it and may write to it",
        io::ErrorKind::ReadOnlyFilesystem => "; choose a store on a writable file system",
        _ => "",
    }
}
