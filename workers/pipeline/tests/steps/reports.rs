//! Reports of several queries, on an index in memory: two views, of fans and of songs.

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::{
    Actor, Catalog, Field, Recorded, Report, RowFilter, Tenant, View,
    query::{Aggregation, Filter, Metric, Query, Sort},
    report::{Figure, Figures, Part},
};
use pipeline::{
    laws::search_index::toy::Nothing,
    memory::search::MemoryIndex,
    ports::{
        identity::{PolicyEngine, Resource, Ruling},
        search::{Content, Entry, Found, Key, SearchIndex},
    },
    steps::{
        query::{After, Fresh, Views},
        read::{ReadError, Reader},
    },
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

macro_rules! view {
    ($name:ident, $called:literal, $aggregate:literal, $fields:expr, $filters:expr) => {
        struct $name;
        impl View for $name {
            type Event = Nothing;
            type Memo = ();
            type Doc = Map<String, Value>;
            const NAME: &'static str = $called;
            const AGGREGATE: &'static str = $aggregate;
            const REVISION: u32 = 1;
            fn fields() -> Vec<Field> {
                $fields.into()
            }
            fn row_filters() -> Vec<RowFilter> {
                $filters.into()
            }
            fn touches((): &(), _: &Recorded<'_, Nothing>) -> Vec<String> {
                Vec::new()
            }
            fn evolve((): &(), _: &str, doc: Option<Self::Doc>, _: &Recorded<'_, Nothing>) -> Option<Self::Doc> {
                doc
            }
        }
    };
}

view!(Fans, "fans", "fan", [Field::keyword("fan"), Field::keyword("likes")], []);
view!(
    Songs,
    "songs",
    "song",
    [Field::keyword("band"), Field::integer("minutes"), Field::integer("plays")],
    [RowFilter { role: "guest", field: "band" }]
);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Who {
    fan: String,
}

/// The songs of the bands that somebody likes, how many they like, and how long the songs are on average.
struct Mixtape;

impl Report for Mixtape {
    type Params = Who;
    const NAME: &'static str = "mixtape";
    const VIEW: &'static str = "songs";

    fn query(_: &Who) -> Query {
        let sum = |field: &str| Aggregation::Metric { metric: Metric::Sum, field: field.into() };
        let aggregate = BTreeMap::from([("time".into(), sum("minutes")), ("plays".into(), sum("plays"))]);
        Query {
            sort: vec![Sort { field: "minutes".into(), descending: false }],
            limit: 2,
            aggregate,
            ..Query::default()
        }
    }

    fn parts() -> Vec<Part<Who>> {
        let of = |who: &Who| Query { filter: Filter::equals("fan", who.fan.as_str()), ..Query::default() };
        vec![
            Part::values("fans", "likes", "band", of),
            Part::aggregations("fans", |who| {
                let count = Aggregation::Metric { metric: Metric::Count, field: "likes".into() };
                let filter = Filter::equals("fan", who.fan.as_str());
                Query { filter, aggregate: BTreeMap::from([("likes".into(), count)]), ..Query::default() }
            }),
        ]
    }

    fn figures() -> Vec<Figures> {
        vec![Figures::at_top("all", &[("perPlay", Figure::Ratio("time", "plays")), ("plays", Figure::Of("plays"))])]
    }
}

/// Everybody may read reports; nobody but `staff` reads views.
struct Anyone;

impl PolicyEngine for Anyone {
    fn early(&self, _: &Actor, _: &str, _: &str) -> Ruling {
        Ruling::Deny
    }
    fn command(&self, _: &Actor, _: &str, _: &str, _: &Resource<'_>) -> Ruling {
        Ruling::Deny
    }
    fn access(&self, actor: &Actor, _: &str, resource: &Resource<'_>) -> Ruling {
        let may = resource.kind == "Report" || actor.roles.contains("staff");
        if may { Ruling::Allow(Vec::new()) } else { Ruling::Deny }
    }
}

struct World {
    catalog: Catalog,
    index: MemoryIndex,
    tenant: Tenant,
}

impl World {
    async fn new() -> Self {
        let world = Self {
            catalog: Catalog::new().view::<Fans>().view::<Songs>().report::<Mixtape>(),
            index: MemoryIndex::new(),
            tenant: "demo".parse().unwrap(),
        };
        for (fan, band) in [("ada", "b-1"), ("ada", "b-2"), ("bob", "b-3")] {
            world.put("fans", &format!("fan/{fan}-{band}"), json!({ "fan": fan, "likes": band })).await;
        }
        for (n, band) in ["b-1", "b-2", "b-3", "b-1", "b-4"].into_iter().enumerate() {
            world.put("songs", &format!("song/s-{n}"), json!({ "band": band, "minutes": n + 1, "plays": 2 })).await;
        }
        world
    }

    async fn put(&self, view: &str, stream: &str, body: Value) {
        let view = self.catalog.find_view(view).unwrap();
        let stream: kernel::StreamId = stream.parse().unwrap();
        let content = Content::Shown(Arc::new(body.as_object().unwrap().clone()));
        let (tenant, id) = (self.tenant.clone(), stream.id().to_owned());
        let key = Key::document(&tenant, &stream, &id);
        let cursor = Key::cursor(&tenant, &stream);
        let entry = Entry { key, tenant: tenant.clone(), stream: stream.clone(), id, version: 1, content };
        let far = Content::Cursor { version: 1, memo: Arc::new(Value::Null), parked: None };
        let cursor = Entry { key: cursor, tenant, stream, id: String::new(), version: 1, content: far };
        self.index.put(view, vec![entry, cursor]).await.unwrap();
        self.index.refresh(view).await.unwrap();
    }

    fn views(&self) -> Views<'_> {
        Views { catalog: &self.catalog, index: &self.index, policies: &Anyone }
    }

    async fn ask(&self, actor: &Actor, fan: &str, cursor: Option<&str>) -> Result<Found, ReadError> {
        let reader = Reader { tenant: &self.tenant, actor };
        let report = self.views().report(reader, "mixtape")?;
        let mut asked = report.spec().query(json!({ "fan": fan }).as_object().unwrap().clone())?;
        asked.own.cursor = cursor.map(str::to_owned);
        self.views().tell(&report, asked).await
    }

    async fn freshen(&self, after: &str) -> Result<(), ReadError> {
        let staff = staff();
        let reader = Reader { tenant: &self.tenant, actor: &staff };
        let report = self.views().report(reader, "mixtape")?;
        let fresh = Fresh { after: Some(after.parse::<After>().unwrap()), ..Fresh::default() };
        self.views().freshen(&report.views(), reader, &fresh).await
    }
}

