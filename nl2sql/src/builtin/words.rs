//! Everyday English that holds in any database: synonyms, abbreviations, words that compare or rank, words that carry no meaning.

/// Words of one group mean about the same when they name a table or a column.
const SYNONYMS: &[&[&str]] = &[
    &["name", "title", "called"],
    &["country", "nation"], &["nationality", "nation", "country", "citizenship"],
    &["salary", "pay", "wage", "earning", "income"],
    &["area", "surface"], &["population", "inhabitant"],
    &["gender", "sex"], &["store", "shop"], &["shop", "outlet"], &["maker", "manufacturer", "producer", "company", "brand"],
    &["employee", "worker", "staff"], &["customer", "client", "buyer"], &["student", "pupil", "learner"],
    &["teacher", "instructor", "lecturer"], &["doctor", "physician"], &["location", "place", "site", "venue"],
    &["city", "town"], &["price", "cost", "fee", "charge"], &["amount", "sum", "value"],
    &["weight", "weigh", "heavy"], &["height", "tall"], &["length", "long", "duration"],
    &["date", "day", "time"], &["year", "time"], &["film", "movie"], &["phone", "telephone", "mobile"],
    &["cell", "mobile"], &["phone", "number"], &["email", "mail"], &["address", "street"], &["car", "vehicle", "automobile"],
    &["airline", "carrier"], &["flight", "trip"], &["song", "track"], &["singer", "artist", "vocalist"],
    &["album", "record"], &["book", "publication"], &["author", "writer", "write"], &["kind", "type", "category", "genre"],
    &["breed", "type"], &["rating", "score", "rate"], &["rank", "ranking", "position", "place"], &["grade", "level", "score"],
    &["department", "division"], &["course", "class"], &["product", "item", "goods", "good"], &["quantity", "amount", "number", "count"],
    &["stadium", "arena"], &["attendance", "audience", "attendee", "visitor"], &["description", "detail", "explanation"],
    &["start", "begin", "from"], &["end", "finish"], &["birthday", "birth", "born"], &["job", "position", "occupation", "role"],
    &["boss", "manager", "supervisor"], &["option", "choice"], &["language", "tongue"], &["speed", "pace"],
    &["kill", "death", "dead", "die", "casualty"], &["injure", "injury", "wound", "hurt"], &["vote", "ballot", "voter"],
    &["pet", "animal"], &["owner", "person"], &["member", "person"], &["player", "person"], &["professional", "doctor"], &["bonus", "reward"],
    &["evaluation", "award", "appraisal"], &["district", "region", "area"], &["note", "comment", "remark"],
    &["mpg", "mileage"], &["horsepower", "hp", "power"], &["cylinder", "cyl"], &["capacity", "seat"],
    &["highschooler", "student"], &["hire", "employ"], &["supplier", "vendor"], &["order", "purchase"], &["payment", "transaction"],
    &["create", "make", "creation"], &["aircraft", "plane", "airplane"], &["visit", "appointment"], &["loan", "borrow", "lend"],
    &["zip", "postal", "postcode"], &["code", "abbreviation"], &["result", "outcome"], &["company", "firm", "business"],
    &["paper", "publication", "article"], &["journal", "magazine"], &["match", "game"], &["club", "team"], &["house", "home"],
    &["founded", "found", "establish"], &["open", "opening"], &["program", "programme"], &["show", "performance"], &["picture", "photo", "image"],
];

/// Parts of names that stand for a longer word.
const ABBREVIATIONS: &[(&str, &str)] = &[
    ("num", "number"), ("no", "number"), ("nr", "number"), ("nbr", "number"), ("qty", "quantity"), ("dept", "department"),
    ("fname", "first name"), ("lname", "last name"), ("mname", "middle name"), ("desc", "description"), ("descr", "description"),
    ("addr", "address"), ("amt", "amount"), ("avg", "average"), ("cnt", "count"), ("dob", "date birth"), ("tel", "telephone"),
    ("emp", "employee"), ("cust", "customer"), ("prod", "product"), ("cat", "category"), ("catg", "category"), ("acct", "account"), ("mgr", "manager"),
    ("loc", "location"), ("lang", "language"), ("lat", "latitude"), ("lon", "longitude"), ("lng", "longitude"), ("pct", "percent"),
    ("org", "organization"), ("ref", "reference"), ("src", "source"), ("dst", "destination"), ("dest", "destination"), ("stu", "student"),
    ("fk", "id"), ("pk", "id"), ("yr", "year"), ("mth", "month"), ("wt", "weight"), ("ht", "height"), ("tot", "total"),
    ("inv", "invoice"), ("txn", "transaction"), ("trans", "transaction"), ("msg", "message"), ("img", "image"), ("pwd", "password"),
    ("min", "minimum"), ("max", "maximum"), 
    ("sx", "sex"), ("ctry", "country"), ("st", "state"), ("pub", "publication"), ("univ", "university"), ("uni", "university"),
];

