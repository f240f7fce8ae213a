//! Forms that only MySQL and MariaDB have, as the tree knows them.

use sqlparser::ast;

use super::query::refuse_some;
use super::refuse::{operator, unproven};
use super::{Converter, call, dialect};
use crate::finding::Finding;
use crate::tree::{
    BinaryOp, Call, Expr, FromItem, GroupItem, Ident, JoinKind, JoinOn, LikeOp, Literal, MatchMode,
    ObjectName, SpecialCall,
};

type Converted = Result<Expr, Finding>;

/// Character sets that CONVERT(... USING ...) may name.
const CHARSETS: [&str; 12] = [
    "ascii", "binary", "cp1252", "latin1", "latin2", "ucs2", "utf16", "utf16le", "utf32", "utf8", "utf8mb3",
    "utf8mb4",
];

/// Calls that stand without parentheses.
const CLOCKS: [&str; 8] = [
    "current_date",
    "current_time",
    "current_timestamp",
    "localtime",
    "localtimestamp",
    "utc_date",
    "utc_time",
    "utc_timestamp",
];

impl Converter<'_> {
    pub(super) fn mariadb(&self) -> bool {
        self.engine == catalog::Engine::Mariadb
    }

    /// JOIN and CROSS JOIN are one; an outer join needs a condition. After a join without a condition the servers
    /// give a RIGHT JOIN's condition another reach.
    pub(super) fn mysql_join(
        &self,
        kind: JoinKind,
        left: FromItem,
        relation: ast::TableFactor,
        on: JoinOn,
    ) -> Result<FromItem, Finding> {
        let outer = matches!(kind, JoinKind::Left | JoinKind::Right);
        refuse_some(outer && on == JoinOn::None, "An outer join without ON or USING")?;
        let apart = matches!(left, FromItem::Join { kind: JoinKind::Cross, .. });
        refuse_some(apart && kind == JoinKind::Right, "RIGHT JOIN after a join without a condition")?;
        let right = self.table_factor(relation)?;
        let kind = match (kind, &on) {
            (JoinKind::Inner, JoinOn::None) => return in_order(left, right),
            (JoinKind::Cross, JoinOn::On(_) | JoinOn::Using(_)) => JoinKind::Inner,
            (kind, _) => kind,
        };
        Ok(FromItem::Join { kind, left: Box::new(left), right: Box::new(right), on })
    }

    /// `INTERVAL value UNIT`.
    pub(super) fn mysql_interval(&self, value: ast::Expr, unit: Option<ast::DateTimeField>) -> Converted {
        let unit = unit.map(unit_of).transpose()?;
        refuse_some(unit.is_none(), "INTERVAL without a unit")?;
        Ok(Expr::Interval { value: Box::new(self.expr(value)?), unit })
    }

    /// `CONVERT(x, type)` is a cast; `CONVERT(x USING charset)` is a call of its own.
    pub(super) fn convert(
        &self,
        expr: ast::Expr,
        ty: Option<ast::DataType>,
        charset: Option<ast::ObjectName>,
    ) -> Converted {
        refuse_some(!self.mysql(), "CONVERT")?;
        let expr = Box::new(self.expr(expr)?);
        match (ty, charset) {
            (Some(ty), None) => Ok(Expr::Cast { expr, to: self.type_name(ty)?, try_cast: false }),
            (None, Some(charset)) => {
                let ObjectName(parts) = self.object_name(charset)?;
                let name = match parts.as_slice() {
                    [one] => one.value.to_ascii_lowercase(),
                    _ => return Err(unproven("This character set")),
                };
                refuse_some(!CHARSETS.contains(&name.as_str()), "This character set")?;
                Ok(Expr::Special(SpecialCall::ConvertUsing { expr, charset: name }))
            }
            (Some(_), Some(_)) | (None, None) => Err(unproven("CONVERT with a type and a character set")),
        }
    }

    /// `MATCH (columns) AGAINST ('words' mode)`.
    pub(super) fn match_against(
        &self,
        columns: Vec<ast::ObjectName>,
        value: ast::ValueWithSpan,
        modifier: Option<ast::SearchModifier>,
    ) -> Converted {
        refuse_some(!self.mysql() || columns.is_empty(), "MATCH AGAINST")?;
        let columns =
            columns.into_iter().map(|c| self.object_name(c).map(Expr::Column)).collect::<Result<_, _>>()?;
        let mode = match modifier {
            None | Some(ast::SearchModifier::InNaturalLanguageMode) => MatchMode::Natural,
            Some(ast::SearchModifier::InBooleanMode) => MatchMode::Boolean,
            Some(
                ast::SearchModifier::WithQueryExpansion
                | ast::SearchModifier::InNaturalLanguageModeWithQueryExpansion,
            ) => MatchMode::Expansion,
        };
        Ok(Expr::Special(SpecialCall::MatchAgainst { columns, words: Box::new(self.value(value)?), mode }))
    }

    /// `x MEMBER OF (json)`: MySQL alone has it.
    pub(super) fn member_of(&self, member: ast::MemberOf) -> Converted {
        let ast::MemberOf { value, array } = member;
        refuse_some(!self.mysql() || self.mariadb(), "MEMBER OF")?;
        let (left, right) = (Box::new(self.expr(*value)?), Box::new(self.expr(*array)?));
        Ok(Expr::Binary { op: BinaryOp::MemberOf, left, right })
    }

    /// `column -> 'path'` is `JSON_EXTRACT`, `->>` is that without quotes: said with the functions, which both servers have.
    pub(super) fn json_arrow(&self, column: ast::Expr, path: ast::Expr, text: bool) -> Converted {
        let (column, path) = (self.expr(column)?, self.expr(path)?);
        let plain = matches!((&column, &path), (Expr::Column(_), Expr::Literal(Literal::String(_), _)));
        if !plain {
            return Err(operator(if text { "->>" } else { "->" }));
        }
        let found = call::simple("json_extract", vec![column, path]);
        Ok(if text { call::simple("json_unquote", vec![found]) } else { found })
    }

    /// The default escape of LIKE, a backslash, is not kept: the renderer writes it where it can matter.
    pub(super) fn mysql_escape(
        &self,
        op: LikeOp,
        escape: Option<Box<Expr>>,
    ) -> Result<Option<Box<Expr>>, Finding> {
        let Some(expr) = escape else { return Ok(None) };
        let Expr::Literal(Literal::String(text), _) = expr.as_ref() else {
            return Err(unproven("ESCAPE with anything but one character"));
        };
        refuse_some(
            op != LikeOp::Like || text.chars().count() != 1,
            "ESCAPE with anything but one character",
        )?;
        Ok(if text == "\\" { None } else { Some(expr) })
    }

    /// Calls whose first argument is a unit: `TIMESTAMPDIFF(DAY, a, b)`, `TIMESTAMPADD(DAY, n, a)`.
    pub(super) fn with_unit(&self, call: Call) -> Converted {
        let name = match call.name.0.as_slice() {
            [one] => one.value.to_ascii_lowercase(),
            _ => String::new(),
        };
        let add = name == "timestampadd";
        if !add && name != "timestampdiff" {
            return Ok(Expr::Call(Box::new(call)));
        }
        let plain = !call.star && !call.distinct && call.order_by.is_empty() && call.over.is_none();
        let args: Vec<Expr> = call.args.into_iter().map(|a| a.value).collect();
        let Ok([Expr::Column(unit), first, second]) = <[Expr; 3]>::try_from(args) else {
            return Err(unproven("This use of a unit"));
        };
        let unit = match unit.0.as_slice() {
            [one] if plain && !one.quoted => short_unit(&one.value),
            _ => None,
        };
        let Some(unit) = unit else { return Err(unproven("This unit")) };
        if !add {
            let (from, to) = (Box::new(first), Box::new(second));
            return Ok(Expr::Special(SpecialCall::TimestampDiff { unit, from, to }));
        }
        let interval = Expr::Interval { value: Box::new(first), unit: Some(unit) };
        Ok(call::simple("date_add", vec![second, interval]))
    }

    /// Clocks without parentheses that the parser takes for columns.
    pub(super) fn clock(&self, ident: &ast::Ident) -> Option<Expr> {
        let name = ident.value.to_ascii_lowercase();
        if !self.mysql() || ident.quote_style.is_some() || !CLOCKS.contains(&name.as_str()) {
            return None;
        }
        let name = ObjectName(vec![Ident { value: name, quoted: false, span: self.span(ident.span) }]);
        Some(Expr::Call(Box::new(Call { name, bare: true, ..Call::default() })))
    }

    /// `GROUP BY a, b WITH ROLLUP`.
    pub(super) fn with_rollup(&self, items: Vec<GroupItem>) -> Result<Vec<GroupItem>, Finding> {
        let one = |item| match item {
            GroupItem::Expr(expr) => Ok(vec![expr]),
            GroupItem::Rollup(_) | GroupItem::Cube(_) | GroupItem::GroupingSets(_) => {
                Err(unproven("This GROUP BY"))
            }
        };
        let sets = items.into_iter().map(one).collect::<Result<Vec<_>, _>>()?;
        Ok(vec![GroupItem::Rollup(sets)])
    }

    /// The separator of GROUP_CONCAT: a text, or bytes in hexadecimal where it holds a backslash.
    pub(super) fn separator(&self, value: ast::ValueWithSpan) -> Result<String, Finding> {
        match self.value(value)? {
            Expr::Literal(Literal::String(text), _) => Ok(text),
            Expr::Literal(Literal::Hex(digits), span) => {
                let text =
                    super::mysql_tokens::text_of_hex(&digits).ok_or_else(|| unproven("This separator"))?;
                super::literal::printable(&text).map_err(|f| f.at(span))?;
                Ok(text)
            }
            _ => Err(unproven("This separator")),
        }
    }
}

