//! `POST /images/generations`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::{RgbaImage, imageops};
use serde_json::{Value, json};

use super::mock_request::{MockRefusal, MockRequest, stream, tokens, whole};
use crate::dialect::mock_image::{Format, encode, paint};
use crate::model::{Hash, Response};

/// The longest side, and the most pixels of one answer: what can be painted while a client waits.
const SIDE: u32 = 4096;
const PIXELS: u64 = 32 << 20;

/// Answers a request for pictures.
pub(super) fn mock(ask: &MockRequest, base: &str) -> Result<Response, MockRefusal> {
    let order = ImageOrder::of(ask)?;
    let mut dice = ask.dice(10);
    let ready = Duration::from_millis(dice.whole(2_000, 6_000).unsigned_abs());
    if ask.flag("stream") {
        return Ok(stream(&ask.dice, order.events(ask, ready)));
    }
    let linked = |picture| json!({ "url": format!("{base}/__retake/media/{picture}") });
    let inline = |picture: &MockPicture| json!({ "b64_json": picture.base64() });
    let pictures = order.pictures.iter();
    let data: Vec<_> =
        if order.linked { pictures.map(linked).collect() } else { pictures.map(inline).collect() };
    let mut body = json!({ "created": ask.created(), "data": data });
    order.echo(&mut body);
    body["usage"] = order.usage();
    Ok(whole(&ask.dice, &body.to_string(), ready))
}

/// The order for pictures, with nothing left open.
struct ImageOrder {
    pictures: Vec<MockPicture>,
    linked: bool,
    partial: u64,
    quality: String,
    background: &'static str,
    prompt_tokens: u64,
}

impl ImageOrder {
    fn of(ask: &MockRequest) -> Result<Self, MockRefusal> {
        let prompt = ask.text("prompt")?.filter(|prompt| !prompt.is_empty());
        let prompt = prompt.ok_or_else(|| {
            MockRefusal::new(Some("prompt"), "Missing required parameter: 'prompt'.".into())
        })?;
        let count = ask.number("n", 1, (1, 10))?;
        let format = one_of(ask, "output_format", &["png", "jpeg", "webp"])?.unwrap_or("png");
        let background = one_of(ask, "background", &["opaque", "transparent"])?.unwrap_or("opaque");
        if (background, format) == ("transparent", "jpeg") {
            let message = "Transparent background is not supported for JPEG output format.";
            return Err(MockRefusal::new(Some("background"), message.into()));
        }
        let (width, height) = size(ask, count)?;
        let compression = u8::try_from(ask.number("output_compression", 100, (0, 100))?).unwrap_or(100);
        let picture = |number: u64| MockPicture {
            seed: seed(ask.seed, number),
            width,
            height,
            compression,
            clear: background == "transparent",
            format: Format::named(format).unwrap_or_default(),
        };
        Ok(Self {
            pictures: (0..count).map(picture).collect(),
            linked: one_of(ask, "response_format", &["b64_json", "url"])? == Some("url"),
            partial: ask.number("partial_images", 0, (0, 3))?,
            quality: ask.text("quality")?.unwrap_or("medium").into(),
            background,
            prompt_tokens: tokens(prompt),
        })
    }

    fn size(&self) -> String {
        self.pictures
            .first()
            .map_or_else(String::new, |picture| format!("{}x{}", picture.width, picture.height))
    }

    /// The fields about the pictures that the real API adds; never `auto`.
    fn echo(&self, body: &mut Value) {
        let format = self.pictures.first().map_or(Format::Png, |picture| picture.format);
        body["background"] = self.background.into();
        body["output_format"] = format.name().into();
        body["quality"] = self.quality.as_str().into();
        body["size"] = self.size().into();
    }

    fn usage(&self) -> Value {
        let square = match self.quality.as_str() {
            "low" => 272,
            "high" | "hd" => 4160,
            _ => 1056,
        };
        let pixels = |picture: &MockPicture| u64::from(picture.width) * u64::from(picture.height);
        let output: u64 =
            self.pictures.iter().map(|picture| (square * pixels(picture)).div_ceil(1 << 20)).sum();
        json!({
            "input_tokens": self.prompt_tokens,
            "output_tokens": output,
            "total_tokens": self.prompt_tokens + output,
            "input_tokens_details": { "image_tokens": 0, "text_tokens": self.prompt_tokens },
        })
    }

    /// The steps of each picture, each twice as sharp as the one before, and the picture itself.
    fn events(&self, ask: &MockRequest, ready: Duration) -> Vec<(Duration, String)> {
        let mut events = Vec::new();
        let all = u32::try_from(self.pictures.len() as u64 * (self.partial + 1)).unwrap_or(u32::MAX);
        let due = |events: &Vec<_>| ready * (u32::try_from(events.len()).unwrap_or(0) + 1) / all.max(1);
        for picture in &self.pictures {
            let sharp = picture.paint();
            for step in 0..=self.partial {
                let kind = if step < self.partial { "partial_image" } else { "completed" };
                let pixels =
                    if step < self.partial { blurred(&sharp, self.partial - step) } else { sharp.clone() };
                let file = encode(&pixels, picture.format, picture.compression);
                let kind = format!("image_generation.{kind}");
                let mut data =
                    json!({ "type": kind, "b64_json": STANDARD.encode(file), "created_at": ask.created() });
                self.echo(&mut data);
                if step < self.partial {
                    data["partial_image_index"] = step.into();
                } else {
                    data["usage"] = self.usage();
                }
                let at = due(&events);
                events.push((at, format!("event: {kind}\ndata: {data}\n\n")));
            }
        }
        events
    }
}

