//! The same store twice, a shell before each, and what was said there.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use regex::{Captures, Regex};
use serde_json::json;

use crate::cli::ANSWER;
use crate::home::{CHAT_PATH, Home, PROGRAM, Running, Said, call, chat, said};
use crate::world::{Reply, Seen, Upstream, json as answer_json};

/// A place where verbs are typed.
pub(crate) struct Stage {
    pub(crate) home: Home,
    /// Who owns the store, if anybody.
    pub(crate) owner: Option<Running>,
    upstream: String,
    variables: Vec<(String, String)>,
    /// The recordings that were named so far; the first is `rec_1`.
    known: RefCell<Vec<String>>,
    transcript: RefCell<String>,
}

/// Lets a scenario happen on a store with these recordings in both settings; gives what was said.
pub(crate) async fn both(seeds: &[(&str, String)], scenario: impl AsyncFn(&Stage)) -> String {
    both_with(seeds, &[], scenario).await
}

/// The same with variables in the environment of whoever carries verbs out.
pub(crate) async fn both_with(
    seeds: &[(&str, String)],
    variables: &[(&str, &str)],
    scenario: impl AsyncFn(&Stage),
) -> String {
    let upstream = Upstream::start(|seen| provider(&seen)).await;
    let alone = Stage::new(&upstream, seeds, variables).await;
    let beside = alone.copied();
    scenario(&alone).await;
    let beside = beside.beside(&scenario).await;
    let transcript = alone.transcript.borrow().clone();
    assert_eq!(transcript, *beside.transcript.borrow(), "alone (left) and beside an owner (right)");
    assert_eq!(alone.left(), beside.left(), "what is left");
    transcript
}

/// Lets a scenario happen beside an owner only: where its memory is what it is about.
pub(crate) async fn beside(seeds: &[(&str, String)], scenario: impl AsyncFn(&Stage)) -> String {
    let upstream = Upstream::start(|seen| provider(&seen)).await;
    let stage = Stage::new(&upstream, seeds, &[]).await.beside(&scenario).await;
    stage.transcript.into_inner()
}

/// Chats about these topics.
pub(crate) fn chats(topics: &[&str]) -> Vec<(&'static str, String)> {
    topics.iter().map(|topic| (CHAT_PATH, chat(topic))).collect()
}

/// A streamed chat about a topic.
pub(crate) fn stream(topic: &str) -> (&'static str, String) {
    let messages = json!([{"role": "user", "content": topic}]);
    (CHAT_PATH, json!({"model": "gpt-5-mini", "messages": messages, "stream": true}).to_string())
}

/// A picture of something; of something `linked` the answer holds a link.
pub(crate) fn image(prompt: &str) -> (&'static str, String) {
    ("/openai/v1/images/generations", json!({"model": "gpt-image-1", "prompt": prompt}).to_string())
}

/// The smallest pictures there are, of different colours.
pub(crate) fn png(shade: u8) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_pixel(1, 1, image::Rgb([shade; 3]));
    picture.write_to(&mut file, image::ImageFormat::Png).unwrap();
    file.into_inner()
}

