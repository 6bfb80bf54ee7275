//! What is known of a cause: a verdict with the facts it rests on, what would decide it, and what to do about it.

use serde::Serialize;

use super::Fact;
use crate::remedy::Remedy;
use crate::rules::Confidence;

/// Whether something is the cause. The order is that of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// A fact speaks for it.
    Supported,
    /// Nothing that was given decides it.
    Open,
    /// A fact rules it out.
    Excluded,
}

impl Verdict {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Supported => "supported",
            Verdict::Open => "open",
            Verdict::Excluded => "excluded",
        }
    }
}

/// How often it is the cause where nothing speaks for or against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Likelihood {
    /// Seldom.
    Rare,
    /// Now and then.
    Possible,
    /// Often.
    Common,
}

impl Likelihood {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Likelihood::Rare => "rare",
            Likelihood::Possible => "possible",
            Likelihood::Common => "common",
        }
    }
}

/// Evidence that would decide a cause.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Need {
    /// What it is.
    pub what: String,
    /// The command that gives it; `None` where none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

impl Need {
    /// What a command shows.
    pub fn command(what: impl Into<String>, command: impl Into<String>) -> Self {
        Need { what: what.into(), command: Some(command.into()) }
    }

    /// What no command shows.
    pub fn plain(what: impl Into<String>) -> Self {
        Need { what: what.into(), command: None }
    }
}

/// What is known of a cause.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The verdict.
    pub verdict: Verdict,
    /// How sure the verdict is, where there is one.
    pub strength: Confidence,
    /// How likely it is; `None` for what the cause says of itself.
    pub likelihood: Option<Likelihood>,
    /// The facts that the verdict rests on; for an open cause what is known so far.
    pub because: Vec<Fact>,
    /// Those of them that belong into the conclusion as well: why it is not sure, or not the cause although it looks so.
    pub asides: Vec<Fact>,
    /// What would decide it, or make it sure.
    pub needs: Vec<Need>,
    /// What can be done, in the order of risk.
    pub remedies: Vec<Remedy>,
}

impl Judged {
    fn new(verdict: Verdict, strength: Confidence) -> Self {
        Judged { verdict, strength, likelihood: None, because: Vec::new(), asides: Vec::new(), needs: Vec::new(), remedies: Vec::new() }
    }

    /// A fact speaks for it.
    pub fn supported(strength: Confidence, because: impl IntoIterator<Item = Fact>) -> Self {
        Judged::new(Verdict::Supported, strength).and(because)
    }

    /// Nothing decides it.
    pub fn open() -> Self {
        Judged::new(Verdict::Open, Confidence::Hint)
    }

    /// A fact rules it out. There is no way to rule something out without one.
    pub fn excluded(strength: Confidence, because: Fact) -> Self {
        Judged::new(Verdict::Excluded, strength).and([because])
    }

    /// Facts that rule it out; open where there is none.
    pub fn excluded_by(strength: Confidence, because: impl IntoIterator<Item = Fact>) -> Self {
        let mut because = because.into_iter();
        match because.next() {
            Some(first) => Judged::excluded(strength, first).and(because),
            None => Judged::open(),
        }
    }

    /// Adds facts, each once.
    pub fn and(mut self, because: impl IntoIterator<Item = Fact>) -> Self {
        for fact in because {
            if !self.because.contains(&fact) {
                self.because.push(fact);
            }
        }
        self
    }

    /// Adds facts that belong into the conclusion as well.
    pub fn aside(mut self, facts: impl IntoIterator<Item = Fact>) -> Self {
        for fact in facts {
            if !self.asides.contains(&fact) {
                self.asides.push(fact.clone());
            }
            self = self.and([fact]);
        }
        self
    }

    /// Adds evidence that would decide it, each piece once.
    pub fn needs(mut self, needs: impl IntoIterator<Item = Need>) -> Self {
        for need in needs {
            if !self.needs.contains(&need) {
                self.needs.push(need);
            }
        }
        self
    }

    /// Adds remedies; they are kept in the order of risk.
    pub fn remedies(mut self, remedies: impl IntoIterator<Item = Remedy>) -> Self {
        for remedy in remedies {
            if !self.remedies.contains(&remedy) {
                let at = self.remedies.partition_point(|other| other.risk <= remedy.risk);
                self.remedies.insert(at, remedy);
            }
        }
        self
    }

    /// Says how likely it is here, where that is not what the cause says of itself.
    pub fn likelihood(mut self, likelihood: Likelihood) -> Self {
        self.likelihood = Some(likelihood);
        self
    }

    /// What orders a report: the verdict, then how sure, or for an open cause how likely it is.
    pub(super) fn rank(&self) -> impl Ord + use<> {
        let strength = (self.verdict == Verdict::Supported).then_some(self.strength);
        let likelihood = self.likelihood.filter(|_| self.verdict == Verdict::Open);
        (self.verdict, std::cmp::Reverse((strength, likelihood)))
    }

    /// What follows a statement about it where it is not certain.
    pub fn doubt(&self) -> &'static str {
        match self.strength {
            Confidence::Firm => "",
            Confidence::Likely => " (likely)",
            Confidence::Hint => " (a hint)",
        }
    }
}
