//! A typed JSON query, checked against a view: every violation at once, with pointers.

use serde_json::Value;

use super::{MOST_HITS, MOST_SORTS, Query, Sort, USUAL_HITS, aggregate, check::Check, filter};
use crate::{catalog::ViewSpec, refusal::Refusal, schema::child};

const MEMBERS: [&str; 7] = ["text", "where", "sort", "limit", "cursor", "highlight", "aggregate"];

/// Reads a query. `body` was parsed with its nulls: a member of the query itself that is null counts as absent, a
/// null in a condition is a violation.
pub fn parse(view: &ViewSpec, body: &Value) -> Result<Query, Refusal> {
    let mut check = Check::of(view);
    let mut query = Query { limit: USUAL_HITS, ..Query::default() };
    if let Some(members) = check.object(body, "") {
        check.only(members, &MEMBERS, "");
        for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
            member(&mut check, &mut query, name, value);
        }
    }
    check.finish(query)
}

fn member(check: &mut Check<'_>, query: &mut Query, name: &str, value: &Value) {
    let at = child("", name);
    match name {
        "text" => query.text = check.string(value, &at).and_then(|text| check.text(text, &at)),
        "where" => query.filter = filter::read(check, value, &at, 1).unwrap_or_default(),
        "sort" => query.sort = sorts(check, value, &at).unwrap_or_default(),
        "limit" => query.limit = check.count(value, &at, 0, MOST_HITS).unwrap_or_default(),
        "cursor" => query.cursor = check.string(value, &at).map(str::to_owned),
        "highlight" => query.highlight = check.boolean(value, &at).unwrap_or_default(),
        "aggregate" => query.aggregate = aggregate::read(check, value, &at, 0),
        // an unknown member was noted before
        _ => {}
    }
}

fn sorts(check: &mut Check<'_>, value: &Value, at: &str) -> Option<Vec<Sort>> {
    let items = check.array(value, at)?;
    if items.len() > MOST_SORTS {
        return check.fault(at, "too-long", format!("may have at most {MOST_SORTS} sort keys"));
    }
    let items = items.iter().enumerate();
    let sorts: Vec<_> = items.map(|(index, item)| sort(check, item, &format!("{at}/{index}"))).collect();
    sorts.into_iter().collect()
}

fn sort(check: &mut Check<'_>, value: &Value, at: &str) -> Option<Sort> {
    let members = check.object(value, at)?;
    check.only(members, &["field", "order"], at);
    let descending = match members.get("order").filter(|order| !order.is_null()) {
        None => false,
        Some(order) => match check.string(order, &child(at, "order"))? {
            "asc" => false,
            "desc" => true,
            _ => return check.fault(&child(at, "order"), "bad-format", "must be asc or desc"),
        },
    };
    let place = child(at, "field");
    let Some(field) = members.get("field") else { return check.fault(&place, "required", "must be given") };
    let field = check.string(field, &place)?;
    sort_key(check, field, descending, &place)
}

/// A sort key; every document has an `id`, which is no declared field.
pub(super) fn sort_key(check: &mut Check<'_>, field: &str, descending: bool, at: &str) -> Option<Sort> {
    if field != "id" {
        check.exact(field, at)?;
    }
    Some(Sort { field: field.to_owned(), descending })
}

/// How many hits are asked for, as a query string says it; `None` if that is not a number within bounds.
pub fn limit_of(text: &str) -> Option<usize> {
    text.parse().ok().filter(|limit| *limit <= MOST_HITS)
}
