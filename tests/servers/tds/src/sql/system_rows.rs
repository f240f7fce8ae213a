//! Functions and views of the server whose rows depend on the session.

use rusqlite::types::Value;
use sqlparser::ast::{Expr, TableAlias};

use super::from::derived;
use super::scope::{Ex, Scope, Source, Writer, quote, text_literal};
use super::system::{int, plain, text};
use crate::error::{Result, SqlError};
use crate::types::Ty;
use crate::wire::row::Column;

impl Writer<'_> {
    /// A view whose rows depend on the session, as a query.
    pub(crate) fn live(&self, names: &[String]) -> Option<(String, Vec<Column>)> {
        let [schema, name] = names else { return None };
        if !schema.eq_ignore_ascii_case("sys") || !name.eq_ignore_ascii_case("dm_exec_sessions") {
            return None;
        }
        let context = self.context;
        let settings = &context.settings;
        let columns: [(&str, Ex); 12] = [
            ("session_id", Ex::full(context.spid.to_string(), Ty::SmallInt)),
            ("login_name", text(&context.login)),
            ("original_login_name", text(&context.login)),
            ("host_name", text(&context.host)),
            ("program_name", text(&context.application)),
            ("status", text("running")),
            ("transaction_isolation_level", Ex::full(settings.isolation.to_string(), Ty::SmallInt)),
            ("date_format", text(&settings.date_format)),
            ("lock_timeout", int(settings.lock_timeout.into())),
            ("text_size", int(settings.text_size.into())),
            ("open_transaction_count", int(context.transactions.into())),
            ("database_id", Ex::full(context.database_id().to_string(), Ty::SmallInt)),
        ];
        let list: Vec<String> = columns.iter().map(|(n, e)| format!("{} AS {}", e.sql, quote(n))).collect();
        let columns = columns.into_iter().map(|(n, e)| Column { nullable: false, ..Column::new(n, e.ty) });
        Some((format!("SELECT {}", list.join(", ")), columns.collect()))
    }

    /// A function of the server that gives rows.
    pub(crate) fn table_function(
        &mut self,
        names: &[String],
        args: &[&Expr],
        alias: Option<&TableAlias>,
        scope: &Scope<'_>,
    ) -> Result<(String, Source)> {
        let name = names.last().map(|n| n.to_lowercase()).unwrap_or_default();
        let own = |name: &str| match alias {
            Some(alias) => alias.name.value.clone(),
            None => name.to_owned(),
        };
        match (name.as_str(), args) {
            ("fn_my_permissions", [_, class]) => {
                let class = plain(class).unwrap_or_default();
                let rows = self.context.permissions(&class).into_iter().map(|p| {
                    vec![Value::Text(class.to_lowercase()), Value::Text(String::new()), Value::Text(p)]
                });
                let columns = ["entity_name", "subentity_name", "permission_name"];
                let columns = columns.map(|c| Column::new(c, Ty::SysName)).to_vec();
                rows_as(&own(&name), columns, rows.collect(), alias)
            }
            ("dm_exec_describe_first_result_set", [statement, ..]) => {
                let value = self.value_of(statement)?;
                let (columns, rows) = self.described(&value);
                rows_as(&own(&name), columns, rows, alias)
            }
            ("dm_db_stats_properties" | "dm_db_stats_histogram", [object, statistics]) => {
                let relation = self.schema.find(&["sys".to_owned(), name.clone()], &self.context.database);
                let relation = relation.ok_or_else(|| SqlError::no_object(&name))?;
                let (object, statistics) = (self.expr(object, scope)?.sql, self.expr(statistics, scope)?.sql);
                let alias = own(&name);
                let (text, columns) = self.relation(&relation)?;
                let quoted = quote(&alias);
                let text = format!(
                    "{text} AS {quoted} ON {quoted}.object_id = {object} AND {quoted}.stats_id = {statistics}"
                );
                Ok((text, Source { names: vec![alias.clone()], alias, columns }))
            }
            ("string_split", [value, separator]) => {
                let (value, separator) = (self.expr(value, scope)?.sql, self.expr(separator, scope)?.sql);
                let alias = own(&name);
                let text = format!("json_each(tds_split({value}, {separator})) AS {}", quote(&alias));
                let columns = vec![Column::new("value", Ty::NVarChar(4000))];
                Ok((text, Source { names: vec![alias.clone()], alias, columns }))
            }
            _ => Err(SqlError::no_object(&names.join("."))),
        }
    }

    /// The value of a literal or of a parameter.
    fn value_of(&self, expr: &Expr) -> Result<String> {
        if let Expr::Identifier(name) = expr
            && let Some(Value::Text(text)) = self.context.values.get(&name.value.to_lowercase())
        {
            return Ok(text.clone());
        }
        plain(expr).ok_or_else(|| SqlError::unserved("an argument that is neither a literal nor a parameter"))
    }

    /// What `sys.dm_exec_describe_first_result_set` says of a statement.
    fn described(&self, statement: &str) -> (Vec<Column>, Vec<Vec<Value>>) {
        let columns = [
            ("is_hidden", Ty::Bit),
            ("column_ordinal", Ty::Int),
            ("name", Ty::SysName),
            ("is_nullable", Ty::Bit),
            ("system_type_id", Ty::Int),
            ("system_type_name", Ty::NVarChar(256)),
            ("max_length", Ty::SmallInt),
            ("precision", Ty::TinyInt),
            ("scale", Ty::TinyInt),
            ("user_type_id", Ty::Int),
            ("user_type_schema", Ty::SysName),
            ("user_type_name", Ty::SysName),
            ("error_number", Ty::Int),
            ("error_type", Ty::Int),
            ("error_message", Ty::NVarChar(4000)),
        ];
        let columns: Vec<Column> = columns.into_iter().map(|(n, ty)| Column::new(n, ty)).collect();
        // what gives no rows has none here either
        let parsed = match super::parse(statement) {
            Ok(sqlparser::ast::Statement::Query(query)) => Ok(query),
            Ok(_) => return (columns, Vec::new()),
            Err(error) => Err(error),
        };
        let described = parsed.and_then(|query| {
            let mut writer = Writer { with: Vec::new(), touched: Vec::new(), depth: 0, ..*self };
            writer.query(&query, None)
        });
        let mut rows = Vec::new();
        let whole = |n: i64| Value::Integer(n);
        match described {
            Err(error) => {
                let mut row = vec![Value::Null; columns.len()];
                if let [hidden, ordinal, .., number, kind, message] = row.as_mut_slice() {
                    (*hidden, *ordinal) = (whole(0), whole(0));
                    (*number, *kind) =
                        (whole(error.number.into()), whole(if error.class == 15 { 2 } else { 1 }));
                    *message = Value::Text(error.message);
                }
                rows.push(row);
            }
            Ok((_, outputs)) => {
                for (at, output) in outputs.iter().enumerate() {
                    let (name, system, user, ..) = output.ty.system();
                    let (length, precision, scale) = output.ty.measures();
                    let is_user = matches!(output.ty, Ty::Udt(_));
                    rows.push(vec![
                        whole(0),
                        whole(at as i64 + 1),
                        Value::Text(output.name.clone()),
                        whole(output.nullable.into()),
                        whole(system.into()),
                        if is_user { Value::Null } else { Value::Text(described_type(&output.ty)) },
                        whole(length.into()),
                        whole(precision.into()),
                        whole(scale.into()),
                        if is_user { whole(user.into()) } else { Value::Null },
                        if is_user { Value::Text("sys".to_owned()) } else { Value::Null },
                        if is_user { Value::Text(name.to_owned()) } else { Value::Null },
                        Value::Null,
                        Value::Null,
                        Value::Null,
                    ]);
                }
            }
        }
        (columns, rows)
    }
}