/// One mocked picture. Its text form is its id and holds all that is needed to paint it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MockPicture {
    seed: u64,
    width: u32,
    height: u32,
    compression: u8,
    clear: bool,
    format: Format,
}

impl MockPicture {
    pub(super) fn content_type(&self) -> &'static str {
        self.format.content_type()
    }

    pub(super) fn file(&self) -> Vec<u8> {
        encode(&self.paint(), self.format, self.compression)
    }

    fn base64(&self) -> String {
        STANDARD.encode(self.file())
    }

    fn paint(&self) -> RgbaImage {
        paint(Hash::of(&self.seed.to_be_bytes()).0, self.width, self.height, self.clear)
    }
}

/// `mock-0123456789abcdef-1024x1024-q100.png`, with `-clear` before the ending when the background is transparent.
impl fmt::Display for MockPicture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, width, height, compression, clear, format } = self;
        let clear = if *clear { "-clear" } else { "" };
        write!(f, "mock-{seed:016x}-{width}x{height}-q{compression}{clear}.{}", format.name())
    }
}

impl FromStr for MockPicture {
    type Err = ();

    fn from_str(id: &str) -> Result<Self, ()> {
        let (stem, format) = id.strip_prefix("mock-").and_then(|rest| rest.split_once('.')).ok_or(())?;
        let (stem, clear) = stem.strip_suffix("-clear").map_or((stem, false), |stem| (stem, true));
        let [seed, size, quality] = stem.split('-').collect::<Vec<_>>()[..] else { return Err(()) };
        let (width, height) = size.split_once('x').ok_or(())?;
        let picture = Self {
            seed: u64::from_str_radix(seed, 16).map_err(drop)?,
            width: width.parse().map_err(drop)?,
            height: height.parse().map_err(drop)?,
            compression: quality.strip_prefix('q').and_then(|q| q.parse().ok()).ok_or(())?,
            clear,
            format: Format::named(format).ok_or(())?,
        };
        // Anyone can ask for any id, so only those are painted that a mock can have given out.
        let fits = |side| (1..=SIDE).contains(&side);
        let small = u64::from(picture.width) * u64::from(picture.height) <= PIXELS;
        if fits(picture.width) && fits(picture.height) && small && picture.to_string() == id {
            Ok(picture)
        } else {
            Err(())
        }
    }
}

fn seed(request: Hash, number: u64) -> u64 {
    let hash = Hash::of(&[&request.0[..], &number.to_be_bytes()].concat());
    hash.0[..8].iter().fold(0, |seed, byte| (seed << 8) | u64::from(*byte))
}

/// A text field that must be one of a few.
fn one_of(
    ask: &MockRequest,
    field: &'static str,
    allowed: &[&'static str],
) -> Result<Option<&'static str>, MockRefusal> {
    let Some(value) = ask.text(field)? else { return Ok(None) };
    let known = allowed.iter().find(|known| **known == value).copied();
    known.map(Some).ok_or_else(|| {
        let message =
            format!("Invalid value: '{value}'. The mock of '{field}' knows {}.", allowed.join(", "));
        MockRefusal::new(Some(field), message)
    })
}

/// The sides asked for, made smaller in proportion where that would be too many pixels for `count` pictures. Besides
/// `WxH` there is the `2K` of models that choose the proportions themselves.
fn size(ask: &MockRequest, count: u64) -> Result<(u32, u32), MockRefusal> {
    let text = ask.text("size")?.unwrap_or("1024x1024");
    let sides = match text {
        "1K" => Some((1024, 1024)),
        "2K" => Some((2048, 2048)),
        "4K" => Some((SIDE, SIDE)),
        _ => {
            text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)))
        }
    };
    let Some((width @ 1.., height @ 1..)) = sides else {
        let message =
            format!("Invalid value: '{text}'. Supported are WIDTHxHEIGHT such as '1024x1024', and 'auto'.");
        return Err(MockRefusal::new(Some("size"), message));
    };
    let (mut width, mut height): (u32, u32) = (width, height);
    while width > SIDE || height > SIDE || u64::from(width) * u64::from(height) * count > PIXELS {
        (width, height) = ((width / 2).max(1), (height / 2).max(1));
    }
    Ok((width, height))
}

/// The picture as it looks `steps` steps before the end.
fn blurred(picture: &RgbaImage, steps: u64) -> RgbaImage {
    let (width, height) = picture.dimensions();
    let part = 4_u32 << steps.min(3);
    let small = imageops::thumbnail(picture, (width / part).max(1), (height / part).max(1));
    imageops::resize(&small, width, height, imageops::FilterType::Triangle)
}
