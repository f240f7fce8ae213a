//! The catalog queries of a crawl: a fixed number, each over whole sets. They are of `information_schema`, which both
//! servers have and which shows a login only what it may read; where the servers differ there is one text for each.

use catalog::Engine;

use crate::pool::number;

/// Databases that belong to the server.
const SYSTEM: &str = "('information_schema', 'mysql', 'performance_schema', 'sys')";

/// The servers' counts of statements that change schemas or rights; each server has most of these.
pub(super) const CHANGES: &str = "SHOW GLOBAL STATUS WHERE Variable_name IN ('Com_create_table', 'Com_alter_table', \
     'Com_drop_table', 'Com_rename_table', 'Com_create_index', 'Com_drop_index', 'Com_create_view', 'Com_drop_view', \
     'Com_create_db', 'Com_alter_db', 'Com_drop_db', 'Com_create_function', 'Com_create_procedure', \
     'Com_alter_function', 'Com_alter_procedure', 'Com_drop_function', 'Com_drop_procedure', 'Com_create_package', \
     'Com_drop_package', 'Com_grant', 'Com_grant_role', 'Com_grant_roles', 'Com_revoke', 'Com_revoke_all', \
     'Com_revoke_role', 'Com_revoke_roles', 'Com_drop_user', 'Com_drop_role')";

/// What is asked about, as conditions.
pub(super) struct Scope {
    /// The database; all but the server's own when there is none.
    database: Option<String>,
    /// One table of it alone.
    table: Option<String>,
}

impl Scope {
    /// All tables of a database, or of all databases.
    pub(super) fn of_database(database: Option<String>) -> Scope {
        Scope { database, table: None }
    }

    /// One table. Of a database's own rows, such as its routines, it says nothing.
    pub(super) fn of_table(database: &str, table: &str) -> Scope {
        Scope { database: Some(database.to_owned()), table: Some(table.to_owned()) }
    }

    /// The condition over a column that holds the database's name, beside one called `TABLE_NAME`.
    fn over(&self, column: &str) -> String {
        let databases = self.databases(column);
        match &self.table {
            Some(table) => format!("{databases} AND TABLE_NAME = {}", literal(table)),
            None => databases,
        }
    }

    /// The condition over a database's name alone. A literal there lets MariaDB read one folder in place of all.
    fn databases(&self, column: &str) -> String {
        match &self.database {
            Some(database) => format!("{column} = {}", literal(database)),
            None => format!("{column} NOT IN {SYSTEM}"),
        }
    }

    /// Reads nothing of the one table, and opens it for that.
    pub(super) fn first_row(&self) -> String {
        let quoted = |name: &Option<String>| name.as_deref().unwrap_or_default().replace('`', "``");
        format!("SELECT 1 FROM `{}`.`{}` LIMIT 0", quoted(&self.database), quoted(&self.table))
    }

    /// Databases. Only MariaDB keeps comments of them.
    pub(super) fn schemas(&self, engine: Engine) -> String {
        let comment = if engine == Engine::Mariadb { "SCHEMA_COMMENT" } else { "NULL" };
        let wanted = self.databases("SCHEMA_NAME");
        format!("SELECT SCHEMA_NAME, {comment} FROM information_schema.SCHEMATA WHERE {wanted}")
    }

    /// Tables and views, with what the engine estimates.
    pub(super) fn tables(&self) -> String {
        let wanted = self.over("TABLE_SCHEMA");
        format!(
            "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_ROWS, DATA_LENGTH + INDEX_LENGTH, \
             TABLE_COMMENT FROM information_schema.TABLES WHERE {wanted}"
        )
    }

    /// Tables and views, and whether they were made or altered since a moment; 1 where the server does not know.
    pub(super) fn changed_since(&self, moment: &str) -> String {
        let (wanted, moment) = (self.over("TABLE_SCHEMA"), literal(moment));
        format!(
            "SELECT TABLE_SCHEMA, TABLE_NAME, COALESCE(CREATE_TIME >= {moment}, 1) FROM information_schema.TABLES \
             WHERE {wanted}"
        )
    }

    /// Texts of views.
    pub(super) fn views(&self) -> String {
        let wanted = self.over("TABLE_SCHEMA");
        format!(
            "SELECT TABLE_SCHEMA, TABLE_NAME, VIEW_DEFINITION FROM information_schema.VIEWS WHERE {wanted}"
        )
    }

    /// Columns.
    pub(super) fn columns(&self) -> String {
        let wanted = self.over("TABLE_SCHEMA");
        format!(
            "SELECT TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, \
             COLUMN_DEFAULT, EXTRA, GENERATION_EXPRESSION, COLUMN_COMMENT FROM information_schema.COLUMNS \
             WHERE {wanted}"
        )
    }

    /// Indexes and the keys behind which they stand, a row a column. Only MySQL indexes expressions.
    pub(super) fn indexes(&self, engine: Engine, version: &str) -> String {
        let expression = if has_expressions(engine, version) { "EXPRESSION" } else { "NULL" };
        let wanted = self.over("TABLE_SCHEMA");
        format!(
            "SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX, COLUMN_NAME, NON_UNIQUE, SUB_PART, \
             INDEX_TYPE, {expression}, CARDINALITY FROM information_schema.STATISTICS WHERE {wanted}"
        )
    }

    /// Foreign keys, a row a column.
    pub(super) fn references(&self) -> String {
        let wanted = self.over("TABLE_SCHEMA");
        format!(
            "SELECT TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION, COLUMN_NAME, \
             REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME \
             FROM information_schema.KEY_COLUMN_USAGE WHERE {wanted} AND REFERENCED_TABLE_NAME IS NOT NULL"
        )
    }

