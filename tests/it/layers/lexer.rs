//! Cuts Rust source into the tokens that the checks need: comments are gone, strings are one token.

/// A word, a sign (`::` is one) or a literal; strings begin with their quote, so no word can be taken for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) line: usize,
}

/// All tokens of a file.
pub(super) fn tokens(source: &str) -> Vec<Token> {
    let mut lexer = Lexer { rest: source, line: 1 };
    std::iter::from_fn(|| lexer.next_token()).collect()
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
}

impl Lexer<'_> {
    fn next_token(&mut self) -> Option<Token> {
        self.skip_blank();
        let len = token_len(self.rest)?;
        let text = self.rest[..len].to_owned();
        let line = self.line;
        self.advance(len);
        Some(Token { text, line })
    }

    fn skip_blank(&mut self) {
        loop {
            let blank = self.rest.len() - self.rest.trim_start().len();
            let len = if blank > 0 { blank } else { comment_len(self.rest) };
            if len == 0 {
                return;
            }
            self.advance(len);
        }
    }

    fn advance(&mut self, len: usize) {
        self.line += self.rest[..len].matches('\n').count();
        self.rest = &self.rest[len..];
    }
}

/// The length of the comment that `text` begins with; block comments nest.
fn comment_len(text: &str) -> usize {
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if !text.starts_with("/*") {
        return 0;
    }
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        match &text.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

fn token_len(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    if let Some(len) = string_len(text) {
        return Some(len);
    }
    Some(match first {
        '\'' => quoted_char_len(text).unwrap_or(1),
        ':' if text.starts_with("::") => 2,
        _ if is_word(first) => text.find(|c| !is_word(c)).unwrap_or(text.len()),
        _ => first.len_utf8(),
    })
}

/// Strings of all kinds: plain, byte, C, raw.
fn string_len(text: &str) -> Option<usize> {
    let prefix = ["", "b", "c", "r", "br", "cr"];
    let start = prefix.into_iter().filter(|prefix| text.starts_with(*prefix)).find_map(|prefix| {
        let after = &text[prefix.len()..];
        let hashes = after.len() - after.trim_start_matches('#').len();
        let raw = prefix.ends_with('r');
        (after[hashes..].starts_with('"') && (raw || hashes == 0)).then_some((prefix.len(), hashes, raw))
    });
    let (prefix, hashes, raw) = start?;
    let inside = prefix + hashes + 1;
    let end = format!("\"{}", "#".repeat(hashes));
    let mut at = inside;
    while at < text.len() {
        if !raw && text.as_bytes()[at] == b'\\' {
            at += 2;
        } else if text.as_bytes()[at..].starts_with(end.as_bytes()) {
            return Some(at + end.len());
        } else {
            at += 1;
        }
    }
    Some(text.len())
}

/// `'x'` and `'\n'`, but not the lifetime `'x`.
fn quoted_char_len(text: &str) -> Option<usize> {
    let inside = &text[1..];
    if let Some(escaped) = inside.strip_prefix('\\') {
        let behind = 2 + escaped.chars().next()?.len_utf8();
        return Some(behind + text[behind..].find('\'')? + 1);
    }
    let end = 1 + inside.chars().next()?.len_utf8();
    text[end..].starts_with('\'').then_some(end + 1)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<String> {
        tokens(source).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn comments_are_no_code() {
        assert_eq!(texts("a // crate::b\n/* c /* d */ e */ f /// g"), ["a", "f"]);
    }

    #[test]
    fn strings_are_one_token() {
        assert_eq!(texts(r##"x("a \" ::", r#"b " c"#, b"d")"##)[2], r#""a \" ::""#);
        assert_eq!(texts(r##"r#"b " c"# d"##), [r##"r#"b " c"#"##, "d"]);
        assert_eq!(texts("\"a\nb\" c").len(), 2);
        assert_eq!(tokens("\"a\nb\" c")[1].line, 2);
    }

    #[test]
    fn characters_are_told_from_lifetimes() {
        assert_eq!(texts("'\"' x"), ["'\"'", "x"]);
        assert_eq!(texts("'\\'' x"), ["'\\''", "x"]);
        assert_eq!(texts("'\\u{1b}' x"), ["'\\u{1b}'", "x"]);
        assert_eq!(texts("&'a str"), ["&", "'", "a", "str"]);
    }

    #[test]
    fn paths_are_words_and_double_colons() {
        assert_eq!(texts("crate::a::{b}"), ["crate", "::", "a", "::", "{", "b", "}"]);
    }
}
