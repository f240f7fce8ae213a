//! The type that two types have together, and the types of arithmetic.

use crate::types::{MAX, Ty};

/// Higher binds: the type with the higher rank is the common one.
fn rank(ty: &Ty) -> u8 {
    match ty {
        Ty::Udt(_) => 31,
        Ty::Variant => 30,
        Ty::Xml => 29,
        Ty::DateTimeOffset(_) => 28,
        Ty::DateTime2(_) => 27,
        Ty::DateTime => 26,
        Ty::SmallDateTime => 25,
        Ty::Date => 24,
        Ty::Time(_) => 23,
        Ty::Float => 22,
        Ty::Real => 21,
        Ty::Decimal(..) | Ty::Numeric(..) => 20,
        Ty::Money => 19,
        Ty::SmallMoney => 18,
        Ty::BigInt => 17,
        Ty::Int => 16,
        Ty::SmallInt => 15,
        Ty::TinyInt => 14,
        Ty::Bit => 13,
        Ty::NText => 12,
        Ty::Text => 11,
        Ty::Image => 10,
        Ty::RowVersion => 9,
        Ty::Guid => 8,
        Ty::NVarChar(_) | Ty::SysName => 7,
        Ty::NChar(_) => 6,
        Ty::VarChar(_) => 5,
        Ty::Char(_) => 4,
        Ty::VarBinary(_) => 3,
        Ty::Binary(_) => 2,
    }
}

/// Characters that a value of a type may have as text.
pub(crate) fn characters(ty: &Ty) -> u16 {
    match ty {
        Ty::SysName => 128,
        Ty::Text | Ty::NText | Ty::Xml => MAX,
        t => t.length().unwrap_or(50),
    }
}

fn longer(a: u16, b: u16) -> u16 {
    if a == MAX || b == MAX { MAX } else { a.max(b) }
}

/// The common type of two.
pub(crate) fn common(a: &Ty, b: &Ty) -> Ty {
    if a == b {
        return a.clone();
    }
    if let (Some((p, s)), Some((q, t))) = (exact(a), exact(b))
        && (matches!(a, Ty::Decimal(..) | Ty::Numeric(..)) || matches!(b, Ty::Decimal(..) | Ty::Numeric(..)))
    {
        let scale = s.max(t);
        let wide = if rank(a) >= rank(b) { a } else { b };
        return sized(wide, u16::from((p - s).max(q - t)) + u16::from(scale), scale.into());
    }
    let (high, low) = if rank(a) >= rank(b) { (a, b) } else { (b, a) };
    match (high, low) {
        (Ty::DateTime2(s), Ty::DateTime2(t)) => Ty::DateTime2(*s.max(t)),
        (Ty::Time(s), Ty::Time(t)) => Ty::Time(*s.max(t)),
        (Ty::DateTimeOffset(s), Ty::DateTimeOffset(t)) => Ty::DateTimeOffset(*s.max(t)),
        (Ty::NVarChar(_) | Ty::SysName, low) if low.is_text() => {
            Ty::NVarChar(longer(characters(high), characters(low)))
        }
        (Ty::NChar(n), low) if low.is_text() => Ty::NVarChar(longer(*n, characters(low))),
        (Ty::VarChar(_) | Ty::Char(_), low) if low.is_text() => {
            Ty::VarChar(longer(characters(high), characters(low)))
        }
        (Ty::VarBinary(n), Ty::VarBinary(m) | Ty::Binary(m)) => Ty::VarBinary(longer(*n, *m)),
        _ => high.clone(),
    }
}

/// Precision and scale of an exact type, integers included.
pub(crate) fn exact(ty: &Ty) -> Option<(u8, u8)> {
    match ty {
        Ty::Bit => Some((1, 0)),
        Ty::TinyInt => Some((3, 0)),
        Ty::SmallInt => Some((5, 0)),
        Ty::Int => Some((10, 0)),
        Ty::BigInt => Some((19, 0)),
        other => other.scale(),
    }
}

/// An exact type with a precision and scale, cut to 38 digits as the server cuts them.
fn sized(like: &Ty, precision: u16, scale: u16) -> Ty {
    let (precision, scale) = if precision > 38 {
        let whole = precision - scale;
        (38, scale.min(38_u16.saturating_sub(whole).max(6)))
    } else {
        (precision, scale)
    };
    match like {
        Ty::Numeric(..) => Ty::Numeric(precision as u8, scale as u8),
        _ => Ty::Decimal(precision as u8, scale as u8),
    }
}

/// The type of `a op b`, `op` being one of `+ - * / %`.
pub(crate) fn arithmetic(op: char, a: &Ty, b: &Ty) -> Ty {
    if a.is_text() && b.is_text() {
        let sum = match (characters(a), characters(b)) {
            (MAX, _) | (_, MAX) => MAX,
            (n, m) => (n + m).min(if a.is_unicode() || b.is_unicode() { 4000 } else { 8000 }),
        };
        return if a.is_unicode() || b.is_unicode() { Ty::NVarChar(sum) } else { Ty::VarChar(sum) };
    }
    let wide = common(a, b);
    let exact_both = exact(a).zip(exact(b)).filter(|_| matches!(wide, Ty::Decimal(..) | Ty::Numeric(..)));
    let Some(((p1, s1), (p2, s2))) = exact_both else { return wide };
    let (p1, s1, p2, s2) = (u16::from(p1), u16::from(s1), u16::from(p2), u16::from(s2));
    match op {
        '*' => sized(&wide, p1 + p2 + 1, s1 + s2),
        '/' => {
            let scale = (s1 + p2 + 1).max(6);
            sized(&wide, p1 - s1 + s2 + scale, scale)
        }
        '%' => sized(&wide, (p1 - s1).min(p2 - s2) + s1.max(s2), s1.max(s2)),
        _ => sized(&wide, (p1 - s1).max(p2 - s2) + s1.max(s2) + 1, s1.max(s2)),
    }
}
