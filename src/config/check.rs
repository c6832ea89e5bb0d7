//! A configuration looked through, with nothing of it carried out.

use std::path::{Path, PathBuf};

use crate::config::error::ConfigError;
use crate::config::file::ParsedFile;
use crate::config::file::privilege::Privilege;
use crate::config::file::source::{ConfigProblem, ConfigSource, Trust};
use crate::config::inputs::{ConfigInputs, Layers, source};
use crate::config::settings::settled;
use crate::config::trust::TrustedContent;
use crate::config::{Config, look};

/// A configuration, and what is wrong with it.
pub(crate) struct Checked {
    /// The file's name.
    pub(crate) file: String,
    /// True if it is there.
    pub(crate) exists: bool,
    pub(crate) problems: Vec<ConfigProblem>,
    pub(crate) trust: Trust,
    /// Keys that only a trusted file may hold.
    pub(crate) privileges: Vec<Privilege>,
}

impl Checked {
    /// True if it can be used.
    pub(crate) fn usable(&self) -> bool {
        self.problems.iter().all(|problem| problem.warning)
    }
}

/// The reason why a value is not in force.
fn untrusted(privilege: &Privilege) -> String {
    format!("{}: not in force until `retake trust`, as {}", privilege.value, privilege.does)
}

/// Looks a configuration through: this file, or the one that would be read.
pub(crate) fn checked(inputs: &ConfigInputs, file: Option<PathBuf>) -> Result<Checked, ConfigError> {
    let named = file.or_else(|| inputs.file.clone());
    let must = named.is_some();
    let path = named.unwrap_or_else(|| inputs.path());
    let found = source(&path, must)?;
    let real = found.trust;
    // Nothing of it is carried out here, and all of it is looked at.
    let source = ConfigSource { trust: Trust::Named, ..found };
    let (mut problems, privileges) = match source.parsed() {
        Ok(ParsedFile { file, privileges, mut problems }) => {
            drop(settled(&source, &file, &mut problems));
            (problems, privileges)
        }
        Err(wrong) => (wrong, Vec::new()),
    };
    if problems.iter().all(|problem| problem.warning) {
        let own = look::own()?;
        match look::own_values(&own) {
            Err(wrong) => problems.extend(wrong),
            // What only all of it together can show: an address that is none, an upstream that is the proxy itself.
            Ok(_) => match Config::from(&source, &own, &path, &Layers::default()) {
                Ok(config) => problems = config.warnings,
                Err(error) => problems.push(source.problem(None, "", error)),
            },
        }
    }
    let trust = if inputs.layers.flags.trust && !real.is_given() { Trust::ThisRun } else { real };
    if !trust.is_given() {
        problems.extend(privileges.iter().map(|one| ConfigProblem {
            line: Some(one.line),
            warning: true,
            ..source.problem(None, &one.key, untrusted(one))
        }));
    }
    Ok(Checked { file: source.name(), exists: source.path.is_some(), problems, trust, privileges })
}

/// The content to trust of a file, and what that would let it do; `None` where there is no file.
pub(crate) fn privileges(path: &Path) -> Result<(Option<TrustedContent>, Vec<Privilege>), ConfigError> {
    let source = source(path, false)?;
    let parsed = source.sound()?;
    Ok((TrustedContent::of(&source), parsed.privileges))
}
