//! URLs as people may see them.

use std::fmt;

/// A URL that somebody configured, shown without the user and password that it may hold. It need not be a right one:
/// a wrong one is shown most.
#[derive(Clone, Copy, Debug)]
pub struct MaskedUrl<'a>(pub &'a str);

/// The sign that stands for user and password.
const MASK: &str = "…";

impl fmt::Display for MaskedUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = match self.0.find("://") {
            Some(at) => self.0.split_at(at + 3),
            None => ("", self.0),
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        // A password may hold what ends an authority; then what stands before that has something else than a port.
        let port = authority.rsplit_once(':').map_or("", |(_, port)| port);
        let cut_short = !authority.ends_with(']') && !port.bytes().all(|byte| byte.is_ascii_digit());
        let masked = if authority.contains('@') && !cut_short { authority } else { rest };
        match masked.rfind('@') {
            Some(at) if authority.contains('@') || cut_short => write!(f, "{scheme}{MASK}{}", &rest[at..]),
            _ => f.write_str(self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_masked_in_right_and_wrong_urls() {
        for (url, shown) in [
            ("https://user:secret@host:8080/path?x", "https://…@host:8080/path?x"),
            ("http://secret@host", "http://…@host"),
            ("user:secret@host/x", "…@host/x"),
            ("https://user:sec@secret@host", "https://…@host"),
            ("https://user:sec/secret@host/x", "https://…@host/x"),
            ("https://user:sec#secret?secret@host", "https://…@host"),
            ("ftp://user:secret@[::1]:1/@x", "ftp://…@[::1]:1/@x"),
            ("https://host/@scope/x", "https://host/@scope/x"),
            ("https://host:1/@scope", "https://host:1/@scope"),
            ("http://[::1]/@scope", "http://[::1]/@scope"),
            ("nothing", "nothing"),
            ("", ""),
        ] {
            assert_eq!(MaskedUrl(url).to_string(), shown, "{url}");
        }
    }
}
