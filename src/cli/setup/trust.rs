//! `retake trust`: what a project's configuration file may do because somebody looked at it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::common::Common;
use crate::cli::exit::NotFound;
use crate::cli::print;
use crate::config::{self, Privilege};
use crate::model::Hash;

/// The file, and what becomes of its trust.
#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "they are the flags of one verb")]
pub(crate) struct TrustArgs {
    /// The file; the one that would be read without it
    file: Option<PathBuf>,
    /// Trust no content of the file any more
    #[arg(long)]
    revoke: bool,
    /// Only say what the file wants; nothing is trusted
    #[arg(long, short = 'n', conflicts_with_all = ["yes", "revoke"])]
    dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// One JSON object: file, sha256, trusted, privileges
    #[arg(long)]
    json: bool,
}

/// What became of a file's trust.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum TrustChange {
    /// What the file says that only a trusted one may, and whether it is trusted now.
    Looked {
        file: PathBuf,
        /// The content.
        sha256: Hash,
        trusted: bool,
        privileges: Vec<Privilege>,
    },
    /// With `--revoke`: how many contents of the file are not trusted any more.
    Revoked { file: String, revoked: usize },
}

pub(crate) fn run(common: &Common, which: &TrustArgs) -> anyhow::Result<ExitCode> {
    let path = which.file.clone().unwrap_or_else(|| common.config.path());
    let name = path.display().to_string();
    if which.revoke {
        let revoked = config::revoke(&path)?;
        if which.json {
            print::json(&TrustChange::Revoked { file: name, revoked })?;
        } else if revoked == 0 {
            print::note(&format!("{name} was not trusted"));
        } else {
            print::note(&format!("{name} is not trusted any more; a proxy that runs keeps what it has"));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let (trusted, privileges) = config::privileges(&path)?;
    let trusted = trusted.ok_or_else(|| NotFound(format!("there is no {name} to trust")))?;
    if !which.json {
        let whole = trusted.path().display().to_string();
        print::note(&match privileges.len() {
            0 => format!("{whole} says nothing that needs trust"),
            _ => format!("{whole} says what only a trusted file may:"),
        });
        for one in &privileges {
            print::note(&format!("  {one}"));
        }
    }
    if which.dry_run && !which.json {
        return Ok(ExitCode::SUCCESS);
    }
    let asks = !which.yes && !which.dry_run && !privileges.is_empty() && print::can_ask();
    let agreed = !which.dry_run && (!asks || print::confirmed("Trust this content from now on?"));
    if agreed && !privileges.is_empty() {
        trusted.grant()?;
    }
    if which.json {
        print::json(&TrustChange::Looked {
            file: trusted.path().into(),
            sha256: trusted.content(),
            trusted: agreed,
            privileges,
        })?;
    } else if privileges.is_empty() {
        print::note("there is nothing to trust");
    } else if agreed {
        print::note("trusted, until it changes; `retake trust --revoke` undoes that");
    } else {
        print::note("it is not trusted");
    }
    Ok(ExitCode::SUCCESS)
}
