//! The environment of the child: where each SDK finds the proxy.

use std::ffi::OsString;

use http::Uri;

use crate::engine::Settings;

/// Variables that SDKs read their base URL from, the mount each stands for, and what follows the mount.
const BASES: [(&str, &str, &str); 8] = [
    ("OPENAI_BASE_URL", "openai", "/v1"),
    // The older name, which many tools on top of the SDK still read.
    ("OPENAI_API_BASE", "openai", "/v1"),
    ("AZURE_OPENAI_ENDPOINT", "azure", ""),
    ("ANTHROPIC_BASE_URL", "anthropic", ""),
    ("GOOGLE_GEMINI_BASE_URL", "gemini", ""),
    ("GOOGLE_VERTEX_BASE_URL", "vertex", ""),
    ("CO_API_URL", "cohere", ""),
    ("OLLAMA_HOST", "ollama", ""),
];

/// Variables that SDKs read a key from and refuse to start without; any of a line will do, and the first is set.
pub(in crate::cli) const KEYS: [&[&str]; 8] = [
    &["OPENAI_API_KEY"],
    &["AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN"],
    &["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"],
    &["GEMINI_API_KEY", "GOOGLE_API_KEY"],
    &["CO_API_KEY"],
    &["MISTRAL_API_KEY"],
    &["REPLICATE_API_TOKEN"],
    &["FAL_KEY"],
];

/// The value of such a variable where no call leaves the machine.
const NO_KEY: &str = "retake-forwards-nothing";

/// Hosts that are never reached through an HTTP proxy.
const LOCAL: [&str; 2] = ["127.0.0.1", "localhost"];

/// The variables for the child, and the notices about them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Environment {
    pub(super) set: Vec<(&'static str, String)>,
    pub(super) notes: Vec<String>,
}

/// The place of the proxy, as the child sees it.
pub(super) struct ProxyPlace<'a> {
    /// `http://127.0.0.1:4010`.
    pub(super) url: &'a str,
    /// `/@NAME`, or nothing.
    pub(super) scope: &'a str,
    /// The mounts that exist there.
    pub(super) mounts: &'a [String],
    /// True if no call of the child leaves the machine.
    pub(super) forwards_nothing: bool,
}

impl Environment {
    /// The variables for a child whose environment is `here` so far.
    pub(super) fn new(place: &ProxyPlace<'_>, here: impl Fn(&str) -> Option<OsString>) -> Self {
        let here = |name: &str| here(name).filter(|value| !value.is_empty());
        let mut made = Self::default();
        let root = format!("{}{}", place.url, place.scope);
        for (name, mount, behind) in BASES {
            let url = format!("{root}/{mount}{behind}");
            let before = here(name).map(|value| value.to_string_lossy().into_owned());
            if let Some(elsewhere) = before.filter(|before| *before != url) {
                made.notes.push(replaced(name, &elsewhere, mount, place.mounts));
            }
            made.set.push((name, url));
        }
        made.set.push(("RETAKE_URL", root));
        for name in ["NO_PROXY", "no_proxy"] {
            let before = here(name).map(|value| value.to_string_lossy().into_owned()).unwrap_or_default();
            made.set.push((name, without_proxy(&before)));
        }
        if place.forwards_nothing {
            let unset = KEYS.iter().filter(|names| names.iter().all(|name| here(name).is_none()));
            made.set.extend(unset.map(|names| (names[0], NO_KEY.to_owned())));
        }
        made
    }
}

/// A notice that names the former target of a variable; of the value only the host, because URLs may hold passwords and
/// keys.
fn replaced(name: &str, before: &str, mount: &str, mounts: &[String]) -> String {
    let uri: Option<Uri> = before.parse().ok();
    let host = uri.as_ref().and_then(Uri::host).unwrap_or("something else");
    let next = if mounts.iter().any(|known| known == mount) {
        format!("forwarded calls go to the upstream `{mount}`")
    } else {
        format!("there is no upstream `{mount}`, so its calls are refused")
    };
    format!(
        "{name} pointed to {host} and points to the proxy now; {next}, and --upstream {mount}=URL changes that"
    )
}

