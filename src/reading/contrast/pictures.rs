//! The likeness of two pictures.

use bytes::Bytes;
use image::imageops::FilterType;
use image::{DynamicImage, GrayImage, Rgb, RgbImage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::side::Side;
use crate::model::{Hash, Response};
use crate::reading::events::events;
use crate::reading::media::media;
use crate::reading::picture::decode_picture;
use crate::wire::sniff::{dimensions, sniff};

/// Limit of pairs that are compared: each is decoded in full.
const PAIRS: usize = 8;
/// The longest side at which pictures are compared, in pixels.
const SIDE: u32 = 256;
/// Side of the squares in which structure is compared, in pixels.
const SQUARE: u32 = 8;

/// Two pictures that stand at the same place of two answers; one is missing where the other answer has more.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PictureContrast {
    /// The first one.
    pub before: Option<PictureFacts>,
    /// The second one.
    pub after: Option<PictureFacts>,
    /// Likeness of the two; `None` where one is missing or cannot be decoded.
    pub likeness: Option<Likeness>,
    /// The reason why two pictures have no likeness.
    pub problem: Option<String>,
    /// Map of the differences: the first picture in grey, the rest of the second in red, at most 256 pixels wide and
    /// high.
    #[serde(skip)]
    pub map: Option<RgbImage>,
}

/// Facts about a picture that is not looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PictureFacts {
    /// The field of the answer that holds it.
    pub field: String,
    /// The content type by its first bytes (`image/png`).
    pub content_type: String,
    /// Width and height in pixels, when its header says so.
    pub dimensions: Option<(u32, u32)>,
    /// Length in bytes.
    #[serde(rename = "size_bytes")]
    pub size: u64,
    /// SHA-256.
    pub hash: Hash,
}

/// Likeness of two pictures, in brightness and at the same size. Transparent pixels count as white.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Likeness {
    /// Structural similarity, the mean over squares of 8 pixels: 1 is the same, 0 has nothing in common.
    pub structure: f64,
    /// Mean difference of brightness: 0 is the same, 1 is black and white.
    pub difference: f64,
    /// Count of places, of 64, in which the difference hashes differ: up to about 10 is the same motif.
    pub hash_distance: u32,
}

/// The pictures of both answers in pairs, and how many pairs were not looked at.
pub(super) fn contrasts(before: &Side<'_>, after: &Side<'_>) -> (Vec<PictureContrast>, usize) {
    let (before, after) = (pictures(before), pictures(after));
    let count = before.len().max(after.len());
    let pairs = (0..count.min(PAIRS)).map(|nth| match (before.get(nth), after.get(nth)) {
        (Some(before), Some(after)) => contrast_pictures(before, after),
        (before, after) => PictureContrast {
            before: before.map(facts),
            after: after.map(facts),
            likeness: None,
            problem: None,
            map: None,
        },
    });
    (pairs.collect(), count.saturating_sub(PAIRS))
}

/// Likeness of two pictures, each with the field that holds it.
#[must_use]
pub fn contrast_pictures(before: &(String, Bytes), after: &(String, Bytes)) -> PictureContrast {
    let (likeness, problem, map) = match small(&before.1, None) {
        Err(problem) => (None, Some(format!("the first picture: {problem}")), None),
        Ok(one) => match small(&after.1, Some(one.dimensions())) {
            Err(problem) => (None, Some(format!("the second picture: {problem}")), None),
            Ok(other) => (Some(likeness(&one, &other)), None, Some(map(&one, &other))),
        },
    };
    PictureContrast { before: Some(facts(before)), after: Some(facts(after)), likeness, problem, map }
}

/// The pictures of an answer, linked ones last, without steps towards one that is there too.
fn pictures(side: &Side<'_>) -> Vec<(String, Bytes)> {
    let all = media(side.response).into_iter().filter(|medium| medium.content_type.starts_with("image/"));
    let all: Vec<_> = all.map(|medium| (medium.field, medium.bytes)).collect();
    let steps = steps(side.response);
    let whole: Vec<_> = all.iter().filter(|(field, _)| !is_step(field, &steps)).cloned().collect();
    let mut pictures = if whole.is_empty() { all } else { whole };
    pictures.extend(side.linked.iter().cloned());
    pictures
}

/// The numbers of events that hold a step towards a picture.
fn steps(response: &Response) -> Vec<usize> {
    let named = events(response).into_iter().map(|event| event.name.unwrap_or_default());
    let steps = named.enumerate().filter(|(_, name)| name.ends_with("partial_image"));
    steps.map(|(number, _)| number).collect()
}

fn is_step(field: &str, steps: &[usize]) -> bool {
    let number = field.strip_prefix("event ").and_then(|rest| rest.split(' ').next()?.parse().ok());
    number.is_some_and(|number| steps.contains(&number)) || field.ends_with("/partial_image_b64")
}

