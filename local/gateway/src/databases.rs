//! `--database`: what can be asked, and what is known of it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use local_aws::Athena;
use local_query::Engine;
use tempfile::TempDir;

use crate::{Error, Options, settings, template::workgroup};

mod layer;
mod references;

/// The bucket of semantic layers, one `<database>.yaml` a database.
pub(crate) const LAYERS: &str = "semantic-layers";

/// Name and semantic layer of the sample database; its rows are generated.
const SAMPLE: &str = "retail";
const SAMPLE_LAYER: &str = include_str!("../../../samples/retail/retail.yaml");

/// Which databases can be asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Databases {
    #[default]
    None,
    /// That of a fictional retailer, which comes with the project.
    Sample,
    /// By name: SQLite files, and folders of CSV and Parquet files. They are only read.
    Attached(BTreeMap<String, PathBuf>),
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseError {
    #[error("write it NAME=PATH, as in chinook=data/chinook.sqlite")]
    Form,
    #[error("`{0}` is no name of a database: take lower-case letters, digits and underscores")]
    Name(String),
    #[error("there is no file or folder {}", .0.display())]
    Path(PathBuf),
}

/// `NAME=PATH`, of what is there.
pub fn parse(text: &str) -> Result<(String, PathBuf), DatabaseError> {
    let (name, path) = text.split_once('=').ok_or(DatabaseError::Form)?;
    let is_name = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    if name.is_empty() || name.len() > 128 || !name.chars().all(is_name) {
        return Err(DatabaseError::Name(name.to_owned()));
    }
    let path = PathBuf::from(path);
    if path.exists() { Ok((name.to_owned(), path)) } else { Err(DatabaseError::Path(path)) }
}

/// What a database would be described by if nobody described it, in the YAML of a semantic layer.
pub async fn describe(name: &str, path: &Path) -> Result<String, Error> {
    let engine = Engine::new(local_query::Options::default()).map_err(Error::Queries)?;
    let failed = |source| Error::Database { name: name.to_owned(), source };
    engine.attach(name, path).await.map_err(failed)?;
    Ok(layer::generate(&engine, name).await)
}

/// Writes the tables of the sample database, a folder each.
pub fn write_sample(folder: &Path) -> Result<(), Error> {
    local_query::retail::write(folder).map_err(Error::SampleDatabase)
}

/// What the local AWS is told of databases.
pub(crate) struct Plan {
    /// None where Athena's calls go to AWS.
    pub(crate) athena: Option<Athena>,
    is_sample: bool,
    /// Holds the semantic layers, and the sample's rows; gone with the machine.
    files: Option<TempDir>,
}

/// The sample is written when it returns.
pub(crate) fn plan(options: &Options) -> Result<Plan, Error> {
    if settings::is_real(&options.real, "athena") {
        if let Databases::Attached(_) = &options.databases {
            return Err(Error::DatabasesOfRealAthena);
        }
        return Ok(Plan { athena: None, is_sample: false, files: None });
    }

    let files = match &options.databases {
        Databases::None => None,
        Databases::Sample | Databases::Attached(_) => Some(TempDir::new().map_err(Error::Layers)?),
    };
    if let Some(files) = &files {
        fs::create_dir(files.path().join(LAYERS)).map_err(Error::Layers)?;
    }
    let databases = match (&options.databases, &files) {
        (Databases::Attached(databases), _) => databases.clone(),
        (Databases::Sample, Some(files)) => {
            let folder = files.path().join(SAMPLE);
            write_sample(&folder)?;
            BTreeMap::from([(SAMPLE.to_owned(), folder)])
        }
        _ => BTreeMap::new(),
    };
    let declared = workgroup::read()?;
    let bytes_scanned_cutoff = options.bytes_scanned_cutoff.or(declared.bytes_scanned_cutoff);
    let athena = Athena { workgroup: declared.name, bytes_scanned_cutoff, databases };
    Ok(Plan { athena: Some(athena), is_sample: options.databases == Databases::Sample, files })
}

impl Plan {
    /// Of the databases; the first is asked where nobody says.
    pub(crate) fn names(&self) -> Vec<String> {
        self.athena.iter().flat_map(|athena| athena.databases.keys().cloned()).collect()
    }

    /// The folder that is the bucket of semantic layers, where there are any.
    pub(crate) fn layers(&self) -> Option<PathBuf> {
        self.files.as_ref().map(|files| files.path().join(LAYERS))
    }

