//! Every screen at 60x20, 40x10 and 20x5, in dark, light, mono and ASCII.

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Style};

use crate::model::Snapshot;
use crate::tui::tests::script::{Script, agreed, text};
use crate::tui::tests::states::{EMPTY, STATES};
use crate::tui::tests::told::Words;
use crate::tui::widgets::theme::{Theme, ThemeChoice};

const SIZES: [(u16, u16); 2] = [(60, 20), (40, 10)];
const LOOKS: [ThemeChoice; 3] = [ThemeChoice::Dark, ThemeChoice::Light, ThemeChoice::Mono];

/// The styles that each letter stands for: a cell's in dark, light and mono.
#[derive(Default)]
struct Legend(Vec<[Style; 3]>);

impl Legend {
    /// The letter of a style; blank for none, `#` for a pixel.
    fn letter(&mut self, cells: [&Cell; 3]) -> char {
        const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let looks = cells.map(Cell::style);
        if is_pixel(cells[0]) {
            return '#';
        }
        if looks.iter().all(|look| *look == Cell::EMPTY.style()) {
            return '.';
        }
        let at = self.0.iter().position(|known| *known == looks).unwrap_or_else(|| {
            self.0.push(looks);
            self.0.len() - 1
        });
        LETTERS.get(at).map_or('?', |letter| char::from(*letter))
    }

    fn told(&self) -> String {
        let one = |style: &Style| {
            let color = |color: Option<Color>| match color {
                None | Some(Color::Reset) => "-".to_owned(),
                Some(Color::Indexed(number)) => number.to_string(),
                Some(other) => other.to_string(),
            };
            format!("{}/{} {:?}", color(style.fg), color(style.bg), style.add_modifier)
        };
        let letters = ('a'..='z').chain('A'..='Z');
        let lines = letters.zip(&self.0).map(|(letter, looks)| {
            let [dark, light, mono] = looks.each_ref().map(one);
            format!("{letter}  {dark}, light {light}, mono {mono}")
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

fn is_pixel(cell: &Cell) -> bool {
    matches!(cell.fg, Color::Rgb(..)) || matches!(cell.bg, Color::Rgb(..))
}

/// The letters of the styles, where one of them is not that of an empty cell.
fn styles(buffers: [&Buffer; 3], legend: &mut Legend) -> String {
    let area = buffers[0].area;
    let row = |y: u16, legend: &mut Legend| -> String {
        let cells =
            (0..area.width).map(|x| legend.letter(buffers.map(|buffer| buffer.cell((x, y)).unwrap())));
        cells.collect::<String>().trim_end_matches('.').to_owned()
    };
    (0..area.height).map(|y| row(y, legend)).collect::<Vec<_>>().join("\n")
}

fn opened(keys: &str, snapshot: &Snapshot, theme: Theme) -> Script {
    Script::telling(Words::Plain, false, snapshot.clone(), theme).size(60, 20).keys(keys)
}

/// Takes a state at all sizes and in all looks, and holds it against what was agreed on.
fn taken(name: &str, keys: &str, snapshot: &Snapshot) {
    let mut scripts = LOOKS.map(|look| opened(keys, snapshot, Theme::choose(look, false, None)));
    let mut ascii = opened(keys, snapshot, Theme::choose(ThemeChoice::Dark, false, None).in_ascii());
    let (mut told, mut legend) = (Vec::new(), Legend::default());
    for (columns, rows) in SIZES {
        for script in &mut scripts {
            script.resize(columns, rows);
        }
        ascii.resize(columns, rows);
        let [dark, light, mono] = scripts.each_ref().map(Script::buffer);
        for (at, cell) in dark.content().iter().enumerate().filter(|(_, cell)| !is_pixel(cell)) {
            assert_eq!(cell.symbol(), light.content()[at].symbol(), "{name}: light says something else");
            assert_eq!(cell.symbol(), mono.content()[at].symbol(), "{name}: mono says something else");
        }
        let letters = styles([&dark, &light, &mono], &mut legend);
        let plain = text(&ascii.buffer());
        assert!(plain.is_ascii(), "{name} at {columns}x{rows}: {plain}");
        told.push(format!("== {columns}x{rows}\n{}\n-- looks\n{letters}\n-- ASCII\n{plain}", text(&dark)));
    }
    told.push(format!("== legend: text/background, of dark first\n{}", legend.told()));
    agreed(&format!("small_{name}"), &told.join("\n"));
    for script in &mut scripts {
        script.resize(20, 5);
        let told = script.screen().split_whitespace().collect::<Vec<_>>().join(" ");
        let enough = if name == "leaving" { "q quits at once" } else { "make the window 40x10 or larger" };
        assert!(told.contains(enough), "{name} at 20x5: {told}");
    }
}

#[test]
fn every_screen_in_every_look() {
    let world = Words::Plain.world();
    for (name, keys) in STATES {
        taken(name, keys, &world);
    }
    for (name, keys) in EMPTY {
        taken(name, keys, &Snapshot::default());
    }
}

#[test]
fn what_is_not_seen_is_not_done() {
    use crate::tui::protocol::effect::Effect;
    let mut script = Script::new(super::world::world(3, 3)).keys("2 d").size(20, 5);
    agreed("small_line", &script.screen());
    script.press("x <Enter> u d x");
    assert_eq!(script.effects(), []);
    let mut script = script.size(80, 24);
    assert!(script.screen().contains("Delete 1"), "it is asked as before");
    script.press("<Esc>");
    script.event(super::world::announced(super::world::flying(9), 1));
    let mut script = script.size(20, 5).keys("q");
    agreed("small_line_leaving", &script.screen());
    script.press("q");
    assert_eq!(script.effects(), [Effect::Quit]);
}
