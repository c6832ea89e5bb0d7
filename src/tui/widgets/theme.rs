//! Looks: what a tone, a border or an outcome looks like on a dark, light or colourless screen.

use ratatui::style::{Color, Modifier, Style};

use super::line::Tone;
pub use crate::config::ThemeChoice;
pub use crate::terminal::Depth;

/// A file of colours that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ThemeError(String);

/// The look in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    look: ThemeChoice,
    palette: ThemeColors,
    /// The colours that pictures may use.
    pub depth: Depth,
    /// Only ASCII for marks and frames.
    pub ascii: bool,
}

/// The colours of one look; those that are built in come from the table of 256 that every terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ThemeColors {
    dim: Color,
    frame: Color,
    accent: Color,
    selected: Color,
    good: Color,
    warning: Color,
    bad: Color,
    made: Color,
    live: Color,
    key: Color,
    text: Color,
    number: Color,
}

const DARK: ThemeColors = ThemeColors {
    dim: Color::Indexed(245),
    frame: Color::Indexed(239),
    accent: Color::Indexed(75),
    selected: Color::Indexed(237),
    good: Color::Indexed(114),
    warning: Color::Indexed(215),
    bad: Color::Indexed(203),
    made: Color::Indexed(176),
    live: Color::Indexed(80),
    key: Color::Indexed(110),
    text: Color::Indexed(151),
    number: Color::Indexed(180),
};

const LIGHT: ThemeColors = ThemeColors {
    dim: Color::Indexed(242),
    frame: Color::Indexed(250),
    accent: Color::Indexed(25),
    selected: Color::Indexed(254),
    good: Color::Indexed(28),
    warning: Color::Indexed(130),
    bad: Color::Indexed(160),
    made: Color::Indexed(90),
    live: Color::Indexed(30),
    key: Color::Indexed(24),
    text: Color::Indexed(22),
    number: Color::Indexed(94),
};

impl Theme {
    /// The look to use. `NO_COLOR` leads to mono, whatever is asked for; `background` is the value of `COLORFGBG`.
    #[must_use]
    pub fn choose(look: ThemeChoice, no_color: bool, background: Option<&str>) -> Self {
        let light = background
            .and_then(|value| value.rsplit(';').next())
            .is_some_and(|last| matches!(last, "7" | "15"));
        let look = match look {
            _ if no_color => ThemeChoice::Mono,
            ThemeChoice::Auto if light => ThemeChoice::Light,
            ThemeChoice::Auto => ThemeChoice::Dark,
            look => look,
        };
        let depth = if look == ThemeChoice::Mono { Depth::Mono } else { Depth::Full };
        let palette = if look == ThemeChoice::Light { LIGHT } else { DARK };
        Self { look, palette, depth, ascii: false }
    }

