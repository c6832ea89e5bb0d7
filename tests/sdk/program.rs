//! The built program as people run it: a child process with a store, an environment and output of its own.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use retake::model::Call;

use crate::world::PATIENCE;

/// A `retake serve --json` that runs until it is stopped; dropped, it is killed.
pub(crate) struct Serve {
    pub(crate) address: SocketAddr,
    child: Child,
    lines: Receiver<String>,
    said: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its exit code; none when a signal ended it.
    pub(crate) code: Option<i32>,
    /// All that it wrote, to stdout and stderr.
    pub(crate) said: String,
}

impl Serve {
    /// Starts `retake serve` on a free port and waits for its address.
    pub(crate) fn start(store: &Path, flags: &[&str]) -> Self {
        let mut command = command(store);
        command.args(["serve", "--json", "--listen", "127.0.0.1:0"]).args(flags);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (tell, lines) = channel();
        let said = Arc::new(Mutex::new(String::new()));
        let stdout = read(child.stdout.take().unwrap(), Arc::clone(&said), Some(tell));
        let stderr = read(child.stderr.take().unwrap(), Arc::clone(&said), None);
        let unknown = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut serve = Self { address: unknown, child, lines, said, readers: vec![stdout, stderr] };
        let first = serve.line();
        let address =
            first.strip_prefix("listening on http://").and_then(|address| address.trim().parse().ok());
        serve.address = address.unwrap_or_else(|| panic!("the first line is `{first}`"));
        serve
    }

    /// The next `number` calls that are done; a recording call is done when it is stored.
    pub(crate) fn calls(&self, number: usize) -> Vec<Call> {
        let read =
            |line: String| serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in `{line}`"));
        (0..number).map(|_| read(self.line())).collect()
    }

    /// Asks it to end (SIGTERM) and waits.
    pub(crate) fn stop(mut self) -> Ended {
        let kill =
            Command::new("sh").args(["-c", &format!("kill -TERM {}", self.child.id())]).status().unwrap();
        assert!(kill.success(), "the signal was not sent");
        // Its end of the pipe closes with it. Nobody waits for ever: dropped, it is killed.
        let end = loop {
            if let Err(end) = self.lines.recv_timeout(PATIENCE) {
                break end;
            }
        };
        assert_eq!(end, RecvTimeoutError::Disconnected, "it does not end; it said:\n{}", self.said());
        self.readers.drain(..).for_each(|reader| reader.join().unwrap());
        let code = self.child.wait().unwrap().code();
        Ended { code, said: self.said() }
    }

    /// All that it wrote so far.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).unwrap_or_else(|error| {
            panic!("{error}: a line of `retake serve` was waited for; it said:\n{}", self.said())
        })
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        // It has ended already, or the test failed and nobody needs it any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs one verb on a store to its end.
pub(crate) fn verb(store: &Path, args: &[&str]) -> Output {
    command(store).args(args).stdin(Stdio::null()).output().unwrap()
}

/// What a verb that must not fail wrote to stdout.
pub(crate) fn stdout(store: &Path, args: &[&str]) -> Vec<u8> {
    let output = verb(store, args);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "retake {} ended with {}: {said}", args.join(" "), output.status);
    output.stdout
}

/// A bare GET, as a browser's image tag would send it: its status and body.
pub(crate) fn get(url: &str) -> (u16, Vec<u8>) {
    let (host, path) =
        url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).expect("an http URL");
    let mut socket = TcpStream::connect(host).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(socket, "GET /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("a head");
    let head = std::str::from_utf8(&answer[..end]).unwrap();
    assert!(!head.to_ascii_lowercase().contains("transfer-encoding"), "no framing is undone here: {head}");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, answer.split_off(end + 4))
}

/// The program with nothing of this machine's settings: no configuration file, no proxy, no `RETAKE_…` variable.
fn command(store: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_retake"));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.current_dir(store.parent().expect("a store in a folder")).env("HOME", store);
    command.args(["--store".as_ref(), store.as_os_str()]);
    command
}

fn read(
    from: impl Read + Send + 'static,
    said: Arc<Mutex<String>>,
    tell: Option<Sender<String>>,
) -> JoinHandle<()> {
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let _ = writeln!(said.lock().unwrap(), "{line}");
            // Who waits for lines may be gone: a program that is being stopped still talks.
            tell.as_ref().map(|tell| tell.send(line));
        }
    })
}
