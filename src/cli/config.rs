//! Settings: flags before environment before file before defaults.

use std::collections::BTreeMap;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;

use serde::Deserialize;

use super::exit::Usage;
use super::{Common, ProxyArgs};
use crate::engine::Settings;
use crate::model::{Latency, Mode, Strategy};
use crate::upstream::Base;

/// Where the configuration is looked for.
const FILE: &str = "retake.toml";
/// Where the proxy listens by default.
const LISTEN: &str = "127.0.0.1:4010";

/// What the flags, the environment and the file say together.
pub(super) struct Config {
    pub(super) listen: SocketAddr,
    pub(super) settings: Settings,
    pub(super) public_url: Option<String>,
    pub(super) theme: Theme,
    pub(super) ascii: bool,
}

/// The configuration file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    listen: Option<String>,
    mode: Option<Mode>,
    r#match: Option<Strategy>,
    latency: Option<String>,
    never_forward: Option<bool>,
    scrub_personal: Option<bool>,
    miss_status: Option<u16>,
    public_url: Option<String>,
    #[serde(default)]
    theme: Theme,
    icons: Option<Icons>,
    #[serde(default)]
    upstreams: BTreeMap<String, String>,
}

/// The colours of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// As the terminal's background asks for.
    #[default]
    Auto,
    /// For dark backgrounds.
    Dark,
    /// For light backgrounds.
    Light,
    /// None at all.
    Mono,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Icons {
    #[default]
    Unicode,
    Ascii,
}

impl Config {
    /// Reads everything that decides how the proxy runs.
    pub(super) fn read(common: &Common, args: &ProxyArgs) -> anyhow::Result<Self> {
        let (name, file) = match &common.config {
            Some(path) => (
                path.as_path(),
                Some(std::fs::read_to_string(path).map_err(|error| {
                    Usage(format!("the configuration {} cannot be read: {error}", path.display()))
                })?),
            ),
            None => (Path::new(FILE), std::fs::read_to_string(FILE).ok()),
        };
        let file = parse(name, file.as_deref().unwrap_or_default())?;
        let listen = args.listen.clone().or(file.listen).unwrap_or_else(|| LISTEN.into());
        let defaults = Settings::default();
        let latency = file
            .latency
            .as_deref()
            .map(str::parse::<Latency>)
            .transpose()
            .map_err(|error| in_file(name, "latency", &error))?;
        let mut settings = Settings {
            mode: flag("--mode", args.mode.as_deref())?.or(file.mode).unwrap_or(defaults.mode),
            never_forward: args.never_forward || file.never_forward.unwrap_or(false),
            strategy: flag("--match", args.strategy.as_deref())?
                .or(file.r#match)
                .unwrap_or(defaults.strategy),
            latency: latency.unwrap_or(defaults.latency),
            keep_personal: args.no_scrub || file.scrub_personal == Some(false),
            miss_status: file.miss_status.unwrap_or(defaults.miss_status),
            ..defaults
        };
        if !(400..=599).contains(&settings.miss_status) {
            return Err(in_file(name, "miss_status", &"it must be an error status, 400 to 599").into());
        }
        for (mount, url) in &file.upstreams {
            add_upstream(&mut settings, mount, url)
                .map_err(|error| in_file(name, &format!("upstreams.{mount}"), &error))?;
        }
        for pair in &args.upstreams {
            let (mount, url) =
                pair.split_once('=').ok_or_else(|| Usage(format!("--upstream {pair}: expected NAME=URL")))?;
            add_upstream(&mut settings, mount, url)
                .map_err(|error| Usage(format!("--upstream {pair}: {error}")))?;
        }
        let listen = address(&listen)?;
        refuse_itself(&settings, listen)?;
        let ascii = file.icons.unwrap_or_default() == Icons::Ascii;
        Ok(Self { listen, settings, public_url: file.public_url, theme: file.theme, ascii })
    }
}

fn parse(name: &Path, text: &str) -> anyhow::Result<File> {
    // The error of toml names line, column, and what was expected.
    toml::from_str(text)
        .map_err(|error| Usage(format!("in {}: {}", name.display(), error.to_string().trim_end())).into())
}

fn in_file(name: &Path, key: &str, error: &dyn std::fmt::Display) -> Usage {
    Usage(format!("in {}, key `{key}`: {error}", name.display()))
}

fn flag<T: std::str::FromStr<Err: std::fmt::Display>>(
    name: &str,
    value: Option<&str>,
) -> Result<Option<T>, Usage> {
    value.map(|value| value.parse().map_err(|error| Usage(format!("{name}: {error}")))).transpose()
}

fn add_upstream(settings: &mut Settings, mount: &str, url: &str) -> Result<(), String> {
    let fine = !mount.is_empty()
        && mount.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'));
    if !fine || mount == "v1" {
        return Err(format!("`{mount}` cannot be a mount; use small letters, digits, - and _"));
    }
    let base: Base = url.parse().map_err(|error: crate::upstream::ParseBaseError| error.to_string())?;
    settings.upstreams.insert(mount.into(), base);
    Ok(())
}

/// An address to listen on; a host name is looked up.
pub(super) fn address(text: &str) -> anyhow::Result<SocketAddr> {
    let wrong = || Usage(format!("--listen {text}: expected ADDRESS:PORT, such as {LISTEN} or 127.0.0.1:0"));
    Ok(text.to_socket_addrs().ok().and_then(|mut found| found.next()).ok_or_else(wrong)?)
}

/// An upstream that is the proxy itself would go round for ever.
pub(super) fn refuse_itself(settings: &Settings, listen: SocketAddr) -> Result<(), Usage> {
    let own = settings.upstreams.iter().find(|(_, base)| base.is_loopback() && base.port() == listen.port());
    match own {
        Some((mount, base)) => Err(Usage(format!(
            "upstream {mount} ({base}) is this proxy itself; use another port with --listen"
        ))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_file_is_answered_with_the_line_and_what_is_known() {
        let error = parse(Path::new("retake.toml"), "mode = \"mock\"\nmodel = 1\n").unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("`mode`"), "{error}");
        let error = parse(Path::new("retake.toml"), "mode = \"rewind\"").unwrap_err().to_string();
        assert!(error.contains("replay-or-mock"), "{error}");
    }

    #[test]
    fn an_upstream_that_is_the_proxy_itself_is_refused() {
        let mut settings = Settings::default();
        add_upstream(&mut settings, "own", "http://localhost:4010").unwrap();
        assert!(refuse_itself(&settings, "127.0.0.1:4010".parse().unwrap()).is_err());
        assert!(refuse_itself(&settings, "127.0.0.1:4011".parse().unwrap()).is_ok());
        assert!(add_upstream(&mut settings, "No", "http://x").is_err());
    }
}
