//! Schemas that come from the catalog: commands, documents, parameters; and that of a typed query.

use kernel::{
    Catalog, Field, FieldKind,
    catalog::{ReportSpec, ViewSpec},
    command::CommandType,
    query::{DEEPEST, MOST_HITS, MOST_SORTS, MOST_TERMS, USUAL_HITS, USUAL_TERMS},
    report::Gives,
};
use serde_json::{Map, Value, json};

/// A whole number between bounds.
pub(super) fn whole(least: usize, most: usize, usual: usize) -> Value {
    json!({ "type": "integer", "minimum": least, "maximum": most, "default": usual })
}

/// A name in a path: one of the catalog's, where it names something of it.
pub(super) fn of_name(catalog: &Catalog, path: &str, name: &str) -> Value {
    let names: Vec<_> = match name {
        "view" => catalog.views().map(|view| view.name()).collect(),
        "name" if path.starts_with("/reports/") => catalog.reports().map(|report| report.name()).collect(),
        "aggregate" => catalog.aggregates().map(|aggregate| aggregate.name()).collect(),
        _ => Vec::new(),
    };
    if names.is_empty() { json!({ "type": "string" }) } else { json!({ "type": "string", "enum": names }) }
}

/// Each command, all of them as `Command`, and each view's documents.
pub(super) fn of_catalog(catalog: &Catalog) -> Map<String, Value> {
    let mut schemas = Map::new();
    let mut all = Vec::new();
    for aggregate in catalog.aggregates() {
        for command in aggregate.commands() {
            let name = format!("{}.{}", aggregate.name(), command.name);
            all.push(json!({ "$ref": format!("#/components/schemas/{name}") }));
            schemas.insert(name, of_command(aggregate.name(), command));
        }
    }
    let of_any = json!({ "description": "A command; its `stream` and `type` say which.", "oneOf": all });
    schemas.insert("Command".into(), of_any);
    for view in catalog.views() {
        schemas.insert(format!("view.{}", view.name()), of_documents(view));
    }
    schemas
}

fn of_command(aggregate: &str, command: &CommandType) -> Value {
    let mut data = command.schema.clone().to_value();
    if let Some(data) = data.as_object_mut() {
        data.remove("$schema");
    }
    let id = json!({ "type": "string", "pattern": "^[A-Za-z0-9._:-]{1,64}$" });
    json!({
        "title": command.name,
        "type": "object",
        "additionalProperties": false,
        "required": ["id", "stream", "type", "data"],
        "properties": {
            "id": { "allOf": [id], "description": "Chosen by the client, UUIDv7 best: the idempotency key." },
            "stream": { "type": "string", "pattern": format!("^{aggregate}/[A-Za-z0-9._:-]{{1,64}}$") },
            "type": { "const": command.name },
            "issuedAt": {
                "type": "string",
                "format": "date-time",
                "description": "When the client first issued it; may be left out where the id is a UUIDv7.",
            },
            "data": data,
            "expectedVersion": {
                "type": "integer",
                "minimum": 0,
                "description": "Reject unless the stream is exactly here.",
            },
            "correlationId": id,
            "causationId": id,
            "traceparent": { "type": "string" },
        },
    })
}

fn of_documents(view: &ViewSpec) -> Value {
    let property = |field: &Field| {
        let one = match field.kind {
            FieldKind::Text | FieldKind::Keyword => json!({ "type": "string" }),
            FieldKind::Integer => json!({ "type": "integer" }),
            FieldKind::Number => json!({ "type": "number" }),
            FieldKind::Date => json!({ "type": "string", "format": "date" }),
            FieldKind::DateTime => json!({ "type": "string", "format": "date-time" }),
            FieldKind::Boolean => json!({ "type": "boolean" }),
        };
        (field.name.to_owned(), json!({ "anyOf": [one, { "type": "array", "items": one }] }))
    };
    let properties: Map<_, _> = view.fields().iter().map(property).collect();
    json!({ "description": format!("A document of the view `{}`.", view.name()), "type": "object", "properties": properties })
}

/// What a report is made of.
pub(super) fn about(report: &ReportSpec) -> String {
    let parts = report.parts().iter().map(|(view, gives)| match gives {
        Gives::Values { of, into } => {
            format!(", where `{into}` is a `{of}` that is found in the view `{view}` (of at most {MOST_TERMS})")
        }
        Gives::Aggregations => format!(", and beside it the view `{view}`"),
    });
    let parts: String = parts.collect();
    format!("Asks the view `{}`{parts}. `after` waits for each of its views that reads the stream.", report.view())
}

/// A report's parameters.
pub(super) fn of_parameters(report: &ReportSpec) -> Vec<Value> {
    let schema = report.params().as_value();
    let required = |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties
        .map(|(name, schema)| json!({ "in": "query", "name": name, "required": required(name), "schema": schema }))
        .collect()
}

/// A typed query.
pub(super) fn of_queries() -> Map<String, Value> {
    let condition = json!({ "$ref": "#/components/schemas/Condition" });
    let aggregations = json!({
        "type": "object",
        "additionalProperties": { "$ref": "#/components/schemas/Aggregation" },
    });
    let any = json!({ "type": ["string", "number", "boolean"] });
    let field = json!({ "type": "string", "description": "a field of the view" });
    let query = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "text": { "type": ["string", "null"], "description": "all its words must be found" },
            "where": { "anyOf": [condition, { "type": "null" }] },
            "sort": {
                "type": ["array", "null"],
                "maxItems": MOST_SORTS,
                "items": {
                    "type": "object",
                    "required": ["field"],
                    "properties": { "field": field, "order": { "enum": ["asc", "desc"], "default": "asc" } },
                },
            },
            "limit": { "type": ["integer", "null"], "minimum": 0, "maximum": MOST_HITS, "default": USUAL_HITS },
            "cursor": { "type": ["string", "null"], "description": "`next` of the page before" },
            "highlight": { "type": ["boolean", "null"], "default": false },
            "aggregate": { "anyOf": [aggregations, { "type": "null" }] },
        },
    });
    let leaf = json!({
        "type": "object",
        "required": ["field"],
        "minProperties": 2,
        "additionalProperties": false,
        "properties": {
            "field": field, "eq": any, "ne": any, "in": { "type": "array", "items": any },
            "gte": any, "gt": any, "lte": any, "lt": any,
            "prefix": { "type": "string" }, "exists": { "type": "boolean" },
        },
    });
    let many = json!({ "type": "array", "items": condition });
    let of_condition = json!({
        "description": format!("A condition; they nest at most {DEEPEST} deep."),
        "oneOf": [
            { "type": "object", "required": ["and"], "properties": { "and": many } },
            { "type": "object", "required": ["or"], "properties": { "or": many } },
            { "type": "object", "required": ["not"], "properties": { "not": condition } },
            leaf,
        ],
    });
    let of_aggregation = json!({
        "description": "Exactly one of the aggregations, and what to tell of each bucket. Buckets nest once.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "terms": {
                "type": "object",
                "required": ["field"],
                "properties": { "field": field, "size": whole(1, MOST_TERMS, USUAL_TERMS) },
            },
            "dateHistogram": {
                "type": "object",
                "required": ["field", "interval"],
                "properties": { "field": field, "interval": { "enum": ["hour", "day", "month", "year"] } },
            },
            "sum": field, "min": field, "max": field, "avg": field, "count": field,
            "aggregate": aggregations,
        },
    });
    let schemas = [("SearchQuery", query), ("Condition", of_condition), ("Aggregation", of_aggregation)];
    schemas.map(|(name, schema)| (name.to_owned(), schema)).into_iter().collect()
}
