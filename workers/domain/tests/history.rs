//! Every event that was ever recorded can be read: `events/history/<aggregate>/<Type>.v<schema>.json` holds one of
//! each type and schema that was released.

#![expect(clippy::unwrap_used, reason = "a file that can't be read fails the test")]

use std::{collections::BTreeSet, fs, path::Path};

use kernel::{Aggregate, EventRecord};
use serde_json::{Value, json};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/history");

#[test]
fn every_recorded_event_can_be_read() {
    let catalog = domain::catalog();
    // a system that was removed leaves its events: whoever stored some may have need of them
    for (aggregate, file, recorded) in golden().into_iter().filter(|(aggregate, ..)| catalog.find(aggregate).is_some())
    {
        let mut record = recorded.clone();
        record["command"] = json!(0);
        let record: EventRecord = serde_json::from_value(record).unwrap();
        assert_eq!(file, format!("{}.v{}.json", record.kind, record.schema), "a file is named for its type and schema");
        let aggregate = catalog.find(&aggregate);
        let read = aggregate.map(|aggregate| aggregate.evolve(aggregate.start(), &record).map(|_| ()));
        assert_eq!(read, Some(Ok(())), "{file}");
    }
}

#[test]
fn every_type_and_schema_has_a_recorded_event() {
    let found: BTreeSet<_> = golden().into_iter().map(|(aggregate, file, _)| (aggregate, file)).collect();
    let released = |aggregate: &Aggregate| {
        let files = |name, number| (1..=number).map(move |schema| format!("{name}.v{schema}.json"));
        aggregate.events().iter().flat_map(|event| files(event.name, event.number)).collect::<Vec<_>>()
    };
    let expected: BTreeSet<_> = domain::catalog()
        .aggregates()
        .flat_map(|aggregate| released(aggregate).into_iter().map(|file| (aggregate.name().to_owned(), file)))
        .collect();
    let missing: Vec<_> = expected.difference(&found).collect();
    assert!(missing.is_empty(), "add a recorded event for each of these to `events/history`: {missing:?}");
}

#[test]
fn a_recorded_event_holds_every_field_that_is_written_today() {
    let recorded = golden();
    for aggregate in domain::catalog().aggregates() {
        for event in aggregate.events() {
            let file = format!("{}.v{}.json", event.name, event.number);
            let golden = recorded.iter().find(|(of, name, _)| of == aggregate.name() && *name == file);
            let (_, _, golden) = golden.unwrap();
            for field in
                event.schema.get("properties").and_then(Value::as_object).into_iter().flat_map(|all| all.keys())
            {
                assert!(golden["data"].get(field).is_some(), "`{field}` is missing in {file}");
            }
        }
    }
}

/// All files: aggregate, name, content.
fn golden() -> Vec<(String, String, Value)> {
    let mut files = Vec::new();
    for folder in fs::read_dir(FOLDER).unwrap() {
        let folder = folder.unwrap();
        for file in fs::read_dir(folder.path()).unwrap() {
            let file = file.unwrap();
            let content = serde_json::from_slice(&fs::read(file.path()).unwrap()).unwrap();
            files.push((name(&folder.path()), name(&file.path()), content));
        }
    }
    files
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}
