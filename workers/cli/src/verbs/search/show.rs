//! A search result for people: the documents, then each aggregation with its buckets.

use serde_json::{Map, Value, json};

use crate::client::decode;
use crate::failure::Failure;
use crate::output::{Output, cell, columns};

/// Prints a search result.
pub(crate) fn show(output: Output, body: &[u8]) -> Result<(), Failure> {
    if output.is_json() {
        return output.line(body);
    }
    hits(output, body)?;
    let result: Value = decode(body)?;
    for (name, aggregation) in result["aggregations"].as_object().into_iter().flatten() {
        match aggregation.as_array() {
            Some(buckets) => {
                let rows: Vec<Value> = buckets.iter().flat_map(|bucket| flat(name, bucket)).collect();
                let (names, rows) = columns(rows.iter());
                output.rows(&names, rows)?;
            }
            None => output.line(format!("{name} {}", cell(aggregation)))?,
        }
    }
    if !result["total"].is_null() {
        output.line(format!("{} found in {} ms", cell(&result["total"]), cell(&result["tookMs"])))?;
    }
    if let Some(cursor) = result["next"].as_str() {
        output.line(format!("more with --cursor {cursor}"))?;
    }
    Ok(())
}

/// Prints the documents of a search result.
pub(super) fn hits(output: Output, body: &[u8]) -> Result<(), Failure> {
    let result: Value = decode(body)?;
    let hits = result["hits"].as_array().map_or(&[][..], Vec::as_slice);
    let documents: Vec<Value> = hits.iter().map(document).collect();
    let (names, rows) = columns(documents.iter());
    output.rows(&names, rows)
}

/// A hit as one row: its id, its document's members, what was found highlighted.
fn document(hit: &Value) -> Value {
    let mut row = Map::from_iter([("id".to_owned(), hit["id"].clone())]);
    let members = |part: &str| hit[part].as_object().cloned().unwrap_or_default();
    row.extend(members("doc"));
    row.extend(members("highlight"));
    Value::Object(row)
}

/// A bucket as rows: one for each bucket nested in it, or itself.
fn flat(name: &str, bucket: &Value) -> Vec<Value> {
    let members = bucket.as_object().cloned().unwrap_or_default();
    let nested = members.iter().find_map(|(inner, value)| Some((inner.clone(), value.as_array()?.clone())));
    let own = members.into_iter().filter(|(_, value)| !value.is_array());
    let own: Map<String, Value> =
        own.map(|(key, value)| (if key == "key" { name.into() } else { key }, value)).collect();
    let Some((inner, buckets)) = nested else { return vec![Value::Object(own)] };
    let outer = own.get(name).cloned().unwrap_or_default();
    let rows = buckets.iter().flat_map(|bucket| flat(&inner, bucket));
    rows.map(|row| {
        let mut joined = Map::from_iter([(name.to_owned(), json!(outer))]);
        joined.extend(row.as_object().cloned().unwrap_or_default());
        Value::Object(joined)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_buckets_become_rows_that_name_their_outer_bucket() {
        let bucket = json!({"key": "2026-12-01", "count": 3, "byRoomType": [{"key": "A", "nights": 4}, {"key": "B", "nights": 1}]});
        assert_eq!(
            flat("byMonth", &bucket),
            [
                json!({"byMonth": "2026-12-01", "byRoomType": "A", "nights": 4}),
                json!({"byMonth": "2026-12-01", "byRoomType": "B", "nights": 1})
            ]
        );
        assert_eq!(flat("status", &json!({"key": "waiting", "count": 2})), [json!({"status": "waiting", "count": 2})]);
    }

    #[test]
    fn a_hit_is_a_row_of_its_document() {
        let hit = json!({"id": "b-1", "version": 2, "score": 1.5, "doc": {"notes": "sea"}, "highlight": {"notes": "<em>sea</em>"}});
        assert_eq!(document(&hit), json!({"id": "b-1", "notes": "<em>sea</em>"}));
    }
}
