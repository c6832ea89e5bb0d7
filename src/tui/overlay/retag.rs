//! The retag dialog: a match strategy and a playback, chosen with their effects in sight.

use std::collections::BTreeSet;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tui_input::Input;

use super::{answers, retag_effect};
use crate::engine::Tag;
use crate::matching::NamedField;
use crate::model::{Playback, RecordingId, Row, Strategy};
use crate::tui::content::text::sanitize;
use crate::tui::contract::context::Context;
use crate::tui::contract::outcome::{ActionOutcome, AppRequest, Overlay};
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::protocol::mutation::{Mutation, count_recordings};
use crate::tui::protocol::query::RemoteQuery;
use crate::tui::widgets::line::{Tone, Toned, fit, thousands};
use crate::tui::widgets::{draw, layout, text_input};

/// A strategy and a playback being chosen.
#[derive(Clone, Debug)]
pub struct RetagOverlay {
    /// The recordings.
    ids: Arc<[RecordingId]>,
    before: (Strategy, Playback),
    /// Whether they have different ones now, of either.
    mixed: (bool, bool),
    form: StrategyForm,
    /// What somebody chose; all else stays as it is.
    chosen: Chosen,
    names: BTreeSet<String>,
    /// The conditions of a rule.
    rule: Input,
    /// Whether they are being typed.
    typing: bool,
    playback: Playback,
    /// Whether it is done as soon as it is known what it does; a further choice takes that back.
    agreed: bool,
    /// The field that `space` is for.
    at: usize,
}

/// Which of the two was chosen.
#[derive(Clone, Copy, Debug, Default)]
struct Chosen {
    strategy: bool,
    playback: bool,
}

/// A field to choose.
struct OfferedField<'a> {
    name: &'a str,
    value: &'a str,
    /// Whether it decides under `standard`.
    significant: bool,
    /// How many of the recordings have it.
    recordings: u64,
}

/// The strategies as they are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StrategyForm {
    Standard,
    Without,
    Strict,
    Specific,
    Pinned,
    Rule,
}

/// Columns of the dialog.
const WIDTH: u16 = 92;
/// Rows that it needs, so that nothing is chosen unseen.
const LEAST: u16 = 15;
/// What it says where there are fewer.
const TOO_SMALL: &str = "Make the window 40x16 or larger to choose what they answer.";

const FORMS: [(char, StrategyForm, &str, &str); 6] = [
    ('s', StrategyForm::Standard, "standard", "what decides by the provider's rules"),
    ('w', StrategyForm::Without, "standard without", "the same, but for the marked fields"),
    ('f', StrategyForm::Specific, "specific", "only the model and the marked fields"),
    ('t', StrategyForm::Strict, "strict", "the request byte for byte"),
    ('p', StrategyForm::Pinned, "pinned", "all calls of this endpoint and model"),
    ('r', StrategyForm::Rule, "rule", "a condition: contains=\"refund\" turn=2 model=gpt-5*"),
];

impl RetagOverlay {
    /// For these rows, beginning with what they have; none where there is none.
    #[must_use]
    pub fn of(rows: &[&Row]) -> Option<Self> {
        let first = rows.first()?;
        let (form, names, rule) = match &first.strategy {
            Strategy::Standard { ignored } if ignored.is_empty() => {
                (StrategyForm::Standard, Vec::new(), String::new())
            }
            Strategy::Standard { ignored } => (StrategyForm::Without, ignored.clone(), String::new()),
            Strategy::Strict => (StrategyForm::Strict, Vec::new(), String::new()),
            Strategy::Specific { fields } => (StrategyForm::Specific, fields.clone(), String::new()),
            Strategy::Pinned => (StrategyForm::Pinned, Vec::new(), String::new()),
            Strategy::Rule(rule) => (StrategyForm::Rule, Vec::new(), rule.to_string().trim().to_owned()),
        };
        Some(Self {
            ids: rows.iter().map(|row| row.id.clone()).collect(),
            before: (first.strategy.clone(), first.playback),
            mixed: (
                rows.iter().any(|row| row.strategy != first.strategy),
                rows.iter().any(|row| row.playback != first.playback),
            ),
            form,
            chosen: Chosen::default(),
            names: names.into_iter().collect(),
            rule: Input::new(rule),
            typing: false,
            playback: first.playback,
            agreed: false,
            at: 0,
        })
    }

