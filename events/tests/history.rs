//! Every event that was ever recorded can be read: `history/<aggregate>/<Type>.v<schema>.json` holds one of each.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a file that can't be read fails the test")]

use std::{collections::BTreeSet, fs, path::Path};

use kernel::EventSet;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

#[derive(Deserialize)]
struct Golden {
    #[serde(rename = "type")]
    kind: String,
    schema: u32,
    data: Box<RawValue>,
}

/// Reads the aggregate's golden files; each type has one for every schema that was ever released.
fn check<E: EventSet>(aggregate: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("history").join(aggregate);
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        let golden: Golden = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let name = format!("{}.v{}.json", golden.kind, golden.schema);
        assert_eq!(path.file_name().unwrap(), name.as_str(), "a file is named for its type and schema");
        let event = E::decode(&golden.kind, golden.schema, &golden.data)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if golden.schema == event.schema() {
            let again: Value = serde_json::from_str(event.encode().unwrap().get()).unwrap();
            let recorded: Value = serde_json::from_str(golden.data.get()).unwrap();
            assert_eq!(again, recorded, "{} holds every field that is written today", path.display());
        }
        found.insert(name);
    }
    let every = E::types()
        .into_iter()
        .flat_map(|event| (1..=event.number).map(move |schema| format!("{}.v{schema}.json", event.name)));
    let expected: BTreeSet<_> = every.collect();
    let missing: Vec<_> = expected.difference(&found).collect();
    assert!(missing.is_empty(), "add a recorded event to {}: {missing:?}", folder.display());
}

#[test]
fn every_event_of_a_comment_can_be_read() {
    check::<events::comment::Event>("comment");
}

#[test]
fn every_event_of_a_room_type_can_be_read() {
    check::<events::room_type::Event>("room-type");
}
