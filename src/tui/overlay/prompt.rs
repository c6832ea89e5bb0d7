//! A line to type: tags, a name, a fault.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tui_input::Input;

use super::window;
use crate::editing::Fault;
use crate::engine::{Relabel, Revision};
use crate::model::{Latency, RecordingId};
use crate::tui::app::state::App;
use crate::tui::content::text::sanitize;
use crate::tui::protocol::mutation::Mutation;
use crate::tui::widgets::line::{Tone, Toned};
use crate::tui::widgets::{draw, layout};

/// A line to type.
#[derive(Clone, Debug)]
pub struct PromptOverlay {
    /// What is asked for.
    pub title: String,
    /// How it is written, line by line.
    pub help: Vec<Toned>,
    /// What was typed.
    pub input: Input,
    /// What is wrong with it.
    pub error: Option<String>,
    /// What it is for.
    pub purpose: PromptPurpose,
}

/// What a typed line is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PromptPurpose {
    /// Tags for these.
    Tags(Vec<RecordingId>),
    /// A name for this one.
    Name(RecordingId),
    /// How these are to fail.
    Fault(Vec<RecordingId>),
    /// The status of this one's answer.
    Status(RecordingId),
    /// A header of this one's answer.
    Header(RecordingId),
    /// How fast this one's answer is sent.
    Pace(RecordingId),
    /// The file of another picture for this one; where there are several, at this place.
    Picture(RecordingId, Option<String>),
}

impl PromptPurpose {
    /// The change that a text asks for; none where it asks for nothing.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn deed(&self, text: &str) -> Result<Option<Mutation>, String> {
        let text = text.trim();
        match self {
            Self::Tags(ids) => {
                let relabel = tags(text);
                let none = relabel.tag.is_empty() && relabel.untag.is_empty();
                Ok((!none).then(|| Mutation::Relabel(ids.clone(), relabel)))
            }
            Self::Name(id) => {
                let relabel = Relabel { name: Some(text.to_owned()), ..Relabel::default() };
                Ok(Some(Mutation::Relabel(vec![id.clone()], relabel)))
            }
            _ if text.is_empty() => Ok(None),
            Self::Fault(ids) => {
                let fault: Fault = text.parse().map_err(|error| format!("{error}"))?;
                Ok(Some(Mutation::Derive(ids.clone(), fault)))
            }
            Self::Status(id) => {
                let status = text.parse().map_err(|_| format!("`{text}` is no status; 200 to 599"))?;
                Ok(Some(Mutation::Edit(id.clone(), vec![Revision::Status(status)])))
            }
            Self::Header(id) => Ok(Some(Mutation::Edit(id.clone(), vec![header(text)?]))),
            Self::Pace(id) => {
                let pace = (text != "proxy").then(|| text.parse::<Latency>()).transpose();
                let pace = pace.map_err(|error| error.to_string())?;
                Ok(Some(Mutation::Edit(id.clone(), vec![Revision::Pace(pace)])))
            }
            Self::Picture(id, field) => {
                Ok(Some(Mutation::Picture(id.clone(), field.clone(), text.to_owned())))
            }
        }
    }
}

/// `retry-after: 20` sets it, `-retry-after` takes it away.
fn header(text: &str) -> Result<Revision, String> {
    if let Some(name) = text.strip_prefix('-') {
        return Ok(Revision::WithoutHeader(name.trim().to_owned()));
    }
    let (name, value) = text.split_once(':').ok_or("expected NAME: VALUE, or -NAME")?;
    Ok(Revision::Header { name: name.trim().into(), value: value.trim().into() })
}

/// `ci -nightly`: one tag given, one taken away.
fn tags(text: &str) -> Relabel {
    let mut relabel = Relabel::default();
    for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
        match word.strip_prefix('-') {
            Some(tag) => relabel.untag.push(tag.to_owned()),
            None => relabel.tag.push(word.strip_prefix('+').unwrap_or(word).to_owned()),
        }
    }
    relabel
}

impl PromptOverlay {
    /// Draws it; gives the place of the cursor.
    pub fn draw(&self, app: &App, area: Rect, buf: &mut Buffer) -> Option<(u16, u16)> {
        let theme = &app.options.theme;
        let width = usize::from(area.width.min(72).saturating_sub(4));
        let wrong = self.error.iter().flat_map(|error| Toned::of(Tone::Bad, sanitize(error)).wrapped(width));
        let mut below: Vec<Toned> = wrong.collect();
        // The line for what is wrong is there before anything is.
        below.resize(below.len().max(1), Toned::default());
        below.extend(self.help.iter().flat_map(|line| line.wrapped(width)));
        let height = u16::try_from(below.len()).unwrap_or(u16::MAX).saturating_add(3);
        let mut inside = window(app, &self.title, area, (72, height), buf);
        let mut line = layout::from_top(&mut inside, 1);
        draw::write(buf, &mut line, "> ", theme.tone(Tone::Accent));
        let cursor = typed(&self.input, line, app, buf);
        draw::lines(buf, inside, &below, theme);
        cursor
    }
}

/// Draws what is typed, scrolled so that the cursor is seen; gives the cursor's place.
pub fn typed(input: &Input, mut line: Rect, app: &App, buf: &mut Buffer) -> Option<(u16, u16)> {
    let room = usize::from(line.width.saturating_sub(1));
    let scroll = input.visual_scroll(room);
    let at = input.visual_cursor().saturating_sub(scroll).min(room);
    let spot = (line.x.saturating_add(u16::try_from(at).ok()?), line.y);
    let text: String = sanitize(input.value()).chars().skip(scroll).collect();
    draw::write(buf, &mut line, &text, app.options.theme.tone(Tone::Strong));
    (!line.is_empty() || at > 0).then_some(spot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_given_and_taken_away() {
        let relabel = tags("ci, +hats -nightly");
        assert_eq!((relabel.tag, relabel.untag), (vec!["ci".into(), "hats".into()], vec!["nightly".into()]));
        let id: RecordingId = "rec_aaaaaaaaaaaa".parse().unwrap();
        assert_eq!(PromptPurpose::Tags(vec![id.clone()]).deed("  ").unwrap(), None);
        assert!(PromptPurpose::Fault(vec![id.clone()]).deed("bogus").is_err());
        assert!(matches!(PromptPurpose::Fault(vec![id]).deed("cut@3").unwrap(), Some(Mutation::Derive(..))));
    }
}
