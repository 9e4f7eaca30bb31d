//! Given/then of the view `customers`.

use kernel::{
    Decider,
    spec::{Projected, given_view},
};

use super::*;
use crate::customers::{Command, Customers, DeleteCustomer};

fn view(events: impl IntoIterator<Item = Event>) -> Projected {
    given_view::<Customers>(STREAM, std::iter::once(registered()).chain(events))
}

#[test]
fn a_customer_is_found_by_their_details() {
    view([]).then(
        "ada",
        json!({
            "name": "Ada", "email": "Ada@example.org", "phone": null, "points": 0, "status": "active", "stream": STREAM
        }),
    );
}

#[test]
fn a_customer_shows_what_changed() {
    view([updated(Some("Ada King"), None, Some("1")), rewarded(7), redeemed(2)])
        .then("ada", json!({"name": "Ada King", "email": "Ada@example.org", "phone": "1", "points": 5}));
}

#[test]
fn a_deleted_customer_stays_in_the_view_and_says_so() {
    view([deleted("Ada@example.org")]).then("ada", json!({"status": "deleted", "name": "Ada"}));
}

#[test]
fn a_restored_customer_shows_the_details_of_that_version() {
    let back = restored(1, details("Ada", "Ada@example.org", None));
    view([updated(Some("Ada King"), None, Some("1")), rewarded(7), deleted("Ada@example.org"), back])
        .then("ada", json!({"status": "active", "name": "Ada", "phone": null, "points": 7}));
}

#[test]
fn customers_see_only_themselves() {
    let view = crate::catalog().find_view("customers").unwrap().clone();
    let filter = view.row_filters().first().copied().unwrap();
    assert_eq!((filter.role, filter.field, filter.own("customer", "ada")), ("customer", "stream", STREAM.to_owned()));
}

#[test]
fn policies_know_whether_there_is_a_customer() {
    let delete = Command::DeleteCustomer(DeleteCustomer {});
    let told = |given: Given<Customer>| Customer::resource(given.state(), &delete);
    assert_eq!(told(customer([])), []);
    assert_eq!(told(ada([])), [("status", "active".into())]);
    assert_eq!(told(ada([deleted("Ada@example.org")])), [("status", "deleted".into())]);
}
