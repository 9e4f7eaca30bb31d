//! What of a view's entries is indexed, and how.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use kernel::{FieldKind, catalog::ViewSpec, query::Scalar};
use pipeline::ports::search::{Content, Entry, values};
use tantivy::{
    TantivyDocument,
    schema::{Field, IndexRecordOption, NumericOptions, Schema, SchemaBuilder, TextFieldIndexing, TextOptions},
    tokenizer::MAX_TOKEN_LEN,
};

use super::{stored, words::WORDS};

/// The fields of a view's index.
///
/// INVARIANT: only shown documents have a `tenant`, an `id` and declared fields; a search always asks for a tenant, so
/// it never finds anything else.
pub(super) struct Layout {
    pub(super) schema: Schema,
    /// Every entry's key.
    pub(super) key: Field,
    /// Every entry's tenant and stream.
    pub(super) owner: Field,
    /// The entry itself.
    pub(super) entry: Field,
    version: Field,
    pub(super) tenant: Field,
    pub(super) id: Field,
    stream: Field,
    declared: BTreeMap<&'static str, Declared>,
    spec: Vec<kernel::Field>,
}

/// A declared field.
#[derive(Debug, Clone)]
pub(super) struct Declared {
    pub(super) kind: FieldKind,
    /// Its words.
    pub(super) words: Option<Field>,
    /// Its exact values, with the name of their column.
    pub(super) exact: Option<(Field, String)>,
}

/// The columns that are not declared fields.
pub(super) const VERSION: &str = "_version";
pub(super) const ID: &str = "_id";
pub(super) const STREAM: &str = "_stream";

impl Layout {
    pub(super) fn of(view: &ViewSpec) -> Self {
        let mut schema = SchemaBuilder::new();
        let key = schema.add_text_field("_key", term());
        let owner = schema.add_text_field("_owner", term());
        let tenant = schema.add_text_field("_tenant", term());
        let id = schema.add_text_field(ID, term().set_fast("raw"));
        let stream = schema.add_text_field(STREAM, TextOptions::default().set_fast("raw"));
        let version = schema.add_u64_field(VERSION, NumericOptions::default().set_fast());
        let entry = schema.add_bytes_field("_entry", tantivy::schema::STORED);
        let declared = view.fields().iter().map(|field| (field.name, declare(&mut schema, field))).collect();
        let spec = view.fields().to_vec();
        Self { schema: schema.build(), key, owner, entry, version, tenant, id, stream, declared, spec }
    }

    /// The declared field of this name; `id` is one too.
    pub(super) fn field(&self, name: &str) -> Option<Declared> {
        self.declared.get(name).cloned().or_else(|| {
            let exact = Some((self.id, ID.to_owned()));
            (name == "id").then_some(Declared { kind: FieldKind::Keyword, words: None, exact })
        })
    }

    /// The declared text fields, by name.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&'static str, Field)> + '_ {
        self.declared.iter().filter_map(|(name, field)| Some((*name, field.words?)))
    }

    /// An entry as the index takes it, or why it never will.
    pub(super) fn document(&self, entry: &Entry) -> Result<TantivyDocument, String> {
        let mut document = TantivyDocument::new();
        document.add_text(self.key, entry.key.as_str());
        document.add_text(self.owner, owner(entry.tenant.as_str(), entry.stream.as_str()));
        document.add_u64(self.version, entry.version);
        if let Content::Shown(body) = &entry.content {
            document.add_text(self.tenant, entry.tenant.as_str());
            document.add_text(self.stream, entry.stream.as_str());
            add_exact(&mut document, self.id, "id", &entry.id)?;
            for (name, value) in body.iter() {
                let Some(field) = self.spec.iter().find(|field| field.name == name) else {
                    return Err(format!("`{name}` is not a field of the view"));
                };
                let values = values(field, value)?;
                if let Some(declared) = self.declared.get(field.name) {
                    declared.add(field.name, &values, &mut document)?;
                }
            }
        }
        document.add_bytes(self.entry, &stored::write(entry)?);
        Ok(document)
    }
}

