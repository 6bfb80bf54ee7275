//! `node-differs`: a twin server has an authority that this one lacks.

use std::collections::BTreeMap;

use super::chains::{asked, listing};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood, Need};
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;

pub(super) const CAUSE: Cause = Cause {
    id: "node-differs",
    statuses: &["403.16"],
    title: "Another node has an authority that this one lacks",
    meaning: "Behind a load balancer the same client is refused now and then: the authorities were installed on one node, by hand or by a policy that did not reach \
              all of them.",
    open: "Likely where the whole listings of two servers differ, because it is not known whether they are nodes of one site. Open without the listings of \
           both.",
    evidence: "certutil -store Root and certutil -store CA of both servers",
    likelihood: Likelihood::Possible,
    references: &["KB942061"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    let needs = match asked(case) {
        Ok(needs) => needs,
        Err(excluded) => return excluded,
    };
    let twin = Need::command("the stores Root and CA of the other nodes of the site", "certutil -store CA");
    let (mut bad, mut same, mut compared) = (Vec::new(), Vec::new(), 0);
    for name in ["Root", "CA"] {
        let Some(mine) = case.server.evidence.store(name).filter(|store| store.is_whole()) else { continue };
        let own: BTreeMap<&[u8], ()> =
            mine.certificates.iter().filter_map(|one| one.hash.value()).map(|hash| (hash.as_slice(), ())).collect();
        let before = bad.len();
        let mut against = None;
        for other in case.servers.iter().filter(|other| other.name != case.server.name) {
            let Some(theirs) = other.evidence.store(name).filter(|store| store.is_whole()) else { continue };
            against = Some(other.name.as_str());
            for one in &theirs.certificates {
                let Some(hash) = one.hash.value().filter(|hash| !own.contains_key(hash.as_slice())) else { continue };
                let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
                let subject = one.subject.value().map(String::as_str).unwrap_or_default();
                let text = format!("{} has \"{subject}\" ({hash}) in the store {name}, and this server has not", other.name);
                bad.push(Fact::at(text, one.place.or(Some(theirs.place))));
            }
        }
        if let Some(other) = against {
            compared += 1;
            if bad.len() == before {
                same.push(Fact::at(format!("the store {name} holds everything that {other} has there"), Some(mine.place)));
            }
        }
    }
    let install = Remedy::command(
        Risk::Safe,
        "puts an intermediate authority on this node, too; a root only after comparing its thumbprint",
        "certutil -addstore CA intermediate.cer",
    );
    if !bad.is_empty() {
        return Judged::supported(Confidence::Likely, bad.into_iter().take(5)).needs(needs).remedies([install]);
    }
    if compared == 2 {
        return Judged::excluded_by(Confidence::Likely, same);
    }
    Judged::open().needs([listing("Root"), listing("CA"), twin]).needs(needs).remedies([install])
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{OneCase, iis7, publisher};
    use super::*;
    use crate::diagnose::Verdict;
    use crate::evidence::read_stores;
    use crate::input::FileId;
    use crate::server::Server;

    fn store(name: &str, digit: char) -> String {
        let hash = digit.to_string().repeat(40);
        format!(
            "{name} \"Title\"\r\n================ Certificate 0 ================\r\nSerial Number: 01\r\nIssuer: CN=Any\r\nSubject: CN=Any\r\nCert Hash(sha1): {hash}\r\nCertUtil: -store command completed successfully.\r\n"
        )
    }

    fn twin() -> Server {
        let mut server = publisher("");
        server.evidence.stores = read_stores(&(store("Root", 'a') + &store("CA", 'b')), FileId(9)).stores;
        server
    }

    #[test]
    fn an_authority_of_the_twin_alone_supports_it() {
        let judged = iis7(1).listing(&(store("Root", 'a') + &store("CA", 'c'))).beside(twin()).judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Likely));
        assert!(judged.because[0].text.contains("in the store CA"), "{}", judged.because[0].text);
    }

    #[test]
    fn equal_stores_and_a_url_that_asks_for_none_exclude_it() {
        let equal = iis7(1).listing(&(store("Root", 'a') + &store("CA", 'b'))).beside(twin());
        for case in [equal, OneCase::iis7("Ssl", &[])] {
            assert_eq!(case.judge(&CAUSE).verdict, Verdict::Excluded);
        }
    }

    #[test]
    fn without_the_listings_of_both_it_is_open() {
        for case in [iis7(1), iis7(1).beside(twin()), iis7(1).listing(&store("Root", 'a')).beside(twin())] {
            assert_eq!(case.judge(&CAUSE).verdict, Verdict::Open);
        }
    }
}
