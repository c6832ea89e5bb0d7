//! What actions do to the state.

use tui_input::Input;

use super::state::App;
use crate::terminal::Protocol;
use crate::tui::content::text::BodyForm;
use crate::tui::input::action::Action;
use crate::tui::input::tab::Tab;
use crate::tui::listing::filter::Filter;
use crate::tui::overlay::{CommandPalette, HelpOverlay, MenuChoice, Overlay, PromptOverlay};
use crate::tui::protocol::effect::Effect;
use crate::tui::protocol::mutation::Mutation;
use crate::tui::widgets::layout::ScreenClass;

impl App {
    /// Does what a key asked for.
    pub(crate) fn act(&mut self, action: Action) -> Vec<Effect> {
        let warned = self.warned.take() == Some(action);
        if let Some(by) = self.motion(action) {
            self.moved(by);
            return Vec::new();
        }
        if let Some(effects) = self.workflow(action) {
            return effects;
        }
        match action {
            Action::Open => return self.open(),
            Action::Confirm => return self.confirm(),
            Action::Quit => return self.quit(),
            Action::Redraw => return vec![Effect::Redraw],
            Action::Mouse => return self.switch_mouse(),
            Action::Suspend => return self.suspend(warned),
            Action::Picture => return self.full_screen(),
            Action::Back => self.back(),
            Action::Filter => self.look_for(),
            Action::ToggleFilter => self.change_filter(Filter::toggle),
            Action::Help => self.overlay = Some(Overlay::Help(HelpOverlay::default())),
            Action::Palette => self.overlay = Some(Overlay::Palette(Box::new(CommandPalette::new()))),
            Action::Menu => self.actions_menu(),
            other if self.on_sheet(other) => {}
            Action::Sheet => self.open_sheet(),
            Action::Mark if matches!(self.overlay, Some(Overlay::Finder(_))) => self.mark_found(),
            Action::Mark | Action::Range | Action::MarkAll | Action::MarkNone | Action::MarkOthers => {
                self.mark(action);
            }
            Action::Follow => {
                self.causes.shown = false;
                self.live.follow();
                self.in_detail = false;
            }
            Action::Jump => self.jump(),
            Action::Keep => return self.keep(false),
            Action::RecordNow => return self.keep(true),
            Action::Compare => return self.compare(),
            Action::Swap => return self.swap(),
            Action::Copy => self.copy_menu(),
            Action::Outside => return self.outside(),
            Action::Fire => return self.fire(),
            Action::Find => self.open_finder(),
            Action::Sort => self.choose_order(),
            Action::Reverse => self.order = self.order.reversed(),
            Action::Complete => self.complete_filter(true),
            Action::CompleteBack => self.complete_filter(false),
            Action::Earlier | Action::Later if self.recall_sought(action) => {}
            Action::Earlier | Action::Later => self.recall(action == Action::Earlier),
            other if self.watch(other) || self.look(other) => {}
            other => return self.curate(other),
        }
        Vec::new()
    }

    /// Actions that only change what is looked at; false for any other.
    fn look(&mut self, action: Action) -> bool {
        match action {
            Action::LiveTab => self.turn_to(Tab::Live),
            Action::RecordingsTab => self.turn_to(Tab::Recordings),
            Action::DiffTab => self.turn_to(Tab::Diff),
            Action::OtherPane => self.focus_detail(!self.in_detail),
            Action::ListPane => self.focus_detail(false),
            Action::DetailPane => self.show_detail(),
            other if self.tab == Tab::Diff && self.look_at_diff(other) => {}
            Action::NextPage => self.detail.turn(true),
            Action::PreviousPage => self.detail.turn(false),
            Action::NextPicture => self.detail.leaf(true),
            Action::PreviousPicture => self.detail.leaf(false),
            Action::NextChange => self.found(true),
            Action::PreviousChange => self.found(false),
            Action::BodyView => {
                let view = self.detail.form.view.next();
                self.detail.reform(BodyForm { view, whole: false });
            }
            Action::LoadAll => self.detail.reform(BodyForm { whole: true, ..self.detail.form }),
            Action::Wrap => {
                self.detail.sideways = if self.detail.sideways.is_some() { None } else { Some(0) };
            }
            Action::ScrollLeft => self.scroll_sideways(-8),
            Action::ScrollRight => self.scroll_sideways(8),
            Action::Zoom => self.zoom = !self.zoom,
            Action::JumpBack => self.jump_back(),
            _ => return false,
        }
        true
    }

