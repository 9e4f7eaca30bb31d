//! The API's description: `OpenAPI` 3.1, made from the routes, the types of their answers and the catalog; and a page
//! to read and try it, which loads nothing from elsewhere.

mod operations;
mod schemas;

use std::sync::Arc;

use aide::{openapi::OpenApi, swagger::Swagger, transform::TransformOperation};
use axum::{
    Router,
    body::Bytes,
    http::header,
    response::{Html, IntoResponse},
    routing::get,
};
use kernel::Catalog;
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{App, problem};

/// Where the page may load from and send to: nowhere but here. What it shows is within the page.
const PAGE_MAY: &str = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; \
                        img-src data:; font-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'";

/// Names a route's operation and says what it does, in one line.
pub(crate) fn named(
    id: &'static str,
    tag: &'static str,
    summary: &'static str,
) -> impl FnOnce(TransformOperation<'_>) -> TransformOperation<'_> {
    move |operation| operation.id(id).tag(tag).summary(summary)
}

/// The description of the routes that were collected in `api`.
pub(crate) fn document(catalog: &Catalog, api: &OpenApi) -> Value {
    let paths = serde_json::to_value(&api.paths).unwrap_or_default();
    let mut describe = Describe::new(catalog, paths);
    operations::describe(&mut describe);
    describe.finish()
}

/// A description while it is made.
struct Describe<'a> {
    catalog: &'a Catalog,
    schemas: SchemaGenerator,
    paths: Value,
}

impl<'a> Describe<'a> {
    fn new(catalog: &'a Catalog, paths: Value) -> Self {
        let mut settings = SchemaSettings::draft2020_12().for_serialize();
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
        Self { catalog, schemas: settings.into_generator(), paths }
    }

    /// The operation of this id; names in its path become parameters.
    fn operation(&mut self, id: &str) -> Operation<'_, 'a> {
        let found = self.paths.as_object().into_iter().flatten().find_map(|(path, item)| {
            let methods = item.as_object()?;
            let (method, _) = methods.iter().find(|(_, operation)| operation["operationId"] == id)?;
            Some((path.clone(), method.clone()))
        });
        let (path, method) = found.unwrap_or_default();
        let operation = Operation { describe: self, path, method };
        operation.names()
    }

    fn finish(mut self) -> Value {
        let problem = self.schemas.subschema_for::<problem::Body>();
        let mut components = self.schemas.take_definitions(true);
        components.extend(schemas::of_catalog(self.catalog));
        components.extend(schemas::of_queries());
        json!({
            "openapi": "3.1.0",
            "info": {
                "title": "Factmill",
                "version": env!("CARGO_PKG_VERSION"),
                "description": "Commands in, facts recorded, views to search.",
            },
            "servers": [{ "url": "." }],
            "security": [{ "bearer": [] }],
            "paths": self.paths,
            "components": {
                "schemas": components,
                "securitySchemes": {
                    "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
                },
                "responses": {
                    "Problem": {
                        "description": "A problem, as RFC 9457 says; `code` tells what kind.",
                        "content": { "application/problem+json": { "schema": problem } },
                    },
                },
            },
        })
    }
}

/// One operation while it is described.
struct Operation<'d, 'a> {
    describe: &'d mut Describe<'a>,
    path: String,
    method: String,
}

impl Operation<'_, '_> {
    fn members(&mut self) -> Option<&mut Map<String, Value>> {
        self.describe.paths.get_mut(&self.path)?.get_mut(&self.method)?.as_object_mut()
    }

    fn set(&mut self, member: &str, value: Value) {
        if let Some(members) = self.members() {
            members.insert(member.to_owned(), value);
        }
    }

    fn parameter(mut self, place: &str, name: &str, about: &str, schema: Value) -> Self {
        let mut parameter = json!({ "in": place, "name": name, "description": about, "required": place == "path" });
        parameter["schema"] = schema;
        if let Some(members) = self.members() {
            let parameters = members.entry("parameters").or_insert_with(|| json!([]));
            if let Some(parameters) = parameters.as_array_mut() {
                parameters.push(parameter);
            }
        }
        self
    }

    /// The names in the path, as parameters.
    fn names(self) -> Self {
        let path = self.path.clone();
        let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        names.fold(self, |operation, name| {
            let schema = schemas::of_name(operation.describe.catalog, &operation.path, name);
            operation.parameter("path", name, "", schema)
        })
    }

    fn query(self, name: &str, about: &str, schema: Value) -> Self {
        self.parameter("query", name, about, schema)
    }

    /// `after` and `wait`.
    fn fresh(self) -> Self {
        self.query("after", "a version that the answer must show, `<stream>@<version>`", json!({ "type": "string" }))
            .query("wait", "how many seconds to wait for it", schemas::whole(0, 25, 5))
    }

    fn describe(mut self, text: &str) -> Self {
        self.set("description", text.into());
        self
    }

    fn body(mut self, contents: &[(&str, Value)]) -> Self {
        let contents = contents.iter().map(|(media, schema)| ((*media).to_owned(), json!({ "schema": schema })));
        let contents: Map<_, _> = contents.collect();
        self.set("requestBody", json!({ "required": true, "content": contents }));
        self
    }

    fn answer<T: JsonSchema>(self, status: u16, about: &str) -> Self {
        let schema = self.describe.schemas.subschema_for::<T>().to_value();
        self.responds(status, json!({ "description": about, "content": { "application/json": { "schema": schema } } }))
    }

    fn responds(mut self, status: u16, response: Value) -> Self {
        if let Some(members) = self.members() {
            let responses = members.entry("responses").or_insert_with(|| json!({}));
            if let Some(responses) = responses.as_object_mut() {
                responses.insert(status.to_string(), response);
            }
        }
        self
    }

    /// The problems that it may answer with.
    fn problems(self, statuses: &[u16]) -> Self {
        statuses.iter().fold(self, |operation, status| {
            operation.responds(*status, json!({ "$ref": "#/components/responses/Problem" }))
        })
    }

    fn public(mut self) -> Self {
        self.set("security", json!([]));
        self
    }
}

/// `/openapi.json` and `/docs`.
pub(crate) fn router(document: &Value) -> Router<Arc<App>> {
    let document = Bytes::from(document.to_string());
    let page = Swagger::new("openapi.json").with_title("Factmill").html();
    // without this the page would ask a service elsewhere whether the description is valid
    let page = Bytes::from(page.replace(r#""deepLinking": true,"#, r#""deepLinking": true, validatorUrl: null,"#));
    Router::new()
        .route(
            "/openapi.json",
            get(async move || ([(header::CONTENT_TYPE, "application/json")], document).into_response()),
        )
        .route("/docs", get(async move || ([(header::CONTENT_SECURITY_POLICY, PAGE_MAY)], Html(page)).into_response()))
}
