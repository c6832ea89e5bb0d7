//! The demo's traffic: a gentle stream of calls that shows every outcome.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::model::{Headers, Mode, Recording, Request};
use crate::upstream::{Base, UpstreamClient};

/// Pause between two calls.
const PAUSE: Duration = Duration::from_millis(650);

/// Questions of the chats.
const QUESTIONS: [&str; 4] = [
    "Name three rivers that flow north.",
    "Why is the sky dark at night?",
    "Give me a haiku about snapshots.",
    "What is a good name for a test fixture?",
];

/// A time such as `10s`, `2m` or `1500ms`, for `--for`.
pub(crate) fn time(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a time; write it like 10s, 2m or 1500ms");
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: f64 = digits.parse().map_err(|_| wrong())?;
    let factor = match &text[digits.len()..] {
        "ms" => 0.001,
        "s" | "" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(wrong()),
    };
    Duration::try_from_secs_f64(number * factor).map_err(|_| wrong())
}

/// One call of the round.
enum TrafficStep<'a> {
    /// A recording's own request: a hit.
    Again(&'a Recording),
    /// A recording's own request with one field changed, under a mode.
    Changed(&'a Recording, &'static str, serde_json::Value, Mode),
    /// Something new, under a mode.
    New(&'static str, serde_json::Value, Mode),
}

/// Sends rounds of calls to the proxy until it is stopped.
pub(crate) async fn run(proxy: Base, recordings: Vec<Recording>, stop: CancellationToken) {
    let client = UpstreamClient::local(Duration::from_secs(60));
    for round in 0u32.. {
        for step in steps(&recordings, round) {
            let (client, proxy, request) = (client.clone(), proxy.clone(), step.request());
            // Each call runs beside the next, as an application's would: slow ones are seen in flight.
            tokio::spawn(async move { read(&client, &request, &proxy).await });
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }
}

async fn read(client: &UpstreamClient, request: &Request, proxy: &Base) {
    // What the answer says is on the screen; here it only has to be read to its end.
    if let Ok(mut answer) = client.forward(request, proxy).await {
        while let Some(Ok(_)) = answer.body.piece().await {}
    }
}

fn steps(recordings: &[Recording], round: u32) -> Vec<TrafficStep<'_>> {
    let image = |at: usize| recordings.iter().filter(|r| is(r, "/images/generations")).cycle().nth(at);
    let chat = |at: usize| recordings.iter().filter(|r| is(r, "/chat/completions")).cycle().nth(at);
    let turn = round as usize;
    let (Some(first), Some(second), Some(talk), Some(other)) =
        (image(turn * 2), image(turn * 2 + 1), chat(turn), chat(turn + 1))
    else {
        return Vec::new();
    };
    let question = QUESTIONS[turn % QUESTIONS.len()];
    let asking = |text: String, stream: bool| json!({"model": "gpt-5-mini", "messages": [{"role": "user", "content": text}], "stream": stream});
    let painting =
        |prompt: &str, size: &str| json!({"model": "gpt-image-1.5", "prompt": prompt, "size": size, "n": 1});
    vec![
        TrafficStep::Again(first),
        TrafficStep::Again(talk),
        TrafficStep::New(
            "/openai/v1/chat/completions",
            asking(format!("{question} (round {})", round + 1), true),
            Mode::ReplayOrRecord,
        ),
        TrafficStep::Changed(first, "seed", json!(8 + round), Mode::ReplayOrError),
        TrafficStep::Changed(second, "prompt", json!("The same scene, an hour later"), Mode::ReplayOrMock),
        TrafficStep::New(
            "/openai/v1/images/generations",
            painting("A lighthouse in the fog", "512x512"),
            Mode::Mock,
        ),
        TrafficStep::New(
            "/openai/v1/chat/completions",
            asking("Say hello, and nothing else.".into(), false),
            Mode::Off,
        ),
        TrafficStep::Again(second),
        TrafficStep::New(
            "/staging/v1/chat/completions",
            asking("Is anybody there?".into(), false),
            Mode::ReplayOrLive,
        ),
        TrafficStep::Again(other),
        TrafficStep::New(
            "/openai/v1/images/generations",
            painting(&format!("Hills in the evening, take {}", round + 1), "384x256"),
            Mode::Record,
        ),
        TrafficStep::Changed(talk, "temperature", json!(0.9), Mode::ReplayOrError),
        TrafficStep::Again(first),
    ]
}

fn is(recording: &Recording, path: &str) -> bool {
    recording.request.target.ends_with(path) && recording.response.status == 200
}

impl TrafficStep<'_> {
    fn request(&self) -> Request {
        match self {
            Self::Again(recording) => addressed(recording, recording.request.body.clone(), None),
            Self::Changed(recording, key, value, mode) => {
                let mut body: serde_json::Value =
                    serde_json::from_slice(&recording.request.body).unwrap_or_default();
                body[*key] = value.clone();
                addressed(recording, body.to_string().into(), Some(*mode))
            }
            Self::New(target, body, mode) => Request {
                method: "POST".into(),
                target: (*target).into(),
                headers: headers(Some(*mode)),
                body: body.to_string().into(),
                ..Request::default()
            },
        }
    }
}

fn addressed(recording: &Recording, body: Bytes, mode: Option<Mode>) -> Request {
    let target = format!("/{}{}", recording.request.mount, recording.request.target);
    Request {
        method: recording.request.method.clone(),
        target,
        headers: headers(mode),
        body,
        ..Request::default()
    }
}

fn headers(mode: Option<Mode>) -> Headers {
    let mut headers: Headers =
        [("content-type", "application/json"), ("authorization", "Bearer demo-key-of-no-use")]
            .into_iter()
            .collect();
    if let Some(mode) = mode {
        headers.push("x-retake-mode", mode.as_str());
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        assert_eq!(time("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(time("1500ms"), Ok(Duration::from_millis(1500)));
        assert_eq!(time("2m"), Ok(Duration::from_secs(120)));
        for wrong in ["", "s", "ten", "-1s", "5x"] {
            assert!(time(wrong).unwrap_err().contains("10s"), "{wrong}");
        }
    }
}
