//! The owner of a store that runs in another process, reached through its control API.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use parking_lot::RwLock;
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;

use super::error::ClientError;
use crate::api::{Health, HealthRequest, ModeRequest, Verb};
use crate::engine::VerbError;
use crate::model::{Headers, Request};
use crate::store;
use crate::upstream::{Arriving, Base, Forwarded, UpstreamClient, UpstreamError};

/// A retake that owns a store, in another process. Clones share it.
#[derive(Clone)]
pub struct ControlClient {
    client: UpstreamClient,
    shared: Arc<ControlClientState>,
}

struct ControlClientState {
    place: RwLock<OwnerAddress>,
    /// True for an address that was given, and is not that of the store's `LOCK`.
    given: bool,
    /// The store whose `LOCK` says the token; none when the token was given.
    store: Option<PathBuf>,
}

/// The address of an owner, and the token of its control API.
#[derive(Clone)]
struct OwnerAddress {
    base: Base,
    token: String,
    /// Process; none where that is not known, or on another machine for all that is known.
    pid: Option<u32>,
    /// Set once who is there said that it is a retake of this version: nobody else gets the token.
    introduced: Arc<OnceCell<()>>,
}

/// The client for an owner whose URL was given, or that runs on this machine: then no proxy gets its token.
fn client(given: bool, timeout: Duration) -> UpstreamClient {
    if given { UpstreamClient::new(timeout) } else { UpstreamClient::local(timeout) }
}

impl ControlClient {
    /// Time for the owner to say who it is. One that is stopped takes connections and says nothing.
    const GREETING: Duration = Duration::from_secs(10);
    /// Time for an answer of the owner: they come from memory and disk.
    const PATIENCE: Duration = Duration::from_secs(30);
    /// Time for an answer of a verb that writes the store anew, or waits for an upstream.
    const LONG: Duration = Duration::from_secs(900);
    const VERSION: &str = env!("CARGO_PKG_VERSION");

    /// The process that owns the store in `dir`; none when nobody does, or a short command.
    #[must_use]
    pub fn of(dir: &Path) -> Option<Self> {
        let place = OwnerAddress::of(dir)?;
        Some(Self::at(place, false, Some(dir)))
    }

    /// The retake at `base`, once it said that it is one, of this version, and took the token. Without a token, it
    /// is that of the `LOCK` in `store`.
    ///
    /// # Errors
    /// When nothing answers there, what answers is no retake or another version, or the token is not the right one.
    pub async fn at_url(base: Base, token: Option<String>, store: &Path) -> Result<Self, ClientError> {
        let known = token.is_some();
        let token = match token {
            Some(token) => token,
            None => store::owner(store)
                .map(|owner| owner.token)
                .ok_or_else(|| ClientError::NoToken { base: base.to_string(), store: store.into() })?,
        };
        let place = OwnerAddress { base, token, pid: None, introduced: Arc::default() };
        let owner = Self::at(place, true, (!known).then_some(store));
        owner.run(&ModeRequest {}).await?;
        Ok(owner)
    }

    fn at(place: OwnerAddress, given: bool, store: Option<&Path>) -> Self {
        let shared = ControlClientState { place: RwLock::new(place), given, store: store.map(Into::into) };
        Self { client: client(given, Self::PATIENCE), shared: Arc::new(shared) }
    }

    /// This client, for verbs that may take minutes.
    pub(super) fn patient(&self) -> Self {
        Self { client: client(self.shared.given, Self::LONG), shared: Arc::clone(&self.shared) }
    }

    /// URL.
    #[must_use]
    pub fn base(&self) -> Base {
        self.shared.place.read().base.clone()
    }

    /// Looks whether the store has another owner by now, or the same one a new token.
    pub(super) fn look_again(&self) {
        let now = self.shared.store.as_deref().and_then(OwnerAddress::of);
        let mut place = self.shared.place.write();
        // Another program may have taken the port.
        place.introduced = Arc::default();
        let Some(now) = now else { return };
        place.token = now.token;
        place.pid = now.pid;
        if !self.shared.given {
            place.base = now.base;
        }
    }

