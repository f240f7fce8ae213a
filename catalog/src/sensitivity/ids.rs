//! Numbers that states give to people: by their written form, or by their check digits.

/// Forms that say enough by themselves: US social security numbers, British insurance numbers, Brazilian CPF with its
/// points and check digits, Spanish DNI and NIE with their check letter, French numbers with their key.
pub(super) fn is_formatted(value: &str) -> bool {
    is_social_security(value)
        || is_insurance(value)
        || is_pointed_cpf(value)
        || is_dni(value)
        || is_insee(value)
}

/// Bare digits that only check digits tell: Brazilian CPF, Polish PESEL.
pub(super) fn is_checked(value: &str) -> bool {
    is_cpf(value) || is_pesel(value)
}

fn is_social_security(value: &str) -> bool {
    let parts = value.split('-').collect::<Vec<_>>();
    let digits = |part: &str, len: usize| part.len() == len && part.bytes().all(|b| b.is_ascii_digit());
    matches!(parts.as_slice(), [a, b, c] if digits(a, 3) && digits(b, 2) && digits(c, 4))
}

/// Two letters, six digits, a letter from A to D.
fn is_insurance(value: &str) -> bool {
    let plain: Vec<char> = value.chars().filter(|c| *c != ' ').collect();
    let [a, b, digits @ .., last] = plain.as_slice() else { return false };
    let letter = |c: &char| c.is_ascii_uppercase() && !matches!(c, 'D' | 'F' | 'I' | 'Q' | 'U' | 'V');
    letter(a)
        && letter(b)
        && *b != 'O'
        && digits.len() == 6
        && digits.iter().all(char::is_ascii_digit)
        && matches!(last, 'A'..='D')
}

fn is_pointed_cpf(value: &str) -> bool {
    let marks: Vec<(usize, char)> = value.char_indices().filter(|(_, c)| !c.is_ascii_digit()).collect();
    marks == [(3, '.'), (7, '.'), (11, '-')] && is_cpf(&value.replace(['.', '-'], ""))
}

/// Eleven digits, the last two of which follow from the others.
fn is_cpf(value: &str) -> bool {
    let Some(digits) = digits(value, 11) else { return false };
    if digits.iter().all(|d| Some(d) == digits.first()) {
        return false;
    }
    let check = |count: usize| {
        let weighed =
            digits.iter().take(count).zip((2..=count as u32 + 1).rev()).map(|(d, w)| d * w).sum::<u32>();
        weighed * 10 % 11 % 10
    };
    digits.get(9) == Some(&check(9)) && digits.get(10) == Some(&check(10))
}

/// Eleven digits: a date of birth (the century in the month), a number, a check digit.
fn is_pesel(value: &str) -> bool {
    let Some(digits) = digits(value, 11) else { return false };
    let two = |at: usize| digits.iter().skip(at).take(2).fold(0, |n, d| n * 10 + d);
    let dated = (1..=12).contains(&(two(2) % 20)) && (1..=31).contains(&two(4));
    let weights = [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1];
    dated && digits.iter().zip(weights).map(|(d, w)| d * w).sum::<u32>() % 10 == 0
}

/// Eight digits (of a foreigner X, Y or Z and seven) and the letter that follows from them.
fn is_dni(value: &str) -> bool {
    let value = value.replace('-', "").to_ascii_uppercase();
    let Some((number, letter)) = value.len().checked_sub(1).and_then(|at| value.split_at_checked(at)) else {
        return false;
    };
    let first = match number.chars().next() {
        Some('X') => "0",
        Some('Y') => "1",
        Some('Z') => "2",
        _ => "",
    };
    let number = if first.is_empty() {
        number.to_owned()
    } else {
        format!("{first}{}", number.get(1..).unwrap_or_default())
    };
    let Some(digits) = digits(&number, 8) else { return false };
    let rest = digits.iter().fold(0_u32, |n, d| n * 10 + d) % 23;
    "TRWAGMYFPDXBNJZSQVHLCKE".chars().nth(rest as usize).is_some_and(|c| letter == c.to_string())
}

/// Fifteen digits of which the last two are 97 less the remainder of the others.
fn is_insee(value: &str) -> bool {
    let plain = value.replace(' ', "");
    let Some(digits) = digits(&plain, 15) else { return false };
    let number = |part: &[u32]| part.iter().fold(0_u64, |n, d| n * 10 + u64::from(*d));
    let Some((person, key)) = digits.split_at_checked(13) else { return false };
    matches!(digits.first(), Some(1 | 2)) && number(key) == 97 - number(person) % 97
}

fn digits(value: &str, count: usize) -> Option<Vec<u32>> {
    let digits: Vec<u32> = value.chars().map(|c| c.to_digit(10)).collect::<Option<_>>()?;
    (digits.len() == count).then_some(digits)
}
