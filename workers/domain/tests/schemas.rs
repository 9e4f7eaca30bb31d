//! The JSON Schemas in `events/schemas/` are those of the code: what clients check with is what the door checks.

#![expect(clippy::unwrap_used, reason = "a file that can't be read or written fails the test")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/schemas");

#[test]
fn the_published_schemas_are_those_of_the_code() {
    let (expected, found) = (of_the_code(), files(Path::new(FOLDER)));
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        for path in found.keys().filter(|path| !expected.contains_key(*path)) {
            fs::remove_file(path).unwrap();
        }
        for (path, schema) in &expected {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, schema).unwrap();
        }
        return;
    }
    // those of a system that was removed stay until they are written anew
    let catalog = domain::catalog();
    let known = |path: &Path| {
        let aggregate = path.strip_prefix(FOLDER).ok().and_then(|path| path.iter().next()?.to_str());
        aggregate.is_some_and(|aggregate| catalog.find(aggregate).is_some())
    };
    let other = |path: &&PathBuf| known(path) && expected.get(*path) != found.get(*path);
    let mut drifted: Vec<_> = expected.keys().chain(found.keys()).filter(other).collect();
    drifted.sort();
    drifted.dedup();
    assert!(
        drifted.is_empty(),
        "the schemas have drifted from the code: {drifted:#?}\n\
         if that was meant, run `UPDATE_SCHEMAS=1 cargo test -p domain --test schemas` and read what changed"
    );
}

/// Every schema by its path: `<aggregate>/{commands,events}/<Type>.json`.
fn of_the_code() -> BTreeMap<PathBuf, String> {
    let mut schemas = BTreeMap::new();
    for aggregate in domain::catalog().aggregates() {
        let mut add = |kind, name, schema| {
            let path = Path::new(FOLDER).join(aggregate.name()).join(kind).join(format!("{name}.json"));
            schemas.insert(path, serde_json::to_string_pretty(schema).unwrap() + "\n");
        };
        for command in aggregate.commands() {
            add("commands", command.name, &command.schema);
        }
        for event in aggregate.events() {
            add("events", event.name, &event.schema);
        }
    }
    schemas
}

fn files(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            let text = fs::read_to_string(&path).unwrap();
            files.insert(path, text);
        }
    }
    files
}