    /// Asks who is there. The token is not sent: whoever it is might keep it.
    async fn introduced(&self, base: &Base) -> Result<(), ClientError> {
        let asked = request(&Method::GET, HealthRequest::ROUTE.path, None, Bytes::new());
        let answer = tokio::time::timeout(Self::GREETING, self.send(base, &asked)).await;
        let silent = |_| {
            Err(unreachable(base, UpstreamError::Timeout { base: base.to_string(), after: Self::GREETING }))
        };
        let (status, _, body) = answer.unwrap_or_else(silent)?;
        let base = base.to_string();
        if status == 403 {
            return Err(refused(&base, status, &body));
        }
        let health = serde_json::from_slice::<Health>(&body).ok();
        match health.filter(|health| status == 200 && health.name == "retake") {
            None => Err(match &self.shared.store {
                Some(store) if !self.shared.given => ClientError::Elsewhere { base, store: store.clone() },
                _ => ClientError::NoRetake { base },
            }),
            Some(health) if !compatible(&health.version, Self::VERSION) => {
                Err(ClientError::OtherVersion { base, theirs: health.version, ours: Self::VERSION })
            }
            Some(_) => Ok(()),
        }
    }

    /// Carries a verb out.
    pub(super) async fn run<V: Verb<Answer: DeserializeOwned>>(
        &self,
        verb: &V,
    ) -> Result<V::Answer, ClientError> {
        let unwritable = |error: serde_json::Error| VerbError::Invalid(error.to_string());
        let (path, body) = V::ROUTE.fill(verb).map_err(unwritable)?;
        let patient = if V::ROUTE.slow { self.patient() } else { self.clone() };
        patient.read(V::ROUTE.method, &path, body.into()).await
    }

    /// The answer at `path` as it is: status, headers, body.
    pub(super) async fn fetch(&self, path: &str) -> Result<(u16, Headers, Bytes), ClientError> {
        let place = self.place().await?;
        let asked = request(&Method::GET, path, Some(&place.token), Bytes::new());
        self.send(&place.base, &asked).await.map_err(|error| place.named(error))
    }

    /// The beginning of an answer that goes on.
    pub(super) async fn open(&self, path: &str) -> Result<Arriving, ClientError> {
        let OwnerAddress { base, token, .. } = self.place().await?;
        let answer = self.begin(&base, &request(&Method::GET, path, Some(&token), Bytes::new())).await?;
        if answer.status == 200 {
            return Ok(answer.body);
        }
        Err(refused(base.as_str(), answer.status, &whole(&base, answer.body).await?))
    }

    async fn read<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<T, ClientError> {
        let place = self.place().await?;
        let asked = request(&method, path, Some(&place.token), body);
        let answer = self.send(&place.base, &asked).await;
        let (status, _, body) = answer.map_err(|error| place.named(error))?;
        let base = place.base;
        if !(200..300).contains(&status) {
            return Err(refused(base.as_str(), status, &body));
        }
        serde_json::from_slice(&body)
            .map_err(|error| ClientError::Refused { status, message: error.to_string() })
    }

    async fn send(&self, base: &Base, request: &Request) -> Result<(u16, Headers, Bytes), ClientError> {
        let answer = self.begin(base, request).await?;
        Ok((answer.status, answer.headers, whole(base, answer.body).await?))
    }

    async fn begin(&self, base: &Base, request: &Request) -> Result<Forwarded, ClientError> {
        let answer = self.client.forward(request, base).await;
        answer.map_err(|error| unreachable(base, error))
    }

