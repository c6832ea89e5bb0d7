//! The strategy that a recording gets: the one that was asked for, as far as it means something for the recording's request.

use std::sync::Arc;

use crate::dialect::endpoint_of;
use crate::engine::state::Engine;
use crate::matching::{Fields, StrategyProblem, check_strategy, narrowed, summary};
use crate::model::{Level, Recording, Scrubbed, Strategy};

impl Engine {
    /// The strategy that is stamped on a recording of a request for which `wanted` is configured. One that looks at a field
    /// which requests of this endpoint do not have would let the recording answer everything: it is `standard` then, which
    /// is narrower, and people are told.
    pub(crate) fn stamp(&self, wanted: Strategy, fields: &Fields) -> Strategy {
        let Some(problem) = misfit(&wanted, fields) else { return wanted };
        if self.shared.warned.misfits.first((fields.endpoint.name.clone(), wanted.clone())) {
            let text = format!(
                "what `{}` records is `standard` instead of `{wanted}`, which would answer too much: {problem}",
                fields.endpoint.name
            );
            self.notify(Level::Warning, text);
        }
        Strategy::STANDARD
    }

    /// A recording from elsewhere or from before, whose strategy nobody checked: where nothing that it looks at is known it
    /// answered everything, and becomes `standard`.
    pub(crate) fn mended(&self, recording: Arc<Recording>) -> Arc<Recording> {
        if !matches!(recording.strategy, Strategy::Specific { .. }) {
            return recording;
        }
        let fields = self.fields(&self.scrub(&recording.request));
        let Some(strategy) = narrowed(&recording.strategy, &fields) else { return recording };
        let (id, before) = (&recording.id, &recording.strategy);
        let text = format!(
            "{id} is `{strategy}` now: its request has no field of `{before}`, so it answered everything"
        );
        self.notify(Level::Warning, text);
        Arc::new(Recording { strategy, ..Recording::clone(&recording) })
    }
}

impl Engine {
    /// The strategy that is stamped on a recording of a request that no header speaks for.
    pub(crate) fn strategy_of(&self, request: &Scrubbed) -> Strategy {
        let summary = summary(request);
        let (_, endpoint) = endpoint_of(request);
        debug_assert_eq!(endpoint.name, summary.endpoint);
        let settings = self.settings();
        let wanted = settings.strategy_of(None, None, &summary.endpoint, summary.model.as_deref());
        if wanted == Strategy::STANDARD {
            return wanted;
        }
        self.stamp(wanted, &self.fields(request))
    }
}

/// The strategy that would be stamped, without telling anybody.
pub(crate) fn fitting(wanted: Strategy, fields: &Fields) -> Strategy {
    if misfit(&wanted, fields).is_some() { Strategy::STANDARD } else { wanted }
}

/// The reason why a configured strategy would be wider at this endpoint than it says; `None` where it would not. To
/// ignore what is not there is no such thing: a configuration holds for many endpoints.
pub(crate) fn misfit(wanted: &Strategy, fields: &Fields) -> Option<StrategyProblem> {
    let problem = check_strategy(wanted, fields).err()?;
    let harmless = matches!((wanted, &problem), (Strategy::Standard { .. }, StrategyProblem::Unknown { .. }));
    (!harmless).then_some(problem)
}
