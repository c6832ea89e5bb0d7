//! Labels: all that people change about a recording without touching its exchange.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{Completeness, Playback, Recording, RecordingId, Row, Strategy};

/// All of a recording that can change while its request and its response stay as they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Labels {
    /// The match strategy.
    pub strategy: Strategy,
    /// A name given by a person.
    pub name: Option<String>,
    /// Tags, sorted.
    pub tags: Vec<String>,
    /// Whether prune and delete leave it alone.
    pub protected: bool,
    /// The scope it belongs to.
    pub scope: Option<String>,
    /// The playback among the takes of its request.
    pub playback: Playback,
    /// Whether the response arrived whole.
    pub completeness: Completeness,
    /// The recording that it was recorded anew for, while that is not decided.
    pub review: Option<RecordingId>,
}

impl Row {
    /// The row's labels.
    #[must_use]
    pub fn labels(&self) -> Labels {
        Labels {
            strategy: self.strategy.clone(),
            name: self.name.clone(),
            tags: self.tags.clone(),
            protected: self.protected,
            scope: self.scope.clone(),
            playback: self.playback,
            completeness: self.completeness,
            review: self.review.clone(),
        }
    }

    /// A copy of the row with other labels.
    #[must_use]
    pub fn labelled(&self, labels: &Labels) -> Self {
        let Labels { strategy, name, tags, protected, scope, playback, completeness, review } =
            labels.clone();
        Self { strategy, name, tags, protected, scope, playback, completeness, review, ..self.clone() }
    }
}

impl Recording {
    /// Gives it labels.
    pub fn label(&mut self, labels: Labels) {
        let Labels { strategy, name, tags, protected, scope, playback, completeness, review } = labels;
        self.strategy = strategy;
        self.name = name;
        self.tags = tags;
        self.protected = protected;
        self.scope = scope;
        self.playback = playback;
        self.completeness = completeness;
        self.review = review;
    }
}
