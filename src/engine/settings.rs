//! Settings of an engine. Where they come from is `config`'s business.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::failures::FailurePolicy;
use super::profile::{CallRoute, Profile, Secret};
use crate::matching::{Canon, DatedModels, Ignore, MountNames, Salt, ScrubPattern, Scrubber};
use crate::model::{Latency, Mode, Playback, Strategy};
use crate::reading::Prices;
use crate::retention::MaxAge;
use crate::upstream::{Base, UpstreamClient};

/// The settings of an engine, from flags, environment and configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The mode at the start.
    pub mode: Mode,
    /// True if a call that would be forwarded is refused with 403, whatever its headers say.
    pub never_forward: bool,
    /// The match strategy stamped on new recordings.
    pub strategy: Strategy,
    /// The playback stamped on new recordings; polls of a job always play in sequence.
    pub playback: Playback,
    /// The pace of replays and mocks.
    pub latency: Latency,
    /// The base URL of each mount.
    pub upstreams: BTreeMap<String, Base>,
    /// True if personal data is kept as it is; credentials never are.
    pub keep_personal: bool,
    /// True if answers keep personal data and what looks like a key; credentials they never keep.
    pub keep_answers: bool,
    /// Names of parameters and keys that are secrets on some mounts only, or on none.
    pub names: BTreeMap<String, MountNames>,
    /// The status of a miss; 404 unless asked for otherwise.
    pub miss_status: u16,
    /// The longest wait for the beginning of an upstream's answer.
    pub timeout: Duration,
    /// Settings for the calls of some API keys.
    pub profiles: Vec<Arc<Profile>>,
    /// Settings for the calls of some endpoints or models; the first that fits decides.
    pub routes: Vec<CallRoute>,
    /// Other names of models, and what names they stand for.
    pub aliases: BTreeMap<String, String>,
    /// Values that are not compared.
    pub ignores: Vec<Ignore>,
    /// Headers that decide beside those that can change an answer anyway.
    pub match_headers: Vec<String>,
    /// True if names of models with a date and without mean the same.
    pub dated_models: DatedModels,
    /// Personal data of the project's own kind.
    pub scrub: Vec<ScrubPattern>,
    /// The greatest ages of recordings.
    pub max_ages: Vec<MaxAge>,
    /// The treatment of a call that an expired recording answers.
    pub on_expired: OnExpired,
    /// The prices of models.
    pub prices: Arc<Prices>,
    /// The keys with which upstreams are asked outside of any call, by mount.
    pub keys: BTreeMap<String, Secret>,
    /// Headers of answers that are stored although they say who called.
    pub keep_headers: Vec<String>,
    /// The environment variables that the configuration names for them, by mount, whether they are set or not.
    pub key_variables: BTreeMap<String, String>,
    /// The treatment of answers that are failures.
    pub failures: FailurePolicy,
    /// Web pages that may call the proxy, `http://localhost:3000`.
    pub origins: Vec<String>,
    /// The bytes that bodies may take in memory, for all calls together; what it is at the start stays.
    pub memory: usize,
    /// Names under which the proxy is reached beside those that it knows, `retake.test`.
    pub hosts: Vec<String>,
}

impl Settings {
    /// The bytes that bodies may take in memory unless somebody says otherwise: 1 GiB.
    pub const MEMORY: usize = 1 << 30;

    /// True if a call in this mode can be sent to its upstream where no recording answers it.
    pub(super) fn asks(&self, mode: Mode, mount: &str) -> bool {
        matches!(mode, Mode::ReplayOrRecord | Mode::ReplayOrLive)
            && !self.never_forward
            && self.upstreams.contains_key(mount)
    }
}

/// The treatment of a call that an expired recording answers. Age never sends a call anywhere: only `replay-or-error`
/// refuses, and the other modes serve it as ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnExpired {
    /// Served, and the call says so.
    #[default]
    Warn,
    /// Refused in `replay-or-error`.
    Refuse,
}

/// The settings in force, and what is made of them.
pub(crate) struct Live {
    pub(super) settings: Arc<Settings>,
    pub(super) scrubber: Scrubber,
    pub(super) canon: Canon,
    /// Changes with everything that changes fingerprints: keys of another version are made anew.
    pub(super) version: u32,
}

