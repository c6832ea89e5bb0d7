//! `retake tag`, `rename` and `protect`: how people call recordings, and what they keep from being deleted.

use std::process::ExitCode;

use clap::Args;

use crate::api::RelabelRequest;
use crate::cli::common::Common;
use crate::cli::exit::Usage;
use crate::cli::selection::Selection;
use crate::cli::{door, print, selection};
use crate::engine::Relabel;

/// The tags that are given and taken.
#[derive(Args)]
pub(crate) struct TagArgs {
    #[command(flatten)]
    which: Selection,
    /// Tags to add, separated by commas
    #[arg(long, short, value_name = "TAG", value_delimiter = ',', required_unless_present = "remove")]
    add: Vec<String>,
    /// Tags to take away, separated by commas
    #[arg(long, short, value_name = "TAG", value_delimiter = ',')]
    remove: Vec<String>,
    /// One JSON object with the ids that changed
    #[arg(long)]
    json: bool,
}

/// A new name.
#[derive(Args)]
pub(crate) struct RenameArgs {
    /// The recording's id, or a unique beginning of it
    id: String,
    /// Its name from now on, which is also its path in an export, such as images/capybara
    #[arg(required_unless_present = "clear")]
    name: Option<String>,
    /// Take the name away
    #[arg(long, conflicts_with = "name")]
    clear: bool,
    /// One JSON object with the ids that changed
    #[arg(long)]
    json: bool,
}

/// Whether recordings are protected.
#[derive(Args)]
pub(crate) struct ProtectArgs {
    #[command(flatten)]
    which: Selection,
    /// Let delete and prune have them again
    #[arg(long)]
    off: bool,
    /// One JSON object with the ids that changed
    #[arg(long)]
    json: bool,
}

pub(crate) async fn tag(common: &Common, tags: TagArgs) -> anyhow::Result<ExitCode> {
    let TagArgs { which, add, remove, json } = tags;
    if let Some(both) = add.iter().find(|tag| remove.contains(tag)) {
        return Err(Usage(format!("`{both}` is both added and taken away")).into());
    }
    let said =
        [("+", &add), ("-", &remove)].map(|(sign, tags)| tags.iter().map(move |tag| format!("{sign}{tag}")));
    let said = said.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let relabel = Relabel { tag: add, untag: remove, ..Relabel::default() };
    changed(common, &which, &relabel, &format!("tagged {said}"), json).await
}

pub(crate) async fn rename(common: &Common, name: RenameArgs) -> anyhow::Result<ExitCode> {
    let RenameArgs { id, name, clear, json } = name;
    let name = if clear { String::new() } else { name.unwrap_or_default() };
    if name.is_empty() && !clear {
        return Err(Usage("the name is empty; --clear takes a name away".into()).into());
    }
    let said = if clear { "has no name any more".to_owned() } else { format!("is called {name}") };
    let relabel = Relabel { name: Some(name), ..Relabel::default() };
    changed(common, &Selection::one(id), &relabel, &said, json).await
}

pub(crate) async fn protect(common: &Common, protection: ProtectArgs) -> anyhow::Result<ExitCode> {
    let ProtectArgs { which, off, json } = protection;
    let relabel = Relabel { protected: Some(!off), ..Relabel::default() };
    changed(common, &which, &relabel, if off { "is no longer protected" } else { "is protected" }, json).await
}

async fn changed(
    common: &Common,
    which: &Selection,
    relabel: &Relabel,
    said: &str,
    json: bool,
) -> anyhow::Result<ExitCode> {
    door::at_store(common, async |client| {
        let rows = selection::all(client, which).await?;
        let ids: Vec<_> = rows.iter().map(|row| row.id.clone()).collect();
        let changed = client.run(RelabelRequest { ids: ids.clone(), relabel: relabel.clone() }).await?.ids;
        print::ids(&changed, said, json);
        if !json && changed.len() < ids.len() {
            print::note(&match ids.len() - changed.len() {
                1 => "1 was so already".to_owned(),
                same => format!("{same} were so already"),
            });
        }
        Ok(ExitCode::SUCCESS)
    })
    .await
}