    fn open(&mut self) -> Vec<Effect> {
        match self.overlay.take() {
            Some(Overlay::Menu(mut menu)) => {
                if menu.at < menu.items.len() {
                    let choice = menu.items.swap_remove(menu.at).choice;
                    return self.chosen(choice);
                }
            }
            Some(Overlay::Palette(palette)) => {
                if let Some((action, _)) = palette.found.get(palette.at) {
                    return self.act(*action);
                }
            }
            Some(Overlay::Prompt(prompt)) => return self.typed_in(prompt),
            Some(Overlay::Finder(finder)) => self.find(&finder),
            Some(Overlay::Sheet(sheet)) => self.open_stack(&sheet),
            Some(Overlay::Retag(retag)) => return self.retag(retag),
            Some(Overlay::Help(help)) => {
                self.overlay = Some(Overlay::Help(HelpOverlay { typing: false, ..help }))
            }
            Some(Overlay::Search(_)) => {}
            Some(Overlay::Filter) => {
                self.overlay = Some(Overlay::Filter);
                self.accept_filter();
            }
            Some(other) => self.overlay = Some(other),
            None if self.in_detail && self.tab == Tab::Live => self.jump(),
            None => self.show_detail(),
        }
        Vec::new()
    }

    fn confirm(&mut self) -> Vec<Effect> {
        match self.overlay.take() {
            Some(Overlay::Question(question)) if question.is_ready() => match question.deed {
                Mutation::Remove(ids) | Mutation::Rerecord(ids) if ids.is_empty() => Vec::new(),
                deed => vec![Effect::Do(deed)],
            },
            Some(Overlay::Draft(draft)) => self.store(draft),
            Some(Overlay::Leaving) => vec![Effect::Quit],
            Some(Overlay::Clearing) => {
                self.clear_calls();
                Vec::new()
            }
            other => {
                self.overlay = other;
                Vec::new()
            }
        }
    }

    /// Does what was chosen.
    fn chosen(&mut self, choice: MenuChoice) -> Vec<Effect> {
        match choice {
            MenuChoice::Act(action) => self.act(action),
            MenuChoice::Do(deed) => vec![Effect::Do(deed)],
            MenuChoice::Edit(draft) => vec![Effect::Editor(draft)],
            MenuChoice::Copy(held, part) => vec![Effect::Copy(held, part)],
            MenuChoice::Compare(one, other) => self.show_diff(one, other),
            other => {
                match other {
                    MenuChoice::Menu(menu) => self.overlay = Some(Overlay::Menu(menu)),
                    MenuChoice::Type(purpose, text) => self.ask_for(purpose, &text),
                    MenuChoice::Query(query) => self.query_chosen(query),
                    MenuChoice::Sort(by) => self.sort(by),
                    MenuChoice::Pick(thing) => self.pick(thing),
                    MenuChoice::Retag => self.open_retag(),
                    MenuChoice::Act(_)
                    | MenuChoice::Do(_)
                    | MenuChoice::Edit(_)
                    | MenuChoice::Copy(..)
                    | MenuChoice::Compare(..) => {}
                }
                Vec::new()
            }
        }
    }

    /// In a menu a letter chooses at once.
    pub(crate) fn by_letter(&mut self, key: &str) -> Option<Vec<Effect>> {
        if let Some(Overlay::Retag(retag)) = &mut self.overlay {
            return (!retag.typing && retag.letter(key)).then(Vec::new);
        }
        let Some(Overlay::Menu(menu)) = &self.overlay else { return None };
        let choice = menu.items.get(menu.by_key(key)?)?.choice.clone();
        self.overlay = None;
        Some(self.chosen(choice))
    }

    /// What was typed is complete.
    fn typed_in(&mut self, mut prompt: Box<PromptOverlay>) -> Vec<Effect> {
        match prompt.purpose.deed(prompt.input.value()) {
            Ok(deed) => deed.map(Effect::Do).into_iter().collect(),
            Err(error) => {
                prompt.error = Some(error);
                self.overlay = Some(Overlay::Prompt(prompt));
                Vec::new()
            }
        }
    }

    /// Changes the text that is being typed, wherever that is.
    pub(crate) fn type_into(&mut self, change: impl FnOnce(&mut Input)) {
        match &mut self.overlay {
            Some(Overlay::Filter) => self.type_filter(change),
            Some(Overlay::Finder(finder)) => change(&mut finder.input),
            Some(Overlay::Prompt(prompt)) => {
                change(&mut prompt.input);
                prompt.error = None;
            }
            Some(Overlay::Retag(retag)) if retag.typing => {
                retag.agreed = false;
                change(&mut retag.rule);
            }
            Some(Overlay::Palette(palette)) => {
                change(&mut palette.input);
                palette.search();
            }
            Some(Overlay::Help(HelpOverlay { search: Some(input), at, .. })) => {
                change(input);
                *at = 0;
            }
            Some(Overlay::Search(input)) => {
                change(input);
                let text = input.value().to_owned();
                self.searched(&text);
            }
            Some(Overlay::Question(question)) => {
                if let Some((_, input)) = &mut question.typed {
                    change(input);
                }
            }
            _ => {}
        }
    }

