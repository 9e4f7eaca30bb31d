//! Given/then of the hotel's views and its report.

use kernel::{
    Report,
    query::{Aggregation, Filter, Interval},
    spec::{Projected, given_view, given_view_by},
};

use super::*;
use crate::hotel::{Availability, Bookings, Occupancy};

fn bookings(events: impl IntoIterator<Item = Event>) -> Projected {
    given_view::<Bookings>(STREAM, std::iter::once(opened(1)).chain(events))
}

fn availability(rooms: u32, events: impl IntoIterator<Item = Event>) -> Projected {
    given_view::<Availability>(STREAM, std::iter::once(opened(rooms)).chain(events))
}

#[test]
fn a_booking_is_found_by_all_that_is_known_of_it() {
    let Stay { arrival, departure } = stay((1, 4));
    let event = RoomBooked {
        booking_id: "b-1".parse().unwrap(),
        guest: Guest { name: "Ada Lovelace".into(), email: Some("ada@example.org".into()) },
        arrival,
        departure,
        party: Party { adults: 2, children: 1 },
        notes: Some("sea view".into()),
        booked_by: "bob".into(),
    };
    let view = bookings([event.into()]);
    assert_eq!(view.ids(), ["b-1"]);
    view.then(
        "b-1",
        json!({
            "hotel": "resort", "roomType": "A", "guestName": "Ada Lovelace", "arrival": "2026-12-01",
            "departure": "2026-12-04", "nights": 3, "adults": 2, "children": 1, "status": "confirmed",
            "notes": "sea view", "bookedBy": "bob", "stream": STREAM
        }),
    );
}

#[test]
fn a_booking_shows_where_it_stands() {
    let full = || [booked("b-1", (1, 3)), wait_listed("b-2", 1, (1, 3))].into_iter();
    let freed = || full().chain([cancelled("b-1", (1, 3), false), promoted("b-2", (1, 3))]);
    bookings(full()).then("b-1", json!({"status": "confirmed"})).then("b-2", json!({"status": "waiting"}));
    bookings(freed()).then("b-1", json!({"status": "cancelled"})).then("b-2", json!({"status": "confirmed"}));
    let in_and_out = [checked_in("b-2", 1), checked_out("b-2", 2, (1, 3))];
    bookings(freed().chain(in_and_out[..1].to_vec())).then("b-2", json!({"status": "checked-in"}));
    bookings(freed().chain(in_and_out)).then("b-2", json!({"status": "checked-out", "nights": 2}));
    bookings(full().chain([not_shown("b-1", 1, (1, 3))])).then("b-1", json!({"status": "no-show"}));
}

#[test]
fn a_changed_booking_shows_its_new_dates() {
    bookings([booked("b-1", (1, 3)), changed("b-1", (1, 3), (5, 9), false)])
        .then("b-1", json!({"arrival": "2026-12-05", "departure": "2026-12-09", "nights": 4, "status": "confirmed"}));
}

#[test]
fn an_id_that_is_used_again_makes_its_document_anew() {
    let noted = |notes: Option<&str>, dates: (i32, i32)| {
        let Event::RoomBooked(event) = booked("b-1", dates) else { unreachable!() };
        Event::RoomBooked(RoomBooked { notes: notes.map(str::to_owned), ..event })
    };
    bookings([noted(Some("sea view"), (1, 3)), checked_in("b-1", 40), noted(None, (50, 51))])
        .then("b-1", json!({"status": "confirmed", "arrival": "2027-01-19", "notes": null}));
}

#[test]
fn guests_see_only_what_they_booked() {
    let view = domain_view("bookings");
    let filter = view.row_filters().first().copied().unwrap();
    assert_eq!((filter.role, filter.field), ("guest", "bookedBy"));
    assert!(domain_view("availability").row_filters().is_empty());
    let staff = kernel::Actor { sub: "desk".into(), roles: ["staff".to_owned()].into() };
    given_view_by::<Bookings>(STREAM, [(staff, booked_by("bob", "b-1", (1, 3)))])
        .then("b-1", json!({"bookedBy": "bob"}));
}

fn domain_view(name: &str) -> std::sync::Arc<kernel::catalog::ViewSpec> {
    crate::catalog().find_view(name).unwrap().clone()
}

#[test]
fn every_night_that_was_ever_taken_tells_how_many_rooms_are_left() {
    let view = availability(2, [booked("b-1", (1, 3)), booked("b-2", (2, 4)), wait_listed("b-3", 1, (2, 9))]);
    assert_eq!(view.ids(), ["resort:A:2026-12-01", "resort:A:2026-12-02", "resort:A:2026-12-03"]);
    view.then(
        "resort:A:2026-12-01",
        json!({"hotel": "resort", "roomType": "A", "night": "2026-12-01", "rooms": 2, "booked": 1, "left": 1}),
    );
    view.then("resort:A:2026-12-02", json!({"booked": 2, "left": 0}));
}

