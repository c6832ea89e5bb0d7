//! The official SDKs in a virtual environment of its own, made once and shared by all runs.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// What the SDK made of one call.
#[derive(Debug, Deserialize)]
pub(crate) struct Outcome {
    /// The SDK's own object, as JSON.
    pub(crate) result: Value,
    /// The exception it raised: its type, status, message, code and `retry_after`.
    pub(crate) error: Value,
    /// The exchanges it needed: more than one when it retried.
    pub(crate) exchanges: Vec<Exchange>,
}

/// One HTTP exchange, from underneath the SDK.
#[derive(Debug, Deserialize)]
pub(crate) struct Exchange {
    pub(crate) request_type: Option<String>,
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(deserialize_with = "from_base64")]
    pub(crate) body: Vec<u8>,
}

/// A Python that has the SDKs.
pub(crate) struct Python {
    program: PathBuf,
}

impl Python {
    /// The environment under `target/`, made if it is not there. Two test runs may want to: a file lock lets one of
    /// them, and the other waits.
    pub(crate) fn with_sdks() -> Self {
        let requirements = folder().join("requirements.txt");
        let wanted = fs::read(&requirements).unwrap();
        let version = run("python3 is missing", Command::new("python3").arg("--version")).stdout;
        let hash = Sha256::new().chain_update(&wanted).chain_update(&version).finalize();
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target folder");
        let hash = u64::from_be_bytes(hash[..8].try_into().unwrap());
        let home = target.join(format!("sdk-venv-{hash:016x}"));
        let python = Self { program: home.join("bin/python") };
        let lock = File::create(target.join("sdk-venv.lock")).unwrap();
        lock.lock().unwrap();
        let complete = home.join("complete");
        if !complete.exists() {
            let made = Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home).output();
            succeed("python3 has no venv", made);
            let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
            run(
                "the SDKs were not installed",
                Command::new(&python.program).args(install).arg(&requirements),
            );
            fs::write(complete, wanted).unwrap();
        }
        python
    }

    /// Makes the named calls of an SDK through a proxy.
    pub(crate) fn calls(&self, wanted: &Calls<'_>, names: &[&str]) -> BTreeMap<String, Outcome> {
        let mut command = Command::new(&self.program);
        // Isolated from what else is installed, and leaving no byte code beside the sources.
        command.arg("-IB").arg(folder().join("calls.py")).arg(wanted.sdk).args(names);
        command.env("SDK_BASE_URL", wanted.base_url).env("SDK_KEY", wanted.key);
        command.env("SDK_HEADERS", wanted.headers.to_string()).env("SDK_PICTURE", wanted.picture);
        command.env("SDK_RETRIES", if wanted.retries { "1" } else { "" });
        for (name, _) in std::env::vars_os() {
            if UNWANTED.iter().any(|begin| name.to_string_lossy().starts_with(begin)) {
                command.env_remove(name);
            }
        }
        serde_json::from_slice(&run("the calls were not made", &mut command).stdout).unwrap()
    }
}

/// Beginnings of the variables by which people set SDKs up: those of this machine have no business here.
const UNWANTED: [&str; 4] = ["OPENAI_", "ANTHROPIC_", "GOOGLE_", "GEMINI_"];

/// What is needed to make calls.
pub(crate) struct Calls<'a> {
    /// What the file `calls_SDK.py` is for.
    pub(crate) sdk: &'a str,
    pub(crate) base_url: &'a str,
    pub(crate) key: &'a str,
    /// A PNG file to send.
    pub(crate) picture: &'a Path,
    /// Headers for every call.
    pub(crate) headers: Value,
    /// Whether an SDK is told to try again that does not do so by itself.
    pub(crate) retries: bool,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk")
}

fn run(problem: &str, command: &mut Command) -> Output {
    succeed(problem, command.output())
}

fn succeed(problem: &str, output: std::io::Result<Output>) -> Output {
    const HINT: &str = "this test needs `python3` with `venv` and `pip` (Debian: apt-get install python3-venv) and a \
                        package index; RETAKE_SKIP_SDK=1 skips it";
    match output {
        Ok(output) if output.status.success() => output,
        Ok(output) => panic!("{problem}: {}{}\n{HINT}", text(&output.stdout), text(&output.stderr)),
        Err(error) => panic!("{problem}: {error}\n{HINT}"),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn from_base64<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    STANDARD.decode(text).map_err(serde::de::Error::custom)
}
