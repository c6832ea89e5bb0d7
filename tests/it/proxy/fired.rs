//! A call that is sent once more from the history: as it was, and not as the recording that answered it.

use retake::engine::{ExchangeRef, MatchSettings};
use retake::model::{CallId, Mode, Outcome};

use super::{CHAT, chat};
use crate::world::{Upstream, World};

/// The strategy text of a retag.
fn tag(strategy: &str) -> MatchSettings {
    MatchSettings { strategy: Some(strategy.parse().unwrap()), playback: None }
}

#[tokio::test]
async fn a_call_is_fired_with_its_own_request_scope_and_match_headers() {
    let upstream = Upstream::start(chat).await;
    let world = World::new(Mode::ReplayOrError, upstream.address).await;
    let (target, engine) = ("/v1/chat/completions", &world.engine);
    let scoped = [("x-retake-mode", "record"), ("x-retake-scope", "test_a")];
    let (_, recording) = world.record(target, &scoped, CHAT).await;
    let last = || engine.calls().back().unwrap().id;
    let recorded = last();
    let fire = async |call: CallId| engine.fire(&ExchangeRef::Call(call)).await;
    // What was recorded asked for what the recording holds.
    let fired = fire(recorded).await.unwrap();
    assert_eq!((fired.outcome, fired.recording), (Some(Outcome::Replay), Some(recording.id.clone())));

    let seeded = CHAT.replacen('{', r#"{"seed":8,"#, 1);
    let scope = [("x-retake-scope", "test_a")];
    let missed = world.post(target, &scope, &seeded).await;
    assert_eq!(missed.status, 404);
    let missed = last();
    engine.retag(std::slice::from_ref(&recording.id), &tag("standard -seed"), false).await.unwrap();
    let fired = fire(missed).await.unwrap();
    assert_eq!(fired.outcome, Some(Outcome::Replay), "now it hits");
    assert_eq!(world.post(target, &scope, &seeded).await.status, 200);
    let cosmetic = engine.calls().back().unwrap().clone();
    assert!(cosmetic.cosmetic, "{cosmetic:?}");
    engine.undo().await.unwrap();
    let fired = fire(cosmetic.id).await.unwrap();
    assert_eq!((fired.outcome, fired.recording), (Some(Outcome::Miss), None), "its seed is its own");

    // The recording is seen from its scope alone by a call that has one.
    let other = world.post(target, &[("x-retake-scope", "test_b")], CHAT).await;
    assert_eq!((other.status, fire(last()).await.unwrap().outcome), (404, Some(Outcome::Miss)));
    // Under its header it hits, and so it does again.
    let loose = [("x-retake-match", "standard -seed"), ("x-retake-scope", "test_a")];
    assert_eq!(world.post(target, &loose, &seeded).await.status, 200);
    let call = last();
    assert_eq!(fire(call).await.unwrap().outcome, Some(Outcome::Replay));
    let explained = engine.explain_call(call).await.unwrap();
    assert!(explained.hit.is_some(), "its header counts when it is explained, too");
    let pinned = [("x-retake-recording", recording.id.as_str())];
    assert_eq!(world.post(target, &pinned, &CHAT.replace("Say hi", "Anything")).await.status, 200);
    assert_eq!(fire(last()).await.unwrap().recording, Some(recording.id.clone()));
    assert_eq!(upstream.calls(), 1, "nothing was forwarded");
}

/// Another request in its place would prove something that is not true.
#[tokio::test]
async fn a_call_whose_request_is_not_in_memory_is_not_fired() {
    let upstream = Upstream::start(chat).await;
    let world = World::new(Mode::ReplayOrError, upstream.address).await;
    let target = "/v1/chat/completions";
    world.record(target, &[("x-retake-mode", "record")], CHAT).await;
    let named = CHAT.replacen('{', r#"{"user":"somebody","#, 1);
    assert_eq!(world.post(target, &[], &named).await.status, 200);
    let settings = crate::world::settings(Mode::ReplayOrError, upstream.address);
    let world = world.restarted(settings).await;
    world.engine.restore_history();
    let call = world.engine.calls().back().unwrap().clone();
    assert!(call.cosmetic, "{call:?}");
    let error = world.engine.fire(&ExchangeRef::Call(call.id)).await.unwrap_err().to_string();
    assert!(error.contains(&format!("call {} is not in memory", call.id.0)), "{error}");
    assert_eq!(world.engine.calls().len(), 2, "no call was made");
    assert!(world.engine.fire(&ExchangeRef::Call(CallId(99))).await.unwrap_err().to_string().contains("99"));
}
