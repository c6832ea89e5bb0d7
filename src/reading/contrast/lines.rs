//! Two texts, line by line or word by word.

use std::borrow::Cow;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use similar::{ChangeTag, TextDiff};

use crate::model::{Hash, Headers, Response};
use crate::reading::events::events;
use crate::reading::pretty::{LIMIT, pretty, shown};
use crate::wire::event_stream::StreamForm;
use crate::wire::json_text::{JsonToken, JsonTokens, is_json, unquoted};
use crate::wire::sniff::{data_uri, from_base64};

/// Limit of lines of a text.
const LINES: usize = 4_000;
/// Limit of a line, in bytes.
const WIDTH: usize = 4_096;
/// Limit in bytes of two texts together that are compared word by word.
const WORDS: usize = 16 << 10;
/// Texts with a smaller share of words in common are shown one after the other: what they share says nothing.
const ALIKE: f32 = 0.4;
/// Count of equal lines shown around those that differ, unless somebody asks for more or less.
pub const CONTEXT: usize = 3;
/// Limit of nesting in JSON that is sorted; that of `serde_json`.
const DEPTH: usize = 128;
/// Length in bytes from which on a string may be a file.
const FILE: usize = 256;

/// The difference of two texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct DiffLines {
    /// Parts in order; of lines those that differ with some around them, of words all.
    pub runs: Vec<Run>,
    /// True if a text was too long, and its end was left out.
    pub cut: bool,
}

/// A part of two texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// The text that it is in, or both.
    pub tag: DiffTag,
    /// The part itself: one line without its end, or words with the space around them.
    pub text: String,
}

/// The text, of two, that a part is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DiffTag {
    /// Both texts.
    Same,
    /// The first one only.
    Removed,
    /// The second one only.
    Added,
    /// Equal lines that are not shown; the text says how many.
    Skipped,
}

/// A text of bounded length.
pub(super) struct BoundedText {
    text: String,
    cut: bool,
}

impl DiffLines {
    /// The words that differ; of long texts the lines.
    pub(super) fn of_words(before: &str, after: &str) -> Self {
        if before.len() + after.len() > WORDS {
            return Self::of_pages(
                &BoundedText::of(before.lines()),
                &BoundedText::of(after.lines()),
                CONTEXT,
            );
        }
        let diff = TextDiff::from_words(before, after);
        if diff.ratio() < ALIKE {
            let run = |tag, text: &str| Run { tag, text: text.to_owned() };
            let runs = [run(DiffTag::Removed, before), run(DiffTag::Added, after)];
            return Self { runs: runs.into_iter().filter(|run| !run.text.is_empty()).collect(), cut: false };
        }
        let mut runs: Vec<Run> = Vec::new();
        for change in diff.iter_all_changes() {
            match runs.last_mut() {
                Some(run) if run.tag == DiffTag::from(change.tag()) => run.text.push_str(change.value()),
                _ => runs.push(Run { tag: change.tag().into(), text: change.value().to_owned() }),
            }
        }
        Self { runs, cut: false }
    }

    /// The lines that differ, with `context` equal ones around them.
    pub(super) fn of_pages(before: &BoundedText, after: &BoundedText, context: usize) -> Self {
        let diff = TextDiff::from_lines(before.text.as_str(), after.text.as_str());
        let mut runs = Vec::new();
        let mut shown = 0;
        let skip = |runs: &mut Vec<Run>, to: usize, from: usize| {
            if to > from {
                runs.push(Run { tag: DiffTag::Skipped, text: format!("{} equal lines", to - from) });
            }
        };
        for group in diff.grouped_ops(context.min(LINES)) {
            let Some((first, last)) = group.first().zip(group.last()) else { continue };
            skip(&mut runs, first.old_range().start, shown);
            shown = last.old_range().end;
            for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
                let text = change.value().trim_end_matches(['\n', '\r']).to_owned();
                runs.push(Run { tag: change.tag().into(), text });
            }
        }
        skip(&mut runs, diff.old_slices().len(), shown);
        Self { runs, cut: before.cut || after.cut }
    }
}

