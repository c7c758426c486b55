//! The least program that makes the AWS calls of a rag turn that goes on with a session: one Query of DynamoDB, one
//! Converse that makes a search of the question, Kendra's Query and Retrieve at the same time, one Converse with the
//! passages, one TransactWriteItems of three parts with the passages that are cited. No checks, no limits, no errors of
//! its own.

use aws_config::SdkConfig;
use aws_sdk_bedrockruntime::{error::DisplayErrorContext, types::ConversationRole};
use aws_sdk_kendra::{
    Client,
    types::{QueryResultType, RetrieveResultItem, UserContext},
};
use floor::{
    aws::{self, setting},
    event::{Event, answered},
    memory::{Memory, Turn},
    model::{Model, message},
};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Deserialize;
use serde_json::{Map, Value, json};

const CONDENSE: &str =
    "Write two lines: `Question: ` with the last message as a question that stands alone, `Search: ` with a few words.";
const GROUNDED: &str =
    "Answer from the passages only, and write the number of the passage after each claim, as in [1].";

/// Passages asked for.
const PASSAGES: i32 = 10;

struct Floor {
    model: Model,
    memory: Memory,
    kendra: Client,
    index: String,
}

#[derive(Deserialize)]
struct Question {
    message: String,
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
        Ok(Self {
            model: Model::new(aws)?,
            memory: Memory::new(aws)?,
            kendra: Client::new(aws),
            index: setting("KENDRA_INDEX_ID")?,
        })
    }

    async fn answer(&self, event: LambdaEvent<Event>) -> Result<Value, Error> {
        let (claims, caller) = (event.payload.claims(), event.payload.claims().caller());
        let asked: Question = serde_json::from_str(&event.payload.body)?;
        let (question, search) = self.condense(&caller, &asked).await?;
        let user = UserContext::builder().user_id(&claims.email).set_groups(Some(claims.groups())).build();
        let ((), found) = tokio::try_join!(self.faq(&question, &user), self.passages(&search, &user))?;

        let numbered = (1..).zip(&found.passages).map(|(number, passage)| numbered(number, passage));
        let text = format!("{}\n\nQuestion: {question}", numbered.collect::<Vec<_>>().join("\n\n"));
        let answer = self.model.converse(GROUNDED, vec![message(ConversationRole::User, &text)?]).await?;

        let citations = found.cited(&answer);
        let grounding = json!({
            "search_query": search, "source": "documents", "grounded": true, "citations": citations,
        });
        let turn = Turn {
            caller: &caller,
            session: &asked.session_id,
            question: &asked.message,
            answer: &answer,
            facts: vec![("grounding", grounding.to_string())],
        };
        self.memory.remember(turn).await?;
        Ok(answered(&json!({ "session_id": asked.session_id, "answer": answer, "citations": citations })))
    }

    /// A question that stands alone, and a search for it.
    async fn condense(&self, caller: &str, asked: &Question) -> Result<(String, String), Error> {
        let mut conversation = String::new();
        for message in self.memory.history(caller, &asked.session_id).await? {
            let text = message.content().first().and_then(|content| content.as_text().ok());
            conversation.push_str(&format!("{}: {}\n", message.role(), text.map_or("", String::as_str)));
        }
        let text = format!("{conversation}\nLast message: {}", asked.message);
        let lines = self.model.converse(CONDENSE, vec![message(ConversationRole::User, &text)?]).await?;
        let line = |name: &str| lines.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
        let (question, search) = (line("Question: "), line("Search: "));
        Ok((question.ok_or("the model wrote no question")?, search.ok_or("the model wrote no search")?))
    }

    async fn faq(&self, question: &str, user: &UserContext) -> Result<(), Error> {
        self.kendra
            .query()
            .index_id(&self.index)
            .query_text(question)
            .query_result_type_filter(QueryResultType::QuestionAnswer)
            .user_context(user.clone())
            .page_size(1)
            .send()
            .await?;
        Ok(())
    }

    async fn passages(&self, search: &str, user: &UserContext) -> Result<Found, Error> {
        let found = self
            .kendra
            .retrieve()
            .index_id(&self.index)
            .query_text(search)
            .user_context(user.clone())
            .page_size(PASSAGES)
            .send()
            .await?;
        Ok(Found { query_id: found.query_id.unwrap_or_default(), passages: found.result_items.unwrap_or_default() })
    }
}

struct Found {
    query_id: String,
    passages: Vec<RetrieveResultItem>,
}

impl Found {
    /// What the function keeps of the passages that the answer names.
    fn cited(&self, answer: &str) -> Vec<Value> {
        let numbered = (1..).zip(&self.passages).filter_map(|(number, passage)| {
            let marker = format!("[{number}]");
            let start = answer.find(&marker)?;
            Some(json!({
                "number": number,
                "document_id": passage.document_id(),
                "title": passage.document_title(),
                "uri": passage.document_uri(),
                "excerpt": passage.content(),
                "attributes": attributes(passage),
                "confidence": passage.score_attributes().and_then(|score| score.score_confidence()?.as_str().into()),
                "query_id": self.query_id,
                "result_id": passage.id(),
                "places": [{ "start": start, "end": start + marker.len() }],
            }))
        });
        numbered.collect()
    }
}

fn numbered(number: usize, passage: &RetrieveResultItem) -> String {
    let title = passage.document_title().unwrap_or_default();
    format!("[{number}] {title}\n{}", passage.content().unwrap_or_default())
}

fn attributes(passage: &RetrieveResultItem) -> Map<String, Value> {
    let attributes = passage.document_attributes().iter().filter_map(|attribute| {
        let value = attribute.value()?;
        let text = value.string_value().map(Value::from);
        let number = || value.long_value().map(Value::from);
        let date = || value.date_value().map(|date| date.to_string().into());
        let value = text.or_else(number).or_else(date).unwrap_or_else(|| json!(value.string_list_value()));
        Some((attribute.key().to_owned(), value))
    });
    attributes.collect()
}
