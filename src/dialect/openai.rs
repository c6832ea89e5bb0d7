//! `OpenAI`, and all that speak like it. Source of the tables: the API reference and the SDKs' request types.

use super::endpoint::Endpoint;
use super::path;
use super::refusal::Refusal;
use super::rules::{DefaultValue, Echo, Forms, Items, JobRules, ReadFinality, Rules, Terminator};

/// Fields that change nothing about the answer, on every endpoint.
const COMMON: &[&str] = &[
    "user",
    "safety_identifier",
    "metadata",
    "store",
    "service_tier",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "stream_options/include_obfuscation",
    "access_programs",
];
/// The prompt of pictures and films, which decides nothing: what is tested is the pipeline around them.
const PROMPT: &[&str] = &["prompt"];
/// Azure's version of the interface.
const QUERY: &[&str] = &["api-version"];

const STREAM: DefaultValue = DefaultValue::bool("stream", false);
const USAGE: DefaultValue = DefaultValue::bool("stream_options/include_usage", false);
const NO_STREAM_OPTIONS: DefaultValue = DefaultValue::empty("stream_options");
const N: DefaultValue = DefaultValue::number("n", "1");

const CHAT_NULLS: &[&str] = &[
    "audio",
    "frequency_penalty",
    "function_call",
    "functions",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "modalities",
    "n",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "reasoning_effort",
    "response_format",
    "seed",
    "stop",
    "stream",
    "stream_options",
    "temperature",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "verbosity",
    "web_search_options",
    "best_of",
    "echo",
    "suffix",
    "messages/*/name",
    "messages/*/refusal",
    "messages/*/tool_calls",
    "messages/*/function_call",
    "messages/*/audio",
    "tools/*/function/strict",
];
const RESPONSES_NULLS: &[&str] = &[
    "background",
    "conversation",
    "include",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "parallel_tool_calls",
    "previous_response_id",
    "prompt",
    "reasoning",
    "stream",
    "stream_options",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "truncation",
    "reasoning/effort",
    "reasoning/summary",
    "reasoning/generate_summary",
    "text/verbosity",
    "tools/*/description",
    "tools/*/filters",
    "tools/*/user_location",
    "input/*/id",
    "input/*/status",
    "input/*/type",
    "input/*/content",
    "input/*/encrypted_content",
    "input/*/content/*/logprobs",
];
const IMAGE_NULLS: &[&str] = &[
    "background",
    "complexity",
    "frame_count",
    "frame_duration_ms",
    "input_fidelity",
    "mask",
    "model",
    "moderation",
    "n",
    "output_compression",
    "output_format",
    "partial_images",
    "quality",
    "response_format",
    "seed",
    "size",
    "stream",
    "style",
    "svg",
];
const AUDIO_NULLS: &[&str] = &[
    "chunking_strategy",
    "include",
    "instructions",
    "language",
    "prompt",
    "response_format",
    "speed",
    "stream",
    "stream_format",
    "temperature",
    "timestamp_granularities",
];
const VIDEO_NULLS: &[&str] =
    &["aspect_ratio", "duration", "input_reference", "model", "resolution", "seconds", "seed", "size"];

