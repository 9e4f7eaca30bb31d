//! What time it is.

use jiff::{Timestamp, TimestampRound, Unit};

/// A clock. Time in stored things has milliseconds.
pub trait Clock: Send + Sync {
    /// Now, in whole milliseconds.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        millis(Timestamp::now())
    }
}

/// The same instant, without what is finer than a millisecond.
pub fn millis(time: Timestamp) -> Timestamp {
    let round = TimestampRound::new().smallest(Unit::Millisecond).mode(jiff::RoundMode::Floor);
    // rounding to a smaller unit than the range's end can't leave the range
    time.round(round).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    crate::clock_laws!(super::SystemClock);
}
