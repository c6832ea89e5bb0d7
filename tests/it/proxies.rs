//! The way out through the proxies that the environment names.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use retake::model::Outcome;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::home::{CHAT_PATH, Home, Running, chat, said};
use crate::tls;
use crate::world::{Upstream, json};

const ANSWER: &str = r#"{"id":"chatcmpl-proxied","choices":[]}"#;
const SERVE: [&str; 6] = ["serve", "--listen", "127.0.0.1:0", "--json", "--mode", "off"];

type Asked = Arc<Mutex<Vec<String>>>;

/// A SOCKS proxy (RFC 1928, RFC 1929) that notes who asked for what, and connects to that port of this machine.
async fn socks() -> (SocketAddr, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, asked) = (listener.local_addr().unwrap(), Asked::default());
    let log = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(proxied(client, Arc::clone(&log)));
        }
    });
    (address, asked)
}

async fn proxied(mut client: TcpStream, log: Asked) -> std::io::Result<()> {
    let mut noted = String::new();
    assert_eq!(client.read_u8().await?, 5);
    let methods = counted(&mut client).await?;
    if methods.contains(&2) {
        client.write_all(&[5, 2]).await?;
        assert_eq!(client.read_u8().await?, 1);
        let (user, password) = (counted(&mut client).await?, counted(&mut client).await?);
        noted = format!("{}:{}@", String::from_utf8_lossy(&user), String::from_utf8_lossy(&password));
        client.write_all(&[1, 0]).await?;
    } else {
        client.write_all(&[5, 0]).await?;
    }
    let mut request = [0; 4];
    client.read_exact(&mut request).await?;
    let host = match request[3] {
        3 => String::from_utf8(counted(&mut client).await?).unwrap(),
        kind => {
            let mut bytes = vec![0; if kind == 1 { 4 } else { 16 }];
            client.read_exact(&mut bytes).await?;
            format!("an address of {} bytes", bytes.len())
        }
    };
    let port = client.read_u16().await?;
    log.lock().unwrap().push(format!("{noted}{host}:{port}"));
    let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    tokio::io::copy_bidirectional(&mut client, &mut server).await.map(drop)
}

