//! TYPE_INFO: how a type is described before its values, in results and in parameters.

use super::bytes::{In, Out};
use crate::types::{MAX, Ty, time_bytes};

/// SQL_Latin1_General_CP1_CI_AS: the language, how it compares, and the sort order.
pub(crate) const COLLATION: [u8; 5] = [0x09, 0x04, 0xd0, 0x00, 0x34];
/// The length that announces a value in parts.
const IN_PARTS: u16 = 0xffff;

/// Whether values of a type come in parts, with their own lengths.
pub(crate) fn in_parts(ty: &Ty) -> bool {
    matches!(ty, Ty::Xml | Ty::Udt(_)) || ty.length() == Some(MAX)
}

/// Types of a fixed length, which a column that holds no NULL has.
fn fixed(ty: &Ty) -> Option<u8> {
    Some(match ty {
        Ty::Bit => 0x32,
        Ty::TinyInt => 0x30,
        Ty::SmallInt => 0x34,
        Ty::Int => 0x38,
        Ty::BigInt => 0x7f,
        Ty::Real => 0x3b,
        Ty::Float => 0x3e,
        Ty::Money => 0x3c,
        Ty::SmallMoney => 0x7a,
        Ty::DateTime => 0x3d,
        Ty::SmallDateTime => 0x3a,
        _ => return None,
    })
}

/// Whether values of such a column come without a length.
pub(crate) fn is_fixed(ty: &Ty, nullable: bool) -> bool {
    !nullable && fixed(ty).is_some()
}

/// Writes the type; a column that may hold NULL has the form with lengths.
pub(crate) fn write_type(out: &mut Out, ty: &Ty, nullable: bool) {
    if let Some(token) = fixed(ty).filter(|_| !nullable) {
        return out.u8(token);
    }
    match ty {
        Ty::Bit => out.bytes(&[0x68, 1]),
        Ty::TinyInt => out.bytes(&[0x26, 1]),
        Ty::SmallInt => out.bytes(&[0x26, 2]),
        Ty::Int => out.bytes(&[0x26, 4]),
        Ty::BigInt => out.bytes(&[0x26, 8]),
        Ty::Real => out.bytes(&[0x6d, 4]),
        Ty::Float => out.bytes(&[0x6d, 8]),
        Ty::Money => out.bytes(&[0x6e, 8]),
        Ty::SmallMoney => out.bytes(&[0x6e, 4]),
        Ty::DateTime => out.bytes(&[0x6f, 8]),
        Ty::SmallDateTime => out.bytes(&[0x6f, 4]),
        Ty::Decimal(p, s) => out.bytes(&[0x6a, ty.decimal_bytes(), *p, *s]),
        Ty::Numeric(p, s) => out.bytes(&[0x6c, ty.decimal_bytes(), *p, *s]),
        Ty::Guid => out.bytes(&[0x24, 16]),
        Ty::Date => out.u8(0x28),
        Ty::Time(s) => out.bytes(&[0x29, *s]),
        Ty::DateTime2(s) => out.bytes(&[0x2a, *s]),
        Ty::DateTimeOffset(s) => out.bytes(&[0x2b, *s]),
        Ty::Char(n) => sized(out, 0xaf, *n, true),
        Ty::VarChar(n) => sized(out, 0xa7, *n, true),
        Ty::NChar(n) => sized(out, 0xef, 2 * n, true),
        Ty::NVarChar(n) => sized(out, 0xe7, 2 * n, true),
        Ty::SysName => sized(out, 0xe7, 256, true),
        Ty::Binary(n) => sized(out, 0xad, *n, false),
        Ty::RowVersion => sized(out, 0xad, 8, false),
        Ty::VarBinary(n) => sized(out, 0xa5, *n, false),
        Ty::Text => large(out, 0x23, 0x7fff_ffff, true),
        Ty::NText => large(out, 0x63, 0x7fff_fffe, true),
        Ty::Image => large(out, 0x22, 0x7fff_ffff, false),
        Ty::Variant => large(out, 0x62, 8016, false),
        Ty::Xml => out.bytes(&[0xf1, 0]),
        Ty::Udt(name) => user_defined(out, name),
    }
}

