//! What was sent, and what its senders were told.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value, json};

/// What became of a command on its way in.
pub(crate) struct Sent {
    /// The command, as it is always sent.
    pub(crate) command: Value,
    /// Whether its sender was told that it is queued or settled.
    pub(crate) acknowledged: bool,
    /// The verdict that its sender was told.
    pub(crate) verdict: Option<Value>,
}

/// All that was sent.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) sent: BTreeMap<String, Sent>,
    acknowledged: Vec<String>,
    /// Bookings that were asked for, and of which room type.
    pub(crate) bookings: Vec<(usize, String)>,
}

impl Ledger {
    /// The commands that must settle.
    pub(crate) fn acknowledged(&self) -> &[String] {
        &self.acknowledged
    }

    /// The streams of everything that was sent.
    pub(crate) fn streams(&self) -> BTreeSet<&str> {
        self.sent.values().filter_map(|sent| sent.command["stream"].as_str()).collect()
    }

    /// Notes that a command is being sent.
    pub(crate) fn note(&mut self, command: &Value) {
        let fresh = || Sent { command: command.clone(), acknowledged: false, verdict: None };
        self.sent.entry(id(command)).or_insert_with(fresh);
    }

    /// Notes what its sender was told: that it is queued, or the verdict.
    pub(crate) fn acknowledge(&mut self, id: &str, verdict: Option<&Value>) {
        let sent = self.sent.get_mut(id).unwrap();
        if !std::mem::replace(&mut sent.acknowledged, true) {
            self.acknowledged.push(id.to_owned());
        }
        if let Some(verdict) = verdict {
            let first = sent.verdict.get_or_insert_with(|| verdict.clone());
            assert_eq!(first, verdict, "another answer to the same command");
        }
    }
}

/// A command of the same id and other content.
pub(crate) fn twin(command: &Value) -> Option<Value> {
    let mut twin = command.clone();
    let content = match twin["type"].as_str()? {
        "CreateComment" | "EditComment" => "text",
        "BookRoom" => "notes",
        _ => return None,
    };
    twin["data"][content] = json!("something else");
    Some(twin)
}

/// A command's id.
pub(crate) fn id(command: &Value) -> String {
    command["id"].as_str().unwrap().to_owned()
}

/// Statuses by id.
pub(crate) fn by_id(statuses: Vec<Value>) -> HashMap<String, Value> {
    statuses.into_iter().map(|status| (id(&status), status)).collect()
}
