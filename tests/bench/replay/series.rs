//! What is sent besides the recorded requests.

use crate::shared::load::Series;
use crate::shared::stock::body;

/// The recorded requests, each with a cosmetic field of its own, which is the same whenever it comes again.
pub(super) fn cosmetic() -> Series {
    Series::of("200", |at| body(at, "0.2", &format!(r#","user":"user-{at}""#)))
}
