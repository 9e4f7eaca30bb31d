//! The name of a room type's stream: `room-type/<hotel>:<code>`.

use kernel::{StreamId, Violations};

/// The hotel and the room type's code; a hotel may hold colons, a code none.
pub(super) fn parts(stream: &StreamId) -> Option<(&str, &str)> {
    stream.id().rsplit_once(':').filter(|(hotel, code)| !hotel.is_empty() && !code.is_empty())
}

/// Adds a violation unless the name has a hotel and a code.
pub(super) fn check(stream: &StreamId, violations: &mut Violations) {
    if parts(stream).is_none() {
        violations.add("/stream", "bad-format", "must be `room-type/<hotel>:<code>`");
    }
}
