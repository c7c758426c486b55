//! Subjects that are made already: reading a layer and checking its examples is not for every turn.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use shared::{Error, sql::schema::Schema};

use crate::layer::Subject;

/// One a database, as long as schema and layer are those that it was made of.
#[derive(Debug, Default)]
pub(crate) struct Subjects(Mutex<BTreeMap<String, Made>>);

#[derive(Debug)]
struct Made {
    schema: Arc<Schema>,
    layer: Option<Arc<str>>,
    subject: Arc<Subject>,
}

impl Subjects {
    pub(crate) fn of(&self, schema: Arc<Schema>, layer: Option<Arc<str>>) -> Result<Arc<Subject>, Error> {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever caches them hands out the same ones until they are old.
        if let Some(known) = made.get(&schema.database)
            && Arc::ptr_eq(&known.schema, &schema)
            && known.layer.as_ref().map(Arc::as_ptr) == layer.as_ref().map(Arc::as_ptr)
        {
            return Ok(Arc::clone(&known.subject));
        }
        let subject = Arc::new(Subject::new(&schema, layer.as_deref())?);
        let database = schema.database.clone();
        made.insert(database, Made { schema, layer, subject: Arc::clone(&subject) });
        Ok(subject)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::tests::schema;

    #[test]
    fn a_subject_is_made_again_when_schema_or_layer_is_another() {
        let subjects = Subjects::default();
        let (schema_text, layer) = ("orders: id bigint", Some(Arc::from("description: A shop.")));
        let first_schema = Arc::new(schema(schema_text));
        let first = subjects.of(Arc::clone(&first_schema), layer.clone()).unwrap();
        assert!(Arc::ptr_eq(&first, &subjects.of(Arc::clone(&first_schema), layer.clone()).unwrap()));
        let undescribed = subjects.of(Arc::clone(&first_schema), None).unwrap();
        assert_eq!(undescribed.layer.description, None);
        let other = subjects.of(Arc::new(schema(schema_text)), layer).unwrap();
        assert!(!Arc::ptr_eq(&first, &other) && *first == *other);
    }
}
