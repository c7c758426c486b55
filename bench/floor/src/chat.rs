//! The least program that makes the AWS calls of a chat turn that goes on with a session: one Query, one Converse, one
//! TransactWriteItems of three parts. No checks, no limits, no errors of its own.

use aws_sdk_bedrockruntime::{error::DisplayErrorContext, types::ConversationRole};
use floor::{
    aws,
    event::{Event, answered},
    memory::{Memory, Turn},
    model::{Model, message},
};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};

struct Floor {
    model: Model,
    memory: Memory,
}

#[derive(Deserialize)]
struct Question {
    message: String,
    system: String,
    session_id: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let aws = aws::connect().await?;
    let floor = Floor { model: Model::new(&aws)?, memory: Memory::new(&aws)? };
    let answer = async |event| floor.answer(event).await.map_err(|error| DisplayErrorContext(&*error).to_string());
    lambda_runtime::run(service_fn(answer)).await
}

impl Floor {
    async fn answer(&self, event: LambdaEvent<Event>) -> Result<Value, Error> {
        let caller = event.payload.claims().caller();
        let Question { message: question, system, session_id } = serde_json::from_str(&event.payload.body)?;
        let mut messages = self.memory.history(&caller, &session_id).await?;
        messages.push(message(ConversationRole::User, &question)?);
        let answer = self.model.converse(&system, messages).await?;
        let facts = Vec::new();
        let turn = Turn { caller: &caller, session: &session_id, question: &question, answer: &answer, facts };
        self.memory.remember(turn).await?;
        Ok(answered(&json!({ "session_id": session_id, "answer": answer })))
    }
}
