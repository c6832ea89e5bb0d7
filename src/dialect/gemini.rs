//! Gemini and Vertex. Source of the tables: the REST references of both, the JSON mapping of protocol buffers (keys in
//! either spelling, `null` and empty lists as absent), and the request types of google-genai.

use super::endpoint::Endpoint;
use super::refusal::Refusal;
use super::rules::{DefaultValue, Echo, Forms, JobRules, ReadFinality, Rules, Spelling, Terminator};
use super::{anthropic, path};

const NULLS: &[&str] = &[
    "cachedContent",
    "generationConfig",
    "generationConfig/*",
    "outputDimensionality",
    "safetySettings",
    "systemInstruction",
    "taskType",
    "title",
    "toolConfig",
    "toolConfig/*",
    "tools",
    "tools/*/*",
    "contents/*/role",
    "contents/*/parts/*/*",
    "systemInstruction/role",
    "systemInstruction/parts/*/*",
];

/// Fields whose keys are written in one way only, because they are people's own.
static CONTENT: Spelling = Spelling {
    verbatim: &[
        "labels",
        "contents/*/parts/*/functionCall/args",
        "contents/*/parts/*/functionResponse/response",
        "contents/*/parts/*/toolCall/args",
        "contents/*/parts/*/toolResponse/response",
        "contents/*/parts/*/partMetadata",
        "tools/*/functionDeclarations/*/parametersJsonSchema",
        "tools/*/functionDeclarations/*/responseJsonSchema",
        "generationConfig/responseJsonSchema",
        "generationConfig/_responseJsonSchema",
        "generateContentRequest/contents/*/parts/*/functionCall/args",
        "generateContentRequest/contents/*/parts/*/functionResponse/response",
        "generateContentRequest/contents/*/parts/*/partMetadata",
        "generateContentRequest/tools/*/functionDeclarations/*/parametersJsonSchema",
        "generateContentRequest/tools/*/functionDeclarations/*/responseJsonSchema",
        "generateContentRequest/generationConfig/responseJsonSchema",
        "generateContentRequest/generationConfig/_responseJsonSchema",
        "generateContentRequest/labels",
    ],
    schemas: &[
        "tools/*/functionDeclarations/*/parameters",
        "tools/*/functionDeclarations/*/response",
        "generationConfig/responseSchema",
        "generateContentRequest/tools/*/functionDeclarations/*/parameters",
        "generateContentRequest/tools/*/functionDeclarations/*/response",
        "generateContentRequest/generationConfig/responseSchema",
    ],
};

/// Fields that the JSON mapping of protocol buffers reads in several forms: numbers as texts, bytes in either alphabet
/// of base64, padded or not. Google's servers take the only element of a list without the list, and their examples
/// write it so.
static FORMS: Forms = Forms {
    lone_object: &[
        "contents",
        "contents/*/parts",
        "systemInstruction/parts",
        "content/parts",
        "requests/*/content/parts",
        "generateContentRequest/contents",
        "generateContentRequest/contents/*/parts",
        "generateContentRequest/systemInstruction/parts",
        "safetySettings",
        "tools",
        "tools/*/functionDeclarations",
    ],
    numbers: &[
        "generationConfig/candidateCount",
        "generationConfig/frequencyPenalty",
        "generationConfig/logprobs",
        "generationConfig/maxOutputTokens",
        "generationConfig/presencePenalty",
        "generationConfig/seed",
        "generationConfig/temperature",
        "generationConfig/thinkingConfig/thinkingBudget",
        "generationConfig/topK",
        "generationConfig/topP",
        "outputDimensionality",
        "requests/*/outputDimensionality",
    ],
    bytes: &[
        "contents/*/parts/*/inlineData/data",
        "contents/*/parts/*/thoughtSignature",
        "content/parts/*/inlineData/data",
        "requests/*/content/parts/*/inlineData/data",
    ],
    ..Forms::NONE
};
/// Fields that a signature accompanies. One that stands alone is the thought itself.
const SHOWN: &[&str] = &[
    "text",
    "functionCall",
    "functionResponse",
    "inlineData",
    "fileData",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
];
const ECHOES: &[Echo] = &[
    Echo::names("contents/*/parts/*/thoughtSignature").beside(SHOWN),
    Echo::names("contents/*/parts/*/functionCall/id"),
    Echo::refers("contents/*/parts/*/functionResponse/id"),
    Echo::names("contents/*/parts/*/executableCode/id"),
    Echo::refers("contents/*/parts/*/codeExecutionResult/id"),
    Echo::names("contents/*/parts/*/toolCall/id"),
    Echo::refers("contents/*/parts/*/toolResponse/id"),
];

