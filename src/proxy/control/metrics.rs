//! Measures for Prometheus, in its text format 0.0.4.

use std::fmt::{Display, Write as _};
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;

use crate::engine::{Histogram, Metrics, ModelCalls};
use crate::model::Outcome;
use crate::proxy::shared::ProxyState;

const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(super) async fn metrics(State(shared): State<Arc<ProxyState>>) -> Response {
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], text(&shared.engine.metrics())).into_response()
}

/// The measures, a family after the other.
fn text(metrics: &Metrics) -> String {
    let mut page = Page::default();
    let counters = &metrics.counters;
    page.family("retake_calls_total", "counter", "Ended calls by outcome.");
    for outcome in Outcome::ALL {
        page.sample(&format!("retake_calls_total{{outcome=\"{outcome}\"}}"), counters.of(outcome));
    }
    for (name, kind, help, value) in [
        ("retake_calls_in_flight", "gauge", "Calls under way.", counters.in_flight),
        (
            "retake_calls_coalesced_total",
            "counter",
            "Ended calls that another call's upstream call answered.",
            counters.coalesced,
        ),
        ("retake_recordings_partial_total", "counter", "Recordings stored as partial.", counters.partial),
        ("retake_recordings", "gauge", "Recordings in the store.", metrics.recordings),
        (
            "retake_recording_bytes",
            "gauge",
            "Length of all recordings: requests, responses and media.",
            metrics.recording_bytes,
        ),
        (
            "retake_store_degraded",
            "gauge",
            "1 when the store is not as it should be: changes cannot be written, or its index failed.",
            u64::from(metrics.degraded.is_some()),
        ),
    ] {
        page.family(name, kind, help);
        page.sample(name, value);
    }
    page.family(
        "retake_call_duration_seconds",
        "histogram",
        "Time from the arrival of a call to the end of its answer, by outcome.",
    );
    for (outcome, histogram) in Outcome::ALL.into_iter().zip(&metrics.latencies) {
        page.histogram("retake_call_duration_seconds", outcome, histogram);
    }
    page.models(&metrics.models);
    page.family("retake_uptime_seconds", "gauge", "Time since the proxy started.");
    page.sample("retake_uptime_seconds", metrics.uptime.as_secs_f64());
    page.family("retake_build_info", "gauge", "Always 1; the version is in the label.");
    page.sample(&format!("retake_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION")), 1);
    page.0
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn sample(&mut self, name: &str, value: impl Display) {
        let _ = writeln!(self.0, "{name} {value}");
    }

    /// Calls by endpoint and model; of outcomes that did not come to pass there is no line.
    fn models(&mut self, models: &[ModelCalls]) {
        let labels = |calls: &ModelCalls| {
            format!("endpoint=\"{}\",model=\"{}\"", escaped(&calls.endpoint), escaped(&calls.model))
        };
        let name = "retake_model_calls_total";
        self.family(name, "counter", "Ended calls by endpoint, model and outcome.");
        for calls in models {
            for (outcome, count) in
                Outcome::ALL.into_iter().zip(calls.outcomes).filter(|(_, count)| *count > 0)
            {
                self.sample(&format!("{name}{{{},outcome=\"{outcome}\"}}", labels(calls)), count);
            }
        }
        let name = "retake_model_call_seconds_total";
        self.family(
            name,
            "counter",
            "Time from the arrival of calls to the end of their answers, by endpoint and model.",
        );
        for calls in models {
            self.sample(&format!("{name}{{{}}}", labels(calls)), calls.time.as_secs_f64());
        }
    }

    fn histogram(&mut self, name: &str, outcome: Outcome, histogram: &Histogram) {
        let bounds = Histogram::BOUNDS.iter().map(|bound| bound.as_secs_f64().to_string());
        let mut below = 0;
        for (bound, count) in bounds.chain(["+Inf".to_owned()]).zip(histogram.counts) {
            below += count;
            self.sample(&format!("{name}_bucket{{outcome=\"{outcome}\",le=\"{bound}\"}}"), below);
        }
        self.sample(&format!("{name}_sum{{outcome=\"{outcome}\"}}"), histogram.sum.as_secs_f64());
        self.sample(&format!("{name}_count{{outcome=\"{outcome}\"}}"), below);
    }
}

/// A text as the value of a label.
fn escaped(text: &str) -> String {
    text.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::Counters;

    #[test]
    fn buckets_add_up_and_every_family_is_described_once() {
        let mut histogram =
            Histogram { counts: [0; Histogram::BOUNDS.len() + 1], sum: Duration::from_millis(1500) };
        histogram.counts[0] = 2;
        histogram.counts[Histogram::BOUNDS.len()] = 1;
        let text = text(&Metrics {
            counters: Counters { outcomes: [3, 0, 0, 0, 0, 0], ..Counters::default() },
            latencies: Outcome::ALL.map(|_| histogram.clone()),
            models: vec![ModelCalls {
                endpoint: "chat/completions".into(),
                model: "a\"b\\c\nd".into(),
                outcomes: [2, 0, 0, 0, 1, 0],
                time: Duration::from_millis(2500),
            }],
            recordings: 7,
            recording_bytes: 8,
            degraded: Some("the disk is full".into()),
            uptime: Duration::from_secs(9),
        });
        for line in [
            "retake_calls_total{outcome=\"replay\"} 3",
            "retake_call_duration_seconds_bucket{outcome=\"miss\",le=\"0.0005\"} 2",
            "retake_call_duration_seconds_bucket{outcome=\"miss\",le=\"300\"} 2",
            "retake_call_duration_seconds_bucket{outcome=\"miss\",le=\"+Inf\"} 3",
            "retake_call_duration_seconds_sum{outcome=\"miss\"} 1.5",
            "retake_call_duration_seconds_count{outcome=\"miss\"} 3",
            "retake_model_calls_total{endpoint=\"chat/completions\",model=\"a\\\"b\\\\c\\nd\",outcome=\"replay\"} 2",
            "retake_model_call_seconds_total{endpoint=\"chat/completions\",model=\"a\\\"b\\\\c\\nd\"} 2.5",
            "retake_recordings 7",
            "retake_store_degraded 1",
            "retake_uptime_seconds 9",
        ] {
            assert!(text.lines().any(|known| known == line), "{line} in\n{text}");
        }
        let mut families: Vec<_> = text.lines().filter(|line| line.starts_with("# TYPE ")).collect();
        let all = families.len();
        families.dedup();
        assert_eq!(families.len(), all);
    }
}
