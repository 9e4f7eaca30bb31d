//! `kill -9` at any moment.

use std::time::Duration;

use crate::{
    check,
    dice::Dice,
    load::Load,
    process::{Engine, Folder, Process},
};

/// How often the process is killed.
const KILLS: u32 = 50;

#[test]
fn killed_at_any_moment_it_loses_and_repeats_nothing() {
    let mut dice = Dice::thrown("kills");
    let data = Folder::new();
    let load = Load::start(&dice);
    for kill in 0..KILLS {
        let mut process = Process::spawn(data.path(), &[]);
        if kill > 0 && dice.one_in(6) {
            // while it starts
            std::thread::sleep(Duration::from_millis(dice.within(0, 250)));
        } else {
            let client = process.ready().unwrap_or_else(|| panic!("it did not start after {kill} kills"));
            load.resume(&client);
            std::thread::sleep(Duration::from_millis(dice.within(50, 400)));
        }
        process.kill();
    }
    let engine = Engine::start(data.path());
    load.resume(&engine.client);
    load.until_acknowledged(50);
    let ledger = load.finish();
    println!("{} commands sent, {} acknowledged", ledger.sent.len(), ledger.acknowledged().len());
    check::all(engine, &ledger, data.path());
}

#[test]
fn killed_while_the_folder_is_made_it_makes_it_at_the_next_start() {
    let mut dice = Dice::thrown("first starts");
    for _ in 0..8 {
        let data = Folder::new();
        let folder = data.path().join("new");
        let process = Process::spawn(&folder, &[]);
        std::thread::sleep(Duration::from_millis(dice.within(0, 120)));
        process.kill();
        Engine::start(&folder).stop();
    }
}
