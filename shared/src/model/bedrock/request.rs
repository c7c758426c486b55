//! Our request in Converse's words.

use aws_sdk_bedrockruntime::{
    Client,
    operation::{converse::builders::ConverseFluentBuilder, converse_stream::builders::ConverseStreamFluentBuilder},
    types::{
        CachePointBlock, CachePointType, ContentBlock, ConversationRole, GuardrailConfiguration,
        GuardrailStreamConfiguration, GuardrailStreamProcessingMode, GuardrailTrace, InferenceConfiguration, Message,
        SystemContentBlock, Tool, ToolConfiguration, ToolInputSchema, ToolResultBlock, ToolResultContentBlock,
        ToolResultStatus, ToolSpecification, ToolUseBlock,
    },
};
use aws_smithy_types::error::operation::BuildError;

use crate::{
    config::Guardrail,
    conversation::{self, Block, ModelId, Role},
    error::Error,
    model::{Inference, Request, ToolSpec},
};

use super::{Bedrock, reply::document};

/// The parts of a call that are the same for every model and for both operations.
pub(super) struct Converse {
    system: Option<String>,
    messages: Vec<Message>,
    inference: InferenceConfiguration,
    tools: Option<ToolConfiguration>,
    metadata: Vec<(&'static str, String)>,
    guardrail: Option<Guardrail>,
    caches: bool,
    will_be_continued: bool,
}

/// Fills in what both operations have, though their builders are two types without a trait in common.
macro_rules! filled {
    ($converse:ident, $call:expr, $model:ident) => {{
        let call = $call
            .model_id($model.as_str())
            .set_system($converse.system($model))
            .set_messages(Some($converse.messages($model)))
            .inference_config($converse.inference.clone())
            .set_tool_config($converse.tools.clone());
        $converse.metadata.iter().fold(call, |call, (name, value)| call.request_metadata(*name, value))
    }};
}

impl Converse {
    pub(super) fn new(request: &Request, bedrock: &Bedrock) -> Result<Self, Error> {
        Ok(Self {
            system: request.system.clone(),
            messages: request.messages.iter().map(message).collect::<Result<_, _>>().map_err(incomplete)?,
            inference: inference(&request.inference, bedrock.max_output_tokens),
            tools: tools(&request.tools).map_err(incomplete)?,
            metadata: request.metadata.clone(),
            guardrail: bedrock.guardrail.clone(),
            caches: bedrock.prompt_cache,
            will_be_continued: request.will_be_continued,
        })
    }

    pub(super) fn whole(&self, client: &Client, model: &ModelId) -> ConverseFluentBuilder {
        let guardrail = self.guardrail.as_ref().map(|guardrail| {
            GuardrailConfiguration::builder()
                .guardrail_identifier(&guardrail.id)
                .guardrail_version(&guardrail.version)
                .trace(GuardrailTrace::Disabled)
                .build()
        });
        filled!(self, client.converse(), model).set_guardrail_config(guardrail)
    }

    pub(super) fn stream(&self, client: &Client, model: &ModelId) -> ConverseStreamFluentBuilder {
        let guardrail = self.guardrail.as_ref().map(|guardrail| {
            GuardrailStreamConfiguration::builder()
                .guardrail_identifier(&guardrail.id)
                .guardrail_version(&guardrail.version)
                .trace(GuardrailTrace::Disabled)
                // Nothing leaves before it was looked at.
                .stream_processing_mode(GuardrailStreamProcessingMode::Sync)
                .build()
        });
        filled!(self, client.converse_stream(), model).set_guardrail_config(guardrail)
    }

    /// The instructions are a prefix that many conversations share.
    fn system(&self, model: &ModelId) -> Option<Vec<SystemContentBlock>> {
        let mut blocks = vec![SystemContentBlock::Text(self.system.clone()?)];
        blocks.extend(self.cache_point(model).map(SystemContentBlock::CachePoint));
        Some(blocks)
    }

    /// The conversation so far is a prefix of its next turn.
    fn messages(&self, model: &ModelId) -> Vec<Message> {
        let mut messages = self.messages.clone();
        let point = self.cache_point(model).filter(|_| self.will_be_continued);
        if let (Some(last), Some(point)) = (messages.last_mut(), point) {
            last.content.push(ContentBlock::CachePoint(point));
        }
        messages
    }

