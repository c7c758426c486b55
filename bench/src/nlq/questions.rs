//! Questions with the SQL that answers them, and the databases that they are about.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::error::{Context, Error};

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Question {
    pub(super) id: String,
    pub(super) database: String,
    pub(super) text: String,
    /// Each of them is right; none for what the data cannot answer.
    pub(super) gold: Vec<String>,
    /// Whether rows must have the order of the gold.
    pub(super) ordered: bool,
    /// Whether the gold is known to be doubtful.
    pub(super) is_weak: bool,
}

#[derive(Debug)]
pub(super) struct Collection {
    pub(super) questions: Vec<Question>,
    /// SQLite files, by database.
    pub(super) files: BTreeMap<String, PathBuf>,
}

/// <https://yale-lily.github.io/spider>, in one file, with what was found out about each question.
#[derive(Debug, Deserialize)]
struct OfSpider {
    id: String,
    db_id: String,
    question: String,
    query: String,
    #[serde(default)]
    ordered: bool,
    #[serde(default)]
    weak_gold: bool,
}

/// <https://github.com/defog-ai/sql-eval>, `data/*.csv`.
#[derive(Debug, Deserialize)]
struct OfDefog {
    db_name: String,
    question: String,
    query: String,
    #[serde(default)]
    query_category: String,
    #[serde(default)]
    instructions: String,
}

impl Collection {
    /// In Spider's layout (`questions.json`, `database/<name>/<name>.sqlite`) or in Defog's (`questions/*.csv`,
    /// `<name>/<name>.sqlite`).
    pub(super) fn read(folder: &Path) -> Result<Self, Error> {
        let spider = folder.join("questions.json");
        let (questions, databases) = match spider.is_file() {
            true => (of_spider(&spider)?, folder.join("database")),
            false => (of_defog(&folder.join("questions"))?, folder.to_owned()),
        };
        let file = |question: &Question| {
            let name = &question.database;
            (name.clone(), databases.join(name).join(format!("{name}.sqlite")))
        };
        let files: BTreeMap<String, PathBuf> = questions.iter().map(file).collect();
        match files.values().find(|file| !file.is_file()) {
            Some(missing) => Err(io::Error::from(io::ErrorKind::NotFound)).context(missing.display().to_string()),
            None => Ok(Self { questions, files }),
        }
    }
}

fn of_spider(file: &Path) -> Result<Vec<Question>, Error> {
    let text = fs::read(file).context(format!("{} could not be read", file.display()))?;
    let questions: Vec<OfSpider> = serde_json::from_slice(&text).map_err(Error::Questions)?;
    let question = |question: OfSpider| Question {
        id: question.id,
        database: question.db_id,
        text: question.question,
        gold: vec![question.query],
        ordered: question.ordered,
        is_weak: question.weak_gold,
    };
    Ok(questions.into_iter().map(question).collect())
}

fn of_defog(folder: &Path) -> Result<Vec<Question>, Error> {
    let failed = || format!("{} could not be read: it has neither Spider's layout nor Defog's", folder.display());
    let mut files = Vec::new();
    for file in fs::read_dir(folder).context(failed())? {
        let path = file.context(failed())?.path();
        files.extend(path.extension().is_some_and(|extension| extension == "csv").then_some(path));
    }
    files.sort();
    let mut questions = Vec::new();
    for file in files {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut reader = csv::Reader::from_path(&file).map_err(Error::Table)?;
        for (number, row) in reader.deserialize::<OfDefog>().enumerate() {
            let row = row.map_err(Error::Table)?;
            let id = format!("{name}-{number}");
            // "I do not know": what the data cannot answer.
            questions.push(if name == "idk" { row.unanswerable(id) } else { row.answerable(id) });
        }
    }
    Ok(questions)
}

