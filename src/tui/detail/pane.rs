//! The detail pane: request, response, pictures and timing of what is selected.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use unicode_width::UnicodeWidthStr;

use super::facts::media_lines;
use crate::model::{Call, Row};
use crate::tui::app::state::App;
use crate::tui::content::page::{DetailPage, heading};
use crate::tui::content::subject::DetailSubject;
use crate::tui::content::text::{BodyView, duration, sanitize, size};
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::widgets::draw::{self, PaneFrame};
use crate::tui::widgets::line::{Tone, Toned, clock, cut};
use crate::tui::widgets::{layout, picture};

/// Draws the pane with its frame.
pub fn draw(app: &App, place: Rect, buf: &mut Buffer) {
    let theme = &app.options.theme;
    let height = usize::from(layout::inner(place).height);
    let lines = app.detail.lines.len();
    let image = app.detail.page == DetailPage::Image && app.detail.pictures() > 0;
    let note = if image || lines <= height {
        "[ ] sub-tab".into()
    } else {
        format!("{}%  [ ] sub-tab", (app.detail.scroll + height).min(lines) * 100 / lines.max(1))
    };
    let alert = if image { String::new() } else { way(app) };
    PaneFrame { alert: &alert, note: &note, focused: app.in_detail, ..PaneFrame::default() }
        .draw(theme, place, buf);
    sub_tabs(app, place, buf);
    if image {
        picture_page(app, place, buf);
        return;
    }
    let end = (app.detail.scroll + height).min(lines);
    let shown = app.detail.lines.get(app.detail.scroll..end).unwrap_or_default();
    let shown: Vec<Toned> = shown.iter().map(|line| line.from(app.detail.sideways.unwrap_or(0))).collect();
    let text = layout::text(place);
    draw::lines(buf, text, &shown, theme);
    highlight(app, &shown, text, buf);
}

/// In which way bodies are shown, where that is not the usual one.
fn way(app: &App) -> String {
    let detail = &app.detail;
    let mut words = Vec::new();
    if matches!(detail.page, DetailPage::Request | DetailPage::Response) {
        words.extend(
            Some(detail.form.view.name().to_owned()).filter(|_| detail.form.view != BodyView::Pretty),
        );
        let cut = detail.pages.as_ref().is_some_and(|pages| pages.cut);
        let all = app.options.keymap.told(KeyScope::Detail, Action::LoadAll);
        words.extend(cut.then(|| format!("cut: {all} loads all")));
    }
    words.extend(detail.sideways.map(|_| "not wrapped".to_owned()));
    words.join(", ")
}

/// Marks what was looked for.
fn highlight(app: &App, shown: &[Toned], place: Rect, buf: &mut Buffer) {
    let search = &app.detail.search;
    if search.needle().is_empty() {
        return;
    }
    for (y, line) in (place.y..place.bottom()).zip(shown) {
        let small = line.text().to_lowercase();
        for (from, to) in search.within(&small) {
            let columns = |upto: usize| u16::try_from(small[..upto].width()).unwrap_or(u16::MAX);
            let left = place.x.saturating_add(columns(from));
            let width = columns(to).saturating_sub(columns(from));
            let spot = Rect { x: left, y, width, height: 1 }.intersection(place).intersection(buf.area);
            buf.set_style(spot, Style::new().add_modifier(Modifier::REVERSED));
        }
    }
}

/// The names of the sub-tabs on the frame, the one in front in brackets and bold.
fn sub_tabs(app: &App, place: Rect, buf: &mut Buffer) {
    let theme = &app.options.theme;
    if place.height < 2 {
        return;
    }
    let mut top = Rect { x: place.x + 1, width: place.width.saturating_sub(2), height: 1, ..place };
    let named = |short: bool| -> Vec<(bool, String)> {
        let name = |page: DetailPage| {
            let front = app.detail.page == page;
            let title = if short && !front { page.short() } else { page.title() };
            let count = if page == DetailPage::Image { app.detail.pictures() } else { 0 };
            let name = if count > 0 { format!("{title} {count}") } else { title.to_owned() };
            (front, if front { format!("[{name}]") } else { format!(" {name} ") })
        };
        let subject = app.detail.subject.as_ref();
        DetailPage::ALL.into_iter().filter(|page| page.fits(subject)).map(name).collect()
    };
    let whole = named(false);
    let wide: usize = whole.iter().map(|(_, text)| text.width()).sum();
    for (front, text) in if wide > usize::from(top.width) { named(true) } else { whole } {
        draw::write(buf, &mut top, &text, if front { theme.title(true) } else { theme.tone(Tone::Dim) });
    }
}

