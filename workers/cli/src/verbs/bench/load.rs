//! The loads: commands on fresh streams, each round's own, so that no round meets what another left.

use serde_json::json;
use uuid::Uuid;

use crate::verbs::import::Outgoing;

/// What is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Load {
    /// One short comment a stream.
    CreateComment,
    /// One booking a room type.
    BookRoom,
}

impl Load {
    /// All of them, in the order in which they take turns.
    pub(super) const ALL: [Self; 2] = [Self::CreateComment, Self::BookRoom];

    /// The command's type.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::CreateComment => "CreateComment",
            Self::BookRoom => "BookRoom",
        }
    }

    /// Where a round's documents are counted: a view and the filter that finds this round's.
    pub(super) fn view(self, round: &str) -> (&'static str, String) {
        match self {
            Self::CreateComment => ("comments", format!("subject=picture%2F{round}")),
            Self::BookRoom => ("bookings", format!("hotel={round}")),
        }
    }

    /// What must be there before the command, if anything.
    pub(super) fn preparation(self, round: &str, n: u64) -> Option<(String, Outgoing)> {
        (self == Self::BookRoom).then(|| {
            let data = json!({"hotel": round, "name": "Double room", "rooms": 3});
            command(n, self.stream(round, n), "OpenRoomType", &data)
        })
    }

    /// The command.
    pub(super) fn command(self, round: &str, n: u64) -> (String, Outgoing) {
        let data = match self {
            Self::CreateComment => json!({
                "subject": format!("picture/{round}"),
                "text": format!("The light on the water is lovely, number {n}"),
            }),
            Self::BookRoom => json!({
                "bookingId": format!("{round}-{n}"),
                "guest": {"name": "Ada Lovelace", "email": "ada@example.org"},
                "arrival": "2027-03-01",
                "departure": format!("2027-03-{:02}", 1 + nights(n)),
                "party": {"adults": 2, "children": 0},
                "notes": "A quiet room, please",
            }),
        };
        command(n, self.stream(round, n), self.name(), &data)
    }

    fn stream(self, round: &str, n: u64) -> String {
        match self {
            Self::CreateComment => format!("comment/{round}-{n}"),
            Self::BookRoom => format!("room-type/{round}:{n}"),
        }
    }
}

/// A command with an id of its own.
pub(super) fn command(n: u64, stream: String, kind: &str, data: &serde_json::Value) -> (String, Outgoing) {
    let id = Uuid::now_v7().to_string();
    let text = json!({"id": id, "stream": stream, "type": kind, "data": data}).to_string();
    (stream, Outgoing { line: n, by: 0, id: Some(id.into()), text: text.into_bytes().into() })
}

/// A name that no other round has.
pub(super) fn round_name() -> String {
    format!("bench-{}", Uuid::now_v7().simple())
}

/// How many nights the nth booking lasts.
fn nights(n: u64) -> u64 {
    [1, 2, 3, 3, 4, 4, 5, 7, 7, 7][usize::try_from(n % 10).unwrap_or(0)]
}

/// The average of the nights of so many bookings.
pub(super) fn average_nights(bookings: u32) -> f64 {
    (0..u64::from(bookings)).map(nights).map(|nights| f64::from(u32::try_from(nights).unwrap_or(0))).sum::<f64>()
        / f64::from(bookings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_stream_of_its_own_within_the_contracts_length() {
        let round = round_name();
        for load in Load::ALL {
            let (first, _) = load.command(&round, 1);
            let (second, outgoing) = load.command(&round, 999_999);
            assert_ne!(first, second);
            assert!(second.len() <= 96, "{second}");
            assert!(outgoing.text.starts_with(b"{\"id\":"));
        }
        assert!((average_nights(10) - 4.3).abs() < 1e-9);
    }
}
