//! Projectors, by indexes that make them what they must not be.

use crate::{
    project::{eventful, side_by_side::every_pair_at_every_point},
    support::projection::Bug,
};

/// With a cursor that is newer than the documents, what lies between is never folded.
#[tokio::test]
async fn a_cursor_read_after_the_documents_loses_events() {
    for name in ["items", "totals"] {
        let told = every_pair_at_every_point(&eventful(), name, Bug::CursorAfterDocuments).await;
        assert!(told.is_err(), "{name}");
    }
}

/// Where documents have no version, an event that another projector folded is folded again.
#[tokio::test]
async fn two_folds_are_seen() {
    for name in ["items", "totals"] {
        let told = every_pair_at_every_point(&eventful(), name, Bug::TwoFolds).await;
        assert!(told.is_err(), "{name}");
    }
}
