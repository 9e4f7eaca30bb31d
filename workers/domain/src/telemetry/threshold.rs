//! The limits of a metric, and on which side of them its last reading lay.

use events::device::{Side, ThresholdCrossed, ThresholdSet};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The limits of a metric.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// What is more than this is too much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// What is less than this is too little.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
}

impl Limits {
    fn side(self, value: f64) -> Option<(Side, f64)> {
        let above = self.above.filter(|limit| value > *limit).map(|limit| (Side::Above, limit));
        above.or_else(|| self.below.filter(|limit| value < *limit).map(|limit| (Side::Below, limit)))
    }
}

/// Limits, and whether they are crossed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Threshold {
    /// The limits.
    pub limits: Limits,
    /// Beyond which of them the last reading lay; none since they were set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crossed: Option<Side>,
}

impl Threshold {
    /// As it is set: not crossed, whatever was read before.
    pub(super) fn set(set: &ThresholdSet) -> Self {
        Self { limits: Limits { above: set.above, below: set.below }, crossed: None }
    }

    /// Takes a reading. The limit that it crosses, if the one before lay elsewhere.
    pub(super) fn read(&mut self, value: f64) -> Option<(Side, f64)> {
        let beyond = self.limits.side(value);
        let side = beyond.map(|(side, _)| side);
        let crossing = beyond.filter(|_| side != self.crossed);
        self.crossed = side;
        crossing
    }
}

/// The event of a crossing.
pub(super) fn crossed(metric: &str, (side, limit): (Side, f64), value: f64, at: Timestamp) -> ThresholdCrossed {
    ThresholdCrossed { metric: metric.to_owned(), side, limit, value, at }
}
