//! What each operation takes and answers.

use pipeline::{
    ports::{status::Status, verify::VerifyPage},
    steps::history::{Events, MOST_EVENTS, StateAt},
};
use serde_json::{Value, json};

use super::{Describe, schemas};
use crate::{
    commands, operations as checks,
    views::{Document, ReportList, SearchResult, ViewList},
};

const JSON: &str = "application/json";

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

/// Describes all operations.
pub(super) fn describe(describe: &mut Describe<'_>) {
    of_commands(describe);
    of_views(describe);
    of_reports(describe);
    of_streams(describe);
    let verify = describe.schemas.subschema_for::<checks::VerifyRequest>().to_value();
    describe
        .operation("verify")
        .describe("Checks one bounded page: hash chain, gaps, claims, and views against the fold. For operators.")
        .body(&[(JSON, verify)])
        .answer::<VerifyPage>(200, "what was found, and where the next page begins")
        .problems(&[400, 401, 403, 415, 503]);
    describe
        .operation("health")
        .public()
        .answer::<checks::HealthReport>(200, "all parts work")
        .answer::<checks::HealthReport>(503, "a part does not work");
}

fn of_commands(describe: &mut Describe<'_>) {
    let command = reference("Command");
    let either = json!({ "oneOf": [command, { "type": "array", "items": command, "maxItems": 1000 }] });
    describe
        .operation("postCommands")
        .describe(
            "One command, or a batch: an array or lines of at most 1,000 commands and 4 MiB. Of a batch each command \
             is judged by itself.",
        )
        .parameter("header", "Prefer", "`wait=N`: wait up to N seconds for the outcome", json!({ "type": "string" }))
        .body(&[(JSON, either), ("application/x-ndjson", json!({ "type": "string" }))])
        .answer::<Status>(200, "the outcome, if it came while the request waited")
        .answer::<commands::Accepted>(202, "it is durably accepted; `Location` tells where to look")
        .problems(&[400, 401, 403, 409, 413, 415, 429, 503]);
    describe
        .operation("checkCommand")
        .describe("What the door would say of a command, without sending it.")
        .body(&[(JSON, command)])
        .answer::<commands::Checked>(200, "it would be queued")
        .problems(&[400, 401, 403, 409, 413, 415]);
    let ids = describe.schemas.subschema_for::<commands::Ids>().to_value();
    describe
        .operation("getStatuses")
        .body(&[(JSON, ids)])
        .answer::<commands::Statuses>(200, "the statuses; null where one is unknown or not visible yet")
        .problems(&[400, 401, 415, 503]);
    describe
        .operation("getStatus")
        .query("wait", "how many seconds to wait until it is settled", schemas::whole(0, 25, 0))
        .query("received", "answers to deliveries before this time are not told", json!({ "type": "string" }))
        .answer::<Status>(200, "the status")
        .problems(&[400, 401, 404, 503]);
}

fn of_views(describe: &mut Describe<'_>) {
    describe
        .operation("listViews")
        .answer::<ViewList>(200, "the views that the caller may read, and their fields")
        .problems(&[400, 401]);
    let text = || json!({ "type": "string" });
    describe
        .operation("findInView")
        .describe(
            "A field's name is a parameter too: `<field>=…`, or with one of `.ne .in .gte .gt .lte .lt .prefix \
             .exists` behind it.",
        )
        .query("q", "words that must all be found", text())
        .parameter(
            "query",
            "conditions",
            "fields and what they must be",
            json!({
                "type": "object", "additionalProperties": { "type": "string" },
            }),
        )
        .query("sort", "fields, each with `-` before it for descending, separated by commas", text())
        .query("limit", "how many hits at most", schemas::whole(0, 200, 20))
        .query("cursor", "where a page before ended", text())
        .query("facets", "fields to count by, separated by commas", text())
        .query("highlight", "whether to show where the words were found", json!({ "type": "boolean" }))
        .fresh()
        .answer::<SearchResult>(200, "what was found")
        .problems(&[400, 401, 403, 404, 503]);
    describe
        .operation("searchView")
        .body(&[(JSON, reference("SearchQuery"))])
        .fresh()
        .answer::<SearchResult>(200, "what was found")
        .problems(&[400, 401, 403, 404, 415, 503]);
    describe
        .operation("getDocument")
        .parameter("header", "If-None-Match", "tags that the caller has", text())
        .fresh()
        .answer::<Document>(200, "the document; `ETag` is its version")
        .responds(304, json!({ "description": "the caller has it" }))
        .problems(&[400, 401, 403, 404, 503]);
}

fn of_reports(describe: &mut Describe<'_>) {
    describe
        .operation("listReports")
        .answer::<ReportList>(200, "the reports that the caller may read, and their parameters")
        .problems(&[400, 401]);
    describe
        .operation("getReport")
        .query("limit", "how many hits at most", schemas::whole(0, 200, 20))
        .query("cursor", "where a page before ended", json!({ "type": "string" }))
        .fresh()
        .answer::<SearchResult>(200, "what was found")
        .problems(&[400, 401, 403, 404, 503]);
    // each report once more under its own name, with its own parameters
    let Some(general) = describe.paths.get("/reports/{name}").cloned() else { return };
    let catalog = describe.catalog;
    for report in catalog.reports() {
        let mut own = general.clone();
        let get = &mut own["get"];
        get["operationId"] = format!("getReport.{}", report.name()).into();
        get["summary"] = format!("Reads the report `{}`", report.name()).into();
        get["description"] = schemas::about(report).into();
        if let Some(parameters) = get["parameters"].as_array_mut() {
            parameters.retain(|parameter| parameter["in"] == "query");
            parameters.splice(0..0, schemas::of_parameters(report));
        }
        describe.paths[format!("/reports/{}", report.name())] = own;
    }
}

fn of_streams(describe: &mut Describe<'_>) {
    describe
        .operation("getEvents")
        .query("from", "the version to begin with", json!({ "type": "integer", "minimum": 1, "default": 1 }))
        .query("limit", "how many events at most", schemas::whole(1, MOST_EVENTS, 100))
        .answer::<Events>(200, "the events, oldest first")
        .problems(&[400, 401, 403, 404, 503]);
    describe
        .operation("getState")
        .query("version", "as of this version", json!({ "type": "integer", "minimum": 1 }))
        .query("at", "as of this time", json!({ "type": "string", "format": "date-time" }))
        .answer::<StateAt>(200, "what the decider knew")
        .problems(&[400, 401, 403, 404, 503]);
}
