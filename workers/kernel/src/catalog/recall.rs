//! Commands that were read lately. Reading is pure, so where the door and the workflow are one process, what the one
//! has read the other need not read again.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use crate::command::Command;

/// How many commands each of two generations holds: what waits between the door and the workflow, hardly more.
const GENERATION: usize = 1_024;
/// Larger texts are read again: memory stays bounded.
const LARGEST_TEXT: usize = 4_096;

/// Commands by their text as it was sent.
#[derive(Default)]
pub(super) struct Recall(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: HashMap<Box<[u8]>, Command>,
    old: HashMap<Box<[u8]>, Command>,
}

impl Recall {
    pub(super) fn keep(&self, text: &[u8], command: &Command) {
        if text.len() > LARGEST_TEXT {
            return;
        }
        let (text, command) = (text.into(), command.clone());
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if generations.young.len() >= GENERATION {
            generations.old = std::mem::take(&mut generations.young);
        }
        generations.young.insert(text, command);
    }

    pub(super) fn take(&self, text: &[u8]) -> Option<Command> {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        generations.young.remove(text).or_else(|| generations.old.remove(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(n: usize) -> Command {
        let id = format!("c-{n}");
        let value = serde_json::json!({"id": id, "stream": "toy/1", "type": "Do", "issuedAt": "2026-11-21T08:00:00Z", "data": {}});
        crate::command::Envelope::read(value).unwrap().finish().unwrap()
    }

    #[test]
    fn a_command_is_recalled_once_and_by_its_very_text() {
        let recall = Recall::default();
        recall.keep(b"{}", &command(1));
        assert_eq!(recall.take(b"{ }"), None);
        assert_eq!(recall.take(b"{}"), Some(command(1)));
        assert_eq!(recall.take(b"{}"), None);
    }

    #[test]
    fn no_more_than_two_generations_are_held() {
        let recall = Recall::default();
        for n in 0..10 * GENERATION {
            recall.keep(n.to_string().as_bytes(), &command(n));
        }
        let held = (0..10 * GENERATION).filter(|n| recall.take(n.to_string().as_bytes()).is_some()).count();
        assert!((GENERATION..=2 * GENERATION).contains(&held), "{held}");
        recall.keep(&[b' '; LARGEST_TEXT + 1], &command(0));
        assert_eq!(recall.take(&[b' '; LARGEST_TEXT + 1]), None);
    }
}
