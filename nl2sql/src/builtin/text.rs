//! Splits a question into tokens and brings English words to a common form, so that later stages compare words, not spellings.

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// A word.
    Word,
    /// A number, in digits or as a number word.
    Number(f64),
    /// Text that stood in quotes: always a value.
    Quoted,
    /// A mark that may separate clauses.
    Mark(char),
}

/// One token of the question.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    /// As written (without quotes).
    pub text: String,
    /// In lower case.
    pub lower: String,
    /// Singular, or base form of an irregular verb.
    pub lemma: String,
    /// Lemma without derivational endings.
    pub stem: String,
    /// What it is.
    pub kind: Kind,
    /// Followed by `'s` or an apostrophe.
    pub possessive: bool,
}

/// Longest question that is read, in tokens; the rest is left out.
const MAX_TOKENS: usize = 160;

/// Splits text into tokens.
pub(crate) fn tokenize(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().take(4000).collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < chars.len() && tokens.len() < MAX_TOKENS {
        at = next_token(&chars, at, &mut tokens);
    }
    tokens
}

fn next_token(chars: &[char], at: usize, tokens: &mut Vec<Token>) -> usize {
    let c = chars[at];
    if let Some((content, end)) = quoted_at(chars, at) {
        tokens.push(token(&content, Kind::Quoted));
        return end;
    }
    if c.is_alphanumeric() {
        return word_at(chars, at, tokens);
    }
    if matches!(c, ',' | '.' | '?' | ';' | ':' | '!' | '(' | ')' | '|' | '=' | '<' | '>') {
        tokens.push(token(&c.to_string(), Kind::Mark(c)));
    }
    at + 1
}

fn is_quote(c: char) -> bool {
    matches!(c, '\'' | '"' | '‘' | '’' | '“' | '”' | '`')
}

/// A quoted span that opens here: its content and where to go on.
fn quoted_at(chars: &[char], at: usize) -> Option<(String, usize)> {
    let open = chars[at];
    let opens = matches!(open, '\'' | '"' | '‘' | '“' | '`') && (at == 0 || !chars[at - 1].is_alphanumeric());
    if !opens {
        return None;
    }
    let mut start = at + 1;
    while start < chars.len() && is_quote(chars[start]) {
        start += 1;
    }
    let closes = |c: char| match open {
        '\'' | '‘' | '`' => matches!(c, '\'' | '’' | '`'),
        '"' | '“' => matches!(c, '"' | '”'),
        other => c == other,
    };
    let limit = chars.len().min(start + 200);
    for end in start..limit {
        let next_is_word = chars.get(end + 1).is_some_and(|c| c.is_alphanumeric());
        if closes(chars[end]) && !(open != '"' && next_is_word) {
            let content: String = chars[start..end].iter().collect();
            let content = content.trim().to_owned();
            let mut after = end + 1;
            while after < chars.len() && is_quote(chars[after]) {
                after += 1;
            }
            return (!content.is_empty()).then_some((content, after));
        }
    }
    None
}

fn word_at(chars: &[char], at: usize, tokens: &mut Vec<Token>) -> usize {
    let digit = chars[at].is_ascii_digit();
    let mut end = at;
    while end < chars.len() {
        let c = chars[end];
        let next_digit = chars.get(end + 1).is_some_and(char::is_ascii_digit);
        let number_mark = digit && matches!(c, ',' | '.') && next_digit && chars[end - 1].is_ascii_digit();
        let date_mark = digit && matches!(c, '-' | '/' | ':') && next_digit;
        if !(c.is_alphanumeric() || c == '_' || number_mark || date_mark) {
            break;
        }
        end += 1;
    }
    let word: String = chars[at..end].iter().collect();
    let apostrophe = chars.get(end).is_some_and(|c| matches!(c, '\'' | '’'));
    let tail: String = chars.iter().skip(end + 1).take_while(|c| c.is_alphanumeric()).collect();
    if apostrophe && tail.eq_ignore_ascii_case("t") && word.to_lowercase().ends_with('n') {
        let stem: String = word.chars().take(word.chars().count() - 1).collect();
        tokens.push(token(if stem.eq_ignore_ascii_case("ca") { "can" } else { &stem }, Kind::Word));
        tokens.push(token("not", Kind::Word));
        return end + 2;
    }
    let possessive = apostrophe && (tail.is_empty() || tail.eq_ignore_ascii_case("s"));
    let mut made = token(&word, number_kind(&word));
    made.possessive = possessive;
    tokens.push(made);
    if possessive { end + 1 + tail.chars().count() } else { end }
}

fn number_kind(word: &str) -> Kind {
    let plain: String = word.chars().filter(|c| *c != ',').collect();
    if plain.starts_with(|c: char| c.is_ascii_digit()) {
        return match plain.parse::<f64>() {
            Ok(n) => Kind::Number(n),
            Err(_) => Kind::Word,
        };
    }
    number_word(&word.to_lowercase()).map_or(Kind::Word, Kind::Number)
}

fn number_word(word: &str) -> Option<f64> {
    const WORDS: [&str; 21] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "twenty",
    ];
    if let Some(n) = WORDS.iter().position(|w| *w == word) {
        return Some(n as f64);
    }
    match word {
        "thirty" => Some(30.0),
        "forty" => Some(40.0),
        "fifty" => Some(50.0),
        "hundred" => Some(100.0),
        "thousand" => Some(1000.0),
        "million" => Some(1_000_000.0),
        _ => None,
    }
}

