//! Budget 13: the built program in a terminal of its own, beside the same program without a screen.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use retake::store::owner;

use super::Sizes;
use super::shared::load::{Series, one};
use super::shared::stock::filled;
use super::shared::table::{Budget, Must, Table};
use super::shared::{Failure, shown};

const PROGRAM: &str = env!("CARGO_BIN_EXE_retake");
/// What both programs are told.
const ARGS: [&str; 4] = ["--mode", "replay-or-error", "--listen", "127.0.0.1:0"];
/// Connections under full load.
const BUSY: usize = 32;
/// How long a program may take to start.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long nothing happens while the processor's time is taken: that is told in hundredths of a second.
const IDLE: Duration = Duration::from_secs(10);
/// What begins a frame.
const FRAME: &[u8] = b"\x1b[?2026h";

/// The program in a terminal that shows nothing; dropped, it is killed.
struct Workbench {
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    frames: Arc<AtomicU64>,
    /// Kept, as the terminal is gone without it.
    _master: Box<dyn MasterPty + Send>,
}

/// The program without a screen; dropped, it is killed.
struct Headless(std::process::Child);

pub(super) fn measure(sizes: &Sizes, table: &mut Table) -> Result<(), Failure> {
    let runtime = tokio::runtime::Runtime::new()?;
    let homes = [tempfile::tempdir()?, tempfile::tempdir()?];
    println!("the built program on {} recordings, with and without a screen", sizes.recordings);
    for home in &homes {
        runtime.block_on(async {
            let engine = filled(&home.path().join(".retake"), sizes.recordings, 1).await?;
            engine.close(PATIENCE).await;
            Ok::<_, Failure>(())
        })?;
    }
    let _headless = Headless::start(homes[0].path())?;
    let mut workbench = Workbench::start(homes[1].path())?;
    let plain = address(homes[0].path())?;
    let drawn = address(homes[1].path())?;
    let mut idle = Budget::new("13: idle, % of a core", Must::Stay(1.0));
    idle.round(workbench.idle()?, 1.0);
    runtime.block_on(loads(&workbench, [plain, drawn], sizes, table))?;
    for tab in ["1", "2"] {
        workbench.keyboard.write_all(tab.as_bytes())?;
        idle.round(workbench.idle()?, 1.0);
    }
    table.extend([idle]);
    Ok(())
}

async fn loads(
    workbench: &Workbench,
    [plain, drawn]: [SocketAddr; 2],
    sizes: &Sizes,
    table: &mut Table,
) -> Result<(), Failure> {
    let mut rate = Budget::new("13: rate with the screen over headless", Must::Reach(0.9));
    let mut frames = Budget::new("13: frames a second under that load", Must::Stay(30.5));
    for server in [plain, drawn] {
        one(server, Series::recorded()).await?;
    }
    for _ in 0..sizes.rounds {
        let without = shown("headless", plain, BUSY, Series::recorded(), sizes.length).await?;
        let (before, start) = (workbench.frames.load(Ordering::Relaxed), Instant::now());
        let with = shown("with the screen", drawn, BUSY, Series::recorded(), sizes.length).await?;
        let drawn = u32::try_from(workbench.frames.load(Ordering::Relaxed) - before)?;
        rate.round(with.rate / without.rate, without.rate);
        frames.round(f64::from(drawn) / start.elapsed().as_secs_f64(), without.rate);
    }
    table.extend([rate, frames]);
    Ok(())
}

impl Workbench {
    fn start(home: &Path) -> Result<Self, Failure> {
        let size = PtySize { rows: 50, cols: 200, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size)?;
        let mut command = CommandBuilder::new(PROGRAM);
        command.env_clear();
        command.env("HOME", home);
        command.env("TERM", "xterm-256color");
        command.args(ARGS);
        command.cwd(home);
        let child = pair.slave.spawn_command(command)?;
        drop(pair.slave);
        let keyboard = pair.master.take_writer()?;
        let (frames, mut reader) = (Arc::new(AtomicU64::new(0)), pair.master.try_clone_reader()?);
        let counted = Arc::clone(&frames);
        thread::spawn(move || {
            let (mut buffer, mut kept) = (vec![0; 1 << 16], Vec::new());
            while let Ok(read @ 1..) = reader.read(&mut buffer) {
                kept.extend_from_slice(&buffer[..read]);
                let begun = kept.windows(FRAME.len()).filter(|window| *window == FRAME).count();
                counted.fetch_add(begun as u64, Ordering::Relaxed);
                // A beginning may be cut in two.
                kept.drain(..kept.len().saturating_sub(FRAME.len() - 1));
            }
        });
        Ok(Self { child, keyboard, frames, _master: pair.master })
    }

    /// The share of a core that it takes while nothing happens, in percent.
    fn idle(&self) -> Result<f64, Failure> {
        let id = self.child.process_id().ok_or("it has no process id")?;
        // What was just done comes to its end.
        thread::sleep(Duration::from_secs(5));
        let (frames, before, start) = (self.frames.load(Ordering::Relaxed), used(id)?, Instant::now());
        thread::sleep(IDLE);
        let share = used(id)?.saturating_sub(before).as_secs_f64() / start.elapsed().as_secs_f64() * 100.0;
        let frames = self.frames.load(Ordering::Relaxed) - frames;
        println!("idle: {share:.2} % of a core, {frames} frames in {} s", IDLE.as_secs());
        Ok(share)
    }
}

impl Drop for Workbench {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Headless {
    fn start(home: &Path) -> Result<Self, Failure> {
        let mut command = Command::new(PROGRAM);
        command.env_clear().env("HOME", home).current_dir(home).arg("serve").args(ARGS);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self(command.spawn()?))
    }
}

impl Drop for Headless {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Where the program that runs there listens, once it does.
fn address(home: &Path) -> Result<SocketAddr, Failure> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let Some(address) = owner(&home.join(".retake")).and_then(|owner| owner.address) {
            return Ok(address.parse()?);
        }
        thread::sleep(Duration::from_millis(20));
    }
    Err("the program did not start".into())
}

/// The processor's time that a process has used.
fn used(id: u32) -> Result<Duration, Failure> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
    // What stands before may hold blanks: the name of the program.
    let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok());
    let (user, system) = (ticks(11).ok_or("no user time")?, ticks(12).ok_or("no system time")?);
    Ok(Duration::from_millis((user + system) * 10))
}
