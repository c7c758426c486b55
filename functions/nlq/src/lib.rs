//! The nlq pattern: a question in natural language becomes one safe SQL query, its rows, an answer in words and a chart.

mod chart;
mod doubt;
mod draft;
mod layer;
mod links;
mod mend;
mod outline;
mod prompt;
mod question;
mod subjects;
mod terms;
mod words;

use std::sync::Arc;

use aws_config::SdkConfig;
use shared::{
    Error,
    config::{self, Config},
    events::{Event, Events},
    findings::{Attempt, Rows},
    http::{self, Call, Invocation, Reply, Response},
    memory::Memory,
    model::{self, Model, Piece},
    sql::{
        athena::{Athena, RunError},
        guard::{self, SelectStatement},
        layers::Layers,
    },
    telemetry::Telemetry,
    turn::{Turn, Turns},
};
use tracing::Instrument;

use doubt::Doubt;
use draft::Draft;
use layer::Subject;
use outline::Outline;
pub use question::Question;
use subjects::Subjects;
use words::{Checked, Facts};

/// How often an error goes back to the model.
const REPAIRS: usize = 2;

pub struct Nlq {
    model: Model,
    athena: Athena,
    layers: Layers,
    subjects: Subjects,
    turns: Turns,
    http: config::Http,
    queries: config::Queries,
}

/// What the model's work comes to.
enum Outcome {
    Found(SelectStatement, Rows),
    /// Only the SQL was asked for.
    Written(SelectStatement),
    /// The data cannot answer, for this reason.
    Unanswerable(String),
}

impl Nlq {
    pub fn new(config: &Config, aws: &SdkConfig) -> Result<Self, Error> {
        let missing = || Error::Configuration("ATHENA_WORKGROUP is not set".to_owned());
        let queries = config.queries.clone().ok_or_else(missing)?;
        Ok(Self {
            model: Model::new(&config.models, aws)?,
            athena: Athena::new(&queries, aws),
            layers: Layers::new(&queries, aws)?,
            subjects: Subjects::default(),
            turns: Turns::new("nlq", Memory::new(&config.memory, aws), Telemetry::new(config)),
            http: config.http.clone(),
            queries,
        })
    }

    pub async fn handle(self: &Arc<Self>, invocation: Invocation) -> Response {
        http::serve(&self.http, invocation, |call| async move { self.route(&call) }).await
    }

    fn route(self: &Arc<Self>, call: &Call) -> Result<Reply, Error> {
        match call.route().as_str() {
            "POST /nlq" | "POST /nlq/stream" => self.ask(call),
            _ => Err(Error::NoSuchRoute),
        }
    }

    fn ask(self: &Arc<Self>, call: &Call) -> Result<Reply, Error> {
        // Who is not identified learns nothing of what a request must be.
        call.caller()?;
        let (session, message, question) = question::parse(call.body()?, &self.model.limits(), &self.queries)?;
        let request = call.turn(session, message, question)?;
        let nlq = Arc::clone(self);
        // What the first question about a database waits for is read while the conversation is.
        let subject = tokio::spawn(nlq.clone().subject(request.question.database.clone()).in_current_span());
        Ok(Reply::Turn(self.turns.start(request, |turn, events| async move {
            let subject = subject.await.map_err(|error| Error::Internal(error.to_string()))??;
            nlq.answer(&turn, &subject, &events).await
        })))
    }

    /// Answers a question from a database: SQL, rows, chart, words.
    async fn answer(&self, turn: &Turn<Question>, subject: &Subject, events: &Events) -> Result<(), Error> {
        let outline = Outline::of(subject, &asked_about(turn), self.queries.schema_tokens);
        events.send(Event::Schema {
            database: turn.question.database.clone(),
            tables: outline.names(),
            left_out: outline.left_out,
        });
        match self.query(turn, subject, &outline, events).await? {
            Outcome::Unanswerable(reason) => tell_no(&reason, events),
            Outcome::Written(statement) => events.send(Event::Recalled(prompt::fenced(statement.sql()))),
            Outcome::Found(statement, rows) => {
                events.send(Event::Found(rows.clone()));
                chart::chart(&turn.message, &rows.columns, &rows.rows)
                    .into_iter()
                    .for_each(|spec| events.send(Event::Chart(spec)));
                let told = self.tell(turn, &rows, events).await?;
                events.send(Event::Recalled(format!("{}\n{told}", prompt::fenced(statement.sql()))));
            }
        }
        Ok(())
    }

    /// The schema, narrowed and described by the semantic layer.
    async fn subject(self: Arc<Self>, database: String) -> Result<Arc<Subject>, Error> {
        let (schema, layer) = tokio::try_join!(self.athena.schema(&database), self.layers.text(&database))?;
        self.subjects.of(schema, layer)
    }

    /// Has SQL written until some passes the guard and the engine; each failure goes back to the model.
    async fn query(
        &self,
        turn: &Turn<Question>,
        subject: &Subject,
        outline: &Outline,
        events: &Events,
    ) -> Result<Outcome, Error> {
        let mut attempts: Vec<Attempt> = Vec::new();
        let mut doubt = Doubt::new(subject, turn);
        while attempts.len() <= REPAIRS {
            let request = prompt::write(turn, subject, outline, &attempts, doubt.missing().is_some());
            let reply = self.converse(request, events).await?;
            let sql = match Draft::read(&reply) {
                Draft::Sql(sql) => mend::mend(&sql, subject, &turn.message),
                Draft::Unanswerable(reason) => return Ok(Outcome::Unanswerable(reason)),
            };
            let failed = match self.attempt(turn, subject, &sql, &mut doubt, outline, events).await? {
                Ok(outcome) => return Ok(outcome),
                Err(failed) => failed,
            };
            events.send(Event::Attempted(failed.clone()));
            // A model of temperature 0 that repeats itself will do so again.
            let is_stuck = attempts.iter().any(|earlier| earlier.sql == failed.sql);
            attempts.push(failed);
            if is_stuck {
                break;
            }
        }
        // What was asked for again and again is not there.
        match doubt.missing() {
            Some(missing) => Ok(Outcome::Unanswerable(missing)),
            None => Err(Error::NoValidQuery { attempts }),
        }
    }

