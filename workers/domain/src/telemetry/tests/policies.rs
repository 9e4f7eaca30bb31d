//! Who measures, and who reads it.

use crate::common::tests::engine::{Resource, only, resource};

// who asks is `alice`
const OWN: Resource = resource(r#"Device::"device/alice""#, &[("id", "alice")]).that_is(&[("registered", true)]);
const OWN_TO_BE: Resource = resource(r#"Device::"device/alice""#, &[("id", "alice")]).that_is(&[("registered", false)]);
const ANOTHERS: Resource = resource(r#"Device::"device/bob""#, &[("id", "bob")]).that_is(&[("registered", true)]);
const NOBODYS: Resource = resource(r#"Device::"device/bob""#, &[("id", "bob")]).that_is(&[("registered", false)]);

#[test]
fn a_device_acts_on_its_own_stream() {
    for stream in [&OWN, &OWN_TO_BE] {
        for command in ["RegisterDevice", "RecordReadings", "SetThreshold"] {
            only(&["device"], &format!("device/{command}"), stream);
        }
    }
}

#[test]
fn a_device_does_not_act_on_anothers() {
    for command in ["RegisterDevice", "RecordReadings", "SetThreshold"] {
        only(&[], &format!("device/{command}"), &ANOTHERS);
    }
    only(&[], "device/RegisterDevice", &NOBODYS);
}

#[test]
fn a_device_that_is_not_registered_is_answered_by_the_decision() {
    for command in ["RecordReadings", "SetThreshold"] {
        only(&["device"], &format!("device/{command}"), &NOBODYS);
    }
}

#[test]
fn a_device_reads_its_own_stream_only() {
    let own = resource(r#"Stream::"device/alice""#, &[("aggregate", "device"), ("id", "alice")]);
    only(&["device", "staff", "operator"], "read", &own);
    let anothers = resource(r#"Stream::"device/bob""#, &[("aggregate", "device"), ("id", "bob")]);
    only(&["staff", "operator"], "read", &anothers);
}

#[test]
fn the_views_and_the_dashboard_are_read_by_staff_and_operators() {
    for name in [r#"View::"devices""#, r#"View::"readings-hourly""#, r#"Report::"dashboard""#] {
        only(&["staff", "operator"], "read", &resource(name, &[]));
    }
}
