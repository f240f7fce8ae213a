-- The facts that a crawl of PostgreSQL gives, as bare queries: the floor that a crawl is measured against.
BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT current_setting('server_version'), current_database(), current_setting('block_size');
SELECT n.oid, n.nspname, d.description FROM pg_namespace n
  LEFT JOIN pg_description d ON d.objoid = n.oid AND d.classoid = 'pg_namespace'::regclass AND d.objsubid = 0
  WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND has_schema_privilege(n.oid, 'USAGE');
SELECT objid FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
  AND classid IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_namespace'::regclass);
SELECT c.oid, c.relnamespace, c.relname, c.relkind, c.relispartition, c.reltuples, c.relpages, c.reltoastrelid,
  CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END FROM pg_class c
  WHERE c.oid >= 16384 AND c.relpersistence <> 't'
  AND (c.relkind = 't' OR c.relkind IN ('r', 'v', 'm', 'f', 'p') AND has_any_column_privilege(c.oid, 'SELECT'));
SELECT oid, pg_get_viewdef(oid) FROM pg_class
  WHERE oid >= 16384 AND relkind IN ('v', 'm') AND has_any_column_privilege(oid, 'SELECT');
SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.attidentity, a.attgenerated
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
  WHERE a.attrelid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v', 'm', 'f', 'p');
SELECT adrelid, adnum,
  pg_get_expr(adbin, CASE WHEN position('{VAR ' IN adbin::text) > 0 THEN adrelid ELSE 0 END)
  FROM pg_attrdef WHERE adrelid >= 16384;
SELECT objoid, objsubid, description FROM pg_description WHERE objoid >= 16384 AND classoid = 'pg_class'::regclass;
SELECT DISTINCT a.atttypid, a.atttypmod, format_type(a.atttypid, a.atttypmod) FROM
  (SELECT DISTINCT atttypid, atttypmod FROM pg_attribute WHERE attrelid >= 16384 AND attnum > 0) a;
SELECT enumtypid, enumlabel FROM pg_enum ORDER BY enumtypid, enumsortorder;
SELECT conrelid, conname, contype, conkey, confrelid, confkey, confupdtype, confdeltype, conindid,
  CASE WHEN contype = 'c' THEN pg_get_expr(conbin, conrelid) END
  FROM pg_constraint WHERE conrelid >= 16384 AND contype IN ('p', 'u', 'f', 'c');
SELECT i.indexrelid, i.indrelid, c.relname, c.relam, i.indisunique, i.indisprimary, i.indnkeyatts, i.indkey,
  c.relpages, i.indislive AND i.indisvalid,
  CASE WHEN i.indpred IS NOT NULL THEN pg_get_expr(i.indpred, i.indrelid) END,
  CASE WHEN i.indexprs IS NOT NULL THEN pg_get_indexdef(i.indexrelid) END
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indexrelid >= 16384;
SELECT oid, amname FROM pg_am WHERE amtype = 'i';
SELECT h.inhrelid, h.inhparent FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid WHERE c.relispartition;
SELECT p.oid, p.pronamespace, p.proname, p.prokind, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid),
  p.provolatile, l.lanname, d.description FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
  LEFT JOIN pg_description d ON d.objoid = p.oid AND d.classoid = 'pg_proc'::regclass AND d.objsubid = 0
  WHERE p.oid >= 16384;
SELECT schemaname, tablename, attname, inherited, null_frac, n_distinct, most_common_vals, most_common_freqs,
  histogram_bounds FROM pg_stats WHERE schemaname <> 'information_schema' AND schemaname !~ '^pg_';
ROLLBACK;
