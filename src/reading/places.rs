//! The places of the text of an answer, for each form that answers have.

use serde_json::Value;

/// A string that is part of the answer's text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TextPlace {
    /// JSON pointer.
    pub(super) pointer: String,
    /// The part of the answer that it belongs to: output and content of OpenAI's responses, a block of Anthropic's.
    pub(super) part: (u64, u64),
    /// The role that it has in the part.
    pub(super) role: TextRole,
}

/// The role of a string in a part of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextRole {
    /// The next piece of its text.
    Piece,
    /// All of its text, once more.
    Whole,
}

/// The places of text in an event, a row or a whole body: of the first choice or candidate, and of the output that is
/// neither thought, refusal nor tool call.
pub(super) fn places(data: &Value) -> Vec<TextPlace> {
    let mut found = TextPlaces::default();
    match data {
        // A Gemini stream without `alt=sse` is one array.
        Value::Array(items) => {
            for (nth, item) in items.iter().enumerate() {
                found.object(&format!("/{nth}"), item);
            }
        }
        _ => found.object("", data),
    }
    found.0
}

#[derive(Default)]
struct TextPlaces(Vec<TextPlace>);

impl TextPlaces {
    fn object(&mut self, at: &str, data: &Value) {
        if let Some(choices) = data["choices"].as_array() {
            if let Some((nth, choice)) = first(choices) {
                self.choice(&format!("{at}/choices/{nth}"), choice);
            }
        } else if let Some(candidates) = data["candidates"].as_array() {
            if let Some((nth, candidate)) = first(candidates) {
                self.parts(&format!("{at}/candidates/{nth}/content/parts"), &candidate["content"]["parts"]);
            }
        } else if data["object"] == "response" || data["output"].is_array() {
            self.outputs(&format!("{at}/output"), &data["output"], TextRole::Piece);
        } else if let Some(kind) = data["type"].as_str() {
            self.typed(at, kind, data);
        } else if data["message"].is_object() {
            self.content(&format!("{at}/message/content"), &data["message"]["content"]);
        } else if data["done"].is_boolean() {
            self.piece(format!("{at}/response"), (0, 0), &data["response"]);
        } else {
            // A transcription.
            self.piece(format!("{at}/text"), (0, 0), &data["text"]);
        }
    }

    /// A choice of an OpenAI chat or text completion, streamed or not.
    fn choice(&mut self, at: &str, choice: &Value) {
        self.content(&format!("{at}/delta/content"), &choice["delta"]["content"]);
        self.content(&format!("{at}/message/content"), &choice["message"]["content"]);
        self.piece(format!("{at}/text"), (0, 0), &choice["text"]);
    }

    /// Text, or a list of blocks of which some are text.
    fn content(&mut self, at: &str, content: &Value) {
        self.piece(at.to_owned(), (0, 0), content);
        for (nth, block) in list(content).filter(|(_, block)| block["type"] == "text") {
            self.piece(format!("{at}/{nth}/text"), (nth, 0), &block["text"]);
        }
    }

    /// The parts of a Gemini candidate.
    fn parts(&mut self, at: &str, parts: &Value) {
        for (nth, part) in list(parts).filter(|(_, part)| part["thought"] != true) {
            self.piece(format!("{at}/{nth}/text"), (0, 0), &part["text"]);
        }
    }

    /// An object that names its type: an event of OpenAI's responses and transcriptions, of Anthropic's or Cohere's
    /// messages, or a message of Anthropic's.
    fn typed(&mut self, at: &str, kind: &str, data: &Value) {
        let block = (number(&data["index"]), 0);
        let part = (number(&data["output_index"]), number(&data["content_index"]));
        match kind {
            "response.output_text.delta" => self.piece(format!("{at}/delta"), part, &data["delta"]),
            "response.output_text.done" => self.whole(format!("{at}/text"), part, &data["text"]),
            "response.content_part.done" if data["part"]["type"] == "output_text" => {
                self.whole(format!("{at}/part/text"), part, &data["part"]["text"]);
            }
            "response.output_item.done" => {
                self.output(&format!("{at}/item"), part.0, &data["item"], TextRole::Whole);
            }
            "response.completed" | "response.incomplete" | "response.failed" => {
                self.outputs(&format!("{at}/response/output"), &data["response"]["output"], TextRole::Whole);
            }
            "transcript.text.delta" => self.piece(format!("{at}/delta"), (0, 0), &data["delta"]),
            "transcript.text.done" => self.whole(format!("{at}/text"), (0, 0), &data["text"]),
            "content_block_start" if data["content_block"]["type"] == "text" => {
                self.piece(format!("{at}/content_block/text"), block, &data["content_block"]["text"]);
            }
            "content_block_delta" if data["delta"]["type"] == "text_delta" => {
                self.piece(format!("{at}/delta/text"), block, &data["delta"]["text"]);
            }
            "content-start" | "content-delta" => {
                let text = &data["delta"]["message"]["content"]["text"];
                self.piece(format!("{at}/delta/message/content/text"), block, text);
            }
            "message" => self.content(&format!("{at}/content"), &data["content"]),
            _ => {}
        }
    }

    fn outputs(&mut self, at: &str, outputs: &Value, role: TextRole) {
        for (nth, output) in list(outputs) {
            self.output(&format!("{at}/{nth}"), nth, output, role);
        }
    }

    /// An output of OpenAI's responses.
    fn output(&mut self, at: &str, nth: u64, output: &Value, role: TextRole) {
        for (content, part) in list(&output["content"]).filter(|(_, part)| part["type"] == "output_text") {
            self.add(format!("{at}/content/{content}/text"), (nth, content), role, &part["text"]);
        }
    }

    fn piece(&mut self, pointer: String, part: (u64, u64), value: &Value) {
        self.add(pointer, part, TextRole::Piece, value);
    }

    fn whole(&mut self, pointer: String, part: (u64, u64), value: &Value) {
        self.add(pointer, part, TextRole::Whole, value);
    }

    fn add(&mut self, pointer: String, part: (u64, u64), role: TextRole, value: &Value) {
        if value.is_string() {
            self.0.push(TextPlace { pointer, part, role });
        }
    }
}

/// The choice with the number 0.
fn first(choices: &[Value]) -> Option<(usize, &Value)> {
    choices.iter().enumerate().find(|(_, choice)| number(&choice["index"]) == 0)
}

fn list(value: &Value) -> impl Iterator<Item = (u64, &Value)> {
    (0..).zip(value.as_array().into_iter().flatten())
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}
