//! The program in a process of its own.

use std::ffi::OsString;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::shared::Failure;
use crate::shared::load::{Series, one};

/// The program, or another build of it that `RETAKE_BENCH_PROGRAM` names.
pub(crate) fn program() -> OsString {
    std::env::var_os("RETAKE_BENCH_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_retake").into())
}

/// How long is waited for a start.
const PATIENCE: Duration = Duration::from_secs(60);

/// A proxy under way.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Process {
    /// A proxy on a store that takes connections.
    pub(crate) async fn start(store: &Path, flags: &[&str]) -> Result<Self, Failure> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = Command::new(program());
        command.args(["serve", "--quiet", "--listen", &address.to_string()]).args(flags);
        // What this machine's owner set up has no part in it.
        command.arg("--store").arg(store).current_dir(store.parent().unwrap_or(store));
        let child = command.kill_on_drop(true).stdout(std::process::Stdio::null()).spawn()?;
        let process = Self { child, address };
        let started = Instant::now();
        while TcpStream::connect(address).await.is_err() {
            if started.elapsed() > PATIENCE {
                return Err("the proxy does not listen".into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(process)
    }

    /// A proxy on a store of recordings, and the milliseconds to its first answer.
    pub(crate) async fn answering(store: &Path, recorded: bool) -> Result<(Self, f64), Failure> {
        let started = Instant::now();
        let mode = if recorded { "replay-or-error" } else { "mock" };
        let process = Self::start(store, &["--mode", mode]).await?;
        one(process.address, Series::recorded()).await?;
        Ok((process, started.elapsed().as_secs_f64() * 1000.0))
    }

    /// Its resident memory in megabytes, where the system says it.
    pub(crate) fn resident(&self) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().strip_suffix(" kB")?.parse::<f64>().ok().map(|kilobytes| kilobytes / 1000.0)
    }

    /// Ends it in good order.
    pub(crate) async fn end(mut self) -> Result<(), Failure> {
        let id = self.child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        kill_process(id.ok_or("the proxy has ended")?, Signal::TERM)?;
        self.child.wait().await?;
        Ok(())
    }
}
