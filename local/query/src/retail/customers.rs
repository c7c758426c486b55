//! The customers.

use datafusion::arrow::error::ArrowError;
use jiff::civil::{Date, date};

use super::{
    calendar::some_day,
    random::Random,
    table::{Columns, Table},
    words::{COUNTRIES, FIRST_NAMES, LAST_NAMES},
};

const COUNT: usize = 1600;

pub(super) struct Customer {
    pub(super) id: i64,
    name: String,
    email: String,
    date_of_birth: Option<Date>,
    pub(super) country: &'static str,
    city: &'static str,
    pub(super) segment: &'static str,
    pub(super) signup_date: Date,
    newsletter: Option<bool>,
    /// How often somebody buys, beside others; some never have.
    pub(super) eagerness: i64,
}

/// In the order of their signing up.
pub(super) fn customers() -> Vec<Customer> {
    let random = &mut Random::of("customers");
    let mut days: Vec<Date> = (0..COUNT).map(|_| some_day(random, date(2021, 3, 1), date(2025, 12, 20))).collect();
    days.sort_unstable();
    (1..).zip(days).map(|(id, signup_date)| customer(random, id, signup_date)).collect()
}

fn customer(random: &mut Random, id: i64, signup_date: Date) -> Customer {
    let (first, last) = (random.one_of(&FIRST_NAMES), random.one_of(&LAST_NAMES));
    let (country, cities) = random.weighted(&COUNTRIES);
    let segment = random.weighted(&[("consumer", 72), ("club", 20), ("business", 8)]);
    Customer {
        id,
        name: format!("{first} {last}"),
        email: format!("{}.{id}@example.com", last.replace('\'', "").to_lowercase()),
        date_of_birth: random.percent(85).then(|| some_day(random, date(1946, 1, 1), date(2006, 12, 31))),
        country,
        city: random.one_of::<&str>(cities),
        segment,
        signup_date,
        // Who signed up early was never asked.
        newsletter: (signup_date >= date(2022, 1, 1)).then(|| random.percent(43)),
        eagerness: match segment {
            "consumer" => random.weighted(&[(0, 12), (1, 50), (3, 30), (6, 8)]),
            "club" => random.weighted(&[(2, 40), (4, 40), (8, 20)]),
            _ => random.weighted(&[(3, 50), (8, 50)]),
        },
    }
}

pub(super) fn table(customers: &[Customer]) -> Result<Table, ArrowError> {
    Columns::of(customers)
        .bigint("id", |customer| customer.id)
        .text("name", |customer| customer.name.as_str())
        .text("email", |customer| customer.email.as_str())
        .date("date_of_birth", |customer| customer.date_of_birth)
        .text("country", |customer| customer.country)
        .text("city", |customer| customer.city)
        .text("segment", |customer| customer.segment)
        .date("signup_date", |customer| customer.signup_date)
        .boolean("newsletter", |customer| customer.newsletter)
        .table("customers")
}
