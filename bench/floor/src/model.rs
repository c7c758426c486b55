//! A model of Bedrock: one Converse.

use aws_config::SdkConfig;
use aws_sdk_bedrockruntime::{
    Client,
    types::{ContentBlock, ConversationRole, InferenceConfiguration, Message, SystemContentBlock},
};
use lambda_runtime::Error;

use crate::aws::setting;

pub struct Model {
    client: Client,
    id: String,
}

impl Model {
    pub fn new(aws: &SdkConfig) -> Result<Self, Error> {
        Ok(Self { client: Client::new(aws), id: setting("MODEL_IDS")? })
    }

    pub async fn converse(&self, system: &str, messages: Vec<Message>) -> Result<String, Error> {
        let output = self
            .client
            .converse()
            .model_id(&self.id)
            .system(SystemContentBlock::Text(system.to_owned()))
            .set_messages(Some(messages))
            .inference_config(InferenceConfiguration::builder().max_tokens(1024).build())
            .send()
            .await?;
        let message = output.output().and_then(|output| output.as_message().ok());
        let text = message.and_then(|message| message.content().first()?.as_text().ok());
        Ok(text.ok_or("the model said nothing")?.clone())
    }
}

pub fn message(role: ConversationRole, content: &str) -> Result<Message, Error> {
    Ok(Message::builder().role(role).content(ContentBlock::Text(content.to_owned())).build()?)
}
