//! Somebody's editor: a text is opened in it, and what they left is read.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use tempfile::NamedTempFile;
use tokio::process::{Child, Command};
use tokio::signal::unix::SignalKind;
use tokio::time::sleep;

use super::command::{OpenQuote, words};
use super::signals::Signals;

/// The reason why nothing was edited.
#[derive(Debug, thiserror::Error)]
pub enum EditorError {
    /// The file for the text cannot be written or read.
    #[error("the text cannot be handed to an editor: {0}")]
    File(#[from] io::Error),
    /// An editor that cannot be started.
    #[error(
        "the editor `{editor}` cannot be started: {problem}; VISUAL or EDITOR names another, in quotes where its path has blanks"
    )]
    Unstartable {
        /// The command that was started.
        editor: String,
        /// The error of the system.
        problem: io::Error,
    },
    /// The variable cannot be read as words.
    #[error("{variable} is `{value}`, in which {open}")]
    Unquoted {
        /// The variable that names it.
        variable: &'static str,
        /// Value.
        value: String,
        /// The problem with it.
        open: OpenQuote,
    },
    /// An editor that ended with an error, which is how people leave it without changing anything.
    #[error("the editor `{editor}` ended with {status}; nothing was changed")]
    Failed {
        /// The command that was started.
        editor: String,
        /// The status it ended with.
        status: ExitStatus,
    },
}

/// Time for an editor to end after it was asked to: some write down first what was typed.
const GRACE: Duration = Duration::from_secs(5);

/// A text in somebody's editor.
struct OpenEditor<'a> {
    before: &'a str,
    file: NamedTempFile,
    /// The command as it is written.
    editor: String,
    child: Child,
    /// The terminal's settings, which an editor that is killed does not put back.
    settings: Option<Termios>,
}

/// The way in which somebody left their editor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditorOutcome {
    /// The text is as it was.
    Unchanged,
    /// The text as it is now.
    Changed(String),
    /// A signal asked this process to end, and the editor was ended with it. What it held is not read.
    Asked(SignalKind),
}

/// Opens a text in somebody's editor, which `VISUAL` or `EDITOR` name with arguments and quotes as for a shell. `ending`
/// tells the editor what it is. Only while nobody else reads from the terminal: what is typed, Ctrl-C and Ctrl-\ too, is
/// the editor's alone.
///
/// # Errors
/// When the editor cannot be started or fails.
pub async fn edited(before: &str, ending: &str, signals: &mut Signals) -> Result<EditorOutcome, EditorError> {
    let mut editing = OpenEditor::start(before, ending)?;
    let status = tokio::select! {
        status = editing.child.wait() => status?,
        signal = signals.next_sent() => {
            editing.ask_to_end(signal, signals).await?;
            return Ok(EditorOutcome::Asked(signal));
        }
    };
    signals.forget_typed();
    editing.left(status)
}

impl<'a> OpenEditor<'a> {
    fn start(before: &'a str, ending: &str) -> Result<Self, EditorError> {
        let file = tempfile::Builder::new().prefix("retake-").suffix(ending).tempfile()?;
        std::fs::write(file.path(), before)?;
        let (editor, words) = command(|name| std::env::var(name).ok())?;
        let (program, arguments) =
            words.split_first().map_or(("vi", &[][..]), |(first, rest)| (first.as_str(), rest));
        let settings = tcgetattr(io::stdin()).ok();
        match Command::new(program).args(arguments).arg(file.path()).spawn() {
            Ok(child) => Ok(Self { before, file, editor, child, settings }),
            Err(problem) => Err(EditorError::Unstartable { editor, problem }),
        }
    }