fn facts((field, bytes): &(String, Bytes)) -> PictureFacts {
    PictureFacts {
        field: field.clone(),
        content_type: sniff(bytes).unwrap_or("application/octet-stream").to_owned(),
        dimensions: dimensions(bytes),
        size: bytes.len() as u64,
        hash: Hash::of(bytes),
    }
}

/// The picture's brightness, at the given size or at one that fits.
fn small(bytes: &[u8], size: Option<(u32, u32)>) -> Result<GrayImage, String> {
    let picture = decode_picture(bytes)?;
    if picture.width() == 0 || picture.height() == 0 {
        return Err("it has no pixels".into());
    }
    let (width, height) = size.unwrap_or_else(|| {
        let longest = picture.width().max(picture.height()).max(SIDE);
        let scaled = |side: u32| (side * SIDE).div_ceil(longest).max(1);
        (scaled(picture.width()), scaled(picture.height()))
    });
    // A first cheap pass keeps the good filter away from millions of pixels.
    let large = picture.width() > width * 4 || picture.height() > height * 4;
    let rough = if large { picture.thumbnail_exact(width * 4, height * 4) } else { picture };
    let scaled = rough.resize_exact(width, height, FilterType::Triangle);
    Ok(on_white(&scaled))
}

pub(super) fn on_white(picture: &DynamicImage) -> GrayImage {
    let pixels = picture.to_luma_alpha8();
    GrayImage::from_fn(pixels.width(), pixels.height(), |x, y| {
        let [bright, alpha] = pixels.get_pixel(x, y).0.map(u16::from);
        let shown = (bright * alpha + 255 * (255 - alpha)) / 255;
        image::Luma([u8::try_from(shown).unwrap_or(u8::MAX)])
    })
}

fn likeness(one: &GrayImage, other: &GrayImage) -> Likeness {
    let pairs = || one.pixels().zip(other.pixels()).map(|(a, b)| (f64::from(a.0[0]), f64::from(b.0[0])));
    let count = f64::from(one.width()) * f64::from(one.height());
    let difference = pairs().map(|(a, b)| (a - b).abs()).sum::<f64>() / (255.0 * count);
    let distance = (difference_hash(one) ^ difference_hash(other)).count_ones();
    Likeness { structure: structure(one, other), difference, hash_distance: distance }
}

/// The mean structural similarity of squares (Wang and others, 2004), without the weights of its window.
fn structure(one: &GrayImage, other: &GrayImage) -> f64 {
    let (width, height) = one.dimensions();
    let (mut sum, mut squares) = (0.0, 0_u32);
    for top in (0..height).step_by(SQUARE as usize) {
        for left in (0..width).step_by(SQUARE as usize) {
            let rows = top..height.min(top + SQUARE);
            let places = rows.flat_map(|y| (left..width.min(left + SQUARE)).map(move |x| (x, y)));
            sum += square(places.map(|(x, y)| (bright(one, x, y), bright(other, x, y))));
            squares += 1;
        }
    }
    (sum / f64::from(squares.max(1))).clamp(0.0, 1.0)
}

fn square(pixels: impl Iterator<Item = (f64, f64)>) -> f64 {
    // Keep the quotient away from 0/0, as the paper has it for 8 bits.
    let (c1, c2) = ((0.01_f64 * 255.0).powi(2), (0.03_f64 * 255.0).powi(2));
    let [mut n, mut a, mut b, mut aa, mut bb, mut ab] = [0.0; 6];
    for (one, other) in pixels {
        n += 1.0;
        a += one;
        b += other;
        aa += one * one;
        bb += other * other;
        ab += one * other;
    }
    let (a, b) = (a / n, b / n);
    let (var_a, var_b, both) = (aa / n - a * a, bb / n - b * b, ab / n - a * b);
    (2.0 * a * b + c1) * (2.0 * both + c2) / ((a * a + b * b + c1) * (var_a + var_b + c2))
}

fn bright(picture: &GrayImage, x: u32, y: u32) -> f64 {
    f64::from(picture.get_pixel(x, y).0[0])
}

/// 64 bits that say where brightness falls from left to right.
pub(super) fn difference_hash(picture: &GrayImage) -> u64 {
    let tiny = image::imageops::resize(picture, 9, 8, FilterType::Triangle);
    let places = (0..8).flat_map(|y| (0..8).map(move |x| (x, y)));
    places.fold(0, |hash, (x, y)| {
        let falls = tiny.get_pixel(x, y).0[0] > tiny.get_pixel(x + 1, y).0[0];
        hash << 1 | u64::from(falls)
    })
}

fn map(one: &GrayImage, other: &GrayImage) -> RgbImage {
    RgbImage::from_fn(one.width(), one.height(), |x, y| {
        let (a, b) = (one.get_pixel(x, y).0[0], other.get_pixel(x, y).0[0]);
        let grey = a / 3;
        Rgb([grey.saturating_add(a.abs_diff(b)), grey, grey])
    })
}