    /// What is asked for; nothing in it where nothing would change.
    ///
    /// # Errors
    /// What is wrong with the rule that was typed.
    pub fn tag(&self) -> Result<Tag, String> {
        let names = || self.names.iter().cloned().collect();
        let strategy = match self.form {
            StrategyForm::Standard => Strategy::STANDARD,
            StrategyForm::Without => Strategy::Standard { ignored: names() },
            StrategyForm::Strict => Strategy::Strict,
            StrategyForm::Specific => Strategy::Specific { fields: names() },
            StrategyForm::Pinned => Strategy::Pinned,
            StrategyForm::Rule => {
                let text = format!("rule {}", self.rule.value());
                text.parse().map_err(|error| format!("{error}"))?
            }
        };
        let other = self.mixed.0 || strategy != self.before.0;
        let turned = self.playback != self.before.1 || self.mixed.1 && self.chosen.playback;
        Ok(Tag {
            strategy: Some(strategy).filter(|_| self.chosen.strategy && other),
            playback: Some(self.playback).filter(|_| turned),
        })
    }

    /// Chooses what a letter stands for; false for one that means nothing.
    fn choose(&mut self, key: &str) -> bool {
        self.agreed = false;
        let mut letters = key.chars();
        let (Some(letter), None) = (letters.next(), letters.next()) else { return false };
        if letter == 'b' {
            let at = Playback::ALL.iter().position(|playback| *playback == self.playback).unwrap_or(0);
            self.playback = Playback::ALL[(at + 1) % Playback::ALL.len()];
            self.chosen.playback = true;
            return true;
        }
        let Some((_, form, ..)) = FORMS.iter().find(|(key, ..)| *key == letter) else { return false };
        (self.form, self.chosen.strategy) = (*form, true);
        self.typing = self.form == StrategyForm::Rule;
        true
    }

    /// Marks a field, or takes the mark away; a strategy that has no fields becomes one that has.
    fn toggle(&mut self, fields: Option<&Vec<NamedField>>) {
        let Some(name) = self.rows(fields).get(self.at).map(|field| field.name.to_owned()) else { return };
        if !self.names.remove(&name) {
            self.names.insert(name);
        }
        (self.chosen.strategy, self.agreed) = (true, false);
        self.form = match self.form {
            StrategyForm::Standard | StrategyForm::Strict => StrategyForm::Without,
            StrategyForm::Pinned => StrategyForm::Specific,
            form => form,
        };
    }

    /// The fields to choose from, of all the recordings. Those that no request of these has, but the strategy, are the last.
    fn rows<'a>(&'a self, fields: Option<&'a Vec<NamedField>>) -> Vec<OfferedField<'a>> {
        let mut known: Vec<&NamedField> = fields.into_iter().flatten().filter(|field| !field.fixed).collect();
        // Those first of which leaving out changes something.
        known.sort_by_key(|field| !field.significant);
        let others = self.names.iter().filter(|name| !known.iter().any(|field| field.name == **name));
        let own = known.iter().map(|field| OfferedField {
            name: &field.name,
            value: &field.value,
            significant: field.significant,
            recordings: field.recordings,
        });
        let gone = |name| OfferedField { name, value: "", significant: true, recordings: 0 };
        own.chain(others.map(|name| gone(name.as_str()))).collect()
    }

    /// Whether a screen of so many rows shows all that is needed to choose.
    fn fits(rows: u16) -> bool {
        rows > LEAST
    }

    /// Agrees to what was chosen. What it does is seen before it is done, and why it cannot be done is read here.
    fn agree(&mut self, context: &Context) -> ActionOutcome {
        let Ok(tag) = self.tag() else { return ActionOutcome::done() };
        if !Self::fits(context.areas.whole.height) {
            return ActionOutcome::info(TOO_SMALL);
        }
        if tag == Tag::default() {
            return ActionOutcome::info("Nothing would change: choose with a letter");
        }
        if tag.strategy.is_none() {
            return ActionOutcome::close_then(self.mutation(tag));
        }
        let effects = &context.cache.retag;
        self.agreed = effects.waiting || !matches!(effects.result, Some(Err(_)));
        ActionOutcome::done()
    }

    fn mutation(&self, tag: Tag) -> AppRequest {
        AppRequest::mutate(Mutation::Retag(self.ids.to_vec(), tag))
    }

    fn now(&self) -> Toned {
        let (strategy, playback) = &self.before;
        let others = |mixed| if mixed { " and others" } else { "" };
        Toned::of(Tone::Dim, "now  ")
            .and(Tone::Plain, sanitize(&format!("{strategy}{}", others(self.mixed.0))))
            .and(Tone::Dim, format!(", takes play {playback}{}", others(self.mixed.1)))
    }

    fn plays(&self) -> Toned {
        let mut line = Toned::of(Tone::Accent, "b").and(Tone::Dim, "    of several takes plays  ");
        for playback in Playback::ALL {
            let front = playback == self.playback;
            let text = if front { format!("[{playback}]") } else { format!(" {playback} ") };
            line = line.and(if front { Tone::Strong } else { Tone::Dim }, text);
        }
        line
    }