const BASE: Rules = Rules { plain_models: true, ..Rules::NONE };

static ANY: Rules = BASE;
/// A long-running operation (`google.longrunning.Operation`): `done` is absent until it is true.
static OPERATION: JobRules =
    JobRules { id: "/name", state: "/done", finals: &[], flag: None, poll_id: Some("/operationName") };
static POLL: Rules = Rules { poll: Some(&OPERATION), ..BASE };
static SUBMIT: Rules = Rules { submit: Some(&OPERATION), ..BASE };
/// A file that is being prepared.
static UPLOADED: JobRules =
    JobRules { id: "/name", state: "/state", finals: &["ACTIVE", "FAILED"], flag: None, poll_id: None };
static FILE: Rules = Rules { poll: Some(&UPLOADED), ..BASE };
static FIXED: Rules = Rules { reads: ReadFinality::Fixed, ..BASE };
static GENERATE: Rules = Rules {
    // "The role field of systemInstruction is ignored."
    cosmetic: &[&["labels", "systemInstruction/role"]],
    presets: &[
        DefaultValue::empty("generationConfig"),
        DefaultValue::empty("generationConfig/stopSequences"),
        DefaultValue::empty("safetySettings"),
        DefaultValue::empty("toolConfig"),
        DefaultValue::empty("tools"),
        DefaultValue::number("generationConfig/candidateCount", "1"),
        DefaultValue::text("generationConfig/responseMimeType", "text/plain"),
        // As protocol buffers have it. What a model answers with then depends on the model: some add pictures unasked.
        DefaultValue::empty("generationConfig/responseModalities"),
        DefaultValue::text("toolConfig/functionCallingConfig/mode", "AUTO"),
        DefaultValue::bool("contents/*/parts/*/thought", false),
        // "Useful to set for multi-turn conversations, otherwise can be left blank or unset."
        DefaultValue::text("contents/0/role", "user").without("contents/1"),
    ],
    null_is_absent: NULLS,
    input: &["contents", "systemInstruction"],
    echoed: ECHOES,
    forms: &FORMS,
    terminator: Terminator::Fields(&["/candidates/*/finishReason", "/promptFeedback/blockReason"]),
    spelling: Some(&CONTENT),
    ..BASE
};
static COUNT: Rules = Rules {
    cosmetic: &[&["labels", "generateContentRequest/model", "systemInstruction/role"]],
    echoed: ECHOES,
    forms: &FORMS,
    ..GENERATE_BASE
};
const GENERATE_BASE: Rules = Rules {
    null_is_absent: NULLS,
    input: &["contents", "systemInstruction", "generateContentRequest"],
    spelling: Some(&CONTENT),
    ..BASE
};
/// SDKs repeat the path's model in the body.
static EMBED: Rules = Rules {
    cosmetic: &[&["requests/*/model"]],
    null_is_absent: NULLS,
    input: &["content", "requests"],
    forms: &FORMS,
    spelling: Some(&CONTENT),
    ..BASE
};
/// Imagen and Veo: as everywhere, the prompt of a picture or a film decides nothing. They take one instance; the
/// prompts of more would be the only sign of how many pictures are asked for.
static PREDICT: Rules =
    Rules { cosmetic: &[&["instances/0/prompt", "labels"]], input: &["instances"], links: &[], ..BASE };
