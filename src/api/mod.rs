//! The verbs of a retake, each written once: what it takes, what it answers with, and where the control API has it.
//!
//! ```text
//!  cli, tui ──▶ Client::run::<V> ──▶ Local:  Verb::run(engine)
//!                                └─▶ Remote: Route::fill ──HTTP──▶ proxy: Verb::run(engine)
//! ```
//!
//! The router of the control API and the client of an owner elsewhere follow from [`visit_all`]. What is not JSON (media, announcements,
//! measures) is no verb and stands in the proxy. Nothing in here knows a socket.

mod addressing;
mod calls;
mod curate;
mod describe;
mod explain;
mod ids;
mod library;
mod list_page;
mod recordings;
mod request_log;
mod reviews;
mod state;
mod steps;
mod trash;
mod verb;

pub use addressing::{Mounted, Question, Unmounted, end_to_end, find_mount, overrides, scope};
pub use calls::{
    CallRequest, CallShown, CallsRequest, ExplainCallRequest, FireCallRequest, FireRequest, KeepRequest,
};
pub use curate::{CreateRequest, DeriveRequest, DuplicateRequest, EditRequest, RelabelRequest, RetagRequest};
pub use describe::{openapi, output_schema, read_request};
pub use explain::{DiffRequest, ExplainRequest, SuggestionsRequest};
pub use library::{
    CompactRequest, MergeUsageRequest, PruneRequest, ScrubRequest, StatsRequest, UsageRequest,
};
pub use list_page::ListPage;
pub use recordings::{
    AllFieldsRequest, AmbiguousRequest, DecidingRequest, FieldsRequest, ListRequest, RecordingIds,
    RecordingRequest, SearchRequest,
};
pub use request_log::{LogEntryRequest, LogPageRequest};
pub use reviews::{RerecordRequest, ReviewRequest, ReviewsRequest};
pub use state::{
    BegunCursors, DRAIN, Health, HealthRequest, ModeRequest, ResetScopesRequest, ScopesRequest,
    SetModeRequest, SnapshotRequest,
};
pub use steps::{RedoRequest, StepsRequest, UndoRequest};
pub use trash::{RemoveRequest, RestoreRequest, TrashRequest};
pub use verb::{Route, Verb, VerbAccess, Visitor, status_of};

/// Shows a visitor all verbs.
pub fn visit_all(visitor: &mut impl Visitor) {
    macro_rules! visit {
        ($($verb:ty),+ $(,)?) => { $(visitor.visit::<$verb>();)+ };
    }
    visit![
        HealthRequest,
        ListRequest,
        SearchRequest,
        RecordingRequest,
        FieldsRequest,
        AllFieldsRequest,
        RemoveRequest,
        RestoreRequest,
        RetagRequest,
        RelabelRequest,
        DuplicateRequest,
        EditRequest,
        DeriveRequest,
        FireRequest,
        DecidingRequest,
        CreateRequest,
        RerecordRequest,
        ReviewsRequest,
        ReviewRequest,
        TrashRequest,
        StepsRequest,
        UndoRequest,
        RedoRequest,
        AmbiguousRequest,
        ExplainRequest,
        SuggestionsRequest,
        ScopesRequest,
        ResetScopesRequest,
        CallsRequest,
        CallRequest,
        ExplainCallRequest,
        FireCallRequest,
        KeepRequest,
        ModeRequest,
        SetModeRequest,
        SnapshotRequest,
        LogPageRequest,
        LogEntryRequest,
        StatsRequest,
        DiffRequest,
        PruneRequest,
        CompactRequest,
        ScrubRequest,
        UsageRequest,
        MergeUsageRequest,
    ];
}
