//! The look of a picture in a few bytes, to find those that look nearly the same.

use image::DynamicImage;

use super::pictures::{difference_hash, on_white};

/// Limit of differing places, of 64, in the difference hashes of nearly equal pictures.
const NEAR: u32 = 5;
/// Limit of the distance of their mean colours, of 255.
const SHADE: u8 = 12;

/// The look of a picture: the places where brightness falls, and the mean colour, as the first say nothing of plain
/// ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerceptualHash {
    hash: u64,
    mean: [u8; 3],
}

impl PerceptualHash {
    /// The look of `picture`.
    #[must_use]
    pub fn of(picture: &DynamicImage) -> Self {
        // A cheap pass keeps the good filter away from millions of pixels.
        let small = picture.thumbnail_exact(72, 64);
        let pixels = small.to_rgb8();
        let count = u64::from(pixels.width()) * u64::from(pixels.height());
        let mean = |nth: usize| {
            let sum: u64 = pixels.pixels().map(|pixel| u64::from(pixel.0[nth])).sum();
            u8::try_from(sum / count.max(1)).unwrap_or(u8::MAX)
        };
        Self { hash: difference_hash(&on_white(&small)), mean: [mean(0), mean(1), mean(2)] }
    }

    /// True if two pictures look nearly the same.
    #[must_use]
    pub fn is_near(self, other: Self) -> bool {
        let shades = self.mean.iter().zip(other.mean).all(|(one, other)| one.abs_diff(other) <= SHADE);
        shades && (self.hash ^ other.hash).count_ones() <= NEAR
    }
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;

    fn look(pixel: impl Fn(u32, u32) -> [u8; 3], side: u32) -> PerceptualHash {
        PerceptualHash::of(&DynamicImage::ImageRgb8(RgbImage::from_fn(side, side, |x, y| {
            Rgb(pixel(x * 255 / side, y * 255 / side))
        })))
    }

    fn byte(value: u32) -> u8 {
        u8::try_from(value.min(255)).unwrap()
    }

    #[test]
    fn the_same_motif_is_near_at_any_size_and_plain_ones_only_in_the_same_colour() {
        let disc = |x: u32, y: u32| {
            if x.abs_diff(128).pow(2) + y.abs_diff(128).pow(2) < 6_000 {
                [240, 200, byte(x)]
            } else {
                [30, 40, 90]
            }
        };
        let brighter = |x: u32, y: u32| disc(x, y).map(|value| value.saturating_add(6));
        assert!(look(disc, 256).is_near(look(disc, 100)));
        assert!(look(disc, 256).is_near(look(brighter, 256)));
        assert!(!look(disc, 256).is_near(look(|x, y| disc(255 - x, y).map(|value| 255 - value), 256)));
        assert!(!look(|_, _| [200, 0, 0], 64).is_near(look(|_, _| [0, 0, 200], 64)));
        assert!(!look(|x, _| [byte(x); 3], 64).is_near(look(|x, _| [byte(255 - x); 3], 64)));
    }
}
