//! Chance that can be repeated: a seed, printed, and settable by `FACTMILL_SEED`.

/// A small generator: the same seed throws the same.
#[derive(Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    /// Dice of the seed in the environment, else of the clock; the seed is told, so that a failure can be repeated.
    pub(crate) fn thrown(test: &str) -> Self {
        let given = std::env::var("FACTMILL_SEED").ok().map(|seed| seed.parse().unwrap());
        let clock = || u64::from(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().subsec_nanos());
        let seed: u64 = given.unwrap_or_else(clock);
        println!("{test}: FACTMILL_SEED={seed}");
        Self(seed)
    }

    /// Dice of their own for somebody else.
    pub(crate) fn fork(&self, who: u64) -> Self {
        let mut dice = Self(self.0 ^ who.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        dice.next();
        dice
    }

    fn next(&mut self) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From `from`, below `to`.
    pub(crate) fn within(&mut self, from: u64, to: u64) -> u64 {
        from + self.next() % (to - from)
    }

    /// Whether one of so many happens.
    pub(crate) fn one_in(&mut self, many: u64) -> bool {
        self.within(0, many) == 0
    }

    /// One of some.
    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        if of.is_empty() { None } else { of.get(usize::try_from(self.within(0, of.len() as u64)).unwrap()) }
    }
}
