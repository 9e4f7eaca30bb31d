//! Commands, and sending them.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{Actor, Answer, Ask, encode, host};

/// How far a deployment may be behind, whatever the other checks have sent.
const PATIENCE: Duration = Duration::from_mins(5);

/// A new `UUIDv7`.
pub(crate) fn id() -> String {
    id_of_time(jiff::Timestamp::now())
}

/// A `UUIDv7` of a time.
pub(crate) fn id_of_time(time: jiff::Timestamp) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let ms = time.as_millisecond();
    let (run, count) = (u64::from(std::process::id()), COUNT.fetch_add(1, Ordering::Relaxed));
    format!("{:08x}-{:04x}-7{:03x}-8{:03x}-{:012x}", ms >> 16, ms & 0xffff, run & 0xfff, (run >> 12) & 0xfff, count)
}

/// A command that nobody sent before; its id tells when it was issued.
pub(crate) fn command(stream: &str, kind: &str, data: Value) -> Value {
    json!({ "id": id(), "stream": stream, "type": kind, "data": data })
}

/// The data of `BookRoom`.
pub(crate) fn booking(id: &str, arrival: &str, departure: &str) -> Value {
    json!({ "bookingId": id, "guest": { "name": format!("Guest {id}") }, "arrival": arrival, "departure": departure,
            "party": { "adults": 2, "children": 0 } })
}

/// The data of a command about a booking, and no more.
pub(crate) fn id_of(booking: &str) -> Value {
    json!({ "bookingId": booking })
}

/// The data of a command about a booking on a day.
pub(crate) fn on(booking: &str, day: &str) -> Value {
    json!({ "bookingId": booking, "on": day })
}

/// The data of `ChangeBooking`: its dates.
pub(crate) fn dates(booking: &str, arrival: &str, departure: &str) -> Value {
    json!({ "bookingId": booking, "arrival": arrival, "departure": departure })
}

/// The data of `CreateComment`.
pub(crate) fn comment(text: &str) -> Value {
    json!({ "subject": "picture/42", "text": text })
}

/// The data of `RegisterCustomer`.
pub(crate) fn customer(name: &str, email: &str) -> Value {
    json!({ "name": name, "email": email })
}

/// The data of `PlaceOrder`: sku, name, quantity, and what one costs in cents.
pub(crate) fn order(customer: &str, lines: &[(&str, &str, i64, i64)]) -> Value {
    let line = |(sku, name, quantity, amount): &(&str, &str, i64, i64)| {
        let price = json!({ "amount": amount, "currency": "EUR" });
        json!({ "sku": sku, "name": name, "quantity": quantity, "unitPrice": price })
    };
    let lines: Vec<_> = lines.iter().map(line).collect();
    json!({ "customer": customer, "lines": lines, "paymentToken": "tok_ok" })
}

/// Opens a room type.
#[track_caller]
pub(crate) fn open(staff: &Actor, stream: &str, rooms: u32) -> Value {
    let hotel = stream.strip_prefix("room-type/").unwrap().rsplit_once(':').unwrap().0;
    staff.commits(stream, "OpenRoomType", json!({ "hotel": hotel, "name": "Room", "rooms": rooms }))
}

/// The parameter `after` that shows a status.
pub(crate) fn after(status: &Value) -> String {
    format!("after={}%40{}", encode(status["stream"].as_str().unwrap()), version_of(status))
}

/// Asks; of a deployment, time and again as long as the answer is that it is not settled yet.
fn patiently(ask: impl Fn() -> Answer, is_behind: impl Fn(&Answer) -> bool) -> Answer {
    let started = Instant::now();
    loop {
        let answer = ask();
        if !is_behind(&answer) || !host().is_deployed() || started.elapsed() > PATIENCE {
            return answer;
        }
    }
}

fn version_of(status: &Value) -> u64 {
    status["version"].as_u64().unwrap()
}

