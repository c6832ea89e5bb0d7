//! Regular expressions that people write, with a bound on what matching one can cost.
//!
//! The expressions of the `regex` crate never take more than their size times the length of the text, but a counted
//! repetition makes few characters large: `a{0,1000}a{0,1000}a{0,1000}b` takes seconds for a text of 64 KiB.

use regex::RegexBuilder;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, HirKind};

/// The largest expression: its characters and classes, each as often as it may be repeated.
pub const LARGEST_PATTERN: usize = 500;
/// The memory for what is made of one while it is matched, in bytes: enough for the largest, so that none is matched slowly
/// for lack of it.
const CACHE: usize = 8 << 20;
/// The memory for one that is compiled, in bytes: classes of Unicode take kilobytes.
const COMPILED: usize = 8 << 20;

/// Compiles an expression that is matched against text.
///
/// # Errors
/// A sentence, when it is none, or too large.
pub fn text_pattern(pattern: &str) -> Result<regex::Regex, String> {
    bounded(pattern)?;
    let mut builder = RegexBuilder::new(pattern);
    let built = builder.size_limit(COMPILED).dfa_size_limit(CACHE).build();
    built.map_err(|error| refused(pattern, &error))
}

/// Compiles an expression that is matched against bytes.
///
/// # Errors
/// A sentence, when it is none, or too large.
pub fn bytes_pattern(pattern: &str) -> Result<regex::bytes::Regex, String> {
    bounded(pattern)?;
    let mut builder = regex::bytes::RegexBuilder::new(pattern);
    let built = builder.size_limit(COMPILED).dfa_size_limit(CACHE).build();
    built.map_err(|error| refused(pattern, &error))
}

fn refused(pattern: &str, error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => too_large(pattern),
        error => format!("`{pattern}` is not a regular expression: {error}"),
    }
}

fn bounded(pattern: &str) -> Result<(), String> {
    // What does not parse is told by the one that compiles it, which shows where.
    let parsed = ParserBuilder::new().utf8(false).build().parse(pattern);
    match parsed {
        Ok(hir) if size(&hir) > LARGEST_PATTERN => Err(too_large(pattern)),
        _ => Ok(()),
    }
}

fn too_large(pattern: &str) -> String {
    let shown: String = pattern.chars().take(60).collect();
    let cut = if shown.len() < pattern.len() { "…" } else { "" };
    format!(
        "the regular expression `{shown}{cut}` is too large to be matched quickly: its characters, each as often as it may \
         be repeated, are more than {LARGEST_PATTERN}; write `+` or `*` for a long repetition, or split it"
    )
}

/// The size of an expression: its characters and classes, each as often as it may be repeated.
fn size(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 0,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(_) => 1,
        HirKind::Repetition(repeated) => {
            let times = repeated.max.unwrap_or(repeated.min).max(1) as usize;
            size(&repeated.sub).saturating_mul(times)
        }
        HirKind::Capture(capture) => size(&capture.sub),
        HirKind::Concat(all) | HirKind::Alternation(all) => {
            all.iter().fold(0, |sum, one| sum.saturating_add(size(one)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_that_cost_seconds_are_refused_with_a_sentence() {
        for slow in [
            "a{0,1000}a{0,1000}a{0,1000}b",
            "(?:(?:a{1,10}){1,10}){1,10}",
            "x{501}",
            &"ab|".repeat(300),
            r"[ab]*a[ab]{600}",
            r"((\w{9}){9}){9}",
        ] {
            let told = text_pattern(slow).unwrap_err();
            assert!(told.contains("too large") && told.contains("500"), "{told}");
            assert!(bytes_pattern(slow).is_err());
        }
        for fine in [
            r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2})?",
            r"(?i)refund|order \d+|\w+@\w+\.\w+",
            r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}\b",
            r".{0,400}x",
            r"(a*)*b",
            r"\p{L}{1,100}",
        ] {
            assert!(text_pattern(fine).is_ok() && bytes_pattern(fine).is_ok(), "{fine}");
        }
        assert!(bytes_pattern(r"(?-u)\xff+").is_ok());
        let none = text_pattern("a(").unwrap_err();
        assert!(none.starts_with("`a(` is not a regular expression: "), "{none}");
    }
}
