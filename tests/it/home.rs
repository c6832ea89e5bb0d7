//! The built program as people run it: in a folder of its own, with nothing of this machine's settings.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use retake::model::{Call, Outcome, Request, Row};
use retake::upstream::UpstreamClient;
use tempfile::TempDir;

use crate::world::{PATIENCE, Reply, Upstream, request};

/// The built program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_retake");
/// Where calls of these tests go.
pub(crate) const CHAT_PATH: &str = "/openai/v1/chat/completions";

/// A folder with a store in it, where the program runs.
pub(crate) struct Home {
    dir: TempDir,
}

/// What a program said, and how it ended.
pub(crate) struct Said {
    /// Its exit code; none when a signal ended it.
    pub(crate) code: Option<i32>,
    /// Its stdout as it came.
    pub(crate) bytes: Vec<u8>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A program that runs; dropped, it is killed.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    child: Child,
    lines: Receiver<String>,
    out: Option<JoinHandle<()>>,
    err: Option<JoinHandle<()>>,
    told: Arc<Mutex<String>>,
}

// === impl Home ===

impl Home {
    pub(crate) fn new() -> Self {
        let home = Self { dir: tempfile::tempdir().unwrap() };
        std::fs::create_dir(home.temporary()).unwrap();
        home
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The default store.
    pub(crate) fn store(&self) -> PathBuf {
        self.path().join(".retake")
    }

    /// What a power cut leaves of the notes of hits: that some were taken.
    pub(crate) fn lose_notes(&self) {
        let path = self.store().join("watch");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.split_inclusive('\n').next().unwrap()).unwrap();
    }

    /// What the program takes for the directory of temporary files.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.path().join("tmp")
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.env_clear().envs(self.environment()).current_dir(self.path()).args(args);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// The whole environment of the program.
    pub(crate) fn environment(&self) -> [(&'static str, PathBuf); 4] {
        let path = std::env::var_os("PATH").unwrap_or_default();
        [
            ("PATH", path.into()),
            ("HOME", self.path().into()),
            ("TMPDIR", self.temporary()),
            ("RUST_BACKTRACE", "0".into()),
        ]
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Said {
        said(self.command(args))
    }

    /// Runs a verb that must not fail; gives its stdout.
    pub(crate) fn fine(&self, args: &[&str]) -> String {
        let said = self.run(args);
        assert_eq!(said.code, Some(0), "retake {}: {said:?}", args.join(" "));
        said.out
    }

    /// The recordings as `retake list` sees them, the newest first.
    pub(crate) fn rows(&self) -> Vec<Row> {
        serde_json::from_str(&self.fine(&["list", "--json"])).unwrap()
    }

    /// Starts `retake serve` on a free port.
    pub(crate) fn serve(&self, args: &[&str]) -> Running {
        let always = ["serve", "--listen", "127.0.0.1:0"];
        Running::start(self.command(&[&always, args].concat()))
    }

    /// Starts `retake serve --json` that records what `upstream` answers.
    pub(crate) fn record(&self, upstream: &Upstream) -> Running {
        let to = format!("openai=http://{}", upstream.address);
        self.serve(&["--json", "--mode", "record", "--upstream", &to])
    }

    /// Makes a recording of each of these prompts and ends the program; gives the rows in that order.
    pub(crate) async fn filled(&self, upstream: &Upstream, prompts: &[&str]) -> Vec<Row> {
        let running = self.record(upstream);
        let mut made = Vec::new();
        for prompt in prompts {
            assert_eq!(running.call(CHAT_PATH, &[], &chat(prompt)).await.status, 200);
            let call = running.json();
            assert_eq!(call.outcome, Some(Outcome::Record), "{call:?}");
            made.push(call.recording.unwrap());
        }
        assert_eq!(running.end("TERM").code, Some(0));
        let rows = self.rows();
        made.iter().map(|id| rows.iter().find(|row| row.id == *id).unwrap().clone()).collect()
    }
}

/// Runs a command to its end.
pub(crate) fn said(mut command: Command) -> Said {
    Said::of(command.output().unwrap())
}

/// The body of a chat call.
pub(crate) fn chat(prompt: &str) -> String {
    serde_json::json!({"model": "gpt-5-mini", "messages": [{"role": "user", "content": prompt}]}).to_string()
}

/// Sends a call to a proxy and reads the whole answer.
pub(crate) async fn call(address: SocketAddr, target: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    sent(address, &request(target, headers, body)).await
}

async fn sent(address: SocketAddr, request: &Request) -> Reply {
    let base = format!("http://{address}").parse().unwrap();
    let mut answer = UpstreamClient::new(PATIENCE).forward(request, &base).await.unwrap();
    let mut body = Vec::new();
    while let Some(piece) = answer.body.piece().await {
        body.extend_from_slice(&piece.unwrap());
    }
    Reply { status: answer.status, headers: answer.headers, body: body.into() }
}

/// Gets something from a proxy.
pub(crate) async fn fetch(address: SocketAddr, target: &str) -> Reply {
    let get = Request { method: "GET".into(), body: bytes::Bytes::new(), ..request(target, &[], "") };
    sent(address, &get).await
}

/// Sends a signal to a process.
pub(crate) fn signal(name: &str, pid: u32) {
    let sent = Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status().unwrap();
    assert!(sent.success(), "the signal was not sent");
}

// === impl Said ===

impl std::fmt::Debug for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit code {:?}\n--- stdout\n{}\n--- stderr\n{}", self.code, self.out, self.err)
    }
}

