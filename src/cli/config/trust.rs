//! Who vouches for a project's configuration file, and the record of what people trusted.
//!
//! Trust is given to a content at a place: a file in the state directory of the person, named by the SHA-256 of the
//! file's real path and that of its text. A file that changes, or another one of the same text, is a stranger again.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;

use super::file::Source;
use super::keys::NeededBy;
use super::{Config, Privilege, all, source};
use crate::cli::exit::Usage;
use crate::model::Hash;
use crate::reading::sanitize;

/// Who vouches for a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Nobody: it lay where the program runs.
    #[default]
    Nobody,
    /// Somebody named it on the command line or in the environment, or it is their own.
    Named,
    /// Somebody said so for this run.
    ThisRun,
    /// Somebody trusted this content before.
    Granted,
}

impl Trust {
    /// Whether anybody does.
    pub(crate) fn is_given(self) -> bool {
        self != Self::Nobody
    }

    /// How that came about, in a few words.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Nobody => "not trusted",
            Self::Named => "it is named with --config or RETAKE_CONFIG",
            Self::ThisRun => "--trust",
            Self::Granted => "`retake trust`",
        }
    }
}

/// The content of a file at its place, as trust is given to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trusted {
    path: PathBuf,
    content: Hash,
}

impl Trusted {
    /// That of a file; none where there is no file.
    pub(super) fn of(source: &Source) -> Option<Self> {
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

    /// Whether somebody trusted it.
    pub(super) fn is_granted(&self) -> bool {
        let entry = folder().map(|folder| folder.join(self.entry()));
        entry.is_some_and(|entry| entry.symlink_metadata().is_ok_and(|about| about.is_file()))
    }

    /// Trusts it from now on.
    pub(crate) fn grant(&self) -> Result<(), Usage> {
        let folder = folder().ok_or_else(no_folder)?;
        let entry = folder.join(self.entry());
        let written = DirBuilder::new().recursive(true).mode(0o700).create(&folder).and_then(|()| {
            let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&entry);
            // For people who look into the folder; the name alone counts.
            made.and_then(|mut made| writeln!(made, "{}", self.path.display()))
        });
        match written {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                Err(Usage(format!("the trust cannot be kept in {}: {error}", folder.display())))
            }
            _ => Ok(()),
        }
    }

    fn entry(&self) -> String {
        format!("{}-{}", place(&self.path), self.content)
    }
}

/// Trusts nothing any more that the file at `path` held; gives how many contents were trusted.
pub(crate) fn revoke(path: &Path) -> Result<usize, Usage> {
    let folder = folder().ok_or_else(no_folder)?;
    let begin = format!("{}-", place(&real(path)));
    let wrong =
        |error: io::Error| Usage(format!("the trust in {} cannot be taken back: {error}", folder.display()));
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

/// Where trust is kept; none where the system does not say.
fn folder() -> Option<PathBuf> {
    let dirs = etcetera::choose_base_strategy().ok()?;
    let state = dirs.state_dir().unwrap_or_else(|| dirs.data_dir());
    // A relative one would lie in the project, which must not vouch for itself.
    state.is_absolute().then(|| state.join("retake/trusted"))
}

fn no_folder() -> Usage {
    Usage("there is no directory to keep trust in: HOME is not set; --trust trusts a file for one run".into())
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

/// What to trust of a file, and what that would let it do; none where there is no file.
pub(in crate::cli) fn privileges(path: &Path) -> Result<(Option<Trusted>, Vec<Privilege>), Usage> {
    let source = source(path, false)?;
    let parsed = source.parsed().map_err(|problems| all(&problems))?;
    Ok((Trusted::of(&source), parsed.privileges))
}

// === impl Config ===

impl Config {
    /// What the file wants and nobody vouches for.
    pub(in crate::cli) fn withheld(&self) -> &[Privilege] {
        if self.trust.is_given() { &[] } else { &self.privileges }
    }

    /// Refuses to run a proxy without what the file wants for it.
    pub(in crate::cli) fn refuse_withheld(&self) -> Result<(), Usage> {
        let lines = self.withheld().iter().filter(|one| one.needed_by == NeededBy::Proxy);
        let lines: Vec<_> = lines.map(|one| format!("\n  {one}")).collect();
        if lines.is_empty() {
            return Ok(());
        }
        Err(Usage(format!(
            "{} is not trusted, and says what only a trusted file may:{}\nlook at it, then `retake trust` lets this \
             content do so from now on, and --trust for one run",
            sanitize(&self.file),
            lines.concat()
        )))
    }

    /// What the file may do because somebody vouches for it; none where it wants nothing.
    pub(in crate::cli) fn granted(&self) -> Option<String> {
        let listed: Vec<_> =
            self.privileges.iter().map(|one| format!("{} = {}", one.key, one.value)).collect();
        (self.trust.is_given() && !listed.is_empty()).then(|| {
            format!("{} is trusted ({}): {}", sanitize(&self.file), self.trust.reason(), listed.join(", "))
        })
    }
}
