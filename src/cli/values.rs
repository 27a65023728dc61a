//! Numbers on the command line that have a range. What is wrong with one is said in [`super::usage`].

/// Zero or more.
///
/// # Errors
/// If it is no such number; nobody reads the text.
pub fn not_negative(text: &str) -> Result<f32, String> {
    within(text, |x| x >= 0.0)
}

/// More than zero.
///
/// # Errors
/// If it is no such number.
pub fn positive(text: &str) -> Result<f32, String> {
    within(text, |x| x > 0.0)
}

/// From 0 to 1.
///
/// # Errors
/// If it is no such number.
pub fn share(text: &str) -> Result<f32, String> {
    within(text, |x| (0.0..=1.0).contains(&x))
}

fn within(text: &str, fits: impl Fn(f32) -> bool) -> Result<f32, String> {
    text.parse().ok().filter(|&x: &f32| x.is_finite() && fits(x)).ok_or_else(|| text.to_owned())
}
