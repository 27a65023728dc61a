//! How are counts, sizes and durations written, with as many digits as they deserve?

use rust_i18n::t;

/// A whole number with its thousands apart by a narrow no-break space, as in 6 729 670.
pub fn grouped(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    // Four digits read well as they are.
    let mut out = String::with_capacity(digits.len() + 8);
    if value < 0 {
        out.push('−');
    }
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && digits.len() > 4 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{202F}');
        }
        out.push(digit);
    }
    out
}

/// A number with so many digits after its point, and a real minus sign before it where it is below 0.
pub fn signed(value: impl Into<f64>, decimals: usize) -> String {
    format!("{:.decimals$}", value.into()).replace('-', "−")
}

/// A number as a power of ten with so many digits after its point, such as `9.96e−4`.
pub fn scientific(value: impl Into<f64>, decimals: usize) -> String {
    format!("{:.decimals$e}", value.into()).replace('-', "−")
}

/// A size in bytes, kilobytes (1000) and so on.
pub fn bytes(value: u64) -> String {
    match value {
        0..1000 => format!("{value} B"),
        1000..1_000_000 => format!("{:.0} kB", value as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", value as f64 / 1e6),
        _ => format!("{:.1} GB", value as f64 / 1e9),
    }
}

/// How many values a model has, with the digits that people name it by: `2.2 M`, `124 M`, `1.5 G`.
pub fn parameters(value: u64) -> String {
    match value {
        0..100_000 => grouped(i64::try_from(value).unwrap_or(i64::MAX)),
        100_000..9_950_000 => format!("{:.1}\u{202F}M", value as f64 / 1e6),
        9_950_000..999_500_000 => format!("{:.0}\u{202F}M", value as f64 / 1e6),
        _ => format!("{:.1}\u{202F}G", value as f64 / 1e9),
    }
}

/// A duration: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 05 min`.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "—".to_owned();
    }
    if seconds < 9.95 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

/// A quantity by the second: three digits that count, such as `5 210` or `0.84`.
pub fn rate(per_second: f64) -> String {
    match per_second {
        x if !x.is_finite() => "—".to_owned(),
        x if x < 10.0 => format!("{x:.2}"),
        x if x < 100.0 => format!("{x:.1}"),
        x => grouped(x.round() as i64),
    }
}

/// An amount of surprise in bits, with so many decimals: `1.58 bits`, and `1 bit` where it reads as 1.
pub fn in_bits(value: f32, decimals: usize) -> String {
    let (count, one) = counted(value, decimals);
    if one { t!("number.bit", count = count) } else { t!("number.bits", count = count) }.into_owned()
}

/// The same in nats.
pub fn in_nats(value: f32, decimals: usize) -> String {
    let (count, one) = counted(value, decimals);
    if one { t!("number.nat", count = count) } else { t!("number.nats", count = count) }.into_owned()
}

/// A number with so many decimals, and whether it reads as 1.
fn counted(value: f32, decimals: usize) -> (String, bool) {
    let count = format!("{value:.decimals$}");
    let one = count.parse::<f32>() == Ok(1.0);
    (count, one)
}

/// How long ago a moment was, both in seconds since 1970: `just now`, `5 min ago`, and from a day on its date (UTC).
pub fn ago(unix: u64, now: u64) -> String {
    match now.saturating_sub(unix) {
        0..60 => t!("number.just_now").into_owned(),
        past @ 60..3600 => t!("number.minutes_ago", count = past / 60).into_owned(),
        past @ 3600..86_400 => t!("number.hours_ago", count = past / 3600).into_owned(),
        _ => {
            let (year, month, day) = civil(unix / 86_400);
            format!("{year}-{month:02}-{day:02}")
        }
    }
}

/// Year, month and day of a number of days since 1970-01-01 (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(grouped(6_729_670), "6\u{202F}729\u{202F}670");
        assert_eq!(grouped(2000), "2000");
        assert_eq!(grouped(-25_670), "−25\u{202F}670");
    }

    #[test]
    fn a_minus_is_a_minus() {
        assert_eq!((signed(-0.5f32, 2), signed(0.5f64, 1)), ("−0.50".to_owned(), "0.5".to_owned()));
        assert_eq!(scientific(0.000_996, 2), "9.96e−4");
    }

    #[test]
    fn sizes_and_durations() {
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_115_394), "1.1 MB");
        assert_eq!(parameters(2_164_800), "2.2\u{202F}M");
        assert_eq!(parameters(124_439_808), "124\u{202F}M");
        assert_eq!(parameters(1_498_482_688), "1.5\u{202F}G");
        assert_eq!(duration(0.42), "0.4 s");
        assert_eq!(duration(200.4), "3 min 20 s");
        assert_eq!(duration(7500.0), "2 h 05 min");
        assert_eq!(duration(f64::INFINITY), "—");
        assert_eq!(rate(0.837), "0.84");
        assert_eq!(rate(5210.4), "5210");
    }

    #[test]
    fn units_of_surprise_follow_their_number() {
        rust_i18n::set_locale("en");
        assert_eq!((in_bits(1.584, 2).as_str(), in_bits(0.0, 1).as_str()), ("1.58 bits", "0.0 bits"));
        assert_eq!((in_bits(1.0, 2).as_str(), in_nats(0.996, 2).as_str()), ("1.00 bit", "1.00 nat"));
        assert_eq!((in_nats(3.25, 3).as_str(), in_bits(f32::NAN, 1).as_str()), ("3.250 nats", "NaN bits"));
    }

    #[test]
    fn dates_follow_the_calendar() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(19_782), (2024, 2, 29));
        assert_eq!(civil(20_781), (2026, 11, 24));
        assert_eq!(ago(20_781 * 86_400, 20_783 * 86_400), "2026-11-24");
    }
}