/// Parts of table names that say nothing about what the rows are.
const NOISE: &[&str] = &["data", "info", "information", "table", "list", "tbl", "master", "detail", "ref", "dim", "fact", "record", "t", "tb"];

/// Words that never link on their own.
const STOP: &[&str] = &[
    "a", "an", "the", "of", "in", "on", "at", "to", "for", "from", "by", "with", "and", "or", "is", "be", "do", "have", "that", "which",
    "who", "whom", "whose", "what", "where", "when", "how", "why", "there", "their", "its", "his", "her", "it", "they", "them", "he", "she",
    "this", "these", "those", "all", "any", "some", "each", "every", "both", "either", "neither", "not", "no", "than", "as", "also", "too",
    "only", "just", "me", "i", "you", "we", "us", "our", "my", "your", "please", "can", "could", "would", "will", "should", "may", "show",
    "list", "find", "give", "tell", "return", "display", "get", "report", "retrieve", "present", "see", "want", "like", "know", "need", "look", "compute", "calculate", "along", "together",
    "well", "corresponding", "respective", "different", "distinct", "unique", "distinctive", "most", "least", "more", "less", "fewer", "many", "much", "number",
    "count", "average", "mean", "avg", "total", "maximum", "minimum", "max", "min", "order", "sort", "ascend", "descend", "alphabetical",
    "between", "above", "below", "over", "under", "before", "after", "during", "since", "until", "if", "then", "other", "another", "same",
    "one", "ones", "information", "info", "detail", "everything", "across", "per", "among", "within", "about", "up", "out", "s", "so", "but",
    "yet", "into", "through", "ever", "never", "without", "else", "someone", "anyone", "somebody", "least", "such", "whether", "while", "i'd",
    "hello", "hi", "ok", "yes", "thank", "thanks", "sum", "exist", "ascending", "descending", "alphabetically", "highest", "lowest", "largest",
    "smallest", "biggest", "greatest", "youngest", "oldest", "latest", "earliest", "fewest", "common", "higher", "lower", "greater", "larger", "smaller",
    "older", "younger", "top", "first", "last", "or", "non", "except", "value", "whole", "entire", "single", "various", "possible", "belong", "exactly", "equal", "shared", "used", "using", "named", "based", "highly", "listed",
];

/// Whether a lemma is a word of the language rather than of the data.
pub(crate) fn is_stop(lemma: &str) -> bool {
    STOP.contains(&lemma)
}

/// Nouns that look like a word of the language in the singular.
const NOUN_FORMS: &[&str] = &["likes", "liked", "orders", "shows", "details", "lists", "reports", "values", "counts", "shares"];

/// Whether a token is a word of the language, by the form it has.
pub(crate) fn is_stop_form(lower: &str, lemma: &str) -> bool {
    is_stop(lemma) && !NOUN_FORMS.contains(&lower)
}

/// Whether a part of a table name says nothing.
pub(crate) fn is_noise(word: &str) -> bool {
    NOISE.contains(&word)
}

/// The long form of a part of a name.
pub(crate) fn expand(part: &str) -> Option<&'static str> {
    ABBREVIATIONS.iter().find(|(short, _)| *short == part).map(|(_, long)| *long)
}

/// Whether two lemmas (or their stems) share a group of synonyms.
pub(crate) fn synonymous(a: &str, a_stem: &str, b: &str, b_stem: &str) -> bool {
    let holds = |group: &&[&str], word: &str, stem: &str| group.iter().any(|w| *w == word || (stem.len() > 3 && *w == stem));
    SYNONYMS.iter().any(|group| holds(group, a, a_stem) && holds(group, b, b_stem))
}

/// A direction, with the attributes it speaks of, best first; those after `opposite` turn the direction round.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Degree {
    /// The word.
    pub word: &'static str,
    /// Upwards (more, later, largest)?
    pub up: bool,
    /// Attributes that the word measures; empty: any.
    pub of: &'static [&'static str],
    /// Attributes that run against it (a birth date against age).
    pub opposite: &'static [&'static str],
}

