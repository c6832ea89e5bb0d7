//! The official SDKs of OpenAI, Anthropic and Google, unchanged, before the real program: what it records, and what they
//! get back when the upstream is gone.
//!
//! `RETAKE_SKIP_SDK=1` skips this where there is no Python or no package index.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops where it is")]

mod check;
mod failing;
#[expect(dead_code, reason = "the other test binary uses all of it")]
#[path = "../it/home.rs"]
mod home;
mod openai;
mod others;
mod provider;
mod python;
#[expect(dead_code, reason = "the other test binary uses all of it")]
#[path = "../it/world.rs"]
mod world;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use home::{Home, Running};
use python::{Calls, Outcome, Python};
use world::KEY;

/// What is recorded is asked for in retake's words and in those of others; none of them may reach an upstream.
const OWN_HEADERS: [(&str, &str); 4] = [
    ("X-Retake-Mode", "replay-or-record"),
    ("X-Lumenfall-Replay", "replay-or-record"),
    ("X-Retake-Latency", "none"),
    ("X-Test-Id", "sdk"),
];

type Outcomes = BTreeMap<String, Outcome>;

/// An SDK, a place for its files, and a store.
struct Scene {
    /// The SDK, named as the mount of its provider.
    sdk: &'static str,
    python: Python,
    home: Home,
}

impl Scene {
    /// None where the test is to be skipped.
    fn new(sdk: &'static str) -> Option<Self> {
        if std::env::var_os("RETAKE_SKIP_SDK").is_some_and(|value| value == "1") {
            // Not with `eprintln!`, which a test that succeeds does not show.
            let note = "skipped, because RETAKE_SKIP_SDK is 1: the official SDK was not run";
            let _ = std::io::stderr().write_all(format!("{note}\n").as_bytes());
            return None;
        }
        let scene = Self { sdk, python: Python::with_sdks(), home: Home::new() };
        std::fs::write(scene.picture(), provider::picture(0)).unwrap();
        Some(scene)
    }

    fn picture(&self) -> PathBuf {
        self.home.path().join("fox.png")
    }

    fn serve(&self, flags: &[&str]) -> Running {
        self.home.serve(&[&["--json"], flags].concat())
    }

    /// Calls with another key than the usual one, by an SDK that tries again by itself.
    fn calls_as(&self, serve: &Running, key: &str, names: &[&str]) -> Outcomes {
        let base_url = self.base_url(serve);
        let picture = self.picture();
        let calls = Calls {
            sdk: self.sdk,
            base_url: &base_url,
            key,
            picture: &picture,
            headers: json!({}),
            retries: true,
        };
        self.python.calls(&calls, names)
    }

    fn base_url(&self, serve: &Running) -> String {
        // OpenAI's SDK wants the version in its base, the others add it themselves.
        format!("http://{}/{}{}", serve.address, self.sdk, if self.sdk == "openai" { "/v1" } else { "" })
    }

    fn calls(&self, serve: &Running, headers: Value, names: &[&str]) -> Outcomes {
        let base_url = self.base_url(serve);
        let picture = self.picture();
        let calls = Calls {
            sdk: self.sdk,
            base_url: &base_url,
            key: KEY,
            picture: &picture,
            headers,
            retries: false,
        };
        self.python.calls(&calls, names)
    }
}

fn own_headers() -> Value {
    OWN_HEADERS.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect()
}

fn is_own(name: &str) -> bool {
    name.starts_with("x-retake-") || name.starts_with("x-lumenfall-") || name == "x-test-id"
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
