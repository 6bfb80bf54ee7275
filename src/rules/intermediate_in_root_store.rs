//! `intermediate-in-root-store`: the store of trusted roots holds a certificate that is not its own issuer.

use super::issuers::wanted;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::evidence::Certificate;
use crate::remedy::{Remedy, Risk};
use crate::server::Generation;

pub(super) const RULE: Rule = Rule {
    name: "intermediate-in-root-store",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "The store of trusted roots holds a certificate that is no root",
    meaning: "The store Trusted Root Certification Authorities is for certificates that are their own issuers. With any other certificate in it, Schannel of \
              Windows Server 2012 and later can refuse client certificates that are in order, whoever issued them.",
    sees: "403.16, or 403.7 when the list of trusted issuers is sent, for clients whose certificates are in order.",
    silent: "Silent when the store Root was not listed, and for certificates whose issuer and subject are the same text. Medium where it is not known whether \
             client certificates are wanted and on IIS 6, low where no site wants them. The effect depends on the version of Windows, so it is `likely`.",
    evidence: "the output of certutil -store Root",
    fix: "Put the certificate into Intermediate Certification Authorities and delete it from the roots; a group policy that puts it there does so again.",
    remedies: Remedies::any(&[
        steps::run("shows the roots: issuer and subject of each must be the same", "certutil -store Root"),
        steps::advice(
            "put the certificate into Intermediate Certification Authorities, then delete it from the roots; where a group policy puts it there, change the policy",
        ),
    ]),
    references: &["KB2802568", "KB942061"],
    check,
};

/// So many certificates are named with a command each.
const NAMED: usize = 5;

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let Some(store) = server.evidence.store("Root") else { return };
    let differs = |certificate: &&Certificate| {
        let texts = certificate.issuer.value().zip(certificate.subject.value());
        certificate.is_self_signed() == Some(false) && texts.is_some_and(|(issuer, subject)| issuer != subject)
    };
    let wrong: Vec<&Certificate> = store.certificates.iter().filter(differs).collect();
    let Some(first) = wrong.first() else { return };
    let name = |certificate: &Certificate| certificate.subject.value().cloned().unwrap_or_default();
    let issuer = first.issuer.value().cloned().unwrap_or_default();
    let message = match wrong.len() {
        1 => format!("The store Root holds a certificate that is no root: {}, issued by {issuer}", name(first)),
        count => {
            format!("The store Root holds {count} certificates that are no roots, the first of them {}, issued by {issuer}", name(first))
        }
    };
    let severity = match (wanted(server), server.generation) {
        (Some(false), _) => Severity::Low,
        (Some(true), Generation::Iis7 | Generation::IisExpress) => Severity::High,
        _ => Severity::Medium,
    };
    let mut finding = Finding::new(&RULE, server, message).at(first.place).severity(severity).subject(store.label());
    for other in wrong.iter().skip(1).take(NAMED) {
        finding = finding.related(other.place, name(other));
    }
    finding = finding.remedy(Remedy::command(
        Risk::Safe,
        "first puts the certificate, saved as a file, where intermediate authorities belong, unless it is no authority at all",
        "certutil -addstore CA intermediate.cer",
    ));
    for certificate in wrong.iter().take(NAMED) {
        if let Some(hash) = certificate.hash.value() {
            let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            finding = finding.remedy(Remedy::command(
                Risk::Safe,
                format!("then deletes {} from the roots; trust that only this entry gave ends with it", name(certificate)),
                format!("certutil -delstore Root {hash}"),
            ));
        }
    }
    findings.push(finding);
}

#[cfg(test)]
mod tests {
    use super::super::testing::{apphost, evidence, findings, https_site};
    use super::*;
    use crate::server::Server;

    fn server(access: &str) -> Server {
        let mut server = apphost(&https_site(1, "*:443:", access));
        server.evidence = evidence(include_str!("../../tests/fixtures/evidence/e01_stores_console.txt"), "");
        server
    }

    #[test]
    fn a_certificate_that_another_issued_does_not_belong_among_the_roots() {
        let found = findings(&RULE, &server("Ssl, SslNegotiateCert"));
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::High, Confidence::Likely));
        assert!(found[0].message.contains("CN=Fabrikam Issuing CA 2"), "{}", found[0].message);
        assert!(
            found[0]
                .remedies
                .iter()
                .any(|remedy| remedy.command.as_deref().is_some_and(|command| command.starts_with("certutil -delstore Root 5b")))
        );
        assert_eq!(findings(&RULE, &server("Ssl"))[0].severity, Severity::Low);
    }

    #[test]
    fn roots_and_other_stores_are_no_reason() {
        let mut server = server("Ssl, SslNegotiateCert");
        server.evidence.stores.retain(|store| !store.is_called("Root"));
        assert!(!server.evidence.stores.is_empty());
        assert!(findings(&RULE, &server).is_empty());
        server.evidence = evidence(
            "Root \"x\"\r\n==== Certificate 0 ====\r\n======= Certificate 0 =======\r\nSerial Number: 01\r\nIssuer: CN=A\r\nSubject: CN=A\r\nCertUtil: -store \
             command completed successfully.\r\n",
            "",
        );
        assert!(findings(&RULE, &server).is_empty());
    }
}
