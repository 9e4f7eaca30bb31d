//! An end in order, under load.

use crate::{check, dice::Dice, load::Load, process::Engine};

#[test]
fn ended_in_order_under_load_it_loses_nothing() {
    let mut dice = Dice::thrown("ends");
    let data = tempfile::tempdir().unwrap();
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
