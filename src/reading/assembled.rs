//! The text of a streamed answer, put together from its deltas.

use std::collections::BTreeMap;

use serde_json::Value;

use super::events::events;
use crate::model::Response;

/// Events longer than this hold media, not text.
const LONGEST: usize = 1 << 20;

/// The text of a streamed answer: what the model said, before it what it thought (`[reasoning]`), after it a refusal and
/// its tool calls as `name(arguments)`, one a line. Several choices are numbered. None when the answer is no stream, of
/// an unknown form, or says nothing.
#[must_use]
pub fn assembled(response: &Response) -> Option<String> {
    let mut choices = Choices::default();
    for event in events(response).iter().filter(|event| event.data.len() <= LONGEST) {
        if let Ok(data) = serde_json::from_str(&event.data) {
            choices.take(&data);
        }
    }
    choices.text()
}

/// The text that one event adds to that of its stream; `None` where it adds nothing.
#[must_use]
pub fn added(data: &str) -> Option<String> {
    let mut choices = Choices::default();
    choices.take(&serde_json::from_str(data).ok().filter(|_| data.len() <= LONGEST)?);
    let said = choices.0.into_values().flat_map(|choice| {
        let tools = choice.tools.into_values().flat_map(|(name, arguments)| [name, arguments]);
        [choice.reasoning, choice.content, choice.refusal].into_iter().chain(tools)
    });
    Some(said.collect::<String>()).filter(|said| !said.is_empty())
}

#[derive(Default)]
struct Choices(BTreeMap<u64, AssembledChoice>);

/// One of the answers that a request asked for.
#[derive(Default)]
struct AssembledChoice {
    reasoning: String,
    content: String,
    refusal: String,
    /// Name and arguments, by the index that the stream gives them.
    tools: BTreeMap<u64, (String, String)>,
}

impl Choices {
    fn take(&mut self, data: &Value) {
        if let Some(choices) = data["choices"].as_array() {
            for choice in choices {
                self.of(choice).chunk(choice);
            }
        } else if let Some(candidates) = data["candidates"].as_array() {
            for candidate in candidates {
                self.of(candidate).candidate(candidate);
            }
        } else if let Some(kind) = data["type"].as_str() {
            self.0.entry(0).or_default().typed(kind, data);
        } else if data["done"].is_boolean() {
            self.0.entry(0).or_default().row(data);
        }
    }

    fn of(&mut self, choice: &Value) -> &mut AssembledChoice {
        self.0.entry(number(&choice["index"])).or_default()
    }

    fn text(self) -> Option<String> {
        let several = self.0.len() > 1;
        let numbered = self.0.into_iter().map(|(number, choice)| match choice.text() {
            text if several => format!("[choice {number}]\n{text}"),
            text => text,
        });
        Some(numbered.collect::<Vec<_>>().join("\n\n")).filter(|text| !text.is_empty())
    }
}

impl AssembledChoice {
    /// A choice of an OpenAI chat or text completion.
    fn chunk(&mut self, choice: &Value) {
        let delta = &choice["delta"];
        add(&mut self.content, &delta["content"]);
        add(&mut self.content, &choice["text"]);
        add(&mut self.refusal, &delta["refusal"]);
        // Gateways and open models disagree about the name.
        add(&mut self.reasoning, &delta["reasoning_content"]);
        add(&mut self.reasoning, &delta["reasoning"]);
        for call in delta["tool_calls"].as_array().into_iter().flatten() {
            let (name, arguments) = self.tools.entry(number(&call["index"])).or_default();
            add(name, &call["function"]["name"]);
            add(arguments, &call["function"]["arguments"]);
        }
    }

    /// An event that names its type: OpenAI's responses and transcriptions, Anthropic's messages.
    fn typed(&mut self, kind: &str, event: &Value) {
        let delta = &event["delta"];
        match kind {
            "response.output_text.delta" | "transcript.text.delta" => add(&mut self.content, delta),
            "response.refusal.delta" => add(&mut self.refusal, delta),
            "response.reasoning_text.delta" | "response.reasoning_summary_text.delta" => {
                add(&mut self.reasoning, delta);
            }
            "response.output_item.added" => {
                _ = self.tool(&event["output_index"], &event["item"]["name"]);
            }
            "response.function_call_arguments.delta" => {
                add(self.tool(&event["output_index"], &Value::Null), delta);
            }
            "content_block_start" => {
                add(&mut self.content, &event["content_block"]["text"]);
                _ = self.tool(&event["index"], &event["content_block"]["name"]);
            }
            "content_block_delta" => {
                add(&mut self.content, &delta["text"]);
                add(&mut self.reasoning, &delta["thinking"]);
                add(self.tool(&event["index"], &Value::Null), &delta["partial_json"]);
            }
            _ => {}
        }
    }