    /// This look with the colours of a file: `base = "light"` or `"dark"`, and any of `dim`, `frame`, `accent`,
    /// `selected`, `good`, `warning`, `bad`, `made`, `live`, `key`, `text`, `number` as `"#rrggbb"`, a name such as
    /// `"blue"`, or a number of the table of 256. Without colours it stays at none.
    ///
    /// # Errors
    /// When the text is no such file; the message names the line or the key.
    pub fn colored(mut self, text: &str) -> Result<Self, ThemeError> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let line =
                error.span().map_or(1, |at| text[..at.start.min(text.len())].matches('\n').count() + 1);
            ThemeError(format!("line {line}: {}", error.message()))
        })?;
        let mut palette = match table.get("base").map(|base| base.as_str()) {
            None => self.palette,
            Some(Some("dark")) => DARK,
            Some(Some("light")) => LIGHT,
            Some(_) => return Err(ThemeError("`base`: expected \"dark\" or \"light\"".into())),
        };
        for (key, value) in table.iter().filter(|(key, _)| *key != "base") {
            let named =
                value.as_str().map(str::to_owned).or_else(|| value.as_integer().map(|n| n.to_string()));
            let color = named.and_then(|name| name.parse::<Color>().ok());
            let color = color.ok_or_else(|| {
                ThemeError(format!(
                    "`{key}`: expected \"#rrggbb\", a name such as \"blue\", or a number up to 255"
                ))
            })?;
            *palette.place(key).ok_or_else(|| ThemeError(format!("`{key}` is no colour of the screen")))? =
                color;
        }
        if !self.mono() {
            self.palette = palette;
        }
        Ok(self)
    }

    /// This look with pictures in so many colours; without colours it stays at none.
    #[must_use]
    pub fn in_depth(mut self, depth: Depth) -> Self {
        if !self.mono() {
            self.depth = depth;
        }
        self
    }

    /// This look with marks and frames in ASCII.
    #[must_use]
    pub fn in_ascii(mut self) -> Self {
        self.ascii = true;
        self
    }

    /// True if there are no colours.
    #[must_use]
    pub fn mono(&self) -> bool {
        self.look == ThemeChoice::Mono
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
        let palette = &self.palette;
        let fg = |color: Color| Style::new().fg(color);
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
        let palette = &self.palette;
        let color = match word {
            "HIT" | "HIT~" => palette.good,
            "MISS" => palette.warning,
            "REC" => palette.accent,
            "MOCK" => palette.made,
            "LIVE" => palette.live,
            "ERR" => palette.bad,
            _ => palette.dim,
        };
        let style = Style::new().fg(color);
        if matches!(word, "MISS" | "ERR") { style.add_modifier(Modifier::BOLD) } else { style }
    }

    /// A frame; the focused one stands out.
    #[must_use]
    pub fn frame(&self, focused: bool) -> Style {
        match (self.mono(), focused) {
            (true, true) => Style::new().add_modifier(Modifier::BOLD),
            (true, false) => Style::new(),
            (false, true) => self.tone(Tone::Accent),
            (false, false) => Style::new().fg(self.palette.frame),
        }
    }

    /// The selected row; fainter in a pane without the focus.
    #[must_use]
    pub fn selected(&self, focused: bool) -> Style {
        match (self.mono(), focused) {
            (true, true) => Style::new().add_modifier(Modifier::REVERSED),
            (true, false) => Style::new().add_modifier(Modifier::UNDERLINED),
            (false, _) => Style::new().bg(self.palette.selected),
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
}

impl ThemeColors {
    /// The colour with this name.
    fn place(&mut self, name: &str) -> Option<&mut Color> {
        Some(match name {
            "dim" => &mut self.dim,
            "frame" => &mut self.frame,
            "accent" => &mut self.accent,
            "selected" => &mut self.selected,
            "good" => &mut self.good,
            "warning" => &mut self.warning,
            "bad" => &mut self.bad,
            "made" => &mut self.made,
            "live" => &mut self.live,
            "key" => &mut self.key,
            "text" => &mut self.text,
            "number" => &mut self.number,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_color_wins_and_the_background_decides_auto() {
        assert!(Theme::choose(ThemeChoice::Dark, true, None).mono());
        assert_eq!(Theme::choose(ThemeChoice::Auto, false, Some("0;15")).look, ThemeChoice::Light);
        assert_eq!(Theme::choose(ThemeChoice::Auto, false, Some("15;0")).look, ThemeChoice::Dark);
        assert_eq!(Theme::choose(ThemeChoice::Auto, false, None).look, ThemeChoice::Dark);
    }

    #[test]
    fn a_file_names_colours() {
        let dark = Theme::choose(ThemeChoice::Dark, false, None);
        let theme = dark.clone().colored("base = \"light\"\naccent = \"#ff8800\"\ngood = 28\n").unwrap();
        assert_eq!(theme.tone(Tone::Accent).fg, Some(Color::Rgb(255, 136, 0)));
        assert_eq!(theme.tone(Tone::Good).fg, Some(Color::Indexed(28)));
        assert_eq!(theme.tone(Tone::Bad).fg, Some(LIGHT.bad));
        let wrong = |text: &str| dark.clone().colored(text).unwrap_err().to_string();
        assert!(wrong("accent = \n").starts_with("line 1"));
        assert_eq!(wrong("accnt = 1"), "`accnt` is no colour of the screen");
        assert!(wrong("accent = \"bleu\"").contains("#rrggbb"));
        assert!(wrong("base = 3").contains("dark"));
        let mono = Theme::choose(ThemeChoice::Dark, true, None).colored("accent = 3").unwrap();
        assert_eq!(mono.tone(Tone::Accent).fg, None, "NO_COLOR stays");
    }
}
