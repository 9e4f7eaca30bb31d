//! Who runs the hotel, who books, and who reads it.

use crate::common::tests::engine::{ROLES, Resource, only, resource};

const NONE: Resource = resource(r#"RoomType::"room-type/resort:A""#, &[]);
const OWN: Resource = resource(r#"RoomType::"room-type/resort:A""#, &[("bookedBy", "alice")]);
const ANOTHERS: Resource = resource(r#"RoomType::"room-type/resort:A""#, &[("bookedBy", "bob")]);

#[test]
fn staff_and_guests_book() {
    only(&["staff", "guest"], "room-type/BookRoom", &NONE);
}

#[test]
fn a_guest_books_an_id_that_exists_whosever_it_is_and_the_decision_answers() {
    only(&["staff", "guest"], "room-type/BookRoom", &ANOTHERS);
}

#[test]
fn a_guest_changes_and_cancels_what_they_booked_themselves() {
    only(&["staff", "guest"], "room-type/ChangeBooking", &OWN);
    only(&["staff", "guest"], "room-type/CancelBooking", &OWN);
}

#[test]
fn anothers_booking_or_none_is_forbidden_to_a_guest() {
    for booking in [&ANOTHERS, &NONE] {
        only(&["staff"], "room-type/ChangeBooking", booking);
        only(&["staff"], "room-type/CancelBooking", booking);
    }
}

#[test]
fn only_staff_do_the_rest() {
    for command in ["OpenRoomType", "ChangeRoomCount", "CheckIn", "CheckOut", "MarkNoShow"] {
        for booking in [&NONE, &OWN, &ANOTHERS] {
            only(&["staff"], &format!("room-type/{command}"), booking);
        }
    }
}

#[test]
fn bookings_are_read_by_staff_operators_and_guests() {
    only(&["staff", "guest", "operator"], "read", &resource(r#"View::"bookings""#, &[]));
}

#[test]
fn any_role_reads_availability() {
    only(&ROLES, "read", &resource(r#"View::"availability""#, &[]));
}

#[test]
fn occupancy_is_read_by_staff_and_operators() {
    only(&["staff", "operator"], "read", &resource(r#"Report::"occupancy""#, &[]));
}

#[test]
fn the_stream_of_a_room_type_is_never_read_by_guests() {
    let stream = resource(r#"Stream::"room-type/resort:A""#, &[("aggregate", "room-type"), ("id", "resort:A")]);
    only(&["staff", "operator"], "read", &stream);
}