    /// A candidate of Gemini's.
    fn candidate(&mut self, candidate: &Value) {
        for part in candidate["content"]["parts"].as_array().into_iter().flatten() {
            let thought = part["thought"].as_bool().unwrap_or(false);
            add(if thought { &mut self.reasoning } else { &mut self.content }, &part["text"]);
            if let Some(name) = part["functionCall"]["name"].as_str() {
                let at = self.tools.len() as u64;
                self.tools.insert(at, (name.into(), part["functionCall"]["args"].to_string()));
            }
        }
    }

    /// A row of Ollama's.
    fn row(&mut self, row: &Value) {
        add(&mut self.content, &row["response"]);
        add(&mut self.content, &row["message"]["content"]);
        add(&mut self.reasoning, &row["message"]["thinking"]);
        for call in row["message"]["tool_calls"].as_array().into_iter().flatten() {
            let at = self.tools.len() as u64;
            let name = call["function"]["name"].as_str().unwrap_or_default();
            self.tools.insert(at, (name.into(), call["function"]["arguments"].to_string()));
        }
    }

    /// The arguments of the tool call at `index`, so far; `name` is added to its name.
    fn tool(&mut self, index: &Value, name: &Value) -> &mut String {
        let (known, arguments) = self.tools.entry(number(index)).or_default();
        add(known, name);
        arguments
    }

    fn text(self) -> String {
        let marked = |mark: &str, text: String| if text.is_empty() { text } else { format!("{mark} {text}") };
        let calls =
            self.tools.into_values().filter(|(name, arguments)| !(name.is_empty() && arguments.is_empty()));
        let calls: Vec<_> = calls.map(|(name, arguments)| format!("{name}({arguments})")).collect();
        let parts = [
            marked("[reasoning]", self.reasoning),
            self.content,
            marked("[refusal]", self.refusal),
            calls.join("\n"),
        ];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
    }
}

fn add(text: &mut String, delta: &Value) {
    text.push_str(delta.as_str().unwrap_or_default());
}

fn number(index: &Value) -> u64 {
    index.as_u64().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_adds_what_it_says_and_nothing_else() {
        let cases = [
            (r#"{"id":"c","choices":[{"index":0,"delta":{"content":"Hel"}}]}"#, Some("Hel")),
            (r#"{"type":"content_block_delta","index":1,"delta":{"partial_json":"{\"a\""}}"#, Some("{\"a\"")),
            (r#"{"type":"message_start","message":{"id":"m"}}"#, None),
            ("[DONE]", None),
        ];
        for (data, said) in cases {
            assert_eq!(added(data).as_deref(), said, "{data}");
        }
    }
    use crate::reading::events::tests::stream;

    fn text(events: &[&str]) -> Option<String> {
        assembled(&stream(events.iter().map(|event| format!("data: {event}\n\n"))))
    }

    #[test]
    fn chat_chunks_become_what_was_said() {
        let whole = text(&[
            r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#,
            r#"{"choices":[{"index":0,"delta":{"reasoning_content":"Hmm."}}]}"#,
            r#"{"choices":[{"index":0,"delta":{"content":"Hel"}}]}"#,
            r#"{"choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":null}],"usage":null}"#,
            r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"name":"weather","arguments":""}}]}}]}"#,
            r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":"}}]}}]}"#,
            r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"Oslo\"}"}}]}}]}"#,
            r#"{"choices":[],"usage":{}}"#,
            "[DONE]",
        ]);
        assert_eq!(whole.as_deref(), Some("[reasoning] Hmm.\n\nHello\n\nweather({\"city\":\"Oslo\"})"));
        let two =
            text(&[r#"{"choices":[{"index":1,"text":"b"}]}"#, r#"{"choices":[{"index":0,"text":"a"}]}"#]);
        assert_eq!(two.as_deref(), Some("[choice 0]\na\n\n[choice 1]\nb"));
    }

    #[test]
    fn typed_events_become_what_was_said() {
        let responses = text(&[
            r#"{"type":"response.output_item.added","output_index":1,"item":{"type":"function_call","name":"f"}}"#,
            r#"{"type":"response.output_text.delta","delta":"Hi"}"#,
            r#"{"type":"response.function_call_arguments.delta","output_index":1,"delta":"{}"}"#,
            r#"{"type":"response.refusal.delta","delta":"No."}"#,
        ]);
        assert_eq!(responses.as_deref(), Some("Hi\n\n[refusal] No.\n\nf({})"));
        let transcript = text(&[
            r#"{"type":"transcript.text.delta","delta":"Guten "}"#,
            r#"{"type":"transcript.text.delta","delta":"Tag"}"#,
        ]);
        assert_eq!(transcript.as_deref(), Some("Guten Tag"));
        let message = text(&[
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#,
            r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","name":"f","input":{}}}"#,
            r#"{"type":"content_block_delta","index":1,"delta":{"partial_json":"{}"}}"#,
        ]);
        assert_eq!(message.as_deref(), Some("Hi\n\nf({})"));
    }

    #[test]
    fn unknown_streams_have_no_text() {
        assert_eq!(text(&["[DONE]", "{\"x\":1}", "plain", "[1]", "{\"choices\":[1,null,{}]}"]), None);
        assert_eq!(text(&[]), None);
    }
}
