//! The command line.

use std::{collections::BTreeMap, path::PathBuf};

use clap::{ArgAction, Args, Parser, Subcommand};
use directories::ProjectDirs;
use local::{BUFFERED_LIMIT, Databases, Documents, Options, databases, model};
use local_aws::EngineChoice;
use reqwest::Url;

const PORT: u16 = 3000;
const AWS_PORT: u16 = 4566;

/// What an invocation may take once the time limit is lifted. Long enough for anybody's laptop and patience.
const WITHOUT_LIMIT: std::time::Duration = std::time::Duration::from_secs(3600);

/// The project on this machine: its API in front, AWS behind, one process.
///
/// Without a command it serves until Ctrl-C.
#[derive(Debug, Parser)]
#[command(name = "local", bin_name = "cargo run --", version, args_conflicts_with_subcommands = false)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) machine: Machine,

    /// Says more: -v what happens, -vv everything
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serves the API until Ctrl-C (the default)
    Serve,
    /// A chat in the terminal, streamed; reads messages from a pipe too, one a line
    Chat(Chat),
    /// Prints what a database tells of itself, as the beginning of a semantic layer
    Describe {
        /// Its name and its SQLite file, or its folder of CSV and Parquet files
        #[arg(value_name = "NAME=PATH", value_parser = databases::parse)]
        of: (String, PathBuf),
    },
    /// Writes the sample database into a folder: Parquet, a folder a table
    SampleDatabase {
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Chat {
    /// Talks to an API that runs already, instead of starting one
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,

    /// Who you are: a user such as `alice:hr,finance`, or a real token if the URL is AWS's
    #[arg(long)]
    pub(crate) token: Option<String>,

    /// Continues a session
    #[arg(long, value_name = "ID")]
    pub(crate) session: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Machine {
    /// Port of the API [default: 3000; a free one for `chat`]
    #[arg(long, global = true)]
    port: Option<u16>,

    /// Port of the local AWS, for any SDK [default: 4566; a free one for `chat`]
    #[arg(long, global = true)]
    aws_port: Option<u16>,

    /// Folder for conversations [default: in your data directory]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,

    /// What answers in Bedrock's place
    #[arg(long, global = true, default_value = "default", help = model_help(), value_parser = model::parse)]
    model: EngineChoice,

    /// Answers from the documents in this folder, which is only read [default: the sample's; none for `chat`]
    #[arg(long, global = true, value_name = "DIR", value_parser = parse_folder)]
    documents: Option<PathBuf>,

    /// Crawls web pages at the start, as connectors/web-crawler.json says, and answers from them too
    #[arg(long, global = true, value_name = "URL", value_delimiter = ',', value_parser = parse_url)]
    crawl: Vec<String>,

    /// A parameter of kendra.yaml for that crawl, over its default: `--parameter CrawlDepth=2`
    #[arg(long, global = true, value_name = "NAME=VALUE", value_parser = parse_setting, requires = "crawl")]
    parameter: Vec<(String, String)>,

    /// Answers questions about this SQLite file, or this folder of CSV and Parquet files, which is only read; repeat it
    /// for more [default: a sample; none for `chat`]
    #[arg(long, global = true, value_name = "NAME=PATH", value_parser = databases::parse)]
    database: Vec<(String, PathBuf)>,

    /// Sends a service's calls (athena, bedrock, dynamodb, kendra) to real AWS with your credentials. A real table is named by
    /// `--set TABLE_NAME=…`
    #[arg(long, global = true, value_name = "SERVICE", value_delimiter = ',')]
    aws: Vec<String>,

    /// Lifts API Gateway's 29 seconds and the function's own timeout
    #[arg(long, global = true)]
    no_time_limit: bool,

    /// The only origin that browsers may call from [default: any of this machine, and the template's]
    #[arg(long, global = true, value_name = "ORIGIN")]
    origin: Option<String>,

    /// A setting of the functions, over the template's: `--set HISTORY_TURNS=5`
    #[arg(long, global = true, value_name = "NAME=VALUE", value_parser = parse_setting)]
    set: Vec<(String, String)>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum OptionsError {
    #[error("this system has no data directory for you: choose a folder with --data")]
    NoDataDirectory,
    #[error("two databases are called {0}")]
    SameName(String),
}

impl Machine {
    /// `serves` tells whether others are to find it, on the ports they know.
    pub(crate) fn options(self, serves: bool) -> Result<Options, OptionsError> {
        let port = |given: Option<u16>, known: u16| given.unwrap_or(if serves { known } else { 0 });
        Ok(Options {
            port: port(self.port, PORT),
            aws_port: port(self.aws_port, AWS_PORT),
            data: Some(self.data.map_or_else(data_directory, Ok)?),
            engine: self.model,
            documents: match self.documents {
                Some(folder) => Documents::Folder(folder),
                None if serves => Documents::Sample,
                None => Documents::None,
            },
            crawl: self.crawl,
            parameters: BTreeMap::from_iter(self.parameter),
            databases: match attached(self.database)? {
                databases if !databases.is_empty() => Databases::Attached(databases),
                _ if serves => Databases::Sample,
                _ => Databases::None,
            },
            bytes_scanned_cutoff: None,
            real: self.aws.into_iter().map(|service| service.trim().to_ascii_lowercase()).collect(),
            settings: BTreeMap::from_iter(self.set),
            buffered_limit: (!self.no_time_limit).then_some(BUFFERED_LIMIT),
            function_timeout: self.no_time_limit.then_some(WITHOUT_LIMIT),
            origin: self.origin,
            template: None,
        })
    }
}

fn attached(given: Vec<(String, PathBuf)>) -> Result<BTreeMap<String, PathBuf>, OptionsError> {
    let mut databases = BTreeMap::new();
    for (name, path) in given {
        if databases.insert(name.clone(), path).is_some() {
            return Err(OptionsError::SameName(name));
        }
    }
    Ok(databases)
}

fn data_directory() -> Result<PathBuf, OptionsError> {
    let directories = ProjectDirs::from("", "", "serverless-genai-rust").ok_or(OptionsError::NoDataDirectory)?;
    Ok(directories.data_dir().to_path_buf())
}

fn model_help() -> String {
    format!("What answers in Bedrock's place: {}", model::FORMS)
}

fn parse_folder(text: &str) -> Result<PathBuf, String> {
    let folder = PathBuf::from(text);
    match folder.metadata() {
        Ok(metadata) if metadata.is_dir() => Ok(folder),
        Ok(_) => Err("it is no folder".to_owned()),
        Err(_) => Err("there is no such folder".to_owned()),
    }
}

fn parse_url(text: &str) -> Result<String, String> {
    let url: Url = text.trim().parse().map_err(|error| format!("it is no URL: {error}"))?;
    match url.scheme() {
        "http" | "https" => Ok(url.into()),
        scheme => Err(format!("pages are crawled over http and https, not {scheme}")),
    }
}

fn parse_setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it NAME=VALUE")?;
    if name.is_empty() {
        return Err("the name is missing".to_owned());
    }
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use local_engine::Source;

    use super::*;

    fn options(arguments: &[&str], serves: bool) -> Options {
        let cli = Cli::try_parse_from([&["local"], arguments].concat()).unwrap();
        cli.machine.options(serves).unwrap()
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_defaults_are_those_of_the_readme() {
        let served = options(&[], true);
        assert_eq!((served.port, served.aws_port), (3000, 4566));
        assert_eq!(served.engine, EngineChoice::Gguf(Source::Default));
        assert_eq!(served.buffered_limit, Some(BUFFERED_LIMIT));
        assert_eq!(served.function_timeout, None);
        assert!(served.data.is_some_and(|folder| folder.ends_with("serverless-genai-rust")));
        let chat = options(&["chat"], false);
        assert_eq!((chat.port, chat.aws_port), (0, 0));
        assert_eq!((served.documents, chat.documents), (Documents::Sample, Documents::None));
        assert_eq!((served.databases, chat.databases), (Databases::Sample, Databases::None));
    }

    #[test]
    fn flags_may_come_before_and_after_the_command() {
        for arguments in [["--model", "small", "chat"], ["chat", "--model", "small"]] {
            assert_eq!(options(&arguments, false).engine, EngineChoice::Gguf(Source::Small));
        }
        let many = options(
            &["--aws", "bedrock,DynamoDB", "--aws", "s3", "--set", "A=1=2", "--no-time-limit", "--port", "0"],
            true,
        );
        assert_eq!(many.real, ["bedrock", "dynamodb", "s3"]);
        assert_eq!(many.settings, BTreeMap::from([("A".to_owned(), "1=2".to_owned())]));
        assert_eq!((many.buffered_limit, many.function_timeout, many.port), (None, Some(WITHOUT_LIMIT), 0));
    }

    #[test]
    fn documents_are_a_folder_and_pages_a_list() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        let seeds = "https://a.example,https://b.example/x";
        let own = options(&["--documents", path, "--crawl", seeds, "--parameter", "CrawlDepth=2"], true);
        assert_eq!(own.parameters, BTreeMap::from([("CrawlDepth".to_owned(), "2".to_owned())]));
        assert_eq!(own.documents, Documents::Folder(folder.path().to_path_buf()));
        assert_eq!(own.crawl, ["https://a.example/", "https://b.example/x"]);
    }

    #[test]
    fn databases_are_attached_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        let own = options(&["--database", &format!("a={path}"), "--database", &format!("b={path}")], true);
        let path = folder.path().to_path_buf();
        let expected = BTreeMap::from([("a".to_owned(), path.clone()), ("b".to_owned(), path)]);
        assert_eq!(own.databases, Databases::Attached(expected));

        let database = format!("a={}", folder.path().display());
        let twice = Cli::try_parse_from(["local", "--database", &database, "--database", &database]).unwrap();
        assert_eq!(twice.machine.options(true).unwrap_err().to_string(), "two databases are called a");
        let described = Cli::try_parse_from(["local", "describe", &database]).unwrap();
        assert!(matches!(described.command, Some(Command::Describe { of: (name, _) }) if name == "a"));
    }

    #[test]
    fn mistakes_are_explained() {
        for (arguments, expected) in [
            (vec!["--model", "nothing.gguf"], "there is no file nothing.gguf"),
            (vec!["--port", "70000"], "70000 is not in 0..=65535"),
            (vec!["--set", "A"], "write it NAME=VALUE"),
            (vec!["--documents", "/nowhere/at/all"], "there is no such folder"),
            (vec!["--crawl", "example.com"], "it is no URL"),
            (vec!["--crawl", "ftp://example.com"], "not ftp"),
            (vec!["--database", "chinook.sqlite"], "write it NAME=PATH"),
            (vec!["--database", "chinook=/nowhere/at/all"], "there is no file or folder /nowhere/at/all"),
            (vec!["describe"], "<NAME=PATH>"),
            (vec!["talk"], "unrecognized subcommand"),
        ] {
            let error = Cli::try_parse_from([vec!["local"], arguments].concat()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
