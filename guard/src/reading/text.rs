//! Expressions as short text for people: no quotes around names, operators as they are written.

use crate::tree::{BinaryOp, Call, Expr, IsTest, LikeOp, Literal, SpecialCall, UnaryOp};

/// Texts are cut at this length: a reading is no dump.
const LONGEST: usize = 200;
/// How deep an expression is spelled out.
const DEEPEST: usize = 12;

/// An expression as short text.
pub fn plain(expr: &Expr) -> String {
    let mut text = spell(expr, 0);
    if text.chars().count() > LONGEST {
        text = text.chars().take(LONGEST).chain("...".chars()).collect();
    }
    text
}

fn spell(expr: &Expr, depth: usize) -> String {
    if depth > DEEPEST {
        return "...".to_owned();
    }
    let inner = |e: &Expr| spell(e, depth + 1);
    match expr {
        Expr::Column(name) => name.0.iter().map(|i| i.value.as_str()).collect::<Vec<_>>().join("."),
        Expr::Literal(literal, _) => constant(literal),
        Expr::Param(n) => format!("${n}"),
        Expr::Unary { op, expr } => format!("{}{}", unary(*op), inner(expr)),
        Expr::Binary { .. } => chain(expr, depth),
        Expr::Is { expr, test, negated } => {
            let not = if *negated { "not " } else { "" };
            format!("{} is {not}{}", inner(expr), tested(*test))
        }
        Expr::Between { expr, low, high, negated, .. } => {
            let not = if *negated { "not " } else { "" };
            format!("{} {not}between {} and {}", inner(expr), inner(low), inner(high))
        }
        Expr::InList { expr, list, negated } => {
            let not = if *negated { "not " } else { "" };
            format!("{} {not}in ({})", inner(expr), several(list, depth))
        }
        Expr::InSubquery { expr, negated, .. } => {
            let not = if *negated { "not " } else { "" };
            format!("{} {not}in (sub-query)", inner(expr))
        }
        Expr::Like { op, expr, pattern, negated, .. } => {
            let not = if *negated { "not " } else { "" };
            format!("{} {not}{} {}", inner(expr), like(*op), inner(pattern))
        }
        Expr::Quantified { left, op, all, right } => {
            let word = if *all { "all" } else { "any" };
            format!("{} {} {word} ({})", inner(left), binary(*op), inner(right))
        }
        Expr::Case { .. } => "a case".to_owned(),
        Expr::Cast { expr, to, .. } => format!("{} as {}", inner(expr), to.name),
        Expr::Typed { ty, value, .. } => format!("{} {value}", ty.name),
        Expr::Interval { value, unit } => match unit {
            Some(unit) => format!("{} {}", bare(value, depth), unit.to_lowercase()),
            None => bare(value, depth),
        },
        Expr::Call(call) => of_call(call, depth),
        Expr::Extract { field, expr } => format!("{field} of {}", inner(expr)),
        Expr::Special(special) => of_special(special, depth),
        Expr::AtTimeZone { expr, zone } => format!("{} in time zone {}", inner(expr), bare(zone, depth)),
        Expr::Collate { expr, .. } => inner(expr),
        Expr::Exists { negated, .. } => {
            if *negated { "nothing exists" } else { "something exists" }.to_owned()
        }
        Expr::Subquery(_) => "(sub-query)".to_owned(),
        Expr::Row(items) => format!("({})", several(items, depth)),
        Expr::Array(items) => format!("[{}]", several(items, depth)),
        Expr::ArraySubquery(_) => "[sub-query]".to_owned(),
        Expr::Subscript { expr, index, .. } => match index {
            Some(index) => format!("{}[{}]", inner(expr), inner(index)),
            None => format!("{}[]", inner(expr)),
        },
        Expr::Field { expr, field } => format!("{}.{}", inner(expr), field.value),
    }
}

// chains lean to the left: spelled in a loop
fn chain(expr: &Expr, depth: usize) -> String {
    let mut rest = Vec::new();
    let mut first = expr;
    while let Expr::Binary { op, left, right } = first {
        rest.push((*op, right));
        first = left;
    }
    let mut text = spell(first, depth + 1);
    let mut inside: Option<BinaryOp> = None;
    while let Some((op, right)) = rest.pop() {
        if inside.is_some_and(|i| rank(i) < rank(op)) {
            text = format!("({text})");
        }
        let other = match right.as_ref() {
            Expr::Binary { op: below, .. } if rank(*below) <= rank(op) => {
                format!("({})", spell(right, depth + 1))
            }
            other => spell(other, depth + 1),
        };
        text = format!("{text} {} {other}", binary(op));
        inside = Some(op);
        if text.len() > LONGEST * 2 {
            return text;
        }
    }
    text
}

