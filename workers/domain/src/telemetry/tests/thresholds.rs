//! Limits, and the crossing of them.

use super::*;

fn set(above: Option<f64>, below: Option<f64>) -> Value {
    let mut data = json!({ "metric": "temperature" });
    for (name, limit) in [("above", above), ("below", below)] {
        if let Some(limit) = limit {
            data[name] = json!(limit);
        }
    }
    data
}

/// A device with limits at 5 and 30.
fn watched(events: impl IntoIterator<Item = Event>) -> Given<Device> {
    device(std::iter::once(limits(Some(30.0), Some(5.0))).chain(events))
}

#[test]
fn limits_are_set_changed_and_taken_away() {
    device([]).when("SetThreshold", set(Some(30.0), None)).then([limits(Some(30.0), None)]);
    watched([]).when("SetThreshold", set(Some(31.0), Some(5.0))).then([limits(Some(31.0), Some(5.0))]);
    watched([]).when("SetThreshold", set(None, None)).then([limits(None, None)]);
}

#[test]
fn setting_the_same_limits_again_changes_nothing() {
    watched([]).when("SetThreshold", set(Some(30.0), Some(5.0))).then_nothing();
    device([]).when("SetThreshold", set(None, None)).then_nothing();
    watched([limits(None, None)]).when("SetThreshold", set(None, None)).then_nothing();
}

#[test]
fn crossing_a_limit_is_told_with_the_reading() {
    watched([])
        .when("RecordReadings", record([(31.5, 0)]))
        .then([recorded([(31.5, 0)]), crossed(Side::Above, 30.0, (31.5, 0))]);
    watched([])
        .when("RecordReadings", record([(4.0, 0)]))
        .then([recorded([(4.0, 0)]), crossed(Side::Below, 5.0, (4.0, 0))]);
}

#[test]
fn a_limit_itself_is_not_beyond_it() {
    watched([]).when("RecordReadings", record([(30.0, 0), (5.0, 1)])).then([recorded([(30.0, 0), (5.0, 1)])]);
}

#[test]
fn a_crossing_is_told_once_until_a_reading_lies_within_again() {
    let hot = [recorded([(31.0, 0)]), crossed(Side::Above, 30.0, (31.0, 0))];
    watched(hot.clone()).when("RecordReadings", record([(35.0, 1)])).then([recorded([(35.0, 1)])]);
    let cooled = hot.into_iter().chain([recorded([(20.0, 1)])]);
    watched(cooled)
        .when("RecordReadings", record([(32.0, 2)]))
        .then([recorded([(32.0, 2)]), crossed(Side::Above, 30.0, (32.0, 2))]);
}

#[test]
fn crossing_from_one_side_to_the_other_is_a_crossing() {
    watched([recorded([(31.0, 0)]), crossed(Side::Above, 30.0, (31.0, 0))])
        .when("RecordReadings", record([(1.0, 1)]))
        .then([recorded([(1.0, 1)]), crossed(Side::Below, 5.0, (1.0, 1))]);
}

#[test]
fn readings_of_a_command_cross_in_the_order_of_their_instants() {
    // sent: hot, cold, within; read: within, cold, hot
    watched([]).when("RecordReadings", record([(31.0, 3), (1.0, 2), (20.0, 1)])).then([
        recorded([(31.0, 3), (1.0, 2), (20.0, 1)]),
        crossed(Side::Below, 5.0, (1.0, 2)),
        crossed(Side::Above, 30.0, (31.0, 3)),
    ]);
    // sent: hot, within, hot; read: hot, hot, within
    watched([])
        .when("RecordReadings", record([(31.0, 2), (20.0, 3), (32.0, 1)]))
        .then([recorded([(31.0, 2), (20.0, 3), (32.0, 1)]), crossed(Side::Above, 30.0, (32.0, 1))]);
}

#[test]
fn what_crossed_last_by_instant_is_where_the_next_command_begins() {
    // the last by instant lay within, so another hot one crosses again
    let events = [recorded([(31.0, 1), (20.0, 2)]), crossed(Side::Above, 30.0, (31.0, 1))];
    watched(events)
        .when("RecordReadings", record([(33.0, 3)]))
        .then([recorded([(33.0, 3)]), crossed(Side::Above, 30.0, (33.0, 3))]);
    let events = [recorded([(20.0, 1), (31.0, 2)]), crossed(Side::Above, 30.0, (31.0, 2))];
    watched(events).when("RecordReadings", record([(33.0, 3)])).then([recorded([(33.0, 3)])]);
}

#[test]
fn a_reading_that_is_dropped_crosses_nothing() {
    watched([recorded([(20.0, 0)])])
        .when("RecordReadings", record([(31.0, 0), (20.0, 1)]))
        .then([recorded([(20.0, 1)])]);
}

#[test]
fn new_limits_are_not_crossed_until_a_reading_crosses_them() {
    let hot = [recorded([(31.0, 0)]), crossed(Side::Above, 30.0, (31.0, 0)), limits(Some(29.0), None)];
    watched(hot)
        .when("RecordReadings", record([(31.0, 1)]))
        .then([recorded([(31.0, 1)]), crossed(Side::Above, 29.0, (31.0, 1))]);
}

#[test]
fn without_limits_nothing_is_crossed() {
    watched([limits(None, None)]).when("RecordReadings", record([(99.0, 0)])).then([recorded([(99.0, 0)])]);
}

#[test]
fn each_metric_has_limits_of_its_own() {
    let readings = vec![reading("humidity", 99.0, 2), reading("temperature", 40.0, 1)];
    watched([])
        .when("RecordReadings", json!({ "readings": readings }))
        .then([ReadingsRecorded { readings }.into(), crossed(Side::Above, 30.0, (40.0, 1))]);
}

#[test]
fn a_crossing_is_told_to_other_services_and_readings_are_not() {
    let catalog = crate::catalog();
    let device = catalog.find("device").unwrap();
    let public: Vec<_> = device.events().iter().filter(|event| event.public).map(|event| event.name).collect();
    assert_eq!(public, ["ThresholdCrossed"]);
}

#[test]
fn the_limits_data_is_checked() {
    device([]).when("SetThreshold", json!({"above": "hot", "level": 1})).then_invalid(&[
        "/data/above wrong-type",
        "/data/level unknown-field",
        "/data/metric required",
    ]);
    device([]).when("SetThreshold", set(Some(5.0), Some(5.5))).then_invalid(&["/data/below out-of-range"]);
    device([]).when("SetThreshold", set(Some(5.0), Some(5.0))).then([limits(Some(5.0), Some(5.0))]);
    device([]).when("SetThreshold", set(Some(-2e15), None)).then_invalid(&["/data/above out-of-range"]);
}
