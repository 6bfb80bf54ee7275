//! How far the reading of many files has come: one line on a terminal, for work that takes longer than a second, gone when it is done.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::estate::{Progress, Step};

/// Work that takes less shows nothing.
const PATIENCE: Duration = Duration::from_secs(1);
/// Time between two pictures.
const PAUSE: Duration = Duration::from_millis(200);

struct Meter {
    started: Instant,
    drawn: Option<Instant>,
}

impl Meter {
    /// Whether the line is due at `now`; it then counts as drawn.
    fn is_due(&mut self, now: Instant) -> bool {
        let due = match self.drawn {
            None => now.duration_since(self.started) >= PATIENCE,
            Some(drawn) => now.duration_since(drawn) >= PAUSE,
        };
        if due {
            self.drawn = Some(now);
        }
        due
    }

    fn line(&self, step: Step, now: Instant) -> String {
        let seconds = now.duration_since(self.started).as_secs_f64().max(0.001);
        // Whole files a second say enough, and no number of files comes near the limits of these types.
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate for people")]
        let rate = (step.done as f64 / seconds).round() as u64;
        let unreadable = if step.unreadable > 0 { format!(", {} unreadable", step.unreadable) } else { String::new() };
        format!("{} of {} files read, {rate} a second{unreadable}", step.done, step.total)
    }
}

/// Shows progress on standard error, when that is a terminal.
pub(super) fn on_terminal() -> Option<Progress> {
    if !std::io::stderr().is_terminal() {
        return None;
    }
    let meter = Mutex::new(Meter { started: Instant::now(), drawn: None });
    Some(Progress::new(move |step| {
        let mut meter = meter.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let mut stderr = std::io::stderr().lock();
        // Nothing depends on whether it can be shown.
        if step.done == step.total {
            if meter.drawn.is_some() {
                let _ = write!(stderr, "\r\x1b[K");
            }
        } else if meter.is_due(now) {
            let _ = write!(stderr, "\r\x1b[K{}", meter.line(step, now));
        }
        let _ = stderr.flush();
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_work_shows_nothing_and_long_work_a_line_now_and_then() {
        let started = Instant::now();
        let mut meter = Meter { started, drawn: None };
        let at = |milliseconds| started + Duration::from_millis(milliseconds);
        assert!(!meter.is_due(at(999)));
        assert!(meter.is_due(at(1000)));
        assert!(!meter.is_due(at(1199)));
        assert!(meter.is_due(at(1200)));
    }

    #[test]
    fn the_line_says_how_far_how_fast_and_what_failed() {
        let started = Instant::now();
        let meter = Meter { started, drawn: None };
        let line = |unreadable| meter.line(Step { done: 300, total: 1000, unreadable }, started + Duration::from_secs(2));
        assert_eq!(line(0), "300 of 1000 files read, 150 a second");
        assert_eq!(line(3), "300 of 1000 files read, 150 a second, 3 unreadable");
    }
}
