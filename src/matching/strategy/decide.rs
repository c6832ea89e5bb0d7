//! The way in which a call is served: the table of modes, as one pure function.

use crate::model::Mode;

/// The way in which a call is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Serve the recording that was found.
    Replay,
    /// Send it to the upstream.
    Forward {
        /// True if the answer is stored.
        store: bool,
    },
    /// Synthesize an answer.
    Mock,
    /// Say that no recording answers it, and why.
    Miss,
    /// Refuse it: it would be forwarded, and the operator's ceiling forbids that.
    Forbidden,
}

/// Decides by the call's mode, whether a recording answers it, and the operator's ceiling, which no header can lift.
/// Where the mode looks nothing up, `found` is false.
#[must_use]
pub fn decide(mode: Mode, found: bool, never_forward: bool) -> Decision {
    match mode {
        _ if mode.looks_up() && found => Decision::Replay,
        Mode::ReplayOrError => Decision::Miss,
        Mode::Mock | Mode::ReplayOrMock => Decision::Mock,
        _ if never_forward => Decision::Forbidden,
        _ => Decision::Forward { store: mode.stores() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_modes() {
        let forward = |store| Decision::Forward { store };
        for (mode, found, missing) in [
            (Mode::Off, forward(false), forward(false)),
            (Mode::Record, forward(true), forward(true)),
            (Mode::ReplayOrError, Decision::Replay, Decision::Miss),
            (Mode::ReplayOrRecord, Decision::Replay, forward(true)),
            (Mode::ReplayOrLive, Decision::Replay, forward(false)),
            (Mode::ReplayOrMock, Decision::Replay, Decision::Mock),
            (Mode::Mock, Decision::Mock, Decision::Mock),
        ] {
            assert_eq!((decide(mode, true, false), decide(mode, false, false)), (found, missing), "{mode}");
        }
    }

    #[test]
    fn under_the_ceiling_nothing_is_forwarded() {
        for mode in Mode::ALL {
            for found in [true, false] {
                let decision = decide(mode, found, true);
                assert!(!matches!(decision, Decision::Forward { .. }), "{mode}");
                assert!(!mode.forwards() || found || decision == Decision::Forbidden, "{mode}");
            }
        }
    }
}
