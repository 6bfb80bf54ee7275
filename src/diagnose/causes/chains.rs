//! What the causes of 403.7, 403.16 and 403.17 share: whether a certificate is asked for at all, what verifications say of its chain, and the
//! certificates of files with their chains.

use crate::catalogue::{Setting, Value, access};
use crate::diagnose::{Case, Fact, Judged, Need, needs};
use crate::evidence::x509::{Authorities, Chain, Instant, X509};
use crate::evidence::{Certificate, Element, Verification};
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;

/// Bit of an error status: outside its validity.
pub(super) const EXPIRED: u32 = 0x1;
/// Bit of an error status: not for this usage.
pub(super) const WRONG_USAGE: u32 = 0x10;
/// Bit of an error status: the root is not trusted.
pub(super) const UNTRUSTED_ROOT: u32 = 0x20;
/// Bit of an error status: an issuer was not found.
pub(super) const PARTIAL_CHAIN: u32 = 0x1_0000;

/// Excluded where no certificate is asked for; else the facts and what would tell the rest.
pub(super) fn asked(case: &Case<'_>) -> Result<Vec<Need>, Judged> {
    let asks = case.asks();
    if let Some(fact) = asks.is_no() {
        let none = Fact::at(format!("no client certificate is asked for: {}", fact.text), fact.place);
        return Err(Judged::excluded(Confidence::Firm, none).and(asks.no.iter().skip(1).cloned()));
    }
    Ok(asks.needs().collect())
}

/// Excluded where no certificate is required: no request is then refused for want of one.
pub(super) fn required(case: &Case<'_>) -> Result<Vec<Need>, Judged> {
    let requires = case.access_has(access::REQUIRE);
    if let Some(fact) = requires.is_no() {
        let none = Fact::at(format!("no certificate is required: {}", fact.text), fact.place);
        return Err(Judged::excluded(Confidence::Firm, none));
    }
    Ok(requires.needs().collect())
}

/// What verifications say of one kind of fault.
#[derive(Debug, Default)]
pub(super) struct Verified {
    /// The certificates that have it.
    pub(super) bad: Vec<Fact>,
    /// Chains that were verified without it.
    pub(super) good: Vec<Fact>,
    /// How sure the faults are.
    pub(super) strength: Option<Confidence>,
}

/// Looks for elements that have one of `bits` among their errors and pass `of`.
pub(super) fn with_error(case: &Case<'_>, bits: u32, of: impl Fn(&Element) -> bool, says: impl Fn(&Element) -> String) -> Verified {
    let mut found = Verified::default();
    for verification in case.verifications() {
        let before = found.bad.len();
        let mut complete = !verification.chains.is_empty();
        for (index, chain) in verification.chains.iter().enumerate() {
            complete &= !chain.elements.is_empty();
            for element in &chain.elements {
                match element.status.error.value() {
                    Some(error) if error & bits != 0 && of(element) => {
                        let text = format!("{} {}", super::revocation::named(verification, index, element), says(element));
                        found.bad.push(Fact::at(text, element.status.error.place().or(element.place)));
                    }
                    Some(_) => {}
                    None => complete &= element.status.information.value().is_some(),
                }
            }
        }
        if found.bad.len() > before {
            found.strength = found.strength.max(Some(super::revocation::sure(verification)));
        } else if complete {
            let text = format!("the chain of \"{}\" was verified, and none of its certificates has this fault", verification.label());
            found.good.push(Fact::at(text, Some(verification.place)));
        }
    }
    found
}

impl Verified {
    /// The facts that rule the fault out, where every verification is without it.
    pub(super) fn rules_out(&self, verifications: &[Verification]) -> Option<Vec<Fact>> {
        (!self.good.is_empty() && self.good.len() == verifications.len()).then(|| self.good.clone())
    }
}

/// The certificates of files that are of clients, with their chains. Those of authorities and of the server itself are left out.
pub(super) fn clients<'a>(case: &Case<'a>) -> Vec<Chain<'a>> {
    let all = &case.server.evidence.certificates;
    let authorities = Authorities::new(all);
    let own: Vec<&Vec<u8>> = case
        .server
        .endpoints
        .iter()
        .filter_map(|endpoint| match endpoint.settings.get(Setting::ServerCertificate)?.known()? {
            Value::Bytes(hash) => Some(hash),
            _ => None,
        })
        .collect();
    let is_client = |one: &&X509| one.ca != Some(true) && !one.self_issued && !own.iter().any(|hash| hash.as_slice() == one.thumbprint);
    all.iter().filter(is_client).map(|leaf| authorities.chain(leaf)).collect()
}

