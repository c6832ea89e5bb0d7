//! Use carried from store to store, and what it spares from pruning.

use std::collections::BTreeSet;

use retake::api::{MergeUsageRequest, PruneRequest};
use retake::client::{Client, ControlClient};
use retake::engine::{Engine, Merged, Settings, UsageReport};
use retake::model::{Mode, RecordingId};
use retake::retention::{PrunePlan, Reason};

use super::draft;
use crate::home::{CHAT_PATH, Home, chat};
use crate::world::{Upstream, World};

fn replaying() -> Settings {
    Settings { mode: Mode::ReplayOrError, ..Settings::default() }
}

/// A retake that can answer these.
async fn filled(topics: &[&str]) -> (World, Vec<RecordingId>) {
    let retake = World::with(replaying(), tempfile::tempdir().unwrap()).await;
    let mut ids = Vec::new();
    for topic in topics {
        ids.push(retake.engine.create(draft(topic, "Yes.")).await.unwrap());
    }
    (retake, ids)
}

async fn ask(retake: &World, scope: &str, topic: &str) {
    let headers = [("x-retake-scope", scope)];
    let headers = if scope.is_empty() { &[][..] } else { &headers };
    let body = String::from_utf8(draft(topic, "").request.body.to_vec()).unwrap();
    assert_eq!(retake.post(CHAT_PATH, headers, &body).await.status, 200, "{topic}");
}

/// The report as another machine gets it.
fn carried(engine: &Engine) -> UsageReport {
    serde_json::from_str(&serde_json::to_string(&engine.usage().unwrap()).unwrap()).unwrap()
}

/// What a prune of the never-hit would take.
async fn unused(engine: &Engine) -> BTreeSet<RecordingId> {
    let plan = engine.prune("hits:0", BTreeSet::new(), None, true).await.unwrap();
    assert_eq!(plan.spared, [], "all is known");
    plan.remove.into_iter().map(|removal| removal.id).collect()
}

/// Hits everywhere, and in a scope.
fn hits(engine: &Engine, id: &RecordingId) -> (u64, u64) {
    let row = engine.row(id).unwrap();
    (row.usage.everywhere().count, row.usage.hits)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_hit_elsewhere_is_used_here() {
    let (far, _) = filled(&["hats", "coats", "springs"]).await;
    let (near, ids) = filled(&["hats", "coats", "capybaras"]).await;
    let all: BTreeSet<_> = ids[1..].iter().cloned().collect();
    ask(&far, "", "hats").await;
    ask(&far, "nightly", "hats").await;
    ask(&far, "", "springs").await;
    ask(&near, "", "hats").await;
    assert_eq!(unused(&near.engine).await, all);
    let report = carried(&far.engine);
    // They have other ids there: the hash tells which are meant. Twice, because reports come again.
    for _ in 0..2 {
        let merged = near.engine.merge_usage(report.clone()).await.unwrap();
        assert_eq!(merged, Merged { recordings: 1, unknown: 1 });
        assert_eq!(hits(&near.engine, &ids[0]), (3, 1));
    }
    ask(&far, "", "coats").await;
    ask(&far, "", "hats").await;
    let merged = near.engine.merge_usage(carried(&far.engine)).await.unwrap();
    assert_eq!(merged, Merged { recordings: 2, unknown: 1 });
    // One that was late knows less, and takes nothing back.
    near.engine.merge_usage(report).await.unwrap();
    assert_eq!((hits(&near.engine, &ids[0]), hits(&near.engine, &ids[1])), ((4, 1), (1, 0)));
    assert_eq!(unused(&near.engine).await, BTreeSet::from([ids[2].clone()]));
    assert_eq!(carried(&near.engine).recordings.len(), 1, "others' use is not passed on as its own");
    // It is safe, and what is left over goes.
    let near = near.restarted(replaying()).await;
    assert_eq!((hits(&near.engine, &ids[0]), hits(&near.engine, &ids[1])), ((4, 1), (1, 0)));
    let plan = near.engine.prune("hits:0", BTreeSet::new(), None, false).await.unwrap();
    assert_eq!(plan.remove.iter().map(|one| &one.id).collect::<Vec<_>>(), [&ids[2]]);
    assert_eq!(near.engine.rows().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_take_of_a_request_that_is_known_by_its_hash_counts_as_used() {
    let (far, _) = filled(&["hats"]).await;
    let (near, ids) = filled(&["hats", "hats", "coats"]).await;
    ask(&far, "", "hats").await;
    let merged = near.engine.merge_usage(carried(&far.engine)).await.unwrap();
    assert_eq!(merged, Merged { recordings: 2, unknown: 0 });
    assert_eq!(unused(&near.engine).await, BTreeSet::from([ids[2].clone()]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_that_cannot_be_merged_say_why_and_change_nothing() {
    let (far, _) = filled(&["hats"]).await;
    let (near, ids) = filled(&["hats"]).await;
    ask(&far, "", "hats").await;
    let newer = UsageReport { retake_usage: 2, ..carried(&far.engine) };
    let error = near.engine.merge_usage(newer).await.unwrap_err().to_string();
    assert!(error.contains("version is 2") && error.contains("version 1"), "{error}");
    ask(&near, "", "hats").await;
    assert_eq!(hits(&near.engine, &ids[0]), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn use_that_may_have_gone_with_the_machine_is_not_none() {
    let home = Home::new();
    let upstream = Upstream::start(|_| crate::world::json(crate::cli::ANSWER)).await;
    let made = home.filled(&upstream, &["one", "two"]).await;
    let running = home.record(&upstream);
    assert_eq!(running.end("KILL").code, None);
    home.lose_notes();
    // Also for the very first that comes after the crash.
    let said = home.run(&["prune", "--yes", "--json", "hits:0"]);
    let plan: PrunePlan = serde_json::from_str(&said.out).unwrap();
    assert_eq!((plan.remove.len(), plan.spared.len(), said.code), (0, 2, Some(0)), "{said:?}");
    let running = home.record(&upstream);
    assert_eq!(running.call(CHAT_PATH, &[], &chat("three")).await.status, 200);
    let new = running.json().recording.unwrap();
    let client = Client::Remote(ControlClient::of(&home.store()).unwrap());
    let (far, _) = filled(&["one"]).await;
    for (from_elsewhere, spared) in
        [(false, BTreeSet::from([&made[0].id, &made[1].id])), (true, BTreeSet::from([&made[1].id]))]
    {
        if from_elsewhere {
            ask(&far, "", "one").await;
            let merged = client.run(MergeUsageRequest(carried(&far.engine))).await.unwrap();
            assert_eq!(merged, Merged { recordings: 1, unknown: 0 });
        }
        let plan = client
            .run(PruneRequest { query: "hits:0".into(), keep: BTreeSet::new(), only: None, apply: false })
            .await
            .unwrap();
        assert_eq!(plan.remove.iter().map(|one| &one.id).collect::<Vec<_>>(), [&new]);
        let kept: BTreeSet<_> = plan.spared.iter().map(|one| &one.id).collect();
        assert_eq!(kept, spared);
        assert!(plan.spared.iter().all(|one| matches!(one.reason, Reason::UseUnknown { .. })), "{plan:?}");
    }
    let plan = client
        .run(PruneRequest { query: "hits:0".into(), keep: BTreeSet::new(), only: None, apply: true })
        .await
        .unwrap();
    assert_eq!(plan.remove.len(), 1);
    assert_eq!(running.end("TERM").code, Some(0));
    assert_eq!(home.rows().len(), 2);
}