/// What the stand-in upstream answers to what.
fn provider(seen: &Seen) -> Response {
    let body = String::from_utf8_lossy(&seen.body).into_owned();
    if seen.target.starts_with("/files/") {
        return Response::builder().header("content-type", "image/png").body(Body::from(png(7))).unwrap();
    }
    if seen.target.contains("/images/") {
        let host = seen.headers.iter().find(|(name, _)| name == "host").unwrap();
        let datum = if body.contains("linked") {
            json!({ "url": format!("http://{}/files/one.png", host.1) })
        } else {
            json!({ "b64_json": base64::engine::general_purpose::STANDARD.encode(png(7)) })
        };
        return answer_json(&json!({ "created": 1, "data": [datum] }).to_string());
    }
    if body.contains("\"stream\":true") {
        let chunk = |delta: serde_json::Value, end: Option<&str>| {
            let choice = json!({"index": 0, "delta": delta, "finish_reason": end});
            let head = json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-5-mini", "choices": [choice]});
            format!("data: {head}\n\n")
        };
        let events = [
            chunk(json!({"role": "assistant", "content": ""}), None),
            chunk(json!({"content": "Hello "}), None),
            chunk(json!({"content": "there"}), None),
            chunk(json!({}), Some("stop")),
            "data: [DONE]\n\n".to_owned(),
        ];
        let builder = Response::builder().header("content-type", "text/event-stream");
        return builder.body(Body::from(events.concat())).unwrap();
    }
    if body.contains("billed") {
        let usage =
            r#""usage":{"prompt_tokens":1000,"completion_tokens":2000,"total_tokens":3000},"choices""#;
        return answer_json(&ANSWER.replace("\"choices\"", usage));
    }
    answer_json(ANSWER)
}

// === impl Stage ===

impl Stage {
    /// A store with these recordings, and nobody who owns it.
    async fn new(upstream: &Upstream, seeds: &[(&str, String)], variables: &[(&str, &str)]) -> Self {
        let home = Home::new();
        let running = home.record(upstream);
        let mut known = Vec::new();
        for (path, body) in seeds {
            assert_eq!(running.call(path, &[], body).await.status, 200);
            known.push(running.json().recording.unwrap().to_string());
        }
        assert_eq!(running.end("TERM").code, Some(0));
        // Nobody listens on port 1.
        let config = format!(
            "[upstreams]\nopenai = \"http://{}\"\nanthropic = \"http://127.0.0.1:1\"\n",
            upstream.address
        );
        std::fs::write(home.path().join("retake.toml"), config).unwrap();
        home.fine(&["trust"]);
        Self {
            home,
            owner: None,
            upstream: upstream.address.to_string(),
            variables: variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            known: known.into(),
            transcript: RefCell::default(),
        }
    }

    /// Another one with the same content.
    fn copied(&self) -> Self {
        let home = Home::new();
        for name in [".retake", "retake.toml"] {
            let copied =
                Command::new("cp").arg("-a").arg(self.home.path().join(name)).arg(home.path()).status();
            assert!(copied.unwrap().success());
        }
        home.fine(&["trust"]);
        let (upstream, variables) = (self.upstream.clone(), self.variables.clone());
        Self {
            home,
            owner: None,
            upstream,
            variables,
            known: self.known.clone(),
            transcript: RefCell::default(),
        }
    }

    /// Lets a scenario happen while a running retake owns the store.
    async fn beside(mut self, scenario: &impl AsyncFn(&Self)) -> Self {
        self.owner = Some(self.serve());
        scenario(&self).await;
        let owner = self.owner.take().unwrap().end("TERM");
        assert_eq!((owner.code, owner.err.contains("panicked")), (Some(0), false), "{owner:?}");
        self
    }

