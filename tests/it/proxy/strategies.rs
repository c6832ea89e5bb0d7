//! Strategies of calls and of the configuration that name what nobody has: nothing is answered too widely.

use retake::engine::{self, Settings};
use retake::model::{Event, Mode, Outcome, Strategy};
use retake::store::{LookUpKeys, Ownership, Store, StoreChange};

use super::{CHAT, IMAGE, chat};
use crate::world::{Upstream, World, json, settings, wait};

/// Each of these got the recording of another prompt.
#[tokio::test]
async fn a_call_whose_strategy_names_an_unknown_field_is_refused() {
    let upstream = Upstream::start(chat).await;
    let world = World::new(Mode::ReplayOrError, upstream.address).await;
    let target = "/v1/chat/completions";
    world.record(target, &[("x-retake-mode", "record")], CHAT).await;
    let other = CHAT.replace("Say hi", "Something else");
    for (headers, told) in [
        (vec![("x-retake-match", "specific nofield")], "`nofield`"),
        (vec![("x-retake-match", "specific"), ("x-retake-fields", "nofield")], "`nofield`"),
        (vec![("x-retake-fields", "mesages")], "did you mean `messages"),
        (vec![("x-lumenfall-replay-match", "specific messages,sedd")], "did you mean `seed`"),
        (vec![("x-retake-match", "specific header/x")], "header/openai-beta"),
        (vec![("x-retake-match", "specific")], "use pinned"),
        (vec![("x-retake-match", "standard -mesages")], "did you mean `messages"),
        (vec![("x-retake-match", "specific bytes"), ("x-retake-mode", "replay-or-mock")], "strict alone"),
    ] {
        let reply = world.post(target, &headers, &other).await;
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        assert_eq!(reply.status, 400, "{headers:?}: {text}");
        let error: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(error["error"]["code"], "INVALID_HEADER", "{text}");
        assert!(text.contains("X-Retake-Match") && text.contains(told), "{told}: {text}");
        assert_eq!(reply.headers.text("x-retake-result"), Some("error"));
        assert_eq!(reply.headers.text("x-should-retry"), Some("false"));
    }
    let (calls, seen) = (world.engine.calls(), upstream.calls());
    assert_eq!((calls.back().unwrap().outcome, seen), (Some(Outcome::Error), 1));
    // What can be absent may be named.
    for (strategy, status) in [("specific seed", 200), ("specific messages", 404), ("standard -seed", 404)] {
        let reply = world.post(target, &[("x-retake-match", strategy)], &other).await;
        assert_eq!(reply.status, status, "{strategy}");
    }
}

/// `match = "specific size"` made every chat that was recorded answer all chats.
#[tokio::test]
async fn a_configured_strategy_that_does_not_fit_an_endpoint_is_narrowed_and_people_are_told() {
    let upstream = Upstream::start(|seen| {
        if seen.target.contains("images") { json(r#"{"created":1,"data":[]}"#) } else { chat(seen) }
    })
    .await;
    let strategy: Strategy = "specific size".parse().unwrap();
    let settings =
        Settings { strategy: strategy.clone(), ..settings(Mode::ReplayOrRecord, upstream.address) };
    let world = World::with(settings, tempfile::tempdir().unwrap()).await;
    let mut events = world.engine.subscribe();
    let (_, talk) = world.record("/v1/chat/completions", &[], CHAT).await;
    let (_, picture) = world.record("/v1/images/generations", &[], IMAGE).await;
    assert_eq!((talk.strategy, picture.strategy), (Strategy::STANDARD, strategy));
    let told = wait(&mut events, |event| match event {
        Event::Notice(notice) => Some(notice.text.clone()),
        _ => None,
    })
    .await;
    assert!(told.contains("chat/completions") && told.contains("`specific size`"), "{told}");
    let missing = [("x-retake-mode", "replay-or-error")];
    let other = CHAT.replace("Say hi", "Something else");
    assert_eq!(world.post("/v1/chat/completions", &missing, &other).await.status, 404);
    assert_eq!(world.post("/v1/chat/completions", &missing, CHAT).await.status, 200);
    let reworded = IMAGE.replace("a cat", "a dog");
    assert_eq!(world.post("/v1/images/generations", &missing, &reworded).await.status, 200);
}

/// A fixture that somebody wrote by hand.
#[tokio::test]
async fn a_recording_from_elsewhere_does_not_answer_everything_either() {
    let upstream = Upstream::start(chat).await;
    let world = World::new(Mode::ReplayOrError, upstream.address).await;
    let target = "/v1/chat/completions";
    let (_, recording) = world.record(target, &[("x-retake-mode", "record")], CHAT).await;
    world.engine.remove(std::slice::from_ref(&recording.id)).await.unwrap();
    let strategy = "specific nofield".parse().unwrap();
    let written =
        retake::model::Recording { id: "rec_2222222222222222".parse().unwrap(), strategy, ..recording };
    let id = written.id.clone();
    world.engine.import(written, Vec::new()).await.unwrap();
    assert_eq!(world.engine.row(&id).unwrap().strategy, Strategy::STANDARD);
    let other = CHAT.replace("Say hi", "Something else");
    assert_eq!(world.post(target, &[], &other).await.status, 404);
    assert_eq!(world.post(target, &[], CHAT).await.status, 200);
}

/// A store of before, when any name was accepted: the recording answered everything.
#[tokio::test]
async fn an_old_recording_whose_strategy_looks_at_nothing_does_not_answer_everything() {
    let upstream = Upstream::start(chat).await;
    let world = World::new(Mode::ReplayOrError, upstream.address).await;
    let target = "/v1/chat/completions";
    let (_, recording) = world.record(target, &[("x-retake-mode", "record")], CHAT).await;
    let (id, row) = (recording.id.clone(), world.engine.row(&recording.id).unwrap());
    let dir = world.ended().await;
    let store = Store::open(dir.path(), &Ownership::default(), engine::now()).unwrap().store;
    let mut old = retake::model::Row::clone(&row);
    old.strategy = "specific nofield".parse().unwrap();
    let keys = LookUpKeys { canonical: 3, ..store.entries().unwrap().remove(0).keys };
    store.commit(StoreChange::Retag { row: old.into(), keys }, engine::now()).await.unwrap();
    store.close();
    drop(store);
    let world = World::with(settings(Mode::ReplayOrError, upstream.address), dir).await;
    let strategy = |world: &World| world.engine.row(&id).unwrap().strategy.clone();
    assert_eq!(strategy(&world), Strategy::STANDARD);
    let other = CHAT.replace("Say hi", "Something else");
    assert_eq!(world.post(target, &[], &other).await.status, 404);
    assert_eq!(world.post(target, &[], CHAT).await.status, 200);
    // It stays so.
    let world = world.restarted(settings(Mode::ReplayOrError, upstream.address)).await;
    assert_eq!((strategy(&world), world.recording(&id).strategy), (Strategy::STANDARD, Strategy::STANDARD));
}
