//! Verbs that leave the screen: text for the clipboard, files for other programs.

use bytes::Bytes;
use tokio::task::spawn_blocking;

use super::exchanges::{medium, picture_bytes, read};
use super::temp_files::{self, TempFiles};
use crate::client::Client;
use crate::reading::human::size;
use crate::tui::content::copy::{CopyPart, LoadedExchange};
use crate::tui::protocol::job::{ExchangeSource, OpenedPart};
use crate::tui::protocol::message::Message;

/// The most bytes given to a terminal at once: as much as all of them take in one sequence.
const OSC: usize = 74_994;

/// The programs and files of verbs that leave the screen.
#[derive(Debug)]
pub(crate) struct ExternalPrograms {
    /// The proxy's URL.
    pub(crate) base: String,
    /// The command that takes text for the clipboard; empty lets the terminal do it.
    pub(crate) copy: Vec<String>,
    /// The command that opens a file; empty takes the system's.
    pub(crate) open: Vec<String>,
    /// Files for other programs.
    pub(crate) files: tokio::sync::Mutex<TempFiles>,
}

/// Copies a part of an exchange: by a program, by the terminal, or into a file where it is too long for that.
pub(super) async fn copied(
    client: &Client,
    outside: &ExternalPrograms,
    held: &ExchangeSource,
    part: CopyPart,
) -> Result<Message, String> {
    let exchange = read(client, held).await?;
    let (base, name) = (outside.base.clone(), exchange.id.clone());
    let text =
        spawn_blocking(move || part.of(&exchange, &base)).await.map_err(|error| error.to_string())??;
    let label = format!("{}, {}", part.name(), size(text.len() as u64));
    if !outside.copy.is_empty() {
        let program = temp_files::copy(&outside.copy, &text).await?;
        return Ok(Message::Done(format!("Copied with {program}: {label}")));
    }
    if text.len() <= OSC {
        return Ok(Message::Copied { text, what: part.name() });
    }
    let ending = temp_files::ending(text.as_bytes(), "text/plain");
    let path = outside.files.lock().await.write(&name, ending, text.as_bytes());
    let path = path
        .map_err(|error| format!("it is too long for the terminal, and no file can be written: {error}"))?;
    Ok(Message::Done(format!(
        "Too long for the terminal: {label} is in {} until retake ends",
        path.display()
    )))
}

/// Shows a part of an exchange in another program.
pub(super) async fn opened(
    client: &Client,
    outside: &ExternalPrograms,
    held: &ExchangeSource,
    shown: &OpenedPart,
) -> Result<Message, String> {
    let exchange = read(client, held).await?;
    let (bytes, content_type) = part(client, &exchange, shown).await?;
    if bytes.is_empty() {
        return Err("there is no body to open".into());
    }
    let ending = temp_files::ending(&bytes, &content_type);
    let path = outside.files.lock().await.write(&exchange.id, ending, &bytes);
    let path = path.map_err(|error| format!("no file can be written: {error}"))?;
    let program = temp_files::open(&outside.open, &path)?;
    Ok(Message::Done(format!("{program} opens {}; the file is gone when retake ends", path.display())))
}

async fn part(
    client: &Client,
    exchange: &LoadedExchange,
    shown: &OpenedPart,
) -> Result<(Bytes, String), String> {
    let whole = |headers: &crate::model::Headers, bytes: &Bytes| {
        let decoded = crate::reading::decoded(headers, bytes).unwrap_or_else(|_| bytes.clone());
        (decoded, headers.media_type())
    };
    let response = exchange.response.as_ref().ok_or("there is no answer yet");
    Ok(match shown {
        OpenedPart::Request => whole(&exchange.request.headers, &exchange.request.body),
        OpenedPart::Response => whole(&response?.headers, &response?.log.bytes),
        OpenedPart::Picture(picture) => (picture_bytes(client, picture).await?, picture.content_type.clone()),
        OpenedPart::Medium(nth) => {
            let plays = |kind: &str| kind.starts_with("video/") || kind.starts_with("audio/");
            let inside = crate::reading::media(response?);
            let mut inside = inside.into_iter().filter(|one| plays(one.content_type));
            if let Some(one) = inside.nth(*nth) {
                return Ok((one.bytes, one.content_type.into()));
            }
            let file = exchange.media.iter().find(|one| plays(&one.content_type) && one.body.is_some());
            let file = file.ok_or("there is no sound or film in this answer")?;
            (medium(client, &file.id).await?, file.content_type.clone())
        }
    })
}
