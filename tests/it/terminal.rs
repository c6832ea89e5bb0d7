//! A terminal with somebody before it: a real pty, a screen that is read, keys that are typed.
//!
//! The program runs under a shell that compares the terminal's settings before and after it, as the user's next
//! prompt would find them.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use retake::store::{StoreOwner, owner};
use vt100::{Callbacks, Parser, Screen};

use crate::home::{Home, PROGRAM};
use crate::world::PATIENCE;

/// Runs the program, then says how it ended and what it left of the terminal's settings. Ctrl-C and
/// Ctrl-\ are the program's.
const SHELL: &str = r#"trap : INT QUIT; before=$(stty -g); "$0" "$@"; code=$?; after=$(stty -g)
if [ "$before" = "$after" ]; then echo "ended $code, as before"; else echo "ended $code, changed"; stty -a; fi"#;

/// After so long without a word, what is on the screen is what is to be seen.
const STILL: Duration = Duration::from_millis(500);

/// How the terminal treats questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manners {
    /// It says what it is and where its cursor stands.
    Answers,
    /// It also shows pictures that are sent to it in the kitty graphics protocol.
    Kitty,
    /// It shows pictures as sixels.
    Sixel,
    /// It says what it is, and nothing else.
    OnlyAttributes,
    /// It never says a word.
    Silent,
}

/// A program in a terminal; dropped, it is killed.
pub(crate) struct Terminal {
    shared: Arc<Shared>,
    /// None once it is closed.
    master: Option<Box<dyn MasterPty + Send>>,
    child: Box<dyn Child + Send + Sync>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    parser: Parser<Answering>,
    /// Everything the program wrote.
    written: Vec<u8>,
    closed: bool,
    /// Whether the window is about to be closed.
    closing: bool,
    keyboard: Box<dyn Write + Send>,
}

/// Collects the answers to questions in what the program writes.
struct Answering {
    manners: Manners,
    answers: Vec<u8>,
    /// Whether a frame has begun that is to be shown at once.
    drawing: bool,
}

// === impl Terminal ===

impl Terminal {
    /// Starts the program at `home` in a terminal of `columns` and `rows`.
    pub(crate) fn start(home: &Home, size: (u16, u16), args: &[&str]) -> Self {
        Self::with(home, size, Manners::Answers, &[], args)
    }

    /// Starts an interactive shell, for what only job control shows.
    pub(crate) fn shell(home: &Home, size: (u16, u16)) -> Self {
        Self::shell_with(home, size, Manners::Answers)
    }

    pub(crate) fn shell_with(home: &Home, size: (u16, u16), manners: Manners) -> Self {
        let mut command = CommandBuilder::new("bash");
        command.args(["--norc", "--noprofile", "-i"]);
        command.env_clear();
        command.env("PS1", "ready> ");
        Self::spawn(home, size, manners, command)
    }

    /// Starts one of these tests, which is then a program of its own in the terminal.
    pub(crate) fn test(home: &Home, size: (u16, u16), name: &str) -> Self {
        let itself = std::env::current_exe().unwrap();
        let words = [itself.to_str().unwrap(), "--exact", name, "--ignored", "--nocapture"];
        Self::under_shell(home, size, Manners::Answers, &[], &words)
    }

    /// Starts any program, the first of `words`.
    pub(crate) fn program(home: &Home, size: (u16, u16), words: &[&str]) -> Self {
        Self::under_shell(home, size, Manners::Answers, &[], words)
    }

    pub(crate) fn with(
        home: &Home,
        size: (u16, u16),
        manners: Manners,
        variables: &[(&str, &str)],
        args: &[&str],
    ) -> Self {
        Self::under_shell(home, size, manners, variables, &[&[PROGRAM], args].concat())
    }

    /// Starts a program, the first of `words`, with its arguments.
    fn under_shell(
        home: &Home,
        size: (u16, u16),
        manners: Manners,
        variables: &[(&str, &str)],
        words: &[&str],
    ) -> Self {
        let mut command = CommandBuilder::new("sh");
        command.env_clear();
        for (name, value) in variables {
            command.env(name, value);
        }
        command.args(["-c", SHELL]);
        command.args(words);
        Self::spawn(home, size, manners, command)
    }

    fn spawn(home: &Home, size: (u16, u16), manners: Manners, mut command: CommandBuilder) -> Self {
        let pair = native_pty_system().openpty(pty_size(size)).unwrap();
        home.environment().into_iter().for_each(|(name, value)| command.env(name, value));
        if command.get_env("TERM").is_none() {
            command.env("TERM", "xterm-256color");
        }
        command.cwd(home.path());
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let answering = Answering { manners, answers: Vec::new(), drawing: false };
        let parser = Parser::new_with_callbacks(number(size.1), number(size.0), 0, answering);
        let keyboard = pair.master.take_writer().unwrap();
        let state = State { parser, written: Vec::new(), closed: false, closing: false, keyboard };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let reader = pair.master.try_clone_reader().unwrap();
        let reading = Arc::clone(&shared);
        thread::spawn(move || reading.read(reader));
        Self { shared, master: Some(pair.master), child }
    }

