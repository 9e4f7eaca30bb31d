//! Commands that wait to be sent, in lanes: one lane a stream.
//!
//! INVARIANT: a lane's commands leave in the order in which they came, and never while others of the lane are on their
//! way. So a stream's commands are decided in their order, however many connections send.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The most commands of one request, as the contract has it.
pub(super) const LARGEST_BATCH: usize = 1_000;
/// The most bytes of one request, as the contract has it.
pub(super) const LARGEST_BODY: usize = 4 << 20;
/// The longest that a busy stream is left alone.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A command on its way.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outgoing {
    /// Its line's number in the input.
    pub(crate) line: u64,
    /// Who sends it: the place among the exchange's clients.
    pub(crate) by: usize,
    /// Its id, by which its status is asked for; a command without one is refused.
    pub(crate) id: Option<Box<str>>,
    /// The line as it is sent.
    pub(crate) text: Box<[u8]>,
}

/// One stream's commands. A lane that is neither ready nor resting has commands on their way.
#[derive(Default)]
struct Lane {
    waiting: VecDeque<Outgoing>,
    /// How often in a row the stream was busy.
    refusals: u32,
}

/// What one request carries: stretches of lanes, each in its order, all of one sender.
#[derive(Debug)]
pub(super) struct Batch {
    /// The commands in the order of the request.
    pub(super) commands: Vec<Outgoing>,
    /// Which lane's they are: a stream and how many.
    stretches: Vec<(Arc<str>, usize)>,
    /// Who sends them.
    pub(super) by: usize,
}

impl Batch {
    /// The request's body.
    pub(super) fn body(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.commands.iter().map(|command| command.text.len() + 1).sum());
        for command in &self.commands {
            body.extend_from_slice(&command.text);
            body.push(b'\n');
        }
        body
    }
}

/// All lanes.
pub(super) struct Outbox {
    lanes: HashMap<Arc<str>, Lane>,
    /// Lanes with something to send and nothing on its way.
    ready: VecDeque<Arc<str>>,
    /// Lanes whose stream was busy, and when to try again.
    resting: BinaryHeap<Reverse<(Instant, Arc<str>)>>,
    largest_batch: usize,
}

impl Outbox {
    /// Empty; a batch will have at most so many commands.
    pub(super) fn new(largest_batch: usize) -> Self {
        Self { lanes: HashMap::new(), ready: VecDeque::new(), resting: BinaryHeap::new(), largest_batch }
    }

    /// Adds a command at its lane's end.
    pub(super) fn push(&mut self, stream: &str, command: Outgoing) {
        if let Some(lane) = self.lanes.get_mut(stream) {
            // an idle lane is dropped, so this one is ready, resting or on the way already
            lane.waiting.push_back(command);
            return;
        }
        let stream: Arc<str> = stream.into();
        self.ready.push_back(Arc::clone(&stream));
        self.lanes.insert(stream, Lane { waiting: VecDeque::from([command]), ..Lane::default() });
    }

    /// Takes the next request's commands, if any lane is ready.
    pub(super) fn take(&mut self, now: Instant) -> Option<Batch> {
        while self.resting.peek().is_some_and(|Reverse((until, _))| *until <= now) {
            self.ready.extend(self.resting.pop().map(|Reverse((_, stream))| stream));
        }
        let mut batch = Batch { commands: Vec::new(), stretches: Vec::new(), by: 0 };
        let mut others = Vec::new();
        let mut bytes = 0;
        while batch.commands.len() < self.largest_batch {
            let Some(stream) = self.ready.pop_front() else { break };
            let Some(lane) = self.lanes.get_mut(&stream) else { continue };
            let Some(by) = lane.waiting.front().map(|command| command.by) else { continue };
            if batch.commands.is_empty() {
                batch.by = by;
            } else if batch.by != by {
                others.push(stream);
                continue;
            }
            let mut room = self.largest_batch - batch.commands.len();
            let fits = |command: &&Outgoing| {
                bytes += command.text.len() + 1;
                let fits = command.by == by && room > 0 && bytes <= LARGEST_BODY;
                room = room.saturating_sub(1);
                fits
            };
            let count = lane.waiting.iter().take_while(fits).count();
            if count == 0 {
                self.ready.push_front(stream);
                break;
            }
            batch.commands.extend(lane.waiting.drain(..count));
            batch.stretches.push((stream, count));
        }
        for stream in others.into_iter().rev() {
            self.ready.push_front(stream);
        }
        (!batch.commands.is_empty()).then_some(batch)
    }

