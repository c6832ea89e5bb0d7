//! The way out over TLS: a provider with a certificate that the machine trusts, and one with none.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::tempdir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::program::Serve;
use crate::world::{PATIENCE, request};

const CHAT: &str = r#"{"model":"gpt-5-mini","messages":[{"role":"user","content":"Over TLS"}]}"#;
const ANSWER: &str = r#"{"id":"chatcmpl-tls","choices":[]}"#;

/// A provider at `https://localhost:PORT`; its certificate is written to `trusted`.
async fn provider(trusted: &Path) -> u16 {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(trusted, certified.cert.pem()).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config =
        config.with_no_client_auth().with_single_cert(vec![certified.cert.der().clone()], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
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

async fn post(serve: &Serve) -> (u16, Vec<u8>) {
    let client = retake::upstream::Client::new(PATIENCE);
    let base = format!("http://{}", serve.address).parse().unwrap();
    let mut answer = client.forward(&request("/v1/chat/completions", &[], CHAT), &base).await.unwrap();
    let mut body = Vec::new();
    while let Some(piece) = answer.body.piece().await {
        body.extend_from_slice(&piece.unwrap());
    }
    (answer.status, body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_is_reached_over_tls_only_when_its_certificate_is_trusted() {
    let folder = tempdir().unwrap();
    let trusted = folder.path().join("trusted.pem");
    let port = provider(&trusted).await;
    let flags = ["--mode", "replay-or-record", "--upstream", &format!("openai=https://localhost:{port}")];
    let wary = Serve::start(&folder.path().join("wary"), &flags);
    let (status, body) = post(&wary).await;
    assert_eq!(status, 502, "{}", String::from_utf8_lossy(&body));
    assert!(String::from_utf8_lossy(&body).contains("certificate"), "{}", String::from_utf8_lossy(&body));
    let trusting = [("SSL_CERT_FILE", trusted.to_str().unwrap())];
    let serve = Serve::within(&folder.path().join("trusting"), &flags, &trusting);
    assert_eq!(post(&serve).await, (200, ANSWER.into()));
    assert_eq!(serve.calls(1)[0].outcome.unwrap().as_str(), "record");
}
