//! Time zones, which Arrow keeps in a timestamp's type.

use std::sync::Arc;

use datafusion::{
    arrow::{
        array::{ArrayRef, AsArray, TimestampMicrosecondArray, timezone::Tz},
        compute::cast,
        datatypes::{DataType, Field, FieldRef, TimeUnit, TimestampMicrosecondType},
        temporal_conversions::as_datetime_with_timezone,
    },
    common::{ScalarValue, utils::take_function_args},
    error::Result,
    logical_expr::{
        ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature,
        Volatility,
    },
};

use super::{
    fault::Fault,
    kinds::{Kind, SESSION_ZONE, text, trino_name},
    scalar::function,
    value::some,
};

pub(super) fn all() -> Vec<ScalarUDF> {
    vec![
        ScalarUDF::new_from_impl(InZone::new("at_timezone", false)),
        ScalarUDF::new_from_impl(InZone::new("with_timezone", true)),
        function("current_timezone").on(&[], text, |_| some(SESSION_ZONE)).into(),
    ]
}

/// `at_timezone` shows a moment on the clocks of another zone; `with_timezone` says of which zone's clocks a timestamp is.
#[derive(Debug, PartialEq, Eq, Hash)]
struct InZone {
    name: &'static str,
    keeps_wall_clock: bool,
    signature: Signature,
}

impl InZone {
    fn new(name: &'static str, keeps_wall_clock: bool) -> Self {
        Self { name, keeps_wall_clock, signature: Signature::new(TypeSignature::UserDefined, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for InZone {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let kinds = match given {
            [moment, zone] => Kind::Timestamp.coerce(moment).zip(Kind::Text.coerce(zone)),
            _ => None,
        };
        // What does not fit is told by the type of the result: DataFusion hides what is told here.
        Ok(kinds.map_or_else(|| given.to_vec(), |(moment, zone)| vec![moment, zone]))
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Timestamp(TimeUnit::Millisecond, Some(SESSION_ZONE.into())))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let kinds: Vec<_> = args.arg_fields.iter().map(|field| field.data_type().clone()).collect();
        if !matches!(kinds[..], [DataType::Timestamp(..), DataType::Utf8]) {
            let given: Vec<_> = kinds.iter().map(trino_name).collect();
            let expected = [format!("{}(timestamp(p) with time zone, varchar(x))", self.name)];
            return Err(Fault::parameters(self.name, &given, &expected).into());
        }
        let zone = match args.scalar_arguments.get(1) {
            Some(Some(zone)) => zone.try_as_str().flatten().unwrap_or(SESSION_ZONE),
            _ => return Err(Fault::argument("the time zone must be a constant").into()),
        };
        let kind = DataType::Timestamp(TimeUnit::Millisecond, Some(zone.into()));
        // Arrow tells an unknown zone only when it has values to convert.
        let probe = ScalarValue::TimestampMillisecond(Some(0), None).cast_to(&kind);
        probe.map_err(|_| Fault::argument(format!("'{zone}' is not a valid time zone")))?;
        Ok(Arc::new(Field::new(self.name, kind, true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [moment, _zone] = take_function_args(self.name, args.args)?;
        let moment = moment.into_array(args.number_rows)?;
        let is_wall_clock = matches!(moment.data_type(), DataType::Timestamp(_, None));
        let to = args.return_field.data_type();
        let moment = match (is_wall_clock, self.keeps_wall_clock) {
            (true, false) => cast(&moment, &DataType::Timestamp(TimeUnit::Millisecond, Some(SESSION_ZONE.into())))?,
            (false, true) => wall_clock(&moment)?,
            _ => moment,
        };
        Ok(ColumnarValue::Array(cast(&moment, to)?))
    }
}

/// What the clocks on the wall show at moments in microseconds, in the zone that the moments have.
pub(super) fn wall_clock(moments: &ArrayRef) -> Result<ArrayRef> {
    let DataType::Timestamp(_, Some(zone)) = moments.data_type() else {
        return Ok(Arc::clone(moments));
    };
    let zone: Tz = zone.parse()?;
    let micros = cast(moments, &DataType::Timestamp(TimeUnit::Microsecond, Some(SESSION_ZONE.into())))?;
    let walls = micros.as_primitive::<TimestampMicrosecondType>().iter().map(|moment| {
        let local = as_datetime_with_timezone::<TimestampMicrosecondType>(moment?, zone)?.naive_local();
        Some(local.and_utc().timestamp_micros())
    });
    Ok(Arc::new(walls.collect::<TimestampMicrosecondArray>()))
}
