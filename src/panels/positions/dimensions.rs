//! Which dimensions have a curve, each in a colour that it keeps.

/// As many as there are colours.
pub(super) const MOST: usize = 8;

/// Chosen dimensions by colour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Dimensions {
    slots: [Option<usize>; MOST],
    /// The slot that is given away next when all are taken.
    next: usize,
}

impl Dimensions {
    /// A few that show how wavelengths grow: the first, and ones further along the width.
    pub fn spread_over(d_model: usize) -> Self {
        let mut chosen = Self::default();
        for share in [0, 8, 16, 28] {
            // Even ones are sines.
            let dimension = d_model * share / 64 / 2 * 2;
            if dimension < d_model {
                chosen.add(dimension);
            }
        }
        chosen
    }

    /// Takes back dimensions that were chosen before.
    pub fn of(dimensions: impl IntoIterator<Item = usize>) -> Self {
        let mut chosen = Self::default();
        dimensions.into_iter().take(MOST).for_each(|dimension| chosen.add(dimension));
        chosen
    }

    /// Colour number and dimension of each, in the order of colours.
    pub fn iter(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.slots.iter().enumerate().filter_map(|(color, dimension)| Some((color, (*dimension)?)))
    }

    /// The dimensions in the order of their colours.
    pub fn list(&self) -> Vec<usize> {
        self.iter().map(|(_, dimension)| dimension).collect()
    }

    pub fn contains(&self, dimension: usize) -> bool {
        self.slots.contains(&Some(dimension))
    }

    /// Adds one; where all colours are taken, it gets the colour that was given away longest ago.
    pub fn add(&mut self, dimension: usize) {
        if self.contains(dimension) {
            return;
        }
        let free = self.slots.iter().position(Option::is_none).unwrap_or(self.next);
        self.slots[free] = Some(dimension);
        self.next = (free + 1) % MOST;
    }

    /// Removes one; the others keep their colours.
    pub fn remove(&mut self, dimension: usize) {
        for slot in &mut self.slots {
            slot.take_if(|chosen| *chosen == dimension);
        }
    }

    /// Drops those that a narrower matrix does not have; where none is left, a few of its own.
    pub fn fit(&mut self, d_model: usize) {
        for slot in &mut self.slots {
            slot.take_if(|dimension| *dimension >= d_model);
        }
        if self.list().is_empty() {
            *self = Self::spread_over(d_model);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dimension_keeps_its_colour_while_others_come_and_go() {
        let mut chosen = Dimensions::of([3, 5, 7]);
        chosen.remove(5);
        chosen.add(9);
        assert_eq!(chosen.iter().collect::<Vec<_>>(), [(0, 3), (1, 9), (2, 7)]);
        chosen.add(7);
        assert_eq!(chosen.list(), [3, 9, 7], "nothing is there twice");
    }

    #[test]
    fn more_than_there_are_colours_replace_the_oldest() {
        let chosen = Dimensions::of(0..8);
        let mut more = chosen.clone();
        more.add(100);
        more.add(101);
        assert_eq!(more.list(), [100, 101, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn a_narrower_matrix_keeps_what_it_has() {
        let mut chosen = Dimensions::of([0, 6, 300]);
        chosen.fit(16);
        assert_eq!(chosen.list(), [0, 6]);
        chosen.fit(2);
        assert_eq!(chosen.list(), [0]);
        chosen.remove(0);
        chosen.fit(2);
        assert_eq!(chosen.list(), [0]);
        assert_eq!(Dimensions::spread_over(128).list(), [0, 16, 32, 56]);
    }
}
