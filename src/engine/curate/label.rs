//! Naming, tagging and protecting recordings.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::curate::step::RecordingEdit;
use crate::engine::state::Engine;
use crate::engine::verb_error::VerbError;
use crate::model::{Labels, ParseNameError, RecordingId, Row, check_name, check_scope, check_tag};

/// New labels of recordings; what is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Relabel {
    /// The name; an empty one takes it away.
    #[serde(default)]
    pub name: Option<String>,
    /// Tags that they get.
    #[serde(default)]
    pub tag: Vec<String>,
    /// Tags that they lose.
    #[serde(default)]
    pub untag: Vec<String>,
    /// True if prune and delete leave them alone.
    #[serde(default)]
    pub protected: Option<bool>,
    /// The scope they belong to; an empty one takes them out of any.
    #[serde(default)]
    pub scope: Option<String>,
}

impl Engine {
    /// Names, tags or protects recordings, all or none, and gives those that changed.
    ///
    /// # Errors
    /// When one is not there, a name or a tag cannot be, a name is taken, or the store cannot be written.
    pub async fn relabel(
        &self,
        ids: &[RecordingId],
        relabel: &Relabel,
    ) -> Result<Vec<RecordingId>, VerbError> {
        let curation = self.curate().await;
        relabel.check()?;
        self.check_taken(ids, relabel)?;
        let mut edits = Vec::new();
        for id in ids {
            let unknown = || VerbError::Unknown(id.clone());
            let row = self.row(id).ok_or_else(unknown)?;
            let labels = relabel.applied(&row);
            if labels != row.labels() {
                edits.push(RecordingEdit::Label(self.labelled(&row, &labels).ok_or_else(unknown)?));
            }
        }
        Ok(curation.step(relabel.verb(), edits).await?)
    }

    /// Names are paths of fixtures, so two recordings cannot have the same.
    pub(crate) fn check_taken(&self, ids: &[RecordingId], relabel: &Relabel) -> Result<(), VerbError> {
        let Some(name) = relabel.name.as_deref().filter(|name| !name.is_empty()) else { return Ok(()) };
        if ids.len() > 1 {
            return Err(VerbError::Shared { name: name.into(), count: ids.len() });
        }
        // Some file systems do not tell letters by their case.
        let same = |row: &Row| row.name.as_deref().is_some_and(|other| other.eq_ignore_ascii_case(name));
        let others = self.shared.index.select(|_| true, |row| same(row) && !ids.contains(&row.id));
        match others.first() {
            None => Ok(()),
            Some(other) => Err(VerbError::Taken { name: name.into(), by: other.row.id.clone() }),
        }
    }
}

impl Relabel {
    /// The verb that it is a step of.
    fn verb(&self) -> &'static str {
        match self {
            Self { name: Some(_), .. } => "rename",
            Self { protected: Some(true), .. } => "protect",
            Self { protected: Some(false), .. } => "unprotect",
            _ => "tag",
        }
    }

    pub(crate) fn check(&self) -> Result<(), ParseNameError> {
        self.tag.iter().try_for_each(|tag| check_tag(tag))?;
        self.scope.as_deref().filter(|scope| !scope.is_empty()).map_or(Ok(()), check_scope)?;
        match self.name.as_deref() {
            None | Some("") => Ok(()),
            Some(name) => check_name(name),
        }
    }

    fn applied(&self, row: &Row) -> Labels {
        let mut labels = row.labels();
        let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        if let Some(name) = &self.name {
            labels.name = given(name);
        }
        if let Some(scope) = &self.scope {
            labels.scope = given(scope);
        }
        labels.protected = self.protected.unwrap_or(labels.protected);
        labels.tags.retain(|tag| !self.untag.contains(tag));
        labels.tags.extend(self.tag.iter().cloned());
        labels.tags.sort();
        labels.tags.dedup();
        labels
    }
}
