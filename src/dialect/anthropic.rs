//! Anthropic's Messages interface. Source of the tables: its API reference and the request types of its SDKs.

use super::endpoint::Endpoint;
use super::path;
use super::refusal::Refusal;
use super::rules::{DefaultValue, Echo, Forms, JobRules, ReadFinality, Rules, Terminator};

/// Fields that change nothing about the answer, below `$at`. `cache_control` is listed at each place where the
/// reference has it: blocks of messages, of tool results, documents and search results, of the system prompt, and
/// tools. A tool's input or schema may have a key of that name, and there it decides.
macro_rules! cosmetic {
    ($at:literal) => {
        &[
            concat!($at, "metadata"),
            concat!($at, "service_tier"),
            concat!($at, "inference_geo"),
            concat!($at, "user_profile_id"),
            concat!($at, "diagnostics"),
            concat!($at, "cache_control"),
            concat!($at, "system/*/cache_control"),
            concat!($at, "tools/*/cache_control"),
            concat!($at, "messages/*/cache_control"),
            concat!($at, "messages/*/content/*/cache_control"),
            concat!($at, "messages/*/content/*/source/content/*/cache_control"),
            concat!($at, "messages/*/content/*/content/*/cache_control"),
            concat!($at, "messages/*/content/*/content/*/content/*/cache_control"),
            concat!($at, "messages/*/content/*/content/*/source/content/*/cache_control"),
            concat!($at, "messages/*/content/*/content/content/cache_control"),
            concat!($at, "messages/*/content/*/content/content/source/content/*/cache_control"),
        ]
    };
}

/// Ids of tool calls and of their results, and what stands beside content that can be read: the signature of a thought,
/// the index of a citation. What only the provider can read is content: hidden thoughts, results of searches, and the
/// signature of a thought whose text was left out.
macro_rules! echoed {
    ($at:literal) => {
        &[
            Echo::names(concat!($at, "messages/*/content/*/id")).of(&[
                "",
                "tool_use",
                "server_tool_use",
                "mcp_tool_use",
            ]),
            Echo::refers(concat!($at, "messages/*/content/*/tool_use_id")),
            Echo::refers(concat!($at, "messages/*/content/*/caller/tool_id")),
            Echo::names(concat!($at, "messages/*/content/*/signature")).beside(&["thinking"]),
            Echo::names(concat!($at, "messages/*/content/*/citations/*/encrypted_index"))
                .beside(&["cited_text"]),
        ]
    };
}

/// Fields in which the reference takes a text or blocks: "shorthand for an array of one content block of type `text`".
macro_rules! forms {
    ($at:literal) => {
        &Forms {
            lone_text: &[
                concat!($at, "system"),
                concat!($at, "messages/*/content"),
                concat!($at, "messages/*/content/*/content"),
                concat!($at, "messages/*/content/*/source/content"),
                concat!($at, "messages/*/content/*/content/*/source/content"),
            ],
            text_block: &["text"],
            ..Forms::NONE
        }
    };
}

/// Defaults that the reference states for all models. Whether a model thinks unasked, and how much effort it makes, depends
/// on the model.
macro_rules! presets {
    ($at:literal, $($more:expr),*) => {
        &[
            DefaultValue::bool(concat!($at, "stream"), false),
            DefaultValue::bool(concat!($at, "tool_choice/disable_parallel_tool_use"), false),
            DefaultValue::number(concat!($at, "temperature"), "1"),
            DefaultValue::text(concat!($at, "tools/*/type"), "custom"),
            DefaultValue::bool(concat!($at, "messages/*/content/*/is_error"), false),
            DefaultValue::bool(concat!($at, "messages/*/content/*/citations/enabled"), false),
            DefaultValue::empty(concat!($at, "messages/*/content/*/citations")),
            $($more),*
        ]
    };
}

/// Fields that the reference calls nullable: `null` is their absence.
macro_rules! nulls {
    ($at:literal) => {
        &[
            concat!($at, "container"),
            concat!($at, "context_management"),
            concat!($at, "output_config"),
            concat!($at, "output_format"),
            concat!($at, "speed"),
            concat!($at, "output_config/effort"),
            concat!($at, "output_config/format"),
            concat!($at, "tools/*/type"),
            concat!($at, "tools/*/description"),
            concat!($at, "tools/*/max_uses"),
            concat!($at, "tools/*/allowed_domains"),
            concat!($at, "tools/*/blocked_domains"),
            concat!($at, "tools/*/user_location"),
            concat!($at, "system/*/citations"),
            concat!($at, "messages/*/content/*/citations"),
            concat!($at, "messages/*/content/*/content/*/citations"),
            concat!($at, "messages/*/content/*/context"),
            concat!($at, "messages/*/content/*/title"),
        ]
    };
}

const BASE: Rules = Rules { plain_models: true, ..Rules::NONE };

static ANY: Rules = BASE;
/// Shared with Claude on Vertex, whose bodies are the same.
pub(super) static MESSAGES: Rules = Rules {
    cosmetic: &[cosmetic!("")],
    presets: presets!(
        "",
        DefaultValue::text("tool_choice/type", "auto").with("tools"),
        DefaultValue::text("tool_choice/type", "none").without("tools")
    ),
    null_is_absent: nulls!(""),
    input: &["messages", "system"],
    echoed: echoed!(""),
    forms: forms!(""),
    terminator: Terminator::Events(&["message_stop"]),
    ..BASE
};
static BATCH: JobRules =
    JobRules { id: "/id", state: "/processing_status", finals: &["ended"], flag: None, poll_id: None };
static POLL: Rules = Rules { poll: Some(&BATCH), ..BASE };
static FIXED: Rules = Rules { reads: ReadFinality::Fixed, ..BASE };
static BATCHES: Rules = Rules {
    cosmetic: &[cosmetic!("requests/*/params/")],
    presets: presets!("requests/*/params/",),
    null_is_absent: nulls!("requests/*/params/"),
    input: &["requests"],
    submit: Some(&BATCH),
    echoed: echoed!("requests/*/params/"),
    forms: forms!("requests/*/params/"),
    ..BASE
};
static COMPLETE: Rules = Rules {
    cosmetic: &[&["metadata"]],
    presets: &[DefaultValue::bool("stream", false)],
    input: &["prompt"],
    ..BASE
};

/// Path templates behind the version; literal segments stand before variables.
static ENDPOINTS: &[(&str, &Rules)] = &[
    ("messages", &MESSAGES),
    ("messages/count_tokens", &MESSAGES),
    ("messages/batches", &BATCHES),
    ("messages/batches/{id}", &POLL),
    ("messages/batches/{id}/cancel", &ANY),
    ("messages/batches/{id}/results", &FIXED),
    ("complete", &COMPLETE),
    ("models", &FIXED),
    ("models/{model}", &FIXED),
    ("files", &ANY),
    ("files/{id}", &ANY),
    ("files/{id}/content", &FIXED),
];

pub(super) fn endpoint(method: &str, path: &str) -> Endpoint {
    path::endpoint(ENDPOINTS, &ANY, "", method, path)
}

/// The error object of the reference, its type by status. SDKs print the whole body, so the code stands in an extra
/// key.
pub(super) fn refusal(refusal: &Refusal<'_>) -> serde_json::Value {
    serde_json::json!({
        "type": "error",
        "error": { "type": error_type(refusal.status), "message": refusal.message, "code": refusal.code },
        "request_id": null,
    })
}

/// The type of an error by its status.
pub(super) fn error_type(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    }
}
