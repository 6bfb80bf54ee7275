//! Points in time as certificates have them: whole seconds of UTC, from the year 1 to the year 9999.

use std::fmt;
use std::str::FromStr;

/// Seconds since 1970-01-01 00:00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub i64);

const DAY: i64 = 86_400;

impl Instant {
    /// The instant of a date and time of UTC; `None` when there is no such date. A leap second is the last second of its minute.
    pub fn of(year: i64, month: u32, day: u32, hour: u32, minute: u32, second: u32) -> Option<Instant> {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 => 28 + u32::from(leap),
            _ => return None,
        };
        if !(0..=9999).contains(&year) || day == 0 || day > days || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let of_day = i64::from(hour * 3600 + minute * 60 + second.min(59));
        Some(Instant(days_before(year, i64::from(month), i64::from(day)) * DAY + of_day))
    }

    /// Year, month, day, hour, minute and second.
    fn parts(self) -> [i64; 6] {
        let (days, rest) = (self.0.div_euclid(DAY), self.0.rem_euclid(DAY));
        // Years that begin in March have their leap day at the end.
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        [year, month, day, rest / 3600, rest / 60 % 60, rest % 60]
    }

    /// The same in the format of RFC 3339, for machines: `2031-04-05T06:07:08Z`.
    pub fn rfc3339(self) -> String {
        let [year, month, day, hour, minute, second] = self.parts();
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }

    /// Whole days from `earlier` to this, negative when it comes before.
    pub fn days_since(self, earlier: Instant) -> i64 {
        self.0.saturating_sub(earlier.0).div_euclid(DAY)
    }
}

/// Days from 1970-01-01 to a date.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// As people read it: `2031-04-05 06:07:08 UTC`.
impl fmt::Display for Instant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [year, month, day, hour, minute, second] = self.parts();
        write!(formatter, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
    }
}

/// Reads what [`Instant::rfc3339`] and `Display` write, and a date alone, which is the beginning of its day in UTC. An offset from UTC
/// must be named or be none at all: local time is never guessed.
impl FromStr for Instant {
    type Err = String;

    fn from_str(text: &str) -> Result<Instant, String> {
        let fault = || format!("{text:?} is no date such as 2031-04-05 or 2031-04-05T06:07:08Z");
        let (date, time) = match text.trim().split_once(['T', 't', ' ']) {
            Some((date, time)) => (date, time),
            None => (text.trim(), "00:00:00Z"),
        };
        let numbers = |text: &str, separator: char| -> Option<[u32; 3]> {
            let mut parts = text.split(separator).map(|part| {
                let digits = (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
                if digits { part.parse::<u32>().ok() } else { None }
            });
            let read = [parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?];
            parts.next().is_none().then_some(read)
        };
        let time = time.trim();
        let (time, offset) = if let Some(time) = time.strip_suffix(['Z', 'z']).or_else(|| time.strip_suffix(" UTC")) {
            (time, 0)
        } else if let Some(at) = time.rfind(['+', '-']) {
            let [hours, minutes, _] = numbers(&time[at + 1..], ':').ok_or_else(fault)?;
            if hours > 23 || minutes > 59 {
                return Err(fault());
            }
            let seconds = i64::from(hours * 3600 + minutes * 60);
            (&time[..at], if time[at..].starts_with('-') { -seconds } else { seconds })
        } else {
            return Err(format!("{text:?} names no time zone: write Z for UTC, or an offset such as +02:00"));
        };
        let [year, month, day] = numbers(date, '-').filter(|_| date.matches('-').count() == 2).ok_or_else(fault)?;
        let [hour, minute, second] = numbers(time, ':').ok_or_else(fault)?;
        let instant = Instant::of(i64::from(year), month, day, hour, minute, second).ok_or_else(fault)?;
        Ok(Instant(instant.0 - offset))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates_are_written_and_read_from_the_first_to_the_last() {
        for (instant, text) in [
            (Instant::of(2031, 4, 5, 6, 7, 8), "2031-04-05 06:07:08 UTC"),
            (Instant::of(1970, 1, 1, 0, 0, 0), "1970-01-01 00:00:00 UTC"),
            (Instant::of(1950, 1, 1, 0, 0, 0), "1950-01-01 00:00:00 UTC"),
            (Instant::of(9999, 12, 31, 23, 59, 59), "9999-12-31 23:59:59 UTC"),
            (Instant::of(2000, 2, 29, 12, 0, 0), "2000-02-29 12:00:00 UTC"),
            (Instant::of(2016, 12, 31, 23, 59, 60), "2016-12-31 23:59:59 UTC"),
        ] {
            assert_eq!(instant.unwrap().to_string(), text);
            assert_eq!(text.parse(), Ok(instant.unwrap()));
        }
        assert_eq!(Instant::of(2031, 4, 5, 6, 7, 8).unwrap().0, 1_933_135_628);
        assert_eq!(Instant::of(2026, 11, 23, 0, 0, 0), "2026-11-23".parse().ok());
        assert_eq!("2026-11-23T02:00:00+02:00".parse(), "2026-11-23".parse::<Instant>());
        assert_eq!("2026-11-23".parse::<Instant>().unwrap().rfc3339(), "2026-11-23T00:00:00Z");
    }

    #[test]
    fn dates_that_do_not_exist_and_local_times_are_refused() {
        assert_eq!(Instant::of(1900, 2, 29, 0, 0, 0), None);
        assert_eq!(Instant::of(2031, 13, 1, 0, 0, 0), None);
        for text in ["2031-02-30", "05.04.2031", "2031-04", "2031-04-05T25:00:00Z", "", "2031-4-5-6", "+1-2-3", "2031-04-05T+1:2:3Z"] {
            assert!(text.parse::<Instant>().unwrap_err().contains("is no date"), "{text}");
        }
        assert!("2031-04-05 06:07:08".parse::<Instant>().unwrap_err().contains("time zone"));
    }

    proptest! {
        #[test]
        fn every_second_is_written_and_read_back(seconds in -62_167_219_200i64..=253_402_300_799) {
            prop_assert_eq!(Instant(seconds).to_string().parse(), Ok(Instant(seconds)));
            prop_assert_eq!(Instant(seconds).rfc3339().parse(), Ok(Instant(seconds)));
        }

        #[test]
        fn any_text_is_read_or_refused(text: String) {
            let _ = text.parse::<Instant>();
        }
    }
}
