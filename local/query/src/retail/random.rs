//! Numbers that look random and are the same everywhere, which the generators of `rand` promise for one version only.

/// SplitMix64, by Guy Steele, Doug Lea and Christine Flood ("Fast splittable pseudorandom number generators", 2014), in
/// Sebastiano Vigna's form (prng.di.unimi.it/splitmix64.c, public domain). Integers only, so no processor rounds otherwise.
pub(super) struct Random(u64);

const SEED: u64 = 20_230_101;

impl Random {
    /// Each table draws from a stream of its own: changing one leaves the others as they are.
    pub(super) fn of(stream: &str) -> Self {
        // FNV-1a tells the streams apart.
        let hash = stream.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self(SEED ^ hash)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// From `least` to `most`, both included.
    pub(super) fn between(&mut self, least: i64, most: i64) -> i64 {
        let count = i128::from(most) - i128::from(least) + 1;
        let share = (i128::from(self.next()) * count) >> 64;
        // The share is below the count, so the sum is at most `most`.
        i64::try_from(i128::from(least) + share).unwrap_or(most)
    }

    pub(super) fn percent(&mut self, chance: i64) -> bool {
        self.between(1, 100) <= chance
    }

    /// Where in a list of `count` something is.
    pub(super) fn index(&mut self, count: usize) -> usize {
        let last = i64::try_from(count).unwrap_or(i64::MAX) - 1;
        usize::try_from(self.between(0, last)).unwrap_or_default()
    }

    pub(super) fn one_of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.index(items.len())]
    }

    /// Each item as often as its weight says.
    pub(super) fn weighted<T: Copy>(&mut self, items: &[(T, i64)]) -> T {
        let mut left = self.between(1, items.iter().map(|(_, weight)| weight).sum());
        let chosen = items.iter().find(|(_, weight)| {
            left -= weight;
            left <= 0
        });
        chosen.unwrap_or(&items[0]).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_published_algorithm() {
        // The first outputs for the seed 1234567, as in the test vectors of Rosetta Code's task "Splitmix64".
        let mut random = Random(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| random.next()).collect();
        assert_eq!(first, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn bounds_are_reached_and_kept() {
        let mut random = Random::of("test");
        let drawn: Vec<i64> = (0..1000).map(|_| random.between(-1, 2)).collect();
        for expected in -1..=2 {
            assert!(drawn.contains(&expected));
        }
        assert!(drawn.iter().all(|number| (-1..=2).contains(number)));
    }

    #[test]
    fn weights_are_kept() {
        let mut random = Random::of("test");
        let rare =
            (0..10_000).filter(|_| random.weighted(&[("often", 95), ("rare", 5), ("never", 0)]) == "rare").count();
        assert!((400..600).contains(&rare), "{rare}");
    }
}
