//! `POST /chat/completions`.

use std::time::Duration;

use serde_json::{Value, json};

use super::mock_request::{MockRefusal, MockRequest, stream, tokens, whole};
use super::schema;
use crate::dialect::seeded_rng::SeededRng;
use crate::model::Response;

/// Answers a chat.
pub(super) fn mock(ask: &MockRequest, _base: &str) -> Result<Response, MockRefusal> {
    let messages = ask.get("messages").and_then(Value::as_array).filter(|messages| !messages.is_empty());
    let messages = messages.ok_or_else(|| {
        MockRefusal::new(
            Some("messages"),
            "Missing required parameter: 'messages' must be an array of messages.".into(),
        )
    })?;
    let count = ask.number("n", 1, (1, 128))?;
    let limit = limit(ask)?;
    let choices = (0..count)
        .map(|number| MockChoice::of(ask, messages, limit, ask.dice(100 + number)))
        .collect::<Result<Vec<_>, _>>()?;
    let prompt: u64 = messages.iter().map(|message| 4 + tokens(&message["content"].to_string())).sum();
    let chat = Chat { ask, choices, prompt };
    Ok(if ask.flag("stream") { chat.streamed() } else { chat.whole() })
}

/// The answer before it takes a form.
struct Chat<'a> {
    ask: &'a MockRequest,
    choices: Vec<MockChoice>,
    /// Tokens of the request.
    prompt: u64,
}

/// One of the answers asked for.
struct MockChoice {
    pieces: Vec<String>,
    /// Id, name and arguments of the tool called instead of an answer.
    call: Option<(String, String, String)>,
    finish: &'static str,
}

impl Chat<'_> {
    fn whole(&self) -> Response {
        let choice = |(index, choice): (usize, &MockChoice)| {
            let mut message = json!({ "role": "assistant", "content": choice.pieces.concat(), "refusal": null, "annotations": [] });
            if let Some((id, name, arguments)) = &choice.call {
                let function = json!({ "name": name, "arguments": arguments });
                message["content"] = Value::Null;
                message["tool_calls"] = json!([{ "id": id, "type": "function", "function": function }]);
            }
            json!({ "index": index, "message": message, "logprobs": null, "finish_reason": choice.finish })
        };
        let mut body = self.head("chat.completion");
        body["choices"] = self.choices.iter().enumerate().map(choice).collect();
        body["usage"] = self.usage();
        let mut dice = self.ask.dice(11);
        let longest = self.choices.iter().map(MockChoice::tokens).max().unwrap_or(0);
        let at = (0..longest).fold(first_token(&mut dice), |at, _| at + next_token(&mut dice));
        whole(&self.ask.dice, &body.to_string(), at)
    }

    fn streamed(&self) -> Response {
        let options = self.ask.get("stream_options");
        let usage = options.is_some_and(|options| options["include_usage"] == true);
        let mut dice = self.ask.dice(11);
        let mut at = first_token(&mut dice);
        let mut events = Vec::new();
        let mut send = |chunk: &Value| {
            events.push((at, format!("data: {chunk}\n\n")));
            at += next_token(&mut dice);
        };
        for (index, choice) in self.choices.iter().enumerate() {
            for (delta, finish) in choice.deltas() {
                let mut chunk = self.head("chat.completion.chunk");
                chunk["choices"] =
                    json!([{ "index": index, "delta": delta, "logprobs": null, "finish_reason": finish }]);
                if usage {
                    chunk["usage"] = Value::Null;
                }
                send(&chunk);
            }
        }
        if usage {
            let mut chunk = self.head("chat.completion.chunk");
            chunk["choices"] = json!([]);
            chunk["usage"] = self.usage();
            send(&chunk);
        }
        let last = events.last().map_or(at, |(at, _)| *at);
        events.push((last, "data: [DONE]\n\n".to_owned()));
        stream(&self.ask.dice, events)
    }

    fn head(&self, object: &str) -> Value {
        let mut dice = self.ask.dice(12);
        json!({
            "id": format!("chatcmpl-{}", dice.letters(29)),
            "object": object,
            "created": self.ask.created(),
            "model": self.ask.model(),
            "service_tier": "default",
            "system_fingerprint": format!("fp_{:010x}", dice.next() >> 24),
        })
    }

    fn usage(&self) -> Value {
        let completion: u64 = self.choices.iter().map(MockChoice::tokens).sum();
        json!({
            "prompt_tokens": self.prompt,
            "completion_tokens": completion,
            "total_tokens": self.prompt + completion,
            "prompt_tokens_details": { "cached_tokens": 0, "audio_tokens": 0 },
            "completion_tokens_details": {
                "reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
            },
        })
    }
}

impl MockChoice {
    fn of(
        ask: &MockRequest,
        messages: &[Value],
        limit: Option<usize>,
        mut dice: SeededRng,
    ) -> Result<Self, MockRefusal> {
        if let Some((name, parameters)) = called(ask, &mut dice)? {
            let arguments = schema::fitting(parameters, &mut dice).to_string();
            let call = Some((format!("call_{}", dice.letters(24)), name.into(), arguments));
            return Ok(Self { pieces: Vec::new(), call, finish: "tool_calls" });
        }
        let text = match ask
            .get("response_format")
            .map(|format| (format["type"].as_str(), &format["json_schema"]["schema"]))
        {
            Some((Some("json_schema"), schema)) => schema::fitting(schema, &mut dice).to_string(),
            Some((Some("json_object"), _)) => {
                json!({ "mock": true, "answer": reply_text(messages, &mut dice) }).to_string()
            }
            _ => reply_text(messages, &mut dice),
        };
        let mut pieces = pieces(&text);
        let cut = limit.is_some_and(|limit| limit < pieces.len());
        pieces.truncate(limit.unwrap_or(usize::MAX));
        Ok(Self { pieces, call: None, finish: if cut { "length" } else { "stop" } })
    }