    fn forms(&self, context: &Context, inside: &mut Rect, buf: &mut Buffer) -> Option<(u16, u16)> {
        let (theme, mut cursor) = (&context.options.theme, None);
        for (key, form, name, note) in FORMS {
            let mut line = layout::from_top(inside, 1);
            let front = form == self.form;
            let mark = if front { theme.mark(" ● ", " * ") } else { "   " };
            draw::write(buf, &mut line, &key.to_string(), theme.tone(Tone::Accent));
            draw::write(buf, &mut line, mark, theme.tone(Tone::Accent));
            let tone = if front { Tone::Strong } else { Tone::Plain };
            draw::write(buf, &mut line, &fit(name, 18, false), theme.tone(tone));
            if form == StrategyForm::Rule && front {
                let spot = text_input::draw(&self.rule, line, theme, buf);
                cursor = spot.filter(|_| self.typing);
            } else {
                draw::write(buf, &mut line, note, theme.tone(Tone::Dim));
            }
        }
        cursor
    }

    fn fields(&self, context: &Context, rows: &[OfferedField<'_>], mut inside: Rect, buf: &mut Buffer) {
        let theme = &context.options.theme;
        let used =
            matches!(self.form, StrategyForm::Standard | StrategyForm::Without | StrategyForm::Specific);
        let heading = match self.form {
            StrategyForm::Without => "space leaves a field out",
            StrategyForm::Specific => "space takes a field in",
            StrategyForm::Standard => "fields: space leaves one out",
            _ => "fields (not asked)",
        };
        let mut line = layout::from_top(&mut inside, 1);
        draw::write(buf, &mut line, heading, theme.tone(Tone::Dim));
        if rows.is_empty() {
            let waiting = context.cache.fields.waiting;
            let text = if waiting { "reading the request" } else { "there is no field to choose" };
            draw::toned(buf, inside, &Toned::of(Tone::Dim, text), theme);
            return;
        }
        let height = usize::from(inside.height);
        let first = self.at.saturating_sub(height.saturating_sub(1)).min(rows.len().saturating_sub(height));
        for (nth, field) in rows.iter().enumerate().skip(first).take(height) {
            let mut line = layout::from_top(&mut inside, 1);
            if nth == self.at {
                buf.set_style(line.intersection(buf.area), theme.selected(true));
            }
            let mark = if self.names.contains(field.name) { "[x] " } else { "[ ] " };
            let tone = if used { Tone::Accent } else { Tone::Dim };
            draw::write(buf, &mut line, mark, theme.tone(tone));
            let tone = if used { Tone::Key } else { Tone::Dim };
            draw::write(buf, &mut line, &fit(&sanitize(field.name), 24, false), theme.tone(tone));
            let note = self.note(field);
            if !note.is_empty() && line.width > 44 {
                draw::write_right(buf, &mut line, &note, theme.tone(Tone::Dim));
            }
            draw::write(buf, &mut line, &format!(" {}", sanitize(field.value)), theme.tone(Tone::Plain));
        }
    }

    /// What people should know before they mark a field: how many of the recordings have it, and whether it decides.
    fn note(&self, field: &OfferedField<'_>) -> String {
        let ignored = if field.significant { "" } else { "  standard ignores it" };
        match self.ids.len() {
            1 => ignored.to_owned(),
            all => format!("{ignored}  in {} of {}", thousands(field.recordings), thousands(all)),
        }
    }

    /// What it would do.
    fn below(&self, context: &Context, width: usize) -> Vec<Toned> {
        let tag = match self.tag() {
            Err(wrong) => return self.padded(Toned::of(Tone::Bad, sanitize(&wrong)).wrapped(width)),
            Ok(tag) => tag,
        };
        let Some(strategy) = &tag.strategy else {
            let text = match tag.playback {
                Some(playback) => format!("Takes of the same request would play {playback}."),
                None => "Nothing would change.".into(),
            };
            return self.padded(vec![Toned::of(Tone::Dim, text)]);
        };
        let mut lines = vec![Toned::of(Tone::Strong, sanitize(&strategy.to_string()))];
        match &context.cache.retag.result {
            _ if context.cache.retag.waiting => {
                let then = if self.agreed { "; it is done then, Esc keeps things as they are" } else { "" };
                lines.push(Toned::of(Tone::Dim, format!("asking what that does{then}")));
            }
            Some(Ok(retagged)) => {
                lines.extend(retag_effect::lines(retagged).iter().flat_map(|line| line.wrapped(width)))
            }
            Some(Err(why)) => lines.push(Toned::of(Tone::Bad, sanitize(why))),
            None => {}
        }
        self.padded(lines)
    }

    /// Always as many lines, so that the dialog does not jump.
    fn padded(&self, mut lines: Vec<Toned>) -> Vec<Toned> {
        lines.resize(if self.ids.len() > 1 { 6 } else { 4 }, Toned::default());
        lines
    }
}

impl Overlay for RetagOverlay {
    fn scope(&self) -> KeyScope {
        if self.typing { KeyScope::Prompt } else { KeyScope::Retag }
    }