/// A list of hosts, with the local ones in it.
fn without_proxy(before: &str) -> String {
    let known: Vec<_> = before.split(',').map(str::trim).filter(|host| !host.is_empty()).collect();
    let missing = LOCAL.into_iter().filter(|local| !known.contains(local));
    known.iter().copied().chain(missing).collect::<Vec<_>>().join(",")
}

/// True if no call can leave the machine, unless its own header asks for it.
pub(super) fn forwards_nothing(settings: &Settings) -> bool {
    let routes = settings.routes.iter().filter_map(|route| route.mode);
    let profiles = settings.profiles.iter().filter_map(|profile| profile.mode);
    let mut modes = std::iter::once(settings.mode).chain(routes).chain(profiles);
    settings.never_forward || modes.all(|mode| !mode.forwards())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(scope: &str, forwards_nothing: bool, here: &[(&str, &str)]) -> Environment {
        let mounts = ["openai".to_owned()];
        let place = ProxyPlace { url: "http://127.0.0.1:9", scope, mounts: &mounts, forwards_nothing };
        let value = |name: &str| here.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
        Environment::new(&place, value)
    }

    fn value<'a>(made: &'a Environment, name: &str) -> Option<&'a str> {
        made.set.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn every_base_url_is_the_proxys_mount() {
        let plain = made("", false, &[]);
        assert_eq!(value(&plain, "OPENAI_BASE_URL"), Some("http://127.0.0.1:9/openai/v1"));
        assert_eq!(value(&plain, "ANTHROPIC_BASE_URL"), Some("http://127.0.0.1:9/anthropic"));
        assert_eq!(value(&plain, "OPENAI_API_KEY"), None);
        assert_eq!(plain.notes, [""; 0]);
        let scoped = made("/@t", false, &[]);
        assert_eq!(value(&scoped, "OLLAMA_HOST"), Some("http://127.0.0.1:9/@t/ollama"));
        assert_eq!(value(&scoped, "RETAKE_URL"), Some("http://127.0.0.1:9/@t"));
    }

    #[test]
    fn what_pointed_elsewhere_is_said_without_its_secrets() {
        let here = [
            ("OPENAI_BASE_URL", "https://me:hidden@gateway.example/hidden/v1?key=hidden"),
            ("OLLAMA_HOST", "\u{1b}hidden"),
            ("CO_API_URL", ""),
        ];
        let notes = made("", false, &here).notes.join("\n");
        assert!(notes.contains("OPENAI_BASE_URL pointed to gateway.example "), "{notes}");
        assert!(notes.contains("OLLAMA_HOST pointed to something else"), "{notes}");
        assert!(notes.contains("no upstream `ollama`") && notes.lines().count() == 2, "{notes}");
        assert!(!notes.contains("hidden"), "{notes}");
    }

    #[test]
    fn local_hosts_are_added_to_those_without_proxy() {
        assert_eq!(without_proxy(""), "127.0.0.1,localhost");
        assert_eq!(without_proxy("a.example, localhost,"), "a.example,localhost,127.0.0.1");
    }

    #[test]
    fn keys_are_made_up_only_where_nothing_is_forwarded_and_none_is_set() {
        let here = [("ANTHROPIC_AUTH_TOKEN", "own"), ("GOOGLE_API_KEY", "own"), ("CO_API_KEY", "")];
        let quiet = made("", true, &here);
        for (name, set) in [
            ("OPENAI_API_KEY", Some(NO_KEY)),
            ("CO_API_KEY", Some(NO_KEY)),
            ("ANTHROPIC_API_KEY", None),
            ("GEMINI_API_KEY", None),
        ] {
            assert_eq!(value(&quiet, name), set, "{name}");
        }
    }
}
