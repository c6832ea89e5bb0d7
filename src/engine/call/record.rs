//! Recording: a forwarded call becomes a recording, verified, and announced only when it is safe.

use tokio::sync::oneshot;

use crate::dialect::ErrorShape;
use crate::engine::call::answer::body::AnswerBody;
use crate::engine::call::answer::call_types::Answer;
use crate::engine::call::answer::reply::cut;
use crate::engine::call::call_context::CallContext;
use crate::engine::call::forward::SentCall;
use crate::engine::state::Engine;
use crate::model::Strategy;

impl Engine {
    pub(crate) async fn record(&self, sent: SentCall) -> Answer {
        let draft = self.draft(sent);
        if draft.is_linked() {
            // Read in a task of its own: a client that leaves does not stop the recording.
            let request = &draft.pending.request;
            let shape = ErrorShape::of(&request.mount, &request.target);
            let (tell, told) = oneshot::channel();
            self.shared.lifetime.tasks.spawn(async move {
                let (answer, rest) = draft.linked().await;
                // The client may have left; what it asked for is recorded all the same.
                tell.send(answer).ok();
                rest.await;
            });
            return told.await.unwrap_or_else(|_| cut(shape));
        }
        let (status, tasks) = (draft.pending.response.status, self.shared.lifetime.tasks.clone());
        let (headers, tee) = draft.tee(Some(tasks));
        Answer { status, headers, body: AnswerBody::Tee(Box::new(tee)) }
    }

    /// The strategy of what a call records.
    pub(crate) fn stamped(&self, context: &CallContext) -> Strategy {
        let call = context.guard.shown();
        let (header, profile) = (context.incoming.overrides.strategy.as_ref(), context.profile.as_deref());
        let settings = self.settings();
        let wanted = settings.strategy_of(header, profile, &call.endpoint, call.model.as_deref());
        self.stamp(wanted, context.fields(self))
    }
}
