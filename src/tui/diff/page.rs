//! The sub-tabs of a difference.

use crate::engine::Diff;
use crate::reading::contrast::{BodyContrast, PictureContrast};

/// A sub-tab of the difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DiffPage {
    /// The requests, field by field, and what would make them match.
    #[default]
    Request,
    /// Status and body of the answers.
    Response,
    /// The headers of both.
    Headers,
    /// The texts of the answers, and their timing.
    Text,
    /// Pictures.
    Image,
}

impl DiffPage {
    /// All sub-tabs in order.
    pub const ALL: [Self; 5] = [Self::Request, Self::Response, Self::Headers, Self::Text, Self::Image];

    /// The title where room is short.
    #[must_use]
    pub fn short(self) -> &'static str {
        match self {
            Self::Request => "Req",
            Self::Response => "Resp",
            Self::Headers => "Head",
            Self::Image => "Img",
            Self::Text => "Text",
        }
    }

    /// The title.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Request => "Request",
            Self::Response => "Response",
            Self::Headers => "Headers",
            Self::Text => "Text",
            Self::Image => "Image",
        }
    }

    /// The number of changes of its kind.
    #[must_use]
    pub fn count(self, diff: &Diff) -> usize {
        let contrast = &diff.contrast;
        match self {
            Self::Request => diff.changes.len(),
            Self::Response => {
                usize::from(contrast.status.is_some())
                    + usize::from(!matches!(contrast.body, BodyContrast::Same(_)))
            }
            Self::Headers => contrast.request_headers.len() + contrast.response_headers.len(),
            Self::Text => usize::from(contrast.text.is_some()),
            Self::Image => contrast.pictures.iter().filter(|pair| !same(pair)).count(),
        }
    }

    /// The page after this one, or before.
    #[must_use]
    pub fn neighbour(self, forward: bool) -> Self {
        let at = Self::ALL.iter().position(|page| *page == self).unwrap_or(0);
        let by = if forward { 1 } else { Self::ALL.len() - 1 };
        Self::ALL[(at + by) % Self::ALL.len()]
    }
}

/// True if both hold the same bytes.
pub(crate) fn same(pair: &PictureContrast) -> bool {
    matches!((&pair.before, &pair.after), (Some(before), Some(after)) if before.hash == after.hash)
}
