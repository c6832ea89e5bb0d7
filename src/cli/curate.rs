//! The verbs that change recordings, or show how they were changed.

use std::process::ExitCode;

use clap::Subcommand;

use super::{Common, edit, keep, label, make, pick, prune, retag, review, rm, scrub, trash, undo};

#[derive(Subcommand)]
pub(super) enum Verb {
    /// Change what recordings answer
    Retag(retag::Change),
    /// Give recordings tags, and take tags away
    Tag(label::Tags),
    /// Name a recording
    Rename(label::Naming),
    /// Keep delete and prune from recordings
    Protect(label::Protection),
    /// Change a recording's answer: status, headers, body, text, picture, pace
    Edit(edit::Changes),
    /// Make a recording that fails out of one that did not
    Derive(edit::Failing),
    /// Copy recordings
    Duplicate(make::Copies),
    /// Make a recording that no call made
    New(make::New),
    /// Make a recording of a call of the history after the fact
    Keep(keep::Call),
    /// Ask upstreams once more for what recordings hold; the new answers wait for review
    Rerecord(review::Anew),
    /// List what waits for review, or decide it
    Review(review::Review),
    /// Move recordings to the trash
    Rm {
        #[command(flatten)]
        which: pick::Which,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// List the removed recordings
    Trash {
        /// One JSON array
        #[arg(long)]
        json: bool,
    },
    /// Bring recordings back from the trash
    Restore(trash::Back),
    /// Move what a filter matches to the trash, after a look at what that would do
    Prune(prune::Prune),
    /// Write the store anew without what nothing needs
    Compact(prune::Compact),
    /// Take what the patterns in force find out of what is stored, for good
    Scrub(scrub::Scrub),
    /// Carry what is known of recordings' use from store to store
    #[command(subcommand)]
    Usage(prune::Carried),
    /// Take the last change back
    Undo(undo::How),
    /// Make the change again that was taken back last
    Redo(undo::How),
    /// List the changes that can be taken back
    Steps {
        /// One JSON array
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(common: &Common, verb: Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::Retag(change) => retag::run(common, change).await,
        Verb::Tag(tags) => label::tag(common, tags).await,
        Verb::Rename(name) => label::rename(common, name).await,
        Verb::Protect(protection) => label::protect(common, protection).await,
        Verb::Edit(changes) => edit::edit(common, changes).await,
        Verb::Derive(failing) => edit::derive(common, failing).await,
        Verb::Duplicate(copies) => make::duplicate(common, copies).await,
        Verb::New(new) => make::new(common, new).await,
        Verb::Keep(call) => keep::run(common, call).await,
        Verb::Rerecord(anew) => review::rerecord(common, anew).await,
        Verb::Review(decided) => review::review(common, decided).await,
        Verb::Rm { which, yes } => rm::run(common, &which, yes).await,
        Verb::Trash { json } => trash::run(common, json).await,
        Verb::Restore(back) => trash::restore(common, back).await,
        Verb::Prune(asked) => prune::prune(common, asked).await,
        Verb::Compact(asked) => prune::compact(common, asked).await,
        Verb::Scrub(asked) => scrub::run(common, asked).await,
        Verb::Usage(carried) => prune::usage(common, carried).await,
        Verb::Undo(how) => undo::undo(common, &how).await,
        Verb::Redo(how) => undo::redo(common, &how).await,
        Verb::Steps { json } => undo::steps(common, json).await,
    }
}