impl Said {
    pub(crate) fn of(output: std::process::Output) -> Self {
        Self::new(output.status.code(), output.stdout, String::from_utf8(output.stderr).unwrap())
    }

    fn new(code: Option<i32>, bytes: Vec<u8>, err: String) -> Self {
        let out = String::from_utf8_lossy(&bytes).into_owned();
        Self { code, bytes, out, err }
    }

    /// Asserts the exit code and that stderr holds each of these words.
    #[track_caller]
    pub(crate) fn refused(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        for word in words {
            assert!(self.err.contains(word), "`{word}` in {self:?}");
        }
        assert!(!self.err.contains("panicked"), "{self:?}");
    }
}

// === impl Running ===

impl Running {
    /// Starts a command whose first line says where it listens.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let (tell, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let told = Arc::new(Mutex::new(String::new()));
        let telling = Arc::clone(&told);
        let out = thread::spawn(move || {
            // Nobody may be listening any more: a program that is being stopped still talks.
            stdout.lines().map_while(Result::ok).for_each(|line| _ = tell.send(line));
        });
        let err = thread::spawn(move || {
            let mut line = String::new();
            while stderr.read_line(&mut line).unwrap() > 0 {
                telling.lock().unwrap().push_str(&std::mem::take(&mut line));
            }
        });
        let unknown = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut running = Self { address: unknown, child, lines, out: Some(out), err: Some(err), told };
        let Ok(first) = running.lines.recv_timeout(PATIENCE) else {
            panic!("it said no address: {:?}", running.end("KILL"));
        };
        let address = first.strip_prefix("listening on http://").and_then(|address| address.parse().ok());
        running.address = address.unwrap_or_else(|| panic!("the first line is `{first}`"));
        running
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) async fn call(&self, target: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        call(self.address, target, headers, body).await
    }

    /// Whether stderr holds this by now.
    pub(crate) fn told(&self, text: &str) -> bool {
        self.told.lock().unwrap().contains(text)
    }

    /// The next line of stdout.
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("a line comes in time")
    }

    /// The next line of stdout, which is a call.
    pub(crate) fn json(&self) -> Call {
        let line = self.line();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in `{line}`"))
    }

    /// Sends a signal and waits for the end.
    pub(crate) fn end(mut self, name: &str) -> Said {
        signal(name, self.pid());
        self.ended()
    }

    /// Waits for the end; what was not read of stdout is in the answer.
    pub(crate) fn ended(&mut self) -> Said {
        // The readers end with the program: its ends of the pipes are closed.
        self.out.take().unwrap().join().unwrap();
        self.err.take().unwrap().join().unwrap();
        let err = self.told.lock().unwrap().clone();
        let out: Vec<String> = self.lines.try_iter().collect();
        Said::new(self.child.wait().unwrap().code(), out.join("\n").into_bytes(), err)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already, or the test failed and nobody needs it any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
