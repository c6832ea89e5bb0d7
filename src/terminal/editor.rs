//! Somebody's editor: a text is opened in it, and what they left is read.

use std::io;
use std::process::{Command, ExitStatus};

/// Why nothing was edited.
#[derive(Debug, thiserror::Error)]
pub enum EditorError {
    /// The file for the text cannot be written or read.
    #[error("the text cannot be handed to an editor: {0}")]
    File(#[from] io::Error),
    /// There is no such program.
    #[error(
        "the editor `{editor}` cannot be started: {problem}; VISUAL or EDITOR names another, in quotes where its path has blanks"
    )]
    Unstartable {
        /// What was started.
        editor: String,
        /// Why not.
        problem: io::Error,
    },
    /// The variable cannot be read as words.
    #[error(
        "{variable} is `{value}`, in which a quote or a backslash is left open: write it as for a shell, such as '/path with blanks/ed' -f"
    )]
    Unquoted {
        /// Its name.
        variable: &'static str,
        /// Its value.
        value: String,
    },
    /// It did not end well, which is how people leave it without changing anything.
    #[error("the editor `{editor}` ended with {status}; nothing was changed")]
    Failed {
        /// What was started.
        editor: String,
        /// How it ended.
        status: ExitStatus,
    },
}

/// A text as somebody left it in their editor, which `VISUAL` or `EDITOR` name with arguments and quotes as for a shell;
/// none when they changed nothing. `ending` tells the editor what it is. Only while nobody else reads from the terminal.
///
/// # Errors
/// When the editor cannot be started or fails.
pub fn edited(before: &str, ending: &str) -> Result<Option<String>, EditorError> {
    let file = tempfile::Builder::new().prefix("retake-").suffix(ending).tempfile()?;
    std::fs::write(file.path(), before)?;
    let (editor, words) = command(|name| std::env::var(name).ok())?;
    let (program, arguments) =
        words.split_first().map_or(("vi", &[][..]), |(first, rest)| (first.as_str(), rest));
    let status = match Command::new(program).args(arguments).arg(file.path()).status() {
        Ok(status) => status,
        Err(problem) => return Err(EditorError::Unstartable { editor, problem }),
    };
    if !status.success() {
        return Err(EditorError::Failed { editor, status });
    }
    let after = std::fs::read_to_string(file.path())?;
    // Editors end a file with a line feed that nobody typed.
    let after =
        if before.ends_with('\n') { after } else { after.strip_suffix('\n').unwrap_or(&after).to_owned() };
    Ok((after != before).then_some(after))
}

/// The command of the editor as it is written and as words. Like a shell, which is what these variables are written for,
/// it takes a leading `~/` for the home directory.
fn command(variable: impl Fn(&str) -> Option<String>) -> Result<(String, Vec<String>), EditorError> {
    let named = ["VISUAL", "EDITOR"].into_iter().filter_map(|name| Some((name, variable(name)?)));
    let Some((name, value)) = named.into_iter().find(|(_, value)| !value.trim().is_empty()) else {
        return Ok(("vi".into(), vec!["vi".into()]));
    };
    let Ok(mut words) = shell_words::split(&value) else {
        return Err(EditorError::Unquoted { variable: name, value });
    };
    let at_home = value.trim_start().starts_with("~/");
    if let (true, Some(home), Some(program)) = (at_home, variable("HOME"), words.first_mut()) {
        program.replace_range(..1, &home);
    }
    Ok((value, words))
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
