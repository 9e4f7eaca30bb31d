//! Indexes by name: `<view>-<revision>-<n>` behind the alias `<view>-<revision>`, made when something is first
//! written.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use ::opensearch::http::Method;
use bytes::Bytes;
use kernel::catalog::ViewSpec;
use pipeline::ports::Unavailable;
use serde_json::{Map, Value, json};

use super::client::Client;

const WHAT: &str = "making an index";

/// What is before an index's name and behind it.
#[derive(Debug, Clone)]
pub struct Naming {
    /// Begins the name of every index, so that several deployments can share a cluster.
    pub prefix: String,
    /// The number of the indexes to write to. A higher one begins them anew.
    pub generation: u32,
}

impl Default for Naming {
    fn default() -> Self {
        Self { prefix: String::new(), generation: 1 }
    }
}

impl Naming {
    /// The alias of a view.
    pub fn alias_of(&self, view: &ViewSpec) -> String {
        format!("{}{}-{}", self.prefix, view.name(), view.revision())
    }

    /// The alias of something that is no view.
    pub(super) fn alias(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}

/// The aliases that are known to lead to an index.
#[derive(Debug, Default)]
pub(super) struct Made(Mutex<HashSet<String>>);

impl Made {
    fn known(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets an alias: its index was removed by somebody.
    pub(super) fn forget(&self, alias: &str) {
        self.known().remove(alias);
    }

    /// Makes the index if there is none of this generation or a later one, and lets the alias lead to it. Whoever else
    /// does so at the same time comes to the same.
    pub(super) async fn ensure(
        &self,
        client: &Client,
        alias: &str,
        generation: u32,
        index: impl FnOnce() -> Value,
    ) -> Result<(), Unavailable> {
        if self.known().contains(alias) {
            return Ok(());
        }
        let behind = behind(client, alias).await?;
        if !behind.iter().any(|name| number(alias, name) >= Some(generation)) {
            let name = format!("{alias}-{generation}");
            create(client, &name, &index()).await?;
            lead(client, alias, &name, &behind).await?;
            tracing::info!(index = name, alias, "made an index");
        }
        self.known().insert(alias.to_owned());
        Ok(())
    }
}

/// The number of an index behind an alias.
fn number(alias: &str, index: &str) -> Option<u32> {
    index.strip_prefix(alias)?.strip_prefix('-')?.parse().ok()
}

/// The indexes that an alias leads to.
async fn behind(client: &Client, alias: &str) -> Result<Vec<String>, Unavailable> {
    let answer = client.send(WHAT, Method::Get, &format!("_alias/{alias}"), Bytes::new()).await?;
    if answer.status == 404 {
        return Ok(Vec::new());
    }
    if !answer.is_success() {
        return Err(Unavailable::new(WHAT, answer.trouble()));
    }
    let named: Map<String, Value> = answer.read(WHAT)?;
    Ok(named.into_iter().map(|(name, _)| name).collect())
}

async fn create(client: &Client, name: &str, index: &Value) -> Result<(), Unavailable> {
    let answer = client.send(WHAT, Method::Put, name, index.to_string()).await?;
    let exists = || answer.cause().is_some_and(|cause| cause.kind == "resource_already_exists_exception");
    if answer.is_success() || exists() { Ok(()) } else { Err(Unavailable::new(WHAT, answer.trouble())) }
}

async fn lead(client: &Client, alias: &str, to: &str, instead_of: &[String]) -> Result<(), Unavailable> {
    let mut actions: Vec<Value> = vec![json!({ "add": { "index": to, "alias": alias } })];
    actions.extend(
        instead_of.iter().map(|old| json!({ "remove": { "index": old, "alias": alias, "must_exist": false } })),
    );
    client.ask(WHAT, Method::Post, "_aliases", json!({ "actions": actions }).to_string()).await?;
    Ok(())
}
