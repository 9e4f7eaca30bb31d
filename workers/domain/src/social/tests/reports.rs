//! What the feed and the profile's page ask.

use kernel::{
    Report,
    catalog::VALUES,
    query::{Aggregation, Filter, MOST_TERMS, Metric, Sort},
    report::Gives,
};
use serde_json::{Value, json};

use crate::social::{Feed, ProfilePage};

fn asked<R: Report>(params: &Value) -> kernel::catalog::ReportQuery {
    let report = crate::catalog().find_report(R::NAME).unwrap().clone();
    report.query(params.as_object().unwrap().clone()).unwrap()
}

#[test]
fn the_feed_asks_for_posts_of_those_who_are_followed_newest_first() {
    let query = asked::<Feed>(&json!({"handle": "ada"}));
    assert_eq!(query.own.sort, [Sort { field: "publishedAt".into(), descending: true }]);
    assert_eq!(query.own.filter, Filter::default());
    let [followees] = query.parts.as_slice() else { panic!("{query:?}") };
    assert_eq!(followees.filter, Filter::equals("follower", "ada"));
    let Aggregation::Terms { field, size, .. } = &followees.aggregate[VALUES] else { panic!("{followees:?}") };
    assert_eq!((field.as_str(), *size), ("followee", MOST_TERMS));
    let report = crate::catalog().find_report("feed").unwrap().clone();
    assert_eq!(report.parts(), [("follows", Gives::Values { of: "followee", into: "author" })]);
    assert_eq!(report.view(), "posts");
}

#[test]
fn a_profiles_page_is_the_profile_with_its_counts() {
    let query = asked::<ProfilePage>(&json!({"handle": "ada"}));
    assert_eq!(query.own.filter, Filter::equals("handle", "ada"));
    let counted: Vec<_> = query.parts.iter().map(|part| (part.filter.clone(), part.aggregate.clone())).collect();
    let count = |name: &str, field: &str| {
        let count = Aggregation::Metric { metric: Metric::Count, field: field.into() };
        (Filter::equals(field, "ada"), [(name.to_owned(), count)].into())
    };
    assert_eq!(counted, [count("followers", "followee"), count("following", "follower"), count("posts", "author")]);
}

#[test]
fn both_are_asked_of_a_handle() {
    for name in ["feed", "profile-page"] {
        let report = crate::catalog().find_report(name).unwrap().clone();
        let refusal = report.query(json!({"who": "ada"}).as_object().unwrap().clone()).unwrap_err();
        let mut told: Vec<_> = refusal.violations.iter().map(|v| format!("{} {}", v.pointer, v.code)).collect();
        told.sort();
        assert_eq!(told, ["/handle required", "/who unknown-field"]);
    }
}