    /// Passes a signal on, and kills what does not end in time or when a second one comes.
    async fn ask_to_end(&mut self, signal: SignalKind, signals: &mut Signals) -> io::Result<()> {
        // A terminal that hangs up tells all its programs; some take a second signal for an order not to save anything.
        if super::is_there() {
            // It has no id once it was waited for, so nobody else can be meant.
            let id = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
            let signal = Signal::from_named_raw(signal.as_raw_value()).unwrap_or(Signal::TERM);
            // It may have ended just now, and then there is nobody left to tell.
            if let Some(id) = id {
                kill_process(id, signal).ok();
            }
        }
        tokio::select! {
            status = self.child.wait() => return status.map(|_| ()),
            _ = signals.next_sent() => {}
            () = sleep(GRACE) => {}
        }
        self.child.kill().await
    }

    /// The outcome by the text that it left.
    fn left(self, status: ExitStatus) -> Result<EditorOutcome, EditorError> {
        if !status.success() {
            let editor = self.editor.clone();
            return Err(EditorError::Failed { editor, status });
        }
        let after = std::fs::read_to_string(self.file.path())?;
        // Editors end a file with a line feed that nobody typed.
        let typed = if self.before.ends_with('\n') { None } else { after.strip_suffix('\n') };
        let after = typed.map_or_else(|| after.clone(), str::to_owned);
        Ok(if after == self.before { EditorOutcome::Unchanged } else { EditorOutcome::Changed(after) })
    }
}

impl Drop for OpenEditor<'_> {
    fn drop(&mut self) {
        if let Some(settings) = &self.settings {
            // Where the terminal is gone there is nothing to put back.
            tcsetattr(io::stdin(), OptionalActions::Now, settings).ok();
        }
    }
}

/// The command of the editor as it is written and as words.
fn command(variable: impl Fn(&str) -> Option<String>) -> Result<(String, Vec<String>), EditorError> {
    let named = ["VISUAL", "EDITOR"].into_iter().filter_map(|name| Some((name, variable(name)?)));
    let Some((name, value)) = named.into_iter().find(|(_, value)| !value.trim().is_empty()) else {
        return Ok(("vi".into(), vec!["vi".into()]));
    };
    match words(&value, variable) {
        Ok(words) => Ok((value, words)),
        Err(open) => Err(EditorError::Unquoted { variable: name, value, open }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(visual: Option<&str>, editor: Option<&str>) -> Result<Vec<String>, String> {
        let variable = |name: &str| {
            let value = match name {
                "VISUAL" => visual,
                "EDITOR" => editor,
                "HOME" => Some("/home/me"),
                _ => None,
            };
            value.map(str::to_owned)
        };
        command(variable).map(|(_, words)| words).map_err(|error| error.to_string())
    }

    #[test]
    fn the_editor_is_written_as_for_a_shell() {
        for (value, wanted) in [
            ("vim", &["vim"][..]),
            ("code --wait", &["code", "--wait"]),
            ("'/path with blank/ed' -f", &["/path with blank/ed", "-f"]),
            (r#""/path with blank/ed"  --title "a \"b\"" "#, &["/path with blank/ed", "--title", "a \"b\""]),
            (r"/path\ with\ blank/ed", &["/path with blank/ed"]),
            ("~/bin/ed ~/x", &["/home/me/bin/ed", "~/x"]),
            ("'~/bin/ed'", &["~/bin/ed"]),
        ] {
            assert_eq!(words(Some(value), Some("other")).unwrap(), wanted, "{value}");
        }
        assert_eq!(words(None, Some("nano")).unwrap(), ["nano"]);
        assert_eq!(words(Some("  "), Some("nano")).unwrap(), ["nano"]);
        assert_eq!(words(None, None).unwrap(), ["vi"]);
    }

    #[test]
    fn an_open_quote_is_refused_with_the_variable_that_has_it() {
        let said = words(Some("'/path with blank/ed -f"), None).unwrap_err();
        assert!(said.starts_with("VISUAL is `'/path with blank/ed -f`") && said.contains("quote"), "{said}");
        assert!(words(None, Some("ed \"a")).unwrap_err().starts_with("EDITOR is "));
    }
}
