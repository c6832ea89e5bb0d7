//! The state of the detail pane: what it is about, what of that has arrived, and how far it is scrolled.

use std::sync::Arc;

use super::text_search::TextSearch;
use crate::model::RecordingId;
use crate::tui::content::page::{DetailPage, ExchangePages};
use crate::tui::content::subject::DetailSubject;
use crate::tui::content::text::BodyForm;
use crate::tui::protocol::effect::Effect;
use crate::tui::protocol::job::{DetailPreview, OpenedPart, ScaleJob};
use crate::tui::widgets::line::Toned;
use crate::tui::widgets::picture::ScaledPicture;

/// The state of the detail pane.
#[derive(Debug, Default)]
pub struct DetailPane {
    /// The exchange that it shows; `None` where nothing is selected.
    pub subject: Option<DetailSubject>,
    /// The page in front.
    pub page: DetailPage,
    /// True if somebody chose the page; until then a recording shows its picture first, if it holds one.
    chosen: bool,
    /// The content, once it has arrived.
    pub pages: Option<Arc<ExchangePages>>,
    /// True if the content was asked for and did not arrive yet.
    pub loading: bool,
    /// The lines of the page in front, wrapped; those of a picture are elsewhere.
    pub lines: Arc<[Toned]>,
    /// The first visible line.
    pub scroll: usize,
    /// The form in which bodies are shown.
    pub form: BodyForm,
    /// Columns scrolled out at the left; `None` where long lines are wrapped.
    pub sideways: Option<usize>,
    /// The search for words in it.
    pub search: TextSearch,
    /// The picture that is shown.
    pub picture: ShownPicture,
    generation: u64,
    /// Counts what changes the lines.
    revision: u64,
    stale: bool,
    /// The revision, page, width and wrapping that the lines were made of.
    composed: Option<(u64, DetailPage, usize, bool)>,
}

/// The picture of an answer that is shown.
#[derive(Debug, Default)]
pub struct ShownPicture {
    /// The index of the picture.
    pub index: usize,
    /// The pixels, once they have arrived, or why there are none.
    pub scaled: Option<ScaledPicture>,
    /// True if it fills the screen.
    pub full_screen: bool,
    /// The picture and the cells that it was asked for with.
    requested: Option<(usize, (u16, u16))>,
}

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
                search: std::mem::take(&mut self.search).from_the_top(),
                picture: ShownPicture { full_screen: self.picture.full_screen, ..ShownPicture::default() },
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

    /// Loads the content anew: the exchange changed.
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
            self.picture.requested = None;
            self.picture.scaled = None;
        }
        self.picture.index =
            self.picture.index.min(pages.as_ref().map_or(0, |pages| pages.pictures.len().saturating_sub(1)));
        let pictured = pages.as_ref().is_some_and(|pages| !pages.pictures.is_empty());
        if self.pages.is_none() && matches!(self.subject, Some(DetailSubject::Recording(_))) {
            self.open_at(if pictured { DetailPage::Image } else { DetailPage::default() });
        }
        self.pages = pages;
        self.revision += 1;
    }

    /// Asks for the picture in so many cells, if it is not here and not asked for.
    pub fn scale(&mut self, cells: (u16, u16)) -> Option<Effect> {
        let picture = self.pages.as_ref()?.pictures.get(self.picture.index)?.clone();
        let wanted = (self.picture.index, cells);
        if self.picture.requested == Some(wanted) || cells.0 == 0 || cells.1 == 0 {
            return None;
        }
        if self.picture.requested.is_some_and(|(at, _)| at != self.picture.index) {
            self.picture.scaled = None;
        }
        self.picture.requested = Some(wanted);
        self.generation += 1;
        Some(Effect::Scale(ScaleJob { generation: self.generation, picture, cells }))
    }

    /// Takes the picture, unless another was asked for since.
    pub fn scaled(&mut self, generation: u64, picture: ScaledPicture) {
        if generation == self.generation {
            self.picture.scaled = Some(picture);
        }
    }

    /// The number of pictures.
    #[must_use]
    pub fn pictures(&self) -> usize {
        self.pages.as_ref().map_or(0, |pages| pages.pictures.len())
    }

    /// Turns to the next picture, or the one before.
    pub fn leaf(&mut self, forward: bool) {
        let count = self.pictures();
        if count > 0 {
            self.picture.index = (self.picture.index + if forward { 1 } else { count - 1 }) % count;
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

    /// True if the lines are not those of the newest content at this width; they are then taken to be.
    pub fn must_compose(&mut self, width: usize) -> bool {
        let now = Some((self.revision, self.page, width, self.sideways.is_some()));
        let must = self.composed != now;
        self.composed = now;
        must
    }

    /// Content for an overlay that shows it elsewhere.
    #[must_use]
    pub fn preview(&self) -> DetailPreview {
        DetailPreview {
            lines: Arc::clone(&self.lines),
            pictures: self.pictures(),
            scaled: self.picture.scaled.clone(),
        }
    }

    /// The lines from the first visible one on.
    #[must_use]
    pub fn visible_lines(&self) -> &[Toned] {
        self.lines.get(self.scroll..).unwrap_or_default()
    }

    /// Takes new lines, in which a search looks anew.
    pub fn set_lines(&mut self, lines: Vec<Toned>) {
        self.lines = lines.into();
        self.search.look(&self.lines);
    }

    /// True if it is about this recording, or a call that this recording answered.
    #[must_use]
    pub fn shows(&self, id: &RecordingId) -> bool {
        match &self.subject {
            Some(DetailSubject::Recording(shown)) => shown == id,
            Some(DetailSubject::Call(_, recording)) => recording.as_ref() == Some(id),
            None => false,
        }
    }

    /// The field of the picture that is shown of a recording; `None` where there is only one, or none is.
    #[must_use]
    pub fn picture_field(&self, id: &RecordingId) -> Option<String> {
        let pages = self.pages.as_ref()?;
        let here = self.subject == Some(DetailSubject::Recording(id.clone())) && pages.pictures.len() > 1;
        pages.pictures.get(self.picture.index).filter(|_| here).map(|picture| picture.field.clone())
    }

    /// The part of the exchange to open in another program: the one that is shown, if it is.
    #[must_use]
    pub fn opened_part(&self, shown: bool) -> OpenedPart {
        let pages = self.pages.as_ref().filter(|_| shown);
        let picture = pages.and_then(|pages| pages.pictures.get(self.picture.index)).cloned();
        let plays = pages.is_some_and(|pages| !pages.media.is_empty());
        match (self.page, picture) {
            (DetailPage::Request, _) if shown => OpenedPart::Request,
            // The picture of a film stands for it.
            (DetailPage::Image, Some(picture)) if !plays => OpenedPart::Picture(picture),
            _ if plays => OpenedPart::Medium(0),
            _ => OpenedPart::Response,
        }
    }
}
