//! Conditions of a typed JSON query.

use serde_json::{Map, Value};

use super::{Bound, Condition, DEEPEST, Filter, MOST_CONDITIONS, Range, Scalar, check::Check};
use crate::{
    schema::child,
    view::{Field, FieldKind},
};

/// The operators of a leaf.
const OPERATORS: [&str; 9] = ["eq", "ne", "in", "gte", "gt", "lte", "lt", "prefix", "exists"];

/// Reads a condition: one of `and`, `or`, `not`, or a field with operators.
pub(super) fn read(check: &mut Check<'_>, value: &Value, at: &str, depth: usize) -> Option<Filter> {
    if depth > DEEPEST {
        return check.fault(at, "out-of-range", format!("conditions may nest {DEEPEST} deep"));
    }
    check.conditions += 1;
    if check.conditions == MOST_CONDITIONS + 1 {
        check.violations.add("/where", "too-long", format!("may have at most {MOST_CONDITIONS} conditions"));
    }
    if check.conditions > MOST_CONDITIONS {
        return None;
    }
    let members = check.object(value, at)?;
    for (name, combine) in [("and", Filter::And as fn(Vec<Filter>) -> Filter), ("or", Filter::Or)] {
        if let Some(items) = members.get(name) {
            check.only(members, &[name], at);
            let at = child(at, name);
            let items = check.array(items, &at)?;
            let items = items.iter().enumerate();
            let read: Vec<_> =
                items.map(|(index, item)| read(check, item, &format!("{at}/{index}"), depth + 1)).collect();
            return read.into_iter().collect::<Option<_>>().map(combine);
        }
    }
    if let Some(item) = members.get("not") {
        check.only(members, &["not"], at);
        return read(check, item, &child(at, "not"), depth + 1).map(|filter| Filter::Not(Box::new(filter)));
    }
    leaf(check, members, at)
}

/// A field and what its value must be; several operators must all hold.
fn leaf(check: &mut Check<'_>, members: &Map<String, Value>, at: &str) -> Option<Filter> {
    let mut known = vec!["field"];
    known.extend(OPERATORS);
    check.only(members, &known, at);
    let Some(name) = members.get("field") else {
        return check.fault(&child(at, "field"), "required", "must be given, or one of `and`, `or`, `not`");
    };
    let place = child(at, "field");
    let name = check.string(name, &place)?;
    let field = check.exact(name, &place)?;
    let asked: Vec<_> = OPERATORS.iter().filter_map(|operator| members.get_key_value(*operator)).collect();
    if asked.is_empty() {
        return check.fault(at, "required", format!("must have one of {}", OPERATORS.join(", ")));
    }
    let conditions: Vec<_> = asked
        .into_iter()
        .map(|(operator, value)| {
            let place = child(at, operator);
            condition(check, field, operator, Operand::Json(value), &place)
        })
        .collect();
    Some(all(field, conditions.into_iter().collect::<Option<_>>()?))
}

/// What stands behind an operator.
#[derive(Clone, Copy)]
pub(super) enum Operand<'a> {
    /// In a JSON query.
    Json(&'a Value),
    /// In a query string.
    Text(&'a str),
}

/// Reads what one operator asks of a field.
pub(super) fn condition(
    check: &mut Check<'_>,
    field: &Field,
    operator: &str,
    operand: Operand<'_>,
    at: &str,
) -> Option<Condition> {
    match operator {
        "eq" => scalar(check, field, operand, at).map(Condition::Equal),
        "ne" => scalar(check, field, operand, at).map(Condition::NotEqual),
        "in" => values(check, field, operand, at).map(Condition::In),
        "exists" => match operand {
            Operand::Json(value) => check.boolean(value, at),
            Operand::Text(text) => text.parse().ok().or_else(|| check.fault(at, "wrong-type", "must be true or false")),
        }
        .map(Condition::Exists),
        "prefix" => {
            if !matches!(field.kind, FieldKind::Text | FieldKind::Keyword) {
                return check.fault(at, "wrong-type", format!("`{}` has no prefixes", field.name));
            }
            match operand {
                Operand::Json(value) => check.string(value, at).map(str::to_owned),
                Operand::Text(text) => Some(text.to_owned()),
            }
            .map(Condition::Prefix)
        }
        bound => {
            if field.kind == FieldKind::Boolean {
                return check.fault(at, "wrong-type", format!("`{}` has no order", field.name));
            }
            let value = scalar(check, field, operand, at)?;
            let limit = Some(Bound { value, inclusive: bound.ends_with('e') });
            Some(Condition::Range(if bound.starts_with('g') {
                Range { from: limit, to: None }
            } else {
                Range { from: None, to: limit }
            }))
        }
    }
}

fn scalar(check: &mut Check<'_>, field: &Field, operand: Operand<'_>, at: &str) -> Option<Scalar> {
    match operand {
        Operand::Json(value) => check.scalar(field, value, at),
        Operand::Text(text) => check.word(field, text, at),
    }
}

fn values(check: &mut Check<'_>, field: &Field, operand: Operand<'_>, at: &str) -> Option<Vec<Scalar>> {
    let values: Vec<_> = match operand {
        Operand::Json(value) => {
            let items = check.array(value, at)?;
            few(check, items.len(), at)?;
            items.iter().enumerate().map(|(index, item)| check.scalar(field, item, &format!("{at}/{index}"))).collect()
        }
        Operand::Text("") => Vec::new(),
        Operand::Text(text) => {
            few(check, text.split(',').count(), at)?;
            text.split(',').map(|item| check.word(field, item, at)).collect()
        }
    };
    values.into_iter().collect()
}

fn few(check: &mut Check<'_>, count: usize, at: &str) -> Option<()> {
    if count <= MOST_CONDITIONS {
        return Some(());
    }
    check.fault(at, "too-long", format!("must have at most {MOST_CONDITIONS} items"))
}

/// All conditions on one field; a lower and an upper bound become one range.
pub(super) fn all(field: &Field, conditions: Vec<Condition>) -> Filter {
    let mut merged: Vec<Condition> = Vec::with_capacity(conditions.len());
    for condition in conditions {
        if let Condition::Range(Range { from: None, to: Some(to) }) = &condition
            && let Some(Condition::Range(open)) =
                merged.iter_mut().find(|c| matches!(c, Condition::Range(Range { from: Some(_), to: None })))
        {
            open.to = Some(to.clone());
            continue;
        }
        merged.push(condition);
    }
    let leaf = |is| Filter::Field { field: field.name.to_owned(), is };
    match <[Condition; 1]>::try_from(merged) {
        Ok([one]) => leaf(one),
        Err(many) => Filter::And(many.into_iter().map(leaf).collect()),
    }
}
