//! Coming, leaving, and not showing up.

use super::*;

#[test]
fn a_confirmed_guest_checks_in() {
    open(1, [booked("b-1", (1, 3))]).when("CheckIn", on("b-1", 1)).then([checked_in("b-1", 1)]);
}

#[test]
fn no_rule_relates_the_day_to_the_dates() {
    open(1, [booked("b-1", (1, 3))]).when("CheckIn", on("b-1", -20)).then([checked_in("b-1", -20)]);
    open(1, [booked("b-1", (1, 3))]).when("MarkNoShow", on("b-1", 20)).then([not_shown("b-1", 20, (1, 3))]);
    open(1, [booked("b-1", (1, 3)), checked_in("b-1", 1)]).when("CheckOut", on("b-1", -5)).then([checked_out(
        "b-1",
        -5,
        (1, 3),
    )]);
}

#[test]
fn checking_in_who_is_in_changes_nothing() {
    let inside = || open(1, [booked("b-1", (1, 3)), checked_in("b-1", 1)]);
    inside().when("CheckIn", on("b-1", 1)).then_nothing();
    inside().when("CheckIn", on("b-1", 2)).then_nothing();
}

#[test]
fn only_a_confirmed_guest_checks_in_or_is_missed() {
    let full = || [booked("b-1", (1, 3)), wait_listed("b-2", 1, (1, 3))].into_iter();
    let not_confirmed = [
        ("CheckIn", "b-2", vec![]),
        ("CheckIn", "b-1", vec![cancelled("b-1", (1, 3), false)]),
        ("CheckIn", "b-1", vec![not_shown("b-1", 1, (1, 3))]),
        ("CheckIn", "b-1", vec![checked_in("b-1", 1), checked_out("b-1", 2, (1, 3))]),
        ("MarkNoShow", "b-2", vec![]),
        ("MarkNoShow", "b-1", vec![cancelled("b-1", (1, 3), false)]),
        ("MarkNoShow", "b-1", vec![checked_in("b-1", 1)]),
        ("MarkNoShow", "b-1", vec![checked_in("b-1", 1), checked_out("b-1", 2, (1, 3))]),
    ];
    for (command, id, events) in not_confirmed {
        open(1, full().chain(events)).when(command, on(id, 1)).then_rejected("not-confirmed");
    }
}

#[test]
fn unknown_guests_do_not_come_leave_or_stay_away() {
    for command in ["CheckIn", "CheckOut", "MarkNoShow"] {
        open(1, []).when(command, on("b-1", 1)).then_rejected("unknown-booking");
    }
}

#[test]
fn only_who_is_in_checks_out() {
    let full = || [booked("b-1", (1, 3)), wait_listed("b-2", 1, (1, 3))].into_iter();
    let not_in = [
        ("b-1", vec![]),
        ("b-2", vec![]),
        ("b-1", vec![cancelled("b-1", (1, 3), false)]),
        ("b-1", vec![not_shown("b-1", 1, (1, 3))]),
    ];
    for (id, events) in not_in {
        open(1, full().chain(events)).when("CheckOut", on(id, 1)).then_rejected("not-checked-in");
    }
}

#[test]
fn checking_out_or_missing_twice_changes_nothing() {
    open(1, [booked("b-1", (1, 3)), checked_in("b-1", 1), checked_out("b-1", 3, (1, 3))])
        .when("CheckOut", on("b-1", 4))
        .then_nothing();
    open(1, [booked("b-1", (1, 3)), not_shown("b-1", 1, (1, 3))]).when("MarkNoShow", on("b-1", 2)).then_nothing();
}

#[test]
fn a_check_out_frees_the_nights_from_that_day_on() {
    let left = |day| open(1, [booked("b-1", (1, 5)), checked_in("b-1", 1), checked_out("b-1", day, (1, 5))]);
    left(3).when("BookRoom", book("b-2", (3, 5))).then([booked("b-2", (3, 5))]);
    left(3).when("BookRoom", book("b-2", (2, 5))).then([wait_listed("b-2", 1, (2, 5))]);
    left(-3).when("BookRoom", book("b-2", (1, 5))).then([booked("b-2", (1, 5))]);
    left(9).when("BookRoom", book("b-2", (4, 5))).then([wait_listed("b-2", 1, (4, 5))]);
}

#[test]
fn a_check_out_promotes_who_fits_into_the_freed_nights() {
    let waiting = [wait_listed("b-2", 1, (2, 4)), wait_listed("b-3", 2, (3, 5))];
    open(1, [booked("b-1", (1, 5)), checked_in("b-1", 1)].into_iter().chain(waiting))
        .when("CheckOut", on("b-1", 3))
        .then([checked_out("b-1", 3, (1, 5)), promoted("b-3", (3, 5))]);
}

#[test]
fn a_no_show_frees_all_nights_and_promotes() {
    open(1, [booked("b-1", (1, 5)), wait_listed("b-2", 1, (1, 5))])
        .when("MarkNoShow", on("b-1", 3))
        .then([not_shown("b-1", 3, (1, 5)), promoted("b-2", (1, 5))]);
}
