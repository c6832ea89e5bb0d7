//! The retag dialog as it is drawn.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::choice::{FORMS, LEAST, OfferedField, RetagOverlay, StrategyForm, TOO_SMALL, WIDTH};
use super::effect;
use crate::engine::MatchSettings;
use crate::model::Playback;
use crate::reading::sanitize;
use crate::tui::contract::context::Context;
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::overlay::answers;
use crate::tui::protocol::mutation::count_recordings;
use crate::tui::widgets::line::{Tone, Toned, fit, thousands};
use crate::tui::widgets::{draw, layout, text_input};

impl RetagOverlay {
    /// Draws it; gives the place of the cursor while a rule is typed.
    pub(super) fn draw_dialog(&self, context: &Context, area: Rect, buf: &mut Buffer) -> Option<(u16, u16)> {
        let theme = &context.options.theme;
        let named_fields = context.cache.fields.value();
        let rows = self.rows(named_fields);
        let title = match &self.ids[..] {
            [one] => format!("Match strategy of {one}"),
            many => format!("Match strategy of {}", count_recordings(many.len())),
        };
        let width = usize::from(area.width.min(WIDTH).saturating_sub(4));
        let mut below = self.below(context, width);
        let fixed = 1 + FORMS.len() + 3 + below.len() + 2;
        let wanted = u16::try_from(fixed + rows.len().max(1) + 4).unwrap_or(u16::MAX);
        let mut inside = draw::window(theme, &title, area, (WIDTH, wanted), buf);
        let ready = self.tag().is_ok_and(|tag| tag != MatchSettings::default());
        let yes = format!("Retag {}", thousands(self.ids.len()));
        let keep = (Action::Back, "Cancel", Tone::Strong);
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
        let effects_place = layout::from_bottom(&mut inside, u16::try_from(below.len()).unwrap_or(u16::MAX));
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
        draw::lines(buf, effects_place, &below, theme);
        cursor
    }

    fn now(&self) -> Toned {
        let (strategy, playback) = &self.before;
        let others = |mixed| if mixed { " and others" } else { "" };
        Toned::of(Tone::Dim, "Now: ")
            .and(Tone::Plain, sanitize(&format!("{strategy}{}", others(self.mixed.0))))
            .and(Tone::Dim, format!(", takes: {playback}{}", others(self.mixed.1)))
    }

    fn plays(&self) -> Toned {
        let mut line = Toned::of(Tone::Accent, "b").and(Tone::Dim, "    with several takes: ");
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
            StrategyForm::Specific => "Fields (space: compare)",
            StrategyForm::Standard | StrategyForm::Without => "Fields (space: ignore)",
            _ => "Fields (not used here)",
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

    /// A remark on a field: how many of the recordings have it, and whether `standard` ignores it.
    fn note(&self, field: &OfferedField<'_>) -> String {
        let ignored = if field.significant { "" } else { "  standard ignores it" };
        match self.ids.len() {
            1 => ignored.to_owned(),
            all => format!("{ignored}  in {} of {}", thousands(field.recordings), thousands(all)),
        }
    }

    /// The effects of what is chosen.
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
                lines.extend(effect::lines(retagged).iter().flat_map(|line| line.wrapped(width)));
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