    /// When the first resting lane may go on.
    pub(super) fn next_attempt(&self) -> Option<Instant> {
        self.resting.peek().map(|Reverse((until, _))| *until)
    }

    /// Takes back a batch that was answered: the commands whose index is in `busy` (ascending) go back to the front of their
    /// lanes, which rest for `pause` or, without one, longer each time. Returns the others.
    pub(super) fn answered(
        &mut self,
        batch: Batch,
        busy: &[usize],
        pause: Option<Duration>,
        now: Instant,
    ) -> Vec<(usize, Outgoing)> {
        let mut busy = busy.iter().copied().peekable();
        let mut taken = Vec::with_capacity(batch.commands.len());
        let mut commands = batch.commands.into_iter().enumerate();
        for (stream, count) in batch.stretches {
            let mut returned = Vec::new();
            for (index, command) in commands.by_ref().take(count) {
                if busy.next_if_eq(&index).is_some() {
                    returned.push(command);
                } else {
                    taken.push((index, command));
                }
            }
            self.arrived(stream, returned, pause, now);
        }
        taken
    }

    /// A lane's stretch is no longer on its way.
    fn arrived(&mut self, stream: Arc<str>, returned: Vec<Outgoing>, pause: Option<Duration>, now: Instant) {
        let Some(lane) = self.lanes.get_mut(&stream) else { return };
        if returned.is_empty() {
            lane.refusals = 0;
            if lane.waiting.is_empty() {
                self.lanes.remove(&stream);
            } else {
                self.ready.push_back(stream);
            }
            return;
        }
        let longer = Duration::from_millis(20 << lane.refusals.min(8));
        lane.refusals += 1;
        for command in returned.into_iter().rev() {
            lane.waiting.push_front(command);
        }
        self.resting.push(Reverse((now + pause.unwrap_or(longer).min(LONGEST_PAUSE), stream)));
    }

