//! A scalar function as a list of overloads, each a plain function from one row's arguments to its value.

use std::sync::Arc;

use datafusion::{
    arrow::{
        array::ArrayRef,
        datatypes::{DataType, Field, FieldRef},
    },
    common::ScalarValue,
    error::Result,
    logical_expr::{
        ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, TypeSignature, Volatility,
    },
};

use super::{
    cast::json_metadata,
    fault::Fault,
    kinds::{Kind, trino_name},
    row::{Column, Row},
    value::{Outcome, assemble},
};

type Body = fn(&Row<'_>) -> Outcome;
type Gives = fn(&[DataType]) -> DataType;

#[derive(Debug, Clone, Copy)]
struct Overload {
    takes: &'static [Kind],
    /// The last kind may be there any number of times more.
    repeats: bool,
    gives: Gives,
    body: Body,
}

impl Overload {
    fn coerce(&self, given: &[DataType]) -> Option<Vec<DataType>> {
        let fits = if self.repeats { given.len() >= self.takes.len() } else { given.len() == self.takes.len() };
        if !fits {
            return None;
        }
        let kinds = self.takes.iter().chain(self.takes.last().into_iter().cycle());
        given.iter().zip(kinds).map(|(given, kind)| kind.coerce(given)).collect()
    }
}

/// A scalar function. Of its overloads the first that takes the arguments is called.
#[derive(Debug, Clone)]
pub(super) struct Function {
    name: &'static str,
    aliases: Vec<String>,
    overloads: Vec<Overload>,
    signature: Signature,
    takes_nulls: bool,
    gives_json: bool,
}

pub(super) fn function(name: &'static str) -> Function {
    let signature = Signature::new(TypeSignature::UserDefined, Volatility::Immutable);
    Function { name, aliases: Vec::new(), overloads: Vec::new(), signature, takes_nulls: false, gives_json: false }
}

impl Function {
    pub(super) fn alias(mut self, name: &str) -> Self {
        self.aliases.push(name.to_owned());
        self
    }

    pub(super) fn on(mut self, takes: &'static [Kind], gives: Gives, body: Body) -> Self {
        self.overloads.push(Overload { takes, repeats: false, gives, body });
        self
    }

    /// Takes any number more of the last kind.
    pub(super) fn on_many(mut self, takes: &'static [Kind], gives: Gives, body: Body) -> Self {
        self.overloads.push(Overload { takes, repeats: true, gives, body });
        self
    }

    /// Called for NULLs too; other functions are NULL where an argument is.
    pub(super) fn with_nulls(mut self) -> Self {
        self.takes_nulls = true;
        self
    }

    /// The text that it gives is of the type JSON.
    pub(super) fn json(mut self) -> Self {
        self.gives_json = true;
        self
    }

    /// Evaluated for every row anew.
    pub(super) fn volatile(mut self) -> Self {
        self.signature.volatility = Volatility::Volatile;
        self
    }

    fn overload(&self, given: &[DataType]) -> Result<(&Overload, Vec<DataType>)> {
        let found = self.overloads.iter().find_map(|overload| Some((overload, overload.coerce(given)?)));
        found.ok_or_else(|| {
            let given: Vec<_> = given.iter().map(trino_name).collect();
            let expected: Vec<_> = self
                .overloads
                .iter()
                .map(|overload| {
                    let kinds: Vec<_> = overload.takes.iter().map(|kind| kind.name()).collect();
                    format!("{}({})", self.name, kinds.join(", "))
                })
                .collect();
            Fault::parameters(self.name, &given, &expected).into()
        })
    }
}

known_by_name!(Function);

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.name
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        // What does not fit is told by the type of the result: DataFusion hides what is told here.
        Ok(self.overload(given).map_or_else(|_| given.to_vec(), |(_, coerced)| coerced))
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        let (overload, coerced) = self.overload(given)?;
        Ok((overload.gives)(&coerced))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let given: Vec<_> = args.arg_fields.iter().map(|field| field.data_type().clone()).collect();
        let field = Field::new(self.name, self.return_type(&given)?, true);
        Ok(Arc::new(if self.gives_json { field.with_metadata(json_metadata()) } else { field }))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let given: Vec<_> = args.args.iter().map(ColumnarValue::data_type).collect();
        let (overload, _) = self.overload(&given)?;
        // A function of constants is computed once.
        let is_constant = args.args.iter().all(|value| matches!(value, ColumnarValue::Scalar(_)))
            && self.signature.volatility != Volatility::Volatile;
        let rows = if is_constant { 1 } else { args.number_rows };
        let arrays: Vec<ArrayRef> = args.args.iter().map(|value| value.to_array(rows)).collect::<Result<_>>()?;
        let columns: Vec<_> = arrays.iter().map(Column::new).collect::<Result<_>>()?;

        let mut values = Vec::with_capacity(rows);
        for index in 0..rows {
            let row = Row { columns: &columns, index };
            let is_null = !self.takes_nulls && row.has_null();
            values.push(if is_null { None } else { (overload.body)(&row)? });
        }
        let array = assemble(values, args.return_field.data_type())?;
        if is_constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?));
        }
        Ok(ColumnarValue::Array(Arc::clone(&array)))
    }
}
