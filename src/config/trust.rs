//! Trust in a project's configuration file, and the record of what people trusted.
//!
//! Trust is given to a content at a place: a file in the state directory of the person, named by the SHA-256 of the
//! file's real path and that of its text. A file that changes, or another one of the same text, is a stranger again.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;

use crate::config::error::ConfigError;
use crate::config::file::source::ConfigSource;
use crate::model::Hash;

/// The content of a file at its place, as trust is given to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TrustedContent {
    path: PathBuf,
    content: Hash,
}

impl TrustedContent {
    /// The content of a file; `None` where there is no file.
    pub(crate) fn of(source: &ConfigSource) -> Option<Self> {
        let path = source.path.as_ref()?;
        Some(Self { path: real(path), content: Hash::of(source.text.as_bytes()) })
    }

    /// The SHA-256 of the file's text.
    pub(crate) fn content(&self) -> Hash {
        self.content
    }

    /// The file, with all links followed.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// True if somebody trusted it.
    pub(crate) fn is_granted(&self) -> bool {
        let entry = folder().map(|folder| folder.join(self.entry()));
        entry.is_some_and(|entry| entry.symlink_metadata().is_ok_and(|about| about.is_file()))
    }

    /// Trusts it from now on.
    pub(crate) fn grant(&self) -> Result<(), ConfigError> {
        let folder = folder().ok_or_else(no_folder)?;
        let entry = folder.join(self.entry());
        let written = DirBuilder::new().recursive(true).mode(0o700).create(&folder).and_then(|()| {
            let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&entry);
            // For people who look into the folder; the name alone counts.
            made.and_then(|mut made| writeln!(made, "{}", self.path.display()))
        });
        match written {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                Err(ConfigError(format!("the trust cannot be kept in {}: {error}", folder.display())))
            }
            _ => Ok(()),
        }
    }

    fn entry(&self) -> String {
        format!("{}-{}", place(&self.path), self.content)
    }
}

/// Trusts nothing any more that the file at `path` held; gives how many contents were trusted.
pub(crate) fn revoke(path: &Path) -> Result<usize, ConfigError> {
    let folder = folder().ok_or_else(no_folder)?;
    let begin = format!("{}-", place(&real(path)));
    let wrong = |error: io::Error| {
        ConfigError(format!("the trust in {} cannot be revoked: {error}", folder.display()))
    };
    let entries = match folder.read_dir() {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(wrong(error)),
    };
    let mut revoked = 0;
    for entry in entries {
        let entry = entry.map_err(wrong)?;
        if entry.file_name().to_string_lossy().starts_with(&begin) {
            std::fs::remove_file(entry.path()).map_err(wrong)?;
            revoked += 1;
        }
    }
    Ok(revoked)
}

/// The folder of trusted contents; `None` where the system does not say.
fn folder() -> Option<PathBuf> {
    let dirs = etcetera::choose_base_strategy().ok()?;
    let state = dirs.state_dir().unwrap_or_else(|| dirs.data_dir());
    // A relative one would lie in the project, which must not vouch for itself.
    state.is_absolute().then(|| state.join("retake/trusted"))
}

fn no_folder() -> ConfigError {
    ConfigError(
        "there is no directory to keep trust in: HOME is not set; --trust trusts a file for one run".into(),
    )
}

/// The path with all links followed, of a file that is gone as far as they can be.
fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let parent = parent.canonicalize().unwrap_or_else(|_| parent.into());
        path.file_name().map_or_else(|| parent.clone(), |name| parent.join(name))
    })
}

fn place(path: &Path) -> Hash {
    Hash::of(path.as_os_str().as_encoded_bytes())
}
