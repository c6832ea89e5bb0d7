//! The abilities of a terminal: pictures and colours.

/// A way to show pictures in full resolution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// No way: half-blocks only.
    #[default]
    Blocks,
    /// The kitty graphics protocol.
    Kitty,
    /// iTerm2's inline images.
    Iterm,
    /// Sixel.
    Sixel,
}

/// Count of colours that pictures may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// 24 bits.
    #[default]
    Full,
    /// The table of 256.
    Indexed,
    /// No colours.
    Mono,
}

impl Depth {
    /// The depth of the terminal that calls itself so (`TERM_PROGRAM`). Nearly all have 24 bits, and many of those do
    /// not say so, or a remote shell forgets it; so the exception is named.
    #[must_use]
    pub fn of(program: Option<&str>) -> Self {
        if program == Some("Apple_Terminal") { Self::Indexed } else { Self::Full }
    }
}
