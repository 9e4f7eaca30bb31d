//! A `JSONata` expression, checked at load. One that is only a path into `$states` is looked up and shared; any other goes to the engine.

use std::collections::{BTreeMap, BTreeSet};

use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Context, Evaluator, EvaluatorOptions};
use jsonata_core::parser;
use jsonata_core::value::JValue;
use serde_json::Value;

use super::data::{Data, Found};
use super::execute::TaskError;
use super::fields::{Faults, Problem};
use super::scope::{CONTEXT, Part, Scope, needed};

/// An expression that may hang is stopped after this long.
const LIMIT_MS: u64 = 5_000;

/// `JSONata`'s own functions that Step Functions and the engine both know; `$eval` is in neither.
#[rustfmt::skip]
const FUNCTIONS: [&str; 63] = [
    "abs", "append", "assert", "average", "base64decode", "base64encode", "boolean", "ceil", "contains", "count", "decodeUrl",
    "decodeUrlComponent", "distinct", "each", "encodeUrl", "encodeUrlComponent", "error", "exists", "filter", "floor", "formatBase",
    "formatInteger", "formatNumber", "fromMillis", "join", "keys", "length", "lookup", "lowercase", "map", "match", "max", "merge",
    "millis", "min", "not", "now", "number", "pad", "parseInteger", "power", "random", "reduce", "replace", "reverse", "round",
    "shuffle", "sift", "single", "sort", "split", "spread", "sqrt", "string", "substring", "substringAfter", "substringBefore", "sum",
    "toMillis", "trim", "type", "uppercase", "zip",
];

/// A compiled expression.
pub(super) struct Expression {
    source: String,
    tree: AstNode,
    /// What it reads of `$states`.
    parts: Vec<Part>,
    /// The look-up that gives the same value, if it is only a path.
    path: Option<(Part, Vec<String>)>,
}

/// The expression within `{% … %}`, if the text is one; a fault if only one of the two marks is there.
pub(super) fn marked<'a>(text: &'a str, pointer: &str, faults: &Faults) -> Option<&'a str> {
    match (text.strip_prefix("{%"), text.strip_suffix("%}")) {
        (Some(_), Some(_)) if text.len() >= 4 => Some(text[2..text.len() - 2].trim()),
        (None, None) => None,
        _ => {
            faults.add(pointer, Problem::Expression { message: "`{%` and `%}` must enclose the whole text".into() });
            None
        }
    }
}

impl Expression {
    /// Parses and checks an expression in which the given parts of `$states` exist.
    pub(super) fn compile(source: &str, parts: &[Part], pointer: &str, faults: &Faults) -> Option<Self> {
        let tree = match parser::parse(source) {
            Ok(tree) => tree,
            Err(error) => {
                faults.add(pointer, Problem::Expression { message: error.to_string() });
                return None;
            }
        };
        let mut names = Names::default();
        match serde_json::to_value(&tree) {
            Ok(tree) => names.collect(&tree),
            Err(error) => {
                faults.add(pointer, Problem::Expression { message: error.to_string() });
                return None;
            }
        }
        let unknown = names.unknown(&tree, parts);
        for name in &unknown {
            faults.add(pointer, Problem::UnknownName { name: name.clone() });
        }
        let read = if names.whole { parts.to_vec() } else { names.parts() };
        let path = only_path(&tree);
        unknown.is_empty().then(|| Self { source: source.to_owned(), tree, parts: read, path })
    }

    /// The expression's value. Nothing (undefined) is an error, as in Step Functions.
    pub(super) fn evaluate(&self, scope: &Scope<'_>) -> Result<Data, TaskError> {
        if let Some((part, path)) = &self.path {
            match scope.part(*part).map_or(Found::Nothing, |data| data.look_up(path)) {
                Found::Data(data) => return Ok(data),
                Found::Nothing => return Err(self.error("it gives nothing")),
                Found::Array => {}
            }
        }
        let mut context = Context::new();
        context.bind("states".to_owned(), scope.value(&self.parts)?);
        let options = EvaluatorOptions { timeout_ms: Some(LIMIT_MS), ..EvaluatorOptions::default() };
        let value = Evaluator::with_options(context, options)
            .evaluate(&self.tree, &JValue::Undefined)
            .map_err(|error| self.error(error.message()))?;
        if value.is_undefined() {
            return Err(self.error("it gives nothing"));
        }
        if value.is_function() || value.is_regex() {
            return Err(self.error("it gives a function"));
        }
        serde_json::to_value(&value).map(Data::from).map_err(|error| self.error(&error.to_string()))
    }

    /// The failure of this expression for a reason.
    pub(super) fn error(&self, reason: &str) -> TaskError {
        TaskError::query(&format!("`{}`: {reason}", self.source))
    }
}

/// `$states.part.a.b` without anything else.
fn only_path(tree: &AstNode) -> Option<(Part, Vec<String>)> {
    let AstNode::Path { steps } = tree else { return None };
    let (first, rest) = steps.split_first()?;
    let mut names = Vec::with_capacity(rest.len());
    for step in steps {
        let bare = step.stages.is_empty() && step.focus.is_none() && step.index_var.is_none() && !step.is_tuple;
        match &step.node {
            AstNode::Name(name) if bare => names.push(name.clone()),
            AstNode::Variable(name) if bare && std::ptr::eq(step, first) && name == "states" => {}
            _ => return None,
        }
    }
    let part = Part::named(names.first()?)?;
    (names.len() == rest.len()).then(|| (part, names.split_off(1)))
}

