//! Each reading is recorded once, as far back as instants are remembered.

use super::*;

#[test]
fn readings_are_recorded_as_they_were_sent() {
    device([]).when("RecordReadings", record([(2.5, 60), (1.0, 0)])).then([recorded([(2.5, 60), (1.0, 0)])]);
}

#[test]
fn a_reading_of_an_instant_that_was_recorded_is_dropped_whatever_its_value() {
    let given = || device([recorded([(1.0, 0), (2.0, 60)])]);
    given().when("RecordReadings", record([(1.0, 0), (3.0, 120), (7.0, 60)])).then([recorded([(3.0, 120)])]);
    given().when("RecordReadings", record([(1.0, 0), (2.0, 60)])).then_nothing();
}

#[test]
fn the_first_of_an_instant_counts_within_a_command() {
    device([]).when("RecordReadings", record([(1.0, 0), (2.0, 0), (1.0, 0)])).then([recorded([(1.0, 0)])]);
}

#[test]
fn an_instant_is_the_same_however_it_is_written() {
    let written = |at: &str| json!({"readings": [{"metric": "temperature", "value": 9, "at": at}]});
    let given = || device([recorded([(1.0, 0)])]);
    for same in ["2026-12-01T08:00:00Z", "2026-12-01T09:00:00.000+01:00", "2026-12-01t08:00:00z"] {
        given().when("RecordReadings", written(same)).then_nothing();
    }
    let events = given().when("RecordReadings", written("2026-12-01T08:00:00.000000001Z")).events();
    assert_eq!(events.len(), 1);
}

#[test]
fn each_metric_has_instants_of_its_own() {
    let data = json!({"readings": [{"metric": "humidity", "value": 50, "at": at(0)}]});
    let humidity = ReadingsRecorded { readings: vec![reading("humidity", 50.0, 0)] };
    device([recorded([(1.0, 0)])]).when("RecordReadings", data).then([humidity.into()]);
}

#[test]
fn late_readings_are_recorded_while_less_than_a_thousand_are_remembered() {
    let given = device([recorded((1..1_000).map(|n| (1.0, n)))]);
    given.when("RecordReadings", record([(1.0, -5)])).then([recorded([(1.0, -5)])]);
}

#[test]
fn what_is_older_than_a_thousand_recorded_ones_is_dropped() {
    let given = || device([recorded((0..1_000).map(|n| (1.0, n * 2)))]);
    given().when("RecordReadings", record([(1.0, -1)])).then_nothing();
    // one in between is among the latest thousand, and takes the place of the oldest
    given().when("RecordReadings", record([(1.0, 1), (1.0, 0), (1.0, -1)])).then([recorded([(1.0, 1)])]);
    let given = || device([recorded((0..1_000).map(|n| (1.0, n * 2))), recorded([(1.0, 5_000)])]);
    given().when("RecordReadings", record([(1.0, 1), (1.0, 0)])).then_nothing();
    given().when("RecordReadings", record([(1.0, 3)])).then([recorded([(1.0, 3)])]);
}

#[test]
fn readings_one_by_one_and_at_once_come_to_the_same() {
    let more = || [(1.0, -1), (1.0, 5_000), (1.0, 1), (1.0, 3), (1.0, 2)];
    let before = || vec![registered(), recorded((0..1_000).map(|n| (1.0, n * 2)))];
    let at_once = given::<Device>(STREAM, before()).when("RecordReadings", record(more())).events();
    let mut events = before();
    for one in more() {
        events.extend(given::<Device>(STREAM, events.clone()).when("RecordReadings", record([one])).events());
    }
    let one_by_one: Vec<_> = events.iter().skip(2).flat_map(readings_of).collect();
    assert_eq!(at_once.iter().flat_map(readings_of).collect::<Vec<_>>(), one_by_one);
    assert_eq!(one_by_one, temperatures([(1.0, 5_000), (1.0, 3)]));
}

fn readings_of(event: &Event) -> Vec<Reading> {
    if let Event::ReadingsRecorded(e) = event { e.readings.clone() } else { Vec::new() }
}

#[test]
fn the_readings_data_is_checked() {
    let ask = |readings: Value| device([]).when("RecordReadings", json!({ "readings": readings }));
    ask(json!([])).then_invalid(&["/data/readings too-short"]);
    let many = |count: i64| json!(temperatures((0..count).map(|n| (1.0, n))));
    assert_eq!(ask(many(500)).events().len(), 1);
    ask(many(501)).then_invalid(&["/data/readings too-long"]);
    ask(json!([{"metric": "", "value": "warm", "at": "now", "unit": "C"}])).then_invalid(&[
        "/data/readings/0/at bad-format",
        "/data/readings/0/metric too-short",
        "/data/readings/0/unit unknown-field",
        "/data/readings/0/value wrong-type",
    ]);
    ask(json!([{}])).then_invalid(&[
        "/data/readings/0/at required",
        "/data/readings/0/metric required",
        "/data/readings/0/value required",
    ]);
    ask(json!([{"metric": "m", "value": 1.1e15, "at": at(0)}])).then_invalid(&["/data/readings/0/value out-of-range"]);
    for year in ["1677-12-31T00:00:00Z", "2262-01-01T00:00:00Z", "9999-01-01T00:00:00Z"] {
        let reading = json!([{"metric": "m", "value": 1, "at": at(0)}, {"metric": "m", "value": 1, "at": year}]);
        ask(reading).then_invalid(&["/data/readings/1/at out-of-range"]);
    }
    for year in ["1678-01-01T00:00:00+14:00", "2261-12-31T23:59:59-14:00"] {
        assert_eq!(ask(json!([{"metric": "m", "value": 1, "at": year}])).events().len(), 1);
    }
}
