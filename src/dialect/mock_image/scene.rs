//! The parts of a picture, thrown from a seed.

use crate::dialect::mock_image::palette::{Color, Palette};
use crate::dialect::seeded_rng::SeededRng;

/// The elements of the picture, in fractions of its height.
pub(crate) struct Scene {
    pub(crate) palette: &'static Palette,
    pub(crate) dice: SeededRng,
    pub(crate) light: Light,
    pub(crate) land: Land,
    /// Height of the waterline; `None` in scenes without a lake.
    pub(crate) shore: Option<f32>,
}

/// The sun or the moon.
pub(crate) struct Light {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) radius: f32,
    pub(crate) form: LightForm,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum LightForm {
    Disc,
    /// A disc that bars of sky cross, wider towards the horizon.
    Barred,
    Crescent,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Land {
    Hills,
    Peaks,
    Dunes,
}

/// One range of hills, as wide as the picture.
pub(crate) struct HillLayer {
    /// Upper edge in each column, in pixels from the top.
    pub(crate) tops: Vec<f32>,
    /// Depth of the snow in each column, in pixels.
    pub(crate) snow: Vec<f32>,
    /// Colors by distance from its top, over [`Layer::FADE`] of the height.
    pub(crate) colors: Vec<Color>,
}

impl HillLayer {
    pub(crate) const STEPS: usize = 128;
    pub(crate) const FADE: f32 = 0.45;
}