    /// The commands that wait, in no order of lanes.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Outgoing> {
        self.lanes.values().flat_map(|lane| &lane.waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outgoing(line: u64) -> Outgoing {
        Outgoing { line, by: 0, id: None, text: format!("{line}").into_bytes().into() }
    }

    fn outbox(streams: &[&str]) -> Outbox {
        let mut outbox = Outbox::new(LARGEST_BATCH);
        for (line, stream) in (1..).zip(streams) {
            outbox.push(stream, outgoing(line));
        }
        outbox
    }

    fn lines(batch: Option<&Batch>) -> Vec<u64> {
        batch.map(|batch| batch.commands.iter().map(|command| command.line).collect()).unwrap_or_default()
    }

    #[test]
    fn a_streams_commands_travel_together_and_in_order() {
        let mut outbox = outbox(&["a", "b", "a", "c", "a"]);
        assert_eq!(lines(outbox.take(Instant::now()).as_ref()), [1, 3, 5, 2, 4]);
    }

    #[test]
    fn a_stream_sends_nothing_more_until_it_is_answered() {
        let now = Instant::now();
        let mut outbox = outbox(&["a", "b"]);
        let first = outbox.take(now).unwrap();
        outbox.push("a", outgoing(3));
        outbox.push("c", outgoing(4));
        let second = outbox.take(now).unwrap();
        assert_eq!(lines(Some(&second)), [4]);
        assert!(outbox.take(now).is_none());
        assert_eq!(outbox.answered(first, &[], None, now).len(), 2);
        assert_eq!(lines(outbox.take(now).as_ref()), [3]);
    }

    #[test]
    fn a_request_has_one_sender_and_a_streams_order_holds_across_senders() {
        let now = Instant::now();
        let mut outbox = Outbox::new(LARGEST_BATCH);
        for (line, (stream, by)) in (1..).zip([("a", 1), ("b", 2), ("a", 1), ("c", 1), ("a", 2)]) {
            outbox.push(stream, Outgoing { by, ..outgoing(line) });
        }
        let first = outbox.take(now).unwrap();
        assert_eq!((first.by, lines(Some(&first))), (1, vec![1, 3, 4]));
        let second = outbox.take(now).unwrap();
        assert_eq!((second.by, lines(Some(&second))), (2, vec![2]));
        assert!(outbox.take(now).is_none(), "the other's command waits until the stream's earlier ones are answered");
        outbox.answered(first, &[], None, now);
        let third = outbox.take(now).unwrap();
        assert_eq!((third.by, lines(Some(&third))), (2, vec![5]));
    }

    #[test]
    fn a_batch_ends_at_the_contracts_limits() {
        let now = Instant::now();
        let mut outbox = outbox(&["a"].repeat(1_500));
        let first = outbox.take(now).unwrap();
        assert_eq!(first.commands.len(), LARGEST_BATCH);
        outbox.answered(first, &[], None, now);
        assert_eq!(outbox.take(now).unwrap().commands.len(), 500);

        let mut outbox = Outbox::new(LARGEST_BATCH);
        for line in 0..100 {
            outbox.push("a", Outgoing { line, by: 0, id: None, text: vec![b'x'; 65_536].into() });
        }
        let batch = outbox.take(now).unwrap();
        assert_eq!(batch.commands.len(), 63);
        assert!(batch.body().len() <= LARGEST_BODY);
        assert!(outbox.take(now).is_none(), "the rest of the stream waits for the answer");
    }

    #[test]
    fn what_was_busy_goes_first_and_after_a_pause() {
        let now = Instant::now();
        let mut outbox = outbox(&["a", "a", "a", "b"]);
        let batch = outbox.take(now).unwrap();
        outbox.push("a", outgoing(5));
        let taken = outbox.answered(batch, &[1, 2], Some(Duration::from_secs(1)), now);
        assert_eq!(taken.iter().map(|(index, command)| (*index, command.line)).collect::<Vec<_>>(), [(0, 1), (3, 4)]);
        assert!(outbox.take(now).is_none());
        assert_eq!(outbox.next_attempt(), Some(now + Duration::from_secs(1)));
        outbox.push("a", outgoing(6));
        assert!(outbox.take(now).is_none(), "what comes later does not overtake what rests");
        assert_eq!(lines(outbox.take(now + Duration::from_secs(1)).as_ref()), [2, 3, 5, 6]);
    }

    #[test]
    fn a_stream_that_stays_busy_is_left_alone_longer_each_time() {
        let mut now = Instant::now();
        let mut outbox = outbox(&["a"]);
        let mut pauses = Vec::new();
        for _ in 0..12 {
            let batch = outbox.take(now).unwrap();
            outbox.answered(batch, &[0], None, now);
            let next = outbox.next_attempt().unwrap();
            pauses.push(next - now);
            now = next;
        }
        assert!(pauses.is_sorted() && pauses[0] < pauses[5]);
        assert!(pauses[11] <= LONGEST_PAUSE);
    }

    #[test]
    fn a_stream_that_is_done_leaves_nothing_behind() {
        let now = Instant::now();
        let mut outbox = outbox(&["a", "b"]);
        let batch = outbox.take(now).unwrap();
        outbox.answered(batch, &[], None, now);
        assert!(outbox.lanes.is_empty() && outbox.ready.is_empty());
        assert_eq!(outbox.waiting().count(), 0);
    }
}
