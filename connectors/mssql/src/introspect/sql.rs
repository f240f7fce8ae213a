//! The catalog queries of a crawl: a fixed number, each over whole sets of `sys` views, which show a login only what it
//! may know of. Rows name objects by their number; they are put together on our side. What is asked for is there since
//! SQL Server 2016.

/// Tables and views of users, over an alias `o` of `sys.objects`.
macro_rules! relations {
    () => {
        "o.type IN ('U', 'V', 'ET') AND o.is_ms_shipped = 0"
    };
}

/// Functions and procedures of users.
macro_rules! routines {
    () => {
        "o.type IN ('P', 'PC', 'X', 'FN', 'FS', 'IF', 'TF', 'FT', 'AF') AND o.is_ms_shipped = 0"
    };
}

/// Schemas other than the server's own and those that stand for fixed roles.
pub(super) const SCHEMAS: &str = "SELECT s.schema_id, s.name FROM sys.schemas AS s \
     WHERE s.schema_id < 16384 AND s.name NOT IN ('sys', 'INFORMATION_SCHEMA', 'guest')";

/// Comments: of objects and columns (class 1; a column's number, or 0) and of schemas (class 3).
pub(super) const COMMENTS: &str = "SELECT e.class, e.major_id, e.minor_id, CAST(e.value AS nvarchar(4000)) \
     FROM sys.extended_properties AS e WHERE e.name = 'MS_Description' AND e.class IN (1, 3)";

/// Tables and views, and when they were changed last.
pub(super) const RELATIONS: &str = concat!(
    "SELECT o.object_id, s.name, o.name, o.type, t.is_external, o.modify_date FROM sys.objects AS o \
     JOIN sys.schemas AS s ON s.schema_id = o.schema_id \
     LEFT JOIN sys.tables AS t ON t.object_id = o.object_id WHERE ",
    relations!()
);

/// Texts of views; NULL for encrypted ones and for those whose definition the login may not see.
pub(super) const VIEWS: &str = "SELECT m.object_id, m.definition FROM sys.sql_modules AS m \
     JOIN sys.objects AS o ON o.object_id = m.object_id WHERE o.type = 'V' AND o.is_ms_shipped = 0";

/// Columns, with the type by its own name and by the name of the system's type that it stands for. Hidden period
/// columns of temporal tables are left out, as the server leaves them out of `*`.
pub(super) const COLUMNS: &str = concat!(
    "SELECT c.object_id, c.column_id, c.name, t.name, b.name, c.max_length, c.precision, c.scale, c.is_nullable, \
     c.is_identity, c.generated_always_type_desc, m.definition, d.definition FROM sys.columns AS c \
     JOIN sys.objects AS o ON o.object_id = c.object_id \
     JOIN sys.types AS t ON t.user_type_id = c.user_type_id \
     LEFT JOIN sys.types AS b ON b.user_type_id = c.system_type_id \
     LEFT JOIN sys.computed_columns AS m ON m.object_id = c.object_id AND m.column_id = c.column_id \
     LEFT JOIN sys.default_constraints AS d ON d.object_id = c.default_object_id \
     WHERE c.is_hidden = 0 AND ",
    relations!()
);

/// Indexes and the keys behind which they stand, a row a column.
pub(super) const INDEXES: &str = concat!(
    "SELECT i.object_id, i.index_id, i.name, i.type, i.is_unique, i.is_primary_key, i.is_unique_constraint, \
     i.filter_definition, k.key_ordinal, k.index_column_id, c.name FROM sys.indexes AS i \
     JOIN sys.objects AS o ON o.object_id = i.object_id \
     JOIN sys.index_columns AS k ON k.object_id = i.object_id AND k.index_id = i.index_id \
     JOIN sys.columns AS c ON c.object_id = k.object_id AND c.column_id = k.column_id \
     WHERE i.index_id > 0 AND i.is_hypothetical = 0 AND ",
    relations!()
);