    /// Waits until `wanted` holds for the screen.
    #[track_caller]
    pub(crate) fn until(&self, what: &str, wanted: impl Fn(&Screen) -> bool) {
        let late = self.shared.wait(|state| wanted(state.parser.screen()));
        assert!(!late, "waited for {what}, saw\n{}", self.contents());
    }

    /// Waits until the screen shows `text`.
    #[track_caller]
    pub(crate) fn shows(&self, text: &str) {
        self.until(&format!("`{text}`"), |screen| screen.contents().contains(text));
    }

    /// Waits until the screen does not show `text` any more.
    #[track_caller]
    pub(crate) fn hides(&self, text: &str) {
        self.until(&format!("the end of `{text}`"), |screen| !screen.contents().contains(text));
    }

    /// Waits until one line of the screen holds all these words.
    #[track_caller]
    pub(crate) fn line(&self, words: &[&str]) {
        let has = |line: &str| words.iter().all(|word| line.contains(word));
        self.until(&format!("a line with {words:?}"), |screen| screen.contents().lines().any(has));
    }

    /// Waits until the selected row of the list holds all these words: from then on a key that means something for the
    /// selection means this row.
    #[track_caller]
    pub(crate) fn selects(&self, words: &[&str]) {
        self.line(&[&["\u{258c}"], words].concat());
    }

    pub(crate) fn contents(&self) -> String {
        self.shared.state().parser.screen().contents()
    }

    /// Waits until `text` was written, as far back as it may be.
    #[track_caller]
    pub(crate) fn writes(&self, text: &str) {
        let has = |state: &State| state.written.windows(text.len()).any(|at| at == text.as_bytes());
        assert!(!self.shared.wait(has), "waited for {text:?} to be written, saw\n{}", self.contents());
    }

    /// Looks at the screen as it is.
    pub(crate) fn look<T>(&self, at: impl Fn(&Screen) -> T) -> T {
        at(self.shared.state().parser.screen())
    }

    /// Everything that was written to the terminal so far.
    pub(crate) fn written(&self) -> String {
        String::from_utf8_lossy(&self.shared.state().written).into_owned()
    }

    /// Types.
    pub(crate) fn keys(&self, keys: &str) {
        let keyboard = &mut self.shared.state().keyboard;
        keyboard.write_all(keys.as_bytes()).unwrap();
        keyboard.flush().unwrap();
    }

    /// Types a key that may be typed again, until the screen shows `text`. For the first key after a resize: typed in
    /// the very moment of one, crossterm leaves it lying until the next key.
    #[track_caller]
    pub(crate) fn insist(&self, key: &str, text: &str) {
        let shown = |state: &State| state.parser.screen().contents().contains(text);
        let try_once = |_| {
            self.keys(key);
            !self.shared.wait_for(Duration::from_secs(1), shown)
        };
        assert!((0..PATIENCE.as_secs()).any(try_once), "waited for `{text}`, saw\n{}", self.contents());
    }

    /// Changes the size and waits until the program draws for it.
    #[track_caller]
    pub(crate) fn resize(&self, size: (u16, u16)) {
        const CLEAR: &[u8] = b"\x1b[2J";
        let before = self.shared.state().written.len();
        self.pull(size);
        let late =
            self.shared.wait(|state| state.written[before..].windows(CLEAR.len()).any(|at| at == CLEAR));
        assert!(!late, "nothing is drawn for {size:?}, saw\n{}", self.contents());
    }

    /// Changes the size and waits for nothing, as somebody does who pulls at the corner of a window.
    pub(crate) fn pull(&self, size: (u16, u16)) {
        self.shared.state().parser.screen_mut().set_size(number(size.1), number(size.0));
        self.master.as_ref().unwrap().resize(pty_size(size)).unwrap();
    }

    /// Closes the window: the terminal hangs up, and nothing that is written to it or read from it works any more.
    #[track_caller]
    pub(crate) fn hangs_up(&mut self) {
        self.shared.state().closing = true;
        // It hangs up when nobody has its other side open, and who reads there only looks up when something comes: the
        // echo of a key from a cooked terminal, a frame from a screen.
        self.pull((81, 25));
        self.keys(" ");
        assert!(!self.shared.wait(|state| state.closed), "nobody draws or echoes");
        self.shared.state().keyboard = Box::new(std::io::sink());
        self.master = None;
    }

