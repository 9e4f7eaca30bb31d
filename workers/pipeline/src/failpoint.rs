//! Named points at which a test lets the process die, to see that nothing is lost or done twice.

use std::{
    fmt,
    str::FromStr,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

/// The environment variable: `<name>` dies at the first hit, `<name>:<n>` at the n-th.
const VARIABLE: &str = "FACTMILL_FAILPOINT";

/// Makes the enum, its names, and the list of all: a point that is added is in the list, and so in the tests.
macro_rules! points {
    ($($(#[$doc:meta])* $point:ident = $name:literal,)*) => {
        /// A point at which the process can be made to die.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum FailPoint {
            $($(#[$doc])* $point,)*
        }

        impl FailPoint {
            /// Every point there is.
            pub const ALL: &[Self] = &[$(Self::$point,)*];

            /// The point's name, as the environment gives it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$point => $name,)*
                }
            }
        }
    };
}

points! {
    /// Messages are written, their transaction is not committed.
    Accept = "accept",
    /// Messages are durable, their sender was not told.
    Accepted = "accepted",
    /// A stream's commit is written, its transaction is not committed.
    Commit = "commit",
    /// A stream's commit is durable, nobody was told.
    Committed = "committed",
    /// Refusals or failures are written, their transaction is not committed.
    Status = "status",
    /// Refusals or failures are durable, nobody was told.
    Recorded = "recorded",
    /// A given-up command is written, its transaction is not committed.
    Keep = "keep",
    /// A given-up command is durable in the failure inbox, its message is not acknowledged.
    Kept = "kept",
    /// A snapshot is written, its transaction is not committed.
    Snapshot = "snapshot",
    /// A snapshot is durable.
    Snapshotted = "snapshotted",
    /// Settled messages are removed, the transaction is not committed.
    Acknowledge = "acknowledge",
    /// Settled messages are gone for good.
    Acknowledged = "acknowledged",
    /// A view's documents are put, how far its streams are folded is not.
    Documents = "documents",
    /// A view is about to be committed.
    Index = "index",
    /// A view is committed, with its place in the log.
    Indexed = "indexed",
}

impl fmt::Display for FailPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

struct Armed {
    point: FailPoint,
    at: u64,
    hits: AtomicU64,
}

impl FromStr for Armed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, at) = text.split_once(':').unwrap_or((text, "1"));
        let point = FailPoint::ALL.iter().find(|point| point.name() == name);
        match (point, at.parse()) {
            (Some(point), Ok(at)) => Ok(Self { point: *point, at, hits: AtomicU64::new(0) }),
            _ => Err(format!("`{VARIABLE}={text}` names no fail-point")),
        }
    }
}

/// Dies here, as by `kill -9`, if the environment says so. Costs one comparison otherwise.
pub fn failpoint(point: FailPoint) {
    static ARMED: OnceLock<Option<Armed>> = OnceLock::new();
    let armed = ARMED.get_or_init(|| {
        let armed = std::env::var(VARIABLE).ok()?.parse();
        armed.inspect_err(|error: &String| tracing::error!("{error}: nothing will fail")).ok()
    });
    if let Some(armed) = armed
        && armed.point == point
        && armed.hits.fetch_add(1, Ordering::SeqCst) + 1 == armed.at
    {
        std::process::abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_armed_by_its_name_and_the_hit() {
        for point in FailPoint::ALL {
            let armed: Armed = format!("{point}:3").parse().unwrap();
            assert_eq!((armed.point, armed.at), (*point, 3));
        }
        assert_eq!("commit".parse::<Armed>().unwrap().at, 1);
        assert!("comit".parse::<Armed>().is_err());
    }
}
