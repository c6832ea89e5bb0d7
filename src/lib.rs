//! retake: a terminal workbench for recorded AI API calls.
//!
//! A proxy records, replays, mocks or forwards the calls of any SDK; a screen shows them live and lets people curate
//! what was recorded; the same verbs work headless. This crate is the program's own library, made for its binary and
//! its tests, and promises no stable API.
//!
//! ```text
//!  client ──HTTP──▶ proxy ──▶ engine.answer ──▶ index ──▶ decide ──▶ store | upstream | dialect's mock
//!                                   │ announce(Event)
//!                                   ▼
//!                     broadcast (bounded; who lags is told and takes a fresh snapshot)
//!                                   │
//!  keyboard ──▶ tui: Message ──▶ App::update ──▶ Effect ──▶ client.remove … ──▶ Event ──▶ App::update ──▶ draw
//! ```
//!
//! | module | what it is for |
//! |---|---|
//! | [`model`] | the words as data: recordings, calls, modes, strategies, events |
//! | [`wire`] | JSON text, event streams, codings, multipart, percent coding: each read in one way |
//! | [`dialect`] | what is known of each API family: endpoints, cosmetic fields, how streams end, mocks |
//! | [`matching`] | whether a recording answers a request, and why not; scrubbing |
//! | [`reading`] | views of recorded bytes: text, events, pictures; sanitized for the screen |
//! | [`editing`] | other answers made of recorded ones: edited, or made to fail |
//! | [`query`] | the filter language: one parser for lists, prune and the screen |
//! | [`retention`] | what to prune and why, and what only several recordings together tell |
//! | [`interchange`] | recordings as files that people commit |
//! | [`store`] | journal, sled index, body files; one process owns a store |
//! | [`upstream`] | the way out: forwarding calls, fetching what links point to |
//! | [`engine`] | the one writer and the one voice: answers, records, announces |
//! | [`api`] | the verbs: what each takes, what it answers with, where the control API has it |
//! | [`proxy`] | the HTTP server and its control API |
//! | [`client`] | the verbs, in this process or in the one that owns the store |
//! | [`terminal`] | taking a terminal over and giving it back; pictures in full resolution |
//! | [`config`] | flags, environment and files as settings and a look; what a project's file may do |
//! | [`cli`], [`tui`] | the command line and the screen, which do not know each other |
//!
//! ```text
//! model < wire < dialect < matching, reading, query < retention, editing < interchange < store, upstream < engine < api
//!   < proxy, client, terminal < config < cli, tui < main
//! ```
//!
//! A module imports only from those to its left; those between two `<` do not know each other, and no files of a module
//! need each other in a circle. `tests/it/layers.rs` reads this line and holds it. The laws, each with a test that fails
//! when it is broken:
//!
//! 1. Two requests have equal fingerprints exactly when their comparison has no significant change.
//! 2. A recording matches its own request, and its replay equals the bytes that the recording call's client received. The
//!    one exception is what scrubbing takes out: a replay says in how many places.
//! 3. Nothing announced is lost: a kill at any point, a full disk, a damaged index.
//! 4. No credential, nor an echo of it, is ever on disk, in a log, in an export or on the screen. It is known by its place
//!    and replaced in its place, never by search and replace of short words.
//! 5. The modes `mock`, `replay-or-mock` and `replay-or-error`, and `--never-forward`, open no connection to an upstream.
//! 6. The list on the screen is a fold of the engine's events.
//! 7. No screen panics at any size, with any recorded bytes, and no such byte reaches the terminal unsanitized.
//! 8. Imports between modules follow the order above.
//! 9. Every verb that changes recordings, taken back, leaves the store as it was.
//! 10. When a client has the last byte of a recording call's answer, every later call sees that recording.
//! 11. A failure that may pass never answers under `replay-or-record` while an upstream can be asked, and never hides a
//!     good take.
//! 12. A ceiling (`--never-forward`, a preset's) can be lowered by any layer of configuration and lifted by none.
//! 13. Calls with different credentials never share an upstream call.

/// Calls of many threads take and give back small pieces of memory all the time, which the system's allocator does at twice
/// the cost, keeping for long what a burst of calls took.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub mod api;
pub mod cli;
pub mod client;
pub mod config;
pub mod dialect;
pub mod editing;
pub mod engine;
pub mod interchange;
pub mod matching;
pub mod model;
pub mod proxy;
pub mod query;
pub mod reading;
pub mod retention;
pub mod store;
pub mod terminal;
pub mod tui;
pub mod upstream;
pub mod wire;