const IMAGE_PRESETS: &[DefaultValue] = &[
    N,
    STREAM,
    DefaultValue::text("size", "auto"),
    DefaultValue::text("quality", "auto"),
    DefaultValue::text("background", "auto"),
    DefaultValue::text("moderation", "auto"),
    DefaultValue::text("output_format", "png"),
    DefaultValue::number("output_compression", "100"),
    DefaultValue::number("partial_images", "0"),
    DefaultValue::text("response_format", "b64_json").of("gpt-image"),
    DefaultValue::text("response_format", "url").of("dall-e"),
    DefaultValue::text("style", "vivid").of("dall-e-3"),
];
/// The reference's defaults of a chat that are the same for all models. Reasoning effort is not among them: what it is
/// depends on the model.
const CHAT_PRESETS: &[DefaultValue] = &[
    N,
    STREAM,
    USAGE,
    NO_STREAM_OPTIONS,
    DefaultValue::text("response_format/type", "text"),
    DefaultValue::number("temperature", "1"),
    DefaultValue::number("top_p", "1"),
    DefaultValue::number("frequency_penalty", "0"),
    DefaultValue::number("presence_penalty", "0"),
    DefaultValue::bool("logprobs", false),
    DefaultValue::text("verbosity", "medium"),
    DefaultValue::bool("parallel_tool_calls", true),
    DefaultValue::text("tool_choice", "auto").with("tools"),
    DefaultValue::text("tool_choice", "none").without("tools"),
    DefaultValue::text("function_call", "auto").with("functions"),
    DefaultValue::text("function_call", "none").without("functions"),
    DefaultValue::text("modalities/0", "text").without("modalities/1"),
    DefaultValue::bool("tools/*/function/strict", false),
    DefaultValue::text("messages/*/content/*/image_url/detail", "auto"),
    // What the SDKs' own message objects write out when they are sent back.
    DefaultValue::empty("messages/*/annotations"),
];
const COMPLETIONS_PRESETS: &[DefaultValue] = &[
    N,
    STREAM,
    USAGE,
    NO_STREAM_OPTIONS,
    DefaultValue::number("temperature", "1"),
    DefaultValue::number("top_p", "1"),
    DefaultValue::number("frequency_penalty", "0"),
    DefaultValue::number("presence_penalty", "0"),
    DefaultValue::number("max_tokens", "16"),
    DefaultValue::number("best_of", "1"),
    DefaultValue::bool("echo", false),
];
const RESPONSES_PRESETS: &[DefaultValue] = &[
    STREAM,
    NO_STREAM_OPTIONS,
    DefaultValue::bool("background", false),
    DefaultValue::text("text/format/type", "text"),
    DefaultValue::text("text/verbosity", "medium"),
    DefaultValue::number("temperature", "1"),
    DefaultValue::number("top_p", "1"),
    DefaultValue::bool("parallel_tool_calls", true),
    DefaultValue::text("truncation", "disabled"),
    DefaultValue::text("tool_choice", "auto"),
    DefaultValue::text("input/*/type", "message"),
    DefaultValue::text("input/*/content/*/detail", "auto"),
    // What an answer's items say of themselves when they are sent back.
    DefaultValue::text("input/*/status", "completed"),
    DefaultValue::empty("input/*/content/*/annotations"),
    DefaultValue::empty("input/*/content/*/logprobs"),
];
const IMAGE_INPUT: &[&str] = &["prompt", "image", "images", "mask", "markup"];
const IMAGE_END: &[&str] =
    &["image_generation.completed", "image_generation.failed", "image_edit.completed", "image_edit.failed"];

/// Base of all tables here.
const BASE: Rules = Rules { cosmetic: &[COMMON], cosmetic_query: QUERY, plain_models: true, ..Rules::NONE };

static JOB: JobRules = JobRules {
    id: "/id",
    state: "/status",
    finals: &["completed", "failed", "cancelled", "canceled", "incomplete", "expired", "succeeded"],
    flag: None,
    poll_id: None,
};
static BACKGROUND: JobRules = JobRules { flag: Some("/background"), ..JOB };

