//! Sizes, counts and times for people, the same on the command line and on the screen.

/// A size in bytes with at most four characters of digits: `512 B`, `3.2 KiB`, `12 KiB`, `1.4 MiB`.
#[must_use]
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut unit = 1024_u128;
    for name in UNITS {
        // In whole numbers: a float would turn 10239 bytes into "10.0 KiB".
        let tenths = (u128::from(bytes) * 10 + unit / 2) / unit;
        if tenths < 100 {
            return format!("{}.{} {name}", tenths / 10, tenths % 10);
        }
        let whole = (u128::from(bytes) + unit / 2) / unit;
        if whole < 1024 {
            return format!("{whole} {name}");
        }
        unit *= 1024;
    }
    format!("{} EiB", (u128::from(bytes) + unit / 2) / unit)
}

/// A count with separators: `12,840`.
#[must_use]
pub fn thousands(count: impl TryInto<u64>) -> String {
    let digits = count.try_into().unwrap_or(u64::MAX).to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 recording`, `3,000 recordings`, for any word with an `s` for several.
#[must_use]
pub fn counted(count: impl TryInto<u64>, word: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    format!("{} {word}{}", thousands(count), if count == 1 { "" } else { "s" })
}

/// The end of a list that was cut, ` and 1,200 more`; empty where it is whole.
#[must_use]
pub fn and_more(count: usize) -> String {
    if count == 0 { String::new() } else { format!(" and {} more", thousands(count)) }
}

/// A time in microseconds, to the digits that matter: `<1ms`, `3ms`, `1.8s`, `12s`, `2m`, `2m05s`, `1h10m`.
#[must_use]
pub fn duration(micros: u64) -> String {
    let millis = micros.saturating_add(500) / 1000;
    let tenths = micros.saturating_add(50_000) / 100_000;
    let seconds = micros.saturating_add(500_000) / 1_000_000;
    match micros {
        0 => "0ms".into(),
        1..500 => "<1ms".into(),
        _ if millis < 1000 => format!("{millis}ms"),
        _ if tenths < 100 => format!("{}.{}s", tenths / 10, tenths % 10),
        _ if seconds < 60 => format!("{seconds}s"),
        _ if seconds < 3600 => with_rest(seconds, 'm', 's'),
        _ => with_rest(seconds / 60, 'h', 'm'),
    }
}

/// An age in milliseconds, in its largest whole unit: `40s`, `12m`, `3h`, `30d`.
#[must_use]
pub fn age(millis: u64) -> String {
    let seconds = millis / 1000;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// Reads what [`age`] writes, with weeks (`2w`) besides, as milliseconds; none for anything else.
#[must_use]
pub fn read_age(text: &str) -> Option<u64> {
    let at = text.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = text.split_at(at);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        _ => return None,
    };
    count.parse::<u64>().ok()?.checked_mul(seconds)?.checked_mul(1000)
}

/// `count` small units as large ones of sixty, with what is left over.
fn with_rest(count: u64, large: char, small: char) -> String {
    match count % 60 {
        0 => format!("{}{large}", count / 60),
        rest => format!("{}{large}{rest:02}{small}", count / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let cases = [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (3_277, "3.2 KiB"),
            (10_239, "10 KiB"),
            (12_345, "12 KiB"),
            (1_048_575, "1.0 MiB"),
            (1_468_006, "1.4 MiB"),
            (u64::MAX, "16 EiB"),
        ];
        for (bytes, text) in cases {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn counts() {
        assert_eq!(
            [0, 999, 1000, 1_284_000].map(|count: u64| thousands(count)),
            ["0", "999", "1,000", "1,284,000"]
        );
        assert_eq!(
            [0, 1, 3000].map(|count: usize| counted(count, "call")),
            ["0 calls", "1 call", "3,000 calls"]
        );
        assert_eq!([0, 1, 1200].map(and_more), ["", " and 1 more", " and 1,200 more"]);
    }

    #[test]
    fn ages() {
        for (millis, text) in
            [(0, "0s"), (59_999, "59s"), (720_000, "12m"), (86_399_000, "23h"), (2_592_000_000, "30d")]
        {
            assert_eq!(age(millis), text);
        }
        assert_eq!(
            ["40s", "12m", "3h", "30d", "2w"].map(read_age),
            [Some(40_000), Some(720_000), Some(10_800_000), Some(2_592_000_000), Some(1_209_600_000)]
        );
        for wrong in ["", "30", "d", "-1d", "1.5d", "1y", "99999999999999999999d", "é"] {
            assert_eq!(read_age(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn durations() {
        let cases = [
            (0, "0ms"),
            (20, "<1ms"),
            (3_200, "3ms"),
            (999_600, "1.0s"),
            (1_800_000, "1.8s"),
            (9_960_000, "10s"),
            (59_700_000, "1m"),
            (120_000_000, "2m"),
            (125_000_000, "2m05s"),
            (4_200_000_000, "1h10m"),
        ];
        for (micros, text) in cases {
            assert_eq!(duration(micros), text);
        }
        assert!(!duration(u64::MAX).is_empty());
    }
}
