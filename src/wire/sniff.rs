//! Content types told by the first bytes, base64 and data URIs. Nothing is decoded beyond a header.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Providers leave padding away or use the URL alphabet as they like.
const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, CONFIG);

/// The content type of a picture, sound, film or PDF.
#[must_use]
pub fn sniff(bytes: &[u8]) -> Option<&'static str> {
    let at = |offset: usize, magic: &[u8]| bytes.get(offset..).is_some_and(|rest| rest.starts_with(magic));
    let magics: [(&[u8], &str); 12] = [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xFF\xD8\xFF", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"ID3", "audio/mpeg"),
        (b"\xFF\xFB", "audio/mpeg"),
        (b"\xFF\xF3", "audio/mpeg"),
        (b"\xFF\xF2", "audio/mpeg"),
        (b"OggS", "audio/ogg"),
        (b"fLaC", "audio/flac"),
        (b"\x1A\x45\xDF\xA3", "video/webm"),
        (b"%PDF-", "application/pdf"),
    ];
    if let Some((_, content_type)) = magics.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Some(content_type);
    }
    match () {
        () if at(0, b"RIFF") && at(8, b"WEBP") => Some("image/webp"),
        () if at(0, b"RIFF") && at(8, b"WAVE") => Some("audio/wav"),
        () if at(4, b"ftypavif") => Some("image/avif"),
        () if at(4, b"ftypheic") => Some("image/heic"),
        () if at(4, b"ftypM4A") => Some("audio/mp4"),
        () if at(4, b"ftyp") => Some("video/mp4"),
        () => None,
    }
}

/// Width and height in pixels of a PNG, JPEG, GIF or WebP, from its header.
pub(crate) fn dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    let size = imagesize::blob_size(bytes).ok()?;
    Some((u32::try_from(size.width).ok()?, u32::try_from(size.height).ok()?))
}

/// Decodes base64 of either alphabet, with or without padding.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let engine = if text.contains(['-', '_']) { &URL_SAFE } else { &STANDARD };
    engine.decode(text).ok()
}

/// The content type of base64 text, from its beginning, without decoding the rest.
pub(crate) fn sniff_base64(text: &str) -> Option<&'static str> {
    let head = text.get(..64).or_else(|| text.get(..text.len() / 4 * 4))?;
    sniff(&from_base64(head)?)
}

/// The payload of a base64 data URI.
pub(crate) fn data_uri(text: &str) -> Option<&str> {
    let (kind, payload) = text.strip_prefix("data:")?.split_once(',')?;
    kind.ends_with(";base64").then_some(payload)
}

/// Length in bytes of what base64 text decodes to.
pub(crate) fn base64_len(text: &str) -> u64 {
    text.trim_end_matches('=').len() as u64 * 3 / 4
}

#[cfg(test)]
mod tests {
    use image::{ExtendedColorType, ImageEncoder as _};

    use super::*;

    #[test]
    fn headers_tell_kind_and_size() {
        let pixels = vec![9; 3 * 50 * 20];
        let mut png = Vec::new();
        image::codecs::png::PngEncoder::new(&mut png)
            .write_image(&pixels, 50, 20, ExtendedColorType::Rgb8)
            .unwrap();
        let mut jpeg = Vec::new();
        image::codecs::jpeg::JpegEncoder::new(&mut jpeg)
            .write_image(&pixels, 50, 20, ExtendedColorType::Rgb8)
            .unwrap();
        let mut webp = Vec::new();
        let encoder = image::codecs::webp::WebPEncoder::new_lossless(&mut webp);
        encoder.write_image(&pixels, 50, 20, ExtendedColorType::Rgb8).unwrap();
        for (bytes, kind) in [(png, "image/png"), (jpeg, "image/jpeg"), (webp, "image/webp")] {
            assert_eq!(sniff(&bytes), Some(kind));
            assert_eq!(dimensions(&bytes), Some((50, 20)), "{kind}");
            for len in 0..bytes.len().min(200) {
                dimensions(&bytes[..len]);
            }
        }
        assert_eq!(dimensions(b"GIF89a\x32\0\x14\0\0\0\0"), Some((50, 20)));
        assert_eq!(sniff(b"hello"), None);
    }

    #[test]
    fn base64_comes_in_many_spellings() {
        for text in ["+/8=", "+/8", "-_8=", "-_8"] {
            assert_eq!(from_base64(text), Some(vec![0xFB, 0xFF]));
        }
        assert_eq!(sniff_base64("iVBORw0KGgoAAAA"), Some("image/png"));
        assert_eq!(sniff_base64("猫猫猫猫"), None);
        assert_eq!(data_uri("data:image/png;base64,AAAA"), Some("AAAA"));
        assert_eq!(base64_len("AAAA") + base64_len("AA=="), 4);
    }
}
