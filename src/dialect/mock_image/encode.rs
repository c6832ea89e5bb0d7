//! Pictures as files.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder as _, RgbaImage};

/// The form of a picture file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// PNG.
    #[default]
    Png,
    /// JPEG.
    Jpeg,
    /// WebP, without loss.
    Webp,
}

impl Format {
    /// The format of that name, as APIs and file names spell it (`png`, `jpeg`, `jpg`, `webp`).
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "png" => Some(Self::Png),
            "jpeg" | "jpg" => Some(Self::Jpeg),
            "webp" => Some(Self::Webp),
            _ => None,
        }
    }

    /// The name as APIs spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Webp => "webp",
        }
    }

    /// The content type.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }
}

/// `picture` as a file. `compression` is OpenAI's `output_compression`: the quality of a JPEG from 0 to 100; other
/// formats are without loss and do not look at it. JPEG has no transparency, so transparent parts become white there.
#[must_use]
pub fn encode(picture: &RgbaImage, format: Format, compression: u8) -> Vec<u8> {
    let (width, height) = picture.dimensions();
    let opaque = format == Format::Jpeg || picture.pixels().all(|pixel| pixel[3] == u8::MAX);
    let (pixels, color) = if opaque {
        (on_white(picture), ExtendedColorType::Rgb8)
    } else {
        (picture.as_raw().clone(), ExtendedColorType::Rgba8)
    };
    let mut file = Vec::with_capacity(pixels.len() / 4);
    // Writing to memory fails only for sides that do not fit the format; an empty file is then as good as any.
    _ = match format {
        Format::Png => PngEncoder::new_with_quality(&mut file, CompressionType::Fast, FilterType::Up)
            .write_image(&pixels, width, height, color),
        Format::Jpeg => JpegEncoder::new_with_quality(&mut file, compression.clamp(1, 100))
            .write_image(&pixels, width, height, color),
        Format::Webp => WebPEncoder::new_lossless(&mut file).write_image(&pixels, width, height, color),
    };
    file
}

fn on_white(picture: &RgbaImage) -> Vec<u8> {
    let over = |channel: u8, alpha: u8| {
        let (channel, alpha) = (u16::from(channel), u16::from(alpha));
        u8::try_from((channel * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX)
    };
    let mut pixels = Vec::with_capacity(picture.as_raw().len() / 4 * 3);
    for pixel in picture.pixels() {
        let [red, green, blue, alpha] = pixel.0;
        if alpha == u8::MAX {
            pixels.extend_from_slice(&[red, green, blue]);
        } else {
            pixels.extend_from_slice(&[over(red, alpha), over(green, alpha), over(blue, alpha)]);
        }
    }
    pixels
}
