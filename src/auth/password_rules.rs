//! Which passwords are taken: long ones, that are not the first that an attacker tries.

use crate::error::{Class, Error, Result};

/// Characters at the least and at the most.
const LENGTH: std::ops::RangeInclusive<usize> = 12..=256;
/// Different characters at the least.
const DIFFERENT: usize = 5;

/// Words that most common passwords are made of. A password that is one of them, with nothing but digits and signs around
/// or behind it, is as common.
const COMMON: &[&str] = &[
    "password",
    "passw0rd",
    "passwort",
    "querent",
    "qwerty",
    "qwertyuiop",
    "qwertz",
    "azerty",
    "asdfghjkl",
    "letmein",
    "welcome",
    "iloveyou",
    "administrator",
    "admin",
    "changeme",
    "secret",
    "sunshine",
    "princess",
    "football",
    "baseball",
    "superman",
    "trustno",
    "monkey",
    "dragon",
    "master",
    "login",
    "abc",
    "database",
    "postgres",
    "passwordpassword",
    "testtest",
    "test",
    "hello",
    "helloworld",
    "summer",
    "winter",
    "spring",
    "autumn",
];

/// Refuses a password that is too short, too long, too simple, common, or made of the address of its owner.
///
/// # Errors
/// `I011`, with what is wrong; never with the password.
pub fn check(password: &str, email: Option<&str>) -> Result<()> {
    let wrong = |why: &str| {
        Err(Error::new("I011", Class::BadInput, format!("the password {why}"))
            .hint("Take 12 to 256 characters: some words that do not belong together make a good one."))
    };
    let length = password.chars().count();
    if !LENGTH.contains(&length) {
        return wrong(&format!(
            "has {length} characters, and must have {} to {}",
            LENGTH.start(),
            LENGTH.end()
        ));
    }
    let small = password.to_lowercase();
    let mut different: Vec<char> = small.chars().collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < DIFFERENT || is_sequence(&small) {
        return wrong("is too simple");
    }
    if is_common(&small) {
        return wrong("is one of those that are tried first");
    }
    if email.is_some_and(|email| is_address(&small, email)) {
        return wrong("is made of the e-mail address");
    }
    Ok(())
}

/// Each character follows the one before it: 123456789012, abcdefghijkl.
fn is_sequence(small: &str) -> bool {
    let codes: Vec<u32> = small.chars().map(u32::from).collect();
    let follows = |pair: &[u32]| match pair {
        [a, b] => b.abs_diff(*a) == 1 || (*a, *b) == (u32::from('9'), u32::from('0')),
        _ => true,
    };
    codes.windows(2).filter(|pair| follows(pair)).count() * 5 >= codes.len() * 4
}

fn is_common(small: &str) -> bool {
    let letters = small.trim_matches(|c: char| !c.is_alphabetic());
    COMMON.iter().any(|word| *word == letters || *word == small || is_repeated(letters, word))
}

fn is_repeated(text: &str, word: &str) -> bool {
    !text.is_empty() && text.len().is_multiple_of(word.len()) && text.replace(word, "").is_empty()
}

fn is_address(small: &str, email: &str) -> bool {
    let email = email.to_lowercase();
    let name = email.split('@').next().unwrap_or_default();
    let rest = small.trim_matches(|c: char| !c.is_alphanumeric());
    rest == email
        || (name.len() > 3 && rest.replace(name, "").chars().filter(|c| c.is_alphabetic()).count() < 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_tried_first_is_refused() {
        for bad in [
            "short",
            "aaaaaaaaaaaaaaaa",
            "123456789012",
            "abcdefghijklmnop",
            "password1234",
            "Passw0rd!!!!",
            "qwertyuiop123",
            "passwordpassword",
            "welcome2026!!",
            "ada.lovelace1",
            "ada.lovelace@example.com",
        ] {
            let error = check(bad, Some("Ada.Lovelace@example.com")).unwrap_err();
            assert_eq!(error.code, "I011", "{bad}");
            assert!(!error.message.contains(bad), "the password is not repeated");
        }
        assert!(check(&"long enough ".repeat(30), None).is_err());
    }

    #[test]
    fn words_that_do_not_belong_together_are_taken() {
        for good in
            ["correct horse battery", "Zx9!mPq2#Lw7", "zwölf Boxkämpfer jagen", "мой пароль очень длинный"]
        {
            assert!(check(good, Some("ada@example.com")).is_ok(), "{good}");
        }
    }
}
