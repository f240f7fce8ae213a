//! Exact numbers as text and as whole numbers of their smallest unit.

/// Reads a number in units of `10^-scale`, rounded half away from zero; `None` for what is none or has over 38 digits.
pub(crate) fn read(text: &str, scale: u8) -> Option<i128> {
    let text = text.trim().trim_start_matches('$');
    let (text, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all: String = whole.chars().chain(fraction.chars()).collect();
    if all.is_empty() || !all.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let shift = exponent - i32::try_from(fraction.len()).ok()? + i32::from(scale);
    let significant = all.trim_start_matches('0');
    let value = if shift >= 0 {
        let power = 10_i128.checked_pow(shift.unsigned_abs())?;
        if significant.is_empty() { 0 } else { significant.parse::<i128>().ok()?.checked_mul(power)? }
    } else {
        let cut = shift.unsigned_abs() as usize;
        let keep = significant.len().saturating_sub(cut);
        let kept =
            significant.get(..keep).filter(|k| !k.is_empty()).map_or(Some(0), |k| k.parse::<i128>().ok())?;
        let next =
            if cut > significant.len() { b'0' } else { *significant.as_bytes().get(keep).unwrap_or(&b'0') };
        kept + i128::from(next >= b'5')
    };
    (value < 10_i128.pow(38)).then_some(if negative { -value } else { value })
}

/// A number of units of `10^-scale` as text with all its digits.
pub(crate) fn text(value: i128, scale: u8) -> String {
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = usize::from(scale) + 1);
    let (whole, fraction) = digits.split_at(digits.len() - usize::from(scale));
    let sign = if value < 0 { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}
