//! Connections: directly or through a proxy, anywhere or to public addresses only.
//!
//! An address is judged after a name was resolved, and the connection goes to exactly that address: a name that leads
//! elsewhere when it is asked again changes nothing.

use std::error::Error;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use std::{io, vec};

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::proxy::matcher::Intercept;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tower_service::Service;

use super::base::{bare, port_of};
use super::public::is_public;

/// The longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// The addresses to which connections may lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Reach {
    /// Anywhere: the operator named the upstream.
    Anywhere,
    /// Public addresses only: a stranger named the link.
    Public,
}

/// Makes connections for one pool.
#[derive(Clone)]
pub(super) struct Connector {
    transport: Transport,
    reach: Reach,
}

#[derive(Clone)]
enum Transport {
    Direct(HttpConnector<Resolver>),
    /// Through an HTTP proxy, by CONNECT.
    Tunnel(Tunnel<HttpsConnector<HttpConnector>>),
    /// Through a SOCKS proxy. `socks5://` leaves looking up names to the client, `socks5h://` to the proxy, as with curl.
    Socks {
        through: SocksV5<HttpConnector>,
        resolves: bool,
    },
}

/// An address that a link must not lead to.
#[derive(Debug, thiserror::Error)]
#[error(
    "{host} leads to {ip}, which is no public address; of those a link may name the upstream's own scheme, host and port \
     only"
)]
pub(super) struct NotPublic {
    host: String,
    ip: IpAddr,
}

type ConnectFailure = Box<dyn Error + Send + Sync>;
type Connected = MaybeHttpsStream<TokioIo<TcpStream>>;

impl Connector {
    pub(super) fn direct(reach: Reach) -> Self {
        Self {
            transport: Transport::Direct(over_tcp(HttpConnector::new_with_resolver(Resolver(reach)))),
            reach,
        }
    }

    /// Connections through a proxy, which may be reached over TLS itself.
    pub(super) fn through(proxy: &Intercept, tls: ClientConfig, reach: Reach) -> Self {
        let (uri, connector) = (proxy.uri().clone(), over_tcp(HttpConnector::new()));
        let scheme = uri.scheme_str().unwrap_or_default();
        let transport = if scheme.starts_with("socks") {
            let resolves = scheme == "socks5";
            let through = SocksV5::new(with_port(&uri, 1080).unwrap_or(uri), connector);
            let through = match proxy.raw_auth() {
                Some((user, password)) => through.with_auth(user.to_owned(), password.to_owned()),
                None => through,
            };
            Transport::Socks { through, resolves }
        } else {
            let https = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
            let tunnel = Tunnel::new(uri, https.wrap_connector(connector));
            Transport::Tunnel(match proxy.basic_auth() {
                Some(auth) => tunnel.with_auth(auth.clone()),
                None => tunnel,
            })
        };
        Self { transport, reach }
    }
}

impl Service<Uri> for Connector {
    type Response = Connected;
    type Error = ConnectFailure;
    type Future = Pin<Box<dyn Future<Output = Result<Connected, ConnectFailure>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectFailure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let Self { transport, reach } = self.clone();
        Box::pin(async move {
            let host = bare(uri.host().unwrap_or_default()).to_owned();
            if let Ok(ip) = host.parse() {
                // No resolver is asked about an address.
                admitted(reach, &host, [ip])?;
            }
            match transport {
                Transport::Direct(mut connector) => Ok(connector.call(uri).await?.into()),
                Transport::Tunnel(mut tunnel) => {
                    judged(reach, &host).await?;
                    Ok(tunnel.call(with_port(&uri, port_of(&uri)).unwrap_or(uri)).await?)
                }
                Transport::Socks { mut through, resolves } => {
                    let uri = if resolves {
                        let found = resolved(reach, &host).await?;
                        // A proxy without IPv6 is more usual than an upstream without IPv4.
                        let found = found.iter().find(|found| found.is_ipv4()).or(found.first());
                        let ip = found.ok_or("no address was found")?.ip();
                        with_host(&uri, &SocketAddr::new(ip, port_of(&uri)).to_string())?
                    } else {
                        judged(reach, &host).await?;
                        with_port(&uri, port_of(&uri)).unwrap_or(uri)
                    };
                    Ok(through.call(uri).await?.into())
                }
            }
        })
    }
}