#[test]
fn freed_nights_are_told_and_stay_in_the_view() {
    availability(2, [booked("b-1", (1, 3)), cancelled("b-1", (1, 3), false)])
        .then("resort:A:2026-12-01", json!({"booked": 0, "left": 2}));
    availability(2, [booked("b-1", (1, 4)), checked_in("b-1", 1), checked_out("b-1", 2, (1, 4))])
        .then("resort:A:2026-12-01", json!({"booked": 1, "left": 1}))
        .then("resort:A:2026-12-02", json!({"booked": 0, "left": 2}));
    availability(2, [booked("b-1", (1, 3)), wait_listed("b-2", 1, (1, 3)), cancelled("b-2", (1, 3), true)])
        .then("resort:A:2026-12-01", json!({"booked": 1}));
    availability(2, [booked("b-1", (1, 3)), changed("b-1", (1, 3), (2, 4), false)])
        .then("resort:A:2026-12-01", json!({"booked": 0, "left": 2}))
        .then("resort:A:2026-12-02", json!({"booked": 1, "left": 1}))
        .then("resort:A:2026-12-03", json!({"booked": 1, "left": 1}));
}

#[test]
fn without_a_clock_every_night_follows_the_room_count() {
    availability(2, [booked("b-1", (-40, -39)), booked("b-2", (1, 2)), count_changed(2, 5, None)])
        .then("resort:A:2026-10-21", json!({"rooms": 5, "left": 4}))
        .then("resort:A:2026-12-01", json!({"rooms": 5, "left": 4}));
}

#[test]
fn nights_from_the_clock_on_follow_the_room_count_and_others_do_not() {
    let view = availability(2, [booked("b-1", (1, 4)), checked_in("b-1", 2), count_changed(2, 5, Some(2))]);
    view.then("resort:A:2026-12-01", json!({"rooms": 2, "left": 1}))
        .then("resort:A:2026-12-02", json!({"rooms": 5, "left": 4}))
        .then("resort:A:2026-12-03", json!({"rooms": 5, "left": 4}));
}

#[test]
fn a_night_before_the_clock_may_have_less_than_nothing_left() {
    let more = [checked_in("b-1", 5), count_changed(1, 2, Some(5)), booked("b-2", (1, 2))];
    availability(1, [booked("b-1", (1, 2))].into_iter().chain(more))
        .then("resort:A:2026-12-01", json!({"rooms": 1, "booked": 2, "left": -1}));
}

#[test]
fn a_night_that_is_taken_first_has_the_rooms_of_that_moment() {
    availability(2, [count_changed(2, 5, None), booked("b-1", (1, 2))])
        .then("resort:A:2026-12-01", json!({"rooms": 5, "booked": 1, "left": 4}));
}

#[test]
fn occupancy_tells_nights_by_month_and_room_type() {
    let params = json!({"hotel": "resort", "from": "2026-12-01", "to": "2027-01-01"});
    let query = Occupancy::query(&serde_json::from_value(params).unwrap());
    let period = Filter::between("night", Some(day(1).into()), Some(day(32).into()));
    assert_eq!(query.filter, Filter::And(vec![Filter::equals("hotel", "resort"), period]));
    let Aggregation::DateHistogram { field, interval, aggregate } = &query.aggregate["byMonth"] else {
        panic!("{query:?}")
    };
    assert_eq!((field.as_str(), *interval), ("night", Interval::Month));
    let Aggregation::Terms { field, aggregate, .. } = &aggregate["byRoomType"] else { panic!("{query:?}") };
    assert_eq!(field, "roomType");
    assert!(matches!(&aggregate["nights"], Aggregation::Metric { field, .. } if field == "booked"));
}

#[test]
fn occupancy_is_asked_of_a_hotel_and_a_period() {
    let report = crate::catalog().find_report("occupancy").unwrap().clone();
    let ask = |params: Value| report.query(params.as_object().unwrap().clone());
    assert!(ask(json!({"hotel": "resort", "from": "2026-12-01", "to": "2027-01-01"})).is_ok());
    let refusal = ask(json!({"from": "soon", "to": "2027-01-01", "code": "A"})).unwrap_err();
    let mut told: Vec<_> = refusal.violations.iter().map(|v| format!("{} {}", v.pointer, v.code)).collect();
    told.sort();
    assert_eq!(told, ["/code unknown-field", "/from bad-format", "/hotel required"]);
}
