//! The configuration read again when its file changes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::config::file::privilege::Privilege;
use crate::config::file::source::{ConfigSource, Trust};
use crate::config::inputs::{Layers, source};
use crate::config::trust::TrustedContent;
use crate::config::{Config, look, refuse_itself};
use crate::engine::Engine;
use crate::model::{Level, Mode};
use crate::proxy::Limits;
use crate::upstream::Base;

/// The interval at which the file is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// A configuration file, and the flags that go before it.
#[derive(Clone)]
pub(crate) struct ConfigWatch {
    path: PathBuf,
    named: bool,
    layers: Layers,
    /// Privileged values of the file that are in force.
    in_force: Vec<Privilege>,
}

/// The version of a file: its modification time and length; `None` where there is no file.
type FileVersion = Option<(SystemTime, u64)>;

/// The settings that cannot change while the proxy runs.
type Fixed = (std::net::SocketAddr, Option<String>, crate::config::ScreenLook, Limits);

impl ConfigWatch {
    /// A watch over the file that a configuration was read from.
    pub(crate) fn over(config: &Config) -> Self {
        let in_force = if config.trust.is_given() { config.privileges.clone() } else { Vec::new() };
        let (path, layers) = (config.path.clone(), config.layers.clone());
        Self { path, named: config.trust == Trust::Named, layers, in_force }
    }

    /// Puts new settings in force whenever the file changes. A bad file is reported, and the settings stay; so they do
    /// while a file wants what only a trusted one may and nobody trusts it.
    pub(crate) async fn run(mut self, engine: Engine, started: Config) {
        let (mut seen, mut said) = (self.version(), started.settings.mode);
        let mut fixed = fixed(&started);
        // A change of the file that waits until somebody trusts it.
        let mut waiting: Option<TrustedContent> = None;
        let address = started.listen;
        let mut ticks = tokio::time::interval(EVERY);
        loop {
            ticks.tick().await;
            let now = self.version();
            if now == seen && !waiting.as_ref().is_some_and(TrustedContent::is_granted) {
                continue;
            }
            seen = now;
            waiting = None;
            match self.read(address) {
                Ok(Read::Settings(config)) => self.take(&engine, *config, &mut said, &mut fixed),
                Ok(Read::Untrusted(trusted, text)) => {
                    waiting = trusted;
                    engine.notify(Level::Error, text);
                }
                Err(error) => engine.notify(Level::Error, format!("{error}\nthe settings stay as they were")),
            }
        }
    }

    fn version(&self) -> FileVersion {
        let about = std::fs::metadata(&self.path).ok()?;
        Some((about.modified().ok()?, about.len()))
    }

    fn read(&self, address: std::net::SocketAddr) -> anyhow::Result<Read> {
        let mut source = source(&self.path, self.named)?;
        let config = |source: &ConfigSource| -> anyhow::Result<Config> {
            let config = Config::from(source, &look::own()?, &self.path, &self.layers)?;
            refuse_itself(&config.settings, address)?;
            Ok(config)
        };
        let stranger = config(&source)?;
        let new: Vec<_> = stranger.withheld().iter().filter(|one| !self.is_in_force(one)).collect();
        if !new.is_empty() {
            let listed: Vec<_> = new.iter().map(|one| format!("\n  {one}")).collect();
            let text = format!(
                "{} changed and is not trusted:{}\nthe settings stay as they were until `retake trust`",
                self.path.display(),
                listed.concat()
            );
            return Ok(Read::Untrusted(stranger.trusted, text));
        }
        if stranger.withheld().is_empty() {
            return Ok(Read::Settings(Box::new(stranger)));
        }
        // All that it wants is in force already.
        source.trust = Trust::ThisRun;
        Ok(Read::Settings(Box::new(config(&source)?)))
    }

    fn is_in_force(&self, privilege: &Privilege) -> bool {
        let same = |known: &&Privilege| known.key == privilege.key && known.exact == privilege.exact;
        self.in_force.iter().any(|known| same(&known))
    }

    fn take(&mut self, engine: &Engine, config: Config, said: &mut Mode, fixed_before: &mut Fixed) {
        let upstreams = engine.settings().upstreams.clone();
        let mode = config.settings.mode;
        let fixed = fixed(&config);
        let lifted = engine.settings().never_forward && !config.settings.never_forward;
        if let Err(error) = engine.reconfigure(config.settings) {
            engine.notify(Level::Error, format!("{}: {error}; the settings stay", self.path.display()));
            return;
        }
        self.in_force = if config.trust.is_given() { config.privileges } else { Vec::new() };
        for text in moved(&upstreams, &engine.settings().upstreams) {
            engine.notify(Level::Warning, text);
        }
        // Who switched the mode by hand keeps it until the file says something else.
        if mode != *said {
            *said = mode;
            engine.set_mode(mode);
        }
        config.warnings.iter().for_each(|warning| engine.notify(Level::Warning, warning.to_string()));
        let restart = if fixed == *fixed_before {
            ""
        } else {
            "; listen, public_url, limits, theme, icons, mouse, keymap, copy and open change with the next start"
        };
        if lifted {
            let text =
                "nothing is forwarded until the next start: a ceiling is not lifted while the proxy runs";
            engine.notify(Level::Warning, text);
        }
        *fixed_before = fixed;
        engine.notify(Level::Info, format!("{} was read again{restart}", self.path.display()));
    }
}

fn fixed(config: &Config) -> Fixed {
    (config.listen, config.public_url.clone(), config.look.clone(), config.limits)
}

/// The result of reading the file.
enum Read {
    Settings(Box<Config>),
    /// The content to trust, and the sentence about it.
    Untrusted(Option<TrustedContent>, String),
}

/// The upstreams that are others now, a sentence each.
fn moved(before: &BTreeMap<String, Base>, after: &BTreeMap<String, Base>) -> Vec<String> {
    let mounts: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let moved = mounts.into_iter().filter_map(|mount| match (before.get(mount), after.get(mount)) {
        (Some(old), Some(new)) if old != new => {
            Some(format!("calls to /{mount} go to {new} now, and no longer to {old}"))
        }
        (None, Some(new)) => Some(format!("calls to /{mount} go to {new} now")),
        (Some(old), None) => Some(format!("calls to /{mount} go nowhere now, and no longer to {old}")),
        _ => None,
    });
    moved.collect()
}
