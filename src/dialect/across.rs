//! Tests of all dialects on the same things.

use std::time::Duration;

use super::*;
use crate::model::{ByteLog, Headers, Response};

/// A path, and what it means: name, template, variables.
type Meant = (Dialect, &'static str, &'static str, &'static str, &'static [(&'static str, &'static str)]);

const PATHS: &[Meant] = &[
    (Dialect::Anthropic, "/v1/messages", "messages", "/v1/messages", &[]),
    (
        Dialect::Anthropic,
        "/v1/messages/batches/b/results",
        "messages/batches/{id}/results",
        "/v1/messages/batches/{id}/results",
        &[("id", "b")],
    ),
    (
        Dialect::Gemini,
        "/v1beta/models/gemini-2.5-pro:generateContent",
        "generateContent",
        "/v1beta/models/{model}:generateContent",
        &[("model", "gemini-2.5-pro")],
    ),
    (
        Dialect::Gemini,
        "/v1/tunedModels/mine:countTokens",
        "countTokens",
        "/v1/tunedModels/{model}:countTokens",
        &[("model", "mine")],
    ),
    (
        Dialect::Gemini,
        "/v1/projects/p/locations/l/publishers/google/models/veo:predictLongRunning",
        "predictLongRunning",
        "/v1/projects/{project}/locations/{location}/publishers/{publisher}/models/{model}:predictLongRunning",
        &[("project", "p"), ("location", "l"), ("publisher", "google"), ("model", "veo")],
    ),
    (
        Dialect::Gemini,
        "/v1beta/models/veo/operations/o",
        "models/{owner}/operations/{id}",
        "/v1beta/models/{owner}/operations/{id}",
        &[("owner", "veo"), ("id", "o")],
    ),
    (
        Dialect::Azure,
        "/openai/deployments/my%20gpt/images/edits",
        "images/edits",
        "/openai/deployments/{model}/images/edits",
        &[("model", "my gpt")],
    ),
    (Dialect::Azure, "/openai/v1/responses", "responses", "/openai/v1/responses", &[]),
    (
        Dialect::Azure,
        "/deployments/d/embeddings",
        "embeddings",
        "/deployments/{model}/embeddings",
        &[("model", "d")],
    ),
    (Dialect::Azure, "/openai/deployments/d", "deployments/d", "/openai/deployments/d", &[]),
];

#[test]
fn paths_of_each_dialect_name_endpoint_and_variables() {
    for (dialect, path, name, template, vars) in PATHS.iter().copied() {
        let endpoint = dialect.endpoint("POST", path);
        assert_eq!((endpoint.name.as_str(), endpoint.template.as_str()), (name, template));
        let found: Vec<_> =
            endpoint.vars.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(found, vars, "{path}");
    }
    let rules = |dialect: Dialect, path: &str| dialect.endpoint("POST", path).rules;
    let chat = "/openai/deployments/d/chat/completions";
    assert_eq!(rules(Dialect::Azure, chat), rules(Dialect::OpenAi, "/v1/chat/completions"));
    let claude = "/v1/projects/p/locations/l/publishers/anthropic/models/claude:rawPredict";
    assert_eq!(rules(Dialect::Gemini, claude), rules(Dialect::Anthropic, "/v1/messages"));
}

#[test]
fn refusals_have_the_shape_of_each_dialect() {
    let said = |dialect: Dialect, status| {
        ErrorShape::of(dialect.name(), "/v1/x").body(&Refusal::new(status, "RECORDING_NOT_FOUND", "no"))
    };
    let anthropic = said(Dialect::Anthropic, 404);
    assert_eq!(
        (&anthropic["type"], &anthropic["error"]["type"]),
        (&"error".into(), &"not_found_error".into())
    );
    assert_eq!(anthropic["error"]["code"], "RECORDING_NOT_FOUND");
    assert!(anthropic.get("request_id").is_some_and(serde_json::Value::is_null));
    assert_eq!(said(Dialect::Anthropic, 400)["error"]["type"], "invalid_request_error");
    assert_eq!(said(Dialect::Anthropic, 502)["error"]["type"], "api_error");
    let gemini = said(Dialect::Gemini, 404);
    assert_eq!((&gemini["error"]["code"], &gemini["error"]["status"]), (&404.into(), &"NOT_FOUND".into()));
    assert_eq!(gemini["error"]["details"][0]["reason"], "RECORDING_NOT_FOUND");
    assert_eq!(said(Dialect::Gemini, 403)["error"]["status"], "PERMISSION_DENIED");
    assert_eq!(said(Dialect::Azure, 404), said(Dialect::OpenAi, 404));
}

#[test]
fn edge_13_streams_of_each_dialect_have_their_ends() {
    let gemini = "/v1/models/x:streamGenerateContent";
    for (whole, dialect, path, body) in [
        (
            true,
            Dialect::Anthropic,
            "/v1/messages",
            "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
        ),
        (
            true,
            Dialect::Anthropic,
            "/v1/messages",
            "event: error\ndata: {\"type\":\"error\",\"error\":{}}\n\n",
        ),
        (
            false,
            Dialect::Anthropic,
            "/v1/messages",
            "event: message_delta\ndata: {\"type\":\"message_delta\"}\n\n",
        ),
        (true, Dialect::Gemini, gemini, "data: {\"candidates\":[{\"finishReason\":\"STOP\"}]}\r\n\r\n"),
        (true, Dialect::Gemini, gemini, "data: {\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}\n\n"),
        (true, Dialect::Gemini, gemini, "data: {\"error\":{\"code\":503}}\n\n"),
        (false, Dialect::Gemini, gemini, "data: {\"candidates\":[{\"finishReason\":null,\"index\":0}]}\n\n"),
        (
            false,
            Dialect::Gemini,
            gemini,
            "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"finishReason\"}]}}]}",
        ),
        (
            true,
            Dialect::Azure,
            "/openai/deployments/d/chat/completions",
            "data: {\"choices\":[]}\n\ndata: [DONE]\n\n",
        ),
        (false, Dialect::Azure, "/openai/deployments/d/chat/completions", "data: {\"choices\":[]}\n\n"),
    ] {
        let headers = Headers::from_iter([("content-type", "text/event-stream")]);
        let response =
            Response { status: 200, headers, log: ByteLog::whole(body.to_owned(), Duration::ZERO) };
        let endpoint = dialect.endpoint("POST", path);
        assert_eq!(dialect.answer_state(&endpoint, "POST", &response).ended, whole, "{body}");
    }
}