const fn degree(word: &'static str, up: bool, of: &'static [&'static str], opposite: &'static [&'static str]) -> Degree {
    Degree { word, up, of, opposite }
}

const AGE: &[&str] = &["age"];
const BIRTH: &[&str] = &["birth", "birthday", "birthdate", "founded", "year", "built"];
const WHEN: &[&str] = &["date", "year", "time", "created", "day"];
const PRICE: &[&str] = &["price", "cost", "amount", "fee", "rate"];
const LENGTH: &[&str] = &["length", "duration", "distance", "year", "time"];
const HEIGHT: &[&str] = &["height", "elevation", "altitude"];
const WEIGHT: &[&str] = &["weight"];
const SIZE: &[&str] = &["size", "area", "capacity", "population"];

/// Superlatives.
pub(crate) const SUPERLATIVES: &[Degree] = &[
    degree("youngest", false, AGE, BIRTH), degree("oldest", true, AGE, BIRTH), degree("eldest", true, AGE, BIRTH),
    degree("newest", true, WHEN, AGE), degree("latest", true, WHEN, &[]), degree("recent", true, WHEN, &[]), degree("recently", true, WHEN, &[]),
    degree("earliest", false, WHEN, &[]), degree("tallest", true, HEIGHT, &[]), degree("shortest", false, &["height", "length", "duration", "distance"], &[]),
    degree("longest", true, LENGTH, &[]), degree("heaviest", true, WEIGHT, &[]), degree("lightest", false, WEIGHT, &[]),
    degree("cheapest", false, PRICE, &[]), degree("expensive", true, PRICE, &[]), degree("costliest", true, PRICE, &[]),
    degree("fastest", true, &["speed", "horsepower", "accelerate"], &["time"]), degree("slowest", false, &["speed"], &["time"]),
    degree("richest", true, &["salary", "earnings", "net worth", "income", "revenue"], &[]), degree("strongest", true, &["horsepower", "power"], &[]),
    degree("best", true, &["rating", "score"], &["rank", "finish"]), degree("worst", false, &["rating", "score"], &["rank", "finish"]),
    degree("largest", true, &[], &[]), degree("biggest", true, &[], &[]), degree("greatest", true, &[], &[]), degree("highest", true, &[], &[]),
    degree("maximum", true, &[], &[]), degree("max", true, &[], &[]), degree("maximal", true, &[], &[]), degree("most", true, &[], &[]), degree("highly", true, &[], &[]),
    degree("smallest", false, &[], &[]), degree("lowest", false, &[], &[]), degree("minimum", false, &[], &[]), degree("min", false, &[], &[]),
    degree("minimal", false, &[], &[]), degree("least", false, &[], &[]), degree("fewest", false, &[], &[]),
];

/// Comparatives, and prepositions that compare.
pub(crate) const COMPARATIVES: &[Degree] = &[
    degree("older", true, AGE, BIRTH), degree("younger", false, AGE, BIRTH), degree("elder", true, AGE, BIRTH), degree("taller", true, HEIGHT, &[]),
    degree("heavier", true, WEIGHT, &[]), degree("lighter", false, WEIGHT, &[]), degree("longer", true, LENGTH, &[]),
    degree("shorter", false, &["height", "length", "duration"], &[]), degree("cheaper", false, PRICE, &[]), degree("before", false, WHEN, &[]),
    degree("prior", false, WHEN, &[]), degree("earlier", false, WHEN, &[]), degree("after", true, WHEN, &[]), degree("later", true, WHEN, &[]), degree("newer", true, WHEN, AGE),
    degree("faster", true, &["speed"], &["time"]), degree("slower", false, &["speed"], &["time"]),
    degree("more", true, &[], &[]), degree("greater", true, &[], &[]), degree("higher", true, &[], &[]), degree("larger", true, &[], &[]),
    degree("bigger", true, &[], &[]), degree("above", true, &[], &[]), degree("over", true, &[], &[]), degree("exceed", true, &[], &[]),
    degree("exceeding", true, &[], &[]), degree("exceeds", true, &[], &[]), degree("less", false, &[], &[]), degree("fewer", false, &[], &[]), degree("lower", false, &[], &[]),
    degree("smaller", false, &[], &[]), degree("below", false, &[], &[]), degree("under", false, &[], &[]), degree("beyond", true, &[], &[]),
];

/// Sizes that a bare superlative may mean when only an entity follows (`the biggest stadium`).
pub(crate) const SIZES: &[&str] = SIZE;

/// What `highest` and `lowest` mean of a thing that stands up.
pub(crate) const HEIGHTS: &[&str] = HEIGHT;

/// Words that two everyday names of one place share.
pub(crate) const SAME_PLACE: &[&[&str]] = &[
    &["usa", "us", "united states", "united states of america", "america", "u.s.", "american"],
    &["uk", "united kingdom", "great britain", "britain", "england", "british"],
    &["uae", "united arab emirates"], &["france", "french"], &["germany", "german"], &["spain", "spanish"], &["netherlands", "dutch", "holland"],
    &["china", "chinese"], &["switzerland", "swiss"], &["greece", "greek"], &["sweden", "swedish"], &["denmark", "danish"], &["poland", "polish"],
    &["turkey", "turkish"], &["ireland", "irish"], &["finland", "finnish"], &["portugal", "portuguese"], &["thailand", "thai"],
];
