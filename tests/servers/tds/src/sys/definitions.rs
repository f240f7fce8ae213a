//! The catalog views that are served, with their documented columns and types; `?` marks those that may hold NULL.
//!
//! Columns that no client here asks for are left out; what is asked for and missing is error 207, as on the server.

/// Columns that every object has.
macro_rules! object {
    ($more:literal) => {
        concat!(
            "name sysname, object_id int, principal_id int?, schema_id int, parent_object_id int, type char(2), ",
            "type_desc nvarchar(60)?, create_date datetime, modify_date datetime, is_ms_shipped bit, ",
            "is_published bit, is_schema_published bit",
            $more
        )
    };
}

/// Columns of `sys.columns`.
macro_rules! column {
    ($more:literal) => {
        concat!(
            "object_id int, name sysname?, column_id int, system_type_id tinyint, user_type_id int, ",
            "max_length smallint, precision tinyint, scale tinyint, collation_name sysname?, is_nullable bit?, ",
            "is_ansi_padded bit, is_rowguidcol bit, is_identity bit, is_computed bit, is_filestream bit, ",
            "is_replicated bit?, is_xml_document bit, xml_collection_id int, default_object_id int, ",
            "rule_object_id int, is_sparse bit?, is_column_set bit?, generated_always_type tinyint?, ",
            "generated_always_type_desc nvarchar(60)?, is_hidden bit, is_masked bit",
            $more
        )
    };
}