    /// Checks a statement and runs it. The inner error is the model's, to mend.
    async fn attempt(
        &self,
        turn: &Turn<Question>,
        subject: &Subject,
        sql: &str,
        doubt: &mut Doubt<'_>,
        outline: &Outline,
        events: &Events,
    ) -> Result<Result<Outcome, Attempt>, Error> {
        let failed = |sql: &str, error: String| Ok(Err(Attempt { sql: sql.to_owned(), error: Some(error) }));
        let most_rows = turn.question.max_rows;
        // One more tells whether there are more.
        let limits = guard::Limits { most_rows: u64::from(most_rows) + 1, ..guard::Limits::default() };
        let statement = match guard::check(sql, &subject.schema, &limits) {
            Ok(statement) => statement,
            Err(refusal) => {
                doubt.refused(&refusal);
                return failed(sql, refusal.to_string());
            }
        };
        if statement.tables().is_empty() {
            return Ok(Ok(Outcome::Unanswerable("no table holds it.".to_owned())));
        }
        if doubt.is_justified(&statement) && !self.verify(turn, subject, outline, &statement, events).await? {
            return Ok(Ok(Outcome::Unanswerable(doubt.missing().unwrap_or_default())));
        }
        if !turn.question.execute {
            events.send(Event::Attempted(Attempt { sql: statement.sql().to_owned(), error: None }));
            return Ok(Ok(Outcome::Written(statement)));
        }
        let most_rows = usize::try_from(most_rows).unwrap_or(usize::MAX);
        let running = self.athena.run(&turn.question.database, &statement, most_rows, turn.deadline);
        let ran = tokio::select! {
            ran = running => ran,
            // Dropping it stops the query.
            () = events.closed() => return Err(Error::CallerGone),
        };
        match ran {
            Ok(rows) => {
                events.send(Event::Attempted(Attempt { sql: statement.sql().to_owned(), error: None }));
                Ok(Ok(Outcome::Found(statement, rows)))
            }
            Err(RunError::Failed(error)) => failed(statement.sql(), error),
            Err(RunError::Error(error)) => Err(error),
        }
    }

    /// Whether the model, asked again, finds that the statement answers the question.
    async fn verify(
        &self,
        turn: &Turn<Question>,
        subject: &Subject,
        outline: &Outline,
        statement: &SelectStatement,
        events: &Events,
    ) -> Result<bool, Error> {
        let reply = self.converse(prompt::verify(turn, subject, outline, statement.sql()), events).await?;
        Ok(!reply.trim_start().to_ascii_uppercase().starts_with("NO"))
    }

    /// The rows in words; every number in them stands in a row or counts the rows.
    async fn tell(&self, turn: &Turn<Question>, rows: &Rows, events: &Events) -> Result<String, Error> {
        if rows.rows.is_empty() || !self.queries.in_words {
            let told = words::plain(&rows.columns, &rows.rows, rows.is_truncated);
            events.send(Event::Text(told.clone()));
            return Ok(told);
        }
        let facts = Facts::of(&turn.message, &rows.columns, &rows.rows);
        let mut checked = Checked::of(facts);
        let mut told = String::new();
        let mut say = |text: String| {
            if !text.is_empty() {
                told.push_str(&text);
                events.send(Event::Text(text));
            }
        };
        let mut reply = self.model.converse(prompt::tell(turn, rows)).await?;
        while let Some(piece) = reply.next().await.transpose()? {
            match piece {
                Piece::Text(text) => say(checked.check(&text)),
                Piece::End { stop_reason, usage } => {
                    say(checked.finish());
                    if !checked.has_said {
                        say(words::plain(&rows.columns, &rows.rows, rows.is_truncated));
                    }
                    events.send(Event::Replied { model: reply.model.clone(), stop_reason, usage });
                }
                // No tool was offered.
                Piece::ToolUse(_) => {}
            }
        }
        Ok(told)
    }

    /// A reply that is no part of the answer.
    async fn converse(&self, request: model::Request, events: &Events) -> Result<String, Error> {
        let mut reply = self.model.converse(request).await?;
        let mut text = String::new();
        while let Some(piece) = reply.next().await.transpose()? {
            match piece {
                Piece::Text(piece) => text.push_str(&piece),
                Piece::End { usage, .. } => events.send(Event::Spent(usage)),
                Piece::ToolUse(_) => {}
            }
        }
        Ok(text)
    }
}

/// A follow-up is about what was asked before, too.
fn asked_about(turn: &Turn<Question>) -> String {
    let earlier = turn.history.messages.iter().rev().take(2).map(shared::conversation::Message::text);
    [turn.message.clone()].into_iter().chain(earlier).collect::<Vec<_>>().join("\n")
}

fn tell_no(reason: &str, events: &Events) {
    let text = match reason.trim() {
        "" => "The data cannot answer this question.".to_owned(),
        reason => format!("The data cannot answer this question: {reason}"),
    };
    events.send(Event::Unanswerable);
    events.send(Event::Recalled(text.clone()));
    events.send(Event::Text(text));
}