/// Bytes behind their number.
async fn counted(client: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut bytes = vec![0; client.read_u8().await?.into()];
    client.read_exact(&mut bytes).await?;
    Ok(bytes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn socks_proxies_are_obeyed_under_each_name() {
    let home = Home::new();
    let trusted = home.path().join("trusted.pem");
    let upstream = Upstream::start(|_| json(ANSWER)).await;
    let port = tls::front(&trusted, upstream.address).await;
    let (proxy, asked) = socks().await;
    let to = format!("openai=https://localhost:{port}");
    for (variable, scheme, login, noted) in [
        ("HTTPS_PROXY", "socks5h", "", format!("localhost:{port}")),
        ("https_proxy", "socks5h", "user:p%40ss@", format!("user:p@ss@localhost:{port}")),
        ("ALL_PROXY", "socks5", "", format!("an address of 4 bytes:{port}")),
        ("all_proxy", "socks5h", "", format!("localhost:{port}")),
    ] {
        let mut command = home.command(&[&SERVE[..], &["--upstream", &to]].concat());
        command.env("SSL_CERT_FILE", &trusted).env(variable, format!("{scheme}://{login}{proxy}"));
        let running = Running::start(command);
        let answer = running.call(CHAT_PATH, &[], &chat("hi")).await;
        assert_eq!((answer.status, &answer.body[..]), (200, ANSWER.as_bytes()), "{variable}");
        assert_eq!(std::mem::take(&mut *asked.lock().unwrap()), [noted], "{variable}");
        assert_eq!(running.end("TERM").code, Some(0));
    }
}

/// A program that is told to go through a proxy must not go past it because it does not know that kind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_cannot_be_used_is_named_at_the_start_at_a_call_and_by_doctor() {
    let home = Home::new();
    let trusted = home.path().join("trusted.pem");
    let upstream = Upstream::start(|_| json(ANSWER)).await;
    let port = tls::front(&trusted, upstream.address).await;
    let (secure, plain) =
        (format!("openai=https://localhost:{port}"), format!("ollama=http://{}", upstream.address));
    for (variable, value) in [
        ("HTTPS_PROXY", "socks4://user:hidden@127.0.0.1:1"),
        ("HTTPS_PROXY", "socks://user:hidden@127.0.0.1:1"),
        ("ALL_PROXY", "ftp://user:hidden@127.0.0.1:1"),
        ("HTTPS_PROXY", "http://user:hidden@127.0.0.1:no"),
    ] {
        let set = |mut command: std::process::Command| {
            command.env("SSL_CERT_FILE", &trusted).env(variable, value);
            command
        };
        let running = Running::start(set(
            home.command(&[&SERVE[..], &["--upstream", &secure, "--upstream", &plain]].concat())
        ));
        let words = format!("the proxy in {variable} cannot be used");
        let refused = running.call(CHAT_PATH, &[], &chat("hi")).await;
        let text = String::from_utf8_lossy(&refused.body).into_owned();
        assert!(refused.status == 502 && text.contains(&words), "{value}: {} {text}", refused.status);
        assert_eq!(running.json().outcome, Some(Outcome::Error));
        let local = running.call("/ollama/v1/chat/completions", &[], &chat("hi")).await;
        assert_eq!(local.status, 200, "what runs on this machine is behind no proxy");
        let ended = running.end("TERM");
        assert!(ended.err.contains(&words), "{ended:?}");
        let doctor = said(set(home.command(&["doctor", "--offline"])));
        assert!(doctor.code == Some(1) && doctor.out.contains(&words), "{doctor:?}");
        assert!(![&text, &ended.err, &doctor.out, &doctor.err].iter().any(|text| text.contains("hidden")));
    }
    assert_eq!(upstream.calls(), 4, "nothing went past the proxy");
}

/// A proxy leads wherever it stands: what a link may not name directly, it may not name through one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_to_private_addresses_are_not_followed_through_a_proxy_either() {
    let links =
        ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "[::1]", "[fd00::1]", "0x7f000001"];
    let upstream = Upstream::start(move |_| {
        let data: Vec<_> =
            links.iter().map(|host| format!(r#"{{"url":"http://{host}:81/x.png"}}"#)).collect();
        json(&format!(r#"{{"created":1,"data":[{}]}}"#, data.join(",")))
    })
    .await;
    let (socks, asked) = socks().await;
    // A proxy for HTTP would be asked by CONNECT, and hears nothing.
    let http = TcpListener::bind("127.0.0.1:0").await.unwrap();
    for (variables, proxy) in [
        (&["HTTP_PROXY", "HTTPS_PROXY"][..], format!("http://{}", http.local_addr().unwrap())),
        (&["http_proxy", "https_proxy"], format!("socks5h://{socks}")),
        (&["ALL_PROXY"], format!("socks5://{socks}")),
    ] {
        let home = Home::new();
        let to = format!("openai=http://{}", upstream.address);
        let args = ["serve", "--listen", "127.0.0.1:0", "--json", "--mode", "record", "--upstream", &to];
        let mut command = home.command(&args);
        command.envs(variables.iter().map(|name| (*name, &proxy)));
        // The upstream itself is reached directly, and none of the links' hosts is named so.
        command.env("NO_PROXY", format!("{}:{}", "127.0.0.1", upstream.address.port()));
        let running = Running::start(command);
        let body = r#"{"model":"gpt-image-1","prompt":"a hat"}"#;
        let reply = running.call("/openai/v1/images/generations", &[], body).await;
        assert_eq!(reply.status, 200, "{proxy}: {reply:?}");
        let id = running.json().recording.expect("it is recorded");
        assert_eq!(running.end("TERM").code, Some(0));
        let shown = home.fine(&["show", id.as_str(), "--json"]);
        assert_eq!(shown.matches("no public address").count(), links.len(), "{proxy}: {shown}");
    }
    assert_eq!(*asked.lock().unwrap(), Vec::<String>::new(), "no link reached it");
    let nobody = tokio::time::timeout(std::time::Duration::ZERO, http.accept()).await;
    assert!(nobody.is_err(), "no link reached it");
}
