//! `Arguments` and `Output`: JSON in which every text within `{% … %}` is an expression.

use std::sync::Arc;

use serde_json::Value;

use super::data::{Data, Record};
use super::execute::TaskError;
use super::expression::{Expression, marked};
use super::fields::{Faults, child};
use super::scope::{Part, Scope};

/// A compiled template.
pub(super) enum Template {
    /// Nothing in it is an expression: made once, shared by every evaluation.
    Literal(Arc<Value>),
    Expression(Expression),
    Object(Vec<(String, Template)>),
    Array(Vec<Template>),
}

impl Template {
    /// Compiles a template whose expressions see the given parts of `$states`; reports every fault in it.
    pub(super) fn compile(value: &Value, parts: &[Part], pointer: &str, faults: &Faults) -> Option<Self> {
        let compiled = match value {
            Value::String(text) => match marked(text, pointer, faults) {
                Some(source) => return Expression::compile(source, parts, pointer, faults).map(Self::Expression),
                None => Self::Literal(Arc::new(value.clone())),
            },
            Value::Array(items) => {
                let items: Vec<_> = items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| Self::compile(item, parts, &format!("{pointer}/{index}"), faults))
                    .collect();
                Self::Array(items.into_iter().collect::<Option<_>>()?)
            }
            Value::Object(fields) => {
                let fields: Vec<_> = fields
                    .iter()
                    .map(|(name, field)| {
                        Some((name.clone(), Self::compile(field, parts, &child(pointer, name), faults)?))
                    })
                    .collect();
                Self::Object(fields.into_iter().collect::<Option<_>>()?)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => Self::Literal(Arc::new(value.clone())),
        };
        Some(if compiled.is_literal() { Self::Literal(Arc::new(value.clone())) } else { compiled })
    }

    fn is_literal(&self) -> bool {
        match self {
            Self::Literal(_) => true,
            Self::Expression(_) => false,
            Self::Object(fields) => fields.iter().all(|(_, field)| field.is_literal()),
            Self::Array(items) => items.iter().all(Self::is_literal),
        }
    }

    /// The template's value. An object shares what its expressions find; an array is JSON, and copies it.
    pub(super) fn evaluate(&self, scope: &Scope<'_>) -> Result<Data, TaskError> {
        match self {
            Self::Literal(value) => Ok(Data::Json(Arc::clone(value))),
            Self::Expression(expression) => expression.evaluate(scope),
            Self::Object(fields) => {
                let fields = fields.iter().map(|(name, field)| Ok((name.clone(), field.evaluate(scope)?)));
                fields.collect::<Result<_, _>>().map(|fields| Data::document(Record(fields)))
            }
            Self::Array(items) => {
                let items = items.iter().map(|item| Ok(Arc::unwrap_or_clone(item.evaluate(scope)?.to_json())));
                items.collect::<Result<Vec<_>, _>>().map(|items| Data::from(Value::Array(items)))
            }
        }
    }
}
