//! The way back to an earlier version.

use super::*;

fn first() -> Details {
    details("Ada", "Ada@example.org", None)
}

#[test]
fn a_restore_brings_the_details_of_a_version_back_as_a_new_event() {
    let changed = || ada([updated(Some("Ada King"), Some("king@example.org"), Some("1")), moved("k@example.org")]);
    changed().when("RestoreCustomer", version(1)).then([restored(1, first())]);
    changed()
        .when("RestoreCustomer", version(2))
        .then([restored(2, details("Ada King", "king@example.org", Some("1")))]);
    // the latest version is how it is
    changed().when("RestoreCustomer", version(3)).then_nothing();
}

#[test]
fn a_version_of_a_reward_has_the_details_of_that_moment() {
    let events = [rewarded(5), updated(Some("Ada King"), None, None), rewarded(5), redeemed(1)];
    ada(events.clone()).when("RestoreCustomer", version(2)).then([restored(2, first())]);
    ada(events).when("RestoreCustomer", version(4)).then_nothing();
}

#[test]
fn points_are_no_detail_and_stay() {
    let given = ada([rewarded(5), updated(Some("Ada King"), None, None), rewarded(7), restored(1, first())]);
    let crate::customers::State::Active(record) = given.state() else { panic!("{:?}", given.state()) };
    assert_eq!((record.points, &record.details), (12, &first()));
}

#[test]
fn restoring_revives_who_was_deleted() {
    ada([deleted("Ada@example.org")]).when("RestoreCustomer", version(1)).then([restored(1, first())]);
    // also to the version of the deletion: the details are those with which they left
    ada([deleted("Ada@example.org")]).when("RestoreCustomer", version(2)).then([restored(2, first())]);
    ada([deleted("Ada@example.org"), restored(1, first())]).when("AddReward", reward(1)).then([rewarded(1)]);
}

#[test]
fn a_restore_can_itself_be_undone() {
    let events = [updated(Some("Ada King"), None, None), restored(1, first())];
    ada(events.clone())
        .when("RestoreCustomer", version(2))
        .then([restored(2, details("Ada King", "Ada@example.org", None))]);
    ada(events).when("RestoreCustomer", version(3)).then_nothing();
}

#[test]
fn a_version_that_was_never_is_unknown() {
    for number in [0, 2, 1000, u64::MAX] {
        ada([]).when("RestoreCustomer", version(number)).then_rejected("unknown-version");
    }
    ada([deleted("Ada@example.org")]).when("RestoreCustomer", version(3)).then_rejected("unknown-version");
}

#[test]
fn to_the_details_that_are_so_there_is_nothing_to_restore() {
    ada([]).when("RestoreCustomer", version(1)).then_nothing();
    let there_and_back = [moved("a@example.org"), moved("Ada@example.org")];
    ada(there_and_back).when("RestoreCustomer", version(1)).then_nothing();
}

#[test]
fn the_latest_thousand_changes_are_remembered() {
    let changes = |count: usize| (0..count).map(|n| updated(Some(&format!("Ada {n}")), None, None));
    ada(changes(REMEMBERED)).when("RestoreCustomer", version(1)).then([restored(1, first())]);
    let more = || ada(changes(REMEMBERED + 1));
    more().when("RestoreCustomer", version(1)).then_rejected("unknown-version");
    more().when("RestoreCustomer", version(2)).then([restored(2, details("Ada 0", "Ada@example.org", None))]);
    // rewards do not count
    let rewards = (0..2 * REMEMBERED).map(|_| rewarded(1));
    ada(changes(1).chain(rewards)).when("RestoreCustomer", version(1)).then([restored(1, first())]);
}
