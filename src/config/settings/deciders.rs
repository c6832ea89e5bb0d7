//! The layers that decide about calls: the flags before the environment, that before the file, and a preset is the
//! values of its layer.
//!
//! A ceiling is none of these values: any layer can lower it, and none can lift it.

use crate::config::error::{ConfigError, flag};
use crate::config::file::ConfigFile;
use crate::config::file::preset::Preset;
use crate::config::file::source::ConfigSource;
use crate::config::inputs::{FlagValues, Layers};
use crate::engine::Settings;
use crate::model::{Mode, Strategy};
use crate::upstream::MaskedUrl;

/// The settings that decided about calls, by the names that people know: `--mode`, `RETAKE_PRESET=ci`, "`mode` in
/// retake.toml".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deciders {
    /// Name of the setting that set the mode.
    pub(crate) mode: String,
    /// Name of the setting that forbids to forward; `None` where none does.
    pub(crate) ceiling: Option<String>,
    /// Name of the setting that makes a run fail on a miss, beside its own flag.
    pub(crate) misses: Option<String>,
}

/// The settings of one layer about calls.
struct Layer {
    mode: Option<Mode>,
    preset: Option<Preset>,
    never_forward: bool,
    origin: Origin,
}

/// A layer, with the names of its settings there.
enum Origin {
    Flags,
    Environment,
    /// The file, with its name.
    File(String),
}

impl Origin {
    /// The name of a setting there, by its key in the file.
    fn key(&self, key: &str) -> String {
        match self {
            Self::Flags => format!("--{}", key.replace('_', "-")),
            Self::Environment => format!("RETAKE_{}", key.to_ascii_uppercase()),
            Self::File(file) => format!("`{key}` in {file}"),
        }
    }

    /// A setting there with its value.
    fn with(&self, key: &str, value: impl std::fmt::Display) -> String {
        match self {
            Self::Flags => format!("{} {value}", self.key(key)),
            Self::Environment => format!("{}={value}", self.key(key)),
            Self::File(file) => format!("`{key} = \"{value}\"` in {file}"),
        }
    }
}

impl Layer {
    fn of_flags(origin: Origin, said: &FlagValues) -> Result<Self, ConfigError> {
        Ok(Self {
            mode: flag(&origin.key("mode"), said.mode.as_deref())?,
            preset: flag(&origin.key("preset"), said.preset.as_deref())?,
            never_forward: said.never_forward,
            origin,
        })
    }

    fn preset(&self, preset: Preset) -> String {
        self.origin.with("preset", preset)
    }

    /// Mode, and what says so: what is said outright goes before a preset of the same layer.
    fn mode(&self) -> Option<(Mode, String)> {
        let outright = self.mode.map(|mode| (mode, self.origin.key("mode")));
        outright.or_else(|| self.preset.map(|preset| (preset.mode(), self.preset(preset))))
    }

    fn ceiling(&self) -> Option<String> {
        let outright = self.never_forward.then(|| self.origin.key("never_forward"));
        let preset = self.preset.filter(|preset| preset.never_forward());
        outright.or_else(|| preset.map(|preset| self.preset(preset)))
    }

    fn misses(&self) -> Option<String> {
        self.preset.filter(|preset| preset.fails_on_miss()).map(|preset| self.preset(preset))
    }
}

/// Decides about calls by all layers, and says who it was.
pub(crate) fn decide(
    settings: &mut Settings,
    file: &ConfigFile,
    source: &ConfigSource,
    layers: &Layers,
) -> Result<Deciders, ConfigError> {
    let layers = [
        Layer::of_flags(Origin::Flags, &layers.flags)?,
        Layer::of_flags(Origin::Environment, &layers.environment)?,
        Layer {
            mode: file.mode,
            preset: file.preset,
            never_forward: file.never_forward == Some(true),
            origin: Origin::File(source.name()),
        },
    ];
    let chosen = layers.iter().find_map(Layer::mode);
    let (mode, by) = chosen.unwrap_or_else(|| (settings.mode, "the default".into()));
    settings.mode = mode;
    let ceiling = layers.iter().find_map(Layer::ceiling);
    settings.never_forward = ceiling.is_some();
    Ok(Deciders { mode: by, ceiling, misses: layers.iter().find_map(Layer::misses) })
}

/// The strategy that is stamped on new recordings, where flags or the environment name one, and what names it.
pub(crate) fn strategy(layers: &Layers) -> Result<Option<(Strategy, String)>, ConfigError> {
    for (origin, said) in before_file(layers) {
        let name = origin.key("match");
        if let Some(strategy) = flag::<Strategy>(&name, said.strategy.as_deref())? {
            return Ok(Some((strategy, name)));
        }
    }
    Ok(None)
}

/// Each upstream that the environment or a flag names, the flags last, and what names it.
pub(crate) fn upstreams(layers: &Layers) -> impl Iterator<Item = (&str, String)> {
    let [flags, environment] = before_file(layers);
    [environment, flags].into_iter().flat_map(|(origin, said)| {
        said.upstreams.iter().map(move |pair| (pair.as_str(), origin.with("upstream", MaskedUrl(pair))))
    })
}

/// The layers before the file, the flags first.
fn before_file(layers: &Layers) -> [(Origin, &FlagValues); 2] {
    [(Origin::Flags, &layers.flags), (Origin::Environment, &layers.environment)]
}

impl Deciders {
    /// The mode and the ceiling in a few words, each with who set it.
    pub(crate) fn words(&self, mode: Mode) -> String {
        let ceiling = self.ceiling.as_deref().map(|by| format!("; nothing is forwarded ({by})"));
        format!("mode {mode} ({}){}", self.mode, ceiling.unwrap_or_default())
    }
}
