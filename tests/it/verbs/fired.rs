//! A recorded request that is sent once more, and which of its fields decide.

use retake::engine::ExchangeRef;
use retake::model::{Mode, Outcome};

use super::{draft, open};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorded_request_is_answered_in_its_scope_and_counts_as_a_hit() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    // Were the mode heeded, an answer would be made up.
    engine.set_mode(Mode::Mock);
    let id = engine.create(draft("hats", "Wear one.")).await.unwrap();
    for _ in 0..3 {
        let fired = engine.fire(&ExchangeRef::Recording(id.clone())).await.unwrap();
        assert_eq!((fired.outcome, fired.recording), (Some(Outcome::Replay), Some(id.clone())));
    }
    assert_eq!(engine.row(&id).unwrap().usage.hits, 3);
    let stalls = engine.derive(&id, "stall@20".parse().unwrap(), Some("stall".into())).await.unwrap();
    let fired = engine.fire(&ExchangeRef::Recording(stalls.clone())).await.unwrap();
    assert_eq!(fired.recording, Some(stalls));
    assert!(engine.call(fired.call).unwrap().done, "although its answer never ends");
    engine.remove(std::slice::from_ref(&id)).await.unwrap();
    assert!(
        engine.fire(&ExchangeRef::Recording(id.clone())).await.unwrap_err().to_string().contains(id.as_str())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fields_that_decide_are_those_of_the_strategy() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    let id = engine.create(draft("hats", "Wear one.")).await.unwrap();
    let deciding = engine.deciding(&id).await.unwrap();
    let said = |name: &str| deciding.fields.iter().find(|field| field.field == name).unwrap();
    assert_eq!((said("body/model").value.as_str(), said("body/model").significant), ("gpt-5-mini", true));
    assert!(!said("mount").significant);
    let tag =
        retake::engine::MatchSettings { strategy: Some("pinned".parse().unwrap()), ..Default::default() };
    engine.retag(std::slice::from_ref(&id), &tag, false).await.unwrap();
    let pinned = engine.deciding(&id).await.unwrap();
    assert_ne!(pinned.fingerprint, deciding.fingerprint);
    let decide =
        |field: &retake::engine::FieldShown| field.field.starts_with("body/messages") && field.significant;
    assert!(!pinned.fields.iter().any(decide));
}