    /// Ends the shell before the program. With its leader a session loses its terminal, whose programs are told to hang up
    /// and find nothing to read or write any more.
    pub(crate) fn loses_its_session(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for the end of the program; it must have left the terminal as it found it.
    #[track_caller]
    pub(crate) fn ends(&mut self, code: u8) {
        let late = self.shared.wait(|state| state.closed);
        let said = self.written();
        assert!(!late, "it goes on, showing\n{}", self.contents());
        assert!(said.contains(&format!("ended {code}, as before")), "{}", self.contents());
        assert!(self.child.wait().unwrap().success());
        let state = self.shared.state();
        let screen = state.parser.screen();
        assert!(!screen.alternate_screen(), "the alternate screen is left");
        assert!(!screen.hide_cursor(), "the cursor is shown");
        assert!(!screen.bracketed_paste(), "bracketed paste is off");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        assert!(!said.contains("panicked"), "{said}");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // The shell ends with its terminal, and so does the program in it; both may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The owner of the store at `home`, once its address is known; to be called when the screen is up.
#[track_caller]
pub(crate) fn owned(home: &Home) -> (StoreOwner, std::net::SocketAddr) {
    let owner = owner(&home.store()).expect("a running workbench owns its store");
    let address = owner.address.as_deref().expect("it listens").parse().unwrap();
    (owner, address)
}

fn pty_size((cols, rows): (u16, u16)) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

fn number(size: u16) -> NonZeroU16 {
    NonZeroU16::new(size).expect("a terminal has rows and columns")
}

// === impl Shared ===

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Waits until `wanted` holds; true when it did not in time.
    fn wait(&self, wanted: impl Fn(&State) -> bool) -> bool {
        self.wait_for(PATIENCE, wanted)
    }

    fn wait_for(&self, patience: Duration, wanted: impl Fn(&State) -> bool) -> bool {
        let deadline = Instant::now() + patience;
        let mut state = self.state();
        let mut still = false;
        // Nobody sees half a frame, unless a program ends or is stopped in the middle of one.
        while (state.parser.callbacks().drawing && !still && !state.closed) || !wanted(&state) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || state.closed {
                return true;
            }
            let (next, timeout) = self.changed.wait_timeout(state, left.min(STILL)).unwrap();
            (state, still) = (next, timeout.timed_out());
        }
        false
    }

    fn read(&self, mut from: Box<dyn Read + Send>) {
        let mut bytes = [0; 4096];
        // The end of a pty is an error on some systems and nothing on others.
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            let mut state = self.state();
            state.written.extend_from_slice(&bytes[..count]);
            state.parser.process(&bytes[..count]);
            let answering = state.parser.callbacks_mut();
            let mut answers = answering.graphics(&bytes[..count]);
            answers.append(&mut answering.answers);
            let _ = state.keyboard.write_all(&answers).and_then(|()| state.keyboard.flush());
            self.changed.notify_all();
            if state.closing {
                break;
            }
        }
        // Closed before anybody is told.
        drop(from);
        self.state().closed = true;
        self.changed.notify_all();
    }
}

impl Answering {
    /// The answers to questions about graphics, which the parser passes over. Files are not read.
    fn graphics(&self, bytes: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(bytes);
        let asked = text.split("\x1b_G").skip(1).filter_map(|command| command.split("\x1b\\").next());
        let asked = asked.filter(|command| self.manners == Manners::Kitty && command.contains("a=q"));
        let answer = |command: &str| if command.contains("t=t") { "EBADF:no file" } else { "OK" };
        asked.flat_map(|command| format!("\x1b_Gi=31;{}\x1b\\", answer(command)).into_bytes()).collect()
    }
}

impl Callbacks for Answering {
    fn unhandled_csi(
        &mut self,
        screen: &mut Screen,
        first: Option<u8>,
        _: Option<u8>,
        parameters: &[&[u16]],
        last: char,
    ) {
        if let (Some(b'?'), [[2026]], 'h' | 'l') = (first, parameters, last) {
            self.drawing = last == 'h';
        }
        let number = parameters.first().and_then(|group| group.first()).copied().unwrap_or_default();
        let (row, column) = screen.cursor_position();
        let answer = match (first, number, last) {
            _ if self.manners == Manners::Silent => return,
            (None, 0, 'c') if self.manners == Manners::Sixel => "\x1b[?62;4;22c".to_owned(),
            (None, 0, 'c') => "\x1b[?62;22c".to_owned(),
            _ if self.manners == Manners::OnlyAttributes => return,
            (None, 5, 'n') => "\x1b[0n".to_owned(),
            (None, 6, 'n') => format!("\x1b[{};{}R", row + 1, column + 1),
            (Some(b'?'), _, 'u') => "\x1b[?0u".to_owned(),
            _ => return,
        };
        self.answers.extend_from_slice(answer.as_bytes());
    }
}