/// `a JOIN b JOIN c ON ...`: the parser has put `b JOIN c` together, the servers read from the left. Where both give
/// the same, with or without parentheses, it is read from the left.
fn in_order(left: FromItem, right: FromItem) -> Result<FromItem, Finding> {
    let mut later = Vec::new();
    let mut first = right;
    while let FromItem::Join { kind, left, right, on } = first {
        let same = matches!(kind, JoinKind::Inner | JoinKind::Left | JoinKind::Cross);
        let named = matches!(on, JoinOn::Using(_) | JoinOn::Natural);
        refuse_some(!same || named, "This join after a join without a condition")?;
        later.push((kind, right, on));
        first = *left;
    }
    let start = FromItem::Join {
        kind: JoinKind::Cross,
        left: Box::new(left),
        right: Box::new(first),
        on: JoinOn::None,
    };
    let join = |left, (kind, right, on)| FromItem::Join { kind, left: Box::new(left), right, on };
    Ok(later.into_iter().rev().fold(start, join))
}

/// `FROM DUAL` is no table.
pub(super) fn is_dual(item: &FromItem) -> bool {
    let FromItem::Table { name, alias: None } = item else { return false };
    matches!(name.0.as_slice(), [one] if !one.quoted && one.value.eq_ignore_ascii_case("dual"))
}

/// Whether a call without parentheses is a clock.
pub(super) fn is_clock(call: &Call) -> bool {
    call.name.last().is_some_and(|n| CLOCKS.iter().any(|c| n.value.eq_ignore_ascii_case(c)))
}

/// A unit of INTERVAL or EXTRACT.
pub(super) fn unit_of(field: ast::DateTimeField) -> Result<String, Finding> {
    let name = call::field(field)?;
    if dialect::UNITS.contains(&name.as_str()) { Ok(name) } else { Err(unproven("This unit")) }
}

/// A unit of TIMESTAMPDIFF: those of one word, with or without the prefix of ODBC.
fn short_unit(written: &str) -> Option<String> {
    let name = written.to_ascii_lowercase();
    let name = name.strip_prefix("sql_tsi_").unwrap_or(&name);
    (dialect::UNITS.contains(&name) && !name.contains('_')).then(|| name.to_owned())
}
