//! How an engine is set up.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::{Latency, Mode, Playback, Strategy};
use crate::upstream::{Base, Client};

/// What flags, environment and configuration decide for a whole run. Only the mode can change later.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The mode at the start.
    pub mode: Mode,
    /// Whether a call that would be forwarded is refused with 403, whatever its headers say.
    pub never_forward: bool,
    /// The match strategy stamped on new recordings.
    pub strategy: Strategy,
    /// The playback stamped on new recordings; polls of a job always play in sequence.
    pub playback: Playback,
    /// How fast replays and mocks are sent.
    pub latency: Latency,
    /// The base URL of each mount.
    pub upstreams: BTreeMap<String, Base>,
    /// Whether personal data is kept as it is; credentials never are.
    pub keep_personal: bool,
    /// The status of a miss; 404 unless asked for otherwise.
    pub miss_status: u16,
    /// How long an upstream's answer may take to begin.
    pub timeout: Duration,
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
            miss_status: 404,
            timeout: Client::TIMEOUT,
        }
    }
}

/// The upstreams that are known by name. Azure has no common host; Vertex and Bedrock are regional.
fn default_upstreams() -> BTreeMap<String, Base> {
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
