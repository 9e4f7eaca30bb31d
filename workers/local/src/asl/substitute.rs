//! `${Name}` in a definition, filled in by whoever loads it: a function's name here, its ARN on AWS.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::fields::{Faults, Problem, child};

/// Fills in every `${Name}` in the definition's strings. A name without a value and a value without a use are faults.
pub(super) fn substitute(definition: &mut Value, values: &BTreeMap<String, String>, faults: &Faults) {
    let mut used = BTreeSet::new();
    walk(definition, "", values, &mut used, faults);
    for name in values.keys().filter(|name| !used.contains(*name)) {
        faults.add("", Problem::UnusedSubstitution { name: name.clone() });
    }
}

fn walk(
    value: &mut Value,
    pointer: &str,
    values: &BTreeMap<String, String>,
    used: &mut BTreeSet<String>,
    faults: &Faults,
) {
    match value {
        Value::String(text) => *text = fill(text, pointer, values, used, faults),
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                walk(item, &format!("{pointer}/{index}"), values, used, faults);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                walk(field, &child(pointer, name), values, used, faults);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn fill(
    text: &str,
    pointer: &str,
    values: &BTreeMap<String, String>,
    used: &mut BTreeSet<String>,
    faults: &Faults,
) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        filled.push_str(before);
        // a `${` around anything but a name is JSONata's own (grouping by the context)
        let Some((name, next)) = after.split_once('}').filter(|(name, _)| is_name(name)) else {
            filled.push_str("${");
            rest = after;
            continue;
        };
        if let Some(value) = values.get(name) {
            filled.push_str(value);
        } else {
            faults.add(pointer, Problem::MissingSubstitution { name: name.to_owned() });
            // left as it is, so that what reads it finds no second fault
            filled.extend(["${", name, "}"]);
        }
        used.insert(name.to_owned());
        rest = next;
    }
    filled.push_str(rest);
    filled
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
