//! Strategies that would be wider at an endpoint than they say.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use crate::matching::{Fields, StrategyProblem, check_strategy};
use crate::model::Strategy;

/// The strategies that people were told about, each at an endpoint. Once is enough.
#[derive(Default)]
pub(crate) struct Misfits(Mutex<HashSet<(String, Strategy)>>);

/// The strategy that would be stamped, without telling anybody.
pub(crate) fn fitting(wanted: Strategy, fields: &Fields) -> Strategy {
    if misfit(&wanted, fields).is_some() { Strategy::STANDARD } else { wanted }
}

/// Why a configured strategy would be wider at this endpoint than it says. To ignore what is not there is no such thing: a
/// configuration holds for many endpoints.
pub(crate) fn misfit(wanted: &Strategy, fields: &Fields) -> Option<StrategyProblem> {
    let problem = check_strategy(wanted, fields).err()?;
    let harmless = matches!((wanted, &problem), (Strategy::Standard { .. }, StrategyProblem::Unknown { .. }));
    (!harmless).then_some(problem)
}

impl Misfits {
    pub(crate) fn first(&self, endpoint: &str, strategy: &Strategy) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert((endpoint.to_owned(), strategy.clone()))
    }
}
