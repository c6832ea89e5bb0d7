//! Verbs for what is selected or marked.

use tui_input::Input;

use crate::engine::Relabel;
use crate::model::{Mode, RecordingId, Row};
use crate::tui::app::state::App;
use crate::tui::content::text;
use crate::tui::input::action::Action;
use crate::tui::input::tab::Tab;
use crate::tui::overlay::{
    Menu, MenuChoice, MenuItem, Overlay, PromptOverlay, PromptPurpose, QuestionOverlay,
};
use crate::tui::protocol::effect::Effect;
use crate::tui::protocol::mutation::{Mutation, counted};
use crate::tui::widgets::line::{Tone, Toned, age, fit, short_size, thousands};

/// From so many recordings on, their number has to be typed before they go.
const MANY: usize = 50;
/// So many of them are listed in a question.
const LISTED: usize = 8;

impl App {
    /// What a verb is for: the marked recordings, or the selected one; on the contact sheet the selected stack, on *Live*
    /// the one that answered the call.
    #[must_use]
    pub fn targets(&self) -> Vec<RecordingId> {
        if let Some(Overlay::Sheet(sheet)) = &self.overlay {
            let stack = || sheet.selected().map(|stack| stack.ids.clone()).unwrap_or_default();
            return if self.marked.is_empty() { stack() } else { self.marked.iter().cloned().collect() };
        }
        match self.tab {
            Tab::Recordings if !self.marked.is_empty() => self.marked.iter().cloned().collect(),
            Tab::Recordings => self.selected_row().map(|row| row.id.clone()).into_iter().collect(),
            Tab::Prune => self.prune.list.selected().map(|key| key.2.clone()).into_iter().collect(),
            Tab::Live => self.selected_call().and_then(|call| call.recording.clone()).into_iter().collect(),
            Tab::Diff => self.diff.recording().cloned().into_iter().collect(),
            Tab::Log => Vec::new(),
        }
    }

