//! Writing the store anew while calls come in: they are answered, recorded and counted as ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::response::Response;
use retake::api::CompactRequest;
use retake::client::{Client, ControlClient};
use retake::engine::Relabel;
use retake::model::{Event, Mode};
use tokio_util::sync::CancellationToken;

use super::{content, draft};
use crate::world::{PATIENCE, Seen, TOKEN, Upstream, World, json, settings, wait};

const CHAT: &str = "/openai/v1/chat/completions";

/// Answers with what was asked, once so long that the body is a file of its own.
fn echo(seen: &Seen) -> Response {
    let asked: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
    let prompt = asked["messages"][0]["content"].as_str().unwrap();
    let long = if prompt.ends_with('0') { 20_000 } else { 1 };
    json(&format!(r#"{{"id":"c","choices":[{{"message":{{"content":"{}"}}}}]}}"#, prompt.repeat(long)))
}

fn prompt(text: &str) -> String {
    String::from_utf8(draft(text, "").request.body.to_vec()).unwrap()
}

/// Calls of one client until `stop`: each new one is recorded and replayed twice. Gives how many were new.
async fn traffic(
    retake: Arc<World>,
    who: usize,
    answered: Arc<AtomicUsize>,
    stop: CancellationToken,
) -> usize {
    for nth in 0.. {
        let body = prompt(&format!("{who} {nth}"));
        let mut events = retake.engine.subscribe();
        for result in ["record", "replay", "replay"] {
            let reply = retake.post(CHAT, &[], &body).await;
            assert_eq!((reply.status, reply.headers.text("x-retake-result")), (200, Some(result)), "{body}");
            answered.fetch_add(1, Ordering::SeqCst);
            let id = reply.headers.text("x-retake-recording-id").unwrap();
            let safe = |event: &Event| {
                matches!(event, Event::Stored { rows } if rows[0].id.as_str() == id).then_some(())
            };
            if result == "record" {
                wait(&mut events, safe).await;
            }
        }
        if stop.is_cancelled() {
            return nth + 1;
        }
    }
    unreachable!("it is told to stop")
}

/// Compacts again and again until so many more calls were answered.
async fn compacted_under(client: &Client, purge: bool, answered: &AtomicUsize, many: usize) {
    let enough = answered.load(Ordering::SeqCst) + many;
    let compacting = async {
        while answered.load(Ordering::SeqCst) < enough {
            client.run(CompactRequest { purge }).await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, compacting).await.expect("calls are answered meanwhile");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_go_on_while_the_store_is_written_anew() {
    let upstream = Upstream::start(|seen| echo(&seen)).await;
    let settings = settings(Mode::ReplayOrRecord, upstream.address);
    let retake = Arc::new(World::with(settings.clone(), tempfile::tempdir().unwrap()).await);
    let (answered, stop) = (Arc::new(AtomicUsize::new(0)), CancellationToken::new());
    let clients: Vec<_> = (0..3)
        .map(|who| tokio::spawn(traffic(Arc::clone(&retake), who, Arc::clone(&answered), stop.clone())))
        .collect();
    let base = format!("http://{}", retake.address).parse().unwrap();
    let there =
        Client::Remote(ControlClient::at_url(base, Some(TOKEN.into()), "none".as_ref()).await.unwrap());
    for client in [Client::Local(retake.engine.clone()), there] {
        compacted_under(&client, false, &answered, 24).await;
        compacted_under(&client, true, &answered, 24).await;
    }
    stop.cancel();
    let mut new = Vec::new();
    for (who, client) in clients.into_iter().enumerate() {
        let many = client.await.unwrap();
        new.extend((0..many).map(|nth| format!("{who} {nth}")));
    }
    let retake = Arc::into_inner(retake).expect("the clients are gone");
    let retake = retake.restarted(settings).await;
    assert_eq!(upstream.calls(), new.len(), "each was asked for once");
    assert_eq!(retake.engine.rows().len(), new.len(), "all are there, once");
    assert_eq!(
        retake.engine.rows().values().map(|row| row.usage.hits).collect::<Vec<_>>(),
        vec![2; new.len()]
    );
    for text in &new {
        let reply = retake.post(CHAT, &[], &prompt(text)).await;
        assert_eq!(reply.headers.text("x-retake-result"), Some("replay"));
        assert!(reply.body.windows(text.len()).any(|part| part == text.as_bytes()), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn steps_outlive_compacting_but_not_purging() {
    let dir = tempfile::tempdir().unwrap();
    let engine = super::open(dir.path());
    let hats = engine.create(draft("hats", &"Wear one. ".repeat(4000))).await.unwrap();
    let coats = engine.create(draft("coats", "Never.")).await.unwrap();
    let mut stages = vec![content(&engine)];
    let name = Relabel { name: Some("hats".into()), ..Relabel::default() };
    engine.relabel(std::slice::from_ref(&hats), &name).await.unwrap();
    stages.push(content(&engine));
    engine.edit(&hats, vec![retake::engine::Revision::Text("Two. ".repeat(4000))]).await.unwrap();
    stages.push(content(&engine));
    engine.remove(&[hats.clone(), coats]).await.unwrap();
    let last = content(&engine);
    assert!(last.is_empty());
    let compacted = engine.compact(false).await.unwrap();
    assert_eq!((compacted.before.trash, compacted.after.trash), (2, 2));
    assert_eq!(engine.steps().unwrap().len(), 5);
    for stage in stages.iter().rev() {
        engine.undo().await.unwrap();
        assert_eq!(content(&engine), *stage);
        engine.compact(false).await.unwrap();
    }
    engine.redo().await.unwrap();
    engine.close(std::time::Duration::ZERO).await;
    let engine = super::open(dir.path());
    for stage in &stages[2..] {
        engine.redo().await.unwrap();
        assert_eq!(content(&engine), *stage);
    }
    engine.redo().await.unwrap();
    let compacted = engine.compact(true).await.unwrap();
    assert_eq!((compacted.before.trash, compacted.after.trash), (2, 0));
    assert_eq!((compacted.after.recordings, compacted.after.body_bytes), (0, 0));
    for refused in [engine.undo().await, engine.redo().await] {
        assert!(refused.unwrap_err().to_string().contains("nothing to"));
    }
    // What comes afterwards can be undone.
    let new = engine.create(draft("springs", "Hot ones.")).await.unwrap();
    engine.undo().await.unwrap();
    assert_eq!(engine.row(&new), None);
    engine.redo().await.unwrap();
    assert!(engine.row(&new).is_some());
    engine.close(std::time::Duration::ZERO).await;
}
