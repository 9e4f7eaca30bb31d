//! Full text: what a word is, and where it is looked for.

#![expect(clippy::missing_panics_doc, reason = "a law that is broken panics")]

use kernel::query::{Query, Sort};
use serde_json::{Value, json};

use super::toy::{given, ids, search, text};
use crate::{laws::Law, ports::search::SearchIndex};

/// Case, accents and English endings make no difference.
pub async fn a_word_is_found_in_any_form_and_case(index: &dyn SearchIndex) -> Law {
    given(index, &[("a", json!({ "title": "Running to the CAFÉ", "notes": "Straße, naïve façade" }))]).await?;
    for query in ["running", "RUN", "runs", "cafe", "Cafés", "strasse", "naive facades", "the", "to the"] {
        assert_eq!(ids(index, &text(query)).await?, "a", "{query}");
    }
    for query in ["ru", "runner", "caf", "unknown", "run unknown"] {
        assert_eq!(ids(index, &text(query)).await?, "", "{query}");
    }
    Ok(())
}

/// Each word is looked for in every text field, those of arrays too; words of keywords are not words.
pub async fn all_words_must_be_found_each_in_any_field(index: &dyn SearchIndex) -> Law {
    given(
        index,
        &[
            ("a", json!({ "title": "sea view", "notes": "quiet" })),
            ("b", json!({ "title": "sea", "notes": "view of a garden" })),
            ("c", json!({ "notes": "sea", "status": "view", "tags": ["view"] })),
            ("d", json!({ "title": ["view", "of the sea"] })),
        ],
    )
    .await?;
    let found = async |words: &str| -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
        let sort = vec![Sort { field: "id".into(), descending: false }];
        ids(index, &Query { sort, ..text(words) }).await
    };
    assert_eq!(found("sea view").await?, "a b d");
    assert_eq!(found("view sea sea").await?, "a b d");
    assert_eq!(found("sea quiet view").await?, "a");
    assert_eq!(found("sea").await?, "a b c d");
    assert_eq!(found("quiet garden").await?, "");
    Ok(())
}

/// Anything but letters and digits parts words.
pub async fn a_word_is_a_run_of_letters_and_digits(index: &dyn SearchIndex) -> Law {
    let long = "x".repeat(300);
    let notes = format!("o'clock 2nd R2D2 foo_bar well-being a.b 42,000 東京 {long}");
    given(index, &[("a", json!({ "notes": notes }))]).await?;
    for query in ["o", "clock", "O'Clock", "2nd", "r2d2", "foo", "bar", "foo-bar", "being", "42", "000", "東京", &long]
    {
        assert_eq!(ids(index, &text(query)).await?, "a", "{query}");
    }
    for query in ["oclock", "2", "r2", "foobar", "wellbeing", "42000", "東", &"x".repeat(299)] {
        assert_eq!(ids(index, &text(query)).await?, "", "{query}");
    }
    Ok(())
}

/// More of a rarer word in a shorter text ranks higher; equals go by id.
pub async fn a_better_match_comes_first(index: &dyn SearchIndex) -> Law {
    let far = "a long text in which harbour stands but once among many other words that have nothing to do with it";
    given(
        index,
        &[
            ("a", json!({ "notes": far })),
            ("b", json!({ "notes": "harbour" })),
            ("c", json!({ "notes": "harbour" })),
            ("d", json!({ "notes": "garden" })),
        ],
    )
    .await?;
    assert_eq!(ids(index, &text("harbour")).await?, "b c a");
    let found = search(index, &text("harbour")).await?;
    assert!(found.hits.iter().all(|hit| hit.score > Some(0.0)), "{found:?}");
    assert_eq!(found.hits[0].score, found.hits[1].score);
    let query = Query { sort: vec![Sort { field: "id".into(), descending: true }], ..text("harbour") };
    assert_eq!(ids(index, &query).await?, "c b a");
    Ok(())
}

/// There is no word that must be found.
pub async fn a_text_without_words_matches_everything(index: &dyn SearchIndex) -> Law {
    given(index, &[("b", json!({ "title": "x" })), ("a", json!({}))]).await?;
    for query in ["", " - !"] {
        assert_eq!(ids(index, &text(query)).await?, "a b", "{query:?}");
    }
    Ok(())
}

/// The whole field is shown, safe to put into a page; fields without a word of the text are left out.
pub async fn highlights_are_whole_fields_escaped(index: &dyn SearchIndex) -> Law {
    let body = json!({
        "title": "Tom & Jerry's <b>running</b> \"cafés\"", "notes": "Nothing here", "status": "running", "guests": 1
    });
    given(index, &[("a", body), ("b", json!({ "notes": "a run" }))]).await?;
    let found = search(index, &Query { highlight: true, ..text("runs") }).await?;
    let shown: Vec<_> = found.hits.iter().map(|hit| hit.highlight.clone().map(Value::Object)).collect();
    let expected = "Tom &amp; Jerry&#x27;s &lt;b&gt;<em>running</em>&lt;/b&gt; &quot;cafés&quot;";
    assert!(shown.contains(&Some(json!({ "title": expected }))), "{shown:?}");
    assert!(shown.contains(&Some(json!({ "notes": "a <em>run</em>" }))), "{shown:?}");
    let found = search(index, &text("runs")).await?;
    assert!(found.hits.iter().all(|hit| hit.highlight.is_none()));
    Ok(())
}