/// The names in an expression. They are read from the tree's serialised form, in which every kind of node is an object of one field.
#[derive(Default)]
struct Names {
    variables: BTreeSet<String>,
    functions: BTreeMap<String, bool>,
    bound: BTreeSet<String>,
    /// Operators that came after the `JSONata` (2.0.6) of Step Functions.
    newer: BTreeSet<&'static str>,
    /// The paths that begin with `$states`, as far as they are names.
    paths: Vec<Vec<String>>,
    /// Whether `$states` is used without naming a part of it.
    whole: bool,
}

impl Names {
    fn collect(&mut self, node: &Value) {
        match node {
            Value::Object(fields) => {
                for (kind, value) in fields {
                    self.visit(kind, value);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.collect(item)),
            _ => {}
        }
    }

    fn visit(&mut self, kind: &str, value: &Value) {
        match (kind, value) {
            ("Variable", Value::String(name)) if name == "states" => self.whole = true,
            ("Variable", Value::String(name)) => drop(self.variables.insert(name.clone())),
            // `$$` is the document that the engine was given: there is none
            ("ParentVariable", _) => drop(self.variables.insert("$".to_owned())),
            ("focus" | "index_var", Value::String(name)) => drop(self.bound.insert(name.clone())),
            ("Function", Value::Object(function)) => {
                let name = function.get("name").and_then(Value::as_str).unwrap_or_default();
                self.functions.insert(name.to_owned(), function.get("is_builtin") == Some(&Value::Bool(true)));
                self.collect(value);
            }
            ("Lambda", Value::Object(lambda)) => {
                let names = lambda.get("params").and_then(Value::as_array).into_iter().flatten();
                self.bound.extend(names.filter_map(Value::as_str).map(str::to_owned));
                self.collect(value);
            }
            ("Binary", Value::Object(binary)) if binary.get("op") == Some(&Value::from("ColonEqual")) => {
                self.bound.extend(value.pointer("/lhs/Variable").and_then(Value::as_str).map(str::to_owned));
                binary.get("rhs").into_iter().for_each(|rhs| self.collect(rhs));
            }
            ("op", Value::String(operator)) if operator == "Coalesce" => drop(self.newer.insert("??")),
            ("op", Value::String(operator)) if operator == "Default" => drop(self.newer.insert("?:")),
            ("Path", Value::Object(path)) => self.visit_path(path.get("steps").and_then(Value::as_array)),
            _ => self.collect(value),
        }
    }

    fn visit_path(&mut self, steps: Option<&Vec<Value>>) {
        let steps = steps.map_or(&[][..], Vec::as_slice);
        let from_states = steps.first().and_then(|step| step.pointer("/node/Variable")) == Some(&Value::from("states"));
        let mut names = Vec::new();
        for step in steps.iter().skip(1) {
            let Some(name) = step.pointer("/node/Name").and_then(Value::as_str) else { break };
            names.push(name.to_owned());
            // a predicate may look at anything in its step
            if step.get("stages").and_then(Value::as_array).is_some_and(|stages| !stages.is_empty()) {
                break;
            }
        }
        // a variable bound on the way, or `%`, may lead back up
        if steps
            .iter()
            .any(|step| step.get("is_tuple") == Some(&Value::Bool(true)) || step["ancestor_label"].is_string())
        {
            names.truncate(1);
        }
        if from_states && !names.is_empty() {
            self.paths.push(names);
            steps.iter().skip(1).for_each(|step| self.collect(step));
        } else {
            for step in steps {
                self.collect(step);
            }
        }
    }

    fn parts(&self) -> Vec<Part> {
        let mut parts: BTreeSet<_> = self.paths.iter().filter_map(|path| needed(path)).collect();
        if parts.contains(&Part::Context) {
            parts.remove(&Part::Whereabouts);
        }
        parts.into_iter().collect()
    }

    /// The names that stand for nothing: variables, functions, parts of `$states` that aren't there.
    fn unknown(&self, tree: &AstNode, parts: &[Part]) -> Vec<String> {
        let known = |name: &str| self.bound.contains(name) || FUNCTIONS.contains(&name);
        let mut unknown = BTreeSet::new();
        // a nested `$` or field belongs to what surrounds it; at the top there is nothing that it could belong to
        match tree {
            AstNode::Variable(name) if name.is_empty() => drop(unknown.insert("$".to_owned())),
            AstNode::Path { steps } => {
                if let Some(AstNode::Name(name)) = steps.first().map(|step| &step.node) {
                    unknown.insert(name.clone());
                }
            }
            _ => {}
        }
        if self.bound.contains("states") {
            unknown.insert("$states :=".to_owned());
        }
        unknown.extend(self.newer.iter().map(|operator| (*operator).to_owned()));
        let variables = self.variables.iter().filter(|name| !name.is_empty() && !known(name));
        unknown.extend(variables.map(|name| format!("${name}")));
        for (name, marked) in &self.functions {
            if !marked {
                unknown.insert(format!("{name}()"));
            } else if !known(name) {
                unknown.insert(format!("${name}"));
            }
        }
        unknown.extend(
            self.paths.iter().filter(|path| !exists(path, parts)).map(|path| format!("$states.{}", path.join("."))),
        );
        unknown.into_iter().collect()
    }
}

/// Whether such a path can exist, as far as its beginning tells.
fn exists(path: &[String], parts: &[Part]) -> bool {
    let Some(part) = path.first().and_then(|name| Part::named(name)).filter(|part| parts.contains(part)) else {
        return false;
    };
    let known: &[(&str, &[&str])] = match part {
        Part::Input | Part::Result => return true,
        Part::ErrorOutput => &[("Error", &[]), ("Cause", &[])],
        Part::Context | Part::Whereabouts => &CONTEXT,
    };
    let Some(group) = path.get(1) else { return true };
    let Some((_, names)) = known.iter().find(|(name, _)| name == group) else { return false };
    path.get(2).is_none_or(|name| names.contains(&name.as_str()))
}
