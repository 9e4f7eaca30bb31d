//! An end in order, under load.

use serde_json::json;

use crate::{
    check,
    dice::Dice,
    load::{Load, ROOM_TYPES},
    process::{Engine, Folder},
};

#[test]
fn ended_in_order_under_load_it_loses_nothing() {
    let mut dice = Dice::thrown("ends");
    let data = Folder::new();
    let load = Load::start(&dice);
    for _ in 0..4 {
        let engine = Engine::start(data.path());
        load.resume(&engine.client);
        load.until_acknowledged(usize::try_from(dice.within(20, 120)).unwrap());
        engine.stop();
    }
    let engine = Engine::start(data.path());
    load.resume(&engine.client);
    load.until_acknowledged(20);
    let ledger = load.finish();
    check::all(engine, &ledger, data.path());
}

#[test]
fn verified_under_load_nothing_differs() {
    let dice = Dice::thrown("verified");
    let data = Folder::new();
    let load = Load::start(&dice);
    let engine = Engine::start(data.path());
    load.resume(&engine.client);
    for _ in 0..8 {
        load.until_acknowledged(60);
        for stream in ROOM_TYPES {
            let (status, page) = engine.client.post("/verify", &json!({ "stream": stream }));
            assert_eq!((status, &page["differences"]), (200, &json!([])), "{stream}: {page}");
        }
    }
    let ledger = load.finish();
    check::all(engine, &ledger, data.path());
}