    fn tokens(&self) -> u64 {
        let call = self.call.as_ref().map_or(0, |(_, name, arguments)| tokens(name) + tokens(arguments));
        self.pieces.len() as u64 + call
    }

    /// The deltas of a stream, the last one with the reason why it ends.
    fn deltas(&self) -> Vec<(Value, Option<&'static str>)> {
        let mut deltas = Vec::new();
        if let Some((id, name, arguments)) = &self.call {
            let call = json!([{ "index": 0, "id": id, "type": "function", "function": { "name": name, "arguments": "" } }]);
            deltas.push((json!({ "role": "assistant", "content": null, "tool_calls": call }), None));
            deltas.extend(pieces(arguments).into_iter().map(|piece| {
                (json!({ "tool_calls": [{ "index": 0, "function": { "arguments": piece } }] }), None)
            }));
        } else {
            deltas.push((json!({ "role": "assistant", "content": "", "refusal": null }), None));
            deltas.extend(self.pieces.iter().map(|piece| (json!({ "content": piece }), None)));
        }
        deltas.push((json!({}), Some(self.finish)));
        deltas
    }
}

fn first_token(dice: &mut SeededRng) -> Duration {
    Duration::from_millis(dice.whole(180, 400).unsigned_abs())
}

fn next_token(dice: &mut SeededRng) -> Duration {
    Duration::from_micros(dice.whole(15_000, 40_000).unsigned_abs())
}

/// Limit of tokens in an answer; `None` where the request names none.
fn limit(ask: &MockRequest) -> Result<Option<usize>, MockRefusal> {
    for field in ["max_completion_tokens", "max_tokens"] {
        if ask.get(field).is_some() {
            let limit = ask.number(field, 0, (1, u64::from(u32::MAX)))?;
            return Ok(usize::try_from(limit).ok());
        }
    }
    Ok(None)
}

/// Name and parameters of the function that must be called; none when the model may as well answer.
fn called<'a>(
    ask: &'a MockRequest,
    dice: &mut SeededRng,
) -> Result<Option<(&'a str, &'a Value)>, MockRefusal> {
    let Some(choice) = ask.get("tool_choice") else { return Ok(None) };
    let tools = ask.get("tools").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let functions: Vec<&Value> =
        tools.iter().map(|tool| &tool["function"]).filter(|f| f["name"].is_string()).collect();
    let function = match (choice.as_str(), choice["function"]["name"].as_str()) {
        (Some("required"), _) if !functions.is_empty() => Some(*dice.pick(&functions)),
        (None, Some(name)) => functions.into_iter().find(|function| function["name"] == name),
        (Some("auto" | "none"), _) => return Ok(None),
        _ => None,
    };
    let function = function.ok_or_else(|| {
        MockRefusal::new(
            Some("tool_choice"),
            "Invalid value for 'tool_choice': no function of 'tools' fits it.".into(),
        )
    })?;
    Ok(Some((function["name"].as_str().unwrap_or_default(), &function["parameters"])))
}

/// A short answer that takes up what the user said last, and says that it is a mock.
fn reply_text(messages: &[Value], dice: &mut SeededRng) -> String {
    let last = messages.iter().rev().find(|message| message["role"] == "user").or(messages.last());
    let quote = last.map(|message| beginning(&message["content"])).unwrap_or_default();
    let (opening, closing) = (
        *dice.pick(&[
            "This is a mock answer from retake; no model was asked.",
            "No model was asked: retake made this mock answer up.",
            "A mock answer, made by retake on this machine.",
        ]),
        *dice.pick(&[
            "Record the call to keep a real answer in its place.",
            "The same request always gets these same words.",
            "Nothing left this machine, and nothing was paid for.",
            "A recording of this call would say more.",
        ]),
    );
    if quote.is_empty() {
        return format!("{opening} {closing}");
    }
    let middle = if quote.ends_with('?') {
        format!("You asked “{quote}”, and a model would explain it here in a paragraph or two.")
    } else {
        format!("You wrote “{quote}”, and a model would reply to that here.")
    };
    format!("{opening} {middle} {closing}")
}

/// The first words of a message, which is a text or a list of parts.
fn beginning(content: &Value) -> String {
    let parts = content.as_array().map(Vec::as_slice).unwrap_or_default();
    let text =
        content.as_str().or_else(|| parts.iter().find_map(|part| part["text"].as_str())).unwrap_or_default();
    let mut words = text.split_whitespace();
    let mut beginning: Vec<String> =
        words.by_ref().take(14).map(|word| word.chars().take(40).collect()).collect();
    if words.next().is_some() {
        beginning.push("…".into());
    }
    beginning.join(" ").trim_end_matches(['.', '!']).into()
}

/// A text in pieces the size of tokens: a word with the space before it, long words in several.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    for c in text.chars() {
        match pieces.last_mut() {
            Some(piece) if !c.is_whitespace() && piece.chars().count() < 8 => piece.push(c),
            _ => pieces.push(c.into()),
        }
    }
    pieces
}