fn sized(out: &mut Out, token: u8, bytes: u16, collated: bool) {
    out.u8(token);
    out.u16(if bytes == MAX { IN_PARTS } else { bytes });
    if collated {
        out.bytes(&COLLATION);
    }
}

fn large(out: &mut Out, token: u8, bytes: u32, collated: bool) {
    out.u8(token);
    out.u32(bytes);
    if collated {
        out.bytes(&COLLATION);
    }
}

fn user_defined(out: &mut Out, name: &str) {
    let class = match name {
        "hierarchyid" => "SqlHierarchyId",
        "geometry" => "SqlGeometry",
        _ => "SqlGeography",
    };
    out.u8(0xf0);
    out.u16(if name == "hierarchyid" { 892 } else { IN_PARTS });
    out.short_text("");
    out.short_text("sys");
    out.short_text(name);
    out.text(&format!(
        "Microsoft.SqlServer.Types.{class}, Microsoft.SqlServer.Types, Version=11.0.0.0, Culture=neutral, \
         PublicKeyToken=89845dcd8080cc91"
    ));
}

/// Reads the type of a parameter; `None` for one that is malformed or not taken.
pub(crate) fn read_type(data: &mut In<'_>) -> Option<Ty> {
    let token = data.u8()?;
    let of = |bytes: u16, unit: u16| if bytes == IN_PARTS { MAX } else { (bytes / unit).max(1) };
    Some(match token {
        0x32 => Ty::Bit,
        0x30 => Ty::TinyInt,
        0x34 => Ty::SmallInt,
        0x38 => Ty::Int,
        0x7f => Ty::BigInt,
        0x3b => Ty::Real,
        0x3e => Ty::Float,
        0x68 => data.u8().map(|_| Ty::Bit)?,
        0x26 => match data.u8()? {
            1 => Ty::TinyInt,
            2 => Ty::SmallInt,
            4 => Ty::Int,
            _ => Ty::BigInt,
        },
        0x6d => {
            if data.u8()? == 4 {
                Ty::Real
            } else {
                Ty::Float
            }
        }
        0x6e => {
            if data.u8()? == 4 {
                Ty::SmallMoney
            } else {
                Ty::Money
            }
        }
        0x6f => {
            if data.u8()? == 4 {
                Ty::SmallDateTime
            } else {
                Ty::DateTime
            }
        }
        0x6a | 0x6c => {
            let _bytes = data.u8()?;
            let (precision, scale) = (data.u8()?, data.u8()?);
            if token == 0x6a { Ty::Decimal(precision, scale) } else { Ty::Numeric(precision, scale) }
        }
        0x24 => data.u8().map(|_| Ty::Guid)?,
        0x28 => Ty::Date,
        0x29 => Ty::Time(data.u8()?),
        0x2a => Ty::DateTime2(data.u8()?),
        0x2b => Ty::DateTimeOffset(data.u8()?),
        0xaf | 0xa7 | 0xef | 0xe7 => {
            let bytes = data.u16()?;
            data.take(COLLATION.len())?;
            match token {
                0xaf => Ty::Char(of(bytes, 1)),
                0xa7 => Ty::VarChar(of(bytes, 1)),
                0xef => Ty::NChar(of(bytes, 2)),
                _ => Ty::NVarChar(of(bytes, 2)),
            }
        }
        0xad => Ty::Binary(of(data.u16()?, 1)),
        0xa5 => Ty::VarBinary(of(data.u16()?, 1)),
        0xf1 => data.u8().filter(|schema| *schema == 0).map(|_| Ty::Xml)?,
        _ => return None,
    })
}

/// Bytes of the scale-dependent part of a time.
pub(crate) fn ticks_bytes(scale: u8) -> usize {
    time_bytes(scale).into()
}