/// `sysname` is described as what it is made of.
fn described_type(ty: &Ty) -> String {
    match ty {
        Ty::SysName => "nvarchar(128)".to_owned(),
        other => other.text(),
    }
}
/// Values as text of SQLite.
pub(crate) fn value_text(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(n) => n.to_string(),
        Value::Real(n) => format!("{n:?}"),
        Value::Text(text) => text_literal(text),
        Value::Blob(bytes) => {
            let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
            format!("x'{hex}'")
        }
    }
}

/// Rows that are known while the query is written.
fn rows_as(
    name: &str,
    columns: Vec<Column>,
    rows: Vec<Vec<Value>>,
    alias: Option<&TableAlias>,
) -> Result<(String, Source)> {
    let list = |row: &[Value]| {
        let cells = row.iter().zip(&columns).map(|(v, c)| format!("{} AS {}", value_text(v), quote(&c.name)));
        cells.collect::<Vec<_>>().join(", ")
    };
    let selects: Vec<String> = rows.iter().map(|row| format!("SELECT {}", list(row))).collect();
    let text = match selects.as_slice() {
        [] => format!("SELECT {} WHERE 0", list(&vec![Value::Null; columns.len()])),
        _ => selects.join(" UNION ALL "),
    };
    match alias {
        Some(alias) => derived(&text, columns, alias),
        None => {
            let source = Source { alias: name.to_owned(), names: vec![name.to_owned()], columns };
            Ok((format!("({text}) AS {}", quote(name)), source))
        }
    }
}
