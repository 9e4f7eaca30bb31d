//! A device is registered once.

use kernel::{Attribute, Decider};

use super::*;
use crate::telemetry::{Command, RegisterDevice};

fn data(model: &str, site: &str) -> Value {
    json!({ "model": model, "site": site })
}

#[test]
fn a_device_is_registered_at_a_site() {
    given::<Device>(STREAM, []).when("RegisterDevice", data("TH-2", "greenhouse")).then([registered()]);
}

#[test]
fn registering_it_again_with_the_same_data_changes_nothing() {
    device([recorded([(1.0, 0)])]).when("RegisterDevice", data("TH-2", "greenhouse")).then_nothing();
}

#[test]
fn registering_it_again_with_other_data_is_rejected() {
    device([]).when("RegisterDevice", data("TH-3", "greenhouse")).then_rejected("already-registered");
    device([]).when("RegisterDevice", data("TH-2", "cellar")).then_rejected("already-registered");
}

#[test]
fn what_is_not_registered_measures_nothing() {
    given::<Device>(STREAM, []).when("RecordReadings", record([(1.0, 0)])).then_rejected("not-registered");
    let threshold = json!({"metric": "temperature", "above": 1});
    given::<Device>(STREAM, []).when("SetThreshold", threshold).then_rejected("not-registered");
}

#[test]
fn policies_know_whether_there_is_a_device() {
    let command = Command::RegisterDevice(RegisterDevice { model: "a".into(), site: "b".into() });
    let of = |given: Given<Device>| Device::resource(given.state(), &command);
    assert_eq!(of(given(STREAM, [])), [("registered", Attribute::Boolean(false))]);
    assert_eq!(of(device([])), [("registered", Attribute::Boolean(true))]);
}

#[test]
fn a_devices_data_is_checked() {
    let (long, none) = ("x".repeat(201), given::<Device>(STREAM, []));
    none.when("RegisterDevice", data("", &long)).then_invalid(&["/data/model too-short", "/data/site too-long"]);
    given::<Device>(STREAM, []).when("RegisterDevice", json!({"kind": "a"})).then_invalid(&[
        "/data/kind unknown-field",
        "/data/model required",
        "/data/site required",
    ]);
}
