//! How many tokens a text will cost, without the tokenizer of any model.

/// Estimates tokens: a run of letters costs one per five letters begun, a run of digits one per three, any other visible
/// ASCII character one, any character beyond ASCII one; blanks are free (tokenizers join them to the next word).
///
/// On schema text this lies a little above what common tokenizers count, which is the safe side for a budget.
///
/// ```
/// use catalog::render::estimate_tokens;
/// assert_eq!(estimate_tokens(""), 0);
/// assert_eq!(estimate_tokens("customer_id int"), 5); // custo mer _ id int
/// ```
pub fn estimate_tokens(text: &str) -> usize {
    let (mut tokens, mut letters, mut digits) = (0, 0_usize, 0_usize);
    for c in text.chars() {
        let letter = c.is_ascii_alphabetic();
        let digit = c.is_ascii_digit();
        if !letter {
            tokens += letters.div_ceil(5);
            letters = 0;
        }
        if !digit {
            tokens += digits.div_ceil(3);
            digits = 0;
        }
        match (letter, digit) {
            (true, _) => letters += 1,
            (_, true) => digits += 1,
            _ if c.is_ascii_whitespace() => {}
            _ => tokens += 1,
        }
    }
    tokens + letters.div_ceil(5) + digits.div_ceil(3)
}
