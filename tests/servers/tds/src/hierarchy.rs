//! Paths of `hierarchyid` as the bits that SQL Server keeps: each number in one of a few forms, then whether a level ends.

/// The bits of a path such as `/1/2.5/`; `None` for text that is none, and for numbers beyond -8 to 79.
pub(crate) fn read(path: &str) -> Option<Vec<u8>> {
    let levels = path.strip_prefix('/')?;
    let mut bits = String::new();
    if !levels.is_empty() {
        for level in levels.strip_suffix('/')?.split('/') {
            let numbers: Vec<i64> = level.split('.').map(|n| n.parse().ok()).collect::<Option<_>>()?;
            let last = numbers.len().checked_sub(1)?;
            for (at, number) in numbers.into_iter().enumerate() {
                // a number before a dot is kept as one more than it is
                let ends = at == last;
                bits.push_str(&form(if ends { number } else { number + 1 })?);
                bits.push(if ends { '1' } else { '0' });
            }
        }
    }
    while !bits.len().is_multiple_of(8) {
        bits.push('0');
    }
    let bytes = bits.as_bytes().chunks(8).map(|b| std::str::from_utf8(b).ok());
    bytes.map(|b| u8::from_str_radix(b?, 2).ok()).collect()
}

fn form(number: i64) -> Option<String> {
    Some(match number {
        -8..=-1 => format!("00111{:03b}", number + 8),
        0..=3 => format!("01{number:02b}"),
        4..=7 => format!("100{:02b}", number - 4),
        8..=15 => format!("101{:03b}", number - 8),
        16..=79 => {
            // 110xx0x1xxx
            let n = number - 16;
            format!("110{:02b}0{:b}1{:03b}", n >> 4, n >> 3 & 1, n & 7)
        }
        _ => return None,
    })
}
