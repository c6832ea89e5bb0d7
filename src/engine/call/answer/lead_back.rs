//! Headers that say where something is: a redirect, a job, the next page. What leads to the upstream's own origin leads
//! back through the mount, so that who follows it stays with the proxy. All else stays as it is.
//!
//! Recordings keep what the upstream sent; the proxy's own URL is put in when an answer goes out, because each client
//! knows the proxy by its own.

use http::{HeaderMap, HeaderName, HeaderValue, Uri};

use crate::engine::call::answer::call_types::Incoming;
use crate::engine::call::answer::overrides::Overrides;
use crate::upstream::{Base, resolved};

/// Headers whose whole value is a reference (RFC 9110, sections 8.7 and 10.2.2), and those in which providers name jobs
/// and uploads.
const REFERENCES: [&str; 6] = [
    "location",
    "content-location",
    "operation-location",
    "azure-asyncoperation",
    "x-goog-upload-url",
    "x-goog-upload-control-url",
];

/// The upstream and the URL behind an answer that says where something is.
pub(crate) struct UpstreamOrigin {
    upstream: Base,
    /// The URL of the request.
    url: Uri,
}

/// The URL under which a client reaches a mount; `None` where links are to stay as the upstream sent them.
pub(crate) fn door(base: &str, overrides: &Overrides, mount: &str) -> Option<String> {
    let scope = overrides.scope_path.as_deref().unwrap_or_default();
    (!overrides.original_media).then(|| format!("{base}{scope}/{mount}"))
}

/// Leads the headers of an answer back that comes from an upstream just now.
pub(crate) fn at_once(headers: &mut HeaderMap, incoming: &Incoming, upstream: &Base) {
    let request = &incoming.request;
    if let Some(origin) = UpstreamOrigin::of(headers, upstream.as_str(), &request.target)
        && let Some(door) = door(&incoming.base, &incoming.overrides, &request.mount)
    {
        origin.lead_back(headers, &door);
    }
}

impl UpstreamOrigin {
    /// The origin of an answer with these headers; `None` where no header says where anything is.
    pub(crate) fn of(headers: &HeaderMap, upstream: &str, target: &str) -> Option<Self> {
        let known = REFERENCES.iter().chain(&["link", "refresh"]);
        known.copied().find(|name| headers.contains_key(*name))?;
        let upstream: Base = upstream.parse().ok()?;
        Some(Self { url: upstream.join(target).ok()?, upstream })
    }

    /// Replaces what leads to the upstream by what leads to it through `door`.
    pub(crate) fn lead_back(&self, headers: &mut HeaderMap, door: &str) {
        for name in REFERENCES {
            replace(headers, name, |value| self.through(value, door));
        }
        replace(headers, "link", |value| Some(self.link(value, door)));
        replace(headers, "refresh", |value| self.refresh(value, door));
    }

    /// A reference as one through `door`; `None` where it leads elsewhere.
    fn through(&self, reference: &str, door: &str) -> Option<String> {
        let uri = resolved(&self.url, reference)?;
        let behind = self.upstream.behind(&uri)?;
        let fragment = reference.find('#').map_or("", |at| &reference[at..]);
        Some(format!("{door}{behind}{fragment}"))
    }

    /// `<reference>; rel="next", <reference>` (RFC 8288).
    fn link(&self, value: &str, door: &str) -> String {
        let mut out = String::with_capacity(value.len());
        let (mut rest, mut quoted) = (value, false);
        while let Some(at) = rest.find(['"', '<']) {
            let (before, behind) = rest.split_at(at + 1);
            out.push_str(before);
            rest = behind;
            if before.ends_with('"') {
                quoted = !quoted;
            } else if let Some(end) = rest.find('>').filter(|_| !quoted) {
                let reference = &rest[..end];
                out.push_str(self.through(reference, door).as_deref().unwrap_or(reference));
                rest = &rest[end..];
            }
        }
        out + rest
    }

    /// `5; url=reference`, as browsers read it.
    fn refresh(&self, value: &str, door: &str) -> Option<String> {
        let at = value.to_ascii_lowercase().find("url=")? + 4;
        let reference = value[at..].trim_matches(['"', '\'', ' ']);
        Some(format!("{}{}", &value[..at], self.through(reference, door)?))
    }
}

/// Replaces the values of a header for which `other` has another.
fn replace(headers: &mut HeaderMap, name: &'static str, other: impl Fn(&str) -> Option<String>) {
    if let http::header::Entry::Occupied(mut entry) = headers.entry(HeaderName::from_static(name)) {
        for value in entry.iter_mut() {
            let new = value.to_str().ok().and_then(&other);
            if let Some(new) = new.and_then(|new| HeaderValue::try_from(new).ok()) {
                *value = new;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOOR: &str = "http://127.0.0.1:4010/@t/jobs";

    fn led(name: &'static str, value: &str) -> String {
        let mut headers = HeaderMap::from_iter([(HeaderName::from_static(name), value.parse().unwrap())]);
        let origin = UpstreamOrigin::of(&headers, "https://api.example/base", "/v1/jobs?wait=1").unwrap();
        origin.lead_back(&mut headers, DOOR);
        headers[name].to_str().unwrap().to_owned()
    }

    #[test]
    fn what_leads_to_the_upstream_leads_through_the_mount() {
        for (value, behind) in [
            ("https://api.example/base/v1/jobs/1?x=%2F#top", "/v1/jobs/1?x=%2F#top"),
            ("https://API.example:443/base/v1", "/v1"),
            ("http://api.example/base/v1", "/v1"),
            ("//api.example/base/v1", "/v1"),
            ("/base/v1/jobs/1", "/v1/jobs/1"),
            ("jobs/1", "/v1/jobs/1"),
            ("../other", "/other"),
            ("?page=2", "/v1/jobs?page=2"),
            ("/base", ""),
        ] {
            assert_eq!(led("location", value), format!("{DOOR}{behind}"), "{value}");
            assert_eq!(led("operation-location", value), format!("{DOOR}{behind}"), "{value}");
        }
    }

    #[test]
    fn what_leads_elsewhere_stays() {
        for value in [
            "https://other.example/base/v1",
            "https://api.example.evil/base/v1",
            "https://api.example:8443/base/v1",
            "https://api.example/basement",
            "https://api.example/base/../admin",
            "https://api.example@evil.example/base/v1",
            "/elsewhere",
            "javascript:alert(1)",
            "data:text/html,x",
            "not a reference",
        ] {
            assert_eq!(led("location", value), value);
        }
    }

    #[test]
    fn links_and_refreshes_hold_references() {
        let link = r#"</base/v1?page=2>; rel="next"; title="a<b>", <https://other.example/x>; rel=up"#;
        let wanted = link.replace("</base", &format!("<{DOOR}"));
        assert_eq!(led("link", link), wanted);
        assert_eq!(led("refresh", "5; URL='/base/v1'"), format!("5; URL={DOOR}/v1"));
        for odd in ["<unclosed", "5", "\"<", "<>; rel=\"self\""] {
            assert_eq!(led("link", odd).is_empty(), odd.is_empty(), "{odd}");
        }
        assert_eq!(led("refresh", "5"), "5");
    }
}