fn actor(sub: &str, role: &str) -> Actor {
    Actor { sub: sub.into(), roles: [role.to_owned()].into() }
}

fn staff() -> Actor {
    actor("sam", "staff")
}

fn ids(found: &Found) -> Vec<&str> {
    found.hits.iter().map(|hit| hit.id.as_str()).collect()
}

#[tokio::test]
async fn values_that_a_part_found_narrow_the_reports_own_query() {
    let world = World::new().await;
    let found = world.ask(&staff(), "ada", None).await.unwrap();
    assert_eq!((ids(&found), found.total), (vec!["s-0", "s-1"], 3));
    assert_eq!(ids(&world.ask(&staff(), "bob", None).await.unwrap()), ["s-2"]);
    let nothing = world.ask(&staff(), "nobody", None).await.unwrap();
    assert_eq!((nothing.total, nothing.hits.len()), (0, 0));
}

#[tokio::test]
async fn aggregations_of_parts_and_figures_stand_beside_the_reports_own() {
    let world = World::new().await;
    let told = world.ask(&staff(), "ada", None).await.unwrap().aggregations;
    assert_eq!(Value::Object(told), json!({ "all": { "perPlay": 7.0 / 6.0, "plays": 6 }, "likes": 2 }));
    let none = world.ask(&staff(), "nobody", None).await.unwrap().aggregations;
    assert_eq!(Value::Object(none), json!({ "all": { "perPlay": null, "plays": 0 }, "likes": 0 }));
}

#[tokio::test]
async fn a_reports_cursor_belongs_to_its_parameters_not_to_what_its_parts_found() {
    let world = World::new().await;
    let next = world.ask(&staff(), "ada", None).await.unwrap().next.unwrap();
    assert_eq!(ids(&world.ask(&staff(), "ada", Some(&next)).await.unwrap()), ["s-3"]);
    world.put("fans", "fan/ada-b-4", json!({ "fan": "ada", "likes": "b-4" })).await;
    assert_eq!(ids(&world.ask(&staff(), "ada", Some(&next)).await.unwrap()), ["s-3", "s-4"]);
    let foreign = world.ask(&staff(), "bob", Some(&next)).await.unwrap_err();
    assert!(matches!(&foreign, ReadError::Invalid(refusal) if refusal.violations[0].pointer == "/cursor"), "{foreign}");
    let (view, reader) = (world.catalog.find_view("songs").unwrap(), staff());
    let (_, scope) = world.views().open(Reader { tenant: &world.tenant, actor: &reader }, "songs").unwrap();
    let plain = Query { cursor: Some(next), ..Mixtape::query(&Who { fan: "ada".into() }) };
    assert!(world.views().search(view, &scope, plain).await.is_err(), "a search is another question");
}

#[tokio::test]
async fn a_report_waits_for_each_of_its_views_that_reads_the_stream() {
    let world = World::new().await;
    for shown in ["fan/ada-b-1@1", "song/s-0@1"] {
        world.freshen(shown).await.unwrap();
    }
    for later in ["fan/ada-b-1@2", "song/s-0@2", "song/none@1"] {
        assert!(matches!(world.freshen(later).await, Err(ReadError::NotYetProjected(_))), "{later}");
    }
    let error = world.freshen("album/1@1").await.unwrap_err();
    let ReadError::Invalid(refusal) = &error else { panic!("{error}") };
    assert_eq!((refusal.violations[0].pointer.as_str(), refusal.violations[0].code.as_str()), ("/after", "mismatch"));
    assert!(refusal.violations[0].message.contains("`song`") && refusal.violations[0].message.contains("`fan`"));
}

#[tokio::test]
async fn a_role_that_one_of_its_views_filters_sees_its_own_of_that_view() {
    let world = World::new().await;
    let found = world.ask(&actor("b-1", "guest"), "ada", None).await.unwrap();
    assert_eq!((ids(&found), &found.aggregations["likes"]), (vec!["s-0", "s-3"], &json!(2)));
    // who may read the report by a role that nothing filters reads it whole
    assert_eq!(world.ask(&actor("b-1", "member"), "ada", None).await.unwrap().total, 3);
}
