//! A proxy on a store, as `serve`, the workbench and the demo run it.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use tokio::signal::unix::SignalKind;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::api::DRAIN;
use crate::cli::exit::UsageError;
use crate::cli::print;
use crate::config::{self, Config, ConfigWatch};
use crate::engine::{self, Engine, Settings};
use crate::model::{Level, Notice};
use crate::proxy::{Limits, Proxy, ProxyAccess, reachable};
use crate::store::{Ownership, Store};
use crate::terminal::Signals;
use crate::upstream::proxy_problem;

/// A proxy that runs until it is stopped.
pub(crate) struct RunningProxy {
    pub(crate) engine: Engine,
    /// The address for clients on this machine.
    pub(crate) address: SocketAddr,
    /// The notices about the opening of the store.
    pub(crate) notices: Vec<Notice>,
    store: Store,
    stop: CancellationToken,
    /// `None` once it has ended.
    serving: Option<tokio::task::JoinHandle<std::io::Result<()>>>,
}

impl RunningProxy {
    /// Opens the store and serves it.
    pub(crate) async fn start(store: &Path, config: &Config) -> anyhow::Result<Self> {
        let access = |token: &str| ProxyAccess { token: token.into(), public_url: config.public_url.clone() };
        let (settings, listen) = (config.settings.clone(), config.listen);
        let running = Self::limited(store, settings, listen, config.limits, access).await?;
        tokio::spawn(ConfigWatch::over(config).run(running.engine.clone(), config.clone()));
        Ok(running)
    }

    /// The proxy from its parts.
    pub(crate) async fn with(
        store: &Path,
        settings: Settings,
        listen: SocketAddr,
        access: impl FnOnce(&str) -> ProxyAccess,
    ) -> anyhow::Result<Self> {
        Self::limited(store, settings, listen, Limits::default(), access).await
    }

    async fn limited(
        store: &Path,
        settings: Settings,
        listen: SocketAddr,
        limits: Limits,
        access: impl FnOnce(&str) -> ProxyAccess,
    ) -> anyhow::Result<Self> {
        let opened = Store::open(store, &Ownership::default(), engine::now())?;
        let (store, mut notices) = (opened.store, opened.notices);
        let proxy = proxy_problem().filter(|_| !settings.never_forward);
        notices.extend(proxy.map(|problem| Notice { level: Level::Warning, text: problem.to_string() }));
        let access = access(store.token());
        let engine = Engine::new(settings, store.clone())?;
        engine.restore_history();
        let proxy = Proxy::bind(listen, engine.clone(), access).await;
        let proxy = proxy.map_err(|error| {
            UsageError(format!(
                "cannot listen on {listen}: {error}; use another port with --listen, or port 0 for a free one"
            ))
        })?;
        let proxy = proxy.with_limits(limits);
        let address = reachable(proxy.address());
        config::refuse_itself(&engine.settings(), address)?;
        store.announce(&address.to_string())?;
        let stop = CancellationToken::new();
        tokio::spawn(engine.clone().keep_ledger());
        let serving = Some(tokio::spawn(proxy.run(stop.clone().cancelled_owned())));
        Ok(Self { engine, address, notices, store, stop, serving })
    }

    /// Stops taking calls and waits for those under way; the engine goes on.
    pub(crate) async fn drain(&mut self) -> anyhow::Result<()> {
        self.store.withdraw();
        self.stop.cancel();
        match self.serving.take() {
            Some(serving) => Ok(serving.await??),
            None => Ok(()),
        }
    }

    /// [`RunningProxy::stop`], until a signal comes: who asks again does not want to wait. The signal, where one came.
    pub(crate) async fn stop_or(self, signals: &mut Signals) -> anyhow::Result<Option<SignalKind>> {
        let engine = self.engine.clone();
        let signal = tokio::select! {
            stopped = self.stop() => return stopped.map(|()| None),
            signal = signals.next() => signal,
        };
        close_now(&engine).await;
        Ok(Some(signal))
    }

    /// Stops taking calls, waits for those under way, closes the store.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        let served = self.drain().await;
        self.engine.close(DRAIN).await;
        served
    }
}

/// Closes the store at once: calls under way are given up, what was counted is still written down.
pub(crate) async fn close_now(engine: &Engine) {
    // Who asked twice is not kept waiting by a disk that does not answer; the journal survives any end.
    tokio::time::timeout(Duration::from_secs(2), engine.close(Duration::ZERO)).await.ok();
}

/// Sends the program's own log to stderr: warnings, or what `RETAKE_LOG` says; without the notices, where they are
/// printed as they come.
pub(crate) fn log_to_stderr(with_notices: bool) {
    let filter = log_filter(if with_notices { "warn" } else { "warn,retake::notices=off" });
    // A log that is there already stays.
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| print::Log(std::io::stderr()))
        .with_ansi(false)
        .with_target(false)
        .log_internal_errors(false)
        .try_init()
        .ok();
}

/// Sends it to a file in the user's state directory, because the screen is in use.
pub(crate) fn log_to_file() {
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
        // That would be said on stderr, which may be gone.
        let log = log.log_internal_errors(false);
        log.with_writer(std::sync::Mutex::new(print::Log(file))).try_init().ok();
    }
}

/// The filter of the log. The libraries that see credentials on the wire stay quiet whatever `RETAKE_LOG` says.
fn log_filter(default: &str) -> EnvFilter {
    let quiet =
        ["h2", "hyper", "hyper_util", "rustls", "sled"].map(|library| format!(",{library}=warn")).concat();
    let wanted = std::env::var("RETAKE_LOG").unwrap_or_else(|_| default.to_owned());
    EnvFilter::try_new(format!("{wanted}{quiet}")).unwrap_or_else(|error| {
        // The library would say it on stderr, as it is.
        print::note(&format!(
            "RETAKE_LOG is `{wanted}`, which cannot be read ({error}): write `info`, or `warn,retake=trace`"
        ));
        EnvFilter::new(format!("{default}{quiet}"))
    })
}