    fn cache_point(&self, model: &ModelId) -> Option<CachePointBlock> {
        if !self.caches || !takes_cache_points(model) {
            return None;
        }
        // The builder fails only without a type.
        CachePointBlock::builder().r#type(CachePointType::Default).build().ok()
    }
}

/// Families that take cache points, by "Supported models, regions, and limits" of the Bedrock user guide's chapter on
/// prompt caching. A prefix shorter than a model's least is not cached, without an error.
fn takes_cache_points(model: &ModelId) -> bool {
    const FAMILIES: [&str; 10] = [
        "amazon.nova-2-lite",
        "amazon.nova-lite",
        "amazon.nova-micro",
        "amazon.nova-premier",
        "amazon.nova-pro",
        "anthropic.claude-3-5-haiku",
        "anthropic.claude-3-7-",
        "anthropic.claude-haiku-",
        "anthropic.claude-opus-",
        "anthropic.claude-sonnet-",
    ];
    FAMILIES.iter().any(|family| model.as_str().contains(family))
}

fn inference(inference: &Inference, max_output_tokens: u32) -> InferenceConfiguration {
    let max_tokens = inference.max_tokens.unwrap_or(max_output_tokens).min(max_output_tokens);
    let stop_sequences = Some(inference.stop_sequences.clone()).filter(|sequences| !sequences.is_empty());
    InferenceConfiguration::builder()
        .max_tokens(i32::try_from(max_tokens).unwrap_or(i32::MAX))
        .set_temperature(inference.temperature)
        .set_top_p(inference.top_p)
        .set_stop_sequences(stop_sequences)
        .build()
}

fn message(message: &conversation::Message) -> Result<Message, BuildError> {
    let role = match message.role {
        Role::User => ConversationRole::User,
        Role::Assistant => ConversationRole::Assistant,
    };
    let content = message.content.iter().map(block).collect::<Result<_, _>>()?;
    Message::builder().role(role).set_content(Some(content)).build()
}

fn block(block: &Block) -> Result<ContentBlock, BuildError> {
    match block {
        Block::Text(text) => Ok(ContentBlock::Text(text.clone())),
        Block::ToolUse(tool_use) => ToolUseBlock::builder()
            .tool_use_id(&tool_use.id)
            .name(&tool_use.name)
            .input(document(&tool_use.input))
            .build()
            .map(ContentBlock::ToolUse),
        Block::ToolResult(result) => ToolResultBlock::builder()
            .tool_use_id(&result.id)
            .content(ToolResultContentBlock::Json(document(&result.content)))
            .status(if result.is_error { ToolResultStatus::Error } else { ToolResultStatus::Success })
            .build()
            .map(ContentBlock::ToolResult),
    }
}

fn tools(tools: &[ToolSpec]) -> Result<Option<ToolConfiguration>, BuildError> {
    if tools.is_empty() {
        return Ok(None);
    }
    let specification = |tool: &ToolSpec| {
        ToolSpecification::builder()
            .name(&tool.name)
            .description(&tool.description)
            .input_schema(ToolInputSchema::Json(document(&tool.input_schema)))
            .build()
            .map(Tool::ToolSpec)
    };
    let tools = tools.iter().map(specification).collect::<Result<_, _>>()?;
    ToolConfiguration::builder().set_tools(Some(tools)).build().map(Some)
}

fn incomplete(error: BuildError) -> Error {
    Error::Internal(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cache_points_go_only_to_models_that_take_them() {
        let takes = |id: &str| takes_cache_points(&ModelId::new(id));
        assert!(takes("us.anthropic.claude-haiku-4-5-20251001-v1:0"));
        assert!(takes("arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-lite-v1:0"));
        assert!(!takes("amazon.nova-canvas-v1:0"));
        assert!(!takes("anthropic.claude-3-haiku-20240307-v1:0"));
        assert!(!takes("meta.llama3-1-8b-instruct-v1:0"));
    }

    #[test]
    fn what_the_caller_left_out_is_left_to_the_model() {
        let sent = inference(&Inference { max_tokens: Some(9999), ..Inference::default() }, 512);
        assert_eq!(sent.max_tokens(), Some(512));
        assert_eq!((sent.temperature(), sent.top_p()), (None, None));
        assert!(sent.stop_sequences().is_empty());
    }
}
