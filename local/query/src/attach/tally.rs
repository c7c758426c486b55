//! What the values of a column are like, which decides its type.

use super::{
    kind::{Declared, Kind},
    value::Value,
};

/// From this many values that break a declaration on, it may be the declaration that is wrong.
const FEW: u64 = 20;

/// Counts of a column's values that are not NULL.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    declared: Declared,
    values: u64,
    integers: u64,
    reals: u64,
    texts: u64,
    blobs: u64,
    empty: u64,
    /// Values that break the declaration, empty texts among them.
    broken: u64,
    rounded: u64,
    text_bytes: u64,
    /// How many texts are spelled as a value of the type.
    spelled: Spelled,
}

#[derive(Debug, Clone, Copy, Default)]
struct Spelled {
    integers: u64,
    numbers: u64,
    booleans: u64,
    dates: u64,
    timestamps: u64,
}

/// The type of a column, and what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) kind: Kind,
    /// Values that become NULL.
    pub(crate) lost: u64,
    /// Whether another type than the declared one was taken, because the values do not keep to that.
    pub(crate) is_overruled: bool,
}

impl Tally {
    pub(crate) fn new(declared: Declared) -> Self {
        Self {
            declared,
            values: 0,
            integers: 0,
            reals: 0,
            texts: 0,
            blobs: 0,
            empty: 0,
            broken: 0,
            rounded: 0,
            text_bytes: 0,
            spelled: Spelled::default(),
        }
    }

    pub(crate) fn add(&mut self, value: Value<'_>) {
        match value {
            Value::Null => return,
            Value::Integer(_) => self.integers += 1,
            Value::Real(_) => self.reals += 1,
            Value::Blob(bytes) => {
                self.blobs += 1;
                self.text_bytes += bytes.len() as u64;
            }
            Value::Text(text) => {
                self.texts += 1;
                self.text_bytes += text.len() as u64;
                self.empty += u64::from(text.trim().is_empty());
            }
        }
        self.values += 1;
        match self.declared {
            Declared::Kind(Kind::Varchar) => {
                self.broken += u64::from(matches!(value, Value::Blob(_)));
                self.spelled.integers += u64::from(is_integer(value));
            }
            Declared::Kind(Kind::Decimal(precision, scale)) => match value.decimal(precision, scale) {
                Some((_, lossy)) => self.rounded += u64::from(lossy),
                None => self.broken += 1,
            },
            Declared::Kind(kind) => {
                let is_kept = kind.takes(value);
                self.broken += u64::from(!is_kept);
                self.spelled.timestamps += u64::from(kind == Kind::Date && (is_kept || value.timestamp().is_some()));
            }
            Declared::ByValues => {}
        }
    }

    /// For values that are all text, as in CSV: looks at how they are spelled.
    pub(crate) fn add_spelled(&mut self, text: &str) {
        self.add(Value::Text(text));
        let value = Value::Text(text);
        let padded = text.len() > 1 && text.starts_with('0') && !text.starts_with("0.");
        let number = !padded && value.double().is_some();
        self.spelled.numbers += u64::from(number);
        self.spelled.integers += u64::from(number && value.integer().is_some());
        self.spelled.booleans += u64::from(matches!(text.to_ascii_lowercase().as_str(), "true" | "false"));
        // Parsing dates costs most and is tried only as long as every value was one.
        if self.spelled.timestamps + 1 == self.values && value.timestamp().is_some() {
            self.spelled.timestamps += 1;
            self.spelled.dates += u64::from(value.date().is_some() && text.len() <= 10);
        }
    }

    /// Whether every value is a whole number, though it may be written as text.
    pub(crate) fn is_of_integers(&self) -> bool {
        self.spelled.integers == self.values
    }

    pub(crate) fn text_bytes(&self) -> u64 {
        self.text_bytes
    }

    /// The declared type, unless so many values break it that it must be wrong: more than half, or, in a column with
    /// enough of them to tell, more than a tenth.
    pub(crate) fn decide(&self) -> Decision {
        let Declared::Kind(kind) = self.declared else {
            let kind = self.by_storage();
            return Decision { kind, lost: self.lost_as(kind), is_overruled: false };
        };
        let filled = self.values - self.empty;
        let wrong = |count: u64| count * 2 > filled || (count >= FEW && count * 10 > filled);
        let empty = if kind == Kind::Varchar { 0 } else { self.empty };
        if !wrong(self.broken.saturating_sub(empty)) && !wrong(self.rounded) {
            return Decision { kind, lost: self.broken, is_overruled: false };
        }
        let kind = match kind {
            Kind::Date if !wrong(filled - self.spelled.timestamps) => Kind::Timestamp,
            Kind::Decimal(..) if !wrong(self.broken.saturating_sub(empty)) => Kind::Double,
            _ => self.by_storage(),
        };
        Decision { kind, lost: self.lost_as(kind), is_overruled: true }
    }

    /// The narrowest type that holds every value as SQLite stores it.
    fn by_storage(&self) -> Kind {
        match (self.integers, self.reals, self.texts, self.blobs) {
            (1.., 0, 0, 0) => Kind::Bigint,
            (_, 1.., 0, 0) => Kind::Double,
            (0, 0, 0, 1..) => Kind::Varbinary,
            _ => Kind::Varchar,
        }
    }

    fn lost_as(&self, kind: Kind) -> u64 {
        match kind {
            Kind::Varchar => self.blobs,
            Kind::Timestamp => self.values - self.spelled.timestamps,
            _ => 0,
        }
    }

    /// The narrowest type that every value is spelled as.
    pub(crate) fn by_spelling(&self) -> Kind {
        match self.values {
            0 => Kind::Varchar,
            all if self.spelled.booleans == all => Kind::Boolean,
            all if self.spelled.integers == all => Kind::Bigint,
            all if self.spelled.numbers == all => Kind::Double,
            all if self.spelled.dates == all => Kind::Date,
            all if self.spelled.timestamps == all => Kind::Timestamp,
            _ => Kind::Varchar,
        }
    }
}

/// Not `007`: its zeros would be lost.
fn is_integer(value: Value<'_>) -> bool {
    match value {
        Value::Text(text) => !(text.len() > 1 && text.starts_with('0')) && value.integer().is_some(),
        _ => value.integer().is_some(),
    }
}