/// How strongly an operator binds, for parentheses in texts.
fn rank(op: BinaryOp) -> u8 {
    match op {
        BinaryOp::Or | BinaryOp::Xor => 1,
        BinaryOp::And => 2,
        BinaryOp::Plus | BinaryOp::Minus => 5,
        BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo | BinaryOp::IntDivide => 6,
        BinaryOp::Power => 7,
        BinaryOp::Concat => 4,
        _ => 3,
    }
}

fn several(items: &[Expr], depth: usize) -> String {
    const SHOWN: usize = 10;
    let mut parts: Vec<String> = items.iter().take(SHOWN).map(|i| spell(i, depth + 1)).collect();
    if items.len() > SHOWN {
        parts.push(format!("{} more", items.len() - SHOWN));
    }
    parts.join(", ")
}

fn bare(expr: &Expr, depth: usize) -> String {
    match expr {
        Expr::Literal(Literal::String(text), _) => text.clone(),
        other => spell(other, depth + 1),
    }
}

fn of_call(call: &Call, depth: usize) -> String {
    let name = call.name.last().map(|i| i.value.clone()).unwrap_or_default();
    if call.bare {
        return name.replace('_', " ");
    }
    let args: Vec<String> = call.args.iter().map(|a| spell(&a.value, depth + 1)).collect();
    let args = if call.star { "*".to_owned() } else { args.join(", ") };
    let distinct = if call.distinct { "distinct " } else { "" };
    format!("{name}({distinct}{args})")
}

fn of_special(special: &SpecialCall, depth: usize) -> String {
    let inner = |e: &Expr| spell(e, depth + 1);
    match special {
        SpecialCall::Substring { expr, .. } => format!("part of {}", inner(expr)),
        SpecialCall::Trim { expr, .. } => format!("{} trimmed", inner(expr)),
        SpecialCall::Position { needle, haystack } => {
            format!("position of {} in {}", inner(needle), inner(haystack))
        }
        SpecialCall::Overlay { expr, with, .. } => format!("{} overlaid with {}", inner(expr), inner(with)),
        SpecialCall::ConvertUsing { expr, .. } => inner(expr),
        SpecialCall::TimestampDiff { unit, from, to } => {
            format!("{unit}s from {} to {}", inner(from), inner(to))
        }
        SpecialCall::MatchAgainst { columns, words, .. } => {
            let columns: Vec<String> = columns.iter().map(inner).collect();
            format!("{} matching {}", columns.join(", "), inner(words))
        }
        SpecialCall::Typed(call) => {
            let args: Vec<String> = call.parts().into_iter().map(inner).collect();
            format!("{}({})", call.name(), args.join(", "))
        }
    }
}

/// A constant as people write it.
pub fn constant(literal: &Literal) -> String {
    match literal {
        Literal::Null => "null".to_owned(),
        Literal::Bool(true) => "true".to_owned(),
        Literal::Bool(false) => "false".to_owned(),
        Literal::Number(text) => text.clone(),
        Literal::String(text) | Literal::National(text) => format!("'{text}'"),
        Literal::Money(text) => text.clone(),
        Literal::Hex(text) => format!("x'{text}'"),
        Literal::Bits(text) => format!("b'{text}'"),
    }
}

fn unary(op: UnaryOp) -> &'static str {
    match op {
        UnaryOp::Not => "not ",
        UnaryOp::Minus => "-",
        UnaryOp::Plus => "+",
        UnaryOp::BitNot => "~",
        UnaryOp::SquareRoot => "root of ",
        UnaryOp::CubeRoot => "cube root of ",
        UnaryOp::Abs => "absolute ",
        UnaryOp::TsNot => "not ",
    }
}

fn tested(test: IsTest) -> &'static str {
    match test {
        IsTest::Null => "empty",
        IsTest::True => "true",
        IsTest::False => "false",
        IsTest::Unknown => "unknown",
        IsTest::Json { .. } => "json",
        IsTest::Normalized(_) => "normalized",
    }
}

fn like(op: LikeOp) -> &'static str {
    match op {
        LikeOp::Like => "like",
        LikeOp::ILike => "like (any case)",
        LikeOp::SimilarTo => "similar to",
        LikeOp::Glob => "matching",
        LikeOp::Regexp => "matching",
    }
}

