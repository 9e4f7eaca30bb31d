//! The index lost or damaged: it is rebuilt at the next start, from the log.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::{
    check,
    client::{comment, until},
    dice::Dice,
    process::{Engine, Folder},
};

/// So many comments that a rebuild is worth telling.
const COMMENTS: usize = 1_200;

fn filled(data: &Path) {
    let engine = Engine::start(data);
    let comments: Vec<_> = (0..COMMENTS)
        .map(|n| comment(&format!("c-{n}"), &format!("comment/{n}"), &format!("comment number {n}")))
        .collect();
    for batch in comments.chunks(600) {
        assert_eq!(engine.client.post("/commands", &Value::from(batch)).0, 202);
    }
    let ids: Vec<_> = comments.iter().map(crate::ledger::id).collect();
    engine.client.settled(&ids);
    engine.stop();
    check::at_rest(data);
}

/// Starts the engine, which must come to the same views; what it said.
fn recovers(data: &Path) -> String {
    let engine = Engine::start(data);
    until("every comment is found", || match &engine.client.read("/views/comments?limit=1")["total"] {
        total if *total == json!(COMMENTS) => Ok(()),
        total => Err(format!("{total}: {}", engine.process.said())),
    });
    assert_eq!(engine.client.differences(), Vec::<Value>::new());
    engine.stop()
}

/// The files of the comments' index, those of its segments first.
fn files(data: &Path) -> Vec<PathBuf> {
    let folders = fs::read_dir(data.join("index")).unwrap().map(|folder| folder.unwrap().path());
    let comments = folders.filter(|folder| folder.file_name().unwrap().to_str().unwrap().starts_with("comments"));
    let files = comments.flat_map(|folder| fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()));
    let mut files: Vec<_> = files.filter(|file| fs::metadata(file).unwrap().len() > 0).collect();
    files.sort();
    files
}

#[test]
fn an_index_that_is_deleted_or_damaged_is_rebuilt_at_the_next_start() {
    let mut dice = Dice::thrown("damage");
    let data = Folder::new();
    filled(data.path());
    fs::remove_dir_all(data.path().join("index")).unwrap();
    let said = recovers(data.path());
    assert!(said.contains("the view is being rebuilt"), "{said}");
    assert!(said.contains("the view has caught up"), "{said}");

    let kinds: Vec<_> = files(data.path()).iter().map(|file| file.extension().map(ToOwned::to_owned)).collect();
    for kind in kinds {
        let of_kind = |file: &PathBuf| file.extension() == kind.as_deref();
        let Some(file) = files(data.path()).into_iter().find(of_kind) else { continue };
        let mut bytes = fs::read(&file).unwrap();
        let at = usize::try_from(dice.within(0, bytes.len() as u64)).unwrap();
        let truncated = dice.one_in(2);
        if truncated {
            bytes.truncate(at);
        } else {
            let end = bytes.len().min(at + 32);
            bytes[at..end].iter_mut().for_each(|byte| *byte ^= 0x55);
        }
        println!("{} {} at {at}", if truncated { "truncated" } else { "garbled" }, file.display());
        fs::write(&file, bytes).unwrap();
        recovers(data.path());
    }
}
