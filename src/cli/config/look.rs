//! What the screen looks and feels like: a person's own file, under what the configuration of the project says.

use std::path::PathBuf;

use toml::Spanned;
use toml::de::DeTable;

use super::file::{self, File, Problem, Source};
use super::{FILE, Icons, Keys, Look, Place, Theme, all, file_of, source};
use crate::cli::Common;
use crate::cli::exit::Usage;

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
    Ok(Source { named: true, ..source(&path, false)? })
}

impl Look {
    /// What the configuration says about the screen, whatever else it says.
    pub(in crate::cli) fn read(common: &Common) -> Result<Self, Usage> {
        let (path, must) = file_of(common);
        let project = source(&path, must)?;
        let file = project.parsed().map_err(|problems| all(&problems))?;
        look(&project, &file, &own()?, &mut Vec::new()).map_err(|problems| all(&problems))
    }
}

/// What both files say about the screen, the project's first. What it must not say goes to `warnings`.
///
/// A project's file comes with whatever repository was cloned, so no program is started because it says so, unless
/// somebody named the file.
pub(super) fn look(
    project: &Source,
    file: &File,
    own: &Source,
    warnings: &mut Vec<Problem>,
) -> Result<Look, Vec<Problem>> {
    let mine = parsed(own)?;
    let mut program = |key: &str, said: &Spanned<String>, mine: &Spanned<String>| {
        let asked = !said.get_ref().is_empty();
        if asked && !project.named {
            warnings.push(Problem {
                warning: true,
                ..project.problem(Some(said.span()), key, not_obeyed(said.get_ref()))
            });
        }
        // No shell reads it, so there is nothing to quote.
        let text = if asked && project.named { said } else { mine };
        text.get_ref().split_whitespace().map(str::to_owned).collect()
    };
    let (copy, open) = (program("copy", &file.copy, &mine.copy), program("open", &file.open, &mine.open));
    let mut keymap = keys(own, &mine);
    keymap.retain(|keys| !file.keymap.contains_key(&keys.action));
    keymap.extend(keys(project, file));
    let mine_theme =
        mine.theme.map(|theme| match (theme, own.path.as_ref().and_then(|path| path.parent())) {
            (Theme::File(path), Some(folder)) => Theme::File(folder.join(path)),
            (theme, _) => theme,
        });
    let theme = match (file.theme.clone(), project.path.as_ref().and_then(|path| path.parent())) {
        (Some(Theme::File(path)), Some(folder)) => Some(Theme::File(folder.join(path))),
        (theme, _) => theme,
    };
    Ok(Look {
        theme: theme.or(mine_theme).unwrap_or_default(),
        ascii: file.icons.or(mine.icons).unwrap_or_default() == Icons::Ascii,
        mouse: file.mouse.or(mine.mouse).unwrap_or(true),
        keymap,
        copy,
        open,
    })
}

/// Why a project's file does not say which program is started, and who does.
fn not_obeyed(program: &str) -> String {
    let own = own_path().map_or_else(|| "your own file".into(), |path| path.display().to_string());
    format!(
        "`{program}` is not started because a file says so that happens to lie here; write the line into {own}, or name \
         this file with --config"
    )
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
    if problems.is_empty() { own.parsed() } else { Err(problems) }
}
