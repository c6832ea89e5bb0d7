//! The configuration: flags before environment before file before defaults.
//!
//! It knows neither the command line, which hands in what it parsed (`ConfigInputs`), nor the screen, which goes by the
//! [`ScreenLook`].

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

use toml::Spanned;

use crate::engine::Settings;
use crate::matching::check_strategy_form;
use crate::model::{Level, Notice};
use crate::proxy::Limits;
use crate::reading::sanitize;

mod check;
mod error;
mod file;
mod inputs;
mod look;
mod project;
mod screen;
mod settings;
mod trust;
mod watch;

pub(crate) use check::{Checked, checked, privileges};
pub(crate) use error::ConfigError;
pub(crate) use file::preset::PRESETS;
pub use file::privilege::Privilege;
pub(crate) use file::source::{ConfigProblem, FILE, Trust};
pub(crate) use inputs::{ConfigInputs, FlagValues, Layers};
pub(crate) use look::{own_path, read_look};
pub(crate) use project::{Project, STORE};
pub use screen::{ConfigLine, Consent, LookProblem, Remap, ScreenLook, ThemeChoice, WorkbenchStart};
pub(crate) use settings::deciders::Deciders;
pub(crate) use trust::{TrustedContent, revoke};
pub(crate) use watch::ConfigWatch;

use file::ParsedFile;
use file::keys::NeededBy;
use file::source::ConfigSource;
use settings::{add_upstream, deciders, memory, settled};

/// A file with every key, at its default or as an example.
pub(crate) const EXAMPLE: &str = include_str!("example.toml");
/// The address on which the proxy listens by default.
const LISTEN: &str = "127.0.0.1:4010";

/// The configuration: flags, environment and file together.
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) limits: Limits,
    pub(crate) settings: Settings,
    /// The sentence about a project that is not in the working directory.
    discovered: Option<String>,
    pub(crate) deciders: Deciders,
    pub(crate) public_url: Option<String>,
    pub(crate) look: ScreenLook,
    /// Warnings, which stop nothing.
    pub(crate) warnings: Vec<ConfigProblem>,
    /// The file that was read, or would have been.
    path: PathBuf,
    layers: Layers,
    /// The file's name.
    pub(crate) file: String,
    pub(crate) trust: Trust,
    /// The content to remember when somebody trusts the file; `None` where there is no file.
    pub(crate) trusted: Option<TrustedContent>,
    /// All values that only a trusted file may hold; where nobody vouches for it, none of them is in force.
    pub(crate) privileges: Vec<Privilege>,
}

impl Config {
    /// Reads everything that decides how the proxy runs.
    pub(crate) fn read(inputs: &ConfigInputs) -> anyhow::Result<Self> {
        let config = Self::from(&inputs.source()?, &look::own()?, &inputs.path(), &inputs.layers)?;
        Ok(Self { discovered: inputs.discovered.clone(), ..config })
    }

    /// The notices for people, which stop nothing.
    pub(crate) fn notices(&self) -> Vec<Notice> {
        let discovered = self.discovered.iter().map(|text| Notice { level: Level::Info, text: text.clone() });
        let notice = |text: String| Notice { level: Level::Warning, text };
        let warnings = self.warnings.iter().map(ToString::to_string);
        let withheld = self
            .withheld()
            .iter()
            .map(|one| format!("{}, {one}; not in force, as it is not trusted", self.file));
        discovered.chain(warnings.chain(withheld).chain(self.under_ceiling()).map(notice)).collect()
    }

    /// The sentence about a mode that would forward calls below a ceiling, set elsewhere, that forbids it; `None` where
    /// they agree.
    fn under_ceiling(&self) -> Option<String> {
        let forbidden = self.settings.mode.forwards() && self.settings.never_forward;
        let words = self.deciders.words(self.settings.mode);
        forbidden.then(|| format!("{words}: calls that no recording answers are refused"))
    }