/// That several certificates of users were given: a fault of one is the cause only where that one was sent.
pub(super) fn several(clients: &[Chain<'_>]) -> Option<Fact> {
    let leaves: Vec<&X509> = clients.iter().filter_map(|chain| chain.links.first().copied()).collect();
    let first = leaves.first()?;
    let other = leaves.iter().find(|leaf| leaf.thumbprint != first.thumbprint)?;
    let named: Vec<String> = leaves.iter().take(NAMED).map(|leaf| format!("\"{}\"", leaf.subject.shown)).collect();
    let more = leaves.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let text = format!("certificates of several users were given, {}{more}, and nothing tells which of them was sent", named.join(", "));
    Some(Fact::at(text, Some(other.place)))
}

/// How sure a verdict by the file of one of them is, and the reason where that is less than it could be.
pub(super) fn of_one(several: &Option<Fact>, strength: Confidence, reason: &mut Option<Fact>) -> Confidence {
    match several {
        Some(fact) => {
            reason.get_or_insert_with(|| fact.clone());
            strength.min(Confidence::Likely)
        }
        None => strength,
    }
}

/// So many certificates are named where there are several.
const NAMED: usize = 5;

/// A certificate of a file, in words.
pub(super) fn shown(certificate: &X509) -> String {
    format!("\"{}\", issued by \"{}\"", certificate.subject.shown, certificate.issuer.shown)
}

/// When it is judged what has expired: the day that was named, else the last refusal in the log, else the day of the case as a whole.
#[derive(Debug, Clone)]
pub(in crate::diagnose) struct When {
    first: Instant,
    /// Its last second.
    pub(super) last: Instant,
    /// In words.
    pub(in crate::diagnose) words: String,
    /// Whether it is neither named nor logged.
    pub(in crate::diagnose) is_today: bool,
}

impl When {
    /// Of a case, for refusals with `status`.
    pub(in crate::diagnose) fn of(case: &Case<'_>, status: &str) -> Option<When> {
        let named = case.at_named.then(|| When::of_day(case)).flatten();
        named.or_else(|| When::of_log(case, status)).or_else(|| When::of_day(case))
    }

    fn of_log(case: &Case<'_>, status: &str) -> Option<When> {
        let moment = case.logged.iter().filter(|one| one.status == status).filter_map(|one| one.last).max()?;
        let at = format!("{}Z", moment.to_string().replace(' ', "T")).parse::<Instant>().ok()?;
        Some(When { first: at, last: at, words: format!("at {moment}, the last refusal in the log"), is_today: false })
    }

    /// The day of the case alone.
    pub(super) fn of_day(case: &Case<'_>) -> Option<When> {
        let day = case.at?;
        let first = format!("{day}T00:00:00Z").parse().ok()?;
        let last = format!("{day}T23:59:59Z").parse().ok()?;
        let named = if case.at_named { ", the day of --at" } else { "" };
        Some(When { first, last, words: format!("on {day}{named}"), is_today: !case.at_named })
    }

    /// Its year.
    pub(super) fn year(&self) -> Option<u16> {
        self.last.rfc3339().get(..4)?.parse().ok()
    }

    /// Whether it has ended before.
    pub(super) fn is_after(&self, certificate: &X509) -> bool {
        certificate.not_after < self.first
    }

    /// Whether it begins later.
    pub(super) fn is_before(&self, certificate: &X509) -> bool {
        self.last < certificate.not_before
    }
}

/// The year in a date as Windows writes it: its only number of four digits.
pub(super) fn year(date: Option<&String>) -> Option<u16> {
    let mut years = date?.split(|c: char| !c.is_ascii_digit()).filter(|part| part.len() == 4);
    years.next()?.parse().ok().filter(|_| years.next().is_none())
}

/// Whether a listed certificate is this one.
pub(super) fn is_same(listed: &Certificate, certificate: &X509) -> bool {
    listed.hash.value().is_some_and(|hash| hash.as_slice() == certificate.thumbprint)
}

/// The listing of a store.
pub(super) fn listing(store: &str) -> Need {
    Need::command(format!("the store {store} of the computer, on this server"), format!("certutil -store {store}"))
}

/// The client's own store.
pub(super) fn client_listing() -> Need {
    Need::command("the certificates of the user, on a refused client", "certutil -user -store My")
}

/// The certificates themselves.
pub(super) fn files() -> Need {
    Need::plain("the client's certificate and those of its authorities as files (.cer)")
}

/// What to do about a certificate that is outside its validity.
pub(super) fn renew(what: &str) -> [Remedy; 2] {
    [
        Remedy::command(
            Risk::ReadOnly,
            "on the server, names the certificate of the chain that is outside its validity",
            "certutil -verify -urlfetch client.cer",
        ),
        Remedy::advice(Risk::Safe, format!("renew {what}; no setting of IIS switches this check off")),
    ]
}

/// What decides most causes of 403.16 and 403.17.
pub(super) fn usual_needs() -> [Need; 3] {
    [needs::verification(), needs::log(), files()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_is_read_only_where_it_cannot_be_mistaken() {
        assert_eq!(year(Some(&"2/3/2026 8:12 AM".to_owned())), Some(2026));
        assert_eq!(year(Some(&"03.02.26 08:12".to_owned())), None);
        assert_eq!(year(Some(&"2026 2027".to_owned())), None);
    }
}
