//! The configuration read again when its file changes.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{Config, Layers, Source, look, refuse_itself, source};
use crate::engine::Engine;
use crate::model::{Level, Mode};

/// How often the file is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// A configuration file, and the flags that go before it.
#[derive(Clone)]
pub(crate) struct Watch {
    path: PathBuf,
    named: bool,
    layers: Layers,
}

/// What tells one version of a file from another; none where there is no file.
type Version = Option<(SystemTime, u64)>;

/// What cannot change while the proxy runs.
type Fixed = (std::net::SocketAddr, Option<String>, super::Look);

impl Watch {
    pub(super) fn new(path: &Path, named: bool, layers: &Layers) -> Self {
        Self { path: path.into(), named, layers: layers.clone() }
    }

    /// Puts new settings in force whenever the file changes. A bad file is reported, and the settings stay.
    pub(crate) async fn run(self, engine: Engine, started: Config) {
        let (mut seen, mut said) = (self.version(), started.settings.mode);
        let mut fixed = fixed(&started);
        let address = started.listen;
        let mut ticks = tokio::time::interval(EVERY);
        loop {
            ticks.tick().await;
            let now = self.version();
            if now == seen {
                continue;
            }
            seen = now;
            match self.read(address) {
                Ok(config) => self.take(&engine, config, &mut said, &mut fixed),
                Err(error) => engine.notify(Level::Error, format!("{error}\nthe settings stay as they were")),
            }
        }
    }

    fn version(&self) -> Version {
        let about = std::fs::metadata(&self.path).ok()?;
        Some((about.modified().ok()?, about.len()))
    }

    fn read(&self, address: std::net::SocketAddr) -> anyhow::Result<Config> {
        let source = Source { named: self.named, ..source(&self.path, false)? };
        let config = Config::from(&source, &look::own()?, &self.path, &self.layers)?;
        refuse_itself(&config.settings, address)?;
        Ok(config)
    }

    fn take(&self, engine: &Engine, config: Config, said: &mut Mode, fixed_before: &mut Fixed) {
        let mode = config.settings.mode;
        let fixed = fixed(&config);
        let lifted = engine.settings().never_forward && !config.settings.never_forward;
        if let Err(error) = engine.reconfigure(config.settings) {
            engine.notify(Level::Error, format!("{}: {error}; the settings stay", self.path.display()));
            return;
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
            "; listen, public_url, theme, icons, mouse, keymap, copy and open change with the next start"
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
    (config.listen, config.public_url.clone(), config.look.clone())
}