    /// The address of the owner, once it is known to be one.
    async fn place(&self) -> Result<OwnerAddress, ClientError> {
        let place = self.shared.place.read().clone();
        place
            .introduced
            .get_or_try_init(|| self.introduced(&place.base))
            .await
            .map_err(|error| place.named(error))?;
        Ok(place)
    }
}

impl OwnerAddress {
    /// An error with the process that is to blame.
    fn named(&self, error: ClientError) -> ClientError {
        match error {
            ClientError::Unreachable { base, reason, silent, .. } => {
                ClientError::Unreachable { base, process: self.pid, reason, silent }
            }
            other => other,
        }
    }

    /// The address at which the owner of the store in `dir` listens.
    fn of(dir: &Path) -> Option<Self> {
        let owner = store::owner(dir)?;
        let base = format!("http://{}", owner.address?).parse().ok()?;
        let pid = Some(owner.pid).filter(|pid| *pid > 0);
        Some(Self { base, token: owner.token, pid, introduced: Arc::default() })
    }
}

/// A request to the control API.
fn request(method: &Method, path: &str, token: Option<&str>, body: Bytes) -> Request {
    let mut headers = Headers::default();
    headers.push("content-type", "application/json");
    if let Some(token) = token {
        headers.push("authorization", format!("Bearer {token}"));
    }
    let (method, target) = (method.as_str().to_owned(), format!("/__retake{path}"));
    Request { method, target, headers, body, ..Request::default() }
}

/// The next piece of a body; an owner that falls silent in the middle is one that does not answer.
pub(super) async fn piece(
    base: &Base,
    body: &mut Arriving,
    patience: Duration,
) -> Result<Option<Bytes>, ClientError> {
    let piece = tokio::time::timeout(patience, body.piece()).await;
    let silent = |_| Err(UpstreamError::Timeout { base: base.to_string(), after: patience });
    piece.map_or_else(silent, Option::transpose).map_err(|error| unreachable(base, error))
}

async fn whole(base: &Base, mut body: Arriving) -> Result<Bytes, ClientError> {
    let mut whole = Vec::new();
    while let Some(piece) = piece(base, &mut body, ControlClient::PATIENCE).await? {
        whole.extend_from_slice(&piece);
    }
    Ok(whole.into())
}

fn unreachable(base: &Base, error: UpstreamError) -> ClientError {
    let silent = matches!(error, UpstreamError::Timeout { .. });
    let reason = match error {
        UpstreamError::Unreachable { reason, .. } => reason,
        UpstreamError::Cut(reason) => format!("it broke off in the middle of the answer: {reason}"),
        UpstreamError::Timeout { after, .. } => format!("it said nothing for {} s", after.as_secs()),
        other => other.to_string(),
    };
    ClientError::Unreachable { base: base.to_string(), process: None, reason, silent }
}

/// The error of an answer with an error status.
fn refused(base: &str, status: u16, body: &[u8]) -> ClientError {
    if status == 401 {
        return ClientError::WrongToken { base: base.into() };
    }
    let value: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let message = value["error"]["message"].as_str().unwrap_or("an answer that is not retake's").to_owned();
    ClientError::Refused { status, message }
}

/// True if two versions speak the same control API: before 1.0 with equal minor versions, from then on with equal major
/// ones.
fn compatible(theirs: &str, ours: &str) -> bool {
    let series = |version: &str| {
        let mut numbers = version.split('.').map(str::to_owned);
        let major = numbers.next();
        let minor = numbers.next().filter(|_| major.as_deref() == Some("0"));
        (major, minor)
    };
    series(theirs) == series(ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_one_series_understand_each_other() {
        for (theirs, ours, fine) in [
            ("0.1.0", "0.1.9", true),
            ("0.1.0", "0.2.0", false),
            ("1.0.0", "1.9.3", true),
            ("2.0.0", "1.0.0", false),
            ("1.1.0", "0.1.0", false),
        ] {
            assert_eq!(compatible(theirs, ours), fine, "{theirs} {ours}");
        }
    }
}
