use kernel::query::{Filter, Query, Scalar};
use pipeline::laws::search_index::{
    agreement,
    toy::{self, everything, given, ids, matching, shown, view},
};
use serde_json::json;
use tempfile::TempDir;

use super::*;

fn fresh() -> (TantivyIndex, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (open(&folder), folder)
}

fn open(folder: &TempDir) -> TantivyIndex {
    TantivyIndex::open(folder.path(), [&Arc::new(view())]).unwrap()
}

fn at(pos: u64) -> Position {
    Position { pos, hash: format!("h{pos}") }
}

async fn all(index: &TantivyIndex) -> String {
    matching(index, Filter::default()).await.unwrap()
}

pipeline::search_index_laws!(fresh());

#[test]
fn it_finds_what_the_naive_one_finds() {
    agreement::it_finds_what_the_naive_one_finds(64, fresh);
}

#[tokio::test]
async fn the_position_survives_with_all_that_was_put_before() {
    let (index, folder) = fresh();
    assert_eq!(index.position(&view()).unwrap(), None);
    index.put(&view(), vec![shown("a", 3, &json!({ "guests": 1 })).unwrap()]).await.unwrap();
    index.commit(&view(), at(7)).await.unwrap();
    index.commit(&view(), at(8)).await.unwrap();
    // a refresh keeps the position, though it makes more visible
    given(&index, &[("b", json!({}))]).await.unwrap();
    assert_eq!(index.position(&view()).unwrap(), Some(at(8)));
    drop(index);
    let index = open(&folder);
    assert_eq!(index.position(&view()).unwrap(), Some(at(8)));
    assert_eq!(all(&index).await, "a b");
    let late = shown("a", 3, &json!({})).unwrap();
    assert_eq!(index.put(&view(), vec![late]).await.unwrap(), [Put::Newer]);
}

#[tokio::test]
async fn what_lies_behind_the_position_is_lost_with_the_process() {
    let (index, folder) = fresh();
    given(&index, &[("a", json!({ "status": "kept" }))]).await.unwrap();
    index.commit(&view(), at(1)).await.unwrap();
    let lost = vec![shown("a", 2, &json!({})).unwrap(), shown("b", 1, &json!({})).unwrap()];
    assert_eq!(index.put(&view(), lost.clone()).await.unwrap(), [Put::Accepted, Put::Accepted]);
    drop(index);
    let index = open(&folder);
    assert_eq!(index.position(&view()).unwrap(), Some(at(1)));
    assert_eq!(matching(&index, Filter::equals("status", "kept")).await.unwrap(), "a");
    assert_eq!(all(&index).await, "a");
    // it is put again by who follows the log
    assert_eq!(index.put(&view(), lost).await.unwrap(), [Put::Accepted, Put::Accepted]);
    index.refresh(&view()).await.unwrap();
    assert_eq!(all(&index).await, "a b");
}

#[tokio::test]
async fn recovering_goes_back_to_the_last_commit() {
    let (index, _folder) = fresh();
    given(&index, &[("a", json!({}))]).await.unwrap();
    index.commit(&view(), at(1)).await.unwrap();
    let lost = shown("b", 1, &json!({})).unwrap();
    index.put(&view(), vec![lost.clone()]).await.unwrap();
    assert_eq!(index.recover(&view()).await.unwrap(), Some(at(1)));
    assert_eq!(index.get(&view(), std::slice::from_ref(&lost.key)).await.unwrap(), [None]);
    assert_eq!(index.put(&view(), vec![lost]).await.unwrap(), [Put::Accepted]);
    index.commit(&view(), at(2)).await.unwrap();
    assert_eq!(all(&index).await, "a b");
}

#[tokio::test]
async fn clearing_leaves_nothing_and_no_position() {
    let (index, folder) = fresh();
    given(&index, &[("a", json!({}))]).await.unwrap();
    index.commit(&view(), at(1)).await.unwrap();
    index.put(&view(), vec![shown("b", 1, &json!({})).unwrap()]).await.unwrap();
    index.clear(&view()).await.unwrap();
    assert_eq!((index.position(&view()).unwrap(), all(&index).await), (None, String::new()));
    given(&index, &[("a", json!({}))]).await.unwrap();
    drop(index);
    let index = open(&folder);
    assert_eq!((index.position(&view()).unwrap(), all(&index).await), (None, "a".into()));
}

/// The view's files with this ending.
fn files(folder: &TempDir, ending: &str) -> Vec<std::path::PathBuf> {
    let inside = fs::read_dir(folder.path().join("index/toys-1")).unwrap();
    inside.map(|entry| entry.unwrap().path()).filter(|path| path.to_string_lossy().ends_with(ending)).collect()
}