    /// Does what a verb asks for.
    pub(crate) fn curate(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Undo => return vec![Effect::Do(Mutation::Undo)],
            Action::Redo => return vec![Effect::Do(Mutation::Redo)],
            Action::Mode => self.choose_mode(),
            _ => {}
        }
        let ids = self.targets();
        let Some(first) = ids.first().cloned() else {
            if !matches!(action, Action::Mode) {
                self.toasts.info(self.now, "No recording is selected".into());
            }
            return Vec::new();
        };
        match action {
            Action::Delete => self.ask_delete(&ids),
            Action::Protect => return self.protect(ids),
            Action::Duplicate => return vec![Effect::Do(Mutation::Duplicate(ids))],
            Action::Tags => {
                self.prompt(
                    format!("Tags for {}", named(&ids)),
                    &["ci nightly   gives them both tags", "-nightly     takes one away"],
                    "",
                    PromptPurpose::Tags(ids),
                );
            }
            Action::Rename if ids.len() > 1 => {
                let text = "Recordings are named one at a time: A takes all marks away";
                self.toasts.info(self.now, text.into());
            }
            Action::Rename => {
                let name = self.world.rows.get(&first).and_then(|row| row.name.clone()).unwrap_or_default();
                self.prompt(
                    format!("Name of {first}"),
                    &["A name is also its path in an export, such as images/capybara; none takes it away."],
                    &name,
                    PromptPurpose::Name(first),
                );
            }
            _ => {}
        }
        Vec::new()
    }

    fn protect(&self, ids: Vec<RecordingId>) -> Vec<Effect> {
        let all = ids.iter().all(|id| self.world.rows.get(id).is_some_and(|row| row.protected));
        let relabel = Relabel { protected: Some(!all), ..Relabel::default() };
        vec![Effect::Do(Mutation::Relabel(ids, relabel))]
    }

    fn prompt(&mut self, title: String, help: &[&str], text: &str, purpose: PromptPurpose) {
        let help = help.iter().map(|line| Toned::of(Tone::Dim, *line)).collect();
        let input = Input::new(text.to_owned());
        self.overlay =
            Some(Overlay::Prompt(Box::new(PromptOverlay { title, help, input, error: None, purpose })));
    }

    fn choose_mode(&mut self) {
        let item = |mode: Mode| MenuItem {
            key: None,
            label: mode.as_str().into(),
            note: mode.meaning().into(),
            current: mode == self.world.mode,
            choice: MenuChoice::Do(Mutation::Mode(mode)),
        };
        let items = Mode::ALL.into_iter().map(item).collect();
        self.overlay = Some(Overlay::Menu(Menu::new("Mode: what happens to a call", items)));
    }

    /// All that can be done with what is selected, with its keys.
    pub(crate) fn actions_menu(&mut self) {
        const VERBS: [Action; 24] = [
            Action::Fix,
            Action::RecordNow,
            Action::Keep,
            Action::Jump,
            Action::Retag,
            Action::Tags,
            Action::Rename,
            Action::Protect,
            Action::Compare,
            Action::Edit,
            Action::Derive,
            Action::Duplicate,
            Action::Rerecord,
            Action::Fire,
            Action::Copy,
            Action::Outside,
            Action::Picture,
            Action::Delete,
            Action::Trash,
            Action::Reviews,
            Action::Compact,
            Action::Clear,
            Action::Presets,
            Action::Undo,
        ];
        let scopes = self.scopes();
        let bound = |action: &Action| {
            let mut found = self.options.keymap.bindings().filter(|bound| scopes.contains(&bound.scope));
            found.find(|bound| bound.action == *action && !bound.keys.is_empty())
        };
        let item = |action: &Action| {
            let bound = bound(action)?;
            let key = Some(&bound.keys[0]).filter(|key| key.chars().count() == 1);
            Some(MenuItem {
                // Keys that move or leave stay what they are.
                key: key.and_then(|key| key.chars().next()).filter(|key| !"jkq".contains(*key)),
                label: action.name().replace('-', " "),
                note: bound.help.to_owned(),
                current: false,
                choice: MenuChoice::Act(*action),
            })
        };
        let items: Vec<MenuItem> = VERBS.iter().filter_map(item).collect();
        self.overlay = Some(Overlay::Menu(Menu::new("What to do", items)));
    }

    fn ask_delete(&mut self, ids: &[RecordingId]) {
        let rows: Vec<&Row> =
            ids.iter().filter_map(|id| self.world.rows.get(id)).map(AsRef::as_ref).collect();
        let going: Vec<&Row> = rows.iter().copied().filter(|row| !row.protected).collect();
        let mut lines: Vec<Toned> = rows.iter().take(LISTED).map(|row| self.listed(row)).collect();
        if rows.len() > LISTED {
            lines.push(Toned::of(Tone::Dim, format!("… and {} more", thousands(rows.len() - LISTED))));
        }
        lines.push(Toned::default());
        let bytes: u64 = going.iter().map(|row| row.size).sum();
        let frees = format!("Frees {}. Kept in the trash for 7 days; u takes it back.", text::size(bytes));
        lines.push(Toned::of(Tone::Plain, frees));
        lines.extend(self.consequences(&going));
        lines.push(Toned::default());
        self.overlay = Some(Overlay::Question(Box::new(QuestionOverlay {
            title: format!("Delete {}?", counted(ids.len())),
            lines,
            yes: format!("Delete {}", thousands(going.len())),
            typed: (going.len() > MANY).then(|| (going.len().to_string(), Input::default())),
            deed: Mutation::Remove(going.iter().map(|row| row.id.clone()).collect()),
        })));
    }

    fn listed(&self, row: &Row) -> Toned {
        let model = text::sanitize(row.model.as_deref().unwrap_or("-")).into_owned();
        let line = Toned::of(Tone::Accent, fit(&row.hash.short(), 10, false))
            .and(Tone::Plain, fit(&model, 20, false))
            .and(Tone::Plain, fit(&short_size(row.size), 6, true));
        if row.protected {
            return line.and(Tone::Warning, "  protected: kept");
        }
        let used = row.usage.everywhere();
        let last = used.last.map(|at| format!(", last {}", age(at, self.now))).unwrap_or_default();
        line.and(Tone::Dim, format!("  {} hit{}{last}", used.count, if used.count == 1 { "" } else { "s" }))
    }

    /// Which scopes would miss, and whether somebody uses it right now.
    fn consequences(&self, going: &[&Row]) -> Vec<Toned> {
        const RECENT: u64 = 15 * 60 * 1000;
        let mut lines = Vec::new();
        let scopes: std::collections::BTreeSet<String> = going
            .iter()
            .flat_map(|row| {
                row.usage
                    .scopes_everywhere()
                    .keys()
                    .map(|scope| text::sanitize(scope).into_owned())
                    .collect::<Vec<_>>()
            })
            .collect();
        if !scopes.is_empty() {
            let named: Vec<_> = scopes.iter().take(4).cloned().collect();
            let more = scopes.len() - named.len();
            let mut more = if more > 0 { format!(" and {more} more") } else { String::new() };
            if going.iter().any(|row| row.usage.has_more_scopes()) {
                more += ", and maybe others";
            }
            lines.push(Toned::of(Tone::Warning, format!("Would miss: {}{more}", named.join(", "))));
        }
        let recent = |row: &&&Row| row.usage.everywhere().last.is_some_and(|at| self.now.since(at) < RECENT);
        let recent = going.iter().filter(recent).count();
        if recent > 0 {
            let were = if recent == 1 { "was" } else { "were" };
            lines.push(Toned::of(Tone::Warning, format!("{recent} {were} hit in the last 15 minutes.")));
        }
        lines
    }
}

/// `rec_…`, `3 recordings`.
fn named(ids: &[RecordingId]) -> String {
    match ids {
        [one] => one.to_string(),
        many => counted(many.len()),
    }
}