/// An operator as written.
pub fn binary(op: BinaryOp) -> &'static str {
    use BinaryOp as B;
    match op {
        B::And => "and",
        B::Or => "or",
        B::Xor => "xor",
        B::Eq => "=",
        B::NotEq => "<>",
        B::Lt => "<",
        B::LtEq => "<=",
        B::Gt => ">",
        B::GtEq => ">=",
        B::NotDistinct => "is the same as",
        B::Distinct => "differs from",
        B::Plus => "+",
        B::Minus => "-",
        B::Multiply => "*",
        B::Divide | B::IntDivide => "/",
        B::Modulo => "%",
        B::Power => "^",
        B::Concat => "||",
        B::BitAnd => "&",
        B::BitOr => "|",
        B::BitXor => "#",
        B::ShiftLeft => "<<",
        B::ShiftRight => ">>",
        B::JsonGet => "->",
        B::JsonGetText => "->>",
        B::JsonPath => "#>",
        B::JsonPathText => "#>>",
        B::JsonMinus => "#-",
        B::Contains => "contains",
        B::ContainedBy => "is contained in",
        B::Overlap => "overlaps",
        B::HasKey => "has key",
        B::HasAnyKey => "has any key of",
        B::HasAllKeys => "has all keys of",
        B::JsonPathExists => "has path",
        B::MemberOf => "is a member of",
        B::Match | B::SqliteMatch => "matches",
        B::Regex => "matches",
        B::RegexI => "matches (any case)",
        B::NotRegex => "does not match",
        B::NotRegexI => "does not match (any case)",
        B::LikeOp => "like",
        B::ILikeOp => "like (any case)",
        B::NotLikeOp => "not like",
        B::NotILikeOp => "not like (any case)",
        B::StartsWith => "starts with",
        B::Adjacent => "is next to",
        B::NotRightOf => "does not reach right of",
        B::NotLeftOf => "does not reach left of",
        B::ContainedByEq => "is within",
        B::ContainsEq => "holds",
        B::Distance | B::NegInnerProduct | B::CosineDistance => "distance to",
        B::Overlaps => "overlaps",
    }
}

/// Pushes the direct parts of an expression that belong to the same block.
pub fn children<'e>(expr: &'e Expr, open: &mut Vec<&'e Expr>) {
    match expr {
        Expr::Column(_) | Expr::Literal(..) | Expr::Param(_) | Expr::Typed { .. } => {}
        Expr::Exists { .. } | Expr::Subquery(_) | Expr::ArraySubquery(_) => {}
        Expr::Unary { expr, .. }
        | Expr::Is { expr, .. }
        | Expr::InSubquery { expr, .. }
        | Expr::Cast { expr, .. }
        | Expr::Interval { value: expr, .. }
        | Expr::Extract { expr, .. }
        | Expr::Collate { expr, .. }
        | Expr::Field { expr, .. } => open.push(expr),
        Expr::Binary { left, right, .. } | Expr::Quantified { left, right, .. } => {
            open.push(right);
            open.push(left);
        }
        Expr::Between { expr, low, high, .. } => open.extend([high.as_ref(), low, expr]),
        Expr::InList { expr, list, .. } => {
            open.extend(list.iter().rev());
            open.push(expr);
        }
        Expr::Like { expr, pattern, escape, .. } => {
            open.extend(escape.as_deref());
            open.extend([pattern.as_ref(), expr]);
        }
        Expr::Case { operand, branches, otherwise } => {
            open.extend(otherwise.as_deref());
            for (when, then) in branches.iter().rev() {
                open.extend([then, when]);
            }
            open.extend(operand.as_deref());
        }
        Expr::Call(call) => open.extend(call.args.iter().rev().map(|a| &a.value)),
        Expr::Special(special) => match special {
            SpecialCall::Substring { expr, from, length } => {
                open.extend(length.as_deref().into_iter().chain(from.as_deref()));
                open.push(expr);
            }
            SpecialCall::Trim { what, expr, .. } => {
                open.extend(what.as_deref());
                open.push(expr);
            }
            SpecialCall::Position { needle, haystack } => open.extend([haystack.as_ref(), needle]),
            SpecialCall::Overlay { expr, with, from, length } => {
                open.extend(length.as_deref());
                open.extend([from.as_ref(), with, expr]);
            }
            SpecialCall::ConvertUsing { expr, .. } => open.push(expr),
            SpecialCall::TimestampDiff { from, to, .. } => open.extend([to.as_ref(), from]),
            SpecialCall::MatchAgainst { columns, words, .. } => {
                open.push(words);
                open.extend(columns.iter().rev());
            }
            SpecialCall::Typed(call) => open.extend(call.parts().into_iter().rev()),
        },
        Expr::AtTimeZone { expr, zone } => open.extend([zone.as_ref(), expr]),
        Expr::Row(items) | Expr::Array(items) => open.extend(items.iter().rev()),
        Expr::Subscript { expr, index, slice_to } => {
            open.extend(slice_to.iter().flatten().map(AsRef::as_ref));
            open.extend(index.as_deref());
            open.push(expr);
        }
    }
}
