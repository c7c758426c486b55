//! What came back.

use datafusion::arrow::error::ArrowError;
use jiff::civil::Date;

use super::{
    calendar::{LAST_DAY, days_later},
    catalogue::Product,
    random::Random,
    sales::Sales,
    table::{Columns, Table},
};

pub(super) struct Return {
    id: i64,
    order_id: i64,
    product_id: i64,
    returned_on: Date,
    quantity: i32,
    /// None where nobody said.
    reason: Option<&'static str>,
    refund: i64,
}

/// In the order of their dates.
pub(super) fn returns(sales: &Sales, products: &[Product]) -> Vec<Return> {
    let random = &mut Random::of("returns");
    let mut returns = Vec::new();
    for line in &sales.lines {
        let order = &sales.orders[line.order];
        let is_worn = products
            .iter()
            .any(|product| product.id == line.product_id && matches!(product.category, "Clothing" | "Footwear"));
        if order.status != "delivered" || !random.percent(if is_worn { 11 } else { 4 }) {
            continue;
        }
        let returned_on = days_later(order.shipped_on.unwrap_or(order.order_date), random.between(4, 30));
        if returned_on > LAST_DAY {
            continue;
        }
        let quantity = random.between(1, line.quantity.into()) as i32;
        let sizes = if is_worn { 30 } else { 0 };
        returns.push(Return {
            id: 0,
            order_id: order.id,
            product_id: line.product_id,
            returned_on,
            quantity,
            reason: random.weighted(&[
                (Some("too small"), sizes),
                (Some("too large"), sizes),
                (Some("damaged"), 18),
                (Some("wrong item"), 8),
                (Some("changed mind"), 32),
                (None, 12),
            ]),
            refund: i64::from(quantity) * line.unit_price,
        });
    }
    returns.sort_by_key(|row| (row.returned_on, row.order_id, row.product_id));
    returns.iter_mut().zip(1..).for_each(|(row, id)| row.id = id);
    returns
}

pub(super) fn table(returns: &[Return]) -> Result<Table, ArrowError> {
    Columns::of(returns)
        .bigint("id", |row| row.id)
        .bigint("order_id", |row| row.order_id)
        .bigint("product_id", |row| row.product_id)
        .date("returned_on", |row| row.returned_on)
        .int("quantity", |row| row.quantity)
        .text("reason", |row| row.reason)
        .money("refund", |row| row.refund)?
        .table("returns")
}
