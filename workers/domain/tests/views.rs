//! `cdk/views.json` names the views of the code and the aggregates that they read, and their revisions: the host on AWS is made of it.

use std::{collections::BTreeMap, fs};

use kernel::catalog::ViewSpec;
use serde_json::json;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../cdk/views.json");

#[test]
fn the_views_that_are_deployed_are_those_of_the_code() {
    let catalog = domain::catalog();
    let told = |view: &ViewSpec| json!({ "aggregates": [view.aggregate()], "revision": view.revision() });
    let views: BTreeMap<_, _> = catalog.views().map(|view| (view.name(), told(view))).collect();
    let expected = serde_json::to_string_pretty(&views).unwrap() + "\n";
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        fs::write(FILE, &expected).unwrap();
        return;
    }
    assert_eq!(
        fs::read_to_string(FILE).unwrap_or_default(),
        expected,
        "if the views were meant to change, run `UPDATE_SCHEMAS=1 cargo test -p domain --test views`, then the CDK's tests"
    );
}
