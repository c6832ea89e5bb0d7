//! `retake demo`: the product in one command, on this machine alone.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use include_dir::{Dir, include_dir};
use tokio_util::sync::CancellationToken;

use super::headless::{self, CallLines};
use super::screens::{Screens, terminal_at_hand};
use crate::cli::common::Common;
use crate::cli::serve::running::{RunningProxy, log_to_file, log_to_stderr};
use crate::cli::serve::traffic;
use crate::cli::{exit, print};
use crate::client::Client;
use crate::config::{self, ScreenLook, WorkbenchStart};
use crate::engine::{Engine, Secret, Settings};
use crate::interchange::fixture;
use crate::model::{Latency, Mode, Recording};
use crate::proxy::ProxyAccess;
use crate::terminal::Signals;

/// The recordings that the demo begins with.
static FIXTURES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/fixtures");

pub(crate) async fn run(
    common: &Common,
    length: Option<Duration>,
    screens: Screens,
) -> anyhow::Result<ExitCode> {
    let screen = terminal_at_hand();
    let look = config::read_look(&common.config)?;
    if screen {
        screens.refuse_wrong_look(&common.config, &look)?;
        log_to_file();
    } else {
        log_to_stderr(false);
    }
    // Before there is a folder that somebody has to take away.
    let mut signals = Signals::listen()?;
    let dir = tempfile::Builder::new()
        .prefix("retake-demo-")
        .tempdir()
        .context("the temporary store cannot be made")?;
    let stand_in = stand_in(&dir.path().join("upstream")).await?;
    let listen =
        common.config.layers.flags.listen.clone().or_else(|| common.config.layers.environment.listen.clone());
    let running = start(&dir.path().join("store"), stand_in.address, listen).await?;
    let recordings = seed(&running.engine).await?;
    let stop = CancellationToken::new();
    let proxy = format!("http://{}", running.address).parse()?;
    let traffic = tokio::spawn(traffic::run(proxy, recordings, stop.clone()));
    let ended = if screen {
        (screens.workbench)(Client::Local(running.engine.clone()), start_of(running.address, look, length))
            .await
    } else {
        lines(&running, length, &mut signals).await
    };
    stop.cancel();
    // One that ended the screen is not counted again.
    let mut signals = Signals::listen()?;
    let stopping = async {
        // Its calls are over by now, however it ended.
        traffic.await.ok();
        running.stop().await?;
        stand_in.stop().await?;
        ended.map(|()| ExitCode::SUCCESS)
    };
    tokio::select! {
        code = stopping => code,
        signal = signals.next() => Ok(exit::of_signal(signal)),
    }
}

/// The demo's screen: it says what is going on and how to take part.
fn start_of(address: SocketAddr, look: ScreenLook, length: Option<Duration>) -> WorkbenchStart {
    let banner = vec![
        "This is a demo: a temporary store, a stand-in upstream, made-up traffic. Nothing leaves this machine.".into(),
        format!("Take part: OPENAI_API_KEY=any OPENAI_BASE_URL=http://{address}/openai/v1"),
    ];
    WorkbenchStart {
        address: address.to_string(),
        upstream: "stand-in upstream".into(),
        suffix: Some("demo".into()),
        attached: false,
        banner,
        look,
        notices: Vec::new(),
        length,
    }
}

/// The stand-in for the providers: a proxy of ours that synthesizes everything, as slowly as they answer.
async fn stand_in(store: &Path) -> anyhow::Result<RunningProxy> {
    let settings = Settings {
        mode: Mode::Mock,
        latency: Latency::Recorded(1.0),
        never_forward: true,
        ..Settings::default()
    };
    RunningProxy::with(store, settings, SocketAddr::from(([127, 0, 0, 1], 0)), |_| ProxyAccess::default())
        .await
}

async fn start(store: &Path, upstream: SocketAddr, listen: Option<String>) -> anyhow::Result<RunningProxy> {
    let mut settings = Settings::default();
    settings.upstreams.clear();
    for mount in ["openai", "lumenfall", "anthropic", "gemini"] {
        settings.upstreams.insert(mount.into(), format!("http://{upstream}/{mount}").parse()?);
        // The stand-in takes any: so recordings can be made anew here, too.
        settings.keys.insert(mount.into(), Secret("demo-key-of-no-use".into()));
    }
    settings.upstreams.insert("staging".into(), format!("http://{}", closed_port()?).parse()?);
    let asked = listen.is_some();
    let address = config::address(listen.as_deref().unwrap_or("127.0.0.1:4010"))?;
    match RunningProxy::with(store, settings.clone(), address, access).await {
        // The usual port may be taken by a real proxy: a demo takes another.
        Err(_) if !asked => {
            RunningProxy::with(store, settings, SocketAddr::from(([127, 0, 0, 1], 0)), access).await
        }
        started => started,
    }
}

fn access(token: &str) -> ProxyAccess {
    ProxyAccess { token: token.into(), public_url: None }
}

/// An address of this machine at which nobody listens.
fn closed_port() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Puts the embedded fixtures into the store; gives them back for the traffic.
async fn seed(engine: &Engine) -> anyhow::Result<Vec<Recording>> {
    let mut recordings = Vec::new();
    let mut files: Vec<_> = FIXTURES.files().filter(|file| is_recording(file.path())).collect();
    files.sort_by_key(|file| file.path());
    for file in files {
        let name = file.path().display();
        let json = file.contents_utf8().with_context(|| format!("fixture {name} is no text"))?;
        let body =
            |name: &str| FIXTURES.get_file(name).map(|file| bytes::Bytes::from_static(file.contents()));
        let recording = fixture::decode(json, body, |request| engine.scrub(request));
        let (recording, media) = recording.with_context(|| format!("fixture {name}"))?;
        engine.import(recording.clone(), media).await?;
        recordings.push(recording);
    }
    Ok(recordings)
}

/// `NAME.json` is a recording; its bodies have a second dot, such as `NAME.response.json`.
fn is_recording(path: &Path) -> bool {
    path.file_name()
        .and_then(|name| name.to_str())
        .and_then(|name| name.strip_suffix(".json"))
        .is_some_and(|stem| !stem.contains('.'))
}

/// The demo without a terminal: one line a call.
async fn lines(
    running: &RunningProxy,
    length: Option<Duration>,
    signals: &mut Signals,
) -> anyhow::Result<()> {
    print::line_if_read(&format!("listening on http://{}", running.address));
    print::note(&format!(
        "a demo on this machine alone; point an SDK at it with OPENAI_BASE_URL=http://{}/openai/v1",
        running.address
    ));
    let mut printing = tokio::spawn(headless::print_calls(running.engine.subscribe(), CallLines::Text));
    let over = async {
        match length {
            Some(length) => tokio::time::sleep(length).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = over => {}
        _ = signals.next() => {}
        // The reader left (`| head`), and a demo is for looking.
        _ = &mut printing => {}
    }
    printing.abort();
    Ok(())
}
