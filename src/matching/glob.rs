//! Patterns with `*`.

/// Whether `text` fits `pattern`, where `*` stands for any characters, also for none.
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, fits) in [
            ("gpt-4*", "gpt-4o", true),
            ("gpt-4*", "gpt-4", true),
            ("gpt-4", "gpt-4o", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("a*b*c", "axbxbc", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("*/completions", "chat/completions", true),
            ("ä*", "äß", true),
        ] {
            assert_eq!(glob(pattern, text), fits, "{pattern} {text}");
        }
    }
}
