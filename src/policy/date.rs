//! Calendar days, for suppressions that end. The only place that asks the clock.

use std::fmt;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

/// A day of the Gregorian calendar, from 0000-01-01 to 9999-12-31.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// The day; `None` when there is no such day.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Date> {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        (year <= 9999 && (1..=days).contains(&day)).then_some(Date { year, month, day })
    }

    /// Today in UTC.
    pub fn today() -> Date {
        // A clock before 1970 is wrong; nothing has ended then.
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Date::of_epoch_day(seconds / 86_400)
    }

    /// The day that many days after 1970-01-01, at most 9999-12-31.
    fn of_epoch_day(days: u64) -> Date {
        // Years that begin in March, so that the leap day comes last; 400 of them have always the same number of days.
        let shifted = days.min(2_932_896) + 719_468;
        let (era, of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let part = (5 * of_year + 2) / 153;
        let day = of_year - (153 * part + 2) / 5 + 1;
        let month = if part < 10 { part + 3 } else { part - 9 };
        let year = era * 400 + year_of_era + u64::from(month <= 2);
        let small = |number: u64| u8::try_from(number).unwrap_or(u8::MAX);
        Date { year: u16::try_from(year).unwrap_or(9999), month: small(month), day: small(day) }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for Date {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Date, &'static str> {
        let expected = "expected a day such as 2027-03-31";
        let parts: Vec<&str> = text.split('-').collect();
        let [year, month, day] = parts.as_slice() else { return Err(expected) };
        let number = |text: &str, length: usize| -> Option<u16> {
            (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
        };
        let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2)) else { return Err(expected) };
        let small = |number: u16| u8::try_from(number).unwrap_or(u8::MAX);
        Date::new(year, small(month), small(day)).ok_or("there is no such day")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_written_and_ordered() {
        let day = |text: &str| text.parse::<Date>();
        assert_eq!(day("2027-03-31").unwrap().to_string(), "2027-03-31");
        assert!(day("2027-03-31").unwrap() < day("2027-04-01").unwrap());
        assert!(day("2028-02-29").is_ok());
        for wrong in ["2027-02-29", "2100-02-29", "2027-13-01", "2027-04-31", "2027-00-10", "2027-01-00"] {
            assert_eq!(day(wrong), Err("there is no such day"), "{wrong}");
        }
        for wrong in ["", "2027", "27-03-31", "2027-3-31", "2027-03-31T00:00:00", "+027-03-31", "31.03.2027"] {
            assert!(day(wrong).unwrap_err().starts_with("expected a day"), "{wrong}");
        }
    }

    #[test]
    fn days_since_1970_are_the_days_of_the_calendar_one_after_the_other() {
        assert_eq!(Date::of_epoch_day(0).to_string(), "1970-01-01");
        assert_eq!(Date::of_epoch_day(11_016).to_string(), "2000-02-29");
        assert_eq!(Date::of_epoch_day(20_903).to_string(), "2027-03-26");
        assert_eq!(Date::of_epoch_day(u64::MAX).to_string(), "9999-12-31");
        let mut before = Date::of_epoch_day(0);
        for day in 1..100_000 {
            let date = Date::of_epoch_day(day);
            assert!(date > before && Date::new(date.year, date.month, date.day) == Some(date), "{date}");
            before = date;
        }
        assert!(Date::today() > Date::of_epoch_day(20_000));
    }
}