/// Name and columns of every view that is served.
pub(crate) const VIEWS: &[(&str, &str)] = &[
    ("schemas", "name sysname, schema_id int, principal_id int?"),
    ("objects", object!("")),
    ("all_objects", object!("")),
    (
        "tables",
        object!(
            ", lob_data_space_id int, filestream_data_space_id int?, max_column_id_used int, \
             uses_ansi_nulls bit?, is_replicated bit?, is_external bit, is_memory_optimized bit?, durability tinyint?, \
             temporal_type tinyint?, temporal_type_desc nvarchar(60)?, history_table_id int?, is_node bit, is_edge bit"
        ),
    ),
    (
        "views",
        object!(
            ", is_replicated bit?, has_replication_filter bit?, has_opaque_metadata bit, \
             has_unchecked_assembly_data bit, with_check_option bit, is_date_correlation_view bit"
        ),
    ),
    ("procedures", object!(", is_auto_executed bit, is_execution_replicated bit?")),
    ("columns", column!("")),
    ("all_columns", column!("")),
    (
        "computed_columns",
        column!(", definition nvarchar(max)?, uses_database_collation bit, is_persisted bit"),
    ),
    (
        "identity_columns",
        column!(
            ", seed_value sql_variant?, increment_value sql_variant?, last_value sql_variant?, is_not_for_replication bit?"
        ),
    ),
    (
        "types",
        "name sysname, system_type_id tinyint, user_type_id int, schema_id int, principal_id int?, \
         max_length smallint, precision tinyint, scale tinyint, collation_name sysname?, is_nullable bit?, \
         is_user_defined bit, is_assembly_type bit, default_object_id int, rule_object_id int, is_table_type bit",
    ),
    (
        "default_constraints",
        object!(", parent_column_id int, definition nvarchar(max)?, is_system_named bit"),
    ),
    (
        "check_constraints",
        object!(
            ", is_disabled bit, is_not_for_replication bit, is_not_trusted bit, parent_column_id int, \
             definition nvarchar(max)?, uses_database_collation bit?, is_system_named bit"
        ),
    ),
    ("key_constraints", object!(", unique_index_id int?, is_system_named bit, is_enforced bit")),
    (
        "foreign_keys",
        object!(
            ", referenced_object_id int?, key_index_id int?, is_disabled bit, is_not_for_replication bit, \
             is_not_trusted bit, delete_referential_action tinyint?, delete_referential_action_desc nvarchar(60)?, \
             update_referential_action tinyint?, update_referential_action_desc nvarchar(60)?, is_system_named bit"
        ),
    ),
    (
        "foreign_key_columns",
        "constraint_object_id int, constraint_column_id int, parent_object_id int, parent_column_id int, \
         referenced_object_id int, referenced_column_id int",
    ),
    (
        "indexes",
        "object_id int, name sysname?, index_id int, type tinyint, type_desc nvarchar(60)?, is_unique bit?, \
         data_space_id int?, ignore_dup_key bit?, is_primary_key bit?, is_unique_constraint bit?, \
         fill_factor tinyint, is_padded bit?, is_disabled bit?, is_hypothetical bit?, allow_row_locks bit?, \
         allow_page_locks bit?, has_filter bit?, filter_definition nvarchar(max)?",
    ),
    (
        "index_columns",
        "object_id int, index_id int, index_column_id int, column_id int, key_ordinal tinyint, \
         partition_ordinal tinyint, is_descending_key bit?, is_included_column bit?",
    ),
    (
        "extended_properties",
        "class tinyint, class_desc nvarchar(60)?, major_id int, minor_id int, name sysname, value sql_variant?",
    ),
    (
        "sql_modules",
        "object_id int, definition nvarchar(max)?, uses_ansi_nulls bit?, uses_quoted_identifier bit?, \
         is_schema_bound bit?, execute_as_principal_id int?",
    ),
    (
        "parameters",
        "object_id int, name sysname?, parameter_id int, system_type_id tinyint, user_type_id int, \
         max_length smallint, precision tinyint, scale tinyint, is_output bit, is_cursor_ref bit, \
         has_default_value bit, is_xml_document bit, default_value sql_variant?, xml_collection_id int, \
         is_readonly bit, is_nullable bit?",
    ),
    (
        "partitions",
        "partition_id bigint, object_id int, index_id int, partition_number int, hobt_id bigint, rows bigint?, \
         data_compression tinyint, data_compression_desc nvarchar(60)?",
    ),
    (
        "allocation_units",
        "allocation_unit_id bigint, type tinyint, type_desc nvarchar(60)?, container_id bigint, \
         data_space_id int?, total_pages bigint, used_pages bigint, data_pages bigint",
    ),
    (
        "dm_db_partition_stats",
        "partition_id bigint?, object_id int, index_id int, partition_number int, in_row_data_page_count bigint?, \
         used_page_count bigint?, reserved_page_count bigint?, row_count bigint?",
    ),
    (
        "partition_schemes",
        "name sysname, data_space_id int, type char(2), type_desc nvarchar(60)?, is_default bit?, is_system bit?, \
         function_id int",
    ),
    (
        "partition_functions",
        "name sysname, function_id int, type char(2), type_desc nvarchar(60)?, fanout int, \
         boundary_value_on_right bit, is_system bit, create_date datetime, modify_date datetime",
    ),
    (
        "stats",
        "object_id int, name nvarchar(128)?, stats_id int, auto_created bit?, user_created bit?, \
         no_recompute bit?, has_filter bit?, filter_definition nvarchar(max)?, is_temporary bit?",
    ),
    ("stats_columns", "object_id int, stats_id int, stats_column_id int, column_id int"),
    (
        "dm_db_stats_properties",
        "object_id int, stats_id int, last_updated datetime2(7)?, rows bigint?, rows_sampled bigint?, steps int?, \
         unfiltered_rows bigint?, modification_counter bigint?",
    ),
    (
        "dm_db_stats_histogram",
        "object_id int, stats_id int, step_number int, range_high_key sql_variant?, range_rows real, \
         equal_rows real, distinct_range_rows bigint, average_range_rows real",
    ),
    (
        "databases",
        "name sysname, database_id int, source_database_id int?, owner_sid varbinary(85)?, create_date datetime, \
         compatibility_level tinyint, collation_name sysname?, user_access tinyint?, is_read_only bit?, \
         state tinyint?, state_desc nvarchar(60)?, snapshot_isolation_state tinyint?, \
         snapshot_isolation_state_desc nvarchar(60)?, is_read_committed_snapshot_on bit?, recovery_model tinyint?",
    ),
    (
        "database_principals",
        "name sysname, principal_id int, type char(1), type_desc nvarchar(60)?, default_schema_name sysname?, \
         create_date datetime, modify_date datetime, owning_principal_id int?, sid varbinary(85)?, is_fixed_role bit, \
         authentication_type int, authentication_type_desc nvarchar(60)?",
    ),
    (
        "database_permissions",
        "class tinyint, class_desc nvarchar(60)?, major_id int, minor_id int, grantee_principal_id int, \
         grantor_principal_id int, type char(4), permission_name sysname?, state char(1), state_desc nvarchar(60)?",
    ),
    ("database_role_members", "role_principal_id int, member_principal_id int"),
    (
        "server_principals",
        "name sysname, principal_id int, sid varbinary(85)?, type char(1), type_desc nvarchar(60)?, \
         is_disabled bit?, create_date datetime, modify_date datetime, default_database_name sysname?",
    ),
];
