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
