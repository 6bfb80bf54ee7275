//! `server-clock`: the clock of the server is wrong.

use super::chains::{EXPIRED, When, asked, clients, shown, with_error};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood, Need, needs};
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;

pub(super) const CAUSE: Cause = Cause {
    id: "server-clock",
    statuses: &["403.17"],
    title: "The clock of the server is wrong",
    meaning: "Whether a certificate is valid is judged by the server's clock in UTC. A clock or time zone that is wrong refuses certificates that are in order, \
              on one node and not on the others.",
    open: "Likely where the verification on the server finds a certificate outside its validity whose file says that it is within on that day. Open \
           otherwise: no file tells the time by which the server judges.",
    evidence: "the time of the server; a verification on it beside the certificates as files",
    likelihood: Likelihood::Rare,
    references: &["KB248031"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    let needs = match asked(case) {
        Ok(needs) => needs,
        Err(excluded) => return excluded,
    };
    let set = Remedy::advice(
        Risk::Safe,
        "let the server take its time from the domain or a time source (w32tm /resync), and check its time zone",
    );
    let time = Need::command("the time of the server against its source", "w32tm /query /status");
    let mut facts = Vec::new();
    let mut ended = Vec::new();
    // The day that was given, not the log: its times come from the clock in question.
    if let Some(when) = When::of_day(case) {
        for leaf in clients(case).into_iter().flat_map(|chain| chain.links) {
            if when.is_after(leaf) || when.is_before(leaf) {
                ended.push(Fact::at(
                    format!("{}, is outside its validity {}, by any clock that is right", shown(leaf), when.words),
                    Some(leaf.place),
                ));
                continue;
            }
            let same = |element: &crate::evidence::Element| match element.hash.value() {
                Some(hash) => hash.as_slice() == leaf.thumbprint,
                None => element.serial.value().is_some_and(|serial| leaf.serial.is_written(serial)),
            };
            let found =
                with_error(case, EXPIRED, same, |_| format!("is outside its validity by the server's clock, and within it {}", when.words));
            facts.extend(found.bad);
        }
    }
    if !facts.is_empty() {
        return Judged::supported(Confidence::Likely, facts).needs([time]).remedies([set]);
    }
    if !ended.is_empty() {
        return Judged::excluded_by(Confidence::Likely, ended);
    }
    Judged::open().needs([time, needs::verification()]).needs(needs).remedies([set])
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{CLIENT, CLIENT_EXPIRED, OneCase, iis7};
    use super::*;
    use crate::diagnose::Verdict;

    #[test]
    fn a_server_that_finds_a_valid_certificate_outside_its_validity_supports_it() {
        let case = iis7(1).file(CLIENT).verified(CLIENT_EXPIRED).on("2027-01-01").changed(|server| {
            let place = server.evidence.certificates[0].place;
            for element in server.evidence.verifications.iter_mut().flat_map(|one| &mut one.chains).flat_map(|chain| &mut chain.elements) {
                if element.index == 0 {
                    element.serial = crate::input::Field::said("00d1e2f3".to_owned(), place);
                }
            }
        });
        let judged = case.judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Likely));
    }

    #[test]
    fn a_certificate_that_has_really_ended_and_a_url_that_asks_for_none_exclude_it() {
        for case in [iis7(1).file(CLIENT).on("2032-01-01"), OneCase::iis7("Ssl", &[])] {
            assert_eq!(case.judge(&CAUSE).verdict, Verdict::Excluded);
        }
    }

    #[test]
    fn nothing_in_files_tells_the_clock() {
        let judged = iis7(1).file(CLIENT).on("2027-01-01").judge(&CAUSE);
        assert_eq!(judged.verdict, Verdict::Open);
        assert_eq!(judged.needs[0].command.as_deref(), Some("w32tm /query /status"));
    }
}
