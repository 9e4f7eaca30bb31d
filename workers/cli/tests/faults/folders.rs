//! Data folders that can't be used.

use std::path::Path;

use crate::{
    check,
    client::comment,
    process::{Engine, Folder, Process},
};

/// Starts the engine on a folder that it must refuse; what it says.
fn refused(data: &Path) -> String {
    let mut process = Process::spawn(data, &[]);
    assert!(process.ready().is_none(), "it started");
    let (status, said) = process.ended();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    said
}

fn says(said: &str, words: &[&str]) {
    for word in words {
        assert!(said.contains(word), "`{word}` is not in: {said}");
    }
}

#[test]
fn a_second_process_on_a_folder_is_refused_and_the_first_goes_on() {
    let data = Folder::new();
    let engine = Engine::start(data.path());
    says(&refused(data.path()), &["in use by another process", data.path().to_str().unwrap()]);
    engine.client.settle(&comment("c-1", "comment/1", "still here"));
    engine.process.kill();
    // a lock of a killed process is gone with it
    Engine::start(data.path()).stop();
}

#[test]
fn a_folder_that_can_not_be_made_is_refused() {
    let data = Folder::new();
    let file = data.path().join("file");
    std::fs::write(&file, "not a folder").unwrap();
    for folder in [file.clone(), file.join("below")] {
        says(&refused(&folder), &["can't be written", folder.to_str().unwrap(), "choose another"]);
    }
}

#[test]
fn a_folder_of_a_newer_format_is_refused_and_left_as_it_is() {
    let data = Folder::new();
    Engine::start(data.path()).stop();
    check::open(data.path()).pragma_update(None, "user_version", 1_000).unwrap();
    says(&refused(data.path()), &["format 1000", "run the newer program"]);
    let format: i64 = check::open(data.path()).pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(format, 1_000);
}

#[test]
fn a_file_of_something_else_is_refused_and_left_as_it_is() {
    let data = Folder::new();
    let file = data.path().join("factmill.db");
    std::fs::write(&file, "this is a letter to my aunt, and no database at all ".repeat(100)).unwrap();
    says(&refused(data.path()), &[file.to_str().unwrap()]);
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("this is a letter"));

    std::fs::remove_file(&file).unwrap();
    check::open(data.path()).execute_batch("CREATE TABLE recipes (name TEXT)").unwrap();
    says(&refused(data.path()), &["is not a database of ours"]);
}