/// Looks up names, and gives addresses that may be connected to.
#[derive(Clone, Copy)]
struct Resolver(Reach);

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let reach = self.0;
        Box::pin(async move { Ok(resolved(reach, name.as_str()).await?.into_iter()) })
    }
}

/// The addresses of a name (or of an address in any spelling that the system knows) that may be connected to.
async fn resolved(reach: Reach, host: &str) -> io::Result<Vec<SocketAddr>> {
    let found: Vec<_> = tokio::net::lookup_host((host, 0)).await?.collect();
    let open: Vec<_> =
        found.iter().copied().filter(|address| reach == Reach::Anywhere || is_public(address.ip())).collect();
    if open.is_empty() {
        admitted(reach, host, found.iter().map(SocketAddr::ip)).map_err(io::Error::other)?;
    }
    Ok(open)
}

/// Judges a host that a proxy will look up itself. What this machine knows of it counts; where it knows nothing, as behind
/// proxies that alone see the internet, the proxy's operator decides where it leads.
async fn judged(reach: Reach, host: &str) -> Result<(), NotPublic> {
    if reach == Reach::Anywhere {
        return Ok(());
    }
    match tokio::net::lookup_host((host, 0)).await {
        Ok(found) => admitted(reach, host, found.map(|address| address.ip())),
        Err(_) => Ok(()),
    }
}

fn admitted(reach: Reach, host: &str, found: impl IntoIterator<Item = IpAddr>) -> Result<(), NotPublic> {
    match found.into_iter().find(|ip| reach == Reach::Public && !is_public(*ip)) {
        Some(ip) => Err(NotPublic { host: host.to_owned(), ip }),
        None => Ok(()),
    }
}

fn over_tcp<R>(mut connector: HttpConnector<R>) -> HttpConnector<R> {
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(CONNECT));
    connector
}

/// The URI with its port written out: what speaks to proxies would guess it.
fn with_port(uri: &Uri, port: u16) -> Option<Uri> {
    let host = uri.host()?;
    let port = uri.port_u16().unwrap_or(port);
    with_host(uri, &format!("{host}:{port}")).ok()
}

fn with_host(uri: &Uri, authority: &str) -> Result<Uri, http::Error> {
    let scheme = uri.scheme_str().unwrap_or("http");
    Uri::builder().scheme(scheme).authority(authority).path_and_query("/").build()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every spelling that the system takes for an address, and a name that leads to one.
    #[tokio::test]
    async fn what_is_judged_is_where_a_host_leads() {
        for host in ["127.1", "0x7f000001", "2130706433", "0", "017700000001", "0x7f.1", "localhost"] {
            let error = resolved(Reach::Public, host).await.unwrap_err().to_string();
            assert!(error.contains("no public address"), "{host}: {error}");
            assert!(judged(Reach::Public, host).await.is_err(), "{host}");
            assert!(!resolved(Reach::Anywhere, host).await.unwrap().is_empty(), "{host}");
        }
        assert_eq!(resolved(Reach::Public, "1.1.1.1").await.unwrap(), ["1.1.1.1:0".parse().unwrap()]);
        assert!(judged(Reach::Public, "name.that.is.nowhere.invalid").await.is_ok());
    }

    #[test]
    fn ports_are_written_out() {
        let at = |text: &str| {
            let uri: Uri = text.parse().unwrap();
            with_port(&uri, port_of(&uri)).unwrap().to_string()
        };
        assert_eq!(at("http://a.example/x?y"), "http://a.example:80/");
        assert_eq!(at("https://[::1]"), "https://[::1]:443/");
        assert_eq!(at("https://a.example:8443"), "https://a.example:8443/");
    }
}