static ANY: Rules = BASE;
static SUBMIT: Rules = Rules { submit: Some(&JOB), ..BASE };
static POLL: Rules = Rules { poll: Some(&JOB), ..BASE };
static FIXED: Rules = Rules { reads: ReadFinality::Fixed, ..BASE };
static MUTABLE: Rules = Rules { reads: ReadFinality::Mutable, ..BASE };
/// "The contents of the message" as a text or as parts; `stop` as "string / array".
static CHAT_FORMS: Forms = Forms {
    lone_text: &["messages/*/content", "prediction/content"],
    text_block: &["text"],
    lone_item: &["stop"],
    ..Forms::NONE
};
static COMPLETIONS_FORMS: Forms = Forms { lone_item: &["stop"], ..Forms::NONE };
/// "A text input to the model, equivalent to a text input with the `user` role."
static RESPONSES_FORMS: Forms = Forms {
    lone_text: &["input/*/content"],
    text_block: &["input_text"],
    lone_message: &["input"],
    ..Forms::NONE
};
/// Items that a request gives in full, so that their ids say no more than which is which. The ids of all others refer to
/// what the provider keeps: of a reference, of thoughts, of pictures and searches, of a compaction.
const WHOLE_ITEMS: &[&str] = &[
    "message",
    "function_call",
    "function_call_output",
    "custom_tool_call",
    "custom_tool_call_output",
    "local_shell_call",
    "shell_call",
    "shell_call_output",
    "apply_patch_call",
    "apply_patch_call_output",
    "computer_call",
    "computer_call_output",
    "mcp_call",
    "mcp_list_tools",
    "mcp_approval_request",
    "mcp_approval_response",
];
const CALLS: &[&str] = &[
    "function_call",
    "custom_tool_call",
    "local_shell_call",
    "shell_call",
    "apply_patch_call",
    "computer_call",
    "tool_search_call",
];
static ITEMS: Items =
    Items { list: "/output", types: WHOLE_ITEMS, ids: &["id", "call_id"], volatile: &["status"] };
const RESPONSES_ECHOES: &[Echo] = &[
    Echo::names("input/*/id").of(WHOLE_ITEMS),
    Echo::names("input/*/id").of(&[""]).beside(&["role"]),
    Echo::refers("input/*/id").of(&["local_shell_call_output"]),
    Echo::names("input/*/call_id").of(CALLS),
    Echo::refers("input/*/call_id"),
    Echo::refers("input/*/approval_request_id"),
];

static CHAT: Rules = Rules {
    presets: CHAT_PRESETS,
    null_is_absent: CHAT_NULLS,
    input: &["messages"],
    echoed: &[Echo::names("messages/*/tool_calls/*/id"), Echo::refers("messages/*/tool_call_id")],
    forms: &CHAT_FORMS,
    terminator: Terminator::Done,
    ..BASE
};
static COMPLETIONS: Rules = Rules {
    presets: COMPLETIONS_PRESETS,
    null_is_absent: CHAT_NULLS,
    input: &["prompt", "suffix"],
    forms: &COMPLETIONS_FORMS,
    terminator: Terminator::Done,
    ..BASE
};
static RESPONSES: Rules = Rules {
    earlier: &["previous_response_id", "input/*/id", "input/*/call_id", "input/*/approval_request_id"],
    items: Some(&ITEMS),
    presets: RESPONSES_PRESETS,
    null_is_absent: RESPONSES_NULLS,
    input: &["input", "instructions", "prompt"],
    echoed: RESPONSES_ECHOES,
    forms: &RESPONSES_FORMS,
    terminator: Terminator::Events(&[
        "response.completed",
        "response.failed",
        "response.incomplete",
        "response.cancelled",
    ]),
    submit: Some(&BACKGROUND),
    ..BASE
};
static EMBEDDINGS: Rules = Rules {
    presets: &[DefaultValue::text("encoding_format", "float")],
    null_is_absent: &["dimensions", "encoding_format"],
    input: &["input"],
    ..BASE
};
static IMAGES: Rules = Rules {
    cosmetic: &[COMMON, PROMPT],
    presets: IMAGE_PRESETS,
    null_is_absent: IMAGE_NULLS,
    input: IMAGE_INPUT,
    terminator: Terminator::Events(IMAGE_END),
    links: &["/data/*/url"],
    ..BASE
};
static VARIATIONS: Rules =
    Rules { presets: &[N], null_is_absent: IMAGE_NULLS, input: IMAGE_INPUT, links: &["/data/*/url"], ..BASE };
