//! What a story promises before it is played.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::verbs::demo::script::Ending;

fn told(systems: &[System], tag: &str, seed: u32, scale: u32) -> Vec<Step> {
    story(&domain::catalog(), systems, tag, seed, scale).ok().unwrap()
}

#[test]
fn the_same_seed_is_the_same_story_and_another_seed_another() {
    let first = told(&System::ALL, "s7", 7, 1);
    assert_eq!(first, told(&System::ALL, "s7", 7, 1));
    assert_ne!(first, told(&System::ALL, "s7", 8, 1));
    assert!((1_000..4_000).contains(&first.len()), "{}", first.len());
}

#[test]
fn a_system_plays_the_same_whichever_others_play() {
    let all = told(&System::ALL, "s7", 7, 1);
    for system in System::ALL {
        let alone = told(&[system], "s7", 7, 1);
        assert!(alone.iter().eq(all.iter().filter(|step| step.system == system)), "{system:?}");
    }
}

#[test]
fn every_command_is_valid_and_its_id_its_own() {
    let catalog = domain::catalog();
    let now = Timestamp::now();
    for (seed, scale) in [(7, 1), (u32::MAX, 1), (1, 3)] {
        let steps = told(&System::ALL, "twelve-chars4294967295x100", seed, scale);
        let ids: BTreeSet<&str> = steps.iter().map(|step| step.id.as_str()).collect();
        assert_eq!(ids.len(), steps.len());
        for step in &steps {
            let read = catalog.read(step.command(now));
            assert!(read.is_ok(), "{step:?}: {:?}", read.err());
        }
    }
}

#[test]
fn two_stories_share_no_stream() {
    let streams = |tag| told(&System::ALL, tag, 7, 1).into_iter().map(|step| step.stream).collect::<BTreeSet<_>>();
    assert!(streams("s7").is_disjoint(&streams("p7")));
}

#[test]
fn a_story_has_its_disappointments() {
    let steps = told(&System::ALL, "s7", 7, 1);
    let mut counts: BTreeMap<(System, &Ending), u64> = BTreeMap::new();
    for step in &steps {
        *counts.entry((step.system, &step.ending)).or_default() += 1;
    }
    let rejected = |system, code: &str| counts.contains_key(&(system, &Ending::Rejected(code.into())));
    for (system, codes) in [
        (System::Hotel, ["no-rooms-left", "not-confirmed", "not-cancellable"].as_slice()),
        (System::Shop, &["insufficient-stock", "insufficient-points", "email-taken", "closed", "already-shipped"]),
        (System::Network, &["not-self", "post-deleted", "comment-deleted"]),
        (System::Sensors, &["not-registered"]),
    ] {
        for code in codes {
            assert!(rejected(system, code), "{code}: {counts:#?}");
        }
        let committed = counts[&(system, &Ending::Committed)];
        let all = steps.iter().filter(|step| step.system == system).count() as u64;
        assert!(committed * 10 >= all * 8, "most of it goes well: {counts:#?}");
    }
    for system in [System::Hotel, System::Network, System::Sensors] {
        assert!(counts.contains_key(&(system, &Ending::Refused("forbidden".into()))), "{system:?}");
    }
}

#[test]
fn what_is_claimed_across_streams_waits_for_what_was_before() {
    let steps = told(&System::ALL, "s7", 7, 1);
    let waiting: Vec<_> = steps.iter().filter(|step| step.waits).map(|step| (step.kind, &step.ending)).collect();
    let taken = Ending::Rejected("email-taken".into());
    let expected = [
        ("RegisterCustomer", &taken),
        ("UpdateCustomer", &Ending::Committed),
        ("RegisterCustomer", &Ending::Committed),
        ("RestoreCustomer", &taken),
        ("DeleteCustomer", &Ending::Committed),
        ("RestoreCustomer", &Ending::Committed),
    ];
    assert_eq!(waiting, expected);
}

#[test]
fn the_day_begins_at_midnight_and_a_threshold_is_crossed_in_the_afternoon() {
    let catalog = domain::catalog();
    let mut script = Script::new(&catalog, System::Sensors, "s7", 7);
    sensors::write(&mut script, 1).ok().unwrap();
    let steps = script.finish();
    let readings = steps.iter().filter(|step| step.kind == "RecordReadings");
    let above = |step: &&Step| {
        step.data["readings"]
            .as_array()
            .unwrap()
            .iter()
            .any(|r| r["metric"] == "temperature" && r["value"].as_f64() > Some(6.0))
    };
    let warm: Vec<&Step> = readings.filter(above).collect();
    assert!(warm.iter().all(|step| step.stream == "device/cold-store-2.s7"), "{warm:?}");
    assert_eq!(warm.first().unwrap().data["readings"][0]["at"], "2026-06-21T14:00:00Z");
}
