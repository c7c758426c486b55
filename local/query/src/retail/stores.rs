//! The shops, who works in them, and what lies on their shelves.

use datafusion::arrow::error::ArrowError;
use jiff::civil::{Date, DateTime, date, time};

use super::{
    calendar::{LAST_DAY, days_later, some_day},
    catalogue::Product,
    random::Random,
    table::{Columns, Table},
    words::{FIRST_NAMES, LAST_NAMES},
};

pub(super) struct Store {
    pub(super) id: i64,
    name: &'static str,
    city: &'static str,
    pub(super) country: &'static str,
    pub(super) opened_on: Date,
    pub(super) closed_on: Option<Date>,
    /// Square metres.
    pub(super) floor_area: i32,
}

impl Store {
    pub(super) fn is_open(&self, day: Date) -> bool {
        self.opened_on <= day && self.closed_on.is_none_or(|closed_on| day < closed_on)
    }
}

pub(super) fn stores() -> Vec<Store> {
    let stores = [
        ("Zürich Old Town", "Zürich", "Switzerland", date(2004, 4, 3), None, 640),
        ("Zürich Airport", "Zürich", "Switzerland", date(2016, 11, 10), None, 180),
        ("Bern Arcades", "Bern", "Switzerland", date(2007, 9, 1), None, 420),
        ("Geneva Lakeside", "Geneva", "Switzerland", date(2012, 5, 12), None, 350),
        ("Lucerne Bridge", "Lucerne", "Switzerland", date(2009, 3, 28), None, 290),
        ("Munich Isar Gate", "Munich", "Germany", date(2014, 10, 4), None, 710),
        ("Berlin Courtyard", "Berlin", "Germany", date(2018, 3, 17), None, 530),
        ("Hamburg Harbour", "Hamburg", "Germany", date(2019, 8, 24), Some(date(2024, 6, 30)), 460),
        ("Vienna Ring", "Vienna", "Austria", date(2017, 5, 6), None, 480),
        ("Innsbruck Nordkette", "Innsbruck", "Austria", date(2011, 11, 19), None, 380),
        ("Lyon Peninsula", "Lyon", "France", date(2021, 9, 11), None, 330),
        ("Bolzano Market", "Bolzano", "Italy", date(2024, 3, 16), None, 260),
    ];
    let numbered = (1..).zip(stores);
    numbered
        .map(|(id, (name, city, country, opened_on, closed_on, floor_area))| Store {
            id,
            name,
            city,
            country,
            opened_on,
            closed_on,
            floor_area,
        })
        .collect()
}

pub(super) fn table(stores: &[Store]) -> Result<Table, ArrowError> {
    Columns::of(stores)
        .bigint("id", |store| store.id)
        .text("name", |store| store.name)
        .text("city", |store| store.city)
        .text("country", |store| store.country)
        .date("opened_on", |store| store.opened_on)
        .date("closed_on", |store| store.closed_on)
        .int("floor_area_m2", |store| store.floor_area)
        .table("stores")
}

pub(super) struct Employee {
    id: i64,
    name: String,
    role: &'static str,
    /// None for the head office.
    store_id: Option<i64>,
    manager_id: Option<i64>,
    hired_on: Date,
    left_on: Option<Date>,
    /// Hundredths, as all money.
    monthly_salary: i64,
}

pub(super) fn employees(stores: &[Store]) -> Vec<Employee> {
    let random = &mut Random::of("employees");
    let mut employees = Vec::new();
    let mut hire = |role, store: Option<&Store>, manager_id: Option<i64>, salary: i64| {
        let id = employees.len() as i64 + 1;
        let first_day = store.map_or(date(2004, 1, 5), |store| store.opened_on);
        let closed_on = store.and_then(|store| store.closed_on);
        let hired_on = some_day(random, first_day, closed_on.unwrap_or(date(2025, 9, 30)));
        let gives_up = role == "Sales Assistant" && random.percent(22);
        let left_on = gives_up.then(|| some_day(random, hired_on, closed_on.unwrap_or(LAST_DAY)));
        employees.push(Employee {
            id,
            name: format!("{} {}", random.one_of(&FIRST_NAMES), random.one_of(&LAST_NAMES)),
            role,
            store_id: store.map(|store| store.id),
            manager_id,
            hired_on,
            left_on: left_on.or(closed_on),
            monthly_salary: (salary + random.between(-30, 60) * 10) * 100,
        });
        id
    };

    let owner = hire("Managing Director", None, None, 13_500);
    let buyer = hire("Head of Purchasing", None, Some(owner), 9_800);
    let retail = hire("Head of Retail", None, Some(owner), 9_600);
    let online = hire("Head of Online", None, Some(owner), 9_400);
    for _ in 0..3 {
        hire("Buyer", None, Some(buyer), 6_900);
        hire("Web Developer", None, Some(online), 7_600);
    }
    for store in stores {
        let manager = hire("Store Manager", Some(store), Some(retail), 6_800);
        for _ in 0..2 + store.floor_area / 120 {
            hire("Sales Assistant", Some(store), Some(manager), 4_500);
        }
        if store.floor_area > 350 {
            hire("Bike Mechanic", Some(store), Some(manager), 5_100);
        }
    }
    employees
}

pub(super) fn employee_table(employees: &[Employee]) -> Result<Table, ArrowError> {
    Columns::of(employees)
        .bigint("id", |employee| employee.id)
        .text("name", |employee| employee.name.as_str())
        .text("role", |employee| employee.role)
        .bigint("store_id", |employee| employee.store_id)
        .bigint("manager_id", |employee| employee.manager_id)
        .date("hired_on", |employee| employee.hired_on)
        .date("left_on", |employee| employee.left_on)
        .money("monthly_salary", |employee| employee.monthly_salary)?
        .table("employees")
}

pub(super) struct Stock {
    store_id: i64,
    product_id: i64,
    quantity: i32,
    reorder_level: i32,
    counted_at: DateTime,
}

/// As it was counted in the last days of the year; not every shop keeps every product.
pub(super) fn stock(stores: &[Store], products: &[Product]) -> Vec<Stock> {
    let random = &mut Random::of("inventory");
    let mut stock = Vec::new();
    for store in stores.iter().filter(|store| store.is_open(LAST_DAY)) {
        let day = days_later(LAST_DAY, -random.between(0, 4));
        for product in products.iter().filter(|product| product.is_sold(LAST_DAY)) {
            if random.percent(88) {
                let reorder_level = random.between(2, 12);
                let quantity = if random.percent(6) { 0 } else { random.between(1, reorder_level * 5) };
                let minute = random.between(0, 59) as i8;
                stock.push(Stock {
                    store_id: store.id,
                    product_id: product.id,
                    quantity: quantity as i32,
                    reorder_level: reorder_level as i32,
                    counted_at: day.to_datetime(time(19 + random.between(0, 2) as i8, minute, 0, 0)),
                });
            }
        }
    }
    stock
}

pub(super) fn stock_table(stock: &[Stock]) -> Result<Table, ArrowError> {
    Columns::of(stock)
        .bigint("store_id", |row| row.store_id)
        .bigint("product_id", |row| row.product_id)
        .int("quantity", |row| row.quantity)
        .int("reorder_level", |row| row.reorder_level)
        .timestamp("counted_at", |row| row.counted_at)
        .table("inventory")
}
