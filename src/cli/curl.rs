//! A curl command as people copy it from documentation and browsers, read as the request that it would send.

use std::fmt::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::api::Question;
use crate::model::Headers;
use crate::reading::{LARGE_FILE, named_bytes};

/// Options that take a value and change nothing about what is sent.
const WITH_VALUE: &[&str] = &[
    "-o",
    "--output",
    "-m",
    "--max-time",
    "--connect-timeout",
    "--retry",
    "--retry-delay",
    "-w",
    "--write-out",
    "-x",
    "--proxy",
    "--cacert",
    "--cert",
    "--key",
    "--resolve",
    "-D",
    "--dump-header",
    "-b",
    "--cookie",
    "-e",
    "--referer",
    "--limit-rate",
    "--interface",
];
/// Short options that take a value, which may stand in the same word.
const SHORT_WITH_VALUE: &str = "XHdFuAomwxDbe";
/// All but what RFC 3986 leaves unreserved, as curl encodes it.
const RESERVED: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const BOUNDARY: &str = "retake-explain-boundary";

/// The content of a command, piece by piece.
#[derive(Default)]
struct Command {
    url: Option<String>,
    method: Option<String>,
    headers: Headers,
    data: Vec<Vec<u8>>,
    json: bool,
    forms: Vec<Vec<u8>>,
    in_query: bool,
}

/// Reads a curl command; files that it names (`@body.json`) are looked for from `dir`.
pub(super) fn parse(text: &str, dir: &Path) -> Result<Question, String> {
    let words = words(text)?;
    let mut words = words.into_iter().skip_while(|word| word == "$");
    match words.next().as_deref() {
        Some("curl" | "curl.exe") => {}
        other => return Err(format!("expected a curl command, found `{}`", other.unwrap_or_default())),
    }
    let mut command = Command::default();
    let mut words = words.flat_map(split_short);
    while let Some(word) = words.next() {
        let (option, inline) = match word.split_once('=') {
            Some((option, value)) if option.starts_with("--") => (option.to_owned(), Some(value.to_owned())),
            _ => (word, None),
        };
        if !option.starts_with('-') || option == "-" {
            command.url = Some(option);
            continue;
        }
        let mut value =
            || inline.clone().or_else(|| words.next()).ok_or_else(|| format!("{option} needs a value"));
        command.take(&option, &mut value, dir)?;
    }
    command.question()
}

impl Command {
    fn take(
        &mut self,
        option: &str,
        value: &mut dyn FnMut() -> Result<String, String>,
        dir: &Path,
    ) -> Result<(), String> {
        match option {
            "--url" => self.url = Some(value()?),
            "-X" | "--request" => self.method = Some(value()?.to_ascii_uppercase()),
            "-I" | "--head" => self.method = Some("HEAD".into()),
            "-G" | "--get" => self.in_query = true,
            "-H" | "--header" => self.header(&value()?)?,
            "-A" | "--user-agent" => self.headers.push("user-agent", value()?),
            "-u" | "--user" => {
                let user = STANDARD.encode(value()?);
                self.headers.push("authorization", format!("Basic {user}"));
            }
            "-d" | "--data" | "--data-ascii" => self.data.push(stripped(&content(&value()?, dir)?)),
            "--data-binary" => self.data.push(content(&value()?, dir)?),
            "--data-raw" => self.data.push(value()?.into_bytes()),
            "--data-urlencode" => self.data.push(urlencoded(&value()?).into_bytes()),
            "--json" => {
                self.json = true;
                self.data.push(content(&value()?, dir)?);
            }
            "-F" | "--form" => self.forms.push(part(&value()?, dir, true)?),
            "--form-string" => self.forms.push(part(&value()?, dir, false)?),
            ignored if WITH_VALUE.contains(&ignored) => drop(value()?),
            // Everything else is a switch about how curl behaves.
            _ => {}
        }
        Ok(())
    }

    fn header(&mut self, line: &str) -> Result<(), String> {
        let (name, value) = line.split_once(':').ok_or_else(|| format!("-H {line}: expected NAME: VALUE"))?;
        self.headers.push(&name.trim().to_ascii_lowercase(), value.trim().to_owned());
        Ok(())
    }

