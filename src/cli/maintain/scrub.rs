//! `retake scrub --again`: what is stored, with the patterns that are in force now.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;

use crate::api::ScrubRequest;
use crate::cli::common::Common;
use crate::cli::exit::UsageError;
use crate::cli::progress::Progress;
use crate::cli::{door, print};
use crate::engine::Rescrub;
use crate::reading::{human, sanitize};

/// Arguments of `retake scrub`.
#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "they are the flags of one verb")]
pub(crate) struct ScrubArgs {
    /// Rewrite what is stored: new recordings are scrubbed anyway
    #[arg(long, required = true)]
    again: bool,
    /// Only say what would change, and in how many recordings
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// Do not ask
    #[arg(long, short, conflicts_with = "dry_run")]
    yes: bool,
    /// What changes as one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(common: &Common, asked: ScrubArgs) -> anyhow::Result<ExitCode> {
    debug_assert!(asked.again);
    door::refuse_withheld(common)?;
    door::at_store(common, async |client| {
        let work = Progress::start("looking at what is stored", None);
        let plan = client.run(ScrubRequest { dry_run: true }).await?;
        work.done();
        let ask = !asked.dry_run && !asked.yes && !plan.is_empty();
        if !asked.json || ask {
            shown(&plan, asked.json);
        }
        let done = if asked.dry_run || plan.is_empty() {
            plan
        } else if ask && !agreed(&plan)? {
            print::note("nothing was changed");
            return Ok(ExitCode::SUCCESS);
        } else {
            let work = Progress::start("rewriting", None);
            let done = client.run(ScrubRequest { dry_run: false }).await?;
            work.done();
            done
        };
        if asked.json {
            print::json(&done)?;
        } else if let Some(compacted) = &done.compacted {
            let size = human::size(compacted.after.journal_bytes + compacted.after.body_bytes);
            print::note(&format!(
                "{} rewritten; the store holds {size} now",
                recordings(done.recordings.len() as u64)
            ));
        }
        Ok(ExitCode::SUCCESS)
    })
    .await
}

fn agreed(plan: &Rescrub) -> Result<bool, UsageError> {
    let many = recordings(plan.recordings.len() as u64);
    if !print::can_ask() {
        return Err(UsageError(format!("nobody can be asked whether to rewrite {many}; add --yes")));
    }
    Ok(print::confirmed(&format!("Rewrite {many} for good?")))
}

/// Writes the plan for people; where programs read stdout, to stderr.
fn shown(plan: &Rescrub, aside: bool) {
    let say = |line: &str| if aside { print::note(line) } else { print::line(line) };
    for one in &plan.recordings {
        let fields: Vec<_> = one.fields.iter().map(|field| sanitize(field).into_owned()).collect();
        say(&format!("{}  {}", one.id, fields.join(", ")));
    }
    for line in summary_lines(plan) {
        print::note(&line);
    }
}

/// The lines about what the recordings' own lines do not show.
fn summary_lines(plan: &Rescrub) -> Vec<String> {
    let mut lines = Vec::new();
    let checked = recordings(plan.checked);
    if plan.is_empty() {
        lines.push(format!("nothing to rewrite in {checked}"));
    } else {
        let mut fields: BTreeMap<&str, u64> = BTreeMap::new();
        for field in plan.recordings.iter().flat_map(|one| &one.fields) {
            *fields.entry(field).or_default() += 1;
        }
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, count)| format!("{} ({})", sanitize(name), human::thousands(*count)))
            .collect();
        let (many, fields) = (human::thousands(plan.recordings.len()), fields.join(", "));
        lines.push(format!("{many} of {checked} get placeholders: {fields}"));
        if plan.trash > 0 {
            lines.push(format!("{} in the trash would, too", recordings(plan.trash)));
        }
        lines.push(
            "this cannot be undone: what stands there now leaves the disk, and with it the whole trash and the undo \
             history"
                .to_owned(),
        );
    }
    if !plan.unreadable.is_empty() {
        let ids: Vec<_> = plan.unreadable.iter().take(3).map(ToString::to_string).collect();
        let many = recordings(plan.unreadable.len() as u64);
        lines.push(format!("{many} cannot be read or searched and would stay: {}", ids.join(", ")));
    }
    lines
}

fn recordings(count: u64) -> String {
    human::counted(count, "recording")
}