    fn from(source: &ConfigSource, own: &ConfigSource, path: &Path, layers: &Layers) -> anyhow::Result<Self> {
        let ParsedFile { file, privileges, mut problems } = source.parsed().map_err(ConfigError::from)?;
        let (mut settings, limits) = settled(source, &file, &mut problems);
        let (wrong, warnings): (Vec<_>, Vec<_>) = problems.into_iter().partition(|problem| !problem.warning);
        if !wrong.is_empty() {
            return Err(ConfigError::from(wrong).into());
        }
        let deciders = deciders::decide(&mut settings, &file, source, layers)?;
        if let Some((strategy, name)) = deciders::strategy(layers)? {
            check_strategy_form(&strategy, &settings.match_headers)
                .map_err(|problem| ConfigError(format!("{name}: {problem}")))?;
            settings.strategy = strategy;
        }
        settings.memory = memory()?.unwrap_or(settings.memory);
        let kept = layers.flags.no_scrub.or(layers.environment.no_scrub);
        settings.keep_personal = kept.unwrap_or(settings.keep_personal);
        for (pair, name) in deciders::upstreams(layers) {
            let (mount, url) =
                pair.split_once('=').ok_or_else(|| ConfigError(format!("{name}: expected NAME=URL")))?;
            add_upstream(&mut settings, mount, url)
                .map_err(|error| ConfigError(format!("{name}: {error}")))?;
        }
        let look = look::look(source, &file, own).map_err(ConfigError::from)?;
        let listen = layers.flags.listen.clone().or_else(|| layers.environment.listen.clone());
        let listen = address(&listen.or(file.listen).unwrap_or_else(|| LISTEN.into()))?;
        refuse_itself(&settings, listen)?;
        let public_url = file.public_url.map(Spanned::into_inner);
        let (trusted, trust, file) = (TrustedContent::of(source), source.trust, source.name());
        Ok(Self {
            listen,
            limits,
            settings,
            discovered: None,
            deciders,
            public_url,
            look,
            warnings,
            path: path.into(),
            layers: layers.clone(),
            file,
            trust,
            trusted,
            privileges,
        })
    }

    /// The privileges that the file wants and nobody vouches for.
    pub(crate) fn withheld(&self) -> &[Privilege] {
        if self.trust.is_given() { &[] } else { &self.privileges }
    }

    /// Refuses to run a proxy without what the file wants for it.
    pub(crate) fn refuse_withheld(&self) -> Result<(), ConfigError> {
        let lines = self.withheld().iter().filter(|one| one.needed_by == NeededBy::Proxy);
        let lines: Vec<_> = lines.map(|one| format!("\n  {one}")).collect();
        if lines.is_empty() {
            return Ok(());
        }
        Err(ConfigError(format!(
            "{} is not trusted, and says what only a trusted file may:{}\nlook at it, then `retake trust` lets this \
             content do so from now on, and --trust for one run",
            sanitize(&self.file),
            lines.concat()
        )))
    }

    /// The privileges of the file, in a sentence, where somebody vouches for it; `None` where it wants none.
    pub(crate) fn granted(&self) -> Option<String> {
        let listed: Vec<_> =
            self.privileges.iter().map(|one| format!("{} = {}", one.key, one.value)).collect();
        (self.trust.is_given() && !listed.is_empty()).then(|| {
            format!("{} is trusted ({}): {}", sanitize(&self.file), self.trust.reason(), listed.join(", "))
        })
    }
}

/// An address to listen on; a host name is looked up.
pub(crate) fn address(text: &str) -> anyhow::Result<SocketAddr> {
    let wrong =
        || ConfigError(format!("--listen {text}: expected ADDRESS:PORT, such as {LISTEN} or 127.0.0.1:0"));
    Ok(text.to_socket_addrs().ok().and_then(|mut found| found.next()).ok_or_else(wrong)?)
}

/// An upstream that is the proxy itself would go round for ever.
pub(crate) fn refuse_itself(settings: &Settings, listen: SocketAddr) -> Result<(), ConfigError> {
    let own = settings.upstreams.iter().find(|(_, base)| base.is_loopback() && base.port() == listen.port());
    match own {
        Some((mount, base)) => Err(ConfigError(format!(
            "upstream {mount} ({base}) is this proxy itself; use another port with --listen"
        ))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod trust_tests;