static PREDICT_LONG: Rules = Rules {
    cosmetic: &[&["instances/0/prompt", "labels"]],
    input: &["instances"],
    submit: Some(&OPERATION),
    ..BASE
};

/// Resources that verbs are called on: path templates behind the version. What people say is the verb.
static RESOURCES: &[&str] = &[
    "models/{model}",
    "tunedModels/{model}",
    "publishers/{publisher}/models/{model}",
    "projects/{project}/locations/{location}/publishers/{publisher}/models/{model}",
    "projects/{project}/locations/{location}/endpoints/{model}",
];
static VERBS: &[(&str, &Rules)] = &[
    ("generateContent", &GENERATE),
    ("streamGenerateContent", &GENERATE),
    ("countTokens", &COUNT),
    ("computeTokens", &COUNT),
    ("embedContent", &EMBED),
    ("batchEmbedContents", &EMBED),
    ("predict", &PREDICT),
    ("predictLongRunning", &PREDICT_LONG),
    ("fetchPredictOperation", &POLL),
    ("batchGenerateContent", &SUBMIT),
    ("asyncBatchEmbedContent", &SUBMIT),
    ("rawPredict", &anthropic::MESSAGES),
    ("streamRawPredict", &anthropic::MESSAGES),
];
/// Paths without a verb.
static PLAIN: &[(&str, &Rules)] = &[
    ("models", &FIXED),
    ("models/{owner}/operations/{id}", &POLL),
    ("tunedModels/{owner}/operations/{id}", &POLL),
    ("projects/{project}/locations/{location}/operations/{id}", &POLL),
    ("projects/{project}/locations/{location}/publishers/{publisher}/models/{owner}/operations/{id}", &POLL),
    ("models/{model}", &FIXED),
    ("operations/{id}", &POLL),
    ("files", &ANY),
    ("files/{id}", &FILE),
    ("batches/{id}", &POLL),
    ("cachedContents", &ANY),
    ("cachedContents/{id}", &ANY),
];

pub(super) fn endpoint(method: &str, path: &str) -> Endpoint {
    let normal = path::normal(path);
    let (version, behind) = path::behind_version(&normal);
    let Some((resource, verb)) = behind.rsplit_once(':').filter(|(_, verb)| path::is_verb(verb)) else {
        return path::endpoint(PLAIN, &ANY, "", method, path);
    };
    let segments: Vec<&str> = resource.split('/').filter(|segment| !segment.is_empty()).collect();
    let found =
        RESOURCES.iter().find_map(|template| path::fit(template, &segments).map(|vars| (*template, vars)));
    let Some((template, vars)) = found else {
        return path::endpoint(PLAIN, &ANY, "", method, path);
    };
    let rules =
        VERBS.iter().find(|(name, _)| *name == verb && method == "POST").map_or(&ANY, |(_, rules)| rules);
    let version = if version == "/" { String::new() } else { format!("/{version}") };
    Endpoint { name: verb.to_owned(), template: format!("{version}/{template}:{verb}"), vars, rules }
}

/// Google's error object; the code of ours is the reason in the details, which SDKs print.
pub(super) fn refusal(refusal: &Refusal<'_>) -> serde_json::Value {
    let reason = serde_json::json!({
        "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": refusal.code, "domain": "retake",
    });
    let status = status_name(refusal.status);
    serde_json::json!({
        "error": { "code": refusal.status, "message": refusal.message, "status": status, "details": [reason] }
    })
}

/// Google's name of an HTTP status.
pub(super) fn status_name(status: u16) -> &'static str {
    match status {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        429 => "RESOURCE_EXHAUSTED",
        501 => "UNIMPLEMENTED",
        502 | 503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        500.. => "INTERNAL",
        _ => "INVALID_ARGUMENT",
    }
}