    /// Writes a semantic layer for each database: its own, where one lies beside it, or what the database itself tells.
    pub(crate) async fn write_layers(&self, engine: &Engine) -> Result<(), Error> {
        let (Some(folder), Some(athena)) = (self.layers(), &self.athena) else { return Ok(()) };
        for (name, path) in &athena.databases {
            let file = folder.join(format!("{name}.yaml"));
            let own = own_layer(path);
            let yaml = match own.filter(|own| own.is_file()) {
                _ if self.is_sample => SAMPLE_LAYER.to_owned(),
                Some(own) => fs::read_to_string(&own).map_err(|source| Error::Layer { file: own, source })?,
                None => layer::generate(engine, name).await,
            };
            fs::write(&file, yaml).map_err(|source| Error::Layer { file, source })?;
        }
        Ok(())
    }

    /// What must be kept as long as the machine runs.
    pub(crate) fn into_files(self) -> Option<TempDir> {
        self.files
    }
}

/// `chinook.yaml` beside `chinook.sqlite`, `sales.yaml` beside the folder `sales`.
fn own_layer(path: &Path) -> Option<PathBuf> {
    let path = path.canonicalize().ok()?;
    if path.is_file() {
        return Some(path.with_extension("yaml"));
    }
    let name = path.file_name()?.to_string_lossy().into_owned();
    Some(path.with_file_name(format!("{name}.yaml")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan_of(databases: Databases) -> Plan {
        plan(&Options { databases, ..Options::for_tests() }).unwrap()
    }

    async fn attached(plan: &Plan) -> Engine {
        let engine = Engine::new(local_query::Options::default()).unwrap();
        for (name, path) in &plan.athena.as_ref().unwrap().databases {
            engine.attach(name, path).await.unwrap();
        }
        engine
    }

    #[test]
    fn a_database_has_a_name_and_a_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        assert_eq!(parse(&format!("sales_2024={path}")), Ok(("sales_2024".to_owned(), folder.path().to_path_buf())));
        for (text, expected) in [
            (path.to_owned(), "write it NAME=PATH"),
            (format!("={path}"), "`` is no name of a database"),
            (format!("Sales={path}"), "`Sales` is no name of a database"),
            (format!("my-sales={path}"), "`my-sales` is no name of a database"),
            ("sales=/nowhere/at/all".to_owned(), "there is no file or folder /nowhere/at/all"),
        ] {
            let error = parse(&text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn nothing_is_written_for_nothing() {
        let plan = plan_of(Databases::None);
        assert!(plan.names().is_empty() && plan.layers().is_none());
        let athena = plan.athena.unwrap();
        assert_eq!((athena.workgroup.as_str(), athena.bytes_scanned_cutoff), ("local", Some(1_000_000_000)));
    }

    #[tokio::test]
    async fn the_sample_has_rows_and_the_layer_it_ships_with() {
        let plan = plan_of(Databases::Sample);
        assert_eq!(plan.names(), [SAMPLE]);
        let engine = attached(&plan).await;
        assert!(engine.tables(SAMPLE).unwrap().len() >= 6);
        plan.write_layers(&engine).await.unwrap();
        let layer = plan.layers().unwrap().join("retail.yaml");
        assert_eq!(fs::read_to_string(&layer).unwrap(), SAMPLE_LAYER);
        drop(plan);
        assert!(!layer.exists());
    }

    #[tokio::test]
    async fn a_layer_beside_a_database_is_taken_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.of.mine");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("orders.csv"), "status\nopen\nshipped\n").unwrap();
        let plan = plan_of(Databases::Attached(BTreeMap::from([("shop".to_owned(), path)])));
        let engine = attached(&plan).await;
        let layer = || fs::read_to_string(plan.layers().unwrap().join("shop.yaml")).unwrap();
        plan.write_layers(&engine).await.unwrap();
        assert!(layer().contains(r#"status: { values: ["open", "shipped"] }"#), "{}", layer());

        fs::write(folder.path().join("shop.of.mine.yaml"), "description: Mine.\n").unwrap();
        plan.write_layers(&engine).await.unwrap();
        assert_eq!(layer(), "description: Mine.\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is written there");
    }

    #[test]
    fn databases_are_not_attached_to_the_real_athena() {
        let real = |databases| plan(&Options { databases, real: vec!["athena".to_owned()], ..Options::for_tests() });
        assert!(real(Databases::Sample).unwrap().athena.is_none());
        let attached = Databases::Attached(BTreeMap::from([("a".to_owned(), PathBuf::from("."))]));
        assert!(matches!(real(attached), Err(Error::DatabasesOfRealAthena)));
    }
}
