//! `retake tag`, `rename` and `protect`: how people call recordings, and what they keep from being deleted.

use std::process::ExitCode;

use clap::Args;

use crate::api::RelabelRequest;
use crate::cli::common::Common;
use crate::cli::exit::UsageError;
use crate::cli::selection::Selectors;
use crate::cli::{door, print, selection};
use crate::engine::Relabel;
use crate::model::Row;
use crate::reading::human;

/// The tags that are given and taken.
#[derive(Args)]
pub(crate) struct TagArgs {
    #[command(flatten)]
    which: Selectors,
    /// Tags to add, separated by commas
    #[arg(long, short, value_name = "TAG", value_delimiter = ',', required_unless_present = "remove")]
    add: Vec<String>,
    /// Tags to take away, separated by commas
    #[arg(long, short, value_name = "TAG", value_delimiter = ',')]
    remove: Vec<String>,
    /// Only say what would change
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// One JSON object with the ids that changed
    #[arg(long)]
    json: bool,
}

/// A new name.
#[derive(Args)]
pub(crate) struct RenameArgs {
    /// The recording's id, or a unique beginning of it
    id: String,
    /// Its name from now on, such as images/capybara
    #[arg(required_unless_present = "clear")]
    name: Option<String>,
    /// Take the name away
    #[arg(long, conflicts_with = "name")]
    clear: bool,
    /// Only say what would change
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// One JSON object with the ids that changed
    #[arg(long)]
    json: bool,
}

/// Arguments of `retake protect`.
#[derive(Args)]
pub(crate) struct ProtectArgs {
    #[command(flatten)]
    which: Selectors,
    /// Let delete and prune have them again
    #[arg(long)]
    off: bool,
    /// Only say what would change
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// One JSON object with the ids that changed
    #[arg(long)]
    json: bool,
}

pub(crate) async fn tag(common: &Common, tags: TagArgs) -> anyhow::Result<ExitCode> {
    let TagArgs { which, add, remove, dry_run, json } = tags;
    if let Some(both) = add.iter().find(|tag| remove.contains(tag)) {
        return Err(UsageError(format!("`{both}` is both added and taken away")).into());
    }
    let said =
        [("+", &add), ("-", &remove)].map(|(sign, tags)| tags.iter().map(move |tag| format!("{sign}{tag}")));
    let said = said.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let relabel = Relabel { tag: add, untag: remove, ..Relabel::default() };
    let said = if dry_run { format!("would be tagged {said}") } else { format!("tagged {said}") };
    changed(common, &which, &relabel, &said, Printing { dry_run, json }).await
}

pub(crate) async fn rename(common: &Common, name: RenameArgs) -> anyhow::Result<ExitCode> {
    let RenameArgs { id, name, clear, dry_run, json } = name;
    let name = if clear { String::new() } else { name.unwrap_or_default() };
    if name.is_empty() && !clear {
        return Err(UsageError("the name is empty; --clear takes a name away".into()).into());
    }
    let said = match (dry_run, clear) {
        (false, true) => "has no name any more".to_owned(),
        (false, false) => format!("is called {name}"),
        (true, true) => "would lose its name".to_owned(),
        (true, false) => format!("would be called {name}"),
    };
    let relabel = Relabel { name: Some(name), ..Relabel::default() };
    changed(common, &Selectors::one(id), &relabel, &said, Printing { dry_run, json }).await
}

pub(crate) async fn protect(common: &Common, protection: ProtectArgs) -> anyhow::Result<ExitCode> {
    let ProtectArgs { which, off, dry_run, json } = protection;
    let relabel = Relabel { protected: Some(!off), ..Relabel::default() };
    let said = match (dry_run, off) {
        (false, true) => "is no longer protected",
        (false, false) => "is protected",
        (true, true) => "would no longer be protected",
        (true, false) => "would be protected",
    };
    changed(common, &which, &relabel, said, Printing { dry_run, json }).await
}

/// The way in which a change is carried out and printed.
#[derive(Clone, Copy)]
struct Printing {
    dry_run: bool,
    json: bool,
}

async fn changed(
    common: &Common,
    which: &Selectors,
    relabel: &Relabel,
    said: &str,
    Printing { dry_run, json }: Printing,
) -> anyhow::Result<ExitCode> {
    door::at_store(common, async |client| {
        let rows = selection::all(client, which).await?;
        let changed = if dry_run {
            rows.iter().filter(|row| differs(row, relabel)).map(|row| row.id.clone()).collect()
        } else {
            let ids = rows.iter().map(|row| row.id.clone()).collect();
            client.run(RelabelRequest { ids, relabel: relabel.clone() }).await?.ids
        };
        print::ids(&changed, said, json);
        if !json && changed.len() < rows.len() {
            print::note(&match rows.len() - changed.len() {
                1 => "1 was so already".to_owned(),
                same => format!("{} were so already", human::thousands(same)),
            });
        }
        Ok(ExitCode::SUCCESS)
    })
    .await
}

/// True if a recording would be another one with these labels.
fn differs(row: &Row, relabel: &Relabel) -> bool {
    let has = |tag: &String| row.tags.contains(tag);
    relabel.tag.iter().any(|tag| !has(tag))
        || relabel.untag.iter().any(has)
        || relabel.name.as_deref().is_some_and(|name| name != row.name.as_deref().unwrap_or_default())
        || relabel.protected.is_some_and(|protected| protected != row.protected)
}
