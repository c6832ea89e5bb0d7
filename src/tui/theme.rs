//! Looks: what a tone, a border or an outcome looks like on a dark, light or colourless screen.

use ratatui::style::{Color, Modifier, Style};

use super::line::Tone;
pub use crate::terminal::Depth;

/// Which look is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    /// Dark, unless the terminal says that its background is light.
    #[default]
    Auto,
    /// For dark backgrounds.
    Dark,
    /// For light backgrounds.
    Light,
    /// No colours at all.
    Mono,
}

/// The look in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    look: Look,
    /// How many colours pictures may use.
    pub depth: Depth,
    /// Only ASCII for marks and frames.
    pub ascii: bool,
}

/// The colours of one look, from the table of 256 that every terminal has.
struct Palette {
    dim: u8,
    frame: u8,
    accent: u8,
    selected: u8,
    good: u8,
    warning: u8,
    bad: u8,
    made: u8,
    live: u8,
    key: u8,
    text: u8,
    number: u8,
}

const DARK: Palette = Palette {
    dim: 245,
    frame: 239,
    accent: 75,
    selected: 237,
    good: 114,
    warning: 215,
    bad: 203,
    made: 176,
    live: 80,
    key: 110,
    text: 151,
    number: 180,
};

const LIGHT: Palette = Palette {
    dim: 242,
    frame: 250,
    accent: 25,
    selected: 254,
    good: 28,
    warning: 130,
    bad: 160,
    made: 90,
    live: 30,
    key: 24,
    text: 22,
    number: 94,
};

impl Theme {
    /// The look to use. `NO_COLOR` leads to mono, whatever is asked for; `background` is the value of `COLORFGBG`.
    #[must_use]
    pub fn choose(look: Look, no_color: bool, background: Option<&str>) -> Self {
        let light = background
            .and_then(|value| value.rsplit(';').next())
            .is_some_and(|last| matches!(last, "7" | "15"));
        let look = match look {
            _ if no_color => Look::Mono,
            Look::Auto if light => Look::Light,
            Look::Auto => Look::Dark,
            look => look,
        };
        let depth = if look == Look::Mono { Depth::Mono } else { Depth::Full };
        Self { look, depth, ascii: false }
    }

    /// The same look with pictures in so many colours; without colours it stays at none.
    #[must_use]
    pub fn in_depth(mut self, depth: Depth) -> Self {
        if !self.mono() {
            self.depth = depth;
        }
        self
    }

    /// The same look with marks and frames in ASCII.
    #[must_use]
    pub fn in_ascii(mut self) -> Self {
        self.ascii = true;
        self
    }

    /// Whether there are no colours.
    #[must_use]
    pub fn mono(&self) -> bool {
        self.look == Look::Mono
    }

    /// The look of a tone.
    #[must_use]
    pub fn tone(&self, tone: Tone) -> Style {
        // In mono no cell may name a colour: crossterm drops bold and reversed along with it under NO_COLOR.
        if self.mono() {
            return match tone {
                Tone::Strong | Tone::Accent | Tone::Bad | Tone::Warning => {
                    Style::new().add_modifier(Modifier::BOLD)
                }
                Tone::Dim => Style::new().add_modifier(Modifier::DIM),
                _ => Style::new(),
            };
        }
        let palette = self.palette();
        let fg = |color: u8| Style::new().fg(Color::Indexed(color));
        match tone {
            Tone::Plain => Style::new(),
            Tone::Dim => fg(palette.dim),
            Tone::Strong => Style::new().add_modifier(Modifier::BOLD),
            Tone::Accent => fg(palette.accent),
            Tone::Key => fg(palette.key),
            Tone::Text => fg(palette.text),
            Tone::Number => fg(palette.number),
            Tone::Good => fg(palette.good),
            Tone::Warning => fg(palette.warning),
            Tone::Bad => fg(palette.bad),
        }
    }

    /// The look of an outcome's word. The word says it; the colour only helps.
    #[must_use]
    pub fn outcome(&self, word: &str) -> Style {
        if self.mono() {
            return match word {
                "MISS" | "ERR" => Style::new().add_modifier(Modifier::BOLD),
                _ => Style::new(),
            };
        }
        let palette = self.palette();
        let color = match word {
            "HIT" | "HIT~" => palette.good,
            "MISS" => palette.warning,
            "REC" => palette.accent,
            "MOCK" => palette.made,
            "LIVE" => palette.live,
            "ERR" => palette.bad,
            _ => palette.dim,
        };
        let style = Style::new().fg(Color::Indexed(color));
        if matches!(word, "MISS" | "ERR") { style.add_modifier(Modifier::BOLD) } else { style }
    }

    /// A frame; the focused one stands out.
    #[must_use]
    pub fn frame(&self, focused: bool) -> Style {
        match (self.mono(), focused) {
            (true, true) => Style::new().add_modifier(Modifier::BOLD),
            (true, false) => Style::new(),
            (false, true) => self.tone(Tone::Accent),
            (false, false) => Style::new().fg(Color::Indexed(self.palette().frame)),
        }
    }

    /// The selected row; fainter in a pane without the focus.
    #[must_use]
    pub fn selected(&self, focused: bool) -> Style {
        match (self.mono(), focused) {
            (true, true) => Style::new().add_modifier(Modifier::REVERSED),
            (true, false) => Style::new().add_modifier(Modifier::UNDERLINED),
            (false, _) => Style::new().bg(Color::Indexed(self.palette().selected)),
        }
    }

    /// A title; the focused pane's is bold.
    #[must_use]
    pub fn title(&self, focused: bool) -> Style {
        if focused { self.tone(Tone::Accent).add_modifier(Modifier::BOLD) } else { self.tone(Tone::Dim) }
    }

    /// A mark, or what stands for it in ASCII.
    #[must_use]
    pub fn mark(&self, mark: &'static str, ascii: &'static str) -> &'static str {
        if self.ascii { ascii } else { mark }
    }

    fn palette(&self) -> &'static Palette {
        if self.look == Look::Light { &LIGHT } else { &DARK }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_color_wins_and_the_background_decides_auto() {
        assert!(Theme::choose(Look::Dark, true, None).mono());
        assert_eq!(Theme::choose(Look::Auto, false, Some("0;15")).look, Look::Light);
        assert_eq!(Theme::choose(Look::Auto, false, Some("15;0")).look, Look::Dark);
        assert_eq!(Theme::choose(Look::Auto, false, None).look, Look::Dark);
    }
}
