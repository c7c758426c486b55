//! The session that every query begins with: Athena's options, types and functions.

use std::sync::Arc;

use datafusion::{
    execution::{SessionStateBuilder, runtime_env::RuntimeEnv},
    prelude::{SessionConfig, SessionContext},
};

use super::{catalog, stop::Yielding};
use crate::attach::BATCH_ROWS;

const PARTITIONS: usize = 2;

const MERGE_BYTES: usize = 10 << 20;

pub(crate) fn context(runtime: RuntimeEnv, memory_bytes: usize) -> SessionContext {
    let state = SessionStateBuilder::new()
        .with_config(config(memory_bytes))
        .with_runtime_env(Arc::new(runtime))
        .with_default_features()
        // `generate_series` and `range` are no tables in Athena.
        .with_table_function_list(Vec::new())
        .with_physical_optimizer_rule(Arc::new(Yielding))
        .build();
    let context = SessionContext::new_with_state(state);
    crate::functions::register_functions(&context);
    context
}

fn config(memory_bytes: usize) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_target_partitions(PARTITIONS)
        .with_batch_size(BATCH_ROWS)
        .with_information_schema(false)
        .with_create_default_catalog_and_schema(false)
        .with_default_catalog_and_schema(catalog::NAME, "default");
    let options = config.options_mut();
    options.sql_parser.collect_spans = true;
    // See Trino's documentation: NULLs come last whatever the order, and a literal such as 1.5 is a decimal.
    options.sql_parser.default_null_ordering = "nulls_last".to_owned();
    options.sql_parser.parse_float_as_decimal = true;
    // One representation of text, for all functions.
    options.sql_parser.map_string_types_to_utf8view = false;
    options.execution.parquet.schema_force_view_types = false;
    // Rows come in the order of the file where nothing asks for another; joins and groups still use all partitions.
    options.optimizer.repartition_file_scans = false;
    options.optimizer.enable_round_robin_repartition = false;
    // What a sort keeps back to merge what it has spilled.
    options.execution.sort_spill_reservation_bytes = MERGE_BYTES.min(memory_bytes / 32);
    config
}
