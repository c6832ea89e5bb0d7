//! `OpenAI`, and all that speak like it. Source of the tables: the API reference and the SDKs' request types.

use super::{Endpoint, Job, Plain, Preset, Reads, Refusal, Rules, Terminator, path};

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
/// For pictures and films the prompt decides nothing: what is tested is the pipeline around them.
const PROMPT: &[&str] = &["prompt"];
/// Azure's version of the interface.
const QUERY: &[&str] = &["api-version"];

const STREAM: Preset = Preset::bool("stream", false);
const USAGE: Preset = Preset::bool("stream_options/include_usage", false);
const NO_STREAM_OPTIONS: Preset = Preset { field: "stream_options", value: Plain::Empty, model: "" };
const N: Preset = Preset::number("n", "1");
const TEXT_FORMAT: Preset = Preset::text("response_format/type", "text");

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

const IMAGE_PRESETS: &[Preset] = &[
    N,
    STREAM,
    Preset::text("size", "auto"),
    Preset::text("quality", "auto"),
    Preset::text("background", "auto"),
    Preset::text("moderation", "auto"),
    Preset::text("output_format", "png"),
    Preset::number("output_compression", "100"),
    Preset::number("partial_images", "0"),
    Preset { field: "response_format", value: Plain::Text("b64_json"), model: "gpt-image" },
];
const IMAGE_INPUT: &[&str] = &["prompt", "image", "images", "mask", "markup"];
const IMAGE_END: &[&str] =
    &["image_generation.completed", "image_generation.failed", "image_edit.completed", "image_edit.failed"];

/// Base of all tables here.
const BASE: Rules = Rules { cosmetic: &[COMMON], cosmetic_query: QUERY, plain_models: true, ..Rules::NONE };

static JOB: Job = Job {
    id: "/id",
    state: "/status",
    finals: &["completed", "failed", "cancelled", "canceled", "incomplete", "expired", "succeeded"],
    flag: None,
    asked: None,
};
static BACKGROUND: Job = Job { flag: Some("/background"), ..JOB };

static ANY: Rules = BASE;
static SUBMIT: Rules = Rules { submit: Some(&JOB), ..BASE };
static POLL: Rules = Rules { poll: Some(&JOB), ..BASE };
static FIXED: Rules = Rules { reads: Reads::Fixed, ..BASE };
static MUTABLE: Rules = Rules { reads: Reads::Mutable, ..BASE };
static CHAT: Rules = Rules {
    presets: &[N, STREAM, USAGE, NO_STREAM_OPTIONS, TEXT_FORMAT],
    null_is_absent: CHAT_NULLS,
    input: &["messages"],
    echoed: &["messages/*/tool_calls/*/id", "messages/*/tool_call_id", "messages/*/audio/id"],
    terminator: Terminator::Done,
    ..BASE
};
static COMPLETIONS: Rules = Rules {
    presets: &[N, STREAM, USAGE, NO_STREAM_OPTIONS],
    null_is_absent: CHAT_NULLS,
    input: &["prompt", "suffix"],
    terminator: Terminator::Done,
    ..BASE
};
static RESPONSES: Rules = Rules {
    earlier: &["previous_response_id"],
    presets: &[
        STREAM,
        NO_STREAM_OPTIONS,
        Preset::bool("background", false),
        Preset::text("text/format/type", "text"),
    ],
    null_is_absent: RESPONSES_NULLS,
    input: &["input", "instructions", "prompt"],
    echoed: &["input/*/id", "input/*/call_id", "input/*/encrypted_content"],
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
    presets: &[Preset::text("encoding_format", "float")],
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
        Preset::text("response_format", "mp3"),
        Preset::number("speed", "1"),
        Preset::text("stream_format", "audio"),
    ],
    null_is_absent: AUDIO_NULLS,
    input: &["input", "instructions"],
    terminator: Terminator::Events(&["speech.audio.done"]),
    ..BASE
};
static TRANSCRIPTIONS: Rules = Rules {
    presets: &[Preset::text("response_format", "json"), STREAM],
    null_is_absent: AUDIO_NULLS,
    input: &["file", "prompt"],
    terminator: Terminator::DoneOr(&["transcript.text.done"]),
    ..BASE
};
static VIDEOS: Rules = Rules {
    cosmetic: &[COMMON, PROMPT],
    presets: &[
        Preset::text("seconds", "4"),
        Preset::number("seconds", "4"),
        Preset::text("size", "720x1280"),
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
    let kind = if refusal.status >= 500 { "server_error" } else { "invalid_request_error" };
    serde_json::json!({
        "error": { "message": refusal.message, "type": kind, "param": null, "code": refusal.code }
    })
}