    fn question(mut self) -> Result<Question, String> {
        let mut url = self.url.ok_or("the curl command has no URL")?;
        let mut body = self.data.join(&b"&"[..]);
        let sends = !self.data.is_empty() || !self.forms.is_empty();
        let mut kind = (!self.data.is_empty()).then_some("application/x-www-form-urlencoded".to_owned());
        if self.json {
            kind = Some("application/json".into());
        }
        if self.in_query {
            let mark = if url.contains('?') { '&' } else { '?' };
            url = format!("{url}{mark}{}", String::from_utf8_lossy(&body));
            (body, kind) = (Vec::new(), None);
        }
        if !self.forms.is_empty() {
            body = self.forms.concat();
            body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
            self.headers.retain(|name| name != "content-type");
            kind = Some(format!("multipart/form-data; boundary={BOUNDARY}"));
        }
        if let Some(kind) = kind.filter(|_| self.headers.get("content-type").is_none()) {
            self.headers.push("content-type", kind);
        }
        let method = if sends && !self.in_query { "POST" } else { "GET" };
        let method = self.method.unwrap_or_else(|| method.into());
        Ok(Question { method, url, headers: self.headers, body: Bytes::from(body) })
    }
}

/// `-sXPOST` is `-s` and `-X POST`.
fn split_short(word: String) -> Vec<String> {
    let Some(letters) = word.strip_prefix('-').filter(|rest| rest.len() > 1 && !rest.starts_with('-')) else {
        return vec![word];
    };
    let mut split = Vec::new();
    for (at, letter) in letters.char_indices() {
        split.push(format!("-{letter}"));
        let rest = &letters[at + letter.len_utf8()..];
        if SHORT_WITH_VALUE.contains(letter) {
            split.extend((!rest.is_empty()).then(|| rest.to_owned()));
            break;
        }
    }
    split
}

/// A value, or the content of the file that `@FILE` names.
fn content(value: &str, dir: &Path) -> Result<Vec<u8>, String> {
    match value.strip_prefix('@') {
        Some("-") => Err("a body from stdin (`@-`) cannot be read here; name a file".into()),
        Some(name) => {
            let path = dir.join(name);
            named_bytes(&path, LARGE_FILE)
                .map_err(|error| format!("{} cannot be read: {error}", path.display()))
        }
        None => Ok(value.as_bytes().to_vec()),
    }
}

/// `-d @FILE` leaves line ends out, as curl does.
fn stripped(data: &[u8]) -> Vec<u8> {
    data.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n' | 0)).collect()
}

fn urlencoded(value: &str) -> String {
    let encode = |text: &str| percent_encoding::utf8_percent_encode(text, RESERVED).to_string();
    match value.split_once('=') {
        Some(("", text)) => encode(text),
        Some((name, text)) => format!("{name}={}", encode(text)),
        None => encode(value),
    }
}

/// One part of a form: `name=value`, `name=@file;type=image/png`, `name=<file`.
fn part(value: &str, dir: &Path, files: bool) -> Result<Vec<u8>, String> {
    let (name, value) = value.split_once('=').ok_or_else(|| format!("-F {value}: expected NAME=VALUE"))?;
    let (value, options) = if files { value.split_once(';').unwrap_or((value, "")) } else { (value, "") };
    let mut head = format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"");
    let data = match value.strip_prefix('@').filter(|_| files) {
        Some(file) => {
            let file = file.trim_matches('"');
            let shown = Path::new(file).file_name().unwrap_or_default().to_string_lossy();
            let _ = write!(head, "; filename=\"{}\"", shown.replace(['"', '\r', '\n'], "_"));
            content(&format!("@{file}"), dir)?
        }
        None => match value.strip_prefix('<').filter(|_| files) {
            Some(file) => content(&format!("@{file}"), dir)?,
            None => value.as_bytes().to_vec(),
        },
    };
    if let Some(kind) = options.split(';').find_map(|option| option.trim().strip_prefix("type=")) {
        let _ = write!(head, "\r\ncontent-type: {kind}");
    }
    head.push_str("\r\n\r\n");
    Ok([head.as_bytes(), &data, b"\r\n"].concat())
}

/// The words of a command as a shell splits them: quotes of three kinds (`'…'`, `"…"`, `$'…'`), backslashes, and lines
/// that go on behind a backslash. Variables are left as they are written.
fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('\n') => {}
                Some('\r') => _ = chars.next_if_eq(&'\n'),
                escaped => word.get_or_insert_default().extend(escaped),
            },
            '\'' => quoted(&mut chars, word.get_or_insert_default())?,
            '"' => double_quoted(&mut chars, word.get_or_insert_default())?,
            '$' if chars.peek() == Some(&'\'') => {
                chars.next();
                c_quoted(&mut chars, word.get_or_insert_default())?;
            }
            c if c.is_whitespace() => words.extend(word.take()),
            '|' | ';' | '>' | '&' if word.is_none() => break,
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn quoted(chars: &mut Chars<'_>, word: &mut String) -> Result<(), String> {
    for c in chars.by_ref() {
        if c == '\'' {
            return Ok(());
        }
        word.push(c);
    }
    Err("a quote ' is not closed".into())
}