/// The term that all entries of a stream share.
pub(super) fn owner(tenant: &str, stream: &str) -> String {
    format!("{tenant}/{stream}")
}

impl Declared {
    fn add(&self, name: &str, values: &[Scalar], document: &mut TantivyDocument) -> Result<(), String> {
        for (at, value) in values.iter().enumerate() {
            if let (Some(words), Scalar::Text(text)) = (self.words, value) {
                check_words(name, text)?;
                document.add_text(words, text);
            }
            let Some((exact, _)) = &self.exact else { continue };
            match value {
                // a text that stands twice in an array is one value
                Scalar::Text(_) if values[..at].contains(value) => {}
                Scalar::Text(text) => add_exact(document, *exact, name, text)?,
                Scalar::Integer(number) => document.add_i64(*exact, *number),
                Scalar::Number(number) => document.add_f64(*exact, *number + 0.0),
                Scalar::Boolean(truth) => document.add_bool(*exact, *truth),
                Scalar::Date(date) => document.add_i64(*exact, days(*date)),
                Scalar::Time(time) => {
                    let nanoseconds = i64::try_from(time.as_nanosecond())
                        .map_err(|_| format!("`{name}` must be a time from 1677 to 2262"))?;
                    document.add_i64(*exact, nanoseconds);
                }
            }
        }
        Ok(())
    }
}

fn add_exact(document: &mut TantivyDocument, field: Field, name: &str, text: &str) -> Result<(), String> {
    if text.len() > MAX_TOKEN_LEN {
        return Err(format!("`{name}` must be at most {MAX_TOKEN_LEN} bytes"));
    }
    document.add_text(field, text);
    Ok(())
}

fn check_words(name: &str, text: &str) -> Result<(), String> {
    let longest = || text.split(|c: char| !c.is_alphanumeric()).map(str::len).max();
    // folding and stemming may lengthen a word a little
    if text.len() > MAX_TOKEN_LEN / 4 && longest() > Some(MAX_TOKEN_LEN / 4) {
        return Err(format!("`{name}` must have no word longer than {} bytes", MAX_TOKEN_LEN / 4));
    }
    Ok(())
}

/// The date from which days are counted.
pub(super) const EPOCH: Date = date(1970, 1, 1);

/// A date as days since 1970-01-01. The last days of the calendar are no instants, so no instant stands between.
pub(super) fn days(date: Date) -> i64 {
    (date - EPOCH).get_days().into()
}

fn term() -> TextOptions {
    let raw = TextFieldIndexing::default().set_tokenizer("raw").set_fieldnorms(false);
    TextOptions::default().set_indexing_options(raw.set_index_option(IndexRecordOption::Basic))
}

fn declare(schema: &mut SchemaBuilder, field: &kernel::Field) -> Declared {
    let number = || NumericOptions::default().set_fast();
    let name = field.name.to_owned();
    let mut words = None;
    let exact = match field.kind {
        FieldKind::Text => {
            let indexing = TextFieldIndexing::default().set_tokenizer(WORDS);
            let options =
                TextOptions::default().set_indexing_options(indexing.set_index_option(IndexRecordOption::WithFreqs));
            words = Some(schema.add_text_field(&name, options));
            let name = format!("_exact_{name}");
            field.exact.then(|| (schema.add_text_field(&name, term().set_fast("raw")), name))
        }
        FieldKind::Keyword => Some((schema.add_text_field(&name, term().set_fast("raw")), name)),
        FieldKind::Integer | FieldKind::Date | FieldKind::DateTime => {
            Some((schema.add_i64_field(&name, number()), name))
        }
        FieldKind::Number => Some((schema.add_f64_field(&name, number()), name)),
        FieldKind::Boolean => Some((schema.add_bool_field(&name, number().set_indexed()), name)),
    };
    Declared { kind: field.kind, words, exact }
}
