//! A small domain: notes that are written and erased.

use jiff::civil::Date;
use kernel::{
    Catalog, CommandData, Context, Decider, Decision, EventData, Field, Recorded, Rejection, Report, RowFilter, View,
    query::{Filter, Query},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WriteNote {
    #[schemars(length(min = 1, max = 20))]
    #[expect(dead_code, reason = "no test decides")]
    text: String,
}
impl CommandData for WriteNote {}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct EraseNote {}
impl CommandData for EraseNote {}

kernel::commands! {
    pub(crate) enum Command { WriteNote, EraseNote }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NoteWritten {
    pub(crate) text: String,
}
impl EventData for NoteWritten {}

kernel::events! {
    pub(crate) enum Event { NoteWritten }
}

pub(crate) enum Never {}
impl Rejection for Never {
    fn code(&self) -> &'static str {
        match *self {}
    }
    fn message(&self) -> String {
        match *self {}
    }
}

pub(crate) struct Note;
impl Decider for Note {
    type Command = Command;
    type Event = Event;
    type State = Vec<String>;
    type Rejection = Never;
    const AGGREGATE: &'static str = "note";
    const REVISION: u32 = 1;

    fn evolve(mut state: Self::State, event: &Event) -> Self::State {
        let Event::NoteWritten(written) = event;
        state.push(written.text.clone());
        state
    }

    fn decide(_: &Self::State, _: &Command, _: &Context<'_>) -> Result<Decision<Event, Never>, Never> {
        Ok(Decision::already_so())
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Doc {
    text: String,
}

pub(crate) struct Notes;
impl View for Notes {
    type Event = Event;
    type Memo = ();
    type Doc = Doc;
    const NAME: &'static str = "notes";
    const AGGREGATE: &'static str = "note";
    const REVISION: u32 = 1;

    fn fields() -> Vec<Field> {
        vec![
            Field::text("text"),
            Field::text_and_exact("title"),
            Field::keyword("author"),
            Field::integer("stars"),
            Field::date("day"),
        ]
    }

    fn row_filters() -> Vec<RowFilter> {
        vec![RowFilter { role: "guest", field: "author" }]
    }

    fn touches((): &(), recorded: &Recorded<'_, Event>) -> Vec<String> {
        vec![recorded.stream.id().to_owned()]
    }

    fn evolve((): &(), _: &str, _: Option<Doc>, recorded: &Recorded<'_, Event>) -> Option<Doc> {
        let Event::NoteWritten(written) = recorded.event;
        Some(Doc { text: written.text.clone() })
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OnDay {
    day: Date,
}

pub(crate) struct NotesOfDay;
impl Report for NotesOfDay {
    type Params = OnDay;
    const NAME: &'static str = "notes-of-day";
    const VIEW: &'static str = "notes";

    fn query(params: &OnDay) -> Query {
        Query { filter: Filter::equals("day", params.day), limit: 5, ..Query::default() }
    }
}

pub(crate) fn catalog() -> Catalog {
    Catalog::new().aggregate::<Note>().view::<Notes>().report::<NotesOfDay>()
}
