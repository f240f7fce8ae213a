//! The words that names and products of the sample are made of.

/// Code, name, region, currency, cities.
pub type CountryRow = (&'static str, &'static str, &'static str, &'static str, &'static [&'static str]);

/// Countries that the shop sells to.
pub const COUNTRIES: &[CountryRow] = &[
    ("DE", "Germany", "Europe", "EUR", &["Berlin", "Hamburg", "Munich", "Cologne", "Leipzig"]),
    ("FR", "France", "Europe", "EUR", &["Paris", "Lyon", "Marseille", "Grenoble"]),
    ("IT", "Italy", "Europe", "EUR", &["Rome", "Milan", "Turin", "Bolzano"]),
    ("ES", "Spain", "Europe", "EUR", &["Madrid", "Barcelona", "Seville", "Bilbao"]),
    ("AT", "Austria", "Europe", "EUR", &["Vienna", "Graz", "Innsbruck", "Salzburg"]),
    ("CH", "Switzerland", "Europe", "CHF", &["Zurich", "Bern", "Geneva", "Lausanne"]),
    ("NL", "Netherlands", "Europe", "EUR", &["Amsterdam", "Utrecht", "Rotterdam"]),
    ("SE", "Sweden", "Europe", "SEK", &["Stockholm", "Gothenburg", "Uppsala"]),
    ("NO", "Norway", "Europe", "NOK", &["Oslo", "Bergen", "Trondheim"]),
    ("GB", "United Kingdom", "Europe", "GBP", &["London", "Manchester", "Edinburgh", "Bristol"]),
    ("PL", "Poland", "Europe", "PLN", &["Warsaw", "Krakow", "Gdansk"]),
    ("US", "United States", "North America", "USD", &["Denver", "Seattle", "Boston", "Portland", "Austin"]),
    ("CA", "Canada", "North America", "CAD", &["Vancouver", "Calgary", "Montreal"]),
    ("JP", "Japan", "Asia", "JPY", &["Tokyo", "Osaka", "Sapporo"]),
    ("AU", "Australia", "Oceania", "AUD", &["Sydney", "Melbourne", "Hobart"]),
];

/// Given names.
pub const FIRST: &[&str] = &[
    "Anna", "Ben", "Clara", "David", "Elena", "Felix", "Greta", "Hugo", "Ida", "Jonas", "Karin", "Lukas",
    "Maria", "Nils", "Olivia", "Paul", "Rosa", "Samuel", "Tina", "Victor", "Wanda", "Yusuf", "Zoe", "Amelie",
    "Bruno", "Chloe", "Diego", "Emma", "Finn", "Giulia", "Hannah", "Ivan", "Julia", "Kenji", "Laura",
    "Marco", "Nora", "Oscar", "Petra", "Rafael", "Sofia", "Thomas", "Ursula", "Vera", "Walter", "Yuki",
    "Adam", "Beatrice", "Carlos", "Dora",
];

/// Family names.
pub const LAST: &[&str] = &[
    "Adler",
    "Bauer",
    "Costa",
    "Dubois",
    "Eriksen",
    "Fischer",
    "Garcia",
    "Hansen",
    "Ito",
    "Jansen",
    "Keller",
    "Lindqvist",
    "Moreau",
    "Novak",
    "Olsen",
    "Petrov",
    "Quinn",
    "Rossi",
    "Sato",
    "Tanaka",
    "Ullmann",
    "Vogel",
    "Weber",
    "Young",
    "Zimmer",
    "Archer",
    "Bianchi",
    "Clark",
    "Dahl",
    "Evans",
    "Ferrari",
    "Gruber",
    "Hughes",
    "Iversen",
    "Jones",
    "Kowalski",
    "Lopez",
    "Martin",
    "Nilsson",
    "Ortega",
    "Perez",
    "Reed",
    "Schmidt",
    "Taylor",
    "Varga",
    "Walsh",
    "Brandt",
    "Cooper",
];

/// Top categories, their sub-categories, and the nouns sold there with price range in euro and weight range in grams.
pub type CategoryRow =
    (&'static str, &'static [(&'static str, &'static [&'static str])], (i64, i64), (i64, i64));

/// The range of goods.
pub const CATEGORIES: &[CategoryRow] = &[
    (
        "Camping",
        &[
            ("Tents", &["Dome Tent", "Tunnel Tent", "Tarp", "Bivouac"]),
            ("Sleeping Bags", &["Down Bag", "Summer Bag", "Quilt"]),
            ("Stoves", &["Gas Stove", "Wood Stove", "Spirit Burner"]),
        ],
        (25, 650),
        (300, 4200),
    ),
    (
        "Hiking",
        &[
            ("Backpacks", &["Day Pack", "Trekking Pack", "Child Carrier"]),
            ("Boots", &["Trail Shoe", "Mountain Boot", "Winter Boot"]),
            ("Poles", &["Folding Poles", "Carbon Poles"]),
        ],
        (35, 420),
        (200, 2600),
    ),
    (
        "Climbing",
        &[
            ("Ropes", &["Single Rope", "Half Rope"]),
            ("Harnesses", &["Sport Harness", "Big Wall Harness"]),
            ("Helmets", &["Foam Helmet", "Hybrid Helmet"]),
        ],
        (40, 300),
        (180, 4500),
    ),
    (
        "Clothing",
        &[
            ("Jackets", &["Rain Jacket", "Down Jacket", "Softshell"]),
            ("Trousers", &["Trek Trousers", "Shorts"]),
            ("Hats", &["Wool Hat", "Sun Hat"]),
        ],
        (15, 480),
        (60, 900),
    ),
    (
        "Electronics",
        &[
            ("Lamps", &["Head Lamp", "Lantern"]),
            ("Navigation", &["GPS Watch", "Altimeter"]),
            ("Power", &["Solar Panel", "Power Bank"]),
        ],
        (20, 700),
        (40, 1500),
    ),
];

/// Model names put before a product's noun.
pub const MODELS: &[&str] = &[
    "Alta", "Borea", "Cirrus", "Delta", "Ember", "Fjord", "Glacier", "Horizon", "Isar", "Juniper", "Krait",
    "Lynx", "Meridian", "Nimbus", "Orion", "Peak", "Quartz", "Ridge", "Summit", "Tundra", "Umbra", "Vista",
    "Willow", "Zephyr",
];

/// Labels put on products.
pub const TAGS: &[&str] = &[
    "ultralight",
    "waterproof",
    "vegan",
    "recycled",
    "winter",
    "summer",
    "kids",
    "bestseller",
    "new",
    "sale",
    "repairable",
    "made in europe",
];

/// Titles of reviews by stars, one to five.
pub const REVIEW_TITLES: &[&[&str]] = &[
    &["Broke on day one", "Not as described", "Sent it back"],
    &["Disappointing", "Too heavy", "Runs small"],
    &["Does the job", "Average", "Fine for the price"],
    &["Good value", "Solid", "Very happy"],
    &["Best I ever had", "Perfect", "Would buy again"],
];

/// Job titles below the managing director.
pub const JOBS: &[&str] =
    &["Sales Representative", "Buyer", "Warehouse Clerk", "Support Agent", "Accountant"];
