//! Derived views of an exchange: its decoded body, the events and the text of a streamed answer, the pictures inside,
//! and all of it as readable text.
//!
//! The recorded bytes are the truth; everything here is worked out from them again and again and never stored. All
//! functions are pure and total: whatever an upstream sent, they answer, with bounded work and without a panic.

pub(crate) mod answer_ids;
mod assembled;
pub mod contrast;
mod cost;
pub(crate) mod decoded;
pub(crate) mod events;
mod files;
mod film;
pub mod human;
pub(crate) mod jobs;
mod media;
pub(crate) mod multipart;
mod picture;
mod places;
mod pretty;
mod sanitize;
pub(crate) mod slots;
mod tokens;

pub use assembled::{added, assembled};
pub use cost::{Price, Prices, PricesError, Rate};
pub use decoded::decoded;
pub use events::{StreamEvent, events};
pub use files::{LARGE_FILE, SMALL_FILE, bounded, bounded_text, named_bytes, named_text, regular_text};
pub use film::{Film, film};
pub use media::{Medium, count_images, media};
pub use picture::decode_picture;
pub use pretty::{editable, on_one_line, pretty, pretty_up_to};
pub use sanitize::{sanitize, sanitize_json, sanitize_lines};
pub use slots::text_of;
pub use tokens::tokens;