fn picture_page(app: &App, place: Rect, buf: &mut Buffer) {
    let spot = layout::picture(place);
    paint(app, spot, buf);
    let inside = layout::inner(place);
    let mut below = Rect { y: spot.bottom(), height: inside.height - spot.height, ..inside };
    let caption = layout::from_top(&mut below, 1);
    draw::toned(buf, caption, &caption_line(app), &app.options.theme);
    let key = |action| app.options.keymap.told(KeyScope::Detail, action);
    let keys = Toned::of(Tone::Accent, key(Action::Picture)).and(Tone::Dim, " whole screen");
    let keys = if app.detail.pictures() > 1 {
        let others = format!("  {} {}", key(Action::PreviousPicture), key(Action::NextPicture));
        keys.and(Tone::Accent, others).and(Tone::Dim, " other pictures")
    } else {
        keys
    };
    let film = app.detail.pages.as_ref().and_then(|pages| media_lines(pages).into_iter().next());
    let keys = match film {
        Some(film) => {
            let mut keys = keys.and(Tone::Accent, "  o").and(Tone::Dim, " opens");
            keys.0.extend(film.0);
            keys
        }
        None => keys,
    };
    draw::toned(buf, layout::from_top(&mut below, 1), &keys, &app.options.theme);
}

/// The picture on the whole screen, with one line about it.
pub fn full_screen(app: &App, area: Rect, buf: &mut Buffer) {
    use ratatui::widgets::{Clear, Widget};
    Clear.render(area, buf);
    let mut rest = area;
    let caption = layout::from_bottom(&mut rest, 1);
    paint(app, rest, buf);
    let key = app.options.keymap.told(KeyScope::Picture, Action::Back);
    let line = caption_line(app).and(Tone::Accent, format!("  {key}")).and(Tone::Dim, " closes");
    draw::toned(buf, caption, &line, &app.options.theme);
}

/// The picture that is read, or why it cannot be seen.
pub fn paint(app: &App, spot: Rect, buf: &mut Buffer) {
    let theme = &app.options.theme;
    match &app.detail.scaled {
        Some(Ok((_, pixels))) => picture::draw(pixels, spot, buf, theme),
        Some(Err(problem)) => {
            let line = Toned::of(Tone::Bad, "cannot be shown: ").and(Tone::Plain, sanitize(problem));
            draw::lines(buf, spot, &line.wrapped(usize::from(spot.width)), theme);
        }
        None => draw::toned(buf, spot, &Toned::of(Tone::Dim, "loading"), theme),
    }
}

fn caption_line(app: &App) -> Toned {
    let detail = &app.detail;
    let Some(picture) = detail.pages.as_ref().and_then(|pages| pages.pictures.get(detail.picture)) else {
        return Toned::default();
    };
    let own = match &detail.scaled {
        Some(Ok(((width, height), _))) => format!("{width}x{height} "),
        _ => String::new(),
    };
    let form = picture.content_type.trim_start_matches("image/");
    let line = Toned::of(Tone::Plain, format!("{own}{} {}", sanitize(form), size(picture.len)));
    let line = if detail.pictures() > 1 {
        line.and(Tone::Plain, format!("  {} of {}", detail.picture + 1, detail.pictures()))
    } else {
        line
    };
    line.and(Tone::Dim, format!("  {}", sanitize(&picture.field)))
}

impl App {
    /// The lines of the sub-tab in front: what it is about, then the content, wrapped.
    pub(crate) fn compose(&self, width: usize) -> Vec<Toned> {
        let Some(subject) = &self.detail.subject else {
            return vec![Toned::of(Tone::Dim, "Nothing is selected.")];
        };
        if let (DetailPage::Why, DetailSubject::Call(id, _)) = (self.detail.page, subject) {
            let lines = self.call(*id).map(|call| self.why_lines(call, width)).unwrap_or_default();
            return lines.iter().flat_map(|line| line.wrapped(width)).collect();
        }
        let mut lines = match subject {
            DetailSubject::Call(id, _) => {
                self.call(*id).map(|call| self.about_call(call, width)).unwrap_or_default()
            }
            DetailSubject::Recording(id) => {
                self.world.rows.get(id).map(|row| self.about_row(row, width)).unwrap_or_default()
            }
        };
        lines.push(Toned::default());
        match (&self.detail.pages, self.detail.page) {
            (None, _) if self.detail.loading => lines.push(Toned::of(Tone::Dim, "loading")),
            (None, _) => lines.push(Toned::of(Tone::Dim, "Its content is not kept any more.")),
            (Some(pages), DetailPage::Request) => lines.extend(pages.request.iter().cloned()),
            (Some(pages), DetailPage::Response) => lines.extend(pages.response.iter().cloned()),
            (Some(pages), DetailPage::Stream) => {
                lines.extend(pages.stream.lines(width, self.options.theme.ascii))
            }
            (Some(pages), DetailPage::Image) => {
                lines.push(Toned::of(Tone::Dim, "There is no picture in this answer."));
                if !pages.media.is_empty() {
                    lines.extend(heading("sounds and films: o opens the first one"));
                    lines.extend(media_lines(pages));
                }
            }
            (Some(_), DetailPage::Why) => {}
            (Some(pages), DetailPage::Match) => lines.extend(self.match_lines(pages)),
            (Some(pages), DetailPage::Meta) => lines.extend(self.meta_lines(pages)),
        }
        if self.detail.sideways.is_some() {
            return lines;
        }
        lines.iter().flat_map(|line| line.wrapped(width)).collect()
    }

