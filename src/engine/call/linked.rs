//! Recording answers with links to media, whose clients get links that last.

use tokio::sync::oneshot;

use crate::dialect::media_links;
use crate::dialect::{BodyEnd, ErrorShape};
use crate::engine::call::answer::body::AnswerBody;
use crate::engine::call::answer::call_types::Answer;
use crate::engine::call::answer::reply::cut;
use crate::engine::call::answer::tee::{MAX_BODY, Tee};
use crate::engine::call::recording_draft::RecordingDraft;
use crate::engine::state::Engine;

impl RecordingDraft {
    /// True if links may stand in the answer.
    pub(crate) fn is_linked(&self) -> bool {
        !self.patterns.is_empty()
    }

    /// An answer with links is held until it is complete and what they point to is here, so that they can be replaced by
    /// ones that last; one whose file cannot be had stays as it is. Gives the answer and what is left to do after it.
    pub(crate) async fn linked(self) -> (Answer, impl Future<Output = ()> + Send) {
        let Self { pending, guard, body, sent, headers, patterns, base } = self;
        let (arrive, arrival) = oneshot::channel();
        let finish = Box::new(|arrived| {
            _ = arrive.send(arrived);
            None
        });
        let held = pending.engine.hold();
        Tee::new(body, sent, MAX_BODY, None, finish).within(held).read_to_end().await;
        let mut answer = cut(ErrorShape::of(&pending.request.mount, &pending.request.target));
        let mut shown = None;
        if let Ok(arrived) = arrival.await {
            let linked = Engine::linked(&pending.id, &arrived.log.bytes, patterns);
            let files = pending.engine.download(linked, &pending.upstream).await;
            if arrived.end == BodyEnd::Clean && arrived.unkept.is_none() {
                let media: Vec<_> = files.iter().map(|file| file.medium.clone()).collect();
                let out = match &base {
                    Some(base) => media_links::rewritten(&arrived.log.bytes, &media, base),
                    None => arrived.log.bytes.clone(),
                };
                answer = Answer { status: pending.response.status, headers, body: AnswerBody::Whole(out) };
            }
            let (engine, len) = (pending.engine.clone(), arrived.log.bytes.len());
            shown = Some(engine.shared.budget.aside(len, move || pending.show(guard, arrived, files)).await);
        }
        let rest = async move {
            if let Some(shown) = shown {
                shown.settle().await;
            }
        };
        (answer, rest)
    }
}
