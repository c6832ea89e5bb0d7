//! The counts by which an answer was billed, as providers state them. Nothing is counted here.

use serde::Deserialize;

use super::decoded::decoded;
use super::events::events;
use crate::model::{Response, Tokens};
use crate::wire::without_mark;

/// The counts that an answer states; none where it states none. Of a stream the largest of each count holds, because
/// providers repeat them as they grow.
#[must_use]
pub fn tokens(response: &Response) -> Option<Tokens> {
    let streamed = events(response);
    if streamed.is_empty() {
        let body = decoded(&response.headers, &response.log.bytes).ok()?;
        return serde_json::from_slice::<Envelope>(without_mark(&body)).ok()?.tokens();
    }
    let stated = streamed
        .iter()
        // Most events say what the model said; parsing those would cost more than all the rest.
        .filter(|event| event.data.contains("sage") || event.data.contains("eval_count"))
        .filter_map(|event| serde_json::from_str::<Envelope>(&event.data).ok()?.tokens());
    stated.reduce(|a, b| Tokens {
        input: a.input.max(b.input),
        cached: a.cached.max(b.cached),
        output: a.output.max(b.output),
    })
}

/// The places where providers put them: beside the answer, in the message of Anthropic's first event, in the response
/// of OpenAI's last one, in Gemini's metadata, or bare in Ollama's rows.
#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    usage: Option<Stated>,
    #[serde(default, rename = "usageMetadata")]
    metadata: Option<Metadata>,
    #[serde(default)]
    message: Option<Inner>,
    #[serde(default)]
    response: Option<Inner>,
    #[serde(default)]
    prompt_eval_count: Option<u64>,
    #[serde(default)]
    eval_count: Option<u64>,
}

/// An object with its own usage, or something else of the same name: Ollama's `response` is text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Inner {
    With { usage: Option<Stated> },
    Other(serde::de::IgnoredAny),
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Stated {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<Details>,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    input_tokens_details: Option<Details>,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    total_tokens: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Details {
    cached_tokens: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    #[serde(rename = "promptTokenCount")]
    prompt: Option<u64>,
    #[serde(rename = "candidatesTokenCount")]
    candidates: Option<u64>,
    #[serde(rename = "thoughtsTokenCount")]
    thoughts: Option<u64>,
    #[serde(rename = "cachedContentTokenCount")]
    cached: Option<u64>,
}

impl Envelope {
    fn tokens(self) -> Option<Tokens> {
        if self.prompt_eval_count.is_some() || self.eval_count.is_some() {
            let (input, output) =
                (self.prompt_eval_count.unwrap_or_default(), self.eval_count.unwrap_or_default());
            return Some(Tokens { input, cached: 0, output });
        }
        if let Some(metadata) = self.metadata {
            return Some(metadata.tokens());
        }
        let inner = |inner: Option<Inner>| match inner? {
            Inner::With { usage } => usage,
            Inner::Other(_) => None,
        };
        let stated = self.usage.or_else(|| inner(self.message)).or_else(|| inner(self.response))?;
        Some(stated.tokens())
    }
}

impl Stated {
    fn tokens(self) -> Tokens {
        let details = self.prompt_tokens_details.or(self.input_tokens_details);
        let within = details.and_then(|details| details.cached_tokens).unwrap_or_default();
        let output = self.output_tokens.or(self.completion_tokens);
        // An embedding may state the sum alone.
        let input = self.input_tokens.or(self.prompt_tokens);
        let input = input.or(self.total_tokens.filter(|_| output.is_none())).unwrap_or_default();
        // OpenAI counts what was cached as part of the input, Anthropic beside it.
        Tokens {
            input: input.saturating_sub(within) + self.cache_creation_input_tokens.unwrap_or_default(),
            cached: within + self.cache_read_input_tokens.unwrap_or_default(),
            output: output.unwrap_or_default(),
        }
    }
}

impl Metadata {
    fn tokens(self) -> Tokens {
        let cached = self.cached.unwrap_or_default();
        let thoughts = self.thoughts.unwrap_or_default();
        Tokens {
            input: self.prompt.unwrap_or_default().saturating_sub(cached),
            cached,
            output: self.candidates.unwrap_or_default() + thoughts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ByteLog, Headers};
    use crate::reading::events::tests::stream;

    fn json(body: &str) -> Option<Tokens> {
        let log = ByteLog::whole(body.to_owned(), std::time::Duration::ZERO);
        let headers = Headers::from_iter([("content-type", "application/json")]);
        tokens(&Response { status: 200, headers, log })
    }

    #[expect(clippy::unnecessary_wraps, reason = "it is compared with what may be none")]
    fn counted(input: u64, cached: u64, output: u64) -> Option<Tokens> {
        Some(Tokens { input, cached, output })
    }

    #[test]
    fn every_provider_says_it_in_another_way() {
        let chat = r#"{"usage":{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,"prompt_tokens_details":{"cached_tokens":4}}}"#;
        assert_eq!(json(chat), counted(15, 4, 10));
        let message = r#"{"usage":{"input_tokens":7,"cache_creation_input_tokens":2,"cache_read_input_tokens":5,"output_tokens":3}}"#;
        assert_eq!(json(message), counted(9, 5, 3));
        let gemini =
            r#"{"usageMetadata":{"promptTokenCount":8,"candidatesTokenCount":5,"thoughtsTokenCount":2}}"#;
        assert_eq!(json(gemini), counted(8, 0, 7));
        assert_eq!(
            json(r#"{"response":"hi","done":true,"prompt_eval_count":26,"eval_count":9}"#),
            counted(26, 0, 9)
        );
        assert_eq!(json(r#"{"usage":{"prompt_tokens":6,"total_tokens":6}}"#), counted(6, 0, 0));
        for nothing in [r#"{"data":[]}"#, r#"{"usage":null}"#, "no json", r#"{"message":"not found"}"#] {
            assert_eq!(json(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_stream_says_it_in_its_first_and_last_events() {
        let said = |events: &[&str]| tokens(&stream(events.iter().map(|event| format!("data: {event}\n\n"))));
        let anthropic = said(&[
            r#"{"type":"message_start","message":{"usage":{"input_tokens":25,"output_tokens":1}}}"#,
            r#"{"type":"content_block_delta","delta":{"text":"usage"}}"#,
            r#"{"type":"message_delta","usage":{"output_tokens":15}}"#,
        ]);
        assert_eq!(anthropic, counted(25, 0, 15));
        let responses = said(&[
            r#"{"type":"response.completed","response":{"usage":{"input_tokens":3,"output_tokens":4}}}"#,
        ]);
        assert_eq!(responses, counted(3, 0, 4));
        assert_eq!(said(&[r#"{"choices":[{"delta":{"content":"x"}}],"usage":null}"#, "[DONE]"]), None);
    }
}
