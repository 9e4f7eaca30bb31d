//! Reports: the queries that they are made of, asked as one.

use futures_util::future::try_join_all;
use kernel::{
    Corrupt,
    catalog::{ReportQuery, ReportSpec, VALUES, ViewSpec},
    query::{Filter, Query},
    report::Gives,
};
use serde_json::{Map, Value};

use super::{Views, any, binding, of_search, own};
use crate::{
    ports::search::{Found, Scope, values},
    steps::read::{ReadError, Reader, allow},
};

/// A report that the reader may read, and what of each of its views they may see.
pub struct Report<'a> {
    spec: &'a ReportSpec,
    own: (&'a ViewSpec, Scope),
    parts: Vec<(&'a ViewSpec, Scope)>,
}

impl<'a> Report<'a> {
    /// What is asked and computed.
    pub fn spec(&self) -> &'a ReportSpec {
        self.spec
    }

    /// Every view that it reads, once.
    pub fn views(&self) -> Vec<&'a ViewSpec> {
        let mut views = vec![self.own.0];
        for (view, _) in &self.parts {
            if views.iter().all(|known| known.name() != view.name()) {
                views.push(view);
            }
        }
        views
    }
}

impl<'a> Views<'a> {
    /// A report. Who may read a report reads it whole, unless a role that one of its views filters is among those
    /// that let them: then of that view they see their own.
    pub fn report(&self, reader: Reader<'_>, name: &str) -> Result<Report<'a>, ReadError> {
        let unknown = || ReadError::Unknown(format!("report `{name}`"));
        let spec = self.catalog.find_report(name).ok_or_else(unknown)?;
        allow(self.policies, reader.actor, "read", ("Report", name), Vec::new())?;
        let open = |view| {
            let view: &ViewSpec = self.catalog.find_view(view).ok_or_else(unknown)?;
            let rows = self.rows(view, reader.actor).unwrap_or_else(|| {
                let filters = view.row_filters().iter().filter(|filter| reader.actor.roles.contains(filter.role));
                any(filters.map(|filter| own(view, filter, reader.actor)).collect())
            });
            Ok((view, Scope { tenant: reader.tenant.clone(), rows }))
        };
        let parts = spec.parts().iter().map(|(view, _)| open(view)).collect::<Result<_, ReadError>>()?;
        Ok(Report { spec, own: open(spec.view())?, parts })
    }

    /// Answers a report: its parts all at once, then its own query, narrowed by the values that they gave.
    ///
    /// A cursor belongs to the queries as they were asked, not to the values that were found: the next page is that of
    /// the same question, also when meanwhile another answer would be given to a part.
    pub async fn tell(&self, report: &Report<'_>, asked: ReportQuery) -> Result<Found, ReadError> {
        let ReportQuery { own: mut query, parts } = asked;
        let searches: Vec<(&ViewSpec, &Scope, &Query)> =
            report.parts.iter().zip(&parts).map(|((view, scope), query)| (*view, scope, query)).collect();
        let (view, scope) = (report.own.0, &report.own.1);
        let binding = binding(searches.iter().copied().chain([(view, scope, &query)]));
        let found = try_join_all(searches.iter().map(|(view, scope, query)| self.index.search(view, scope, query)));
        let found = found.await.map_err(of_search)?;
        let mut beside = Map::new();
        for ((_, gives), found) in report.spec.parts().iter().zip(found) {
            match gives {
                Gives::Aggregations => beside.extend(found.aggregations),
                Gives::Values { into, .. } => narrow(&mut query, view, into, &found.aggregations)?,
            }
        }
        let mut found = self.page(view, scope, query, &binding).await?;
        found.aggregations.extend(beside);
        for figures in report.spec.figures() {
            figures.apply(&mut found.aggregations);
        }
        Ok(found)
    }
}

/// Lets a query find only documents whose field has one of the values that a part told.
fn narrow(query: &mut Query, view: &ViewSpec, into: &str, told: &Map<String, Value>) -> Result<(), Corrupt> {
    let field = view.field(into).ok_or_else(|| Corrupt(format!("the view `{}` has no field `{into}`", view.name())))?;
    let keys = told.get(VALUES).and_then(Value::as_array).into_iter().flatten().filter_map(|bucket| bucket.get("key"));
    let found = keys.map(|key| values(field, key).map_err(Corrupt)).collect::<Result<Vec<_>, _>>()?;
    let filter = std::mem::take(&mut query.filter);
    query.filter = filter.and(Filter::one_of(into, found.into_iter().flatten().collect()));
    Ok(())
}
