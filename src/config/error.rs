//! The error of a configuration that keeps anything from running with it.

use std::str::FromStr;

use crate::config::file::source::ConfigProblem;

/// A wrong flag, variable or configuration, in sentences for people.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct ConfigError(pub(crate) String);

impl From<Vec<ConfigProblem>> for ConfigError {
    /// All problems, a line each.
    fn from(problems: Vec<ConfigProblem>) -> Self {
        Self(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }
}

/// The value of a flag or variable with this name.
pub(crate) fn flag<T: FromStr<Err: std::fmt::Display>>(
    name: &str,
    value: Option<&str>,
) -> Result<Option<T>, ConfigError> {
    value.map(|value| value.parse().map_err(|error| ConfigError(format!("{name}: {error}")))).transpose()
}
