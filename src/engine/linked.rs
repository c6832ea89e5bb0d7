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

    /// An answer with links is held until it is complete, so that the links can be replaced by ones that last. Gives the
    /// answer and what is left to do after it.
    pub(super) async fn linked(self) -> (Answer, impl Future<Output = ()> + Send) {
        let Self { draft, body, sent, headers, patterns, base } = self;
        let (arrive, arrival) = oneshot::channel();
        Tee::new(body, sent, KEEP, None, Box::new(|arrived| _ = arrive.send(arrived))).read_to_end().await;
        let arrived = arrival.await.ok();
        let (mut answer, mut downloads) = (cut(Dialect::of_mount(&draft.request.mount)), None);
        if let Some(arrived) = &arrived {
            let linked = Engine::linked(&draft.id, &arrived.log.bytes, patterns);
            downloads = Some(draft.engine.download(linked.clone(), &draft.upstream));
            if arrived.end == End::Clean && !arrived.too_long {
                let out = match &base {
                    Some(base) => links::rewritten(&arrived.log.bytes, &linked, base),
                    None => arrived.log.bytes.clone(),
                };
                answer = Answer { status: draft.response.status, headers, body: AnswerBody::Whole(out) };
            }
        }
        let rest = async move {
            if let (Some(arrived), Some(downloads)) = (arrived, downloads) {
                draft.store(arrived, downloads.await).await;
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
