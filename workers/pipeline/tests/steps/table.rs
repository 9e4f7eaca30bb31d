//! The table beside the laws names what there is.

use std::{collections::BTreeSet, fs, path::Path};

/// The text of all sources below a folder.
fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

/// The names that end a table's rows.
fn named(table: &str) -> BTreeSet<&str> {
    let rows = table.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.rsplit_once(" | "));
    rows.flat_map(|(_, names)| names.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn every_name_in_the_table_is_a_test() {
    let pipeline = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = fs::read_to_string(pipeline.join("src/laws/README.md")).unwrap();
    let mut text = String::new();
    for folder in ["src", "tests", "../local/src", "../local/tests", "../api/tests", "../cli/tests/faults"] {
        sources(&pipeline.join(folder), &mut text);
    }
    let names = named(&table);
    assert!(names.len() > 100, "{}", names.len());
    let missing: Vec<_> = names.into_iter().filter(|name| !text.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Whoever adds a test of a step says which sentence it stands for.
#[test]
fn every_test_of_a_step_is_in_the_table() {
    let pipeline = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = fs::read_to_string(pipeline.join("src/laws/README.md")).unwrap();
    let names = named(&table);
    let mut text = String::new();
    for folder in ["persist", "project", "broken"] {
        sources(&pipeline.join("tests/steps").join(folder), &mut text);
    }
    let tests = text.split("#[tokio::test").skip(1).filter_map(|test| {
        let (_, name) = test.split_once("fn ")?;
        name.split_once('(').map(|(name, _)| name)
    });
    let untold: Vec<_> = tests.filter(|name| !names.contains(name)).collect();
    assert!(untold.is_empty(), "{untold:?}");
}