    /// Back to the shell; while calls are under way only when asked twice, because the proxy stands still, too.
    fn suspend(&mut self, warned: bool) -> Vec<Effect> {
        let flying = self.world.counters.in_flight;
        if flying > 0 && !self.options.attached && !warned {
            self.warned = Some(Action::Suspend);
            let calls = if flying == 1 { "1 call is".into() } else { format!("{flying} calls are") };
            let text = format!("{calls} under way, and the proxy would stand still; once more suspends it");
            self.toasts.info(self.now, text);
            return Vec::new();
        }
        vec![Effect::Suspend]
    }

    fn switch_mouse(&mut self) -> Vec<Effect> {
        self.options.mouse = !self.options.mouse;
        let text = if self.options.mouse { "The mouse works here" } else { "The terminal selects text" };
        self.toasts.info(self.now, text.into());
        vec![Effect::Mouse(self.options.mouse)]
    }

    fn quit(&mut self) -> Vec<Effect> {
        if self.world.counters.in_flight == 0 || self.options.attached {
            return vec![Effect::Quit];
        }
        self.keep_filter();
        self.overlay = Some(Overlay::Leaving);
        Vec::new()
    }

    /// One step out: what lies on top, an error, the detail, the filter. Never out of the program.
    fn back(&mut self) {
        if let Some(overlay) = self.overlay.take() {
            match overlay {
                Overlay::Filter => {
                    self.overlay = Some(overlay);
                    self.keep_filter();
                }
                Overlay::Finder(finder) => self.sought.remember(finder.input.value()),
                // First the rule is kept, then the choice is left.
                Overlay::Retag(mut retag) if retag.typing => {
                    retag.typing = false;
                    self.overlay = Some(Overlay::Retag(retag));
                }
                Overlay::Draft(draft) => self.put_aside(draft),
                // First the stack is closed, then the sheet.
                Overlay::Sheet(sheet) if sheet.is_inside() => {
                    self.overlay = Some(Overlay::Sheet(Box::new(sheet.closed())));
                }
                // First what was looked for goes, then the help.
                Overlay::Help(HelpOverlay { search: Some(_), at, .. }) => {
                    self.overlay = Some(Overlay::Help(HelpOverlay { at, ..HelpOverlay::default() }));
                }
                Overlay::Search(_) => self.searched(""),
                _ => {}
            }
        } else if self.toasts.dismiss() {
        } else if self.tab == Tab::Diff {
            let before = self.jumps.pop().unwrap_or(Tab::Recordings);
            self.turn_to(before);
        } else if self.in_detail && !self.detail.search.needle().is_empty() {
            self.searched("");
        } else if self.in_detail {
            self.in_detail = false;
        } else if self.zoom {
            self.zoom = false;
        } else if self.marks.end_range() {
        } else if self.tab == Tab::Recordings && !self.marked.is_empty() {
            self.mark(Action::MarkNone);
        } else if self.tab == Tab::Live && self.causes.shown {
            self.fold_causes(false);
        } else if !self.filter().kept().is_empty() {
            self.change_filter(Filter::clear);
        }
    }

    /// In the help a key is looked for, elsewhere rows.
    fn look_for(&mut self) {
        if let Some(Overlay::Help(help)) = &mut self.overlay {
            help.search.get_or_insert_default();
            help.typing = true;
        } else if self.in_detail {
            self.search();
        } else if self.tab == Tab::Diff {
            self.toasts.info(self.now, "There is no list to filter here".into());
        } else {
            self.edit_filter();
        }
    }

    pub(crate) fn turn_to(&mut self, tab: Tab) {
        if self.tab != tab {
            self.tab = tab;
            self.in_detail = false;
        }
    }

    /// Gives the focus to the detail pane, if the screen has room for one, or to the list.
    pub(crate) fn focus_detail(&mut self, detail: bool) {
        let areas = self.areas();
        let fits = !matches!(areas.class, ScreenClass::Tiny | ScreenClass::Line);
        self.in_detail = detail && fits && self.tab != Tab::Diff;
        self.detail.recompose();
        if self.in_detail {
            // What is being read must not be replaced by the next call.
            self.live.pause(areas.list_rows());
        }
    }

    /// Gives the focus to the detail pane, or says why there is none.
    fn show_detail(&mut self) {
        self.focus_detail(true);
        if self.areas().class == ScreenClass::Tiny && self.tab != Tab::Diff {
            let text = "No room for the detail: make the window 60x16 or larger";
            self.toasts.info(self.now, text.into());
        }
    }

    fn full_screen(&mut self) -> Vec<Effect> {
        let picture =
            self.detail.pages.as_ref().and_then(|pages| pages.pictures.get(self.detail.picture)).cloned();
        match picture {
            None => {
                let text =
                    if self.detail.loading { "Still loading" } else { "There is no picture in this answer" };
                self.toasts.info(self.now, text.into());
            }
            Some(picture) if self.options.protocol.is_some_and(|protocol| protocol != Protocol::Blocks) => {
                return vec![Effect::FullScreen(picture)];
            }
            Some(_) => self.overlay = Some(Overlay::Picture),
        }
        Vec::new()
    }
}
