//! Plays a story at its pace, by everybody in it, and tells how it ended.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget};
use jiff::{SignedDuration, Timestamp};
use local::issuer::{Claims, LIFETIME};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::System;
use super::script::{Ending, Person, Step};
use crate::client::{Ask, Client, Url};
use crate::failure::{Failure, Verdict};
use crate::output::{Output, complain};
use crate::verbs::import::{Exchange, Outcome, Outgoing, Plan, Teller, bar_style, server_clock};
use crate::{Context, token};

const PLAN: Plan = Plan { connections: 4, batch: 100, in_hand: 5_000, patience: Duration::from_mins(1) };
/// When a story's commands say that they were issued. A repetition is recognised as far back as this reaches, and the
/// server takes 30 days: one is left for the playing.
const ISSUED_AGO: SignedDuration = SignedDuration::from_hours(29 * 24);
/// The most ids of one question.
const LARGEST_QUESTION: usize = 1_000;
/// How many surprises are told.
const TOLD: usize = 10;

/// Everybody who acts, each with their own token.
pub(super) struct Cast {
    /// The first one only reads what became of all.
    clients: Vec<Client>,
    places: BTreeMap<Person, usize>,
}

impl Cast {
    /// Makes the tokens of all who act in a story.
    pub(super) fn gather(steps: &[Step], context: &Context, folder: &Path, tenant: &str) -> Result<Self, Failure> {
        let token = |person: &Person| {
            let (sub, roles) = (person.sub.clone(), vec![person.role.to_owned()]);
            let claims = Claims { sub, tenant: tenant.to_owned(), roles, cmd: None, lifetime: LIFETIME };
            token::mint_from(folder, &claims)
        };
        let narrator = Person::new("narrator", "operator");
        let first = Client::new(Url::parse(&context.server.url)?, &token(&narrator)?);
        let (mut clients, mut places) = (vec![first.clone()], BTreeMap::new());
        for step in steps {
            if !places.contains_key(&step.by) {
                places.insert(step.by.clone(), clients.len());
                clients.push(first.acting_as(&token(&step.by)?));
            }
        }
        Ok(Self { clients, places })
    }

    fn narrator(&self) -> &Client {
        &self.clients[0]
    }
}

/// Sends a story at a pace, until all of it is settled.
pub(super) fn play(steps: &[Step], cast: &Cast, rate: u32) -> Result<(), Failure> {
    let since = server_clock(cast.narrator())?;
    let issued_at = Timestamp::now() - ISSUED_AGO;
    let bar = ProgressBar::with_draw_target(Some(steps.len() as u64), ProgressDrawTarget::stderr_with_hz(10));
    bar.set_style(bar_style(true));
    let mut pace = Pace { next: Instant::now(), between: Duration::from_secs(1) / rate };
    // what depends on another stream is sent when all before it is settled
    for part in steps.chunk_by(|_, next| !next.waits) {
        let exchange = Exchange::of_many(&cast.clients, PLAN, since, Teller::counting(bar.clone()));
        let outcome: Result<Outcome, Failure> = exchange.run(|exchange| {
            for step in part {
                pace.keep();
                let text = step.command(issued_at).to_string().into_bytes().into();
                let by = cast.places.get(&step.by).copied().unwrap_or_default();
                if !exchange.put(&step.stream, Outgoing { line: 0, by, id: Some(step.id.as_str().into()), text }) {
                    break;
                }
            }
            Ok(())
        });
        if let Some(stop) = outcome?.stop {
            bar.finish_and_clear();
            return Err(stop.into_failure(cast.narrator(), "run the demo again to go on"));
        }
    }
    bar.finish_and_clear();
    Ok(())
}

/// When the next command is due; what was held up is not made up for.
struct Pace {
    next: Instant,
    between: Duration,
}

impl Pace {
    fn keep(&mut self) {
        let now = Instant::now();
        match self.next.checked_duration_since(now) {
            Some(early) => thread::sleep(early),
            None if now.duration_since(self.next) > Duration::from_millis(100) => self.next = now,
            None => {}
        }
        self.next += self.between;
    }
}

