//! A configuration file's text: where it came from, who vouches for it, and problems with their lines.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::reading::{sanitize, sanitize_lines};

/// The configuration's file name.
pub(crate) const FILE: &str = "retake.toml";

/// A file that was read: its name, and what it says.
#[derive(Debug, Default)]
pub(crate) struct ConfigSource {
    /// `None` where there is no file.
    pub(crate) path: Option<PathBuf>,
    pub(crate) text: String,
    pub(crate) trust: Trust,
    /// Offsets at which its lines begin, once somebody asked.
    pub(crate) lines: OnceLock<Vec<usize>>,
}

/// The reason to trust a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Trust {
    /// No reason: it lay where the program runs.
    #[default]
    Nobody,
    /// A name on the command line or in the environment, or the person's own file.
    Named,
    /// Consent for this run.
    ThisRun,
    /// Consent to this content, given before.
    Granted,
}

impl Trust {
    /// True if anybody does.
    pub(crate) fn is_given(self) -> bool {
        self != Self::Nobody
    }

    /// The reason in a few words.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Nobody => "not trusted",
            Self::Named => "it is named with --config or RETAKE_CONFIG",
            Self::ThisRun => "--trust",
            Self::Granted => "`retake trust`",
        }
    }
}

/// Something wrong in a configuration file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub(crate) struct ConfigProblem {
    /// The file.
    pub(crate) file: String,
    /// The line, from 1.
    pub(crate) line: Option<usize>,
    /// The key, where one is to blame.
    pub(crate) key: Option<String>,
    /// The problem, and what is expected.
    pub(crate) text: String,
    /// True if the file can be used all the same.
    pub(crate) warning: bool,
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "in {}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(key) = &self.key {
            write!(f, ", key `{key}`")?;
        }
        write!(f, ": {}", self.text)
    }
}

impl ConfigSource {
    pub(crate) fn name(&self) -> String {
        let default = Path::new(crate::config::FILE);
        self.path.as_deref().unwrap_or(default).display().to_string()
    }

    /// The folder that paths in it begin from.
    pub(crate) fn folder(&self) -> &Path {
        self.path.as_deref().and_then(Path::parent).unwrap_or(Path::new(""))
    }

    /// The line of a byte, from 1.
    pub(crate) fn line(&self, at: usize) -> usize {
        let begins = |text: &str| text.match_indices('\n').map(|(at, _)| at).collect();
        self.lines.get_or_init(|| begins(&self.text)).partition_point(|end| *end < at) + 1
    }

    pub(crate) fn problem(
        &self,
        at: Option<Range<usize>>,
        key: &str,
        text: impl fmt::Display,
    ) -> ConfigProblem {
        ConfigProblem {
            file: self.name(),
            line: at.map(|at| self.line(at.start)),
            key: (!key.is_empty()).then(|| sanitize(key).into_owned()),
            text: sanitize_lines(text.to_string().trim_end()).into_owned(),
            warning: false,
        }
    }
}
