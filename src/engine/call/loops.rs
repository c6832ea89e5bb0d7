//! Loops: calls that come back to the proxy that sent them, under whatever name and through whatever stands between.
//!
//! What is sent on carries a mark that nobody can guess, in a header that is never recorded. Providers that are known by
//! their own URLs get none: nothing leads back from there.

use std::sync::LazyLock;

use bytes::Bytes;
use http::HeaderMap;

use crate::dialect::Refusal;
use crate::engine::call::answer::call_types::Answer;
use crate::engine::call::answer::hops::{HOPS, LOOPED};
use crate::engine::call::call_context::CallContext;
use crate::engine::settings::default_upstreams;
use crate::engine::state::Engine;
use crate::model::{Headers, Outcome};
use crate::upstream::Base;

/// The most retakes that may stand one behind the other.
const MOST: usize = 8;

static PROVIDERS: LazyLock<Vec<Base>> = LazyLock::new(|| {
    let known = default_upstreams().into_values();
    known.filter(|base| base.as_str().starts_with("https://")).collect()
});

impl Engine {
    /// Adds this proxy's mark to what goes to an upstream, behind those that a call came with. Gives the marks: an upstream
    /// that repeats them must not bring them into a recording.
    pub(crate) fn mark_hop(
        &self,
        headers: &mut Headers,
        passed: Option<&str>,
        upstream: &Base,
    ) -> Vec<Bytes> {
        if PROVIDERS.contains(upstream) {
            return Vec::new();
        }
        let own = &self.shared.lifetime.instance;
        let marks = passed.map_or_else(|| own.clone(), |passed| format!("{passed}, {own}"));
        let each = marks.split(',').map(|mark| Bytes::from(mark.trim().to_owned())).collect();
        headers.push(HOPS, marks);
        each
    }

    /// True if a call must not be sent on: it was sent from here, or has passed too many.
    pub(crate) fn is_looped(&self, context: &CallContext) -> bool {
        let passed = context.incoming.overrides.passed.as_deref();
        passed.is_some_and(|marks| self.is_own(marks) || marks.split(',').count() >= MOST)
    }

    /// True if this engine sent the request that has these headers.
    #[must_use]
    pub fn is_sender(&self, headers: &HeaderMap) -> bool {
        let mut marks = headers.get_all(HOPS).iter().filter_map(|marks| marks.to_str().ok());
        marks.any(|marks| self.is_own(marks))
    }

    fn is_own(&self, marks: &str) -> bool {
        marks.split(',').any(|mark| mark.trim() == self.shared.lifetime.instance)
    }

    /// The answer to a call that goes round.
    pub(crate) fn refuse_loop(&self, context: CallContext) -> Answer {
        let mount = &context.incoming.request.mount;
        let passed = context.incoming.overrides.passed.as_deref();
        let text = if passed.is_none_or(|marks| self.is_own(marks)) {
            format!(
                "the upstream `{mount}` leads back to this proxy; point it to the provider with --upstream {mount}=URL"
            )
        } else {
            format!(
                "this call has passed {MOST} retakes, one behind the other, and goes no further; is it a loop?"
            )
        };
        self.refuse(context, Outcome::Error, &Refusal::new(400, LOOPED, &text))
    }
}
