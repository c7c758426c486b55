//! The least program that makes the AWS calls of a chat turn that goes on with a session: one Query, one Converse, one
//! TransactWriteItems of three parts. No checks, no limits, no errors of its own.

mod aws;

use std::{
    env,
    time::{SystemTime, UNIX_EPOCH},
};

use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, InferenceConfiguration, Message, SystemContentBlock,
};
use aws_sdk_dynamodb::error::DisplayErrorContext;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};

struct Floor {
    bedrock: aws_sdk_bedrockruntime::Client,
    dynamodb: aws_sdk_dynamodb::Client,
    table: String,
    model: String,
    history_items: i32,
}

/// What is read of an API Gateway event.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    body: String,
    request_context: RequestContext,
}

#[derive(Deserialize)]
struct RequestContext {
    authorizer: Authorizer,
}

#[derive(Deserialize)]
struct Authorizer {
    claims: Claims,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
}

#[derive(Deserialize)]
struct Question {
    message: String,
    system: String,
    session_id: String,
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "the floor has no configuration beyond the environment")]
async fn main() -> Result<(), Error> {
    let aws = aws::connect().await?;
    let floor = Floor {
        bedrock: aws_sdk_bedrockruntime::Client::new(&aws),
        dynamodb: aws_sdk_dynamodb::Client::new(&aws),
        table: env::var("TABLE_NAME")?,
        model: env::var("MODEL_IDS")?,
        history_items: 2 * env::var("HISTORY_TURNS")?.parse::<i32>()?,
    };
    let answer = async |event| floor.answer(event).await.map_err(|error| DisplayErrorContext(&*error).to_string());
    lambda_runtime::run(service_fn(answer)).await
}

impl Floor {
    async fn answer(&self, event: LambdaEvent<Event>) -> Result<Value, Error> {
        let caller = format!("sub:{}", event.payload.request_context.authorizer.claims.sub);
        let question: Question = serde_json::from_str(&event.payload.body)?;
        let messages = self.messages(&caller, &question).await?;
        let answer = self.converse(&question, messages).await?;
        self.remember(&caller, &question, &answer).await?;
        let body = json!({ "session_id": question.session_id, "answer": answer }).to_string();
        Ok(json!({ "statusCode": 200, "headers": { "content-type": "application/json" }, "body": body }))
    }

    /// The history and the new message.
    async fn messages(&self, caller: &str, question: &Question) -> Result<Vec<Message>, Error> {
        let found = self
            .dynamodb
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND begins_with(sk, :turn)")
            .expression_attribute_values(":pk", text(format!("SESSION#{caller}#{}", question.session_id)))
            .expression_attribute_values(":turn", text("TURN#"))
            .scan_index_forward(false)
            .limit(self.history_items)
            .send()
            .await?;
        let mut messages = vec![message(ConversationRole::User, &question.message)?];
        for item in found.items() {
            let role = ConversationRole::from(read(item.get("role")));
            messages.push(message(role, read(item.get("text")))?);
        }
        if messages.len() == 1 {
            return Err("the session has no history: the function keeps it elsewhere now".into());
        }
        messages.reverse();
        Ok(messages)
    }

    async fn converse(&self, question: &Question, messages: Vec<Message>) -> Result<String, Error> {
        let output = self
            .bedrock
            .converse()
            .model_id(&self.model)
            .system(SystemContentBlock::Text(question.system.clone()))
            .set_messages(Some(messages))
            .inference_config(InferenceConfiguration::builder().max_tokens(1024).build())
            .send()
            .await?;
        let message = output.output().and_then(|output| output.as_message().ok());
        let text = message.and_then(|message| message.content().first()?.as_text().ok());
        Ok(text.ok_or("the model said nothing")?.clone())
    }

    async fn remember(&self, caller: &str, question: &Question, answer: &str) -> Result<(), Error> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let Question { message, session_id, .. } = question;
        let update = Update::builder()
            .table_name(&self.table)
            .key("pk", text(format!("USER#{caller}")))
            .key("sk", text(format!("SESSION#{session_id}")))
            .condition_expression("attribute_exists(pk)")
            .update_expression("SET updated_at = :now, expires_at = :expires_at ADD turns :one")
            .expression_attribute_values(":now", number(now.as_secs()))
            .expression_attribute_values(":expires_at", number(now.as_secs() + 3600))
            .expression_attribute_values(":one", number(1))
            .build()?;
        let put = |sort_key: String, role: &str, content: &str| {
            Put::builder()
                .table_name(&self.table)
                .item("pk", text(format!("SESSION#{caller}#{session_id}")))
                .item("sk", text(sort_key))
                .item("role", text(role))
                .item("text", text(content))
                .item("created_at", number(now.as_secs()))
                .item("expires_at", number(now.as_secs() + 3600))
                .condition_expression("attribute_not_exists(pk)")
                .build()
        };
        // As long as the UUIDs of the function, and as unique.
        let turn = format!("{:036}", now.as_nanos());
        let asked = put(format!("TURN#{turn}#0"), "user", message)?;
        let answered = put(format!("TURN#{turn}#1"), "assistant", answer)?;
        self.dynamodb
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().update(update).build())
            .transact_items(TransactWriteItem::builder().put(asked).build())
            .transact_items(TransactWriteItem::builder().put(answered).build())
            .send()
            .await?;
        Ok(())
    }
}

fn message(role: ConversationRole, content: &str) -> Result<Message, Error> {
    Ok(Message::builder().role(role).content(ContentBlock::Text(content.to_owned())).build()?)
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn read(attribute: Option<&AttributeValue>) -> &str {
    attribute.and_then(|value| value.as_s().ok()).map_or("", String::as_str)
}
