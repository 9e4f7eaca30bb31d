//! Death at each named point.

use std::path::Path;

use pipeline::FailPoint;

use crate::{
    check,
    dice::Dice,
    load::Load,
    poison,
    process::{Engine, Folder},
};

#[test]
fn dead_at_each_point_it_loses_and_repeats_nothing() {
    let mut dice = Dice::thrown("fail-points");
    let data = Folder::new();
    let load = Load::start(&dice);
    for point in FailPoint::ALL.iter().filter(|point| !is_for_the_given_up(**point)) {
        for hit in [1, dice.within(2, 4)] {
            dies_at(*point, hit, data.path(), &load);
        }
    }
    let engine = Engine::start(data.path());
    load.resume(&engine.client);
    load.until_acknowledged(20);
    let ledger = load.finish();
    check::all(engine, &ledger, data.path());
}

/// Points that only a command comes past whose stream can't be read.
fn is_for_the_given_up(point: FailPoint) -> bool {
    matches!(point, FailPoint::Keep | FailPoint::Kept)
}

fn dies_at(point: FailPoint, hit: u64, data: &Path, load: &Load) {
    let armed = format!("{point}:{hit}");
    let mut engine = Engine::start_with(data, &[("FACTMILL_FAILPOINT", &armed)]);
    load.resume(&engine.client);
    crate::client::until(&format!("the engine dies at `{armed}`"), || {
        if engine.process.runs() { Err(engine.process.said()) } else { Ok(()) }
    });
}

#[test]
fn dead_while_a_command_is_given_up_it_keeps_it_once() {
    for point in FailPoint::ALL.iter().filter(|point| is_for_the_given_up(**point)) {
        poison::given_up_once(&point.to_string());
    }
}
