//! `retake compact`: a store written anew without what nothing needs.

use std::process::ExitCode;

use clap::Args;

use crate::api::{CompactRequest, TrashRequest};
use crate::cli::common::Common;
use crate::cli::exit::UsageError;
use crate::cli::progress::Progress;
use crate::cli::{door, print};
use crate::engine::{self, TRASH};
use crate::reading::human;

/// Arguments of `retake compact`.
#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "they are the flags of one verb")]
pub(crate) struct CompactArgs {
    /// Empty the trash, too: nothing in it can be restored then, nor its removal undone
    #[arg(long)]
    purge: bool,
    /// Only say what would leave the trash for good
    #[arg(long, short = 'n', conflicts_with = "yes")]
    dry_run: bool,
    /// Do not ask
    #[arg(long, short, requires = "purge")]
    yes: bool,
    /// One JSON object: what the store held before and after; with --dry-run the ids that would go for good
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(common: &Common, asked: CompactArgs) -> anyhow::Result<ExitCode> {
    door::at_store(common, async |client| {
        if asked.dry_run {
            let trash = client.run(TrashRequest::default()).await?.items;
            let day = engine::now().0.saturating_sub(TRASH);
            let goes = trash.iter().filter(|one| asked.purge || one.removed_at.0 < day);
            let rows: Vec<_> = goes.map(|one| &one.row).collect();
            let ids: Vec<_> = rows.iter().map(|row| row.id.clone()).collect();
            print::ids(&ids, "would leave the trash for good", asked.json);
            if !asked.json {
                let size = human::size(rows.iter().map(|row| row.size).sum());
                print::note(&format!("{} ({size}) would go", human::counted(ids.len(), "recording")));
            }
            return Ok(ExitCode::SUCCESS);
        }
        if asked.purge && !asked.yes {
            let trash = client.run(TrashRequest::default()).await?.items.len();
            let many = human::counted(trash, "recording");
            if trash > 0 && !print::can_ask() {
                return Err(UsageError(format!(
                    "nobody can be asked whether {many} in the trash may go for good; add --yes"
                ))
                .into());
            }
            if trash > 0 && !print::confirmed(&format!("Remove {many} in the trash for good?")) {
                print::note("nothing was changed");
                return Ok(ExitCode::SUCCESS);
            }
        }
        let work = Progress::start("compacting", None);
        let compacted = client.run(CompactRequest { purge: asked.purge }).await?;
        work.done();
        if asked.json {
            print::json(&compacted)?;
            return Ok(ExitCode::SUCCESS);
        }
        let (before, after) = (compacted.before, compacted.after);
        let size = |stats: &crate::store::StoreStats| stats.journal_bytes + stats.body_bytes;
        let left = before.trash.saturating_sub(after.trash);
        let trash = if left == 0 {
            String::new()
        } else {
            format!("; {} left the trash for good", human::counted(left, "recording"))
        };
        print::line(&format!(
            "{} before, {} now{trash}",
            human::size(size(&before)),
            human::size(size(&after))
        ));
        Ok(ExitCode::SUCCESS)
    })
    .await
}
