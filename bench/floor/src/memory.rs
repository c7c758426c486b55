//! Conversations, as the functions keep them: one Query, one TransactWriteItems of three parts.

use std::{
    collections::HashMap,
    time::{SystemTime, UNIX_EPOCH},
};

use aws_config::SdkConfig;
use aws_sdk_bedrockruntime::types::{ConversationRole, Message};
use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, Put, TransactWriteItem, Update},
};
use lambda_runtime::Error;

use crate::{aws::setting, model::message};

pub struct Memory {
    client: Client,
    table: String,
    history_items: i32,
}

/// A question and its answer.
pub struct Turn<'a> {
    pub caller: &'a str,
    pub session: &'a str,
    pub question: &'a str,
    pub answer: &'a str,
    /// What else is kept of the answer: attributes and their texts, most of them JSON.
    pub facts: Vec<(&'static str, String)>,
}

impl Memory {
    pub fn new(aws: &SdkConfig) -> Result<Self, Error> {
        Ok(Self {
            client: Client::new(aws),
            table: setting("TABLE_NAME")?,
            history_items: 2 * setting("HISTORY_TURNS")?.parse::<i32>()?,
        })
    }

    /// Oldest first.
    pub async fn history(&self, caller: &str, session: &str) -> Result<Vec<Message>, Error> {
        let found = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND begins_with(sk, :turn)")
            .expression_attribute_values(":pk", text(format!("SESSION#{caller}#{session}")))
            .expression_attribute_values(":turn", text("TURN#"))
            .projection_expression("sk, #role, #text, recalled, stop_reason, expires_at")
            .expression_attribute_names("#role", "role")
            .expression_attribute_names("#text", "text")
            .scan_index_forward(false)
            .limit(self.history_items)
            .send()
            .await?;
        let items = found.items().iter().rev();
        let messages = items.map(|item| {
            let told = if item.contains_key("recalled") { "recalled" } else { "text" };
            message(ConversationRole::from(read(item, "role")), read(item, told))
        });
        let messages = messages.collect::<Result<Vec<_>, Error>>()?;
        if messages.is_empty() {
            return Err("the session has no history: the function keeps it elsewhere now".into());
        }
        Ok(messages)
    }

    pub async fn remember(&self, turn: Turn<'_>) -> Result<(), Error> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let Turn { caller, session, question, answer, facts } = turn;
        let update = Update::builder()
            .table_name(&self.table)
            .key("pk", text(format!("USER#{caller}")))
            .key("sk", text(format!("SESSION#{session}")))
            .condition_expression("attribute_exists(pk)")
            .update_expression("SET updated_at = :now, expires_at = :expires_at ADD turns :one")
            .expression_attribute_values(":now", number(now.as_secs()))
            .expression_attribute_values(":expires_at", number(now.as_secs() + 3600))
            .expression_attribute_values(":one", number(1))
            .build()?;
        let put = |sort_key: String, role: &str, content: &str, facts: Vec<(&str, String)>| {
            let facts = facts.into_iter().map(|(name, fact)| (name.to_owned(), text(fact)));
            Put::builder()
                .table_name(&self.table)
                .set_item(Some(facts.collect()))
                .item("pk", text(format!("SESSION#{caller}#{session}")))
                .item("sk", text(sort_key))
                .item("role", text(role))
                .item("text", text(content))
                .item("created_at", number(now.as_secs()))
                .item("expires_at", number(now.as_secs() + 3600))
                .condition_expression("attribute_not_exists(pk)")
                .build()
        };
        // As long as the UUIDs of the function, and as unique.
        let id = format!("{:036}", now.as_nanos());
        let asked = put(format!("TURN#{id}#0"), "user", question, Vec::new())?;
        let answered = put(format!("TURN#{id}#1"), "assistant", answer, facts)?;
        self.client
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().update(update).build())
            .transact_items(TransactWriteItem::builder().put(asked).build())
            .transact_items(TransactWriteItem::builder().put(answered).build())
            .send()
            .await?;
        Ok(())
    }
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn read<'a>(item: &'a HashMap<String, AttributeValue>, attribute: &str) -> &'a str {
    item.get(attribute).and_then(|value| value.as_s().ok()).map_or("", String::as_str)
}