/// Foreign keys, a row a column.
pub(super) const REFERENCES: &str = "SELECT f.parent_object_id, f.object_id, f.name, k.constraint_column_id, a.name, \
     f.referenced_object_id, s.name, o.name, b.name, f.delete_referential_action_desc, \
     f.update_referential_action_desc FROM sys.foreign_keys AS f \
     JOIN sys.foreign_key_columns AS k ON k.constraint_object_id = f.object_id \
     JOIN sys.columns AS a ON a.object_id = k.parent_object_id AND a.column_id = k.parent_column_id \
     JOIN sys.columns AS b ON b.object_id = k.referenced_object_id AND b.column_id = k.referenced_column_id \
     JOIN sys.objects AS o ON o.object_id = f.referenced_object_id \
     JOIN sys.schemas AS s ON s.schema_id = o.schema_id WHERE f.is_ms_shipped = 0";

/// Checks.
pub(super) const CHECKS: &str = "SELECT k.parent_object_id, k.name, k.definition FROM sys.check_constraints AS k \
     WHERE k.is_ms_shipped = 0";

/// Rows and partitions of tables (and of views that are stored). The view of figures is open to everybody, as the
/// `dm_db_partition_stats` beside it is not.
pub(super) const ROWS: &str = concat!(
    "SELECT p.object_id, COUNT(*), SUM(p.rows) FROM sys.partitions AS p \
     JOIN sys.objects AS o ON o.object_id = p.object_id WHERE p.index_id IN (0, 1) AND ",
    relations!(),
    " GROUP BY p.object_id"
);

/// Pages of 8 KiB that a table and its indexes take.
pub(super) const SPACE: &str = concat!(
    "SELECT p.object_id, SUM(a.total_pages) FROM sys.partitions AS p \
     JOIN sys.objects AS o ON o.object_id = p.object_id \
     JOIN sys.allocation_units AS a ON a.container_id = CASE WHEN a.type = 2 THEN p.partition_id ELSE p.hobt_id END \
     WHERE ",
    relations!(),
    " GROUP BY p.object_id"
);

/// How tables are split: by which column, and on which side of the boundaries.
pub(super) const SPLITS: &str = "SELECT i.object_id, f.type_desc, f.boundary_value_on_right, c.name \
     FROM sys.indexes AS i JOIN sys.partition_schemes AS p ON p.data_space_id = i.data_space_id \
     JOIN sys.partition_functions AS f ON f.function_id = p.function_id \
     JOIN sys.index_columns AS k ON k.object_id = i.object_id AND k.index_id = i.index_id AND k.partition_ordinal = 1 \
     JOIN sys.columns AS c ON c.object_id = k.object_id AND c.column_id = k.column_id WHERE i.index_id IN (0, 1)";

/// Functions and procedures.
pub(super) const ROUTINES: &str = concat!(
    "SELECT o.object_id, s.name, o.name, o.type FROM sys.objects AS o \
     JOIN sys.schemas AS s ON s.schema_id = o.schema_id WHERE ",
    routines!()
);

/// Their parameters; number 0 is what a function returns.
pub(super) const PARAMETERS: &str = concat!(
    "SELECT p.object_id, p.parameter_id, p.name, t.name, b.name, p.max_length, p.precision, p.scale, p.is_output \
     FROM sys.parameters AS p JOIN sys.objects AS o ON o.object_id = p.object_id \
     JOIN sys.types AS t ON t.user_type_id = p.user_type_id \
     LEFT JOIN sys.types AS b ON b.user_type_id = p.system_type_id WHERE ",
    routines!()
);

/// Histograms of single columns, as far as the login may see them: whole ones of few steps, and the ends of the others.
/// The function is there from SQL Server 2016 SP1 CU2 on.
pub(super) const HISTOGRAMS: &str = "SELECT TOP (100000) s.object_id, k.column_id, q.rows, q.steps, h.step_number, \
     h.range_high_key, h.range_rows, h.equal_rows FROM sys.stats AS s \
     JOIN sys.tables AS t ON t.object_id = s.object_id \
     JOIN sys.stats_columns AS k ON k.object_id = s.object_id AND k.stats_id = s.stats_id AND k.stats_column_id = 1 \
     CROSS APPLY sys.dm_db_stats_properties(s.object_id, s.stats_id) AS q \
     CROSS APPLY sys.dm_db_stats_histogram(s.object_id, s.stats_id) AS h \
     WHERE t.is_ms_shipped = 0 AND s.has_filter = 0 AND q.rows > 0 \
     AND (q.steps <= 50 OR h.step_number = 1 OR h.step_number = q.steps) \
     ORDER BY s.object_id, k.column_id, s.stats_id, h.step_number";
