//! The products.

use datafusion::arrow::error::ArrowError;
use jiff::civil::{Date, date};

use super::{
    calendar::{position, some_day},
    random::Random,
    table::{Columns, Table},
    words::{BRANDS, CATEGORIES},
};

pub(super) struct Product {
    pub(super) id: i64,
    name: String,
    pub(super) category: &'static str,
    brand: &'static str,
    /// Hundredths, as all money; of today.
    pub(super) price: i64,
    cost: i64,
    /// Grams, where somebody weighed it.
    weight: Option<i64>,
    pub(super) introduced_on: Date,
    discontinued_on: Option<Date>,
    /// How much of it is sold, each month from January.
    months: [i64; 12],
    /// From 1 to 5; what reviews scatter around.
    pub(super) quality: i64,
}

impl Product {
    pub(super) fn is_sold(&self, day: Date) -> bool {
        self.introduced_on <= day && self.discontinued_on.is_none_or(|end| day < end)
    }

    /// How often it is bought, beside others.
    pub(super) fn demand(&self, day: Date) -> i64 {
        // Half as much of what costs much.
        let affordable = if self.price > 40_000 { 1 } else { 2 };
        if self.is_sold(day) { affordable * self.months[position(day.month(), 12)] } else { 0 }
    }

    /// What it cost on a day: prices went up with each of the three years, and end with five hundredths.
    pub(super) fn price_on(&self, day: Date) -> i64 {
        let percent = match day.year() {
            ..=2023 => 93,
            2024 => 97,
            _ => 100,
        };
        self.price * percent / 500 * 5
    }
}

pub(super) fn products() -> Vec<Product> {
    let random = &mut Random::of("products");
    let mut products = Vec::new();
    for category in &CATEGORIES {
        for (thing, price, weight) in category.things {
            let cheap = random.index(BRANDS.len());
            let dear = (cheap + 1 + random.index(BRANDS.len() - 1)) % BRANDS.len();
            for (brand, percent, quality) in [(cheap, random.between(78, 95), 3), (dear, random.between(115, 155), 4)] {
                let price = price * percent / 5 * 5 + 90;
                let introduced_on = if random.percent(75) {
                    date(2021, 3, 1)
                } else {
                    some_day(random, date(2023, 2, 1), date(2025, 6, 30)).first_of_month()
                };
                let goes = introduced_on < date(2023, 1, 1) && random.percent(14);
                products.push(Product {
                    id: products.len() as i64 + 1,
                    name: format!("{} {thing}", BRANDS[brand]),
                    category: category.name,
                    brand: BRANDS[brand],
                    price,
                    cost: price * random.between(42, 68) / 100,
                    weight: (!random.percent(12)).then(|| weight * random.between(85, 112) / 100),
                    introduced_on,
                    discontinued_on: goes
                        .then(|| some_day(random, date(2023, 9, 1), date(2025, 10, 31)).first_of_month()),
                    months: category.months,
                    quality: quality - i64::from(random.percent(18)),
                });
            }
        }
    }
    products
}

pub(super) fn table(products: &[Product]) -> Result<Table, ArrowError> {
    Columns::of(products)
        .bigint("id", |product| product.id)
        .text("name", |product| product.name.as_str())
        .text("category", |product| product.category)
        .text("brand", |product| product.brand)
        .money("price", |product| product.price)?
        .money("cost", |product| product.cost)?
        .double("weight_kg", |product| product.weight.map(|grams| grams as f64 / 1000.0))
        .date("introduced_on", |product| product.introduced_on)
        .date("discontinued_on", |product| product.discontinued_on)
        .table("products")
}
