//! Parquet files, read by DataFusion's own reader under names and types that Athena would give.

use std::{collections::HashMap, fs::File, path::Path, sync::Arc, time::SystemTime};

use async_trait::async_trait;
use datafusion::{
    arrow::datatypes::{DataType, SchemaRef, TimeUnit},
    catalog::{Session, TableProvider, view::ViewTable},
    datasource::{
        file_format::parquet::ParquetFormat,
        listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl},
        physical_plan::FileScanConfig,
        provider_as_source,
        source::DataSourceExec,
    },
    error::Result,
    execution::SessionState,
    logical_expr::{Expr, LogicalPlanBuilder, TableProviderFilterPushDown, TableType, cast, ident},
    parquet::file::reader::{FileReader, SerializedFileReader},
    physical_plan::ExecutionPlan,
};

use super::{
    Attached,
    folder::{Member, partition_keys},
    kind::{Declared, Kind},
    tally::Tally,
};
use crate::{Column, Table, engine::Scanned, types};

/// Sizes in the file by column, by the file's location as the object store spells it.
type Sizes = HashMap<String, HashMap<String, u64>>;

pub(crate) async fn attach(
    name: &str,
    root: &Path,
    members: &[Member],
    created: SystemTime,
    state: &SessionState,
) -> Result<Attached> {
    let keys = partition_keys(members);
    let partitions = keys.iter().map(|key| (key.clone(), partition_kind(members, key).arrow())).collect();
    let options = ListingOptions::new(Arc::new(ParquetFormat::default()))
        .with_file_extension_opt(root.is_dir().then_some(".parquet"))
        .with_table_partition_cols(partitions);
    let url = ListingTableUrl::parse(root.to_string_lossy())?;
    let config = ListingTableConfig::new(url).with_listing_options(options).infer_schema(state).await?;
    let mut sizes = Sizes::new();
    for member in members {
        let location = ListingTableUrl::parse(member.path.to_string_lossy())?;
        sizes.insert(location.prefix().to_string(), column_sizes(&member.path)?);
    }
    let files = ParquetFiles { files: ListingTable::try_new(config)?, sizes };
    let (schema, columns) = (files.schema(), files.schema());
    let plan = LogicalPlanBuilder::scan(name, provider_as_source(Arc::new(files)), None)?;
    let shown = schema.fields().iter().map(|field| {
        let (column, kind) = (ident(field.name()), plain(field.data_type()));
        let column = if &kind == field.data_type() { column } else { cast(column, kind) };
        column.alias(field.name().to_lowercase())
    });
    let view = ViewTable::new(plan.project(shown)?.build()?, None);
    let described = columns.fields().iter().map(|field| Column {
        name: field.name().to_lowercase(),
        kind: types::hive(&plain(field.data_type())),
        comment: None,
        is_partition_key: keys.contains(field.name()),
        is_primary_key: false,
    });
    let table = Table { name: name.to_owned(), comment: None, columns: described.collect(), created };
    Ok(Attached { table, provider: Arc::new(view) })
}

fn partition_kind(members: &[Member], key: &str) -> Kind {
    let mut tally = Tally::new(Declared::ByValues);
    for member in members {
        tally.add_spelled(member.value(key).unwrap_or_default());
    }
    match tally.by_spelling() {
        kind @ (Kind::Bigint | Kind::Date) => kind,
        _ => Kind::Varchar,
    }
}

fn column_sizes(path: &Path) -> Result<HashMap<String, u64>> {
    let reader = SerializedFileReader::new(File::open(path)?)?;
    let mut sizes = HashMap::new();
    for group in reader.metadata().row_groups() {
        for column in group.columns() {
            // The parts of a nested column count for the whole of it.
            let name = column.column_path().parts().first().cloned().unwrap_or_default();
            *sizes.entry(name).or_default() += u64::try_from(column.compressed_size()).unwrap_or(0);
        }
    }
    Ok(sizes)
}

/// The type that Athena reads a Parquet type as; see "Data types in Amazon Athena" in its user guide.
fn plain(kind: &DataType) -> DataType {
    match kind {
        DataType::UInt8 => DataType::Int16,
        DataType::UInt16 => DataType::Int32,
        DataType::UInt32 | DataType::UInt64 => DataType::Int64,
        DataType::Float16 => DataType::Float32,
        DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => DataType::Binary,
        DataType::Timestamp(..) | DataType::Date64 => DataType::Timestamp(TimeUnit::Millisecond, None),
        DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale) => {
            DataType::Decimal128(*precision, *scale)
        }
        DataType::Dictionary(_, value) => plain(value),
        other => other.clone(),
    }
}

/// DataFusion's table, which here also counts what is read.
#[derive(Debug)]
struct ParquetFiles {
    files: ListingTable,
    sizes: Sizes,
}

impl ParquetFiles {
    /// The size of the projected columns in the files that are left after partitions were pruned.
    fn size(&self, plan: &dyn ExecutionPlan, columns: &[String]) -> u64 {
        let Some(source) = plan.downcast_ref::<DataSourceExec>() else { return 0 };
        let Some(scan) = source.data_source().downcast_ref::<FileScanConfig>() else { return 0 };
        let files = scan.file_groups.iter().flat_map(|group| group.files());
        let sizes = files.filter_map(|file| self.sizes.get(file.object_meta.location.as_ref()));
        sizes.flat_map(|sizes| columns.iter().filter_map(|column| sizes.get(column))).sum()
    }
}

#[async_trait]
impl TableProvider for ParquetFiles {
    fn schema(&self) -> SchemaRef {
        self.files.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        self.files.supports_filters_pushdown(filters)
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let plan = self.files.scan(session, projection, filters, limit).await?;
        if let Some(scanned) = session.config().get_extension::<Scanned>() {
            let schema = self.files.schema();
            let all = (0..schema.fields().len()).collect();
            let columns: Vec<_> =
                projection.unwrap_or(&all).iter().map(|column| schema.field(*column).name().clone()).collect();
            scanned.add(self.size(plan.as_ref(), &columns));
        }
        Ok(plan)
    }
}