    fn about_call(&self, call: &Call, width: usize) -> Vec<Toned> {
        let tone = Tone::of_outcome(call.outcome);
        let status = call.status.map_or_else(String::new, |status| format!(" {status}"));
        let mut lines = vec![
            Toned::of(tone, call.label())
                .and(Tone::Strong, status)
                .and(Tone::Plain, sanitize(&format!("  {} {} {}", call.method, call.mount, call.endpoint))),
        ];
        // Why comes before anything else.
        if let Some(reason) = &call.reason {
            lines.push(Toned::of(tone, sanitize(reason)));
        }
        if call.cosmetic {
            lines.push(Toned::of(Tone::Dim, "Fields that do not decide differ from the recording's."));
        }
        let model = call.model.as_deref().unwrap_or("-");
        let took = call.total.map_or_else(|| "under way".into(), duration);
        let at = clock(call.at, &self.options.zone, "%H:%M:%S");
        lines.push(
            Toned::of(Tone::Plain, sanitize(model)).and(Tone::Dim, format!("  {at}  {took}  {}", call.mode)),
        );
        if let Some(id) = &call.recording {
            let key = self.options.keymap.told(KeyScope::Live, Action::Jump);
            lines.push(Toned::of(Tone::Accent, id.as_str()).and(Tone::Dim, format!("  {key} goes there")));
        }
        if let Some(prompt) = &call.prompt {
            lines.push(asked(prompt, width));
        }
        lines
    }

    fn about_row(&self, row: &Row, width: usize) -> Vec<Toned> {
        let mut lines = vec![
            Toned::of(Tone::Accent, row.hash.short())
                .and(Tone::Strong, format!(" {}", row.status))
                .and(Tone::Plain, sanitize(&format!("  {} {} {}", row.method, row.mount, row.endpoint))),
        ];
        if !row.completeness.replayable() {
            lines.push(Toned::of(Tone::Warning, format!("Not replayed: {}.", row.completeness.word())));
        } else if let Some(failure) = row.failure {
            let passes = failure.may_pass(row.status);
            let then = if passes { "replay-or-record asks again" } else { "it answers like any other" };
            let text = format!("The upstream {}: {then}.", failure.sentence(row.status));
            lines.push(Toned::of(Tone::Warning, text));
        }
        let at = clock(row.recorded_at, &self.options.zone, "%Y-%m-%d");
        let model = row.model.as_deref().unwrap_or("-");
        let cost = format!("  {}  {}  {at}", size(row.size), duration(row.total));
        lines.push(Toned::of(Tone::Plain, sanitize(model)).and(Tone::Dim, cost));
        let strategy = sanitize(&row.strategy.to_string()).into_owned();
        let kept = if row.protected { "  protected" } else { "" };
        lines.push(Toned::of(Tone::Plain, row.id.as_str()).and(Tone::Dim, format!("  {strategy}{kept}")));
        let names = row.name.iter().map(|name| (Tone::Strong, name.clone()));
        let tags = row.tags.iter().map(|tag| (Tone::Accent, format!("#{tag}")));
        let mut known = Toned::default();
        for (nth, (tone, text)) in names.chain(tags).enumerate() {
            known = known.and(Tone::Plain, if nth > 0 { "  " } else { "" }).and(tone, sanitize(&text));
        }
        if !known.0.is_empty() {
            lines.push(known);
        }
        if let Some(prompt) = &row.prompt {
            lines.push(asked(prompt, width));
        }
        lines
    }
}

/// A prompt on two lines: all of it stands in the request.
fn asked(prompt: &str, width: usize) -> Toned {
    let prompt = sanitize(prompt);
    Toned::of(Tone::Dim, "prompt ").and(Tone::Plain, cut(&prompt, (width * 2).saturating_sub(16)))
}