    /// What foreign keys do on deletes and updates.
    pub(super) fn rules(&self) -> String {
        let wanted = self.over("CONSTRAINT_SCHEMA");
        format!(
            "SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, DELETE_RULE, UPDATE_RULE \
             FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE {wanted}"
        )
    }

    /// Checks. MySQL has none before 8.0.16, and names their table elsewhere.
    pub(super) fn checks(&self, engine: Engine, version: &str) -> Option<String> {
        let wanted = self.over("CONSTRAINT_SCHEMA");
        if engine == Engine::Mariadb {
            return Some(format!(
                "SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, CHECK_CLAUSE \
                 FROM information_schema.CHECK_CONSTRAINTS WHERE {wanted}"
            ));
        }
        let databases = self.databases("CONSTRAINT_SCHEMA");
        // both sides are made whole before they are joined: merged, the server reads one anew for each row of the other
        (number(version) >= (8, 0, 16)).then(|| {
            format!(
                "SELECT /*+ NO_MERGE(c, t) */ c.CONSTRAINT_SCHEMA, t.TABLE_NAME, c.CONSTRAINT_NAME, c.CHECK_CLAUSE \
                 FROM (SELECT CONSTRAINT_SCHEMA, CONSTRAINT_NAME, CHECK_CLAUSE \
                 FROM information_schema.CHECK_CONSTRAINTS WHERE {databases}) AS c \
                 JOIN (SELECT CONSTRAINT_SCHEMA, CONSTRAINT_NAME, TABLE_NAME \
                 FROM information_schema.TABLE_CONSTRAINTS WHERE {wanted} AND CONSTRAINT_TYPE = 'CHECK') AS t \
                 ON t.CONSTRAINT_SCHEMA = c.CONSTRAINT_SCHEMA AND t.CONSTRAINT_NAME = c.CONSTRAINT_NAME"
            )
        })
    }

    /// How tables are split, and into how many parts.
    pub(super) fn partitions(&self) -> String {
        let wanted = self.over("TABLE_SCHEMA");
        format!(
            "SELECT TABLE_SCHEMA, TABLE_NAME, MIN(PARTITION_METHOD), MIN(PARTITION_EXPRESSION), COUNT(*) \
             FROM information_schema.PARTITIONS WHERE {wanted} AND PARTITION_NAME IS NOT NULL \
             GROUP BY TABLE_SCHEMA, TABLE_NAME"
        )
    }

    /// What the server keeps of columns' values.
    pub(super) fn statistics(&self, engine: Engine) -> String {
        if engine == Engine::Mariadb {
            let wanted = self.databases("db_name");
            return format!(
                "SELECT db_name, table_name, column_name, CAST(nulls_ratio AS CHAR), min_value, max_value, \
                 CAST(avg_frequency AS CHAR), IF(hist_type = 'JSON_HB', CONVERT(histogram USING utf8mb4), NULL) \
                 FROM mysql.column_stats WHERE {wanted}"
            );
        }
        let wanted = self.databases("SCHEMA_NAME");
        format!(
            "SELECT SCHEMA_NAME, TABLE_NAME, COLUMN_NAME, HISTOGRAM FROM information_schema.COLUMN_STATISTICS \
             WHERE {wanted}"
        )
    }

    /// Functions and procedures.
    pub(super) fn routines(&self) -> String {
        let wanted = self.databases("ROUTINE_SCHEMA");
        format!(
            "SELECT ROUTINE_SCHEMA, SPECIFIC_NAME, ROUTINE_NAME, ROUTINE_TYPE, DTD_IDENTIFIER, IS_DETERMINISTIC, \
             ROUTINE_BODY, ROUTINE_COMMENT FROM information_schema.ROUTINES WHERE {wanted}"
        )
    }

    /// Their parameters; position 0 is what a function returns.
    pub(super) fn parameters(&self) -> String {
        let wanted = self.databases("SPECIFIC_SCHEMA");
        format!(
            "SELECT SPECIFIC_SCHEMA, SPECIFIC_NAME, ORDINAL_POSITION, PARAMETER_MODE, PARAMETER_NAME, DTD_IDENTIFIER \
             FROM information_schema.PARAMETERS WHERE {wanted} AND ORDINAL_POSITION > 0"
        )
    }
}

/// The session's mode knows no escape but the doubled quote.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn has_expressions(engine: Engine, version: &str) -> bool {
    engine != Engine::Mariadb && number(version) >= (8, 0, 13)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_databases_name_is_a_literal_whatever_is_in_it() {
        let scope = Scope::of_database(Some("it's \\ \"here\"".to_owned()));
        assert!(scope.tables().ends_with(r#"WHERE TABLE_SCHEMA = 'it''s \ "here"'"#));
        assert!(Scope::of_database(None).tables().ends_with("'sys')"));
    }

    #[test]
    fn what_a_version_lacks_is_not_asked_for() {
        let scope = Scope::of_database(None);
        assert!(scope.checks(Engine::Mysql, "5.7.44").is_none());
        assert!(scope.checks(Engine::Mysql, "8.0.36").is_some());
        assert!(scope.checks(Engine::Mariadb, "10.11.14").is_some());
        assert!(scope.indexes(Engine::Mysql, "9.7.4").contains("EXPRESSION,"));
        assert!(!scope.indexes(Engine::Mariadb, "11.4.2").contains("EXPRESSION,"));
    }
}
