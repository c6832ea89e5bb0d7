//! A line to type: tags, a name, a fault.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tui_input::Input;

use crate::editing::Fault;
use crate::engine::{Relabel, Revision};
use crate::model::{Latency, RecordingId};
use crate::reading::sanitize;
use crate::tui::contract::context::Context;
use crate::tui::contract::outcome::{ActionOutcome, AppRequest, Overlay};
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::protocol::mutation::Mutation;
use crate::tui::widgets::line::{Tone, Toned};
use crate::tui::widgets::{draw, layout, text_input};

/// A line to type.
#[derive(Clone, Debug)]
pub struct PromptOverlay {
    title: String,
    /// The syntax, line by line.
    help: Vec<Toned>,
    input: Input,
    /// The error in the text.
    error: Option<String>,
    purpose: PromptPurpose,
}

impl PromptOverlay {
    /// A line that begins with a text.
    #[must_use]
    pub fn new(
        title: impl Into<String>,
        help: &[&str],
        text: impl Into<String>,
        purpose: PromptPurpose,
    ) -> Self {
        let help = help.iter().map(|line| Toned::of(Tone::Dim, *line)).collect();
        Self { title: title.into(), help, input: Input::new(text.into()), error: None, purpose }
    }
}

impl Overlay for PromptOverlay {
    fn scope(&self) -> KeyScope {
        KeyScope::Prompt
    }

    fn act(&mut self, action: Action, _context: &Context) -> ActionOutcome {
        match action {
            Action::Open => match self.purpose.mutation(self.input.value()) {
                Ok(Some(mutation)) => ActionOutcome::close_then(AppRequest::mutate(mutation)),
                Ok(None) => AppRequest::Close.into(),
                Err(error) => {
                    self.error = Some(error);
                    ActionOutcome::done()
                }
            },
            Action::Back => AppRequest::Close.into(),
            _ => ActionOutcome::Ignored,
        }
    }

    fn edit(&mut self, change: &mut dyn FnMut(&mut Input)) {
        change(&mut self.input);
        self.error = None;
    }

    fn draw(&self, context: &Context, area: Rect, buf: &mut Buffer) -> Option<(u16, u16)> {
        let theme = &context.options.theme;
        let width = usize::from(area.width.min(72).saturating_sub(4));
        let wrong = self.error.iter().flat_map(|error| Toned::of(Tone::Bad, sanitize(error)).wrapped(width));
        let mut below: Vec<Toned> = wrong.collect();
        // The line for what is wrong is there before anything is.
        below.resize(below.len().max(1), Toned::default());
        below.extend(self.help.iter().flat_map(|line| line.wrapped(width)));
        let height = u16::try_from(below.len()).unwrap_or(u16::MAX).saturating_add(3);
        let mut inside = draw::window(theme, &self.title, area, (72, height), buf);
        let mut line = layout::from_top(&mut inside, 1);
        draw::write(buf, &mut line, "> ", theme.tone(Tone::Accent));
        let cursor = text_input::draw(&self.input, line, theme, buf);
        draw::lines(buf, inside, &below, theme);
        cursor
    }
}

/// The purpose of a typed line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PromptPurpose {
    /// Tags for these.
    Tags(Vec<RecordingId>),
    /// A name for this one.
    Name(RecordingId),
    /// A fault for these.
    Fault(Vec<RecordingId>),
    /// The status of this one's answer.
    Status(RecordingId),
    /// A header of this one's answer.
    Header(RecordingId),
    /// The pace of this one's answer.
    Pace(RecordingId),
    /// The file of another picture for this one; where there are several, at this place.
    Picture(RecordingId, Option<String>),
}

impl PromptPurpose {
    /// The change that a text asks for; none where it asks for nothing.
    ///
    /// # Errors
    /// The error in the text, in words.
    pub fn mutation(&self, text: &str) -> Result<Option<Mutation>, String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_given_and_taken_away() {
        let relabel = tags("ci, +hats -nightly");
        assert_eq!((relabel.tag, relabel.untag), (vec!["ci".into(), "hats".into()], vec!["nightly".into()]));
        let id: RecordingId = "rec_aaaaaaaaaaaa".parse().unwrap();
        assert_eq!(PromptPurpose::Tags(vec![id.clone()]).mutation("  ").unwrap(), None);
        assert!(PromptPurpose::Fault(vec![id.clone()]).mutation("bogus").is_err());
        assert!(matches!(
            PromptPurpose::Fault(vec![id]).mutation("cut@3").unwrap(),
            Some(Mutation::Derive(..))
        ));
    }
}
