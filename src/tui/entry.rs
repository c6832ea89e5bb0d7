//! The ways into the screen, for whoever has read the configuration.

use std::path::Path;

use jiff::tz::TimeZone;

use super::contract::options::WorkbenchOptions;
use super::input::action::Action;
use super::input::keymap::Keymap;
use super::input::spelling::is_spelled;
use super::trust::ask_trust;
use super::widgets::theme::{Depth, Theme};
use crate::client::Client;
use crate::config::{Consent, LookProblem, Privilege, Remap, ScreenLook, WorkbenchStart};
use crate::engine;
use crate::reading::{SMALL_FILE, regular_text, sanitize};

/// Shows the workbench until somebody leaves it.
///
/// # Errors
/// As [`run`](super::run), and when the look cannot be shown.
pub async fn show(client: Client, start: WorkbenchStart) -> anyhow::Result<()> {
    let theme = theme(&start.look).map_err(anyhow::Error::msg)?;
    let theme = if start.look.ascii { theme.in_ascii() } else { theme };
    let keymap = keymap(&start.look.keymap).map_err(|problems| anyhow::anyhow!("{problems:?}"))?;
    let over = async {
        match start.length {
            Some(length) => tokio::time::sleep(length).await,
            None => std::future::pending().await,
        }
    };
    let zone = TimeZone::system();
    let options = WorkbenchOptions { start: start.clone(), theme, zone, keymap, protocol: None };
    super::run(client, options, engine::now, over).await
}

/// Asks whether a project's file may do what only a trusted one may.
///
/// # Errors
/// When standard output is no terminal, or it cannot be drawn on.
pub async fn ask_consent(file: &Path, wanted: &[Privilege]) -> anyhow::Result<Consent> {
    let file = sanitize(&file.display().to_string()).into_owned();
    ask_trust(file, wanted, theme(&ScreenLook::default()).map_err(anyhow::Error::msg)?).await
}

/// The problems of a look, each with the line of the configuration where one is to blame.
#[must_use]
pub fn look_problems(look: &ScreenLook) -> Vec<LookProblem> {
    let mut problems = keymap(&look.keymap).err().unwrap_or_default();
    problems.extend(theme(look).err().map(|text| (None, text)));
    problems
}

/// All keys in force, on one page.
///
/// # Errors
/// When the keys of a look cannot be.
pub fn key_page(look: &ScreenLook) -> Result<String, Vec<LookProblem>> {
    Ok(super::input::key_page::key_page(&keymap(&look.keymap)?))
}

/// The colours that a look asks for, as far as the terminal has them.
fn theme(look: &ScreenLook) -> Result<Theme, String> {
    let variable = |name: &str| std::env::var(name).ok();
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let theme = Theme::choose(look.theme, no_color, variable("COLORFGBG").as_deref());
    let theme = match &look.colors {
        None => theme,
        Some(path) => {
            let name = path.display();
            let text = regular_text(path, SMALL_FILE).map_err(|error| {
                format!("theme: expected auto, dark, light, mono or a file; `{name}`: {error}")
            })?;
            theme.colored(&text).map_err(|error| format!("theme `{name}`: {error}"))?
        }
    };
    Ok(theme.in_depth(Depth::of(variable("TERM_PROGRAM").as_deref())))
}

/// The keys in force, or the problems of those that somebody chose.
fn keymap(chosen: &[Remap]) -> Result<Keymap, Vec<LookProblem>> {
    let mut problems = Vec::new();
    let mut remaps = Vec::new();
    for Remap { action: name, keys, at } in chosen {
        for key in keys.iter().filter(|key| !is_spelled(key)) {
            let text =
                format!("keymap.{name}: `{key}` is no key; write `x`, `ctrl-x`, `space`, `f`, or `g c`");
            problems.push((Some(at.clone()), text));
        }
        if let Some(action) = Action::named(name) {
            remaps.push((action, keys.clone()));
        } else {
            let text =
                format!("keymap.{name}: there is no such action; `:` in the workbench lists all of them");
            problems.push((Some(at.clone()), text));
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Keymap::default().with(&remaps).map_err(|conflict| {
        let names = [conflict.one.name(), conflict.other.name()];
        let lines = chosen.iter().filter(|remap| names.contains(&remap.action.as_str()));
        lines.map(|remap| (Some(remap.at.clone()), format!("keymap: {conflict}"))).collect()
    })
}