/// How each step ended, in the steps' order.
pub(super) fn endings(steps: &[Step], cast: &Cast) -> Result<Vec<Ending>, Failure> {
    #[derive(Deserialize)]
    struct Statuses {
        statuses: HashMap<String, Option<Status>>,
    }
    #[derive(Deserialize)]
    struct Status {
        #[serde(rename = "status")]
        word: String,
        rejection: Option<Reason>,
        refusal: Option<Reason>,
        failure: Option<Reason>,
    }
    #[derive(Deserialize)]
    struct Reason {
        code: String,
    }
    let code = |reason: Option<Reason>| reason.map(|reason| reason.code).unwrap_or_default();
    let mut endings = Vec::with_capacity(steps.len());
    for page in steps.chunks(LARGEST_QUESTION) {
        let ids: Vec<&str> = page.iter().map(|step| step.id.as_str()).collect();
        let question = json!({"ids": ids}).to_string();
        let mut told: Statuses = cast.narrator().ask_json(Ask::post("/commands/status", question.as_bytes()))?;
        endings.extend(page.iter().map(|step| match told.statuses.remove(&step.id).flatten() {
            Some(status) if status.word == "committed" => Ending::Committed,
            Some(status) if status.word == "rejected" => Ending::Rejected(code(status.rejection)),
            Some(status) if status.word == "refused" => Ending::Refused(code(status.refusal)),
            Some(status) if status.word == "failed" => Ending::Failed(code(status.failure)),
            _ => Ending::Unsettled,
        }));
    }
    Ok(endings)
}

/// Prints the counts, by system and outcome, and names what ended otherwise than it must.
pub(super) fn tell(output: Output, steps: &[Step], endings: &[Ending], took: Duration) -> Result<Verdict, Failure> {
    let mut counts: BTreeMap<(System, &Ending), u64> = BTreeMap::new();
    let mut surprises = Vec::new();
    for (step, ending) in steps.iter().zip(endings) {
        *counts.entry((step.system, ending)).or_default() += 1;
        if *ending != step.ending {
            surprises.push((step, ending));
        }
    }
    if output.is_json() {
        let mut shown = Map::new();
        for ((system, ending), count) in &counts {
            let system = shown.entry(system.name()).or_insert_with(|| json!({}));
            let (word, code) = words(ending);
            match code {
                None => system[word] = json!(count),
                Some(code) => system[word][code] = json!(count),
            }
        }
        shown.insert("seconds".into(), json!((took.as_secs_f64() * 1_000.0).round() / 1_000.0));
        output.line(Value::Object(shown).to_string())?;
    } else {
        let row = |((system, ending), count): (&(System, &Ending), &u64)| {
            let (word, code) = words(ending);
            vec![system.name().to_owned(), word.to_owned(), code.unwrap_or_default().to_owned(), count.to_string()]
        };
        output.rows(&["system", "outcome", "why", "commands"], counts.iter().map(row).collect())?;
    }
    for (step, ending) in surprises.iter().take(TOLD) {
        let (Step { id, kind, stream, ending: expected, .. }, (told, why)) = (step, words(ending));
        let (must, because) = words(expected);
        let [why, because] = [why, because].map(|code| code.map(|code| format!(" ({code})")).unwrap_or_default());
        complain(&format!("`{id}`, {kind} on {stream}, ended {told}{why}; the story tells {must}{because}"));
    }
    if surprises.len() > TOLD {
        complain(&format!("and {} more; did others act on the same streams? try --fresh", surprises.len() - TOLD));
    }
    Ok(if surprises.is_empty() { Verdict::Good } else { Verdict::Bad })
}

/// An ending's word, and its code if it has one.
fn words(ending: &Ending) -> (&'static str, Option<&str>) {
    match ending {
        Ending::Committed => ("committed", None),
        Ending::Rejected(code) => ("rejected", Some(code)),
        Ending::Refused(code) => ("refused", Some(code)),
        Ending::Failed(code) => ("failed", Some(code)),
        Ending::Unsettled => ("unsettled", None),
    }
}