impl BoundedText {
    fn of<'a>(lines: impl IntoIterator<Item = impl Into<Cow<'a, str>>>) -> Self {
        let mut page = Self { text: String::new(), cut: false };
        for (nth, line) in lines.into_iter().enumerate() {
            if nth == LINES {
                page.cut = true;
                break;
            }
            let line = line.into();
            let end = (0..=WIDTH.min(line.len())).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
            page.cut |= end < line.len();
            page.text.push_str(&line[..end]);
            page.text.push('\n');
        }
        page
    }
}

/// A decoded body as lines; none where it is no text.
pub(super) fn page(response: &Response, body: &Bytes) -> Option<BoundedText> {
    if StreamForm::of(&response.headers, body).is_some() {
        let lines = events(response).into_iter().take(LINES + 1).map(|event| {
            let name = event.name.map(|name| format!("{name}  ")).unwrap_or_default();
            format!("{name}{}", sorted(&event.data).unwrap_or_else(|| event.data.replace('\n', "\u{2424}")))
        });
        return Some(BoundedText::of(lines));
    }
    let text = std::str::from_utf8(body).ok().filter(|text| !text.contains('\0'))?;
    let Some(json) = sorted(text) else { return Some(BoundedText::of(text.lines())) };
    let headers: Headers = [("content-type", "application/json")].into_iter().collect();
    let shown = pretty(&headers, &json.into());
    let mut page = BoundedText::of(shown.lines());
    // What `pretty` leaves out it says in the last line.
    page.cut |= shown.len() > LIMIT;
    Some(page)
}

/// JSON with sorted keys on one line, files in it as their hash; none for what is no JSON.
fn sorted(text: &str) -> Option<String> {
    is_json(text).then(|| value(&mut JsonTokens(text), 0)).flatten()
}

/// The next value. None where it nests too deep.
fn value(tokens: &mut JsonTokens<'_>, depth: usize) -> Option<String> {
    match tokens.next()? {
        _ if depth > DEPTH => None,
        JsonToken::Open('{') => {
            let mut members = Vec::new();
            loop {
                match tokens.next()? {
                    JsonToken::Text(key) => {
                        tokens.next()?;
                        members.push((unquoted(key), format!("{key}:{}", value(tokens, depth + 1)?)));
                    }
                    JsonToken::Comma => {}
                    _ => break,
                }
            }
            // Of equal keys the order stays.
            members.sort_by(|one, other| one.0.cmp(&other.0));
            let members: Vec<_> = members.into_iter().map(|(_, member)| member).collect();
            Some(format!("{{{}}}", members.join(",")))
        }
        JsonToken::Open(_) => {
            let mut items = Vec::new();
            loop {
                let rest = tokens.clone();
                match tokens.next()? {
                    JsonToken::Comma => {}
                    JsonToken::Close(_) => return Some(format!("[{}]", items.join(","))),
                    _ => {
                        *tokens = rest;
                        items.push(value(tokens, depth + 1)?);
                    }
                }
            }
        }
        JsonToken::Text(text) => Some(file(text).unwrap_or_else(|| text.to_owned())),
        JsonToken::Scalar(text) => Some(text.to_owned()),
        JsonToken::Close(_) | JsonToken::Comma | JsonToken::Colon => None,
    }
}

/// A string that is a file in base64, in a word that tells it from others.
fn file(token: &str) -> Option<String> {
    if token.len() < FILE {
        return None;
    }
    let word = shown(token);
    let said = word.strip_suffix(">\"").filter(|_| *word != *token && word.starts_with("\"<"))?;
    let text = unquoted(token);
    let bytes = from_base64(data_uri(&text).unwrap_or(&text))?;
    Some(format!("{said}, sha256 {}>\"", Hash::of(&bytes).short()))
}

impl From<ChangeTag> for DiffTag {
    fn from(tag: ChangeTag) -> Self {
        match tag {
            ChangeTag::Equal => Self::Same,
            ChangeTag::Delete => Self::Removed,
            ChangeTag::Insert => Self::Added,
        }
    }
}
