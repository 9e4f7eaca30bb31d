//! What a function of the API doesn't have: the write side reads no views, the read side sends no commands. The gateway
//! leads no request to the function that lacks what it needs; one that comes there all the same is told so.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{Id, StreamId, StreamKey, Tenant, catalog::ViewSpec};
use pipeline::ports::{
    Unavailable,
    commits::{Append, AppendError, ClaimKey, CommitStore, Holder, Page, Seen, Stored},
    health::{Health, Trouble},
    queue::{CommandQueue, Message, SendError},
    search::{Entry, Found, Hit, Key, Put, Scope, SearchError, SearchIndex},
    status::{Change, Known, StatusStore},
    verify::{Verifier, VerifyError, VerifyPage},
};

/// A port that this function doesn't have.
#[derive(Debug, Clone, Copy)]
pub struct Absent;

fn absent() -> Unavailable {
    Unavailable::new("serving the request", "this function serves another part of the API")
}

#[async_trait]
impl CommandQueue for Absent {
    async fn send(&self, messages: Vec<Message>) -> Vec<Result<Timestamp, SendError>> {
        messages.iter().map(|_| Err(absent().into())).collect()
    }
}

#[async_trait]
impl StatusStore for Absent {
    async fn read(&self, _: &Tenant, _: &[Id]) -> Result<Vec<Option<Known>>, Unavailable> {
        Err(absent())
    }

    async fn read_on(&self, _: &Tenant, _: &Id, _: &StreamId) -> Result<Option<Known>, Unavailable> {
        Err(absent())
    }

    async fn record(&self, _: &Tenant, _: Vec<Known>) -> Result<(), Unavailable> {
        Err(absent())
    }

    fn watch(&self, _: &Tenant, _: &Id) -> Change<'_> {
        Box::pin(std::future::pending())
    }
}

#[async_trait]
impl CommitStore for Absent {
    async fn newest(&self, _: &[(StreamKey, u64)]) -> Result<Vec<Page>, Unavailable> {
        Err(absent())
    }

    async fn read(&self, _: &StreamKey, _: u64, _: usize) -> Result<Page, Unavailable> {
        Err(absent())
    }

    async fn find(&self, _: &StreamKey, _: &[(Id, Timestamp)]) -> Result<Vec<Option<Seen>>, Unavailable> {
        Err(absent())
    }

    async fn holders(&self, _: &[ClaimKey]) -> Result<Vec<Option<Holder>>, Unavailable> {
        Err(absent())
    }

    async fn append(&self, appends: Vec<Append>) -> Vec<Result<Arc<Stored>, AppendError>> {
        appends.iter().map(|_| Err(absent().into())).collect()
    }

    async fn streams(
        &self,
        _: &Tenant,
        _: Option<&str>,
        _: usize,
    ) -> Result<(Vec<StreamId>, Option<String>), Unavailable> {
        Err(absent())
    }

    async fn claims(
        &self,
        _: &Tenant,
        _: Option<&str>,
        _: usize,
    ) -> Result<(Vec<(ClaimKey, Holder)>, Option<String>), Unavailable> {
        Err(absent())
    }
}

#[async_trait]
impl SearchIndex for Absent {
    async fn get(&self, _: &ViewSpec, _: &[Key]) -> Result<Vec<Option<Entry>>, Unavailable> {
        Err(absent())
    }

    async fn put(&self, _: &ViewSpec, _: Vec<Entry>) -> Result<Vec<Put>, Unavailable> {
        Err(absent())
    }

    async fn refresh(&self, _: &ViewSpec) -> Result<(), Unavailable> {
        Err(absent())
    }

    async fn search(&self, _: &ViewSpec, _: &Scope, _: &kernel::query::Query) -> Result<Found, SearchError> {
        Err(absent().into())
    }

    async fn find(&self, _: &ViewSpec, _: &Scope, _: &str) -> Result<Vec<Hit>, Unavailable> {
        Err(absent())
    }

    async fn entries(&self, _: &ViewSpec, _: &Tenant, _: &StreamId) -> Result<Vec<Entry>, Unavailable> {
        Err(absent())
    }
}

#[async_trait]
impl Verifier for Absent {
    async fn page(&self, _: &Tenant, _: Option<&StreamId>, _: Option<&str>) -> Result<VerifyPage, VerifyError> {
        Err(absent().into())
    }
}

#[async_trait]
impl Health for Absent {
    async fn parts(&self) -> BTreeMap<&'static str, Trouble> {
        BTreeMap::from([("health", Some(absent().to_string()))])
    }
}
