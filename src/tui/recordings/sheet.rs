//! The contact sheet follows the list and the pictures that arrive.

use std::collections::HashSet;

use super::contact_sheet::stacked;
use super::state::RecordingsTab;
use crate::model::RecordingId;
use crate::tui::contract::context::Context;
use crate::tui::protocol::effect::Effect;

impl RecordingsTab {
    /// Stacks the pictures of the listed recordings anew, if the list or the pictures changed.
    pub fn restack(&mut self, context: &Context) {
        let Some(sheet) = &mut self.sheet else { return };
        let made_of = Some(self.list.revision() + self.thumbnails.revision);
        if sheet.made_of == made_of {
            return;
        }
        sheet.made_of = made_of;
        let listed = self.list.keys().iter().map(|key| &key.1);
        let ids = listed.filter(|id| context.row(id).is_some_and(|row| row.images > 0)).cloned();
        let looks = |id: &RecordingId| self.thumbnails.looks.get(id).copied();
        let within = |open: &Vec<RecordingId>| {
            let open: HashSet<&RecordingId> = open.iter().collect();
            stacked(ids.clone().filter(|id| open.contains(id)), |_| None)
        };
        let inside = sheet.open.as_ref().map(within).filter(|stacks| !stacks.is_empty());
        // One whose last recording went is closed.
        sheet.open.take_if(|_| inside.is_none());
        let stacks = inside.unwrap_or_else(|| stacked(ids, looks));
        sheet.restack(stacks, self.list.selected().map(|key| &key.1));
    }

    /// Brings the sheet up to date; gives the job for the pictures that are to be seen.
    pub fn reconcile_sheet(&mut self, context: &Context) -> Option<Effect> {
        self.restack(context);
        let sheet = self.sheet.as_mut()?;
        let grid = sheet.grid(context.areas.whole);
        sheet.reveal(&grid);
        let visible = sheet.visible(&grid).filter_map(|(_, stack)| stack.ids.first().cloned());
        let job = self.thumbnails.job(visible, grid.cells).map(Effect::Thumbnails);
        // The list below follows: a question that is put over it must stand beside the picture that it is about.
        let selected = sheet.selected().and_then(|stack| stack.ids.first()).cloned();
        if let Some(row) = selected.and_then(|id| context.row(&id)) {
            let key = self.key_of(row);
            self.list.select(&key, context.list_rows());
        }
        job
    }
}