fn double_quoted(chars: &mut Chars<'_>, word: &mut String) -> Result<(), String> {
    while let Some(c) = chars.next() {
        match c {
            '"' => return Ok(()),
            '\\' => match chars.next() {
                Some('\n') => {}
                Some(c @ ('"' | '\\' | '$' | '`')) => word.push(c),
                other => word.extend(std::iter::once('\\').chain(other)),
            },
            c => word.push(c),
        }
    }
    Err("a quote \" is not closed".into())
}

fn c_quoted(chars: &mut Chars<'_>, word: &mut String) -> Result<(), String> {
    while let Some(c) = chars.next() {
        match c {
            '\'' => return Ok(()),
            '\\' => match chars.next() {
                Some('n') => word.push('\n'),
                Some('r') => word.push('\r'),
                Some('t') => word.push('\t'),
                Some(kind @ ('u' | 'U' | 'x')) => {
                    let digits = match kind {
                        'u' => 4,
                        'U' => 8,
                        _ => 2,
                    };
                    let mut code = 0;
                    for _ in 0..digits {
                        let Some(digit) = chars.peek().and_then(|c| c.to_digit(16)) else { break };
                        code = code * 16 + digit;
                        chars.next();
                    }
                    word.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                other => word.extend(other),
            },
            c => word.push(c),
        }
    }
    Err("a quote $' is not closed".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Question {
        parse(text, Path::new(".")).unwrap()
    }

    #[test]
    fn a_command_from_documentation() {
        let asked = read(
            "curl https://api.openai.com/v1/chat/completions \\\n  -H \"Content-Type: application/json\" \\\n  \
             -H \"Authorization: Bearer $OPENAI_API_KEY\" \\\n  -d '{\n    \"model\": \"gpt-5\"\n  }'",
        );
        assert_eq!(
            (asked.method.as_str(), asked.url.as_str()),
            ("POST", "https://api.openai.com/v1/chat/completions")
        );
        assert_eq!(asked.headers.text("content-type"), Some("application/json"));
        assert_eq!(&asked.body[..], br#"{    "model": "gpt-5"  }"#);
    }

    #[test]
    fn a_command_from_a_browser() {
        let asked = read(
            r#"curl 'http://x/v1/a' --compressed -X 'PUT' --data-raw $'{"text":"don\'t \u0021\n"}' | jq"#,
        );
        assert_eq!((asked.method.as_str(), &asked.body[..]), ("PUT", &b"{\"text\":\"don't !\n\"}"[..]));
    }

    #[test]
    fn switches_with_and_without_values() {
        let asked = read("$ curl -sSfXPOST -m 5 --json={} -u me:pw http://x/a?b=c");
        assert_eq!(
            (asked.method.as_str(), asked.url.as_str(), &asked.body[..]),
            ("POST", "http://x/a?b=c", &b"{}"[..])
        );
        assert_eq!(asked.headers.text("authorization"), Some("Basic bWU6cHc="));
        let asked = read("curl -G http://x/a -d b=1 --data-urlencode 'c=ä b'");
        assert_eq!((asked.method.as_str(), asked.url.as_str()), ("GET", "http://x/a?b=1&c=%C3%A4%20b"));
    }

    #[test]
    fn forms_and_files() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a.png"), b"\x89PNG\n").unwrap();
        let asked =
            parse("curl http://x/e -F 'image=@a.png;type=image/png' -F prompt=cat", dir.path()).unwrap();
        let body = String::from_utf8_lossy(&asked.body);
        assert!(
            body.contains("name=\"image\"; filename=\"a.png\"\r\ncontent-type: image/png\r\n\r\n"),
            "{body}"
        );
        assert!(body.contains("name=\"prompt\"\r\n\r\ncat\r\n") && body.ends_with("--\r\n"), "{body}");
        assert!(asked.headers.text("content-type").unwrap().starts_with("multipart/form-data"));
        let error = parse("curl http://x -d @missing.json", dir.path()).unwrap_err();
        assert!(error.contains("missing.json"), "{error}");
    }

    #[test]
    fn what_is_no_command_says_so() {
        for (text, hint) in [
            ("wget http://x", "wget"),
            ("curl 'http://x", "not closed"),
            ("curl -H", "-H needs a value"),
            ("curl -s", "no URL"),
            ("curl http://x -H nothing", "NAME: VALUE"),
        ] {
            let error = parse(text, Path::new(".")).unwrap_err();
            assert!(error.contains(hint), "{error}");
        }
    }
}
