//! What every clock must do.

#![expect(clippy::missing_panics_doc, reason = "a law that doesn't hold panics")]

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use crate::ports::clock::Clock;

/// One test for each law; the expression gives a clock. Reading it is no I/O, nor are its laws.
#[macro_export]
macro_rules! clock_laws {
    ($clock:expr) => {
        $crate::clock_laws! { [$crate::clock_laws_of] $clock }
    };
    // what `$each` makes of the list of all laws
    ([$($each:tt)+] $clock:expr) => {
        $($each)+! { $clock;
            times_are_whole_milliseconds,
            a_clock_goes_on_and_not_back,
            a_clock_tells_the_time,
        }
    };
}

/// Expands to one named test for each law.
#[doc(hidden)]
#[macro_export]
macro_rules! clock_laws_of {
    ($clock:expr; $($law:ident),+ $(,)?) => {
        $(
            #[test]
            fn $law() {
                $crate::laws::clock::$law(&$clock);
            }
        )+
    };
}

/// How many readings are looked at.
const READINGS: usize = 10_000;
/// How long a clock may stand still.
const STILL: Duration = Duration::from_secs(1);

/// What is stored and compared has no more.
pub fn times_are_whole_milliseconds(clock: &dyn Clock) {
    for _ in 0..READINGS {
        let now = clock.now();
        assert_eq!(now.subsec_nanosecond() % 1_000_000, 0, "{now}");
    }
}

/// A commit's time is kept from going back by the store; what a clock may do is stand still for a moment.
pub fn a_clock_goes_on_and_not_back(clock: &dyn Clock) {
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
pub fn a_clock_tells_the_time(clock: &dyn Clock) {
    let off = clock.now().duration_since(Timestamp::now()).abs();
    assert!(off < SignedDuration::from_mins(1), "{off}");
}
