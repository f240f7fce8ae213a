//! The catalog queries of a crawl: a constant number, each over whole sets. Objects of the system, of extensions and
//! of other sessions' temporary schemas are left out. The server's functions that print definitions are called only
//! for rows that need them; names and types are put together on our side.
//!
//! Objects that users made have numbers from 16384 on, whatever their schema: the first test of every query, and one
//! that the catalogs' own indexes answer.

/// Version, database, size of a page.
pub(super) const SERVER: &str = "SELECT current_setting('server_version'), current_database()::text, \
     current_setting('block_size')::int4";

/// Schemas with comments.
pub(super) const SCHEMAS: &str = "SELECT n.oid, n.nspname, d.description \
     FROM pg_namespace n \
     LEFT JOIN pg_description d ON d.objoid = n.oid AND d.classoid = 'pg_namespace'::regclass AND d.objsubid = 0 \
     WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND has_schema_privilege(n.oid, 'USAGE')";

/// What belongs to an extension: class and number.
pub(super) const EXTENSION_MEMBERS: &str = "SELECT objid FROM pg_depend \
     WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e' \
     AND classid IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_namespace'::regclass)";

/// Relations that the login may read, and the indexes and TOAST tables whose pages count as theirs.
pub(super) const RELATIONS: &str = "SELECT c.oid, c.relnamespace, c.relname, c.relkind, c.relispartition, \
     c.reltuples::float8, c.relpages, c.reltoastrelid, \
     CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END \
     FROM pg_class c \
     WHERE c.oid >= 16384 AND c.relpersistence <> 't' AND (c.relkind = 't' OR c.relkind IN ('r', 'v', 'm', 'f', 'p') \
     AND has_any_column_privilege(c.oid, 'SELECT'))";

/// Texts of views.
pub(super) const VIEWS: &str = "SELECT oid, pg_get_viewdef(oid) FROM pg_class \
     WHERE oid >= 16384 AND relkind IN ('v', 'm') AND has_any_column_privilege(oid, 'SELECT')";

/// Columns; defaults, comments and types come from queries of their own.
pub(super) const COLUMNS: &str = "SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull, \
     a.attidentity, a.attgenerated FROM pg_attribute a \
     WHERE a.attrelid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped AND EXISTS \
     (SELECT FROM pg_class c WHERE c.oid = a.attrelid AND c.relkind IN ('r', 'v', 'm', 'f', 'p'))";

/// Default and generation expressions. Only those that name columns need their table to be printed, which is what
/// costs: with 4,000 defaults 11 ms instead of 117.
pub(super) const DEFAULTS: &str = "SELECT adrelid, adnum, pg_get_expr(adbin, \
     CASE WHEN position('{VAR ' IN adbin::text) > 0 THEN adrelid ELSE 0 END) \
     FROM pg_attrdef WHERE adrelid >= 16384";

/// Comments of relations and columns.
pub(super) const COMMENTS: &str = "SELECT objoid, objsubid, description FROM pg_description \
     WHERE objoid >= 16384 AND classoid = 'pg_class'::regclass";

/// What the types that columns use are called and made of, each once: asked with the pairs of type and modifier that
/// the columns came with.
pub(super) const TYPES: &str = "SELECT u.oid, u.modifier, format_type(u.oid, u.modifier), t.typtype, t.typbasetype, \
     t.typelem, CASE WHEN t.typbasetype <> 0 THEN format_type(t.typbasetype, t.typtypmod) END \
     FROM unnest($1::oid[], $2::int4[]) AS u (oid, modifier) JOIN pg_type t ON t.oid = u.oid";

/// Labels of enums, in order.
pub(super) const ENUMS: &str = "SELECT enumtypid, enumlabel FROM pg_enum ORDER BY enumtypid, enumsortorder";

/// Keys and checks. Keys that partitions inherit are left out with their tables, and those that the server keeps per
/// partition referred to have a parent.
pub(super) const CONSTRAINTS: &str = "SELECT conrelid, conname, contype, conkey, confrelid, confkey, confupdtype, \
     confdeltype, conindid, CASE WHEN contype = 'c' THEN pg_get_expr(conbin, conrelid) END \
     FROM pg_constraint WHERE conrelid >= 16384 AND contype IN ('p', 'u', 'f', 'c') \
     AND (contype <> 'f' OR conparentid = 0)";

/// Indexes. Definitions are printed only for expressions.
pub(super) const INDEXES: &str = "SELECT i.indexrelid, i.indrelid, c.relname, c.relam, i.indisunique, i.indisprimary, \
     i.indnkeyatts, i.indkey::int2[], c.relpages, i.indislive AND i.indisvalid, \
     CASE WHEN i.indpred IS NOT NULL THEN pg_get_expr(i.indpred, i.indrelid) END, \
     CASE WHEN i.indexprs IS NOT NULL THEN ARRAY(SELECT pg_get_indexdef(i.indexrelid, k, true) \
     FROM generate_series(1, i.indnkeyatts::int4) k WHERE i.indkey[k - 1] = 0) END \
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indexrelid >= 16384";

/// Access methods.
pub(super) const METHODS: &str = "SELECT oid, amname FROM pg_am WHERE amtype = 'i'";

/// Which partition belongs to which table.
pub(super) const PARTITIONS: &str = "SELECT h.inhrelid, h.inhparent FROM pg_inherits h \
     JOIN pg_class c ON c.oid = h.inhrelid WHERE c.relispartition AND c.relkind IN ('r', 'p', 'f')";

/// Functions and procedures.
pub(super) const ROUTINES: &str = "SELECT p.oid, p.pronamespace, p.proname, p.prokind, \
     pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), p.provolatile, l.lanname, d.description, \
     (SELECT e.extname FROM pg_depend m JOIN pg_extension e ON e.oid = m.refobjid JOIN pg_roles o ON o.oid = p.proowner \
      WHERE m.classid = 'pg_proc'::regclass AND m.objid = p.oid AND m.deptype = 'e' AND o.rolsuper) \
     FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang \
     LEFT JOIN pg_description d ON d.objoid = p.oid AND d.classoid = 'pg_proc'::regclass AND d.objsubid = 0 \
     WHERE p.oid >= 16384";

/// What ANALYZE found, of columns that the login may read. Long lists are cut; the ends of a histogram are its bounds.
pub(super) const STATISTICS: &str = "SELECT schemaname, tablename, attname, inherited, null_frac, n_distinct, \
     left(most_common_vals::text, 8192), most_common_freqs, left(histogram_bounds::text, 512), \
     right(histogram_bounds::text, 512) FROM pg_stats \
     WHERE schemaname <> 'information_schema' AND schemaname !~ '^pg_'";
