//! A tenant with bookings to search, made once for all who only read.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::{Actor, Tenant, command, open};

/// Bookings that are there, and how to see them all.
pub(crate) struct Bookings {
    pub(crate) staff: Actor,
    /// The last status: `after` it, all of room type B is shown.
    pub(crate) shown: Value,
}

/// Id, room type, guest, arrival, departure, adults, children, notes.
type Row = (&'static str, &'static str, &'static str, &'static str, &'static str, u32, u32, Option<&'static str>);

const ROWS: [Row; 8] = [
    ("p-01", "A", "Ann Müller", "2026-11-30", "2026-12-02", 2, 0, Some("Sea view, please")),
    ("p-02", "A", "Bob Smith", "2026-12-01", "2026-12-05", 1, 0, Some("Running late: arrives at 23:00")),
    ("p-03", "A", "Café Society", "2026-12-31", "2027-01-02", 4, 2, None),
    ("p-07", "A", "Strauß Weg", "2028-02-29", "2028-03-01", 1, 1, Some("Große Straße")),
    ("p-08", "A", "李小龍", "2027-06-01", "2027-06-11", 2, 0, Some("日本語 notes")),
    (
        "p-04",
        "B",
        "Dora O'Neil",
        "2026-12-31",
        "2027-01-01",
        2,
        1,
        Some("sea-view & <script>alert(\"x\")</script> runner"),
    ),
    ("p-05", "B", "Élodie Dupont", "2027-01-01", "2027-01-08", 2, 0, Some("The views of the SEA are what they want")),
    ("p-06", "B", "Ann Baker", "2027-01-15", "2027-01-16", 3, 0, None),
];

/// The ids, in order.
pub(crate) const IDS: [&str; 8] = ["p-01", "p-02", "p-03", "p-04", "p-05", "p-06", "p-07", "p-08"];

/// Eight bookings of two room types, the sixth cancelled.
pub(crate) fn bookings() -> &'static Bookings {
    static BOOKINGS: LazyLock<Bookings> = LazyLock::new(|| {
        let staff = Tenant::new().staff();
        let mut shown = Value::Null;
        for code in ["A", "B"] {
            let stream = format!("room-type/resort:{code}");
            open(&staff, &stream, 100);
            for (id, _, guest, arrival, departure, adults, children, notes) in ROWS.iter().filter(|row| row.1 == code) {
                let data = json!({ "bookingId": id, "guest": { "name": guest }, "arrival": arrival,
                    "departure": departure, "party": { "adults": adults, "children": children }, "notes": notes });
                shown = staff.settle(&command(&stream, "BookRoom", data));
            }
            staff.find("bookings", &shown, "limit=1");
        }
        shown = staff.commits("room-type/resort:B", "CancelBooking", json!({ "bookingId": "p-06" }));
        Bookings { staff, shown }
    });
    &BOOKINGS
}

impl Bookings {
    /// The answer to a search by parameters.
    #[track_caller]
    pub(crate) fn find(&self, query: &str) -> Value {
        self.staff.find("bookings", &self.shown, query)
    }

    /// The answer to a typed query.
    #[track_caller]
    pub(crate) fn search(&self, query: &Value) -> Value {
        self.staff.search("bookings", &self.shown, query)
    }
}

/// The ids of a result's hits, in order.
#[track_caller]
pub(crate) fn ids(found: &Value) -> Vec<String> {
    found["hits"].as_array().unwrap().iter().map(|hit| hit["id"].as_str().unwrap().to_owned()).collect()
}
