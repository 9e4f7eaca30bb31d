//! Clients that send commands, lose their engine, go on with the next one, and remember what was acknowledged.

use std::{
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

use serde_json::{Value, json};

use crate::{
    client::{Answer, Client, command, comment, until},
    dice::Dice,
    ledger::{Ledger, id, twin},
};

/// How many clients there are.
const CLIENTS: u64 = 4;
/// How many comments each client writes at most; then it edits and deletes.
const COMMENTS: usize = 60;
/// The streams that all clients share.
pub(crate) const ROOM_TYPES: [&str; 2] = ["room-type/resort:A", "room-type/resort:B"];

#[derive(Default)]
struct Shared {
    ledger: Mutex<Ledger>,
    /// How many engines there were, and the one that runs.
    engine: Mutex<(u64, Option<Client>)>,
    news: Condvar,
    over: AtomicBool,
}

/// The clients at work.
pub(crate) struct Load {
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<()>>,
}

impl Load {
    /// Starts the clients, who wait for an engine.
    pub(crate) fn start(dice: &Dice) -> Self {
        let shared = Arc::<Shared>::default();
        let client = |number| {
            let shared = shared.clone();
            let dice = dice.fork(number);
            std::thread::spawn(move || Sender { shared, dice, number, lost: 0, count: 0, comments: Vec::new() }.run())
        };
        let clients = (0..CLIENTS).map(client).collect();
        Self { shared, clients }
    }

    /// Gives the clients an engine.
    pub(crate) fn resume(&self, engine: &Client) {
        let mut slot = self.shared.engine.lock().unwrap();
        *slot = (slot.0 + 1, Some(engine.clone()));
        self.shared.news.notify_all();
    }

    /// Waits until so many more commands are acknowledged than when it is called.
    pub(crate) fn until_acknowledged(&self, more: usize) {
        let count = || self.shared.ledger.lock().unwrap().acknowledged().len();
        let wanted = count() + more;
        until("commands are acknowledged", || match count() {
            count if count >= wanted => Ok(()),
            count => Err(format!("{count} of {wanted}")),
        });
    }

    /// Lets the clients end; what they sent.
    pub(crate) fn finish(self) -> Ledger {
        self.shared.over.store(true, Ordering::SeqCst);
        self.shared.news.notify_all();
        for client in self.clients {
            client.join().unwrap();
        }
        std::mem::take(&mut *self.shared.ledger.lock().unwrap())
    }
}

/// One client.
struct Sender {
    shared: Arc<Shared>,
    dice: Dice,
    number: u64,
    /// The last engine that this client had.
    lost: u64,
    count: u64,
    comments: Vec<String>,
}

impl Sender {
    fn run(mut self) {
        while let Some(mut client) = self.engine() {
            if self.count == 0 && self.number == 0 {
                let open = ROOM_TYPES.map(|stream| self.open(stream));
                self.send(&mut client, &open);
            }
            while !self.over() && self.act(&mut client) {}
        }
    }

    fn over(&self) -> bool {
        self.shared.over.load(Ordering::SeqCst)
    }

    /// The next engine after the one that was lost; none when all is over.
    fn engine(&mut self) -> Option<Client> {
        let shared = self.shared.clone();
        let mut slot = shared.engine.lock().unwrap();
        loop {
            if self.over() {
                return None;
            }
            match &*slot {
                (generation, Some(client)) if *generation != self.lost => {
                    self.lost = *generation;
                    return Some(client.clone());
                }
                _ => slot = shared.news.wait_timeout(slot, std::time::Duration::from_millis(100)).unwrap().0,
            }
        }
    }

    /// Does one thing; false if the engine went away.
    fn act(&mut self, client: &mut Client) -> bool {
        match self.dice.within(0, 10) {
            0..=2 => {
                let batch: Vec<_> = (0..self.dice.within(5, 25)).map(|_| self.comment()).collect();
                self.send(client, &batch)
            }
            3 => {
                let one = self.comment();
                self.send(client, &[one])
            }
            4 => {
                let one = self.comment();
                self.ask(client, &one)
            }
            5 | 6 => {
                let batch: Vec<_> = (0..self.dice.within(2, 10)).map(|_| self.stay()).collect();
                self.send(client, &batch)
            }
            7 => {
                let one = if self.dice.one_in(2) { self.comment() } else { self.stay() };
                self.at_once(client, &one)
            }
            8 => {
                let again: Vec<_> = (0..self.dice.within(1, 8)).filter_map(|_| self.earlier()).collect();
                self.send(client, &again)
            }
            _ if self.dice.one_in(2) => self.reuse(client),
            _ => self.use_twice(client),
        }
    }

    fn id(&mut self) -> String {
        self.count += 1;
        format!("{}-{}", self.number, self.count)
    }

    fn open(&mut self, stream: &str) -> Value {
        command(&self.id(), stream, "OpenRoomType", &json!({ "hotel": "resort", "name": "Room", "rooms": 3 }))
    }

    /// A new comment, or something done to an earlier one.
    fn comment(&mut self) -> Value {
        let id = self.id();
        let earlier = self.dice.pick(&self.comments).cloned();
        match earlier {
            Some(stream) if self.comments.len() >= COMMENTS || self.dice.one_in(2) => {
                if self.dice.one_in(12) {
                    command(&id, &stream, "DeleteComment", &json!({}))
                } else {
                    command(&id, &stream, "EditComment", &json!({ "text": format!("edited by {id}") }))
                }
            }
            _ => {
                let stream = format!("comment/{id}");
                self.comments.push(stream.clone());
                comment(&id, &stream, &format!("written by {id}"))
            }
        }
    }

    /// A booking of a room type that all share, or something done to one of anybody's bookings.
    fn stay(&mut self) -> Value {
        let id = self.id();
        let (month, first) = (self.dice.within(1, 13), self.dice.within(1, 25));
        let nights = self.dice.within(1, 4);
        let day = |day: u64| format!("2027-{month:02}-{day:02}");
        let (arrival, departure) = (day(first), day(first + nights));
        let mut ledger = self.shared.ledger.lock().unwrap();
        let booked = self.dice.pick(&ledger.bookings).cloned();
        match booked {
            Some((room_type, booking)) if self.dice.one_in(2) => {
                let stream = ROOM_TYPES[room_type];
                if self.dice.one_in(3) {
                    let data = json!({ "bookingId": booking, "arrival": arrival, "departure": departure });
                    command(&id, stream, "ChangeBooking", &data)
                } else {
                    command(&id, stream, "CancelBooking", &json!({ "bookingId": booking }))
                }
            }
            _ => {
                let room_type = usize::from(self.dice.one_in(2));
                ledger.bookings.push((room_type, format!("b-{id}")));
                // long notes, so that a stream is soon worth a snapshot
                let data = json!({ "bookingId": format!("b-{id}"), "guest": { "name": format!("Guest {id}") },
                    "arrival": arrival, "departure": departure, "party": { "adults": 2, "children": 0 },
                    "notes": "quiet, please ".repeat(100) });
                command(&id, ROOM_TYPES[room_type], "BookRoom", &data)
            }
        }
    }

    /// A command that was acknowledged before, of any client.
    fn earlier(&mut self) -> Option<Value> {
        let ledger = self.shared.ledger.lock().unwrap();
        let id = self.dice.pick(ledger.acknowledged())?;
        Some(ledger.sent[id].command.clone())
    }

    /// Sends commands without waiting, one by itself or several as a batch; goes on with another engine if need be.
    fn send(&mut self, client: &mut Client, commands: &[Value]) -> bool {
        let body = match commands {
            [] => return true,
            [one] => one.clone(),
            many => Value::from(many),
        };
        for command in commands {
            self.shared.ledger.lock().unwrap().note(command);
        }
        let mut answer = client.try_post("/commands", &body, None);
        if answer.is_none() && self.dice.one_in(2) {
            // as a careful client does: the same again, to whoever answers next
            let Some(next) = self.engine() else { return false };
            *client = next;
            answer = client.try_post("/commands", &body, None);
        }
        let Some(answer) = answer else { return false };
        self.note(commands, &answer);
        true
    }

    fn note(&self, commands: &[Value], (status, body): &Answer) {
        let mut ledger = self.shared.ledger.lock().unwrap();
        match (status, commands, body["refused"].as_array()) {
            (202, [one], None) => ledger.acknowledge(&id(one), None),
            (202, many, Some(refused)) => {
                assert!(refused.iter().all(|refused| refused["refusal"]["code"] == "busy"), "{body}");
                let refused: Vec<_> = refused.iter().filter_map(|refused| refused["index"].as_u64()).collect();
                let taken = many.iter().zip(0..).filter(|(_, index)| !refused.contains(index));
                taken.for_each(|(command, _)| ledger.acknowledge(&id(command), None));
            }
            (429 | 503, ..) => {}
            _ => panic!("{status} {body} to {commands:?}"),
        }
    }

    /// Sends a command and waits for its verdict.
    fn ask(&mut self, client: &Client, command: &Value) -> bool {
        self.shared.ledger.lock().unwrap().note(command);
        let Some((status, body)) = client.try_post("/commands", command, Some("wait=20")) else { return false };
        if status == 200 {
            self.shared.ledger.lock().unwrap().acknowledge(&id(command), Some(&body));
        } else {
            self.note(std::slice::from_ref(command), &(status, body));
        }
        true
    }

    /// Two clients send the same at once, and wait for the verdict.
    fn at_once(&mut self, client: &Client, command: &Value) -> bool {
        self.shared.ledger.lock().unwrap().note(command);
        let send = || client.try_post("/commands", command, Some("wait=20"));
        let (one, two) = std::thread::scope(|scope| {
            let other = scope.spawn(send);
            (send(), other.join().unwrap())
        });
        for answer in [&one, &two].into_iter().flatten() {
            match answer {
                (200, verdict) => {
                    self.shared.ledger.lock().unwrap().acknowledge(&id(command), Some(verdict));
                }
                other => self.note(std::slice::from_ref(command), other),
            }
        }
        one.is_some() && two.is_some()
    }

    /// Sends an acknowledged id with other content, which must have no effect.
    fn reuse(&mut self, client: &Client) -> bool {
        let Some(twin) = self.earlier().as_ref().and_then(twin) else { return true };
        let Some((status, body)) = client.try_post("/commands", &twin, None) else { return false };
        assert!(matches!(status, 409 | 202 | 429 | 503), "{status} {body} to a reused id");
        true
    }

    /// Sends one id with two contents at once: only the first has an effect, the second is refused by the workflow.
    fn use_twice(&mut self, client: &mut Client) -> bool {
        let first = self.comment();
        self.shared.ledger.lock().unwrap().note(&first);
        let Some(twin) = twin(&first) else { return self.send(client, &[first]) };
        let Some(answer) = client.try_post("/commands", &json!([first, twin]), None) else { return false };
        self.note(&[first], &answer);
        true
    }
}
