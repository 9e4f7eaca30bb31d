//! What every clock must do.

#![expect(clippy::missing_panics_doc, reason = "a law that doesn't hold panics")]
#![expect(clippy::unused_async, reason = "the laws of every port are called alike")]

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use crate::ports::clock::Clock;

/// One test for each law; `$fresh` is an async function that makes a clock, and what must outlive it.
#[macro_export]
macro_rules! clock_laws {
    ($fresh:path) => {
        $crate::clock_laws! { [$crate::laws_of] $fresh }
    };
    // what `$each` makes of the list of all laws
    ([$($each:tt)+] $fresh:path) => {
        $($each)+! { clock, $fresh:
            times_are_whole_milliseconds,
            a_clock_goes_on_and_not_back,
            a_clock_tells_the_time,
        }
    };
}

/// How many readings are looked at.
const READINGS: usize = 10_000;
/// How long a clock may stand still.
const STILL: Duration = Duration::from_secs(1);

/// What is stored and compared has no more.
pub async fn times_are_whole_milliseconds(clock: &dyn Clock) {
    for _ in 0..READINGS {
        let now = clock.now();
        assert_eq!(now.subsec_nanosecond() % 1_000_000, 0, "{now}");
    }
}

/// A commit's time is kept from going back by the store; what a clock may do is stand still for a moment.
pub async fn a_clock_goes_on_and_not_back(clock: &dyn Clock) {
    let (started, mut last) = (Instant::now(), clock.now());
    let (first, mut readings) = (last, 0);
    while readings < READINGS || last == first {
        let now = clock.now();
        assert!(now >= last, "{now} was told behind {last}");
        assert!(now > first || started.elapsed() < STILL, "it stands still at {now}");
        (last, readings) = (now, readings + 1);
    }
}

/// It is that of the machine, within a minute.
pub async fn a_clock_tells_the_time(clock: &dyn Clock) {
    let off = clock.now().duration_since(Timestamp::now()).abs();
    assert!(off < SignedDuration::from_mins(1), "{off}");
}
