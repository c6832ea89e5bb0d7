//! The life of a call, from its bytes to its answer.
//!
//! ```text
//!  RawCall ── known by its hash? ── KnownHit ─▶ ReadyAnswer ─▶ Answer                       answer_known (replay)
//!     │ no                          nothing is parsed, compared or scrubbed
//!     ▼
//!  Incoming     the request as it came, with what its headers ask for (Overrides)
//!     │                                                       413 BODIES_TOO_LARGE
//!     ▼
//!  CallContext  scrubbed, as fields, with its mode and its CallGuard, which ends the call whatever happens
//!     │                                                       400 INVALID_HEADER            answer_call
//!     ▼
//!  LookUp       the recording that serves, or one that waits for the upstream to fail       look_up
//!     │
//!     ├─ replay ──▶ ReadyAnswer ─▶ Answer   paced; its delivery moves a cursor              replay, expiry
//!     │               404 RECORDING_EXPIRED, 404 RECORDING_NOT_FOUND, 413 ANSWERS_TOO_LARGE, 500 STORE_UNREADABLE
//!     ├─ mock ────▶ Answer                  404 MOCK_UNAVAILABLE                            answer_call
//!     ├─ miss ────▶ Answer                  404 RECORDING_NOT_FOUND, 403 FORWARDING_FORBIDDEN
//!     │
//!     └─ forward    400 UPSTREAM_LOOP                                                       loops
//!          │
//!          ├─ shared with equal calls: Joined::Leader sends it, Joined::Follower reads along   shared_call
//!          ▼
//!        SentCall     the upstream's head is here, its body is on its way                   forward
//!          │            404 UNKNOWN_UPSTREAM, 403 UPSTREAM_KEY_MISSING, 502 UPSTREAM_UNREACHABLE,
//!          │            504 UPSTREAM_TIMEOUT, 400 INVALID_REQUEST; a recording that waited answers instead
//!          ├─ live ───▶ Answer over a Tee; the exchange is remembered for looking at
//!          ▼
//!        RecordingDraft  all of a recording but its body                                    record, recording_draft
//!          ├─ links in it ─▶ read to its end, files downloaded, then answered   502 UPSTREAM_CUT   linked
//!          ├─ else ────────▶ Answer over a Tee
//!          ▼ the body has ended (or says so itself)
//!        ShownRecording  look-ups see the recording from here on, before the client has the last bytes
//!          │            or it is none: it cannot be searched, failures like it are dropped, it repeats another one
//!          ▼
//!        settled      stored, verified, announced (`recording::commit`); the call ends
//! ```

pub(super) mod answer;
pub(super) mod answer_call;
pub(super) mod call_context;
pub(super) mod expiry;
pub(super) mod fetch;
pub(super) mod forward;
pub(super) mod linked;
pub(super) mod look_up;
pub(super) mod loops;
pub(super) mod media;
pub(super) mod record;
pub(super) mod recording_draft;
pub(super) mod replay;
pub(super) mod shared_call;
