//! The store, whoever owns it, and the disk below it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{Access, access, statvfs};
use serde_json::json;

use super::check::Check;
use crate::api::ListRequest;
use crate::cli::common::Common;
use crate::client::Client;
use crate::engine;
use crate::model::Level;
use crate::reading::human;
use crate::store::{self, Ownership, Store, StoreOwner};

const AREA: &str = "store";
/// Time for the owner to answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// Below this much free space on its disk the store is in danger, below ten times as much it is worth a note.
const TIGHT: u64 = 100 << 20;

pub(crate) async fn checks(common: &Common) -> Vec<Check> {
    let dir = &common.store;
    let glance = match store::glance(dir) {
        Ok(glance) => glance,
        Err(error) => {
            let check =
                Check::problem(AREA, error.to_string(), "put it right, or use another one with --store");
            return vec![check, space(dir)];
        }
    };
    let Some(glance) = glance else {
        let text = format!("none at {}; the first recording verb makes one", absolute(dir).display());
        let facts = json!({ "path": absolute(dir).to_string_lossy(), "exists": false });
        return vec![Check::note(AREA, text).with(facts), space(dir)];
    };
    let text = format!(
        "{}, format {}: journal {}, bodies {}, index {}",
        absolute(dir).display(),
        glance.format,
        human::size(glance.journal_bytes),
        human::size(glance.body_bytes),
        human::size(glance.index_bytes)
    );
    let mut checks = vec![Check::ok(AREA, text).with(json!({
        "path": absolute(dir).to_string_lossy(), "exists": true, "format": glance.format,
        "journal_bytes": glance.journal_bytes, "body_bytes": glance.body_bytes, "index_bytes": glance.index_bytes,
    }))];
    checks.push(permissions(dir));
    match store::owner(dir) {
        Some(owner) => checks.push(owned(dir, &owner).await),
        None => checks.extend(opened(dir)),
    }
    checks.push(space(dir));
    checks
}

fn absolute(dir: &Path) -> PathBuf {
    std::path::absolute(dir).unwrap_or_else(|_| dir.into())
}

/// Recordings hold what people asked, so nobody else may look at them.
fn permissions(dir: &Path) -> Check {
    let mode = match dir.metadata() {
        Ok(data) => data.permissions().mode() & 0o777,
        Err(error) => {
            return Check::problem(
                AREA,
                format!("its directory cannot be looked at: {error}"),
                "look at its permissions",
            );
        }
    };
    let facts = json!({ "mode": format!("{mode:04o}") });
    if mode & 0o077 != 0 {
        let advice = format!("chmod 700 {}", dir.display());
        return Check::problem(
            AREA,
            format!("its directory has mode {mode:04o}: others may read it"),
            advice,
        )
        .with(facts);
    }
    if access(dir, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK).is_err() {
        let text = "its directory cannot be written: nothing can be recorded, retagged or removed";
        return Check::problem(AREA, text, format!("chown or chmod {}", dir.display())).with(facts);
    }
    Check::ok(AREA, format!("mode {mode:04o}: for its owner only")).with(facts)
}

/// The store of a process that runs: it is asked, because nobody else may open it.
async fn owned(dir: &Path, owner: &StoreOwner) -> Check {
    let Some(address) = &owner.address else {
        let text = format!("in use by process {}, which takes no calls: a short command", owner.pid);
        let facts = json!({ "owner": { "pid": owner.pid, "address": null, "answers": null } });
        return Check::note(AREA, text).with(facts);
    };
    let asking = async {
        let (client, _) = Client::open(dir, engine::Settings::default())?;
        client.run(ListRequest::default()).await.map(|rows| rows.items)
    };
    let asked = match tokio::time::timeout(PATIENCE, asking).await {
        Ok(asked) => asked.map_err(|error| error.to_string()),
        Err(_) => Err(format!("it does not answer within {} s", PATIENCE.as_secs())),
    };
    let facts =
        |answers: bool| json!({ "owner": { "pid": owner.pid, "address": address, "answers": answers } });
    match asked {
        Ok(rows) => {
            let text = format!(
                "{}; process {} at {address} owns it and answers",
                human::counted(rows.len(), "recording"),
                owner.pid
            );
            Check::ok(AREA, text).with(facts(true)).with(json!({ "recordings": rows.len() }))
        }
        Err(error) => {
            let text = format!("process {} at {address} owns it: {error}", owner.pid);
            Check::problem(AREA, text, format!("look at it or end it: kill {}", owner.pid)).with(facts(false))
        }
    }
}

/// The store that nobody owns: opened, and what is said at its opening.
fn opened(dir: &Path) -> Vec<Check> {
    let opened = match Store::open(dir, &Ownership::default(), engine::now()) {
        Ok(opened) => opened,
        Err(error) => {
            return vec![Check::problem(
                AREA,
                error.to_string(),
                "put it right, or use another one with --store",
            )];
        }
    };
    let mut checks = Vec::new();
    match opened.store.stats() {
        Ok(stats) => {
            let text = format!(
                "{}, {} in the trash; nobody owns it",
                human::counted(stats.recordings, "recording"),
                human::thousands(stats.trash)
            );
            let facts = json!({ "owner": null, "recordings": stats.recordings, "trash": stats.trash });
            checks.push(Check::ok(AREA, text).with(facts));
        }
        Err(error) => checks.push(Check::problem(AREA, error.to_string(), "restore it from a backup")),
    }
    if let Some(why) = opened.store.degraded() {
        let advice = "free some space, or make its file system writable: the next change is written then";
        checks.push(Check::problem(AREA, why, advice));
    }
    let left: Vec<_> = opened
        .store
        .remains()
        .iter()
        .filter_map(|path| path.file_name())
        .map(|name| name.display().to_string())
        .collect();
    if !left.is_empty() {
        let text = format!("kept from repairs: {}; delete it when nothing is missing", left.join(", "));
        checks.push(Check::note(AREA, text).with(json!({ "remains": left })));
    }
    // An error is why it is not as it should be, which was said.
    let notices = opened.notices.iter().filter(|notice| notice.level != Level::Error);
    checks.extend(notices.map(|notice| match notice.level {
        Level::Info => Check::note(AREA, &notice.text),
        Level::Warning | Level::Error => Check::problem(
            AREA,
            &notice.text,
            "what it says is done; look what is missing with `retake list`",
        ),
    }));
    opened.store.close();
    checks
}

/// Room on the disk that holds the store or will.
fn space(dir: &Path) -> Check {
    let whole = absolute(dir);
    let there = whole.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    match statvfs(there) {
        Err(error) => Check::note("disk", format!("its free space is not known: {error}")),
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let text = format!("{} free below {}", human::size(free), there.display());
            let check = if free < TIGHT {
                Check::problem("disk", text, "free some space: a store on a full disk records nothing")
            } else if free < 10 * TIGHT {
                Check::note("disk", text)
            } else {
                Check::ok("disk", text)
            };
            check.with(json!({ "free_bytes": free }))
        }
    }
}
