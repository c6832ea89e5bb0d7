//! What the screen looks and feels like: a person's own file, under what the configuration of the project says.

use std::path::PathBuf;

use toml::Spanned;
use toml::de::DeTable;

use super::file::{self, File, Problem, Source};
use super::trust::Trust;
use super::{FILE, Icons, Keys, Look, Place, Theme, all, found, source};
use crate::cli::Common;
use crate::cli::exit::Usage;
use crate::terminal;

/// The keys of a person's own file: what is theirs in every project.
const OWN: [&str; 6] = ["theme", "icons", "mouse", "keymap", "copy", "open"];

/// Where a person's own file stands; none where the system does not say.
pub(super) fn own_path() -> Option<PathBuf> {
    use etcetera::BaseStrategy;
    let dirs = etcetera::choose_base_strategy().ok()?;
    Some(dirs.config_dir().join("retake").join(FILE))
}

/// A person's own file; an empty one where there is none.
pub(super) fn own() -> Result<Source, Usage> {
    let Some(path) = own_path() else { return Ok(Source::default()) };
    Ok(Source { trust: Trust::Named, ..source(&path, false)? })
}

impl Look {
    /// What the configuration says about the screen, whatever else it says.
    pub(in crate::cli) fn read(common: &Common) -> Result<Self, Usage> {
        let project = found(common)?;
        let file = project.parsed().map_err(|problems| all(&problems))?.file;
        look(&project, &file, &own()?).map_err(|problems| all(&problems))
    }
}

/// What both files say about the screen, the project's first.
pub(super) fn look(project: &Source, file: &File, own: &Source) -> Result<Look, Vec<Problem>> {
    let mine = parsed(own)?;
    let copy = program("copy", [(project, &file.copy), (own, &mine.copy)]);
    let open = program("open", [(project, &file.open), (own, &mine.open)]);
    let mut keymap = keys(own, &mine);
    keymap.retain(|keys| !file.keymap.contains_key(&keys.action));
    keymap.extend(keys(project, file));
    // A theme's path begins where the file lies that names it.
    let theme = |said: &Option<Theme>, source: &Source| match said {
        Some(Theme::File(path)) => Some(Theme::File(source.folder().join(path))),
        said => said.clone(),
    };
    Ok(Look {
        theme: theme(&file.theme, project).or_else(|| theme(&mine.theme, own)).unwrap_or_default(),
        ascii: file.icons.or(mine.icons).unwrap_or_default() == Icons::Ascii,
        mouse: file.mouse.or(mine.mouse).unwrap_or(true),
        keymap,
        copy: copy?,
        open: open?,
    })
}

/// The words of the first command that is not blank: written as for a shell, though none reads it.
fn program(key: &str, said: [(&Source, &Option<Spanned<String>>); 2]) -> Result<Vec<String>, Vec<Problem>> {
    let said = said.into_iter().filter_map(|(source, command)| Some((source, command.as_ref()?)));
    let Some((source, command)) = said.into_iter().find(|(_, command)| !command.get_ref().trim().is_empty())
    else {
        return Ok(Vec::new());
    };
    terminal::words(command.get_ref(), |name| std::env::var(name).ok()).map_err(|open| {
        vec![source.problem(Some(command.span()), key, format!("`{}`, in which {open}", command.get_ref()))]
    })
}

fn keys(source: &Source, file: &File) -> Vec<Keys> {
    let keys = |(action, keys): (&String, &Spanned<file::Keys>)| Keys {
        action: action.clone(),
        keys: match keys.get_ref() {
            file::Keys::One(key) => vec![key.clone()],
            file::Keys::Several(keys) => keys.clone(),
        },
        place: Place {
            file: source.name(),
            line: source.problem(Some(keys.span()), "", "").line.unwrap_or_default(),
        },
    };
    file.keymap.iter().map(keys).collect()
}

/// What a person's own file says, which is nothing about calls.
pub(super) fn parsed(own: &Source) -> Result<File, Vec<Problem>> {
    let table = DeTable::parse(&own.text).map(toml::Spanned::into_inner).unwrap_or_default();
    let foreign = table.keys().filter(|key| !OWN.contains(&key.get_ref().as_ref()));
    let problem = |key: &Spanned<std::borrow::Cow<'_, str>>| {
        let text = format!("this belongs into the {FILE} of a project; your own file has {}", OWN.join(", "));
        own.problem(Some(key.span()), key.get_ref(), text)
    };
    let problems: Vec<Problem> = foreign.map(problem).collect();
    if problems.is_empty() { own.parsed().map(|parsed| parsed.file) } else { Err(problems) }
}
