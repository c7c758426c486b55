use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use candle_core::quantized::gguf_file::Content;
use futures::stream;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::{
    Error, LoadError, Piece, Pieces, Prompt, Source,
    generate::Job,
    model::{self, Model},
    prefix::Prefixes,
    template::Template,
    tokenizer::Tokenizer,
    weights::{self, Origins},
    worker::Worker,
};

/// Requests that may wait while one is answered.
const QUEUE: usize = 8;

/// Memory for the states of earlier prompts, in bytes: some 19,000 tokens of the default model.
const PREFIX_BUDGET: usize = 1 << 30;

/// A model that is ready to answer. Share it behind an `Arc`.
///
/// One thread runs the model, with all cores, for one request after the other. Dropping the engine ends it once the
/// requests that were accepted are answered.
pub struct Engine {
    name: String,
    context_length: usize,
    tokenizer: Arc<Tokenizer>,
    template: Template,
    worker: Worker<Job>,
}

impl Engine {
    /// Fetches the weights where `cache` has none yet, showing progress on standard error, and gets the model ready.
    ///
    /// Runs on a tokio runtime; what takes long is done on its blocking threads.
    pub async fn load(source: &Source, cache: &Path) -> Result<Engine, LoadError> {
        let path = match source {
            Source::Default => weights::fetch(weights::DEFAULT, cache, &Origins::default()).await?,
            Source::Small => weights::fetch(weights::SMALL, cache, &Origins::default()).await?,
            Source::File(path) => path.clone(),
        };
        let read = path.clone();
        let opened = tokio::task::spawn_blocking(move || Engine::open(read)).await;
        opened.unwrap_or_else(|error| Err(LoadError::Failed { path, reason: error.to_string() }))
    }

    /// Puts a prompt in the queue. Its answer streams as it is made, and making it ends when the stream is dropped.
    ///
    /// Turning a long prompt into tokens takes a while, which an asynchronous caller spends on a blocking thread. A full
    /// queue is noticed before.
    ///
    /// Where the last message is the assistant's, the answer continues it. Sampling follows the recommendation for the
    /// default model (temperature 0.7, top-p 0.8, top-k 20) in what the prompt leaves open; temperature 0 takes the
    /// likeliest token each time.
    ///
    /// # Errors
    /// [`Error::Busy`] if the queue is full, [`Error::TooLong`] if the prompt leaves no room for an answer, and
    /// [`Error::Invalid`] if the prompt makes no sense for the model. What fails later comes in the stream, as its end.
    pub fn converse(&self, prompt: Prompt) -> Result<Pieces, Error> {
        let place = self.worker.reserve(QUEUE)?;
        let encoded = self.template.encode(&prompt, &self.tokenizer)?;
        let tools = prompt.tools.into_iter().map(|tool| tool.name).collect();
        let job = Job::new(encoded, prompt.sampling, tools, self.context_length)?;
        let (reply, pieces) = unbounded_channel();
        place.fill(job, reply);
        Ok(stream(pieces))
    }

    /// The tokens of a prompt, as [`crate::Usage`] would count them: `input` and `cached` together.
    pub fn count_tokens(&self, prompt: &Prompt) -> Result<u32, Error> {
        let tokens = self.template.encode(prompt, &self.tokenizer)?.tokens.len();
        Ok(u32::try_from(tokens).unwrap_or(u32::MAX))
    }

    /// The most tokens that a prompt and its answer may have together.
    pub fn context_length(&self) -> usize {
        self.context_length
    }

    /// What the file calls the model.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn open(path: PathBuf) -> Result<Engine, LoadError> {
        let unreadable = |source| LoadError::Unreadable { path: path.clone(), source: Box::new(source) };
        let unsupported = |reason| LoadError::Unsupported { path: path.clone(), reason };
        std::fs::metadata(&path).map_err(|source| LoadError::Io { path: path.clone(), source })?;
        let (content, mut reader) = model::open(&path).map_err(unreadable)?;
        let tokenizer = Arc::new(Tokenizer::read(&content).map_err(unsupported)?);
        let template = model::text(&content, "tokenizer.chat_template").map(str::to_owned);
        let template = template.ok_or_else(|| unsupported("it has no chat template".into()))?;
        let template = Template::new(template)
            .map_err(|source| LoadError::Template { path: path.clone(), source: Box::new(source) })?;
        let model = Model::read(&content, &mut reader).map_err(unreadable)?;
        model.warm_up().map_err(unreadable)?;

        let context_length = model.shape().context_length;
        let mut prefixes = Prefixes::new(PREFIX_BUDGET);
        let known = Arc::clone(&tokenizer);
        let worker = Worker::start(move |job: Job, reply| job.run(&model, &known, &mut prefixes, reply))
            .map_err(|source| LoadError::Io { path: path.clone(), source })?;
        Ok(Engine { name: name(&content, &path), context_length, tokenizer, template, worker })
    }
}

/// A stream that ends with `End` or an error, whatever becomes of the thread at its other side.
fn stream(pieces: UnboundedReceiver<Result<Piece, Error>>) -> Pieces {
    Box::pin(stream::unfold(Some(pieces), |pieces| async {
        let mut pieces = pieces?;
        let piece = pieces.recv().await.unwrap_or_else(|| Err(Error::Failed("it stopped without a reason".into())));
        let ended = matches!(piece, Ok(Piece::End { .. }) | Err(_));
        Some((piece, (!ended).then_some(pieces)))
    }))
}

fn name(content: &Content, path: &Path) -> String {
    match model::text(content, "general.name") {
        Some(name) => name.to_owned(),
        None => path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
    }
}