static MODERATIONS: Rules = Rules { null_is_absent: &["model"], input: &["input"], ..BASE };
static SPEECH: Rules = Rules {
    presets: &[
        DefaultValue::text("response_format", "mp3"),
        DefaultValue::number("speed", "1"),
        DefaultValue::text("stream_format", "audio"),
    ],
    null_is_absent: AUDIO_NULLS,
    input: &["input", "instructions"],
    // The SDKs ask for bytes, whatever the format.
    negotiated: &[("accept", &["application/octet-stream", "application/json"])],
    terminator: Terminator::Events(&["speech.audio.done"]),
    ..BASE
};
static TRANSCRIPTIONS: Rules = Rules {
    presets: &[
        DefaultValue::text("response_format", "json"),
        DefaultValue::number("temperature", "0"),
        DefaultValue::text("timestamp_granularities/0", "segment").without("timestamp_granularities/1"),
        STREAM,
    ],
    null_is_absent: AUDIO_NULLS,
    input: &["file", "prompt"],
    terminator: Terminator::DoneOr(&["transcript.text.done"]),
    ..BASE
};
static VIDEOS: Rules = Rules {
    cosmetic: &[COMMON, PROMPT],
    presets: &[
        DefaultValue::text("seconds", "4"),
        DefaultValue::number("seconds", "4"),
        DefaultValue::text("size", "720x1280"),
    ],
    null_is_absent: VIDEO_NULLS,
    input: &["prompt", "input_reference"],
    submit: Some(&JOB),
    ..BASE
};

/// Path templates behind the version; literal segments stand before variables.
static ENDPOINTS: &[(&str, &Rules)] = &[
    ("chat/completions", &CHAT),
    ("chat/completions/{id}", &ANY),
    ("chat/completions/{id}/messages", &ANY),
    ("completions", &COMPLETIONS),
    ("responses", &RESPONSES),
    ("responses/compact", &RESPONSES),
    ("responses/input_tokens", &RESPONSES),
    ("responses/{id}", &POLL),
    ("responses/{id}/cancel", &ANY),
    ("responses/{id}/input_items", &ANY),
    ("embeddings", &EMBEDDINGS),
    ("images/generations", &IMAGES),
    ("images/edits", &IMAGES),
    ("images/variations", &VARIATIONS),
    ("moderations", &MODERATIONS),
    ("audio/speech", &SPEECH),
    ("audio/transcriptions", &TRANSCRIPTIONS),
    ("audio/translations", &TRANSCRIPTIONS),
    ("videos", &VIDEOS),
    ("videos/edits", &VIDEOS),
    ("videos/extensions", &VIDEOS),
    ("videos/characters", &VIDEOS),
    ("videos/{id}", &POLL),
    ("videos/{id}/content", &ANY),
    ("videos/{id}/remix", &VIDEOS),
    ("models", &FIXED),
    ("models/{model}", &FIXED),
    ("files", &ANY),
    ("files/{id}", &ANY),
    ("files/{id}/content", &FIXED),
    ("batches", &SUBMIT),
    ("batches/{id}", &POLL),
    ("batches/{id}/cancel", &ANY),
    ("fine_tuning/jobs", &SUBMIT),
    ("fine_tuning/jobs/{id}", &POLL),
    ("evals/{eval}/runs", &SUBMIT),
    ("evals/{eval}/runs/{id}", &POLL),
    ("threads/runs", &SUBMIT),
    ("threads/{thread}/runs", &SUBMIT),
    ("threads/{thread}/runs/{id}", &POLL),
    ("vector_stores/{store}", &MUTABLE),
    ("vector_stores/{store}/files", &SUBMIT),
    ("vector_stores/{store}/files/{id}", &POLL),
    ("vector_stores/{store}/file_batches", &SUBMIT),
    ("vector_stores/{store}/file_batches/{id}", &POLL),
];

pub(super) fn endpoint(method: &str, path: &str) -> Endpoint {
    endpoint_below("", method, path)
}

/// The endpoint of a path that stands behind `prefix`.
pub(super) fn endpoint_below(prefix: &str, method: &str, path: &str) -> Endpoint {
    path::endpoint(ENDPOINTS, &ANY, prefix, method, path)
}

pub(super) fn refusal(refusal: &Refusal<'_>) -> serde_json::Value {
    let kind = error_type(refusal.status);
    serde_json::json!({
        "error": { "message": refusal.message, "type": kind, "param": null, "code": refusal.code }
    })
}

/// The type of an error by its status.
pub(super) fn error_type(status: u16) -> &'static str {
    if status >= 500 { "server_error" } else { "invalid_request_error" }
}
