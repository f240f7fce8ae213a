//! The path of a `hierarchyid`, from the bits that the server keeps it as: `/1/2.5/`.
//!
//! Every number is written in the shortest of a few forms, told apart by how they begin; the last bit of a form says
//! whether the level ends there. A number before a dot is kept as one more than it is.

/// A form: the smallest number that it holds, and its bits (`x`: a bit of the number).
type Form = (i64, &'static [u8]);

const FORMS: &[Form] = &[
    (0, b"01xx"),
    (4, b"100xx"),
    (8, b"101xxx"),
    (16, b"110xx0x1xxx"),
    (80, b"1110xxx0xxx0x1xxx"),
    (1104, b"11110xxxxx0xxx0x1xxx"),
    (5200, b"111110xxxxxxxxxxxxxxxxxxx0xxxxxx0xxx0x1xxx"),
    (4_294_972_496, b"111111xxxxxxxxxxxxxx0xxxxxxxxxxxxxxxxxxxxx0xxxxxx0xxx0x1xxx"),
    (-8, b"00111xxx"),
    (-72, b"0010xx0x1xxx"),
    (-4168, b"000110xxxxx0xxx0x1xxx"),
    (-4_294_971_464, b"000101xxxxxxxxxxxxxxxxxxx0xxxxxx0xxx0x1xxx"),
    (-281_479_271_682_120, b"000100xxxxxxxxxxxxxx0xxxxxxxxxxxxxxxxxxxxx0xxxxxx0xxx0x1xxx"),
];

/// The path; `None` for bytes that are none.
pub(crate) fn path(bytes: &[u8]) -> Option<String> {
    let bits: Vec<bool> =
        bytes.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1 == 1)).collect();
    let mut rest = bits.as_slice();
    let mut path = "/".to_owned();
    // what fills the last byte up is zeros, and so is no form
    while rest.contains(&true) {
        let (number, taken) = FORMS.iter().find_map(|form| read(form, rest))?;
        let ends = *rest.get(taken)?;
        path.push_str(&(if ends { number } else { number.checked_sub(1)? }).to_string());
        path.push(if ends { '/' } else { '.' });
        rest = rest.get(taken + 1..)?;
    }
    // a number must follow a dot
    path.ends_with('/').then_some(path)
}

/// The number of a form and how many bits it takes, when the bits are of that form.
fn read((smallest, form): &Form, bits: &[bool]) -> Option<(i64, usize)> {
    let mut number: i64 = 0;
    for (at, sign) in form.iter().enumerate() {
        match (sign, *bits.get(at)?) {
            (b'x', bit) => number = number << 1 | i64::from(bit),
            (b'1', true) | (b'0', false) => {}
            _ => return None,
        }
    }
    Some((smallest.checked_add(number)?, form.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_from_their_bits() {
        for (bytes, expected) in [
            (&[][..], "/"),
            (&[0x58], "/1/"),
            (&[0x68], "/2/"),
            (&[0x84], "/4/"),
            (&[0xa2], "/8/"),
            (&[0x5a, 0xc0], "/1/1/"),
            (&[0x5a, 0xd6], "/1/1/1/"),
            (&[0xc1, 0x10], "/16/"),
            (&[0x62, 0xc0], "/1.1/"),
            (&[0x3f, 0x80], "/-1/"),
        ] {
            assert_eq!(path(bytes).as_deref(), Some(expected), "{bytes:02x?}");
        }
    }

    #[test]
    fn bytes_that_are_no_path_are_refused() {
        for bytes in [&[0x50][..], &[0x01], &[0xff; 4], &[0x62]] {
            assert_eq!(path(bytes), None, "{bytes:02x?}");
        }
    }
}
