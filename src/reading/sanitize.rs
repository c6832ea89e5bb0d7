//! The one way of recorded text to a screen.
//!
//! Recorded text is whatever a model or an upstream sent: it may hold escape sequences (OSC 52 writes the clipboard),
//! direction overrides that make a line read as another, and characters that nobody sees. Each of them becomes a
//! visible, harmless character here; nothing else in the program needs to know about them.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The spaces that a tab is drawn as. Their number is fixed, because text is cut and scrolled after it went through
/// here.
const TAB: &str = "    ";

/// The stand-in for a character that has no picture of its own.
const DOT: char = '·';

/// `text` as one harmless line: control characters become their pictures (`␛`), newlines and other line breaks `␤`,
/// tabs four spaces, direction marks and invisible characters `·`. Borrows when nothing had to change.
#[must_use]
pub fn sanitize(text: &str) -> Cow<'_, str> {
    replaced(text, false)
}

/// [`sanitize`] that keeps newlines; CRLF becomes one.
#[must_use]
pub fn sanitize_lines(text: &str) -> Cow<'_, str> {
    replaced(text, true)
}

/// JSON text with the same value, in which every character that [`sanitize`] would replace is written as `\uXXXX`.
/// Nothing is lost, so this holds for pipes, too. (RFC 8259, 7 lets any character be escaped.)
#[must_use]
pub fn sanitize_json(json: &str) -> Cow<'_, str> {
    // Outside of strings there is ASCII only, and inside of them serializers escape the controls below U+0020.
    let fine = |c: char| is_harmless(c) || matches!(c, '\n' | '\t');
    if json.chars().all(fine) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        match c {
            _ if fine(c) => out.push(c),
            // White space between two tokens.
            '\r' => out.push(' '),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    Cow::Owned(out)
}

fn replaced(text: &str, lines: bool) -> Cow<'_, str> {
    let fine = |c: char| is_harmless(c) || (lines && c == '\n');
    let Some(first) = text.find(|c| !fine(c)) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(&text[..first]);
    let mut rest = text[first..].chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            _ if fine(c) => out.push(c),
            '\t' => out.push_str(TAB),
            '\r' if lines && rest.peek() == Some(&'\n') => {}
            // They only choose between two pictures of the character before, and terminals disagree about its width.
            '\u{FE0E}' | '\u{FE0F}' => {}
            _ => out.push(picture(c)),
        }
    }
    Cow::Owned(out)
}

/// The visible stand-in, from Unicode's block of control pictures where it has one.
fn picture(c: char) -> char {
    match c {
        '\n' | '\u{0085}' | '\u{2028}' | '\u{2029}' => '␤',
        '\0'..='\u{1F}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(DOT),
        '\u{7F}' => '␡',
        _ => DOT,
    }
}

/// True if a terminal draws `c`, and draws it where it stands.
fn is_harmless(c: char) -> bool {
    // Most text is ASCII; the table below is for the rest.
    if c.is_ascii() {
        return !c.is_ascii_control();
    }
    !matches!(c,
        '\u{80}'..='\u{9F}'                                  // C1: a lone U+009B starts a control sequence
        | '\u{AD}' | '\u{34F}' | '\u{61C}'                   // soft hyphen, grapheme joiner, Arabic letter mark
        | '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}'  // Hangul fillers
        | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'  // invisible vowels, Mongolian selectors
        | '\u{200B}'..='\u{200F}'                            // zero widths, left-to-right and right-to-left marks
        | '\u{2028}'..='\u{202E}'                            // line and paragraph separator, embeddings, overrides
        | '\u{2060}'..='\u{206F}'                            // word joiner, invisible operators, isolates
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'               // variation selectors, byte order mark
        | '\u{FFF0}'..='\u{FFFB}'                            // unassigned invisible, interlinear annotation
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' // shorthand and musical format controls
        | '\u{E0000}'..='\u{E0FFF}'                          // tags, further variation selectors
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hostile_text_becomes_visible_and_plain_text_is_borrowed() {
        assert!(matches!(sanitize("Füße, 猫, ❤, 👍🏽"), Cow::Borrowed(_)));
        assert_eq!(sanitize("\x1b]52;c;aGk=\x07"), "␛]52;c;aGk=␇");
        assert_eq!(sanitize("a\tb\0c\x7f"), "a    b␀c␡");
        assert_eq!(sanitize("\u{9b}31mred"), "·31mred");
        assert_eq!(sanitize("user\u{202E}gpj.exe"), "user·gpj.exe");
        assert_eq!(sanitize("pass\u{200B}word\u{E0041}"), "pass·word·");
        assert_eq!(sanitize("one\r\ntwo\u{2028}three"), "one␍␤two␤three");
        assert_eq!(sanitize_lines("one\r\ntwo\rthree\n"), "one\ntwo␍three\n");
        assert_eq!(sanitize("❤\u{FE0F}"), "❤");
        assert!(matches!(sanitize_json("{\"a\":\"日本語 🙂\\n\"}"), Cow::Borrowed(_)));
        assert_eq!(
            sanitize_json("[\"\u{9b}31m\u{7f}\u{202e}\u{e0041}\",\r1]"),
            r#"["\u009b31m\u007f\u202e\udb40\udc41", 1]"#
        );
    }

    proptest! {
        #[test]
        fn nothing_hostile_is_left_and_twice_is_once(
            text in "[\\x00-\\x7f\u{80}-\u{a0}\u{600}-\u{620}\u{2000}-\u{2070}\u{FE00}-\u{FEFF}\u{E0000}-\u{E0200}a-z猫]{0,60}",
        ) {
            let one = sanitize(&text).into_owned();
            prop_assert!(one.chars().all(is_harmless));
            prop_assert_eq!(sanitize(&one), one.as_str());
            let lines = sanitize_lines(&text).into_owned();
            prop_assert!(lines.chars().all(|c| c == '\n' || is_harmless(c)));
            prop_assert_eq!(sanitize_lines(&lines), lines.as_str());
        }

        #[test]
        fn json_keeps_its_value(
            text in "[\\x00-\\x7f\u{80}-\u{a0}\u{600}-\u{620}\u{2000}-\u{2070}\u{FE00}-\u{FEFF}\u{E0000}-\u{E0200}a-z猫]{0,60}",
        ) {
            let json = serde_json::json!({ text.as_str(): [text.as_str()] });
            for written in [json.to_string(), serde_json::to_string_pretty(&json).unwrap()] {
                let clean = sanitize_json(&written);
                prop_assert!(clean.chars().all(|c| c == '\n' || is_harmless(c)), "{}", clean);
                prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(&clean).unwrap(), &json);
            }
        }

        #[test]
        fn controls_never_pass(c in any::<char>()) {
            let text = c.to_string();
            prop_assert!(!sanitize(&text).chars().any(char::is_control));
        }
    }
}
