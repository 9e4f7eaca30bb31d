//! Points are given and spent, and are never less than none.

use super::*;

#[test]
fn points_are_given() {
    ada([]).when("AddReward", reward(5)).then([rewarded(5)]);
    // the same again is another gift
    ada([rewarded(5)]).when("AddReward", reward(5)).then([rewarded(5)]);
}

#[test]
fn as_many_points_are_spent_as_there_are() {
    ada([rewarded(5), rewarded(2)]).when("RedeemReward", json!({ "points": 7 })).then([redeemed(7)]);
    ada([rewarded(5), redeemed(2)]).when("RedeemReward", json!({ "points": 3 })).then([redeemed(3)]);
}

#[test]
fn more_points_than_there_are_are_not_spent() {
    ada([]).when("RedeemReward", json!({ "points": 1 })).then_rejected("insufficient-points");
    ada([rewarded(5), redeemed(2)]).when("RedeemReward", json!({ "points": 4 })).then_rejected("insufficient-points");
}

#[test]
fn points_outlive_a_deletion() {
    let back = restored(1, details("Ada", "Ada@example.org", None));
    ada([rewarded(5), deleted("Ada@example.org"), back])
        .when("RedeemReward", json!({ "points": 5 }))
        .then([redeemed(5)]);
}
