//! `ftp-sites-disagree`: FTP sites treat client certificates in different ways.

use super::disagreement::{Split, identity, names, split};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::input::Place;
use crate::remedy::{Remedy, Risk};
use crate::server::{Bits, Ftp, FtpCertificates, Server, ftp_validation};

pub(super) const RULE: Rule = Rule {
    name: "ftp-sites-disagree",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "FTP sites treat client certificates differently",
    meaning: "FTP sites that ask for client certificates have different policies, validation flags, freshness, time-outs or mapping, although \
              nothing says that they should. One of them accepts what its twin refuses.",
    sees: "One FTP site refuses a certificate that the other one accepts.",
    silent: "Compares the FTP sites of each declared group, or else all started FTP sites of the server that ask for client certificates. A value \
             that is not set equals the default. With equally large sides no side is called wrong.",
    evidence: "applicationHost.config",
    fix: "Decide which value is intended and set it on all of them, or declare the groups that belong together.",
    remedies: Remedies::iis7(steps::NO_FTPS, &[steps::FTP_FLAGS]),
    references: &["MicrosoftDocs/iis-docs: .../sites/site/ftpServer/security/sslClientCertificates.md"],
    check,
};

/// What is compared: policy, flags, freshness, time-out and mapping.
type Compared = (FtpCertificates, Bits, u64, u64, bool);

fn compared(ftp: &Ftp) -> Compared {
    (ftp.client_certificates.value, ftp.validation.value.clone(), ftp.freshness.value, ftp.retrieval_timeout.value, ftp.ad_mapping.value)
}

/// Name and value of each attribute, in words.
fn words((policy, flags, freshness, timeout, mapping): &Compared) -> [(&'static str, String); 5] {
    let flags = flags.show(ftp_validation::NAMES);
    [
        ("clientCertificatePolicy", policy.name().to_owned()),
        ("validationFlags", if flags.is_empty() { "none".to_owned() } else { flags }),
        ("revocationFreshnessTime", format!("{freshness} s")),
        ("revocationUrlRetrievalTimeout", format!("{timeout} s")),
        ("useActiveDirectoryMapping", mapping.to_string()),
    ]
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    for peers in context.ftp_peers() {
        let values = peers.sites.iter().filter_map(|site| Some((*site, compared(server.sites[*site].elements.ftp.as_ref()?))));
        match split(values) {
            Split::Agreed => {}
            Split::Minorities { most, others } => {
                findings.extend(others.into_iter().map(|other| report(server, &peers.why, false, &[other, most.clone()])));
            }
            Split::Tie(groups) => findings.push(report(server, &peers.why, true, &groups)),
        }
    }
}

/// A finding about the first group, or about all of them when none is in the majority.
fn report(server: &Server, why: &str, tie: bool, groups: &[(Compared, Vec<usize>)]) -> Finding {
    let shown: Vec<_> = groups.iter().map(|(value, _)| words(value)).collect();
    let differs = |index: usize| shown.iter().any(|other| other[index].1 != shown[0][index].1);
    let side = |(index, (_, sites)): (usize, &(Compared, Vec<usize>))| {
        let said: Vec<String> =
            (0..5).filter(|at| differs(*at)).map(|at| format!("{} {}", shown[index][at].0, shown[index][at].1)).collect();
        format!("{}: {}", names(server, sites), said.join(", "))
    };
    let message = format!(
        "FTP sites treat client certificates differently: {}{}; compared because {why}",
        if tie { "split: " } else { "" },
        groups.iter().enumerate().map(side).collect::<Vec<_>>().join("; ")
    );
    let place = |site: usize| -> Option<Place> {
        let ftp = server.sites[site].elements.ftp.as_ref()?;
        let places =
            [ftp.client_certificates.place, ftp.validation.place, ftp.freshness.place, ftp.retrieval_timeout.place, ftp.ad_mapping.place];
        (0..5).filter(|at| differs(*at)).find_map(|at| places[at]).or(server.sites[site].place)
    };
    let first = groups[0].1[0];
    let subject: Vec<usize> = if tie { groups.iter().flat_map(|(_, sites)| sites.iter().copied()).collect() } else { groups[0].1.clone() };
    let mut finding =
        Finding::new(&RULE, server, message).site(&server.sites[first]).at(place(first)).subject(identity(server, &subject)).remedy(
            Remedy::advice(
                Risk::Safe,
                "set the same values in ftpServer/security/sslClientCertificates of all of them; of two values the stricter one is safe",
            ),
        );
    finding = finding.sides(server, groups.iter().map(|(_, sites)| sites.as_slice()));
    for (_, sites) in &groups[1..] {
        finding = finding.related(place(sites[0]), server.sites[sites[0]].label());
    }
    finding
}

#[cfg(test)]
mod tests {
    use super::super::Group;
    use super::super::testing::findings;
    use super::*;
    use crate::rules::ftp::testing::sites;

    const REQUIRE: &str = r#"clientCertificatePolicy="CertRequire""#;

    #[test]
    fn the_site_that_deviates_is_named_with_what_differs_only() {
        let odd = format!(r#"{REQUIRE} validationFlags="NoRevocationCheck""#);
        let found = findings(&RULE, &sites(&[REQUIRE, &odd, REQUIRE]));
        assert_eq!((found.len(), found[0].site.as_ref().unwrap().1.as_str()), (1, "B"));
        let message = &found[0].message;
        assert!(
            message.contains("\"B\" (id 66): validationFlags NoRevocationCheck; \"A\" (id 65) and \"C\" (id 67): validationFlags none"),
            "{message}"
        );
        assert!(!message.contains("Timeout") && message.contains("compared because"));
    }

    #[test]
    fn two_sites_are_a_split_without_a_culprit() {
        let slow = format!(r#"{REQUIRE} revocationUrlRetrievalTimeout="00:02:00""#);
        let found = findings(&RULE, &sites(&[REQUIRE, &slow]));
        assert!(found.len() == 1 && found[0].message.contains("split: "), "{}", found[0].message);
        assert_eq!(found[0].related.len(), 1);
    }

    #[test]
    fn the_default_written_out_and_sites_that_ignore_certificates_are_silent() {
        let spelled = r#"clientCertificatePolicy="certrequire" validationFlags="" revocationFreshnessTime="00:00:00" revocationUrlRetrievalTimeout="0.00:01:00" useActiveDirectoryMapping="false""#;
        assert!(findings(&RULE, &sites(&[REQUIRE, spelled, r#"validationFlags="NoRevocationCheck""#])).is_empty());
        assert!(findings(&RULE, &sites(&[REQUIRE])).is_empty());
    }

    #[test]
    fn declared_groups_decide_who_is_compared() {
        let server = sites(&[REQUIRE, "", r#"clientCertificatePolicy="CertAllow""#]);
        let check = |sites: &[&str]| {
            let groups = [Group { name: "g".to_owned(), sites: sites.iter().map(|name| (*name).to_owned()).collect() }];
            let mut found = Vec::new();
            (RULE.check)(&Context { groups: &groups, ..Context::new(&server) }, &mut found);
            found.len()
        };
        assert_eq!((check(&["A", "B"]), check(&["A"]), findings(&RULE, &server).len()), (1, 0, 1));
    }
}
