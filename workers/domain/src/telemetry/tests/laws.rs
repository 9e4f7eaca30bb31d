//! What holds whatever is measured, in whichever order it arrives, and however often.

use std::collections::BTreeMap;

use kernel::{CommandSet, Context, Decider, spec};
use proptest::prelude::*;

use super::*;
use crate::telemetry::{Command, ReadingsHourly, State};

const METRICS: [&str; 2] = ["temperature", "humidity"];

/// A reading: its metric, its second, and its value in hundredths.
type Raw = (usize, i64, i64);

fn raw() -> impl Strategy<Value = Vec<Raw>> {
    prop::collection::vec((0..METRICS.len(), -4_000..9_000_i64, -5_000..5_000_i64), 1..200)
}

#[expect(clippy::cast_precision_loss, reason = "hundredths of small numbers")]
fn of_raw((metric, second, hundredths): Raw) -> Reading {
    reading(METRICS[metric], hundredths as f64 / 100.0, second)
}

fn decide(state: &State, kind: &str, data: &Value) -> Vec<Event> {
    let (stream, id) = (STREAM.parse().unwrap(), "c-1".parse().unwrap());
    let actor = kernel::Actor { sub: "d-1".into(), roles: ["device".to_owned()].into() };
    let context = Context { stream: &stream, version: 0, command: &id, actor: &actor, now: spec::now() };
    let command = Command::decode(kind, data).unwrap();
    Device::decide(state, &command, &context).map(|decision| decision.events).unwrap_or_default()
}

fn fold<'a>(state: State, events: impl IntoIterator<Item = &'a Event>) -> State {
    events.into_iter().fold(state, Device::evolve)
}

/// All events of a device with limits that is sent readings in batches.
fn history(readings: &[Reading], batch: usize) -> Vec<Event> {
    let mut events = vec![registered(), limits(Some(20.0), Some(-10.0))];
    let mut state = fold(State::default(), &events);
    for readings in readings.chunks(batch) {
        let decided = decide(&state, "RecordReadings", &json!({ "readings": readings }));
        state = fold(state, &decided);
        events.extend(decided);
    }
    events
}

/// Count, sum in hundredths, min and max of each metric and hour, of the first reading of each instant.
fn recount(raw: &[Raw]) -> BTreeMap<(usize, i64), (u64, i64, i64, i64)> {
    let first: BTreeMap<_, _> = raw.iter().rev().map(|(metric, second, value)| ((*metric, *second), *value)).collect();
    let mut hours = BTreeMap::new();
    for ((metric, second), value) in first {
        let (count, sum, min, max) =
            hours.entry((metric, second.div_euclid(3_600))).or_insert((0, 0, i64::MAX, i64::MIN));
        (*count, *sum, *min, *max) = (*count + 1, *sum + value, value.min(*min), value.max(*max));
    }
    hours
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "hundredths of small numbers")]
    fn the_figures_of_an_hour_are_those_of_the_raw_readings_in_any_order_and_with_duplicates(
        raw in raw(), again in prop::collection::vec(any::<prop::sample::Index>(), 0..100), batch in 1..40_usize,
    ) {
        let mut sent = raw.clone();
        // what comes again comes later, as it was: whatever stands at an instant first is what counts
        sent.extend(again.iter().map(|index| *index.get(&raw)));
        let readings: Vec<_> = sent.into_iter().map(of_raw).collect();
        let view = spec::given_view::<ReadingsHourly>(STREAM, history(&readings, batch));
        let hours = recount(&raw);
        prop_assert_eq!(view.ids().len(), hours.len());
        for ((metric, hour), (count, sum, min, max)) in hours {
            let id = format!("d-1:{}:{}", METRICS[metric], at(hour * 3_600));
            let figure = |hundredths: i64| json!(hundredths as f64 / 100.0);
            view.then(&id, json!({"count": count, "sum": figure(sum), "min": figure(min), "max": figure(max)}));
        }
    }

    #[test]
    fn an_order_of_arrival_leaves_no_trace_in_the_figures(raw in raw(), batch in 1..40_usize) {
        // of each instant one reading, so that whichever comes first is the same
        let distinct: BTreeMap<_, _> = raw.iter().map(|raw| ((raw.0, raw.1), *raw)).collect();
        let forth: Vec<_> = distinct.values().copied().map(of_raw).collect();
        let back: Vec<_> = forth.iter().rev().cloned().collect();
        let (one, other) = (history(&forth, batch), history(&back, 7));
        let ids = |events: &[Event]| {
            let view = spec::given_view::<ReadingsHourly>(STREAM, events.to_vec());
            view.ids().into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        prop_assert_eq!(ids(&one), ids(&other));
        let (one, other) = (fold(State::default(), &one), fold(State::default(), &other));
        let windows = |state: State| state.metrics.into_iter().map(|(name, metric)| (name, metric.recent)).collect::<Vec<_>>();
        prop_assert_eq!(windows(one), windows(other));
    }

    #[test]
    fn readings_that_were_recorded_decide_nothing_when_they_are_repeated(raw in raw(), batch in 1..40_usize) {
        let readings: Vec<_> = raw.into_iter().map(of_raw).collect();
        let state = fold(State::default(), &history(&readings, batch));
        for readings in readings.chunks(batch) {
            prop_assert_eq!(decide(&state, "RecordReadings", &json!({ "readings": readings })), vec![]);
        }
    }

    #[test]
    fn each_crossing_is_told_once_in_the_order_of_the_instants(raw in raw(), batch in 1..40_usize) {
        let readings: Vec<_> = raw.into_iter().map(of_raw).collect();
        let (mut side, mut expected, mut told) = (None, Vec::new(), Vec::new());
        for event in history(&readings, batch) {
            match event {
                Event::ReadingsRecorded(mut e) => {
                    e.readings.retain(|reading| reading.metric == "temperature");
                    e.readings.sort_by_key(|reading| reading.at);
                    for Reading { value, at, .. } in e.readings {
                        let before = side;
                        side = if value > 20.0 { Some(Side::Above) } else { (value < -10.0).then_some(Side::Below) };
                        expected.extend(side.filter(|_| side != before).map(|side| (side, value, at)));
                    }
                }
                Event::ThresholdCrossed(e) => told.push((e.side, e.value, e.at)),
                _ => {}
            }
        }
        prop_assert_eq!(told, expected);
    }

    #[test]
    fn folding_on_from_a_snapshot_is_folding_all(
        raw in raw(), batch in 1..40_usize, cut in any::<prop::sample::Index>(),
    ) {
        let readings: Vec<_> = raw.into_iter().map(of_raw).collect();
        let events = history(&readings, batch);
        let (before, after) = events.split_at(cut.index(events.len()));
        let stored = serde_json::to_vec(&fold(State::default(), before)).unwrap();
        let restored: State = serde_json::from_slice(&stored).unwrap();
        prop_assert_eq!(fold(restored, after), fold(State::default(), &events));
    }
}
