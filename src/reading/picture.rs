//! Pictures from recorded bytes, which may be made to eat memory.

use std::io::Cursor;

use image::{DynamicImage, ImageReader, Limits};

/// The longest side that is decoded, in pixels.
const LONGEST: u32 = 16_384;
/// Limit of memory that decoding may take, in bytes.
const MEMORY: u64 = 512 << 20;

/// Decodes a PNG, JPEG, WebP or GIF (its first frame), whatever its name or content type says.
///
/// # Errors
/// A sentence, when the bytes are no such picture or one that is too large.
pub fn decode_picture(bytes: &[u8]) -> Result<DynamicImage, String> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|e| e.to_string())?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST);
    limits.max_image_height = Some(LONGEST);
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    reader.decode().map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_decoded_and_everything_else_is_an_error() {
        let mut png = Vec::new();
        let picture = DynamicImage::new_rgb8(3, 2);
        picture.write_to(&mut Cursor::new(&mut png), image::ImageFormat::Png).unwrap();
        assert_eq!(decode_picture(&png).unwrap().width(), 3);
        let broken = [
            &b""[..],
            b"GIF89a\xff\xff\xff\xff",
            b"\x89PNG\r\n\x1a\n",
            b"RIFF\0\0\0\0WEBPVP8 ",
            &png[..png.len() / 2],
            b"<svg/>",
        ];
        for wrong in broken {
            assert!(decode_picture(wrong).is_err());
        }
    }
}