#[tokio::test]
async fn a_damaged_index_is_begun_anew() {
    for ending in ["meta.json", ".term", ".store", ".fast"] {
        for length in [0, 7] {
            let (index, folder) = fresh();
            given(&index, &[("a", json!({ "title": "x" }))]).await.unwrap();
            index.commit(&view(), at(1)).await.unwrap();
            drop(index);
            let damaged = files(&folder, ending);
            assert!(!damaged.is_empty(), "{ending}");
            for path in damaged {
                fs::File::options().write(true).open(path).unwrap().set_len(length).unwrap();
            }
            let index = open(&folder);
            assert_eq!(index.position(&view()).unwrap(), None, "{ending} {length}");
            given(&index, &[("a", json!({}))]).await.unwrap();
            assert_eq!(all(&index).await, "a");
        }
    }
}

#[tokio::test]
async fn damage_of_a_power_loss_is_found_after_the_next_start_of_the_machine() {
    for (restarted, position) in [(true, None), (false, Some(at(1)))] {
        let (index, folder) = fresh();
        given(&index, &[("a", json!({ "title": "x" }))]).await.unwrap();
        index.commit(&view(), at(1)).await.unwrap();
        drop(index);
        if restarted {
            fs::write(folder.path().join("index/toys-1/boot"), "another start").unwrap();
            for path in files(&folder, ".store") {
                let mut bytes = fs::read(&path).unwrap();
                bytes[3] ^= 1;
                fs::write(path, bytes).unwrap();
            }
        }
        assert_eq!(open(&folder).position(&view()).unwrap(), position);
    }
}

#[tokio::test]
async fn folders_of_other_views_and_revisions_are_removed_and_nothing_else() {
    let (index, folder) = fresh();
    index.commit(&view(), at(1)).await.unwrap();
    drop(index);
    for other in ["index/toys-0", "index/gone-3", "other/toys-0"] {
        fs::create_dir_all(folder.path().join(other)).unwrap();
    }
    let index = open(&folder);
    assert_eq!(index.position(&view()).unwrap(), Some(at(1)));
    for (path, there) in
        [("index/toys-1", true), ("index/toys-0", false), ("index/gone-3", false), ("other/toys-0", true)]
    {
        assert_eq!(folder.path().join(path).exists(), there, "{path}");
    }
}

#[tokio::test]
async fn a_value_too_long_for_a_term_is_refused() {
    let (index, _folder) = fresh();
    let long = "é".repeat(33_000);
    for body in [json!({ "status": long }), json!({ "title": long }), json!({ "notes": long })] {
        let told = index.put(&view(), vec![shown("a", 1, &body).unwrap()]).await.unwrap();
        assert!(matches!(told.as_slice(), [Put::Refused(_)]), "{told:?}");
    }
    let many = "word ".repeat(30_000);
    given(&index, &[("a", json!({ "notes": many, "status": "x".repeat(60_000) }))]).await.unwrap();
    assert_eq!(ids(&index, &toy::text("word")).await.unwrap(), "a");
    assert_eq!(matching(&index, Filter::equals("status", "x".repeat(60_000).as_str())).await.unwrap(), "a");
}

#[tokio::test]
async fn many_documents_are_found_again_through_many_commits() {
    let (index, folder) = fresh();
    for part in 0..20_u64 {
        let entries = (0..1_000).map(|at| {
            // half of each part replaces documents of the part before
            let id = part * 500 + at;
            shown(&format!("d{id}"), part + 1, &json!({ "guests": part, "title": format!("number {id}") })).unwrap()
        });
        let told = index.put(&view(), entries.collect()).await.unwrap();
        assert!(told.iter().all(|put| *put == Put::Accepted));
        if part % 3 == 0 {
            index.commit(&view(), at(part)).await.unwrap();
        }
    }
    index.commit(&view(), at(20)).await.unwrap();
    let check = async |index: &TantivyIndex| {
        let found = index.search(&view(), &everything().unwrap(), &Query::default()).await.unwrap();
        assert_eq!(found.total, 10_500);
        for (guests, count) in [(0, 500), (7, 500), (19, 1_000)] {
            let filter = Filter::equals("guests", Scalar::Integer(guests));
            let query = Query { filter, ..Query::default() };
            assert_eq!(index.search(&view(), &everything().unwrap(), &query).await.unwrap().total, count);
        }
    };
    check(&index).await;
    let keys: Vec<Key> = (0..10_500).map(|id| shown(&format!("d{id}"), 1, &json!({})).unwrap().key).collect();
    let versions = |entries: Vec<Option<Entry>>| -> Vec<u64> {
        entries.into_iter().flatten().map(|entry| entry.version).collect()
    };
    let expected: Vec<u64> = (0..10_500).map(|id| if id < 10_000 { id / 500 + 1 } else { 20 }).collect();
    assert_eq!(versions(index.get(&view(), &keys).await.unwrap()), expected);
    drop(index);
    let index = open(&folder);
    check(&index).await;
    assert_eq!(versions(index.get(&view(), &keys).await.unwrap()), expected);
}
