//! The layers above the configuration file: flags and environment, as whoever read them hands them in.

use std::path::{Path, PathBuf};

use crate::config::error::ConfigError;
use crate::config::file::source::{ConfigSource, FILE, Trust};
use crate::config::trust::TrustedContent;
use crate::reading::{SMALL_FILE, regular_text};

/// The place of the configuration, and the layers that go before it.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConfigInputs {
    /// The file that somebody named; `None` takes the one in `folder`, which may be missing.
    pub(crate) file: Option<PathBuf>,
    /// The project's folder; empty where that is the working directory.
    pub(crate) folder: PathBuf,
    /// The sentence about a project that is elsewhere.
    pub(crate) discovered: Option<String>,
    pub(crate) layers: Layers,
}

/// The values of one layer of configuration: the flags, or the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FlagValues {
    pub(crate) store: Option<PathBuf>,
    pub(crate) config: Option<PathBuf>,
    /// True if a project's file is trusted for this run.
    pub(crate) trust: bool,
    pub(crate) listen: Option<String>,
    pub(crate) mode: Option<String>,
    pub(crate) preset: Option<String>,
    pub(crate) strategy: Option<String>,
    /// Each `NAME=URL`.
    pub(crate) upstreams: Vec<String>,
    /// A ceiling: a layer that says nothing does not lift it.
    pub(crate) never_forward: bool,
    pub(crate) no_scrub: Option<bool>,
}

/// The layers that go before the configuration file, the flags first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layers {
    pub(crate) flags: FlagValues,
    pub(crate) environment: FlagValues,
}

impl FlagValues {
    /// The flags about a proxy that have a value, as people type them.
    pub(crate) fn about_proxy(&self) -> Vec<&'static str> {
        let said = [
            (self.listen.is_some(), "--listen"),
            (self.mode.is_some(), "--mode"),
            (self.preset.is_some(), "--preset"),
            (self.strategy.is_some(), "--match"),
            (!self.upstreams.is_empty(), "--upstream"),
            (self.never_forward, "--never-forward"),
            (self.no_scrub.is_some(), "--no-scrub"),
        ];
        said.into_iter().filter(|(is, _)| *is).map(|(_, flag)| flag).collect()
    }
}

impl ConfigInputs {
    /// The file that is read.
    pub(crate) fn path(&self) -> PathBuf {
        self.file.clone().unwrap_or_else(|| self.folder.join(FILE))
    }

    /// Text, and who vouches for it.
    pub(crate) fn source(&self) -> Result<ConfigSource, ConfigError> {
        let mut source = source(&self.path(), self.file.is_some())?;
        if self.layers.flags.trust && !source.trust.is_given() {
            source.trust = Trust::ThisRun;
        }
        Ok(source)
    }
}

/// The text of a file, which must be there where somebody `named` it.
pub(crate) fn source(path: &Path, named: bool) -> Result<ConfigSource, ConfigError> {
    match regular_text(path, SMALL_FILE) {
        Ok(text) => {
            let trust = if named { Trust::Named } else { Trust::Nobody };
            let mut source = ConfigSource { path: Some(path.into()), text, trust, ..ConfigSource::default() };
            if !named && TrustedContent::of(&source).is_some_and(|trusted| trusted.is_granted()) {
                source.trust = Trust::Granted;
            }
            Ok(source)
        }
        Err(error) if !named && error.kind() == std::io::ErrorKind::NotFound => Ok(ConfigSource::default()),
        Err(error) => {
            Err(ConfigError(format!("the configuration {} cannot be read: {error}", path.display())))
        }
    }
}
