//! SQL Server's own entries of FROM.

use sqlparser::ast;

use super::Converter;
use super::query::refuse_some;
use super::refuse::unproven;
use crate::finding::Finding;
use crate::tree::{
    Arg, Call, Expr, Form, FormKind, FromItem, Ident, Literal, ObjectName, OpenJsonColumn, Period, Sample,
    TableAlias,
};

/// Aggregates that PIVOT may use.
const PIVOTS: [&str; 10] =
    ["sum", "avg", "min", "max", "count", "count_big", "stdev", "stdevp", "var", "varp"];

fn form(kind: FormKind, alias: Option<TableAlias>) -> FromItem {
    FromItem::Form(Box::new(Form { kind, alias }))
}

impl Converter<'_> {
    pub(super) fn open_json(
        &self,
        json: ast::Expr,
        path: Option<ast::ValueWithSpan>,
        columns: Vec<ast::OpenJsonTableColumn>,
        alias: Option<ast::TableAlias>,
    ) -> Result<FromItem, Finding> {
        refuse_some(!self.mssql(), "OPENJSON")?;
        let json = self.expr(json)?;
        let path = path.map(|p| self.value(p)).transpose()?;
        let text = |e: &Expr| matches!(e, Expr::Literal(Literal::String(_) | Literal::National(_), _));
        refuse_some(path.as_ref().is_some_and(|p| !text(p)), "A path that is no text")?;
        let alias = self.plain_alias(alias)?;
        if columns.is_empty() {
            let name = ObjectName(vec![Ident { value: "openjson".to_owned(), ..Ident::default() }]);
            let args = std::iter::once(json).chain(path).map(Arg::plain).collect();
            let call = Box::new(Call { name, args, ..Call::default() });
            return Ok(FromItem::Function {
                lateral: false,
                call,
                ordinality: false,
                alias,
                column_types: Vec::new(),
            });
        }
        let mut named = Vec::with_capacity(columns.len());
        for ast::OpenJsonTableColumn { name, r#type, path, as_json } in columns {
            named.push(OpenJsonColumn {
                name: self.ident(name)?,
                ty: self.type_name(r#type)?,
                path,
                as_json,
            });
        }
        Ok(form(FormKind::Json { json, path, columns: named }, alias))
    }

    /// `x.nodes('path') AS a(b)`.
    pub(super) fn nodes(
        &self,
        name: &ast::ObjectName,
        args: Option<&ast::TableFunctionArgs>,
        alias: Option<&ast::TableAlias>,
    ) -> Result<Option<FromItem>, Finding> {
        let ast::ObjectName(parts) = name;
        let names: Option<Vec<&ast::Ident>> = parts.iter().map(ast::ObjectNamePart::as_ident).collect();
        let names = names.unwrap_or_default();
        let [base @ .., method] = names.as_slice() else { return Ok(None) };
        if !self.mssql() || base.is_empty() || method.value != "nodes" {
            return Ok(None);
        }
        let Some(ast::TableFunctionArgs { args, settings: None }) = args else { return Ok(None) };
        let Some([path]) = super::mssql::texts(args).map(|t| <[String; 1]>::try_from(t).unwrap_or_default())
        else {
            return Ok(None);
        };
        super::mssql::xquery(&path)?;
        let alias = self.plain_alias(alias.cloned())?;
        let named = alias.as_ref().is_some_and(|a| a.columns.len() == 1);
        refuse_some(!named || path.is_empty(), "Nodes without a name for their column")?;
        let base = base.iter().map(|i| self.ident((*i).clone())).collect::<Result<_, _>>()?;
        Ok(Some(form(FormKind::Nodes { xml: Expr::Column(ObjectName(base)), path }, alias)))
    }

    pub(super) fn pivot(
        &self,
        input: FromItem,
        mut functions: Vec<ast::ExprWithAlias>,
        columns: Vec<ast::Expr>,
        values: ast::PivotValueSource,
        alias: Option<ast::TableAlias>,
    ) -> Result<FromItem, Finding> {
        let alias = self.turned_alias(alias)?;
        let (Some(ast::ExprWithAlias { expr, alias: None }), true) = (functions.pop(), functions.is_empty())
        else {
            return Err(unproven("PIVOT with several aggregates"));
        };
        let Expr::Call(call) = self.expr(expr)? else { return Err(unproven("This aggregate of PIVOT")) };
        let Call { name, mut args, .. } = *call.clone();
        let bare = Call { name: name.clone(), args: args.clone(), ..Call::default() } == *call;
        let (Some(Arg { name: None, variadic: false, value: Expr::Column(value) }), [function], true) =
            (args.pop(), name.0.as_slice(), bare && args.is_empty())
        else {
            return Err(unproven("This aggregate of PIVOT"));
        };
        let function_name = function.value.to_ascii_lowercase();
        refuse_some(function.quoted || !PIVOTS.contains(&function_name.as_str()), "This aggregate of PIVOT")?;
        let ast::PivotValueSource::List(values) = values else { return Err(unproven("PIVOT of a query")) };
        let [column] =
            <[ast::Expr; 1]>::try_from(columns).map_err(|_| unproven("PIVOT of several columns"))?;
        let kind = FormKind::Pivot {
            input: Box::new(input),
            function: function_name,
            value: single(value)?,
            column: self.single(column)?,
            values: values.into_iter().map(|v| self.listed(v)).collect::<Result<_, _>>()?,
        };
        Ok(form(kind, Some(alias)))
    }

    pub(super) fn unpivot(
        &self,
        input: FromItem,
        value: ast::Expr,
        name: ast::Ident,
        columns: Vec<ast::ExprWithAlias>,
        alias: Option<ast::TableAlias>,
    ) -> Result<FromItem, Finding> {
        let kind = FormKind::Unpivot {
            input: Box::new(input),
            value: self.single(value)?,
            name: self.ident(name)?,
            columns: columns.into_iter().map(|c| self.listed(c)).collect::<Result<_, _>>()?,
        };
        Ok(form(kind, Some(self.turned_alias(alias)?)))
    }

    fn turned_alias(&self, alias: Option<ast::TableAlias>) -> Result<TableAlias, Finding> {
        refuse_some(!self.mssql(), "PIVOT or UNPIVOT")?;
        let alias = self.plain_alias(alias)?.filter(|a| a.columns.is_empty());
        alias.ok_or_else(|| unproven("PIVOT or UNPIVOT without an alias"))
    }

    fn listed(&self, item: ast::ExprWithAlias) -> Result<Ident, Finding> {
        let ast::ExprWithAlias { expr, alias } = item;
        refuse_some(alias.is_some(), "An alias inside PIVOT")?;
        self.single(expr)
    }

    fn single(&self, expr: ast::Expr) -> Result<Ident, Finding> {
        match self.expr(expr)? {
            Expr::Column(name) => single(name),
            _ => Err(unproven("Anything but a column inside PIVOT")),
        }
    }

    /// A table at another time, or a part of it.
    pub(super) fn table_form(
        &self,
        name: ast::ObjectName,
        alias: Option<ast::TableAlias>,
        version: Option<ast::TableVersion>,
        sample: Option<ast::TableSampleKind>,
    ) -> Result<FromItem, Finding> {
        refuse_some(!self.mssql(), "A table version or TABLESAMPLE")?;
        let period = version.map(period).transpose()?;
        let sample = sample.map(|s| self.sample(s)).transpose()?;
        let name = self.object_name(name)?;
        let alias = self.plain_alias(alias)?;
        refuse_some(alias.as_ref().is_some_and(|a| !a.columns.is_empty()), "This table hint")?;
        Ok(form(FormKind::Table { name, period, sample }, alias))
    }

    fn sample(&self, sample: ast::TableSampleKind) -> Result<Sample, Finding> {
        let wrong = || unproven("This TABLESAMPLE");
        let (ast::TableSampleKind::AfterTableAlias(sample) | ast::TableSampleKind::BeforeTableAlias(sample)) =
            sample;
        let ast::TableSample { modifier, name, quantity, seed, bucket, offset } = *sample;
        let plain = matches!(modifier, ast::TableSampleModifier::TableSample)
            && matches!(name, None | Some(ast::TableSampleMethod::System))
            && bucket.is_none()
            && offset.is_none();
        let Some(ast::TableSampleQuantity { parenthesized: true, value, unit }) = quantity.filter(|_| plain)
        else {
            return Err(wrong());
        };
        let Expr::Literal(Literal::Number(amount), _) = self.expr(value)? else { return Err(wrong()) };
        let seed = match seed {
            None => None,
            Some(ast::TableSampleSeed { modifier: ast::TableSampleSeedModifier::Repeatable, value }) => {
                match self.value(value)? {
                    Expr::Literal(Literal::Number(seed), _) => Some(seed),
                    _ => return Err(wrong()),
                }
            }
            Some(ast::TableSampleSeed { modifier: ast::TableSampleSeedModifier::Seed, value: _ }) => {
                return Err(wrong());
            }
        };
        Ok(Sample { amount, rows: matches!(unit, Some(ast::TableSampleUnit::Rows)), seed })
    }
}

fn single(name: ObjectName) -> Result<Ident, Finding> {
    let ObjectName(parts) = name;
    let [one] = <[Ident; 1]>::try_from(parts).map_err(|_| unproven("A qualified name inside PIVOT"))?;
    Ok(one)
}

/// The times stand in one text, with marks that no text can hold.
fn period(version: ast::TableVersion) -> Result<Period, Finding> {
    let ast::TableVersion::ForSystemTimeAsOf(ast::Expr::Value(value)) = version else {
        return Err(unproven("This table version"));
    };
    let ast::Value::SingleQuotedString(text) = value.value else {
        return Err(unproven("This table version"));
    };
    let parts: Vec<&str> = text.split('\0').collect();
    let time = |text: &str| text.to_owned();
    match parts.as_slice() {
        [at] => Ok(Period::AsOf(time(at))),
        ["", "all"] => Ok(Period::All),
        ["", "from", a, b] => Ok(Period::FromTo(time(a), time(b))),
        ["", "between", a, b] => Ok(Period::Between(time(a), time(b))),
        ["", "contained", a, b] => Ok(Period::ContainedIn(time(a), time(b))),
        _ => Err(unproven("This table version")),
    }
}
