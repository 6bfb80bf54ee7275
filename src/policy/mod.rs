//! The policy file and the baseline: which findings count, which are known, and what is expected of a server beyond the rules.
//!
//! It promises that nothing is hidden silently: what does not count stays in the review with the reason, and an entry that matches nothing,
//! or whose last day is over, is itself a finding.

mod apply;
pub mod baseline;
mod date;
mod expect;
mod file;
mod glob;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod tests;

pub use apply::{Applied, Seen, apply, conclude, look};
pub use baseline::Baseline;
pub use date::Date;
pub use file::{
    CLIENT_CERTIFICATES, ClientCertificates, Cohort, Differs, Expect, Expected, FILE_NAME, FailOn, Level, Mistake, Names, Policy, SUBJECTS,
    Spot, Subject, Suppress, parse, setting_names,
};
pub use glob::{Glob, Of};
