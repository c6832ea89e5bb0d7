//! Work for the workers, and what it is about.

use std::sync::Arc;

use image::RgbaImage;

use crate::engine::ExchangeRef;
use crate::model::RecordingId;
use crate::reading::contrast::PerceptualHash;
use crate::tui::content::text::AnswerPicture;
use crate::tui::widgets::line::Toned;
use crate::tui::widgets::picture::ScaledPicture;

/// The source to load an exchange from. The second id is the recording to fall back to when the call's own exchange is
/// no longer in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangeSource(pub ExchangeRef, pub Option<RecordingId>);

/// A part of an exchange that is opened in another program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenedPart {
    /// The request's body.
    Request,
    /// The response's body.
    Response,
    /// A picture of the answer.
    Picture(AnswerPicture),
    /// The sound or film with this index.
    Medium(usize),
}

/// A picture to scale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScaleJob {
    /// Comes back with the answer; only the newest counts.
    pub generation: u64,
    /// The picture.
    pub picture: AnswerPicture,
    /// Columns and rows of the place for it.
    pub cells: (u16, u16),
}

/// Two pictures to scale beside each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairJob {
    /// Comes back with the answer; only the newest counts.
    pub generation: u64,
    /// The exchanges, and the field of each answer that holds the picture; `None` where an answer has fewer pictures.
    pub sides: [(ExchangeSource, Option<String>); 2],
    /// Columns and rows of the place for each.
    pub cells: (u16, u16),
    /// True if the second one is to show where the two differ.
    pub map: bool,
}

/// Recordings whose first pictures are to be made small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThumbnailJob {
    /// The recordings, the most urgent first.
    pub ids: Vec<RecordingId>,
    /// Columns and rows of the place for each.
    pub cells: (u16, u16),
}

/// A small picture, and the hash by which look-alikes are found; or why there is none.
pub type Thumbnail = Result<(Arc<RgbaImage>, PerceptualHash), String>;

/// The detail pane's content, for an overlay that shows it elsewhere.
#[derive(Clone, Debug, Default)]
pub struct DetailPreview {
    /// The lines of the page in front.
    pub lines: Arc<[Toned]>,
    /// The number of pictures.
    pub pictures: usize,
    /// The picture, once it is scaled.
    pub scaled: Option<ScaledPicture>,
}
