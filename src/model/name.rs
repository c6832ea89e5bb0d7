//! Names and tags that people give recordings.

/// A text that cannot be a name or a tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` cannot be a {kind}: {problem}")]
pub struct ParseNameError {
    text: String,
    kind: &'static str,
    problem: &'static str,
}

/// The longest name, in bytes: file systems take 255 for one part of a path, and an ending comes behind it.
const LONGEST: usize = 200;

/// The longest name of a scope, in bytes.
pub const LONGEST_SCOPE: usize = 128;

/// Whether a text can be a recording's name, which is also its path in an export: parts between slashes, each of which
/// every file system takes.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn check_name(text: &str) -> Result<(), ParseNameError> {
    let wrong = |problem| ParseNameError { text: shown(text), kind: "name", problem };
    if text.len() > LONGEST {
        return Err(wrong("it is longer than 200 bytes"));
    }
    if text.chars().any(|c| c.is_control() || r#"\:*?"<>|"#.contains(c)) {
        return Err(wrong(r#"file systems do not take control characters and \ : * ? " < > |"#));
    }
    for part in text.split('/') {
        if part.is_empty() {
            return Err(wrong("a part between slashes is empty"));
        }
        if part.starts_with('.') || part.ends_with(['.', ' ']) || part.starts_with([' ', '-']) {
            return Err(wrong("a part begins with a dot, a dash or a space, or ends with a dot or a space"));
        }
        let stem = part.split('.').next().unwrap_or(part).to_ascii_lowercase();
        let device = ["con", "prn", "aux", "nul"].contains(&stem.as_str())
            || (stem.len() == 4 && (stem.starts_with("com") || stem.starts_with("lpt")));
        if device {
            return Err(wrong("Windows keeps a part of it for a device"));
        }
    }
    Ok(())
}

/// Whether a text can be a tag: one word, so that it can stand in a filter.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn check_tag(text: &str) -> Result<(), ParseNameError> {
    let wrong = |problem| ParseNameError { text: shown(text), kind: "tag", problem };
    if text.is_empty() {
        return Err(wrong("it is empty"));
    }
    if text.len() > 64 {
        return Err(wrong("it is longer than 64 bytes"));
    }
    if text.starts_with(['-', '+'])
        || text.chars().any(|c| c.is_control() || c.is_whitespace() || "\"(),:*?".contains(c))
    {
        return Err(wrong("a tag is one word without \" ( ) , : * ? and does not begin with - or +"));
    }
    Ok(())
}

/// Whether a text can be the name of a scope: it goes in a header and in the path of a URL.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn check_scope(text: &str) -> Result<(), ParseNameError> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._-/:@+[]()#=, ".contains(&b);
    if (1..=LONGEST_SCOPE).contains(&text.len()) && text.trim() == text && text.bytes().all(allowed) {
        return Ok(());
    }
    let problem =
        "it has 1 to 128 of the letters A to Z and a to z, digits, spaces and . _ - / : @ + [ ] ( ) # = ,";
    Err(ParseNameError { text: shown(text), kind: "scope", problem })
}

/// A text as it may be quoted in a message.
fn shown(text: &str) -> String {
    text.chars().take(80).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_paths_that_every_file_system_takes() {
        for fine in ["capybara", "images/capybara in a hat", "träume/v1.2", "common"] {
            assert_eq!(check_name(fine), Ok(()), "{fine}");
        }
        for wrong in [
            "", "/a", "a/", "a//b", "../a", "a/..", ".git", "a:b", "a\\b", "nul", "aux.txt", "x.", "-rf",
            "a\nb",
        ] {
            assert!(check_name(wrong).is_err(), "{wrong}");
        }
        assert!(check_name(&"n".repeat(201)).is_err());
    }

    #[test]
    fn scopes_go_in_headers_and_paths() {
        for fine in ["t1", "tests/test_chat.py::test_one[a, b]", "x y"] {
            assert_eq!(check_scope(fine), Ok(()), "{fine}");
        }
        for wrong in ["", " ", "t1 ", "schön", "a?b", "a\nb", &"s".repeat(LONGEST_SCOPE + 1)] {
            assert!(check_scope(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn tags_are_words_that_a_filter_takes() {
        for fine in ["ci", "release-1.2", "größe", "a/b"] {
            assert_eq!(check_tag(fine), Ok(()), "{fine}");
        }
        for wrong in ["", "two words", "-ci", "+ci", "a,b", "a:b", "\u{1b}[31m"] {
            assert!(check_tag(wrong).is_err(), "{wrong}");
        }
    }
}
