//! The state of the detail pane: what it is about, what of that has arrived, and how far it is scrolled.

use std::sync::Arc;

use image::RgbaImage;

use super::text_search::TextSearch;
use crate::tui::content::page::{DetailPage, ExchangePages};
use crate::tui::content::subject::DetailSubject;
use crate::tui::content::text::BodyForm;
use crate::tui::protocol::effect::{Effect, ScaleJob};
use crate::tui::widgets::line::Toned;

/// What the detail pane shows.
#[derive(Debug, Default)]
pub struct DetailPane {
    /// What it is about.
    pub subject: Option<DetailSubject>,
    /// The sub-tab.
    pub page: DetailPage,
    /// Whether somebody chose the sub-tab; until then a recording shows its picture first, if it holds one.
    chosen: bool,
    /// Its content, once it has arrived.
    pub pages: Option<Arc<ExchangePages>>,
    /// Whether the content was asked for and did not arrive yet.
    pub loading: bool,
    /// The sub-tab's lines, wrapped; those of a picture are elsewhere.
    pub lines: Vec<Toned>,
    /// The first visible line.
    pub scroll: usize,
    /// How bodies are shown.
    pub form: BodyForm,
    /// Columns that are scrolled out at the left; none where long lines are wrapped.
    pub sideways: Option<usize>,
    /// What is looked for in it.
    pub search: TextSearch,
    /// The line that was found last.
    pub search_at: Option<usize>,
    /// Which picture, from 0.
    pub picture: usize,
    /// The picture, once it has arrived, or why there is none.
    pub scaled: Option<ScaledPicture>,
    generation: u64,
    /// Counts what changes the lines.
    revision: u64,
    stale: bool,
    composed: Option<(u64, DetailPage, usize, bool)>,
    asked: Option<(usize, (u16, u16))>,
}

/// A picture as it arrived: its own width and height, and the pixels to paint.
pub type ScaledPicture = Result<((u32, u32), Arc<RgbaImage>), String>;

impl DetailPane {
    /// Turns to something else, or stays. What was shown of another subject is gone at once.
    pub fn turn_to(&mut self, subject: Option<DetailSubject>) {
        let same = match (&self.subject, &subject) {
            (Some(DetailSubject::Call(before, _)), Some(DetailSubject::Call(after, _))) => before == after,
            (before, after) => before == after,
        };
        if self.subject != subject {
            self.stale = true;
            self.revision += 1;
        }
        if !same {
            *self = Self {
                page: self.page,
                chosen: self.chosen,
                // How somebody reads stays; how much of one body, does not.
                form: BodyForm { view: self.form.view, whole: false },
                sideways: self.sideways.map(|_| 0),
                search: std::mem::take(&mut self.search),
                generation: self.generation,
                revision: self.revision,
                stale: true,
                ..Self::default()
            };
        }
        self.subject = subject;
        if !self.page.fits(self.subject.as_ref()) {
            self.page = DetailPage::default();
        }
    }

    /// The lines are to be made anew, of what is known.
    pub fn recompose(&mut self) {
        self.revision += 1;
    }

    /// Opens at this sub-tab, unless somebody chose one.
    pub fn open_at(&mut self, page: DetailPage) {
        if !self.chosen && self.page != page {
            self.page = page;
            self.scroll = 0;
        }
    }

    /// Shows the next sub-tab that there is, or the one before.
    pub fn turn(&mut self, forward: bool) {
        let mut page = self.page.neighbour(forward);
        if !page.fits(self.subject.as_ref()) {
            page = page.neighbour(forward);
        }
        self.show(page);
    }

    /// What it is about has changed.
    pub fn refresh(&mut self) {
        self.stale = true;
        self.revision += 1;
    }

    /// Shows bodies in another form.
    pub fn reform(&mut self, form: BodyForm) {
        if self.form != form {
            // Another way of showing it has other lines; more of it has the same.
            if self.form.view != form.view {
                self.scroll = 0;
            }
            self.form = form;
            self.refresh();
        }
    }

    /// Asks for the content, if what is here is not the newest.
    pub fn load(&mut self) -> Option<Effect> {
        let subject = self.subject.clone().filter(|_| self.stale)?;
        self.stale = false;
        self.loading = self.pages.is_none();
        self.generation += 1;
        Some(Effect::Load { generation: self.generation, subject, form: self.form })
    }

    /// Takes the content, unless newer content was asked for since.
    pub fn loaded(&mut self, generation: u64, pages: Option<Arc<ExchangePages>>) {
        if generation != self.generation {
            return;
        }
        self.loading = false;
        if self.pages.as_ref().map(|pages| &pages.pictures) != pages.as_ref().map(|pages| &pages.pictures) {
            self.asked = None;
            self.scaled = None;
        }
        self.picture =
            self.picture.min(pages.as_ref().map_or(0, |pages| pages.pictures.len().saturating_sub(1)));
        let pictured = pages.as_ref().is_some_and(|pages| !pages.pictures.is_empty());
        if self.pages.is_none() && matches!(self.subject, Some(DetailSubject::Recording(_))) {
            self.open_at(if pictured { DetailPage::Image } else { DetailPage::default() });
        }
        self.pages = pages;
        self.revision += 1;
    }

    /// Asks for the picture in so many cells, if it is not here and not asked for.
    pub fn scale(&mut self, cells: (u16, u16)) -> Option<Effect> {
        let picture = self.pages.as_ref()?.pictures.get(self.picture)?.clone();
        let wanted = (self.picture, cells);
        if self.asked == Some(wanted) || cells.0 == 0 || cells.1 == 0 {
            return None;
        }
        if self.asked.is_some_and(|(at, _)| at != self.picture) {
            self.scaled = None;
        }
        self.asked = Some(wanted);
        self.generation += 1;
        Some(Effect::Scale(ScaleJob { generation: self.generation, picture, cells }))
    }

    /// Takes the picture, unless another was asked for since.
    pub fn scaled(&mut self, generation: u64, picture: ScaledPicture) {
        if generation == self.generation {
            self.scaled = Some(picture);
        }
    }

    /// How many pictures there are.
    #[must_use]
    pub fn pictures(&self) -> usize {
        self.pages.as_ref().map_or(0, |pages| pages.pictures.len())
    }

    /// Turns to the next picture, or the one before.
    pub fn leaf(&mut self, forward: bool) {
        let count = self.pictures();
        if count > 0 {
            self.picture = (self.picture + if forward { 1 } else { count - 1 }) % count;
        }
    }

    /// Shows another sub-tab.
    pub fn show(&mut self, page: DetailPage) {
        self.chosen = true;
        if self.page != page {
            self.page = page;
            self.scroll = 0;
            self.sideways = self.sideways.map(|_| 0);
        }
    }

    /// Scrolls by lines, on a pane of this height.
    pub fn scroll_by(&mut self, by: isize, height: usize) {
        self.scroll = self.scroll.saturating_add_signed(by);
        self.keep_in(height);
    }

    /// Keeps the last line at the bottom of the pane, not above it.
    pub fn keep_in(&mut self, height: usize) {
        self.scroll = self.scroll.min(self.lines.len().saturating_sub(height));
    }

    /// Whether the lines are not those of the newest content at this width; they are then taken to be.
    pub fn must_compose(&mut self, width: usize) -> bool {
        let now = Some((self.revision, self.page, width, self.sideways.is_some()));
        let must = self.composed != now;
        self.composed = now;
        must
    }
}
