//! `record-options-lost`: one record has defaults where the records of otherwise equal sites carry options.

use std::collections::{BTreeMap, BTreeSet};

use super::record_options::{Stated, equal, is_default, options, shown, sites_by_record, weakens};
use super::record_remedy::{Change, show, update};
use super::records::is_foreign;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::httpsys::{AppOwner, Record, Switch};
use crate::remedy::Risk;
use crate::server::{EndpointKey, Generation, Server};

pub(super) const RULE: Rule = Rule {
    name: "record-options-lost",
    severity: Severity::Medium,
    confidence: Confidence::Hint,
    title: "An SSL record has probably lost its options",
    meaning: "Deleting a record and adding it again, as the renewal of a server certificate often does, writes only what it is told; every other \
              option falls back to its default. One record has defaults where the others, which are alike, carry options.",
    sees: "403.7, 403.13, 413 or reset connections on this site only, since the last renewal of its certificate.",
    silent: "When two records carry options that differ, when the records fall into equal halves, for records that no site needs which wants client \
             certificates, and for sites of different declared groups. A hint, because the difference may be intended.",
    evidence: "The HTTP.sys records; with applicationHost.config the sites that want client certificates are compared",
    fix: "Write the options of the others back with one complete `netsh http update sslcert`, and teach them to whatever renews the certificate.",
    remedies: Remedies::iis7(
        steps::NO_RECORDS,
        &[steps::SHOW_RECORDS, steps::record!("writes back what the other records have", "OPTION=VALUE")],
    ),
    references: &["win-acme/win-acme#1768", "win-acme/win-acme#2153", "win-acme/win-acme#2831", "webprofusion/certify#588"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let Some(read) = server.records.as_ref().filter(|_| server.generation != Generation::Iis6) else { return };
    let fit = |number: &usize| {
        read.records.get(*number).is_some_and(|record| {
            !is_foreign(record)
                && record.owner() != Some(AppOwner::IisExpress)
                && !matches!(record.key, EndpointKey::Ccs(_) | EndpointKey::ScopedCcs(..))
        })
    };
    let sites = sites_by_record(server);
    let mut groups: Vec<(String, BTreeSet<usize>)> = Vec::new();
    if server.lists_sites {
        for set in context.certificate_peers() {
            let members: BTreeSet<usize> = set.sites.iter().copied().collect();
            let of = |number: &usize| sites.get(*number).is_some_and(|sites| sites.iter().any(|site| members.contains(site)));
            groups.push((format!("their sites {}", set.why), (0..read.records.len()).filter(fit).filter(of).collect()));
        }
    } else {
        // Without the sites only records of one kind and port can be expected to be alike.
        let mut alike: BTreeMap<(bool, u16), BTreeSet<usize>> = BTreeMap::new();
        for number in (0..read.records.len()).filter(fit) {
            match &read.records[number].key {
                EndpointKey::HostPort(host, port) if !host.starts_with('*') => alike.entry((true, *port)).or_default().insert(number),
                EndpointKey::IpPort(address, port) if !matches!(address.as_str(), "0.0.0.0" | "[::]") => {
                    alike.entry((false, *port)).or_default().insert(number)
                }
                _ => false,
            };
        }
        groups.extend(alike.into_iter().map(|((host, port), numbers)| {
            let kind = if host { "host names" } else { "IP addresses" };
            (format!("both are records of {kind} on port {port}"), numbers)
        }));
    }
    let mut told = BTreeSet::new();
    for (why, numbers) in groups {
        let Some((lost, good, differences)) = outlier(&read.records, &numbers) else { continue };
        if told.insert(lost) {
            let records = (&read.records[lost], &read.records[good]);
            let count = numbers.len() - 1;
            findings.push(report(server, records, &differences, count, &why, sites.get(lost).map_or(&[], Vec::as_slice)));
        }
    }
}

/// Options as the record that lost them and the other one state them.
type Differences = Vec<(Stated, Stated)>;

/// The record that lost its options, one that has them, and what is lost: the state of the first beside that of the second.
fn outlier(records: &[Record], numbers: &BTreeSet<usize>) -> Option<(usize, usize, Differences)> {
    let members: Vec<(usize, Vec<Option<Stated>>)> = numbers.iter().map(|number| (*number, options(&records[*number]))).collect();
    // Compared is what all of them state; a switch that no command can write is left alone.
    let length = members.first()?.1.len();
    let compared: Vec<usize> = (0..length)
        .filter(|index| {
            members.iter().all(|(_, options)| {
                options.get(*index).and_then(Option::as_ref).is_some_and(|stated| match &stated.value {
                    Change::Switch(switch, _) => has_word(*switch),
                    _ => true,
                })
            })
        })
        .collect();
    let values = |options: &[Option<Stated>]| -> Vec<Stated> {
        compared.iter().filter_map(|index| options.get(*index).cloned().flatten()).collect()
    };
    let mut groups: Vec<(Vec<Stated>, Vec<usize>)> = Vec::new();
    for (number, options) in &members {
        let values = values(options);
        let same = |other: &[Stated]| other.iter().zip(&values).all(|(a, b)| equal(&a.value, &b.value));
        match groups.iter().position(|(other, _)| same(other)) {
            Some(index) => groups[index].1.push(*number),
            // A third kind: nobody can be said to deviate.
            None if groups.len() == 2 => return None,
            None => groups.push((values, vec![*number])),
        }
    }
    let [a, b] = groups.as_slice() else { return None };
    let plain = |group: &(Vec<Stated>, Vec<usize>)| group.0.iter().all(|stated| is_default(&stated.value));
    let (lost, good) = match (a.1.len(), b.1.len()) {
        (1, 1) if plain(a) => (a, b),
        (1, 1) if plain(b) => (b, a),
        (1, 1) => return None,
        (1, _) => (a, b),
        (_, 1) => (b, a),
        _ => return None,
    };
    let differences: Differences =
        lost.0.iter().cloned().zip(good.0.iter().cloned()).filter(|(lost, good)| !equal(&lost.value, &good.value)).collect();
    // What was never a default cannot have been lost.
    let any = differences.iter().any(|(lost, good)| is_default(&lost.value) && !is_default(&good.value));
    any.then_some((*lost.1.first()?, *good.1.first()?, differences))
}

fn has_word(switch: Switch) -> bool {
    !switch.word().is_empty()
}

fn report(
    server: &Server,
    (lost, good): (&Record, &Record),
    differences: &[(Stated, Stated)],
    count: usize,
    why: &str,
    sites: &[usize],
) -> Finding {
    let gone = || differences.iter().filter(|(lost, good)| is_default(&lost.value) && !is_default(&good.value));
    let texts: Vec<String> =
        gone().map(|(lost, good)| format!("{} (there {})", shown(&lost.value), super::record_options::label(&good.value).1)).collect();
    let others =
        if count == 1 { format!("{} carries options", good.key) } else { format!("{count} others carry options, as {} does", good.key) };
    let message = format!(
        "The HTTP.sys record {} has defaults where {others}, probably lost at the last certificate renewal: {}. Compared because {why}",
        lost.key,
        texts.join("; ")
    );
    let changes: Vec<Change> = gone().map(|(_, good)| good.value.clone()).collect();
    let risk = if changes.iter().any(weakens) { Risk::WeakensSecurity } else { Risk::Safe };
    let mut finding = Finding::new(&RULE, server, message)
        .at(gone().next().map(|(lost, _)| lost.place).or(Some(lost.place)))
        .subject(lost.key.to_string());
    for (_, good_value) in gone().take(5) {
        finding = finding.related(Some(good_value.place), format!("{} on {}", shown(&good_value.value), good.key));
    }
    let speaker =
        sites.iter().copied().min_by_key(|site| (!server.sites[*site].auto_start, !server.sites[*site].wants_certificates(), *site));
    if let Some(speaker) = speaker {
        finding = finding.site(&server.sites[speaker]);
    }
    let what = format!("gives the record the options of {} back", good.key);
    finding.remedy(show(lost)).remedies_of(update(lost, risk, &what, &changes))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{findings, fixture, records_alone, with_records};
    use super::*;
    use crate::httpsys::Source;
    use crate::input::{Field, Said};

    const O02: &str = "netsh/o02_2022_sni_drift_and_ccs.txt";

    #[test]
    fn a_record_of_defaults_beside_its_twin_gets_the_complete_command_back() {
        for server in [records_alone(O02), with_records("apphost/F1_consistent_sni.config", O02)] {
            let found = findings(&RULE, &server);
            assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Medium, Confidence::Hint));
            let message = &found[0].message;
            for text in [
                "billing.fabrikam.test:443",
                "probably lost at the last certificate renewal",
                "Negotiate Client Certificate: Disabled (there Enabled)",
                "Ctl Store Name: (null) (there ClientAuthIssuer)",
                "URL Retrieval Timeout: 0 (there 15000)",
            ] {
                assert!(message.contains(text), "{text}: {message}");
            }
            let command =
                found[0].remedies.iter().filter_map(|remedy| remedy.command.as_deref()).find(|command| command.contains("update"));
            let command = command.unwrap();
            for word in [
                "hostnameport=billing.fabrikam.test:443",
                "certhash=9b8a7c6d5e4f30211203f4e5d6c7b8a990817263",
                "certstorename=WebHosting",
                "sslctlstorename=ClientAuthIssuer",
                "urlretrievaltimeout=15000",
                "clientcertnegotiation=enable",
            ] {
                assert!(command.contains(word), "{word}: {command}");
            }
        }
    }

    /// Copies of the two records of o02, `true` for one with options.
    fn group(kinds: &[bool]) -> Vec<Finding> {
        let mut server = records_alone(O02);
        let records = &mut server.records.as_mut().unwrap().records;
        let of = |(index, with): (usize, &bool)| {
            let mut record = records[usize::from(!*with)].clone();
            record.key = EndpointKey::HostPort(format!("h{index}.test"), 443);
            record
        };
        *records = kinds.iter().enumerate().map(of).collect();
        findings(&RULE, &server)
    }

    #[test]
    fn one_of_many_deviates_but_halves_do_not() {
        let found = group(&[true, true, false, true]);
        assert!(found.len() == 1 && found[0].subject == "h2.test:443" && found[0].message.contains("3 others"), "{found:?}");
        assert!(group(&[true, true, false, false]).is_empty(), "two against two");
        assert!(group(&[false, false, false, true]).is_empty(), "what one alone has was not lost by it");
        assert!(group(&[true, true]).is_empty());
    }

    #[test]
    fn a_pair_in_which_both_carry_options_is_silent() {
        let mut server = records_alone(O02);
        let billing = &mut server.records.as_mut().unwrap().records[1];
        assert_eq!(billing.source, Source::Listing);
        billing.freshness_seconds = Field::Said(Said { value: 3600, place: billing.place });
        assert!(findings(&RULE, &server).is_empty());
        assert!(findings(&RULE, &records_alone("netsh/o01_2012r2_conflict_revocation.txt")).is_empty());
        assert!(findings(&RULE, &fixture("apphost/F1_consistent_sni.config")).is_empty());
    }
}
