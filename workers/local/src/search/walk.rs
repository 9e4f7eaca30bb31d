//! One search: what matches is counted, paged and aggregated in one walk.

use kernel::query::Query;
use pipeline::ports::{
    Unavailable,
    search::{Found, Hit, Scope, SearchError},
};
use serde_json::{Map, Value};
use tantivy::{
    DocId, Searcher, SegmentOrdinal, SegmentReader,
    collector::{Collector, SegmentCollector},
};

use super::{
    aggregate::{Plan, SegmentPlan, States},
    cells::Cell,
    layout::Layout,
    page::{Page, Ranked, SegmentPage},
    query, store,
    words::{highlight, words},
};

struct Walk {
    page: Page,
    plan: Plan,
    scored: bool,
}

struct SegmentWalk {
    total: u64,
    page: SegmentPage,
    plan: SegmentPlan,
    states: States<u64>,
}

struct Walked {
    total: u64,
    page: Vec<Ranked>,
    states: States<Cell>,
}

impl Collector for Walk {
    type Fruit = (u64, Vec<Vec<Ranked>>, States<Cell>);
    type Child = SegmentWalk;

    fn for_segment(&self, ordinal: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<SegmentWalk> {
        let plan = self.plan.of_segment(segment)?;
        let states = plan.start();
        Ok(SegmentWalk { total: 0, page: self.page.of_segment(ordinal, segment)?, plan, states })
    }

    fn requires_scoring(&self) -> bool {
        self.scored
    }

    fn merge_fruits(&self, segments: Vec<tantivy::Result<Walked>>) -> tantivy::Result<Self::Fruit> {
        let (mut total, mut pages, mut states) = (0, Vec::new(), States::default());
        for segment in segments {
            let segment = segment?;
            total += segment.total;
            pages.push(segment.page);
            states.merge(segment.states);
        }
        Ok((total, pages, states))
    }
}

impl SegmentCollector for SegmentWalk {
    type Fruit = tantivy::Result<Walked>;

    fn collect(&mut self, doc: DocId, score: f32) {
        self.total += 1;
        self.page.collect(doc, score);
        self.plan.collect(&mut self.states, doc);
    }

    fn harvest(self) -> tantivy::Result<Walked> {
        Ok(Walked { total: self.total, page: self.page.harvest()?, states: self.plan.harvest(self.states)? })
    }
}

/// Evaluates a query on what was refreshed.
pub(super) fn search(layout: &Layout, searcher: &Searcher, scope: &Scope, query: &Query) -> Result<Found, SearchError> {
    let scored = query.text.is_some();
    let mut wanted = query.text.as_deref().map(words).unwrap_or_default();
    wanted.sort_unstable();
    wanted.dedup();
    let page = Page::new(layout, &query.sort, scored, query.limit, query.cursor.as_deref())?;
    let walk = Walk { page, plan: Plan::new(layout, &query.aggregate), scored };
    let failed = |error: String| Unavailable::new("the search", error);
    let matching = query::compile(layout, scope, &query.filter, &wanted);
    let (total, pages, states) = searcher.search(&*matching, &walk).map_err(|error| failed(error.to_string()))?;
    let (page, next) = walk.page.merge(pages);
    let mut hits = Vec::with_capacity(page.len());
    for ranked in page {
        let mut hit = store::read_hit(layout, searcher, ranked.address, scored.then_some(ranked.score))?;
        if query.highlight {
            hit.highlight = Some(highlights(layout, &hit, &wanted).map_err(|error| failed(error.to_string()))?);
        }
        hits.push(hit);
    }
    Ok(Found { total, hits, next, aggregations: walk.plan.result(states) })
}

fn highlights(layout: &Layout, hit: &Hit, words: &[String]) -> serde_json::Result<Map<String, Value>> {
    let body: Map<String, Value> = serde_json::from_str(hit.doc.get())?;
    let of = |value: &Value| match value {
        Value::String(text) => highlight(text, words).map(Value::String),
        Value::Array(texts) => {
            let texts = texts.iter().filter_map(Value::as_str);
            let marked: Vec<Value> = texts.filter_map(|text| highlight(text, words).map(Value::String)).collect();
            (!marked.is_empty()).then_some(Value::Array(marked))
        }
        _ => None,
    };
    let fields = layout.texts().filter_map(|(name, _)| Some((name.to_owned(), of(body.get(name)?)?)));
    Ok(fields.collect())
}
