//! What the server says of itself: `@@` names, functions about the session, the catalog and permissions.

use sqlparser::ast::{Expr, Value as Literal};

use super::scope::{Ex, Scope, Writer, text_literal};
use crate::error::{Result, SqlError};
use crate::types::{MAX, Ty};

pub(super) fn text(value: &str) -> Ex {
    Ex::full(text_literal(value), Ty::NVarChar(128))
}

pub(super) fn int(value: i64) -> Ex {
    Ex::full(value.to_string(), Ty::Int)
}

impl Writer<'_> {
    /// `@@name`.
    pub(crate) fn global(&mut self, name: &str) -> Result<Ex> {
        let context = self.context;
        Ok(match name.to_lowercase().as_str() {
            "version" => Ex::full(text_literal(&context.version_text()), Ty::NVarChar(300)),
            "servername" => text(&context.server),
            "spid" => Ex::full(context.spid.to_string(), Ty::SmallInt),
            "trancount" => int(context.transactions.into()),
            "rowcount" => int(context.rows.cast_signed()),
            "error" => int(context.last_error.into()),
            "options" => int(context.settings.options().into()),
            "lock_timeout" => int(context.settings.lock_timeout.into()),
            "textsize" => int(context.settings.text_size.into()),
            "language" => text("us_english"),
            "datefirst" => Ex::full("7", Ty::TinyInt),
            "max_precision" => Ex::full("38", Ty::TinyInt),
            "nestlevel" | "identity" => int(0),
            "microsoftversion" => int(0x1000_1027),
            "dbts" => Ex::full("x'0000000000000001'", Ty::VarBinary(8)),
            other => return Err(SqlError::unserved(format!("@@{other}"))),
        })
    }

    /// Words that are values without brackets.
    pub(crate) fn bare_word(&self, word: &str) -> Option<Ex> {
        match word.to_lowercase().as_str() {
            "current_user" | "session_user" | "user" => Some(text(&self.context.user)),
            "system_user" => Some(text(&self.context.login)),
            "current_timestamp" => Some(now("%Y-%m-%d %H:%M:%f", Ty::DateTime)),
            _ => None,
        }
    }

    /// A function about the server, if it is one.
    pub(crate) fn system_call(
        &mut self,
        name: &str,
        args: &[&Expr],
        scope: &Scope<'_>,
    ) -> Result<Option<Ex>> {
        if args.is_empty()
            && let Some(ex) = self.bare_word(name)
        {
            return Ok(Some(ex));
        }
        let context = self.context;
        let fixed = match (name, args) {
            ("getdate" | "getutcdate", []) => now("%Y-%m-%d %H:%M:%f", Ty::DateTime),
            ("sysdatetime" | "sysutcdatetime", []) => now("%Y-%m-%d %H:%M:%f", Ty::DateTime2(7)),
            ("sysdatetimeoffset", []) => now("%Y-%m-%d %H:%M:%f +00:00", Ty::DateTimeOffset(7)),
            ("db_name", []) => text(&context.database),
            ("db_id", []) => Ex::full(context.database_id().to_string(), Ty::SmallInt),
            ("schema_name", []) => text("dbo"),
            ("schema_id", []) => int(1),
            ("user_name", []) => text(&context.user),
            ("suser_sname" | "suser_name" | "original_login", []) => text(&context.login),
            ("host_name", []) => text(&context.host),
            ("app_name", []) => text(&context.application),
            ("xact_state", []) => Ex::full(i32::from(context.transactions > 0).to_string(), Ty::SmallInt),
            ("database_principal_id", []) => int(context.principal_id().into()),
            ("serverproperty", [property]) => return Ok(Some(self.server_property(property))),
            ("connectionproperty", [property]) => {
                let transport = if plain(property).is_some_and(|p| p.eq_ignore_ascii_case("net_transport")) {
                    "'TCP'"
                } else {
                    "NULL"
                };
                Ex::new(transport, Ty::Variant)
            }
            ("databasepropertyex", [_, property]) => match plain(property).as_deref() {
                Some("Collation") => text("SQL_Latin1_General_CP1_CI_AS"),
                Some("Updateability") => text("READ_WRITE"),
                Some("Status") => text("ONLINE"),
                _ => Ex::new("NULL", Ty::NVarChar(128)),
            },
            _ => return self.system_lookup(name, args, scope),
        };
        Ok(Some(fixed))
    }

    /// Functions whose answer is looked up for every row.
    fn system_lookup(&mut self, name: &str, args: &[&Expr], scope: &Scope<'_>) -> Result<Option<Ex>> {
        let (ty, count) = match name {
            "db_name" => (Ty::NVarChar(128), 1..=1),
            "db_id" => (Ty::SmallInt, 1..=1),
            "schema_name" | "user_name" | "suser_sname" | "type_name" => (Ty::NVarChar(128), 1..=1),
            "schema_id" | "database_principal_id" | "user_id" | "type_id" => (Ty::Int, 1..=1),
            "object_id" => (Ty::Int, 1..=2),
            "object_name" | "object_schema_name" => (Ty::NVarChar(128), 1..=2),
            "object_definition" => (Ty::NVarChar(MAX), 1..=1),
            "col_name" => (Ty::NVarChar(128), 2..=2),
            "has_perms_by_name" => (Ty::Int, 3..=5),
            "is_member" | "is_srvrolemember" | "is_rolemember" => (Ty::Int, 1..=2),
            "has_dbaccess" => (Ty::Int, 1..=1),
            "objectproperty" | "objectpropertyex" => (Ty::Int, 2..=2),
            _ => return Ok(None),
        };
        if !count.contains(&args.len()) {
            return Err(super::call::wrong_count(name));
        }
        let list = args.iter().map(|a| Ok(self.expr(a, scope)?.sql)).collect::<Result<Vec<_>>>()?;
        let first = list.first().cloned().unwrap_or_default();
        let second = list.get(1).cloned().unwrap_or_else(|| "NULL".to_owned());
        let sql = match name {
            "schema_name" => format!("(SELECT name FROM \"sys.schemas\" WHERE schema_id = {first})"),
            "schema_id" => {
                format!("(SELECT schema_id FROM \"sys.schemas\" WHERE name = {first} COLLATE NOCASE)")
            }
            "user_name" => {
                format!("(SELECT name FROM \"sys.database_principals\" WHERE principal_id = {first})")
            }
            "database_principal_id" | "user_id" => {
                format!(
                    "(SELECT principal_id FROM \"sys.database_principals\" WHERE name = {first} COLLATE NOCASE)"
                )
            }
            "type_name" => format!("(SELECT name FROM \"sys.types\" WHERE user_type_id = {first})"),
            "type_id" => {
                format!("(SELECT user_type_id FROM \"sys.types\" WHERE name = {first} COLLATE NOCASE)")
            }
            "object_name" => format!("(SELECT name FROM \"sys.all_objects\" WHERE object_id = {first})"),
            "object_schema_name" => format!(
                "(SELECT s.name FROM \"sys.all_objects\" o JOIN \"sys.schemas\" s USING (schema_id) WHERE object_id = {first})"
            ),
            "object_definition" => {
                format!("(SELECT definition FROM \"sys.sql_modules\" WHERE object_id = {first})")
            }
            "col_name" => format!(
                "(SELECT name FROM \"sys.columns\" WHERE object_id = {first} AND column_id = {second})"
            ),
            "object_id" => format!("tds_object_id({first})"),
            "db_name" | "db_id" | "suser_sname" | "has_dbaccess" => format!("tds_{name}({first})"),
            "objectproperty" | "objectpropertyex" => "NULL".to_owned(),
            "is_member" => format!("tds_is_rolemember({first}, NULL)"),
            "is_rolemember" | "is_srvrolemember" => format!("tds_{name}({first}, {second})"),
            _ => {
                let third = list.get(2).cloned().unwrap_or_default();
                let column = list.get(3).cloned().unwrap_or_else(|| "NULL".to_owned());
                format!("tds_has_perms({first}, {second}, {third}, {column})")
            }
        };
        Ok(Some(Ex::new(sql, ty)))
    }

    fn server_property(&self, property: &Expr) -> Ex {
        let context = self.context;
        let value = match plain(property).map(|p| p.to_lowercase()).as_deref() {
            Some("productversion") => text_literal(&context.version),
            Some("productlevel") => "'RTM'".to_owned(),
            Some("edition") => "'Test server (64-bit)'".to_owned(),
            Some("engineedition") => "3".to_owned(),
            Some("productmajorversion") => {
                text_literal(context.version.split('.').next().unwrap_or_default())
            }
            Some("servername" | "machinename") => text_literal(&context.server),
            Some("collation") => "'SQL_Latin1_General_CP1_CI_AS'".to_owned(),
            Some("ishadrenabled" | "isintegratedsecurityonly" | "isclustered") => "0".to_owned(),
            _ => "NULL".to_owned(),
        };
        Ex::new(value, Ty::Variant)
    }
}

fn now(format: &str, ty: Ty) -> Ex {
    Ex::full(format!("strftime('{format}', 'now')"), ty)
}

/// The text of a literal.
pub(super) fn plain(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Value(value) => match &value.value {
            Literal::SingleQuotedString(text) | Literal::NationalStringLiteral(text) => Some(text.clone()),
            _ => None,
        },
        _ => None,
    }
}
