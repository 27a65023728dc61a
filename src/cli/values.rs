//! Values on the command line that are not any number or text, and what is said where one does not fit.

use rust_i18n::t;

use crate::generate::beam::MOST_BEAMS;

/// What a value should have been, as a sentence in the person's language.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Expected(pub String);

/// Zero or more.
///
/// # Errors
/// If it is no such number.
pub fn not_negative(text: &str) -> Result<f32, Expected> {
    within(text, |x| x >= 0.0).ok_or_else(|| Expected(t!("cli.values.not_negative").into_owned()))
}

/// More than zero.
///
/// # Errors
/// If it is no such number.
pub fn positive(text: &str) -> Result<f32, Expected> {
    within(text, |x| x > 0.0).ok_or_else(|| Expected(t!("cli.values.positive").into_owned()))
}

/// A whole number from 1 on.
///
/// # Errors
/// If it is no such number.
pub fn count(text: &str) -> Result<usize, Expected> {
    text.parse().ok().filter(|&n| n > 0).ok_or_else(|| Expected(t!("cli.values.count").into_owned()))
}

/// How many beams a search can have.
///
/// # Errors
/// If it is no such number.
pub fn beams(text: &str) -> Result<usize, Expected> {
    let fits = |n: &usize| (1..=MOST_BEAMS).contains(n);
    text.parse().ok().filter(fits).ok_or_else(|| Expected(t!("cli.values.beams", most = MOST_BEAMS).into_owned()))
}

/// Any number.
///
/// # Errors
/// If it is none.
pub fn finite(text: &str) -> Result<f32, Expected> {
    within(text, |_| true).ok_or_else(|| Expected(t!("cli.values.finite").into_owned()))
}

/// From 0 to 1.
///
/// # Errors
/// If it is no such number.
pub fn share(text: &str) -> Result<f32, Expected> {
    within(text, |x| (0.0..=1.0).contains(&x)).ok_or_else(|| Expected(t!("cli.values.share").into_owned()))
}

fn within(text: &str, fits: impl Fn(f32) -> bool) -> Option<f32> {
    text.parse().ok().filter(|&x: &f32| x.is_finite() && fits(x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_ranges() {
        assert_eq!((not_negative("0"), positive("1e-3"), share("1")), (Ok(0.0), Ok(0.001), Ok(1.0)));
        for wrong in ["-1", "nan", "inf", "x", ""] {
            assert!(not_negative(wrong).is_err() && positive(wrong).is_err() && share(wrong).is_err(), "{wrong}");
        }
        assert!(positive("0").is_err() && share("1.1").is_err());
        assert_eq!((count("3"), beams("32"), finite("-0.5")), (Ok(3), Ok(32), Ok(-0.5)));
        assert!(["0", "33", "-1", "x"].iter().all(|wrong| beams(wrong).is_err()) && finite("nan").is_err());
        assert!(["0", "-1", "1.5", ""].iter().all(|wrong| count(wrong).is_err()));
    }
}
