//! The flags of every verb: the store, and the inputs of the configuration.

use std::path::PathBuf;

use clap::{ArgMatches, Command};

use super::exit::UsageError;
use super::flags;
use crate::config::{ConfigInputs, FlagValues, Project, STORE};

/// The store's directory, and where the configuration comes from.
#[derive(Clone)]
pub(super) struct Common {
    pub(super) store: PathBuf,
    pub(super) config: ConfigInputs,
}

impl Common {
    pub(super) fn of(matches: &ArgMatches, command: fn() -> Command) -> Result<Self, UsageError> {
        let layers = flags::layers(matches, command)?;
        let given = |path: fn(&FlagValues) -> &Option<PathBuf>| {
            path(&layers.flags).clone().or_else(|| path(&layers.environment).clone())
        };
        let (store, file) = (given(|values| &values.store), given(|values| &values.config));
        let project = Project::here();
        let verb = matches.subcommand_name();
        let used = |id: &str, named: &Option<PathBuf>| named.is_none() && flags::obeyed(verb).contains(&id);
        let discovered = project.sentence(used("store", &store), used("config", &file));
        let store = store.unwrap_or_else(|| project.folder.join(STORE));
        Ok(Self { store, config: ConfigInputs { file, folder: project.folder, discovered, layers } })
    }
}
