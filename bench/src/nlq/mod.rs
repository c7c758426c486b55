//! How well questions are answered from data, next to the same model with schema and question and nothing else.
//!
//! `docs/bench.md` says what is measured and why in this way.

mod answers;
mod cell;
mod questions;
mod record;
mod report;
mod rows;
mod sqlite;
mod tally;
mod ties;

use std::{
    collections::BTreeMap,
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use local::{Databases, Local};
use local_aws::EngineChoice;

use self::{
    answers::Answers,
    questions::{Collection, Question},
    record::{Record, Written},
    tally::Tally,
};
use crate::error::{Context, Error};

/// What an answer may take, whatever machine and model.
const PATIENCE: Duration = Duration::from_secs(3600);
/// Questions after which is said how far it is.
const STEP: usize = 10;

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Questions in Spider's layout (questions.json, database/*/*.sqlite) or in Defog's (questions/*.csv, */*.sqlite)
    folder: PathBuf,
    /// What answers: default, small, a .gguf file, an OpenAI-compatible server, as `cargo run` takes it
    #[arg(long, default_value = "default", value_parser = local::model::parse)]
    model: EngineChoice,
    /// Only questions about this database; repeat it for more
    #[arg(long, value_name = "NAME")]
    database: Vec<String>,
    /// Only each COUNTth question
    #[arg(long, value_name = "COUNT", default_value = "1")]
    every: std::num::NonZeroUsize,
    /// The place of the first of them
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    offset: usize,
    /// Only so many questions
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,
    /// Leave the bare model out
    #[arg(long)]
    only_pattern: bool,
    /// Write what became of each question into this file, one JSON object a line
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Fail if a target is missed
    #[arg(long)]
    check: bool,
}

pub(crate) async fn measure(options: &Options) -> Result<ExitCode, Error> {
    let Collection { questions, files } = Collection::read(&options.folder)?;
    let questions = options.choose(questions);
    let mut log = options.log.as_deref().map(create).transpose()?;

    let asked = files.iter().filter(|(database, _)| questions.contains_key(*database));
    let asked = asked.map(|(database, file)| (attached(database), file.clone())).collect();
    let local = Local::start(machine(options, asked)).await.map_err(|error| Error::Local(Box::new(error)))?;
    let answers = Answers::new(&local.url(), &local.aws_url())?;

    let mut tallies = Vec::new();
    for (database, questions) in questions {
        let Some(file) = files.get(&database) else { continue };
        let mut tally = Tally::default();
        for record in ask(options, &answers, &database, file, questions).await? {
            if let Some(log) = &mut log {
                writeln!(log, "{}", record.json()).context("the log could not be written")?;
            }
            tally.add(&record);
        }
        tallies.push((database, tally));
    }
    local.stop().await;
    let holds = report::print(&tallies);
    Ok(if options.check && !holds { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

impl Options {
    /// By database, so that the engine goes on from the schema that it has just read.
    fn choose(&self, questions: Vec<Question>) -> BTreeMap<String, Vec<Question>> {
        let is_wanted = |question: &Question| self.database.is_empty() || self.database.contains(&question.database);
        let chosen = questions.into_iter().filter(is_wanted).skip(self.offset).step_by(self.every.get());
        let mut by_database: BTreeMap<String, Vec<Question>> = BTreeMap::new();
        for question in chosen.take(self.limit.unwrap_or(usize::MAX)) {
            by_database.entry(question.database.clone()).or_default().push(question);
        }
        by_database
    }
}

/// Nothing is cut short and no time is spent on words, of which nothing is compared.
fn machine(options: &Options, databases: BTreeMap<String, PathBuf>) -> local::Options {
    let settings = [
        ("ANSWER_IN_WORDS", "false".to_owned()),
        ("MAX_ROWS", rows::MOST_ROWS.to_string()),
        ("QUERY_TIMEOUT_SECONDS", sqlite::TIME.as_secs().to_string()),
    ];
    local::Options {
        engine: options.model.clone(),
        databases: Databases::Attached(databases),
        settings: settings.map(|(name, value)| (name.to_owned(), value)).into(),
        buffered_limit: None,
        function_timeout: Some(PATIENCE),
        ..local::Options::for_tests()
    }
}

/// Names are in small letters in Athena.
fn attached(database: &str) -> String {
    let letter = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' };
    database.chars().map(letter).collect()
}

fn create(path: &Path) -> Result<File, Error> {
    File::create(path).context(format!("{} could not be written", path.display()))
}

/// First all of the bare model, then all of the function: each has a beginning of its own that its prompts share.
async fn ask(
    options: &Options,
    answers: &Answers,
    database: &str,
    file: &Path,
    questions: Vec<Question>,
) -> Result<Vec<Record>, Error> {
    let tables = sqlite::tables(file).map_err(Error::Sqlite)?;
    let count = questions.len();
    let mut asked = Vec::new();
    for (number, question) in (1..).zip(questions) {
        let gold = record::gold(&question, file).await;
        if gold.is_empty() && !question.gold.is_empty() {
            eprintln!("{database}: {} is left out: SQLite cannot run what is to answer it", question.id);
            continue;
        }
        let bare = if options.only_pattern || gold.is_empty() {
            None
        } else {
            let bare = answers.bare(&tables, &question.text).await?;
            say(database, "the bare model", number, count);
            Some(Written::judge(bare, &question, &gold, file).await)
        };
        asked.push((question, gold, bare));
    }
    let mut records = Vec::new();
    for (number, (question, gold, bare)) in (1..).zip(asked) {
        let answer = answers.function(&attached(database), &question.text).await?;
        let is_right = gold.iter().any(|gold| answer.rows.is_same(gold, question.ordered));
        let is_right = is_right && answer.outcome == answers::Outcome::Answered;
        say(database, "the function", number, count);
        records.push(Record { question, bare, answer, is_right });
    }
    Ok(records)
}

fn say(database: &str, who: &str, number: usize, count: usize) {
    if number.is_multiple_of(STEP) || number == count {
        eprintln!("{database}: {number} of {count} asked of {who}");
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn chosen(arguments: &[&str]) -> Vec<String> {
        let question = |(number, database): (usize, &str)| Question {
            id: number.to_string(),
            database: database.to_owned(),
            text: String::new(),
            gold: Vec::new(),
            ordered: false,
            is_weak: false,
        };
        let questions = ["b", "a", "b", "a", "b"].into_iter().enumerate().map(question).collect();
        let line = Line::try_parse_from([&["nlq", "folder", "--model", "scripted"], arguments].concat()).unwrap();
        line.options.choose(questions).into_values().flatten().map(|question| question.id).collect()
    }

    #[test]
    fn questions_are_asked_by_database() {
        assert_eq!(chosen(&[]), ["1", "3", "0", "2", "4"]);
        assert_eq!(chosen(&["--every", "2"]), ["0", "2", "4"]);
        assert_eq!(chosen(&["--every", "2", "--offset", "1", "--limit", "1"]), ["1"]);
        assert_eq!(chosen(&["--database", "b", "--every", "2"]), ["0", "4"]);
    }

    #[test]
    fn databases_have_names_of_athena() {
        assert_eq!(attached("cre_Doc_Template-Mgt"), "cre_doc_template_mgt");
    }
}
