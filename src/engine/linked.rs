//! Recording answers with links to media, whose clients get links that last.

use tokio::sync::oneshot;

use super::answer::{Answer, refusal};
use super::body::AnswerBody;
use super::record::{Drafted, KEEP};
use super::tee::{End, Tee};
use super::{Engine, links};
use crate::dialect::{Dialect, Refusal};
use crate::model::Outcome;

impl Drafted {
    /// Whether links may stand in the answer.
    pub(super) fn is_linked(&self) -> bool {
        !self.patterns.is_empty()
    }

    /// An answer with links is held until it is complete and what they point to is here, so that they can be replaced by
    /// ones that last; one whose file cannot be had stays as it is. Gives the answer and what is left to do after it.
    pub(super) async fn linked(self) -> (Answer, impl Future<Output = ()> + Send) {
        let Self { draft, body, sent, headers, patterns, base } = self;
        let (arrive, arrival) = oneshot::channel();
        let finish = Box::new(|arrived| {
            _ = arrive.send(arrived);
            None
        });
        let held = draft.making.engine.hold();
        Tee::new(body, sent, KEEP, None, finish).within(held).read_to_end().await;
        let mut answer = cut(Dialect::of_mount(&draft.making.request.mount));
        let mut shown = None;
        if let Ok(arrived) = arrival.await {
            let making = &draft.making;
            let linked = Engine::linked(&making.id, &arrived.log.bytes, patterns);
            let files = making.engine.download(linked, &making.upstream).await;
            if arrived.end == End::Clean && arrived.unkept.is_none() {
                let media: Vec<_> = files.iter().map(|file| file.medium.clone()).collect();
                let out = match &base {
                    Some(base) => links::rewritten(&arrived.log.bytes, &media, base),
                    None => arrived.log.bytes.clone(),
                };
                answer = Answer { status: making.response.status, headers, body: AnswerBody::Whole(out) };
            }
            let (engine, len) = (making.engine.clone(), arrived.log.bytes.len());
            shown = Some(engine.shared.budget.aside(len, move || draft.show(arrived, files)).await);
        }
        let rest = async move {
            if let Some(shown) = shown {
                shown.settle().await;
            }
        };
        (answer, rest)
    }
}

/// The answer to a call whose answer was to be complete and is not.
pub(super) fn cut(dialect: Dialect) -> Answer {
    let text = "the upstream broke off in the middle of the answer";
    refusal(dialect, Outcome::Error, &Refusal::new(502, "UPSTREAM_CUT", text)).0
}
