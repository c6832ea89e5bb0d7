//! The way out over TLS: a provider with a certificate that the machine trusts, and one with none.

use std::path::Path;
use std::sync::Arc;

use retake::model::Outcome;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::home::{CHAT_PATH, Home, Running};

const CHAT: &str = r#"{"model":"gpt-5-mini","messages":[{"role":"user","content":"Over TLS"}]}"#;
const ANSWER: &str = r#"{"id":"chatcmpl-tls","choices":[]}"#;

/// What takes connections to `https://localhost`; its certificate is written to `trusted`.
fn acceptor(trusted: &Path) -> TlsAcceptor {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(trusted, certified.cert.pem()).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config =
        config.with_no_client_auth().with_single_cert(vec![certified.cert.der().clone()], key).unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// Puts TLS before a server: what comes in at the port is passed on to it.
pub(crate) async fn front(trusted: &Path, to: std::net::SocketAddr) -> u16 {
    let acceptor = acceptor(trusted);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut client = acceptor.accept(socket).await?;
                let mut server = tokio::net::TcpStream::connect(to).await?;
                tokio::io::copy_bidirectional(&mut client, &mut server).await
            });
        }
    });
    port
}

/// A provider at `https://localhost:PORT`; its certificate is written to `trusted`.
async fn provider(trusted: &Path) -> u16 {
    let acceptor = acceptor(trusted);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            // Whoever does not trust the certificate leaves here.
            let Ok(mut stream) = acceptor.accept(socket).await else { continue };
            let mut seen = Vec::new();
            while !seen.ends_with(CHAT.as_bytes())
                && stream.read_buf(&mut seen).await.is_ok_and(|read| read > 0)
            {}
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
            let answer = format!("{head}content-length: {}\r\n\r\n{ANSWER}", ANSWER.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_is_reached_over_tls_only_when_its_certificate_is_trusted() {
    let (wary, trusting) = (Home::new(), Home::new());
    let trusted = trusting.path().join("trusted.pem");
    let upstream = format!("openai=https://localhost:{}", provider(&trusted).await);
    let flags = ["--json", "--mode", "replay-or-record", "--upstream", &upstream];
    let serve = wary.serve(&flags);
    let refused = serve.call(CHAT_PATH, &[], CHAT).await;
    let text = String::from_utf8_lossy(&refused.body);
    assert!(refused.status == 502 && text.contains("certificate"), "{} {text}", refused.status);
    let mut command = trusting.command(&[&["serve", "--listen", "127.0.0.1:0"], &flags[..]].concat());
    command.env("SSL_CERT_FILE", &trusted);
    let serve = Running::start(command);
    let answered = serve.call(CHAT_PATH, &[], CHAT).await;
    assert_eq!((answered.status, &answered.body[..]), (200, ANSWER.as_bytes()));
    assert_eq!(serve.json().outcome, Some(Outcome::Record));
}

/// An HTTP proxy that notes which hosts it is asked to connect to, and connects.
async fn tunnel() -> (std::net::SocketAddr, Arc<std::sync::Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, asked) = (listener.local_addr().unwrap(), Arc::default());
    let log: Arc<std::sync::Mutex<Vec<String>>> = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") && client.read_buf(&mut head).await.is_ok_and(|read| read > 0)
            {
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            let host = head.split(' ').nth(1).unwrap_or_default().to_owned();
            log.lock().unwrap().push(format!("{} {host}", head.split(' ').next().unwrap_or_default()));
            let mut provider = tokio::net::TcpStream::connect(host).await.unwrap();
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut provider).await });
        }
    });
    (address, asked)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn https_proxy_and_no_proxy_are_obeyed() {
    let home = Home::new();
    let trusted = home.path().join("trusted.pem");
    let port = provider(&trusted).await;
    let (proxy, asked) = tunnel().await;
    let upstream = format!("openai=https://localhost:{port}");
    let args = ["serve", "--listen", "127.0.0.1:0", "--json", "--mode", "off", "--upstream", &upstream];
    for (no_proxy, times) in [("", 1), ("localhost", 1)] {
        let mut command = home.command(&args);
        command
            .env("SSL_CERT_FILE", &trusted)
            .env("HTTPS_PROXY", format!("http://{proxy}"))
            .env("NO_PROXY", no_proxy);
        let running = Running::start(command);
        let answer = running.call(CHAT_PATH, &[], CHAT).await;
        assert_eq!((answer.status, &answer.body[..]), (200, ANSWER.as_bytes()), "{:?}", running.json());
        assert_eq!(*asked.lock().unwrap(), vec![format!("CONNECT localhost:{port}"); times]);
        assert_eq!(running.end("TERM").code, Some(0));
    }
}
