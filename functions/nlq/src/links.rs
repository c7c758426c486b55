//! Which tables are joined by which columns.

use std::collections::BTreeMap;

use shared::sql::schema::Schema;

use crate::layer::{Layer, names_of};

/// A column of a table; both names as the schema spells them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) table: String,
    pub(crate) column: String,
}

/// Two columns that mean the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) one: Place,
    pub(crate) other: Place,
    /// Whether somebody says so, rather than the names alone.
    pub(crate) is_declared: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Links(Vec<Link>);

impl Links {
    /// Those that the semantic layer declares. For tables that it joins with nothing, columns of one name that looks like a
    /// key's.
    pub(crate) fn of(schema: &Schema, layer: &Layer) -> Self {
        let place = |(table, column): (&str, &str)| {
            let table = schema.table(table)?;
            Some(Place { table: table.name.clone(), column: table.column(column)?.name.clone() })
        };
        let mut links = Vec::new();
        for join in &layer.joins {
            let places: Vec<Place> = names_of(join).filter_map(place).collect();
            if let [one, other] = places.as_slice() {
                links.push(Link { one: one.clone(), other: other.clone(), is_declared: true });
            }
        }
        let declared = Self(links);
        let mut by_key: BTreeMap<String, Vec<Place>> = BTreeMap::new();
        for table in schema.tables.iter().filter(|table| declared.of_table(&table.name).next().is_none()) {
            for column in table.visible().filter(|column| is_key(&column.name)) {
                let place = Place { table: table.name.clone(), column: column.name.clone() };
                by_key.entry(column.name.to_lowercase()).or_default().push(place);
            }
        }
        let mut links = declared.0;
        for places in by_key.values() {
            for (index, one) in places.iter().enumerate() {
                let others = places[index + 1..].iter();
                links.extend(others.map(|other| Link { one: one.clone(), other: other.clone(), is_declared: false }));
            }
        }
        Self(links)
    }

    /// The links of a table, seen from it.
    pub(crate) fn of_table(&self, table: &str) -> impl Iterator<Item = (&Place, &Place)> {
        self.0
            .iter()
            .flat_map(|link| [(&link.one, &link.other), (&link.other, &link.one)])
            .filter(move |(here, _)| here.table.eq_ignore_ascii_case(table))
    }

    /// The declared links by which a table refers to others: `orders.customer_id = customers.id` is one of orders.
    pub(crate) fn references_of(&self, table: &str) -> impl Iterator<Item = (&Place, &Place)> {
        let refers = move |link: &&Link| {
            link.is_declared && link.one.table.eq_ignore_ascii_case(table) && link.one.table != link.other.table
        };
        self.0.iter().filter(refers).map(|link| (&link.one, &link.other))
    }

    /// The declared links by which other tables refer to this one: `orders.customer_id = customers.id` refers to customers.
    pub(crate) fn references_to(&self, table: &str) -> impl Iterator<Item = (&Place, &Place)> {
        let refers = move |link: &&Link| {
            link.is_declared && link.other.table.eq_ignore_ascii_case(table) && link.one.table != link.other.table
        };
        self.0.iter().filter(refers).map(|link| (&link.one, &link.other))
    }

    /// The links between two tables, seen from the first.
    pub(crate) fn between(&self, one: &str, other: &str) -> Vec<(&Place, &Place)> {
        self.of_table(one).filter(|(_, there)| there.table.eq_ignore_ascii_case(other)).collect()
    }

    pub(crate) fn uses(&self, table: &str, column: &str) -> bool {
        self.of_table(table).any(|(here, _)| here.column.eq_ignore_ascii_case(column))
    }
}

/// `id` alone is every table's own.
pub(crate) fn is_key(name: &str) -> bool {
    let name = name.to_lowercase();
    name.len() > 2 && (name.ends_with("id") || name.ends_with("_key") || name.ends_with("_code"))
}

#[cfg(test)]
mod tests {
    use crate::layer::tests::subject;

    #[test]
    fn what_is_declared_outranks_what_names_suggest() {
        let tables = "
            orders: order_id bigint, customer_id bigint
            customers: id bigint, order_id bigint
            items: order_id bigint
            parts: order_id bigint";
        let links = subject(tables, "joins: [orders.customer_id = customers.id]").links;
        assert_eq!(links.between("orders", "customers").len(), 1);
        assert_eq!(links.between("orders", "customers")[0].1.column, "id");
        assert_eq!(links.between("items", "parts").len(), 1);
        assert!(links.uses("ITEMS", "Order_ID") && !links.uses("orders", "order_id"));
    }
}