    fn act(&mut self, action: Action, context: &Context) -> ActionOutcome {
        match action {
            Action::Open => return self.agree(context),
            Action::Mark => self.toggle(context.cache.fields.value()),
            // First the rule is kept, then the dialog is left.
            Action::Back if self.typing => self.typing = false,
            Action::Back => return AppRequest::Close.into(),
            _ => return ActionOutcome::Ignored,
        }
        ActionOutcome::done()
    }

    fn letter(&mut self, key: &str) -> ActionOutcome {
        if !self.typing && self.choose(key) { ActionOutcome::done() } else { ActionOutcome::Ignored }
    }

    fn step(&mut self, by: isize, context: &Context) -> ActionOutcome {
        let last = self.rows(context.cache.fields.value()).len().saturating_sub(1);
        self.at = self.at.saturating_add_signed(by).min(last);
        ActionOutcome::done()
    }

    fn edit(&mut self, change: &mut dyn FnMut(&mut Input)) {
        if self.typing {
            self.agreed = false;
            change(&mut self.rule);
        }
    }

    fn queries(&self, _context: &Context) -> Vec<RemoteQuery> {
        let effects = self.tag().ok().filter(|tag| tag.strategy.is_some());
        let effects = effects.map(|tag| RemoteQuery::Retag(Arc::clone(&self.ids), tag));
        std::iter::once(RemoteQuery::Fields(Arc::clone(&self.ids))).chain(effects).collect()
    }

    /// Retags as soon as the effects of what was agreed to are known.
    fn reconcile(&mut self, context: &Context) -> ActionOutcome {
        let effects = &context.cache.retag;
        let Some(result) = effects.result.as_ref().filter(|_| !effects.waiting) else {
            return ActionOutcome::done();
        };
        if !std::mem::take(&mut self.agreed) || result.is_err() {
            return ActionOutcome::done();
        }
        self.tag().map_or_else(|_| ActionOutcome::done(), |tag| ActionOutcome::close_then(self.mutation(tag)))
    }

    fn draw(&self, context: &Context, area: Rect, buf: &mut Buffer) -> Option<(u16, u16)> {
        let theme = &context.options.theme;
        let known = context.cache.fields.value();
        let rows = self.rows(known);
        let title = match &self.ids[..] {
            [one] => format!("What {one} answers"),
            many => format!("What {} answer", count_recordings(many.len())),
        };
        let width = usize::from(area.width.min(WIDTH).saturating_sub(4));
        let mut below = self.below(context, width);
        let fixed = 1 + FORMS.len() + 3 + below.len() + 2;
        let wanted = u16::try_from(fixed + rows.len().max(1) + 4).unwrap_or(u16::MAX);
        let mut inside = draw::window(theme, &title, area, (WIDTH, wanted), buf);
        let ready = self.tag().is_ok_and(|tag| tag != Tag::default());
        let yes = format!("Retag {}", thousands(self.ids.len()));
        let keep = (Action::Back, "Keep", Tone::Strong);
        if area.height < LEAST {
            answers::draw(context, KeyScope::Retag, &[keep], &mut inside, buf);
            draw::lines(buf, inside, &Toned::of(Tone::Warning, TOO_SMALL).wrapped(width), theme);
            return None;
        }
        let tone = if ready { Tone::Accent } else { Tone::Dim };
        let ways = [keep, (Action::Open, &*yes, tone)];
        answers::draw(context, KeyScope::Retag, &ways, &mut inside, buf);
        // What it would do is seen, however little room there is.
        let tight = usize::from(inside.height) < fixed + 1;
        if tight {
            let spare = usize::from(inside.height).saturating_sub(FORMS.len() + 2 + rows.len().clamp(1, 4));
            below.truncate(spare.max(2));
        }
        let told = layout::from_bottom(&mut inside, u16::try_from(below.len()).unwrap_or(u16::MAX));
        let spare = usize::from(inside.height) > fixed - below.len();
        if !tight {
            draw::toned(buf, layout::from_top(&mut inside, 1), &self.now(), theme);
        }
        let cursor = self.forms(context, &mut inside, buf);
        draw::toned(buf, layout::from_top(&mut inside, 1), &self.plays(), theme);
        layout::from_top(&mut inside, u16::from(spare));
        if spare {
            layout::from_bottom(&mut inside, 1);
        }
        self.fields(context, &rows, inside, buf);
        draw::lines(buf, told, &below, theme);
        cursor
    }
}
