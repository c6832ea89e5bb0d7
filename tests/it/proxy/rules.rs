//! Recordings with a rule: which one answers, in which order.

use retake::model::{Mode, RecordingId};

use super::{CHAT, chat};
use crate::world::{Upstream, World};

async fn answered(world: &World, said: &str) -> Option<RecordingId> {
    let body = CHAT.replace("hi", said);
    let reply = world.post("/v1/chat/completions", &[("x-retake-mode", "replay-or-error")], &body).await;
    reply.headers.text("x-retake-recording-id").map(|id| id.parse().unwrap())
}

fn tag(strategy: &str) -> retake::engine::MatchSettings {
    retake::engine::MatchSettings { strategy: Some(strategy.parse().unwrap()), playback: None }
}

#[tokio::test]
async fn rules_are_asked_between_narrow_and_wide_by_priority_then_age() {
    let upstream = Upstream::start(chat).await;
    let world = World::new(Mode::Record, upstream.address).await;
    let mut ids = Vec::new();
    for said in ["plain", "a", "b", "c", "d"] {
        ids.push(world.record("/v1/chat/completions", &[], &CHAT.replace("hi", said)).await.1.id);
    }
    let [plain, old, young, urgent, rest] = &ids[..] else { panic!("five") };
    for (id, strategy) in [
        (old, "rule contains=refund"),
        (young, "rule contains=refund model=*"),
        (urgent, "rule contains=\"refund now\" priority=1"),
        (rest, "rule"),
    ] {
        world.engine.retag(std::slice::from_ref(id), &tag(strategy), false).await.unwrap();
    }
    assert_eq!(answered(&world, "plain").await.as_ref(), Some(plain));
    assert_eq!(answered(&world, "a refund").await.as_ref(), Some(old), "the oldest of one priority");
    assert_eq!(answered(&world, "a refund now").await.as_ref(), Some(urgent), "priority");
    assert_eq!(answered(&world, "a").await.as_ref(), Some(rest), "a rule stands in place of its own request");
    let reply = world.post("/v1/embeddings", &[("x-retake-mode", "replay-or-error")], "{}").await;
    assert_eq!(reply.status, 404, "another endpoint");
    world.engine.retag(std::slice::from_ref(old), &tag("standard"), false).await.unwrap();
    assert_eq!(answered(&world, "a refund").await.as_ref(), Some(young), "no rule any more");
    let world = world.restarted(crate::world::settings(Mode::Record, upstream.address)).await;
    assert_eq!(answered(&world, "a refund now").await.as_ref(), Some(urgent), "after a restart");
    let reply = world.post("/v1/chat/completions", &[("x-retake-match", "rule")], CHAT).await;
    assert_eq!(reply.status, 400);
}
