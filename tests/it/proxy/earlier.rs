//! Requests that name an earlier answer by its id: what counts is what was asked then.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use retake::model::Mode;
use serde_json::{Value, json};

use crate::world::{Upstream, World, json as answer, settings};

const TARGET: &str = "/v1/responses";

fn body(input: &str, previous: Option<&str>) -> String {
    let mut body = json!({ "model": "gpt-5-mini", "input": input });
    if let Some(id) = previous {
        body["previous_response_id"] = json!(id);
    }
    body.to_string()
}

fn id(reply: &crate::world::Reply) -> String {
    serde_json::from_slice::<Value>(&reply.body).unwrap()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_conversation_goes_on_from_another_take_of_its_beginning() {
    let count = Arc::new(AtomicUsize::new(0));
    let upstream = Upstream::start(move |_| {
        let nth = count.fetch_add(1, Ordering::SeqCst);
        answer(
            &json!({ "id": format!("resp_{nth}"), "object": "response", "status": "completed" }).to_string(),
        )
    })
    .await;
    let world = World::new(Mode::Record, upstream.address).await;
    let (first, _) = world.record(TARGET, &[], &body("Name a river.", None)).await;
    let (second, _) = world.record(TARGET, &[], &body("And its length?", Some(&id(&first)))).await;
    let (_, last) = world.record(TARGET, &[], &body("In miles?", Some(&id(&second)))).await;
    let (again, _) = world.record(TARGET, &[], &body("Name a river.", None)).await;
    assert_ne!(id(&first), id(&again));

    let mut world = world;
    for restarted in [false, true] {
        if restarted {
            world = world.restarted(settings(Mode::ReplayOrError, upstream.address)).await;
        }
        let replay = [("x-retake-mode", "replay-or-error")];
        let begun = world.post(TARGET, &replay, &body("Name a river.", None)).await;
        assert_eq!(id(&begun), id(&again), "the newest take begins");
        let goes_on = world.post(TARGET, &replay, &body("And its length?", Some(&id(&begun)))).await;
        assert_eq!((goes_on.status, id(&goes_on)), (200, id(&second)));
        let answered = world.post(TARGET, &replay, &body("In miles?", Some(&id(&goes_on)))).await;
        assert_eq!(answered.headers.text("x-retake-recording-id"), Some(last.id.as_str()));
        // An unknown id is a value like any other, and so is the id of another conversation.
        for other in ["resp_unknown", &id(&goes_on)] {
            let missed = world.post(TARGET, &replay, &body("And its length?", Some(other))).await;
            assert_eq!(missed.status, 404, "{other}");
        }
    }
}
