//! The check that upstreams can be reached: connections without a request on them.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use super::check::Check;
use crate::config::Config;
use crate::engine::Settings;
use crate::upstream::{Base, UpstreamClient, proxy_problem};

const AREA: &str = "upstreams";
/// Time for a connection.
const PATIENCE: Duration = Duration::from_secs(3);

pub(crate) async fn checks(config: &Config, offline: bool) -> Vec<Check> {
    let settings = &config.settings;
    let proxy = proxy_problem().map(|problem| {
        let advice = "correct the variable, or unset it; upstreams over TLS cannot be reached until then";
        Check::problem(AREA, problem.to_string(), advice)
    });
    let upstreams = upstreams(settings, offline).await;
    proxy.into_iter().chain(upstreams).collect()
}

async fn upstreams(settings: &Settings, offline: bool) -> Vec<Check> {
    if offline || settings.never_forward {
        let why = if offline { "--offline" } else { "nothing is forwarded" };
        let text = format!("{} mounts, not reached for: {why}", settings.upstreams.len());
        return vec![Check::ok(AREA, text).with(json!({ "asked": false }))];
    }
    let client = UpstreamClient::new(PATIENCE);
    let usual = Settings::default().upstreams;
    join_all(settings.upstreams.iter().map(|(mount, base)| {
        let own = usual.get(mount) != Some(base);
        reached(&client, mount, base, own)
    }))
    .await
}

/// One of the people's `own` choice must be there; of those that are known by default nobody may have need.
async fn reached(client: &UpstreamClient, mount: &str, base: &Base, own: bool) -> Check {
    let answer = client.reach(base).await;
    let facts = json!({ "asked": true, "mount": mount, "url": base.as_str(), "reached": answer.is_ok() });
    let check = match answer {
        Ok(()) => Check::ok(AREA, format!("{mount}: {base} can be reached")),
        Err(error) if own => {
            let advice = "look at its URL, at the network, and at HTTPS_PROXY and NO_PROXY";
            Check::problem(AREA, format!("{mount}: {error}"), advice)
        }
        Err(error) => Check::note(AREA, format!("{mount}: {error}")),
    };
    check.with(facts)
}
