//! The least program that makes the AWS calls of an nlq turn that goes on with a session: one Query of DynamoDB, one
//! Converse that writes SQL, Athena's StartQueryExecution, GetQueryExecution and GetQueryResults, one Converse that puts
//! the rows into words, one TransactWriteItems of three parts with the SQL and the rows. In its first turn, at the same time
//! as the Query, Athena's ListTableMetadata and one GetObject of S3. No checks, no limits, no chart, no errors of its own.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_athena::types::{QueryExecutionContext, QueryExecutionState, Row, TableMetadata};
use aws_sdk_bedrockruntime::{error::DisplayErrorContext, types::ConversationRole};
use floor::{
    aws::{self, setting},
    event::{Event, answered},
    memory::{Memory, Turn},
    model::{Model, message},
};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

const CATALOG: &str = "AwsDataCatalog";

const WRITE: &str = "Write one SELECT statement for Amazon Athena that answers the question, in a fence.";
const TELL: &str = "Tell in one to three short sentences what a database query found.";

/// Before each look at a query, as the function does before its first.
const PAUSE: Duration = Duration::from_millis(50);
/// As many as the function asks for: a header, the rows of an answer, and one more.
const ROWS: i32 = 102;

struct Floor {
    model: Model,
    memory: Memory,
    athena: aws_sdk_athena::Client,
    s3: aws_sdk_s3::Client,
    workgroup: String,
    database: String,
    /// The bucket of semantic layers.
    layers: String,
    /// What the model is told of the database.
    known: OnceCell<String>,
}

#[derive(Deserialize)]
struct Question {
    question: String,
    session_id: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let aws = aws::connect().await?;
    let floor = Floor::new(&aws)?;
    let answer = async |event| floor.answer(event).await.map_err(|error| DisplayErrorContext(&*error).to_string());
    lambda_runtime::run(service_fn(answer)).await
}

impl Floor {
    fn new(aws: &SdkConfig) -> Result<Self, Error> {
        let layers = setting("SEMANTIC_LAYER")?;
        Ok(Self {
            model: Model::new(aws)?,
            memory: Memory::new(aws)?,
            athena: aws_sdk_athena::Client::new(aws),
            s3: aws_sdk_s3::Client::new(aws),
            workgroup: setting("ATHENA_WORKGROUP")?,
            database: setting("ATHENA_DATABASES")?,
            layers: layers.trim_start_matches("s3://").trim_end_matches('/').to_owned(),
            known: OnceCell::new(),
        })
    }

    async fn answer(&self, event: LambdaEvent<Event>) -> Result<Value, Error> {
        let caller = event.payload.claims().caller();
        let Question { question, session_id } = serde_json::from_str(&event.payload.body)?;
        let (mut messages, known) =
            tokio::try_join!(self.memory.history(&caller, &session_id), self.known.get_or_try_init(|| self.look()))?;
        messages.push(message(ConversationRole::User, &question)?);
        let written = self.model.converse(known, messages).await?;
        let sql = fenced(&written).ok_or("the model wrote no SQL")?;

        let rows = self.run(sql).await?;
        let lines = rows.iter().map(|row| row.join(" | ")).collect::<Vec<_>>().join("\n");
        let text = format!("Question: {question}\n\n<rows>\n{lines}\n</rows>");
        let answer = self.model.converse(TELL, vec![message(ConversationRole::User, &text)?]).await?;

        let findings = json!({ "database": self.database, "sql": sql, "rows": rows });
        let recalled = format!("```sql\n{sql}\n```\n{answer}");
        let turn = Turn {
            caller: &caller,
            session: &session_id,
            question: &question,
            answer: &answer,
            facts: vec![("findings", findings.to_string()), ("recalled", recalled)],
        };
        self.memory.remember(turn).await?;
        Ok(answered(&json!({ "session_id": session_id, "answer": answer, "sql": sql, "rows": rows })))
    }

    /// The tables, and what the semantic layer says of them.
    async fn look(&self) -> Result<String, Error> {
        let (tables, layer) = tokio::try_join!(self.tables(), self.layer())?;
        Ok(format!("{WRITE}\n\n{tables}\n\n{layer}"))
    }

    async fn tables(&self) -> Result<String, Error> {
        let listed =
            self.athena.list_table_metadata().catalog_name(CATALOG).database_name(&self.database).max_results(50);
        let listed = listed.send().await?;
        Ok(listed.table_metadata_list().iter().map(described).collect::<Vec<_>>().join("\n"))
    }

    async fn layer(&self) -> Result<String, Error> {
        let key = format!("{}.yaml", self.database);
        let object = self.s3.get_object().bucket(&self.layers).key(key).send().await?;
        Ok(String::from_utf8(object.body.collect().await?.to_vec())?)
    }

    async fn run(&self, sql: &str) -> Result<Vec<Vec<String>>, Error> {
        let started = self
            .athena
            .start_query_execution()
            .query_string(sql)
            .query_execution_context(QueryExecutionContext::builder().catalog(CATALOG).database(&self.database).build())
            .work_group(&self.workgroup)
            .send()
            .await?;
        let id = started.query_execution_id.ok_or("Athena started no query")?;
        loop {
            tokio::time::sleep(PAUSE).await;
            let seen = self.athena.get_query_execution().query_execution_id(&id).send().await?;
            match seen.query_execution().and_then(|execution| execution.status()?.state()) {
                Some(QueryExecutionState::Succeeded) => break,
                Some(QueryExecutionState::Queued | QueryExecutionState::Running) => {}
                state => return Err(format!("the query has the state {state:?}").into()),
            }
        }
        let found = self.athena.get_query_results().query_execution_id(&id).max_results(ROWS).send().await?;
        let rows = found.result_set().map(|results| results.rows()).unwrap_or_default();
        Ok(rows.iter().map(cells).collect())
    }
}

fn described(table: &TableMetadata) -> String {
    let columns = table.columns().iter();
    let columns = columns.map(|column| format!("{} {}", column.name(), column.r#type().unwrap_or_default()));
    format!("{}({})", table.name(), columns.collect::<Vec<_>>().join(", "))
}

fn cells(row: &Row) -> Vec<String> {
    row.data().iter().map(|datum| datum.var_char_value().unwrap_or_default().to_owned()).collect()
}

fn fenced(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("```sql\n")?;
    Some(rest.split_once("```")?.0.trim())
}