impl OfDefog {
    fn answerable(self, id: String) -> Question {
        let asks_for_order = ["order", "sort", "arrange"];
        let words = self.question.to_lowercase();
        let mut words = words.split(|letter: char| !letter.is_alphabetic());
        Question {
            id,
            database: self.db_name,
            ordered: self.query_category == "order_by" || words.any(|word| asks_for_order.contains(&word)),
            text: match self.instructions.trim() {
                "" => self.question,
                instructions => format!("{}\n{instructions}", self.question),
            },
            gold: statements(&self.query),
            is_weak: false,
        }
    }

    /// Its instructions tell what SQL to write in place of an answer.
    fn unanswerable(self, id: String) -> Question {
        let Self { db_name: database, question: text, .. } = self;
        Question { id, database, text, gold: Vec::new(), ordered: false, is_weak: false }
    }
}

/// Queries that are parted by semicolons.
fn statements(text: &str) -> Vec<String> {
    let mut statements = vec![String::new()];
    let mut quote = None;
    for letter in text.chars() {
        match (letter, quote) {
            (';', None) => statements.push(String::new()),
            _ => {
                if quote == Some(letter) {
                    quote = None;
                } else if quote.is_none() && matches!(letter, '\'' | '"') {
                    quote = Some(letter);
                }
                statements.last_mut().into_iter().for_each(|statement| statement.push(letter));
            }
        }
    }
    let statements = statements.iter().map(|statement| statement.trim().to_owned());
    statements.filter(|statement| !statement.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str, text: &str) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn spider_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let questions = r#"[
            {"id": "q-0", "db_id": "pets_1", "question": "How many?", "query": "SELECT 1", "ordered": true, "weak_gold": true},
            {"id": "q-1", "db_id": "pets_1", "question": "Which?", "query": "SELECT 2"}
        ]"#;
        write(folder.path(), "questions.json", questions);
        assert!(Collection::read(folder.path()).unwrap_err().to_string().contains("pets_1.sqlite"));

        write(folder.path(), "database/pets_1/pets_1.sqlite", "");
        let read = Collection::read(folder.path()).unwrap();
        let expected = Question {
            id: "q-0".to_owned(),
            database: "pets_1".to_owned(),
            text: "How many?".to_owned(),
            gold: vec!["SELECT 1".to_owned()],
            ordered: true,
            is_weak: true,
        };
        assert_eq!(read.questions[0], expected);
        assert_eq!((read.questions.len(), read.questions[1].ordered), (2, false));
        assert!(read.files["pets_1"].ends_with("database/pets_1/pets_1.sqlite"));
    }

    #[test]
    fn defog_is_read() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "atis/atis.sqlite", "");
        let answerable = "\
db_name,db_type,query_category,query,question,instructions
atis,sqlite,order_by,\"SELECT a FROM t WHERE a = ';';SELECT b, a FROM t;\",Which flights?,
atis,sqlite,ratio,SELECT 1,\"Sort flights, please.\",Always use LIKE
atis,sqlite,ratio,SELECT 1,What is the border?,
";
        write(folder.path(), "questions/gen.csv", answerable);
        let unanswerable = "\
question,instructions,query,db_name,query_category
What is dark matter?,Say so,SELECT 'Alas',atis,cat_a
";
        write(folder.path(), "questions/idk.csv", unanswerable);
        let Collection { questions, files } = Collection::read(folder.path()).unwrap();
        assert_eq!(questions[0].gold, ["SELECT a FROM t WHERE a = ';'", "SELECT b, a FROM t"]);
        assert_eq!(questions[1].text, "Sort flights, please.\nAlways use LIKE");
        let ordered: Vec<bool> = questions.iter().map(|question| question.ordered).collect();
        assert_eq!(ordered, [true, true, false, false]);
        let unanswerable = &questions[3];
        assert_eq!((unanswerable.id.as_str(), unanswerable.text.as_str()), ("idk-0", "What is dark matter?"));
        assert!(unanswerable.gold.is_empty() && files["atis"].ends_with("atis/atis.sqlite"));
    }

    #[test]
    fn another_folder_is_neither() {
        let folder = tempfile::tempdir().unwrap();
        let error = Collection::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("neither Spider's layout nor Defog's"), "{error}");
    }
}
