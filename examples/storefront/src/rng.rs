//! A small seeded generator, so that the same seed gives the same database on every machine and in every version.

/// SplitMix64 (Steele, Lea, Flood 2014): one 64-bit state, one output a step.
pub struct Rng(u64);

impl Rng {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Rng {
        Rng(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = (high - low + 1).max(1) as u64;
        low + (self.bits() % span) as i64
    }

    /// True in `percent` of 100 cases.
    pub fn chance(&mut self, percent: i64) -> bool {
        self.between(1, 100) <= percent
    }

    /// One of the values. `from` is never empty here; an empty slice is a bug of the caller.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[(self.bits() % from.len() as u64) as usize]
    }

    /// A number from `low` to `high` that prefers small values (the square of a uniform share).
    pub fn skewed(&mut self, low: i64, high: i64) -> i64 {
        let share = self.between(0, 9_999) as f64 / 10_000.0;
        low + ((high - low) as f64 * share * share) as i64
    }
}
