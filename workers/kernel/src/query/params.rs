//! A query as the parameters of a query string, checked against a view.

use std::collections::BTreeMap;

use super::{
    Aggregation, Condition, Filter, MOST_AGGREGATIONS, MOST_HITS, MOST_SORTS, Query, Sort, USUAL_HITS, USUAL_TERMS,
    check::Check,
    filter::{self, Operand},
    parse::{limit_of, sort_key},
};
use crate::{catalog::ViewSpec, refusal::Refusal, schema::child, view::Field};

/// The operators that a parameter's name may end with.
const OPERATORS: [&str; 8] = ["ne", "in", "gte", "gt", "lte", "lt", "prefix", "exists"];

/// Reads a query from decoded parameters: `q`, `sort`, `limit`, `cursor`, `facets`, `highlight`, and fields with
/// their operators. An unknown or repeated parameter is a violation at `/<its name>`.
pub fn from_params(view: &ViewSpec, params: &[(String, String)]) -> Result<Query, Refusal> {
    let mut check = Check::of(view);
    let mut query = Query { limit: USUAL_HITS, ..Query::default() };
    let mut conditions: Vec<(&Field, Vec<Condition>)> = Vec::new();
    for (index, (name, value)) in params.iter().enumerate() {
        let at = child("", name);
        if params[..index].iter().any(|(earlier, _)| earlier == name) {
            check.violations.add(at, "duplicate", "may be given once");
        } else if !common(&mut check, &mut query, name, value, &at)
            && let Some((field, condition)) = field(&mut check, name, value, &at)
        {
            match conditions.iter_mut().find(|(known, _)| known.name == field.name) {
                Some((_, known)) => known.push(condition),
                None => conditions.push((field, vec![condition])),
            }
        }
    }
    query.filter = Filter::And(conditions.into_iter().map(|(field, all)| filter::all(field, all)).collect());
    check.finish(query)
}

/// Reads a parameter that every view has; false if it is none of them.
fn common(check: &mut Check<'_>, query: &mut Query, name: &str, value: &str, at: &str) -> bool {
    match name {
        "q" => query.text = check.text(value, at),
        "cursor" => query.cursor = Some(value.to_owned()),
        "limit" => match limit_of(value) {
            Some(limit) => query.limit = limit,
            None => check.violations.add(at, "out-of-range", format!("must be a number from 0 to {MOST_HITS}")),
        },
        "highlight" => match value.parse() {
            Ok(highlight) => query.highlight = highlight,
            Err(_) => check.violations.add(at, "wrong-type", "must be true or false"),
        },
        "sort" => query.sort = sorts(check, value, at),
        "facets" => facets(check, query, value, at),
        _ => return false,
    }
    true
}

fn sorts(check: &mut Check<'_>, value: &str, at: &str) -> Vec<Sort> {
    if value.split(',').count() > MOST_SORTS {
        check.violations.add(at, "too-long", format!("may have at most {MOST_SORTS} sort keys"));
        return Vec::new();
    }
    let keys = value.split(',').map(|key| match key.strip_prefix('-') {
        Some(field) => sort_key(check, field, true, at),
        None => sort_key(check, key, false, at),
    });
    keys.collect::<Vec<_>>().into_iter().flatten().collect()
}

fn facets(check: &mut Check<'_>, query: &mut Query, value: &str, at: &str) {
    if value.split(',').count() > MOST_AGGREGATIONS {
        check.violations.add(at, "too-long", format!("may have at most {MOST_AGGREGATIONS} facets"));
        return;
    }
    for name in value.split(',') {
        if let Some(field) = check.exact(name, at) {
            let terms =
                Aggregation::Terms { field: field.name.to_owned(), size: USUAL_TERMS, aggregate: BTreeMap::new() };
            query.aggregate.insert(field.name.to_owned(), terms);
        }
    }
}

/// Reads `<field>` or `<field>.<operator>`.
fn field<'a>(check: &mut Check<'a>, name: &str, value: &str, at: &str) -> Option<(&'a Field, Condition)> {
    let (field, operator) = match name.rsplit_once('.') {
        Some((field, operator)) if OPERATORS.contains(&operator) => (field, operator),
        _ => (name, "eq"),
    };
    let field = check.exact(field, at)?;
    Some((field, filter::condition(check, field, operator, Operand::Text(value), at)?))
}
