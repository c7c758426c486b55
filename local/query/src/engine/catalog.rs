//! The catalogue that one query sees: `awsdatacatalog`, with a schema a database.

use std::{collections::BTreeMap, sync::Arc};

use datafusion::catalog::{CatalogProvider, CatalogProviderList, SchemaProvider};

use crate::attach::Database;

/// Athena's own catalogue. In queries it is written `AwsDataCatalog`, in any case.
pub(crate) const NAME: &str = "awsdatacatalog";

/// The databases as they were when the query began.
#[derive(Debug, Clone)]
pub(crate) struct Catalog(Arc<BTreeMap<String, Arc<Database>>>);

impl Catalog {
    pub(crate) fn new(databases: BTreeMap<String, Arc<Database>>) -> Self {
        Self(Arc::new(databases))
    }

    pub(crate) fn database(&self, name: &str) -> Option<&Arc<Database>> {
        self.0.get(name)
    }
}

impl CatalogProvider for Catalog {
    fn schema_names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        self.0.get(&name.to_lowercase()).map(|database| database.clone() as Arc<dyn SchemaProvider>)
    }
}

impl CatalogProviderList for Catalog {
    /// What is not attached is not there.
    fn register_catalog(&self, _: String, catalog: Arc<dyn CatalogProvider>) -> Option<Arc<dyn CatalogProvider>> {
        Some(catalog)
    }

    fn catalog_names(&self) -> Vec<String> {
        vec![NAME.to_owned()]
    }

    fn catalog(&self, name: &str) -> Option<Arc<dyn CatalogProvider>> {
        name.eq_ignore_ascii_case(NAME).then(|| Arc::new(self.clone()) as Arc<dyn CatalogProvider>)
    }
}
