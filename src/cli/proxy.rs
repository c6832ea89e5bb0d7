//! What `serve`, the workbench and the demo have in common: a proxy on a store.

use std::net::SocketAddr;
use std::path::Path;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::config::{self, Config};
use super::exit::Usage;
use crate::engine::{self, Engine, Settings};
use crate::model::Notice;
use crate::proxy::{Access, DRAIN, Proxy, reachable};
use crate::store::{Ownership, Store};

/// A proxy that runs until it is stopped.
pub(super) struct Running {
    pub(super) engine: Engine,
    /// Where clients on this machine reach it.
    pub(super) address: SocketAddr,
    /// What people should know about the opening of the store.
    pub(super) notices: Vec<Notice>,
    store: Store,
    stop: CancellationToken,
    /// None once it has ended.
    serving: Option<tokio::task::JoinHandle<std::io::Result<()>>>,
}

impl Running {
    /// Opens the store and serves it.
    pub(super) async fn start(store: &Path, config: &Config) -> anyhow::Result<Self> {
        let access = |token: &str| Access { token: token.into(), public_url: config.public_url.clone() };
        let running = Self::with(store, config.settings.clone(), config.listen, access).await?;
        tokio::spawn(config.watch.clone().run(running.engine.clone(), config.clone()));
        Ok(running)
    }

    /// The same from its parts.
    pub(super) async fn with(
        store: &Path,
        settings: Settings,
        listen: SocketAddr,
        access: impl FnOnce(&str) -> Access,
    ) -> anyhow::Result<Self> {
        let opened = Store::open(store, &Ownership::default(), engine::now())?;
        let (store, notices) = (opened.store, opened.notices);
        let access = access(store.token());
        let engine = Engine::new(settings, store.clone())?;
        engine.recall();
        let proxy = Proxy::bind(listen, engine.clone(), access).await;
        let proxy = proxy.map_err(|error| {
            Usage(format!(
                "cannot listen on {listen}: {error}; use another port with --listen, or port 0 for a free one"
            ))
        })?;
        let address = reachable(proxy.address());
        config::refuse_itself(&engine.settings(), address)?;
        store.announce(&address.to_string())?;
        let stop = CancellationToken::new();
        tokio::spawn(engine.clone().keep_ledger());
        let serving = Some(tokio::spawn(proxy.run(stop.clone().cancelled_owned())));
        Ok(Self { engine, address, notices, store, stop, serving })
    }

    /// Stops taking calls and waits for those under way; the engine goes on.
    pub(super) async fn drain(&mut self) -> anyhow::Result<()> {
        self.store.withdraw();
        self.stop.cancel();
        match self.serving.take() {
            Some(serving) => Ok(serving.await??),
            None => Ok(()),
        }
    }

    /// Stops taking calls, waits for those under way, closes the store.
    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        let served = self.drain().await;
        self.engine.close(DRAIN).await;
        served
    }
}

/// The signals that ask the process to end: Ctrl-C, SIGTERM, SIGHUP. From its making on, none of them kills.
pub(super) struct Signals([Signal; 3]);

impl Signals {
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self([
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        ]))
    }

    pub(super) async fn any(&mut self) {
        self.next().await;
    }

    /// The next one, whichever comes.
    pub(super) async fn next(&mut self) -> SignalKind {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => SignalKind::interrupt(),
            _ = terminate.recv() => SignalKind::terminate(),
            _ = hangup.recv() => SignalKind::hangup(),
        }
    }
}

/// Sends the program's own log to stderr: warnings, or what `RETAKE_LOG` says; without the notices, where they are
/// printed as they come.
pub(super) fn log_to_stderr(with_notices: bool) {
    let filter = log_filter(if with_notices { "warn" } else { "warn,retake::notices=off" });
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .try_init();
}

/// Sends it to a file in the user's state directory, because the screen is in use.
pub(super) fn log_to_file() {
    use etcetera::BaseStrategy;
    let Ok(dirs) = etcetera::choose_base_strategy() else { return };
    let dir = dirs.state_dir().unwrap_or_else(|| dirs.data_dir()).join("retake");
    if std::fs::create_dir_all(&dir).is_err() {
        return;
    }
    let mut open = std::fs::OpenOptions::new();
    open.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    if let Ok(file) = open.open(dir.join("retake.log")) {
        let log = tracing_subscriber::fmt().with_env_filter(log_filter("info")).with_ansi(false);
        let _ = log.with_writer(std::sync::Mutex::new(file)).try_init();
    }
}

/// What is logged. The libraries that see credentials on the wire stay quiet whatever `RETAKE_LOG` says.
fn log_filter(default: &str) -> tracing_subscriber::EnvFilter {
    let wanted = std::env::var("RETAKE_LOG").unwrap_or_else(|_| default.to_owned());
    let quiet =
        ["h2", "hyper", "hyper_util", "rustls", "sled"].map(|library| format!(",{library}=warn")).concat();
    tracing_subscriber::EnvFilter::new(wanted + &quiet)
}
