//! Replacing a picture that stands in an answer as base64. Pictures behind links are files, and the engine's to
//! replace.

use std::collections::BTreeMap;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use bytes::Bytes;

use super::EditError;
use super::splice::{PlainAnswer, Splice, replace, with_log};
use super::text::quoted;
use crate::model::{ByteLog, Response};
use crate::wire::event_stream::StreamForm;
use crate::wire::event_stream::{StreamFrame, frames};
use crate::wire::json_text::{JsonStep, pointer, strings, unquoted};
use crate::wire::sniff::{data_uri, sniff, sniff_base64};

/// A picture as it stands in the body.
struct EditedPicture {
    /// The name of the place: as [`crate::reading::Medium::field`].
    field: String,
    /// The base64 text, by which a stream's repetitions of a picture are known.
    payload: String,
    /// The place of its token, quotes included.
    at: Range<usize>,
    /// True if it is a data URI.
    uri: bool,
    /// True if it is a step towards the picture that a stream ends with.
    partial: bool,
    /// Strings that say its format: their places, and whether they say it as a media type.
    formats: Vec<(Range<usize>, bool)>,
}

/// The response with the picture `file` in place of one that it holds as base64 or as a data URI, or of the body itself
/// where that is a picture. `field` says which one, as [`crate::reading::media`] names them; it may be left out where
/// there is only one. Steps towards a picture stay, unless they are named. What says its format beside it is restated.
///
/// # Errors
/// When the file is no picture, the body cannot be decoded, or it does not say which picture is meant.
pub fn set_image(response: &Response, field: Option<&str>, file: &Bytes) -> Result<Response, EditError> {
    let kind = sniff(file).filter(|kind| kind.starts_with("image/")).ok_or(EditError::NotAPicture)?;
    let plain = PlainAnswer::of(response)?;
    if sniff(&plain.body).is_some_and(|kind| kind.starts_with("image/")) {
        if let Some(field) = field.filter(|field| *field != "body") {
            return Err(EditError::NoPictureAt { field: field.to_owned(), pictures: vec!["body".into()] });
        }
        let mut new = with_log(response, ByteLog::whole(file.clone(), response.log.begins()));
        replace(&mut new.headers, "content-type", kind);
        return Ok(new);
    }
    let pictures = pictures(response, &plain);
    let meant = meant(&pictures, field)?;
    let mut splices = BTreeMap::new();
    for picture in pictures.iter().filter(|picture| picture.payload == meant.payload) {
        let urls = picture.payload.contains(['-', '_']);
        let encoded = if urls { URL_SAFE.encode(file) } else { STANDARD.encode(file) };
        let text = if picture.uri { format!("data:{kind};base64,{encoded}") } else { encoded };
        splices.insert(picture.at.start, Splice { at: picture.at.clone(), with: format!("\"{text}\"") });
        for (at, media_type) in &picture.formats {
            let with = quoted(if *media_type { kind } else { kind.trim_start_matches("image/") });
            if plain.body[at.clone()] != *with.as_bytes() {
                splices.insert(at.start, Splice { at: at.clone(), with });
            }
        }
    }
    Ok(plain.spliced(response, &splices.into_values().collect::<Vec<_>>()))
}

/// The picture of that name; without a name the only one there is.
fn meant<'a>(pictures: &'a [EditedPicture], field: Option<&str>) -> Result<&'a EditedPicture, EditError> {
    let whole = pictures.iter().any(|picture| !picture.partial);
    let mut choice: Vec<&EditedPicture> = Vec::new();
    for picture in pictures.iter().filter(|picture| !(picture.partial && whole)) {
        if choice.iter().all(|known| known.payload != picture.payload) {
            choice.push(picture);
        }
    }
    let names = || choice.iter().map(|picture| picture.field.clone()).collect();
    match (field, &choice[..]) {
        (_, []) => Err(EditError::NoPicture),
        (None, [only]) => Ok(only),
        (None, _) => Err(EditError::Which(names())),
        (Some(field), _) => {
            let pointer = |picture: &&EditedPicture| picture.field.ends_with(&format!(" {field}"));
            let exact = pictures.iter().find(|picture| picture.field == field);
            let found = exact.or_else(|| choice.iter().copied().find(pointer));
            found.ok_or_else(|| EditError::NoPictureAt { field: field.to_owned(), pictures: names() })
        }
    }
}

/// All pictures of an answer in base64, repeated ones included.
fn pictures(response: &Response, plain: &PlainAnswer) -> Vec<EditedPicture> {
    let form = StreamForm::of(&response.headers, &plain.body);
    let frames = frames(form, &plain.body);
    let numbered = frames.iter().enumerate().flat_map(|(number, frame)| {
        let prefix = if form.is_some() { format!("event {number} ") } else { String::new() };
        in_frame(frame, &prefix)
    });
    numbered.collect()
}

fn in_frame(frame: &StreamFrame, prefix: &str) -> Vec<EditedPicture> {
    let Some(text) = frame.text() else { return Vec::new() };
    let mut pictures = Vec::new();
    let mut formats = Vec::new();
    let mut partial = frame.name.ends_with("partial_image");
    strings(text, |path, token| {
        let start = token.as_ptr() as usize - text.as_ptr() as usize;
        let at = frame.place(&(start..start + token.len()));
        let key = if let Some(JsonStep::Key(key)) = path.last() { *key } else { "" };
        match key {
            "\"mimeType\"" | "\"mime_type\"" | "\"media_type\"" => formats.push((parent(path), at, true)),
            "\"output_format\"" => formats.push((parent(path), at, false)),
            "\"type\"" if path.len() == 1 => partial |= token.ends_with("partial_image\""),
            key => {
                let said = unquoted(token);
                let payload = data_uri(&said);
                let uri = payload.is_some();
                let payload = payload.unwrap_or(&said);
                if token.len() >= 32 && sniff_base64(payload).is_some_and(|kind| kind.starts_with("image/")) {
                    let (field, payload) = (format!("{prefix}{}", pointer(path)), payload.to_owned());
                    let partial = key == "\"partial_image_b64\"";
                    let picture = EditedPicture { field, payload, at, uri, partial, formats: Vec::new() };
                    pictures.push((parent(path), picture));
                }
            }
        }
    });
    // A format above all pictures holds for the only one.
    let only = pictures.len() == 1;
    for (home, picture) in &mut pictures {
        picture.partial |= partial;
        let beside = formats.iter().filter(|(at, ..)| at == home || (only && at.is_empty()));
        picture.formats = beside.map(|(_, at, media_type)| (at.clone(), *media_type)).collect();
    }
    pictures.into_iter().map(|(_, picture)| picture).collect()
}

/// The pointer of the object that a value stands in.
fn parent(path: &[JsonStep<'_>]) -> String {
    pointer(&path[..path.len().saturating_sub(1)])
}

#[cfg(test)]
#[path = "image_tests.rs"]
mod tests;
