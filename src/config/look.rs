//! The look and feel of the screen: a person's own file, under what the configuration of the project says.

use std::path::PathBuf;

use toml::Spanned;
use toml::de::DeTable;

use crate::config::error::ConfigError;
use crate::config::file::source::{ConfigProblem, ConfigSource, FILE, Trust};
use crate::config::file::{ConfigFile, KeySpelling};
use crate::config::inputs::{ConfigInputs, source};
use crate::config::screen::{ConfigLine, Icons, Remap, ScreenLook, ThemeChoice};
use crate::terminal;

/// The keys of a person's own file: what is theirs in every project.
const OWN: [&str; 6] = ["theme", "icons", "mouse", "keymap", "copy", "open"];

/// The path of a person's own file; `None` where the system does not say.
pub(crate) fn own_path() -> Option<PathBuf> {
    use etcetera::BaseStrategy;
    let dirs = etcetera::choose_base_strategy().ok()?;
    Some(dirs.config_dir().join("retake").join(FILE))
}

/// A person's own file; an empty one where there is none.
pub(crate) fn own() -> Result<ConfigSource, ConfigError> {
    let Some(path) = own_path() else { return Ok(ConfigSource::default()) };
    Ok(ConfigSource { trust: Trust::Named, ..source(&path, false)? })
}

/// The look of the screen that the configuration asks for, whatever else it holds.
pub(crate) fn read_look(inputs: &ConfigInputs) -> Result<ScreenLook, ConfigError> {
    let project = inputs.source()?;
    let file = project.sound()?.file;
    Ok(look(&project, &file, &own()?)?)
}

/// The look that both files ask for, the project's first.
pub(crate) fn look(
    project: &ConfigSource,
    file: &ConfigFile,
    own: &ConfigSource,
) -> Result<ScreenLook, Vec<ConfigProblem>> {
    let mine = own_values(own)?;
    let copy = program("copy", [(project, &file.copy), (own, &mine.copy)]);
    let open = program("open", [(project, &file.open), (own, &mine.open)]);
    let mut keymap = keys(own, &mine);
    keymap.retain(|keys| !file.keymap.contains_key(&keys.action));
    keymap.extend(keys(project, file));
    // A theme's path begins where the file lies that names it.
    let theme = |named: &Option<String>, source: &ConfigSource| {
        named.as_ref().map(|name| match ThemeChoice::named(name) {
            Some(theme) => (theme, None),
            None => (ThemeChoice::Auto, Some(source.folder().join(name))),
        })
    };
    let (theme, colors) = theme(&file.theme, project).or_else(|| theme(&mine.theme, own)).unwrap_or_default();
    Ok(ScreenLook {
        theme,
        colors,
        ascii: file.icons.or(mine.icons).unwrap_or_default() == Icons::Ascii,
        mouse: file.mouse.or(mine.mouse).unwrap_or(true),
        keymap,
        copy: copy?,
        open: open?,
    })
}

/// The words of the first command that is not blank: written as for a shell, though none reads it.
fn program(
    key: &str,
    said: [(&ConfigSource, &Option<Spanned<String>>); 2],
) -> Result<Vec<String>, Vec<ConfigProblem>> {
    let said = said.into_iter().filter_map(|(source, command)| Some((source, command.as_ref()?)));
    let Some((source, command)) = said.into_iter().find(|(_, command)| !command.get_ref().trim().is_empty())
    else {
        return Ok(Vec::new());
    };
    terminal::words(command.get_ref(), |name| std::env::var(name).ok()).map_err(|open| {
        vec![source.problem(Some(command.span()), key, format!("`{}`, in which {open}", command.get_ref()))]
    })
}

fn keys(source: &ConfigSource, file: &ConfigFile) -> Vec<Remap> {
    let keys = |(action, keys): (&String, &Spanned<KeySpelling>)| Remap {
        action: action.clone(),
        keys: match keys.get_ref() {
            KeySpelling::One(key) => vec![key.clone()],
            KeySpelling::Several(keys) => keys.clone(),
        },
        at: ConfigLine {
            file: source.name(),
            line: source.problem(Some(keys.span()), "", "").line.unwrap_or_default(),
        },
    };
    file.keymap.iter().map(keys).collect()
}

/// The values of a person's own file, which says nothing about calls.
pub(crate) fn own_values(own: &ConfigSource) -> Result<ConfigFile, Vec<ConfigProblem>> {
    let table = DeTable::parse(&own.text).map(toml::Spanned::into_inner).unwrap_or_default();
    let foreign = table.keys().filter(|key| !OWN.contains(&key.get_ref().as_ref()));
    let problem = |key: &Spanned<std::borrow::Cow<'_, str>>| {
        let text = format!("this belongs into the {FILE} of a project; your own file has {}", OWN.join(", "));
        own.problem(Some(key.span()), key.get_ref(), text)
    };
    let problems: Vec<ConfigProblem> = foreign.map(problem).collect();
    if problems.is_empty() { own.sound().map(|parsed| parsed.file) } else { Err(problems) }
}