impl Actor {
    /// The types of events of a status.
    #[track_caller]
    pub(crate) fn settle(&self, command: &Value) -> Value {
        let answer = self.settled(command);
        let status = answer.is(200);
        assert_eq!(status["id"], command["id"], "{status}");
        assert_eq!(status["stream"], command["stream"], "{status}");
        assert_eq!(status["type"], command["type"], "{status}");
        status
    }

    /// Sends a command and waits for its verdict. On a deployment that may be behind, it is sent again as long as it is
    /// not settled in time, as a client would.
    #[track_caller]
    pub(crate) fn settled(&self, command: &Value) -> Answer {
        let ask = Ask::post("/commands").by(self).wait().json(command);
        patiently(|| ask.clone().send(), |answer| answer.status == 202)
    }

    /// The status of a command that was accepted, once it is settled.
    #[track_caller]
    pub(crate) fn outcome(&self, command: &Value) -> Value {
        let path = format!("/commands/{}?wait=25", encode(command["id"].as_str().unwrap()));
        patiently(|| self.get(path.as_str()), |answer| answer.status == 404).is(200)
    }

    #[track_caller]
    pub(crate) fn submit(&self, stream: &str, kind: &str, data: Value) -> Value {
        self.settle(&command(stream, kind, data))
    }

    /// Sends what shall be committed.
    #[track_caller]
    pub(crate) fn commits(&self, stream: &str, kind: &str, data: Value) -> Value {
        let status = self.submit(stream, kind, data);
        assert_eq!(status["status"], "committed", "{status}");
        status
    }

    /// Sends what shall commit events of these types.
    #[track_caller]
    pub(crate) fn makes(&self, stream: &str, kind: &str, data: Value, events: &[&str]) -> Value {
        let status = self.commits(stream, kind, data);
        let types: Vec<_> = status["events"].as_array().unwrap().iter().map(|e| e["type"].as_str().unwrap()).collect();
        assert_eq!(types, events, "{status}");
        status
    }

    /// Sends what a rule says no to.
    #[track_caller]
    pub(crate) fn rejected(&self, stream: &str, kind: &str, data: Value, code: &str) -> Value {
        let status = self.submit(stream, kind, data);
        assert_eq!(status["status"], "rejected", "{status}");
        assert_eq!(status["rejection"]["code"], code, "{status}");
        status
    }

    /// Sends what the workflow refuses.
    #[track_caller]
    pub(crate) fn refused(&self, stream: &str, kind: &str, data: Value, code: &str) -> Value {
        let status = self.submit(stream, kind, data);
        assert_eq!(status["status"], "refused", "{status}");
        assert_eq!(status["refusal"]["code"], code, "{status}");
        status
    }

    /// The events of a stream.
    #[track_caller]
    pub(crate) fn history(&self, stream: &str) -> Vec<Value> {
        let answer = self.get(format!("/streams/{stream}?limit=1000")).is(200);
        answer["events"].as_array().unwrap().clone()
    }

    /// Searches a view by parameters, once it shows a status.
    #[track_caller]
    pub(crate) fn find(&self, view: &str, shown: &Value, query: &str) -> Value {
        self.get(format!("/views/{view}?{}&{query}", after(shown))).is(200)
    }

    /// Searches a view by a typed query, once it shows a status.
    #[track_caller]
    pub(crate) fn search(&self, view: &str, shown: &Value, query: &Value) -> Value {
        self.post(format!("/views/{view}/search?{}", after(shown)), query).is(200)
    }

    /// A document, once the view shows a status; `None` if there is none.
    #[track_caller]
    pub(crate) fn document(&self, view: &str, shown: &Value, id: &str) -> Option<Value> {
        let answer = self.get(format!("/views/{view}/{}?{}", encode(id), after(shown)));
        if answer.status == 404 {
            answer.problem(404, "not-found");
            return None;
        }
        Some(answer.is(200)["doc"].clone())
    }
}
