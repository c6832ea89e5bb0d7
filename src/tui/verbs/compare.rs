//! Choosing two exchanges to compare.

use crate::engine::ExchangeRef;
use crate::model::{Outcome, RecordingId};
use crate::tui::contract::context::Context;
use crate::tui::contract::outcome::{ActionOutcome, AppRequest};
use crate::tui::input::tab::Tab;
use crate::tui::overlay::menu::{Menu, MenuItem};
use crate::tui::widgets::line::thousands;

/// Picks the selected exchange, or compares it with the one that was picked first.
pub fn act(selected: Option<ExchangeRef>, first: Option<ExchangeRef>, context: &Context) -> ActionOutcome {
    if context.tab == Tab::Recordings && context.marks.ids.len() > 1 {
        return compare_marked(context);
    }
    let Some(thing) = selected else {
        return ActionOutcome::info("c picks what to compare in Live and Recordings");
    };
    if let Some(first) = first {
        let unpick = ActionOutcome::from(AppRequest::UnpickFirst);
        if first == thing {
            return unpick.and(AppRequest::Info("A cleared".to_owned()));
        }
        return unpick.and(AppRequest::Compare(first, thing));
    }
    match (&thing, counterpart(&thing, context)) {
        (_, None) => AppRequest::PickFirst(thing).into(),
        // What a miss is compared with needs no question.
        (ExchangeRef::Call(_), Some((other, None))) => AppRequest::Compare(other, thing).into(),
        (_, Some((other, note))) => offer(other, note.unwrap_or_default(), thing),
    }
}

/// The likely counterpart of an exchange, and what it is; `None` for the latter where there is no doubt.
fn counterpart(thing: &ExchangeRef, context: &Context) -> Option<(ExchangeRef, Option<&'static str>)> {
    match thing {
        ExchangeRef::Recording(id) if context.tab == Tab::Recordings => {
            context.row(id).filter(|row| row.edited)?;
            Some((ExchangeRef::Original(id.clone()), Some("what it was before it was edited")))
        }
        ExchangeRef::Call(id) => {
            let call = context.call(*id)?;
            if call.outcome == Some(Outcome::Miss) {
                let nearest = &call.cause.as_ref()?.nearest;
                return context.row(nearest).map(|row| (ExchangeRef::Recording(row.id.clone()), None));
            }
            let answered = call.recording.clone().filter(|_| call.cosmetic)?;
            Some((ExchangeRef::Recording(answered), Some("the recording that answered it")))
        }
        ExchangeRef::Recording(_) | ExchangeRef::Original(_) => None,
    }
}

fn offer(other: ExchangeRef, note: &str, thing: ExchangeRef) -> ActionOutcome {
    let compare = AppRequest::Compare(other, thing.clone());
    let pick = AppRequest::PickFirst(thing);
    let items = vec![
        MenuItem::new('o', "compare", format!("with {note}"), compare),
        MenuItem::new('a', "pick", "as the first of two; c on another one compares", pick),
    ];
    ActionOutcome::open(Menu::new("Compare", items))
}

fn compare_marked(context: &Context) -> ActionOutcome {
    let ids: Vec<RecordingId> = context.marks.ids.iter().cloned().collect();
    let mut rows = context.rows(&ids);
    rows.sort_by_key(|row| (row.recorded_at, row.id.clone()));
    let [one, other] = &rows[..] else {
        let count = thousands(rows.len());
        return ActionOutcome::info(format!(
            "{count} are marked, and two can be compared; A clears the marks"
        ));
    };
    let (one, other) = (ExchangeRef::Recording(one.id.clone()), ExchangeRef::Recording(other.id.clone()));
    ActionOutcome::from(AppRequest::UnpickFirst).and(AppRequest::Compare(one, other))
}
