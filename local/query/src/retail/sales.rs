//! The orders and their lines, day by day.

use datafusion::arrow::error::ArrowError;
use jiff::civil::{Date, date};

use super::{
    calendar::{FIRST_DAY, LAST_DAY, busyness, days_later},
    catalogue::Product,
    customers::Customer,
    random::Random,
    stores::Store,
    table::{Columns, Table},
};

/// Orders of an average day in the first year, in hundredths.
const ORDERS_A_DAY: i64 = 430;
/// What online orders cost on top, and from what value on they do not.
const SHIPPING_FEE: i64 = 790;
const FREE_FROM: i64 = 10_000;

pub(super) struct Sales {
    pub(super) orders: Vec<Order>,
    /// A cancelled order has none.
    pub(super) lines: Vec<Line>,
}

pub(super) struct Order {
    pub(super) id: i64,
    pub(super) customer_id: i64,
    /// None where it was placed online.
    store_id: Option<i64>,
    channel: &'static str,
    pub(super) order_date: Date,
    pub(super) status: &'static str,
    /// None for what was taken along in the shop, is waiting, or was cancelled.
    pub(super) shipped_on: Option<Date>,
    shipping_fee: i64,
}

pub(super) struct Line {
    /// Where its order is among the orders.
    pub(super) order: usize,
    pub(super) number: i32,
    pub(super) product_id: i64,
    pub(super) quantity: i32,
    /// Paid for one, in hundredths.
    pub(super) unit_price: i64,
    /// Percent off the price of that day.
    discount: i64,
}

pub(super) fn sales(stores: &[Store], products: &[Product], customers: &[Customer]) -> Sales {
    let random = &mut Random::of("orders");
    let mut sales = Sales { orders: Vec::new(), lines: Vec::new() };
    let mut day = FIRST_DAY;
    while day <= LAST_DAY {
        let known = customers.partition_point(|customer| customer.signup_date <= day);
        let demand: Vec<(usize, i64)> = products.iter().map(|product| product.demand(day)).enumerate().collect();
        let hundredths = ORDERS_A_DAY * busyness(day) / 100 + random.between(-150, 150);
        for _ in 0..hundredths.max(0) / 100 + i64::from(random.percent(hundredths.max(0) % 100)) {
            let customer = loop {
                let customer = random.one_of(&customers[..known]);
                if random.between(1, 8) <= customer.eagerness {
                    break customer;
                }
            };
            let lines = lines(random, sales.orders.len(), day, customer, products, &demand);
            let (order, is_cancelled) = order(random, sales.orders.len(), day, customer, stores, &lines);
            sales.orders.push(order);
            if !is_cancelled {
                sales.lines.extend(lines);
            }
        }
        day = days_later(day, 1);
    }
    sales
}

fn order(
    random: &mut Random,
    index: usize,
    day: Date,
    customer: &Customer,
    stores: &[Store],
    lines: &[Line],
) -> (Order, bool) {
    let near: Vec<(&Store, i64)> = stores
        .iter()
        .filter(|store| store.country == customer.country && store.is_open(day))
        .map(|store| (store, i64::from(store.floor_area)))
        .collect();
    // Shops lose to the web year by year, and the app begins in 2024.
    let in_shops = if near.is_empty() { 0 } else { 58 - 9 * i64::from(day.year() - 2023) };
    let in_app = if day < date(2024, 2, 1) { 0 } else { 4 + 9 * i64::from(day.year() - 2024) };
    let channel = random.weighted(&[("store", in_shops), ("app", in_app), ("web", 100 - in_shops - in_app)]);
    let store_id = (channel == "store").then(|| random.weighted(&near).id);

    let patience = if day.month() == 12 { 6 } else { 3 };
    let ready_on = days_later(day, random.between(1, patience));
    let arrives_on = days_later(ready_on, random.between(2, 5));
    let is_cancelled = channel != "store" && random.percent(5);
    let status = match channel {
        _ if is_cancelled => "cancelled",
        "store" => "delivered",
        _ if ready_on > LAST_DAY => "open",
        _ if arrives_on > LAST_DAY => "shipped",
        _ => "delivered",
    };
    let was_shipped = channel != "store" && matches!(status, "shipped" | "delivered");
    let value: i64 = lines.iter().map(|line| i64::from(line.quantity) * line.unit_price).sum();
    let order = Order {
        id: index as i64 + 1,
        customer_id: customer.id,
        store_id,
        channel,
        order_date: day,
        status,
        shipped_on: was_shipped.then_some(ready_on),
        shipping_fee: if channel == "store" || value >= FREE_FROM { 0 } else { SHIPPING_FEE },
    };
    (order, is_cancelled)
}

fn lines(
    random: &mut Random,
    order: usize,
    day: Date,
    customer: &Customer,
    products: &[Product],
    demand: &[(usize, i64)],
) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for _ in 0..random.weighted(&[(1, 42), (2, 30), (3, 16), (4, 8), (5, 4)]) {
        let product = &products[random.weighted(demand)];
        if lines.iter().any(|line| line.product_id == product.id) {
            continue;
        }
        let discount = discount(day, customer, product);
        // To five hundredths again.
        let unit_price = product.price_on(day) * (100 - discount) / 500 * 5;
        lines.push(Line {
            order,
            number: lines.len() as i32 + 1,
            product_id: product.id,
            quantity: match customer.segment {
                "business" => random.weighted(&[(1, 40), (2, 25), (4, 15), (6, 12), (10, 8)]),
                _ => random.weighted(&[(1, 82), (2, 14), (3, 4)]),
            },
            unit_price,
            discount,
        });
    }
    lines
}

/// In percent: the week before Advent, the sale of winter things, or what businesses have agreed.
fn discount(day: Date, customer: &Customer, product: &Product) -> i64 {
    match (day.month(), day.day()) {
        (11, 24..=30) => 20,
        (1 | 2, _) if product.category == "Winter Sports" => 30,
        (7, 15..=31) if product.category == "Cycling" => 15,
        _ if customer.segment == "business" => 10,
        _ => 0,
    }
}

pub(super) fn order_table(sales: &Sales) -> Result<Table, ArrowError> {
    Columns::of(&sales.orders)
        .bigint("id", |order| order.id)
        .bigint("customer_id", |order| order.customer_id)
        .bigint("store_id", |order| order.store_id)
        .text("channel", |order| order.channel)
        .date("order_date", |order| order.order_date)
        .text("status", |order| order.status)
        .date("shipped_on", |order| order.shipped_on)
        .money("shipping_fee", |order| order.shipping_fee)?
        .table("orders")
}

pub(super) fn line_table(sales: &Sales) -> Result<Table, ArrowError> {
    Columns::of(&sales.lines)
        .bigint("order_id", |line| sales.orders[line.order].id)
        .int("line_number", |line| line.number)
        .bigint("product_id", |line| line.product_id)
        .int("quantity", |line| line.quantity)
        .money("unit_price", |line| line.unit_price)?
        .double("discount", |line| line.discount as f64 / 100.0)
        .table("order_items")
}
