//! The `retake` program: one verb of the command line, shown on the terminal UI where it needs a screen.

use std::path::Path;
use std::process::ExitCode;

use retake::cli::{self, Consent, Keys, Place, Privilege, Screen, Show};
use retake::client::Client;
use retake::engine;
use retake::reading::{self, sanitize};
use retake::tui::{
    self, Action, Depth, Keymap, Remap, Theme, ThemeChoice, TrustAnswer, TrustQuestion, WorkbenchOptions,
};

fn main() -> ExitCode {
    cli::run(std::env::args_os(), Workbench)
}

/// The workbench: what the command line knows, in the terms of the screen.
struct Workbench;

impl Show for Workbench {
    async fn show(&self, client: Client, screen: Screen) -> anyhow::Result<()> {
        let variable = |name: &str| std::env::var(name).ok();
        let theme = theme(&screen.look).map_err(anyhow::Error::msg)?;
        let theme = theme.in_depth(Depth::of(variable("TERM_PROGRAM").as_deref()));
        let keymap = keymap(&screen.look.keymap).map_err(|problems| anyhow::anyhow!("{problems:?}"))?;
        let options = WorkbenchOptions {
            address: screen.address,
            upstream: screen.upstream,
            suffix: screen.suffix,
            attached: screen.attached,
            banner: screen.banner,
            theme: if screen.look.ascii { theme.in_ascii() } else { theme },
            zone: jiff::tz::TimeZone::system(),
            keymap,
            mouse: screen.look.mouse,
            copy: screen.look.copy,
            open: screen.look.open,
            protocol: None,
            notices: screen.notices,
        };
        let over = async {
            match screen.length {
                Some(length) => tokio::time::sleep(length).await,
                None => std::future::pending().await,
            }
        };
        tui::run(client, options, engine::now, over).await
    }

    async fn ask(&self, file: &Path, wanted: &[Privilege]) -> anyhow::Result<Consent> {
        let value =
            |one: &Privilege| (format!("{}: {} = {}", one.line, one.key, one.value), one.does.clone());
        let file = sanitize(&file.display().to_string()).into_owned();
        let question = TrustQuestion { file, values: wanted.iter().map(value).collect() };
        let theme = theme(&cli::Look::default()).map_err(anyhow::Error::msg)?;
        let program = std::env::var("TERM_PROGRAM").ok();
        Ok(match tui::ask_trust(question, theme.in_depth(Depth::of(program.as_deref()))).await? {
            TrustAnswer::Trust => Consent::Given,
            TrustAnswer::Without => Consent::Withheld,
            TrustAnswer::Leave => Consent::Leave,
        })
    }

    fn wrong(&self, look: &cli::Look) -> Vec<(Option<Place>, String)> {
        let mut problems = keymap(&look.keymap).err().unwrap_or_default();
        problems.extend(theme(look).err().map(|text| (None, text)));
        problems
    }
}

/// The colours that a look asks for.
fn theme(look: &cli::Look) -> Result<Theme, String> {
    let (chosen, file) = match &look.theme {
        cli::Theme::Auto => (ThemeChoice::Auto, None),
        cli::Theme::Dark => (ThemeChoice::Dark, None),
        cli::Theme::Light => (ThemeChoice::Light, None),
        cli::Theme::Mono => (ThemeChoice::Mono, None),
        cli::Theme::File(path) => (ThemeChoice::Auto, Some(path)),
    };
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let theme = Theme::choose(chosen, no_color, std::env::var("COLORFGBG").ok().as_deref());
    let Some(path) = file else { return Ok(theme) };
    let name = path.display();
    let text = reading::regular_text(path, reading::SMALL_FILE)
        .map_err(|error| format!("theme: expected auto, dark, light, mono or a file; `{name}`: {error}"))?;
    theme.colored(&text).map_err(|error| format!("theme `{name}`: {error}"))
}

/// The keys in force, or what is wrong with those that somebody chose, with lines.
fn keymap(chosen: &[Keys]) -> Result<Keymap, Vec<(Option<Place>, String)>> {
    let mut problems = Vec::new();
    let mut remaps = Vec::new();
    for Keys { action: name, keys, place } in chosen {
        for key in keys.iter().filter(|key| !tui::is_spelled(key)) {
            let text =
                format!("keymap.{name}: `{key}` is no key; write `x`, `ctrl-x`, `space`, `f`, or `g c`");
            problems.push((Some(place.clone()), text));
        }
        if let Some(action) = Action::named(name) {
            remaps.push(Remap { action, keys: keys.clone() });
        } else {
            let text =
                format!("keymap.{name}: no action is called so; `:` in the workbench lists all of them");
            problems.push((Some(place.clone()), text));
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Keymap::default().with(&remaps).map_err(|conflict| {
        let names = [conflict.one.name(), conflict.other.name()];
        let lines = chosen.iter().filter(|keys| names.contains(&keys.action.as_str()));
        lines.map(|keys| (Some(keys.place.clone()), format!("keymap: {conflict}"))).collect()
    })
}
