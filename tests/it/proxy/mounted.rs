//! Where calls go that name no mount, or one that is also a path at another provider: a key reaches its own provider only.

use std::collections::BTreeMap;

use retake::engine::Settings;
use retake::model::Mode;

use super::chat;
use crate::world::{Upstream, World, json, settings};

const AZURE_KEY: &str = "azure-key-5d1c7b2e9f";
const BODY: &str = r#"{"model":"gpt-5-mini","input":"Say hi"}"#;

/// A proxy that forwards everything, with these upstreams.
async fn forwarding(upstreams: &[(&str, &Upstream)]) -> World {
    let bases = upstreams.iter().map(|(mount, upstream)| {
        ((*mount).to_owned(), format!("http://{}", upstream.address).parse().unwrap())
    });
    let settings = Settings { upstreams: bases.collect(), ..settings(Mode::Off, upstreams[0].1.address) };
    World::with(settings, tempfile::tempdir().unwrap()).await
}

/// Every one of these but the last went to `openai` with Azure's key.
#[tokio::test]
async fn azures_key_reaches_azure_only() {
    let (openai, azure) = (Upstream::start(chat).await, Upstream::start(chat).await);
    let world = forwarding(&[("openai", &openai), ("azure", &azure)]).await;
    let key = ("Api-Key", AZURE_KEY);
    let version = ("authorization", "Bearer entra-token");
    let mut sent = BTreeMap::new();
    for (target, header) in [
        ("/openai/responses", key),
        ("/openai/responses?api-version=preview", version),
        ("/openai/models?api-version=2024-10-21", version),
        ("/openai/files?purpose=batch&api-version=2024-10-21", key),
        ("/openai/batches/batch_1/cancel?api-version=2024-10-21", key),
        ("/openai/fine_tuning/jobs/", key),
        ("/openai/v1/responses", key),
        ("/openai//responses", key),
        ("/@tests/openai/vector_stores?api-version=preview", key),
        ("/openai/deployments/d/chat/completions?api-version=2024-10-21", key),
    ] {
        let reply = world.post(target, &[header], BODY).await;
        assert_eq!(reply.headers.text("x-retake-result"), Some("live"), "{target}: {}", reply.status);
        let expected = target.trim_start_matches("/@tests");
        assert_eq!(azure.last().target, expected);
        *sent.entry(header.0).or_insert(0) += 1;
    }
    assert_eq!((openai.calls(), azure.calls()), (0, 10));
    assert!(azure.seen.lock().unwrap().iter().all(|seen| {
        seen.headers.iter().any(|(_, value)| value == AZURE_KEY || value == "Bearer entra-token")
    }));
    // OpenAI's own paths and keys are where they were.
    let reply = world.post("/openai/v1/responses", &[], BODY).await;
    assert_eq!(reply.status, 200);
    assert_eq!((openai.calls(), openai.last().target.as_str()), (1, "/v1/responses"));
}

#[tokio::test]
async fn without_azure_its_calls_are_refused_and_say_how_it_is_added() {
    let openai = Upstream::start(|_| json("{}")).await;
    let world = forwarding(&[("openai", &openai)]).await;
    for target in
        ["/openai/responses?api-version=preview", "/openai/v1/responses", "/openai/files", "/v1/files"]
    {
        let reply = world.post(target, &[("api-key", AZURE_KEY)], BODY).await;
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        assert_eq!(reply.status, 404, "{target}: {text}");
        assert!(text.contains("UNKNOWN_MOUNT"), "{text}");
        assert!(text.contains("--upstream azure=https://NAME.openai.azure.com"), "{text}");
        assert!(!text.contains(AZURE_KEY), "{text}");
    }
    assert_eq!(openai.calls(), 0);
}

/// Anthropic's and Google's keys went to `openai` for want of a second header.
#[tokio::test]
async fn other_keys_reach_their_own_provider_too() {
    let (openai, anthropic, gemini) =
        (Upstream::start(chat).await, Upstream::start(chat).await, Upstream::start(chat).await);
    let world = forwarding(&[("openai", &openai), ("anthropic", &anthropic), ("gemini", &gemini)]).await;
    world.get("/v1/models", &[("x-api-key", "sk-ant-api03-0123456789")]).await;
    world.get("/v1/models?key=AIzaSy0123456789", &[]).await;
    world.get("/v1/models", &[("x-goog-api-key", "AIzaSy0123456789")]).await;
    assert_eq!((openai.calls(), anthropic.calls(), gemini.calls()), (0, 1, 2));
}
