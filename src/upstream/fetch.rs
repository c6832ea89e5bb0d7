//! Fetching what a link in an answer points to, so that a recording outlives it.

use std::net::IpAddr;

use bytes::{Bytes, BytesMut};
use http::Uri;

use super::base::is_loopback;
use super::{Base, Client, UpstreamError};
use crate::model::{Headers, Request};

/// What was behind a link.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The content type it was sent with.
    pub content_type: String,
    /// The body.
    pub body: Bytes,
}

impl Client {
    /// The largest file that is fetched: 256 MiB.
    pub const FETCH_LIMIT: usize = 256 << 20;
    const REDIRECTS: usize = 5;

    /// Fetches a link that an answer of `upstream` held, without any credential, following up to five redirects.
    /// Links to this machine or to private addresses are followed only to the upstream's own host: an answer must
    /// not make the proxy read from the network behind it.
    ///
    /// # Errors
    /// When the link must not be followed, does not answer with a success, or is larger than [`Self::FETCH_LIMIT`].
    pub async fn fetch(&self, url: &str, upstream: &Base) -> Result<Fetched, UpstreamError> {
        let refused = |reason: String| UpstreamError::Refused { url: url.into(), reason };
        let mut uri: Uri = url.parse().map_err(|_| refused("it cannot be read as a URL".into()))?;
        for _ in 0..=Self::REDIRECTS {
            may_follow(&uri, upstream).map_err(|reason| refused(reason.into()))?;
            let request = Request { method: "GET".into(), headers: Headers::default(), ..Request::default() };
            let answer = self.send(uri.clone(), &request, url).await?;
            if (300..400).contains(&answer.status) {
                let location = answer
                    .headers
                    .text("location")
                    .ok_or_else(|| refused("a redirect without a location".into()))?;
                uri = redirected(&uri, location).ok_or_else(|| refused("a redirect to no URL".into()))?;
                continue;
            }
            if !(200..300).contains(&answer.status) {
                return Err(refused(format!("the answer was {}", answer.status)));
            }
            let content_type =
                answer.headers.text("content-type").unwrap_or("application/octet-stream").to_owned();
            return Ok(Fetched { content_type, body: collect(answer.body, url).await? });
        }
        Err(refused("too many redirects".into()))
    }
}

async fn collect(mut body: super::Arriving, url: &str) -> Result<Bytes, UpstreamError> {
    let mut whole = BytesMut::new();
    while let Some(piece) = body.piece().await {
        whole.extend_from_slice(&piece?);
        if whole.len() > Client::FETCH_LIMIT {
            return Err(UpstreamError::Refused {
                url: url.into(),
                reason: "it is larger than 256 MiB".into(),
            });
        }
    }
    Ok(whole.freeze())
}

fn may_follow(uri: &Uri, upstream: &Base) -> Result<(), &'static str> {
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err("only http and https links are followed");
    }
    let host = uri.host().ok_or("it has no host")?;
    let own = upstream.host().split(':').next().is_some_and(|own| own.eq_ignore_ascii_case(host));
    if !own && (is_loopback(host) || is_private(host)) {
        return Err("it points to a private address");
    }
    Ok(())
}

fn is_private(host: &str) -> bool {
    match host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => {
            ip.is_private()
                || ip.is_link_local()
                || ip.octets()[0] == 100 && (64..128).contains(&ip.octets()[1])
        }
        Ok(IpAddr::V6(ip)) => {
            ip.is_unique_local() || ip.is_unicast_link_local() || ip.to_ipv4_mapped().is_some()
        }
        Err(_) => host.rsplit('.').next().is_some_and(|last| matches!(last, "internal" | "local")),
    }
}

fn redirected(from: &Uri, location: &str) -> Option<Uri> {
    if location.contains("://") {
        return location.parse().ok();
    }
    let root = format!("{}://{}", from.scheme_str()?, from.authority()?);
    if location.starts_with('/') {
        return format!("{root}{location}").parse().ok();
    }
    let folder = from.path().rsplit_once('/').map_or("", |(folder, _)| folder);
    format!("{root}{folder}/{location}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_into_the_network_behind_the_proxy_are_refused() {
        let remote: Base = "https://api.openai.com".parse().unwrap();
        let local: Base = "http://127.0.0.1:9000".parse().unwrap();
        let ok = |url: &str, base: &Base| may_follow(&url.parse().unwrap(), base).is_ok();
        assert!(ok("https://cdn.example.com/a.png?sig=1", &remote));
        assert!(ok("http://127.0.0.1:9001/a.png", &local));
        for url in [
            "http://127.0.0.1/x",
            "http://localhost:1/x",
            "http://169.254.169.254/latest",
            "http://10.0.0.1/",
            "http://[::1]/",
            "http://metadata.internal/",
        ] {
            assert!(!ok(url, &remote), "{url}");
        }
    }

    #[test]
    fn redirects_are_resolved() {
        let from: Uri = "https://a.example/x/y?z".parse().unwrap();
        let to = |location| redirected(&from, location).unwrap().to_string();
        assert_eq!(to("https://b.example/p"), "https://b.example/p");
        assert_eq!(to("/p"), "https://a.example/p");
        assert_eq!(to("p"), "https://a.example/x/p");
    }
}