impl Live {
    /// # Errors
    /// A sentence about a pattern that cannot be.
    pub(super) fn new(settings: Settings, salt: Salt) -> Result<Self, SettingsError> {
        let wrong = |place: &'static str| move |(at, problem)| SettingsError { place, at, problem };
        let canon = Canon::new(&settings.aliases, &settings.ignores);
        let canon = canon.map_err(wrong("ignore"))?.with_dated_models(settings.dated_models);
        let canon = canon.with_headers(&settings.match_headers).map_err(wrong("match_headers"))?;
        let scrubber = Scrubber::new(salt, settings.keep_personal).keeping_answers(settings.keep_answers);
        let scrubber = scrubber.with_patterns(&settings.scrub).map_err(wrong("scrub"))?;
        let scrubber = scrubber.with_identity(&settings.keep_headers).map_err(wrong("keep_headers"))?;
        let nth = |mount: &String| settings.names.keys().position(|known| known == mount);
        let scrubber = scrubber.with_names(&settings.names).map_err(|(mount, problem)| {
            wrong("mounts")((nth(&mount).unwrap_or_default(), format!("{mount}: {problem}")))
        })?;
        let profiles = settings.profiles.iter().filter_map(|profile| profile.upstream_key.as_ref()?.secret());
        let keys = settings.keys.values().chain(profiles).map(|Secret(key)| key.as_str());
        let scrubber = scrubber.with_credentials(keys).keeping(canon.headers());
        // What is replaced by a placeholder is compared as one, also where it was recorded before.
        let scrubbing = (&settings.scrub, settings.keep_personal, &settings.names);
        let plain = settings.scrub.is_empty() && !settings.keep_personal && settings.names.is_empty();
        let text = serde_json::to_vec(&scrubbing).unwrap_or_default();
        let version = if plain { 0 } else { crc32fast::hash(&text) | 1 << 31 };
        Ok(Self { scrubber, version: canon.version() ^ version, canon, settings: Arc::new(settings) })
    }
}

/// A pattern among the settings that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}[{at}]: {problem}")]
pub struct SettingsError {
    /// The list that it stands in.
    pub place: &'static str,
    /// The place in that list, from 0.
    pub at: usize,
    /// The problem, in words.
    pub problem: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            never_forward: false,
            strategy: Strategy::STANDARD,
            playback: Playback::Newest,
            latency: Latency::None,
            upstreams: default_upstreams(),
            keep_personal: false,
            keep_answers: false,
            names: BTreeMap::new(),
            miss_status: 404,
            timeout: UpstreamClient::TIMEOUT,
            profiles: Vec::new(),
            routes: Vec::new(),
            aliases: BTreeMap::new(),
            ignores: Vec::new(),
            match_headers: Vec::new(),
            dated_models: DatedModels::Same,
            scrub: Vec::new(),
            max_ages: Vec::new(),
            on_expired: OnExpired::Warn,
            prices: Arc::new(Prices::listed()),
            keys: BTreeMap::new(),
            keep_headers: Vec::new(),
            key_variables: BTreeMap::new(),
            failures: FailurePolicy::default(),
            origins: Vec::new(),
            memory: Self::MEMORY,
            hosts: Vec::new(),
        }
    }
}

/// The upstreams that are known by name. Azure has no common host; Vertex and Bedrock are regional.
pub(super) fn default_upstreams() -> BTreeMap<String, Base> {
    const KNOWN: [(&str, &str); 9] = [
        ("openai", "https://api.openai.com"),
        ("anthropic", "https://api.anthropic.com"),
        ("gemini", "https://generativelanguage.googleapis.com"),
        ("cohere", "https://api.cohere.com"),
        ("mistral", "https://api.mistral.ai"),
        ("ollama", "http://127.0.0.1:11434"),
        ("lumenfall", "https://api.lumenfall.ai/openai"),
        ("fal", "https://queue.fal.run"),
        ("replicate", "https://api.replicate.com"),
    ];
    KNOWN.into_iter().filter_map(|(name, url)| Some((name.to_owned(), url.parse().ok()?))).collect()
}