    /// Types these lines into a shell, one after the other. `rec_1` is the first recording, `rec_1…` the beginning of
    /// its id.
    pub(crate) fn play(&self, lines: &str) {
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            self.said(line);
        }
    }

    /// Types a line; gives what was said, with the names of recordings as they are.
    pub(crate) fn said(&self, line: &str) -> Said {
        let said = said(self.shell(line));
        assert!(!said.err.contains("panicked"), "{line}: {said:?}");
        let mut transcript = self.transcript.borrow_mut();
        _ = writeln!(transcript, "$ {line}");
        transcript.push_str(&self.masked(&said.out));
        for line in self.masked(&said.err).lines() {
            _ = writeln!(transcript, "! {line}");
        }
        if said.code != Some(0) {
            _ = writeln!(transcript, "= {}", said.code.expect("no signal ended it"));
        }
        said
    }

    /// Types a line, of which nothing is noted; gives what it wrote.
    pub(crate) fn unnoted(&self, line: &str) -> String {
        let said = said(self.shell(line));
        assert_eq!(said.code, Some(0), "{line}: {said:?}");
        said.out
    }

    /// Notes something that must be the same in both settings.
    pub(crate) fn note(&self, text: &str) {
        let text = self.masked(text);
        _ = writeln!(self.transcript.borrow_mut(), "# {text}");
    }

    /// The id of the recording of this number.
    pub(crate) fn id(&self, number: usize) -> String {
        self.known.borrow()[number - 1].clone()
    }

    /// A file where the shell stands.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.home.path().join(name), content).unwrap();
    }

    /// Calls the proxy: the owner, or one that runs for this call alone.
    pub(crate) async fn call(&self, target: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        if let Some(owner) = &self.owner {
            return call(owner.address, target, headers, body).await;
        }
        let short = self.serve();
        let reply = short.call(target, headers, body).await;
        assert_eq!(short.end("TERM").code, Some(0));
        reply
    }

    pub(crate) fn serve(&self) -> Running {
        let mut command =
            self.home.command(&["serve", "--listen", "127.0.0.1:0", "--json", "--mode", "replay-or-error"]);
        command.envs(self.variables.iter().cloned());
        Running::start(command)
    }

    fn shell(&self, line: &str) -> Command {
        let known = self.known.borrow();
        let named = Regex::new(r"rec_(\d+)…?").unwrap();
        let line = named.replace_all(line, |found: &Captures<'_>| {
            let id = known.get(found[1].parse::<usize>().unwrap() - 1);
            let id = id.unwrap_or_else(|| {
                panic!("nothing named {} so far:\n{}", &found[0], self.transcript.borrow())
            });
            if found[0].ends_with('…') { id[..10].to_owned() } else { id.clone() }
        });
        let mut command = Command::new("sh");
        command.env_clear().envs(self.home.environment()).envs(self.variables.iter().cloned());
        let bin = Path::new(PROGRAM).parent().unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{path}", bin.display())).current_dir(self.home.path());
        command.args(["-c", &line]).stdin(Stdio::null());
        command
    }

    /// A text with what differs from run to run under equal names.
    fn masked(&self, text: &str) -> String {
        let mut known = self.known.borrow_mut();
        let id = Regex::new("rec_[1-9A-HJ-NP-Za-km-z]{16}").unwrap();
        let text = id.replace_all(text, |found: &Captures<'_>| {
            let at = known.iter().position(|id| *id == found[0]).unwrap_or_else(|| {
                known.push(found[0].to_owned());
                known.len() - 1
            });
            format!("rec_{}", at + 1)
        });
        let mut text = text.replace(&self.upstream, "UPSTREAM");
        text = text.replace(&self.home.path().display().to_string(), "HOME");
        for (at, id) in known.iter().enumerate() {
            text = text.replace(&id[..10], &format!("rec_{}…", at + 1));
        }
        for (pattern, mask) in [
            (r"med_[0-9A-Za-z]{16}", "med_ID"),
            (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "DATE"),
            (r"\bin <?[0-9.]+(ms|s)\b", "in TIME"),
            (r"\w{3}, \d\d \w{3} \d{4} [0-9:]{8} GMT", "DATE"),
            (r"<email-[0-9a-f]{8}>", "<email-ID>"),
            (r"retake-[0-9A-Za-z]{6}\.", "retake-XXXXXX."),
            (r#""(at|recorded_at|stored_at|removed_at|last_hit|total|first_byte)":\d+"#, r#""$1":0"#),
            (r"(?m) +$", ""),
        ] {
            text = Regex::new(pattern).unwrap().replace_all(&text, mask).into_owned();
        }
        text
    }

    /// Everything that the store holds when all is said.
    fn left(&self) -> String {
        let shown = |id: String| self.home.fine(&["show", &id, "--json"]);
        let rows = self.home.rows().into_iter().map(|row| shown(row.id.to_string()));
        let content: String = rows.chain([self.home.fine(&["trash", "--json"])]).collect();
        self.masked(&content)
    }
}
