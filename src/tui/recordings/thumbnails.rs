//! The small pictures of recordings that are here, and those on their way.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use image::RgbaImage;

use crate::model::RecordingId;
use crate::reading::contrast::PerceptualHash;
use crate::tui::protocol::job::{Thumbnail, ThumbnailJob};

/// The most pictures that are kept: more than fit on any screen.
const KEPT: usize = 400;

/// The small pictures that are here.
#[derive(Debug, Default)]
pub struct Thumbnails {
    pictures: HashMap<RecordingId, Result<Arc<RgbaImage>, String>>,
    /// The oldest first.
    order: VecDeque<RecordingId>,
    /// The hashes by which look-alikes are found.
    pub looks: HashMap<RecordingId, PerceptualHash>,
    requested: HashSet<RecordingId>,
    /// The size in which they are kept.
    cells: (u16, u16),
    /// Counts what changes how pictures are stacked.
    pub revision: u64,
}

impl Thumbnails {
    /// A recording's picture, if it is here.
    #[must_use]
    pub fn get(&self, id: &RecordingId) -> Option<&Result<Arc<RgbaImage>, String>> {
        self.pictures.get(id)
    }

    /// Takes a picture; the oldest ones make room.
    pub fn take(&mut self, id: RecordingId, cells: (u16, u16), small: Thumbnail) {
        if cells != self.cells {
            return;
        }
        self.requested.remove(&id);
        if let Ok((_, look)) = &small {
            let before = self.looks.insert(id.clone(), *look);
            self.revision += u64::from(before != Some(*look));
        }
        if self.pictures.insert(id.clone(), small.map(|(picture, _)| picture)).is_none() {
            self.order.push_back(id);
        }
        while self.order.len() > KEPT {
            if let Some(oldest) = self.order.pop_front() {
                self.pictures.remove(&oldest);
            }
        }
    }

    /// The answer may be another one now.
    pub fn forget(&mut self, id: &RecordingId) {
        if self.pictures.remove(id).is_some() {
            self.order.retain(|known| known != id);
        }
        self.looks.remove(id);
        self.requested.remove(id);
    }

    /// Asks for those of the visible ones that are not here; nothing while all of them are on their way.
    pub fn job(
        &mut self,
        visible: impl Iterator<Item = RecordingId>,
        cells: (u16, u16),
    ) -> Option<ThumbnailJob> {
        if cells != self.cells {
            self.cells = cells;
            self.pictures.clear();
            self.order.clear();
            self.requested.clear();
        }
        let ids: Vec<RecordingId> = visible.filter(|id| !self.pictures.contains_key(id)).collect();
        if ids.iter().all(|id| self.requested.contains(id)) {
            return None;
        }
        // The newest wish replaces all others.
        self.requested = ids.iter().cloned().collect();
        Some(ThumbnailJob { ids, cells })
    }
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, Rgb, RgbImage};

    use super::*;
    use crate::tui::tests::world;

    const CELLS: (u16, u16) = (16, 8);

    fn look(red: u8) -> PerceptualHash {
        PerceptualHash::of(&DynamicImage::ImageRgb8(RgbImage::from_pixel(8, 8, Rgb([red, 0, 0]))))
    }

    #[test]
    fn pictures_are_asked_for_once_and_few_are_kept() {
        let mut thumbnails = Thumbnails::default();
        let id = |number: usize| world::nth_id(u32::try_from(number).unwrap());
        assert_eq!(thumbnails.job([id(1), id(2)].into_iter(), CELLS).map(|job| job.ids.len()), Some(2));
        thumbnails.take(id(1), CELLS, Err("broken".into()));
        assert_eq!(thumbnails.job([id(1), id(2)].into_iter(), CELLS), None, "it is on its way");
        assert_eq!(
            thumbnails.job([id(2), id(3)].into_iter(), CELLS).map(|job| job.ids),
            Some(vec![id(2), id(3)])
        );
        for number in 0..KEPT + 10 {
            thumbnails.take(id(number), CELLS, Ok((Arc::new(RgbaImage::new(1, 1)), look(1))));
        }
        assert_eq!((thumbnails.pictures.len(), thumbnails.order.len()), (KEPT, KEPT));
        assert!(thumbnails.get(&id(1)).is_none() && thumbnails.get(&id(KEPT)).is_some());
    }
}
