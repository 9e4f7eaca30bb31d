//! What the engine counts, told in Prometheus' text format.

use jiff::Timestamp;
use kernel::Catalog;
use pipeline::{ports::status::Outcome, steps::project::Projected};
use prometheus::{IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder};

/// The engine's counters. Gauges are set when they are read.
pub(super) struct Metrics {
    registry: Registry,
    settled: IntCounterVec,
    written: IntCounterVec,
    refused: IntCounterVec,
    parked: IntCounterVec,
    gaps: IntCounterVec,
    position: IntGaugeVec,
    pub(super) projection_failures: IntCounterVec,
    pub(super) unreadable: IntCounter,
    pub(super) released: IntCounter,
    gauges: Gauges,
}

struct Gauges {
    depth: IntGauge,
    oldest: IntGauge,
    conflicts: IntGauge,
    retries: IntGauge,
    lost_snapshots: IntGauge,
    dropped_releases: IntGauge,
    failures: IntGauge,
    transactions: IntGauge,
    lag: IntGaugeVec,
}

/// What is looked up when metrics are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Readings {
    /// Messages in the queue.
    pub depth: usize,
    /// When the oldest was accepted.
    pub oldest: Option<Timestamp>,
    /// Now.
    pub now: Timestamp,
    /// Appends that lost a race.
    pub conflicts: u64,
    /// States that were tried again.
    pub retries: u64,
    /// Snapshots that were not kept.
    pub lost_snapshots: u64,
    /// Claims that were given back by a stream that did not hold them.
    pub dropped_releases: u64,
    /// Given-up commands in the inbox.
    pub failures: u64,
    /// Durable transactions.
    pub transactions: u64,
    /// The log's newest position.
    pub head: u64,
}

impl Metrics {
    /// Registers all metrics.
    pub(super) fn new(catalog: &Catalog) -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let counter = |name: &str, help: &str| -> Result<IntCounter, prometheus::Error> {
            let counter = IntCounter::new(name, help)?;
            registry.register(Box::new(counter.clone()))?;
            Ok(counter)
        };
        let counters = |name: &str, help: &str, label: &str| -> Result<IntCounterVec, prometheus::Error> {
            let counters = IntCounterVec::new(Opts::new(name, help), &[label])?;
            registry.register(Box::new(counters.clone()))?;
            Ok(counters)
        };
        let gauge = |name: &str, help: &str| -> Result<IntGauge, prometheus::Error> {
            let gauge = IntGauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok(gauge)
        };
        let gauges = |name: &str, help: &str| -> Result<IntGaugeVec, prometheus::Error> {
            let gauges = IntGaugeVec::new(Opts::new(name, help), &["view"])?;
            registry.register(Box::new(gauges.clone()))?;
            Ok(gauges)
        };
        let metrics = Self {
            settled: counters("factmill_settled_total", "commands settled, by status", "status")?,
            written: counters("factmill_documents_written_total", "documents written", "view")?,
            refused: counters("factmill_documents_refused_total", "documents that the index refused", "view")?,
            parked: counters(
                "factmill_documents_parked_total",
                "documents and streams that can't be folded on",
                "view",
            )?,
            gaps: counters(
                "factmill_projection_gaps_total",
                "commits read from the store because they were missing",
                "view",
            )?,
            projection_failures: counters("factmill_projection_failures_total", "projections tried again", "view")?,
            position: gauges("factmill_projection_position", "the last commit of the log that was projected")?,
            unreadable: counter("factmill_unreadable_commits_total", "commits that a follower could not read")?,
            released: counter("factmill_messages_released_total", "messages given back to the queue")?,
            gauges: Gauges {
                depth: gauge("factmill_queue_messages", "messages in the queue")?,
                oldest: gauge("factmill_queue_oldest_milliseconds", "age of the oldest message")?,
                conflicts: gauge("factmill_conflicts_total", "appends that lost a race")?,
                retries: gauge("factmill_retries_total", "states of the workflow that were tried again")?,
                lost_snapshots: gauge("factmill_lost_snapshots_total", "snapshots that were not kept")?,
                dropped_releases: gauge(
                    "factmill_dropped_releases_total",
                    "claims given back by a stream that did not hold them",
                )?,
                failures: gauge("factmill_failures", "given-up commands that are kept with their reason")?,
                transactions: gauge("factmill_transactions_total", "durable transactions")?,
                lag: gauges("factmill_projection_lag", "commits of the log that are not projected yet")?,
            },
            registry,
        };
        for outcome in [Outcome::Committed, Outcome::Rejected, Outcome::Refused, Outcome::Failed] {
            metrics.settled.with_label_values(&[outcome.as_str()]);
        }
        for view in catalog.views() {
            metrics.position.with_label_values(&[view.name()]);
        }
        Ok(metrics)
    }

    pub(super) fn settled(&self, outcomes: &[Outcome]) {
        for outcome in outcomes {
            self.settled.with_label_values(&[outcome.as_str()]).inc();
        }
    }

    pub(super) fn projected(&self, view: &str, projected: Projected) {
        let count = |counters: &IntCounterVec, number: usize| counters.with_label_values(&[view]).inc_by(number as u64);
        count(&self.written, projected.written);
        count(&self.refused, projected.refused);
        count(&self.parked, projected.parked);
        count(&self.gaps, projected.gaps);
    }

    pub(super) fn at(&self, view: &str, pos: u64) {
        self.position.with_label_values(&[view]).set(pos.cast_signed());
    }

    /// All metrics as text.
    pub(super) fn text(&self, catalog: &Catalog, readings: Readings) -> Result<String, prometheus::Error> {
        let gauges = &self.gauges;
        gauges.depth.set(i64::try_from(readings.depth).unwrap_or(i64::MAX));
        let age = readings.oldest.map_or(0, |oldest| readings.now.duration_since(oldest).as_millis());
        gauges.oldest.set(i64::try_from(age).unwrap_or(i64::MAX));
        gauges.conflicts.set(readings.conflicts.cast_signed());
        gauges.retries.set(readings.retries.cast_signed());
        gauges.lost_snapshots.set(readings.lost_snapshots.cast_signed());
        gauges.dropped_releases.set(readings.dropped_releases.cast_signed());
        gauges.failures.set(readings.failures.cast_signed());
        gauges.transactions.set(readings.transactions.cast_signed());
        for view in catalog.views() {
            let position = self.position.with_label_values(&[view.name()]).get();
            gauges
                .lag
                .with_label_values(&[view.name()])
                .set(readings.head.cast_signed().saturating_sub(position).max(0));
        }
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}