fn token(text: &str, kind: Kind) -> Token {
    let lower = text.to_lowercase();
    let lemma = lemma(&lower);
    let stem = stem(&lemma);
    Token { text: text.to_owned(), lower, lemma, stem, kind, possessive: false }
}

/// Forms that no rule gives.
const IRREGULAR: &[(&str, &str)] = &[
    ("people", "person"),
    ("persons", "person"),
    ("men", "man"),
    ("women", "woman"),
    ("children", "child"),
    ("feet", "foot"),
    ("mice", "mouse"),
    ("countries", "country"),
    ("series", "series"),
    ("data", "data"),
    ("indices", "index"),
    ("criteria", "criterion"),
    ("media", "medium"),
    ("wives", "wife"),
    ("lives", "live"),
    ("has", "have"),
    ("had", "have"),
    ("having", "have"),
    ("does", "do"),
    ("did", "do"),
    ("done", "do"),
    ("is", "be"),
    ("are", "be"),
    ("was", "be"),
    ("were", "be"),
    ("been", "be"),
    ("being", "be"),
    ("written", "write"),
    ("wrote", "write"),
    ("given", "give"),
    ("gave", "give"),
    ("taken", "take"),
    ("took", "take"),
    ("won", "win"),
    ("bought", "buy"),
    ("sold", "sell"),
    ("paid", "pay"),
    ("spent", "spend"),
    ("made", "make"),
    ("held", "hold"),
    ("taught", "teach"),
    ("built", "build"),
    ("lost", "lose"),
    ("born", "born"),
    ("went", "go"),
    ("gone", "go"),
    ("got", "get"),
    ("drove", "drive"),
    ("flew", "fly"),
    ("has", "have"),
    ("movies", "movie"),
    ("cookies", "cookie"),
    ("status", "status"),
    ("analyses", "analysis"),
    ("this", "this"),
    ("less", "less"),
    ("address", "address"),
    ("ids", "id"),
    ("led", "lead"),
    ("ran", "run"),
    ("address", "address"),
    ("movies", "movie"),
    ("ties", "tie"),
    ("news", "news"),
    ("sports", "sport"),
    ("shoes", "shoe"),
    ("theirs", "their"),
    ("its", "its"),
    ("his", "his"),
    ("was", "be"),
    ("us", "us"),
    ("yes", "yes"),
    ("gas", "gas"),
    ("bus", "bus"),
    ("buses", "bus"),
    ("as", "as"),
    ("always", "always"),
];

/// Singular of a noun, base of an irregular verb; other words as they are.
pub(crate) fn lemma(word: &str) -> String {
    if let Some((_, base)) = IRREGULAR.iter().find(|(form, _)| *form == word) {
        return (*base).to_owned();
    }
    let n = word.len();
    if !word.is_ascii() || n < 4 {
        return word.to_owned();
    }
    if let Some(base) = word.strip_suffix("ies") {
        return format!("{base}y");
    }
    let sibilant = ["sses", "shes", "ches", "xes", "zes", "oes"].iter().any(|end| word.ends_with(end));
    if sibilant && n > 4 {
        return word[..n - 2].to_owned();
    }
    let keeps = ["ss", "us", "is"].iter().any(|end| word.ends_with(end));
    if word.ends_with('s') && !keeps {
        return word[..n - 1].to_owned();
    }
    word.to_owned()
}

/// The lemma without derivational endings, for `director` beside `directed`.
pub(crate) fn stem(lemma: &str) -> String {
    const ENDINGS: [&str; 13] =
        ["ation", "ings", "ment", "ing", "ion", "ied", "ure", "ed", "er", "or", "al", "e", "y"];
    if !lemma.is_ascii() {
        return lemma.to_owned();
    }
    for ending in ENDINGS {
        let Some(base) = lemma.strip_suffix(ending) else { continue };
        let least = if ending.len() == 1 || matches!(ending, "ing" | "ed" | "ings") { 3 } else { 4 };
        if base.len() < least {
            continue;
        }
        let bytes = base.as_bytes();
        let last = bytes[bytes.len() - 1];
        let doubled = bytes[bytes.len() - 2] == last && !b"aeiousl".contains(&last);
        return if doubled && ending != "e" { base[..base.len() - 1].to_owned() } else { base.to_owned() };
    }
    lemma.to_owned()
}

/// Whether two words differ by one letter inserted, deleted, changed or swapped.
pub(crate) fn one_edit(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let (short, long) = if a.len() <= b.len() { (&a, &b) } else { (&b, &a) };
    if long.len() - short.len() > 1 {
        return false;
    }
    let head = short.iter().zip(long.iter()).take_while(|(x, y)| x == y).count();
    if short.len() != long.len() {
        return short[head..] == long[head + 1..];
    }
    if head == short.len() || short[head + 1..] == long[head + 1..] {
        return true;
    }
    head + 1 < short.len()
        && short[head] == long[head + 1]
        && short[head + 1] == long[head]
        && short[head + 2..] == long[head + 2..]
}
