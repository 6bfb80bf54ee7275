//! Whether a new value protects less or more than the old one. Only what follows from documented facts is ordered; what is not ordered is
//! neutral and says why, and where one of the values is not known nothing is said. The other way round the verdict is the opposite one.

use serde::Serialize;

use crate::catalogue::{Setting, Value, access, cert_check};
use crate::httpsys::Switch;
use crate::server::{Generation, binding_flags};

/// What a change does to the protection. The order is that of reports: what needs a look first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// It protects less than before.
    Weaker,
    /// It protects less in one way and more in another.
    Mixed,
    /// A value is not known or cannot be read, so nothing can be said.
    #[serde(rename = "cannot-be-told")]
    Unclear,
    /// It protects more than before.
    Stronger,
    /// It is different, and neither weaker nor stronger.
    Neutral,
}

impl Strength {
    /// The words of reports.
    pub fn words(self) -> &'static str {
        match self {
            Strength::Weaker => "weaker",
            Strength::Mixed => "weaker in one way, stronger in another",
            Strength::Unclear => "cannot be told",
            Strength::Stronger => "stronger",
            Strength::Neutral => "neutral",
        }
    }

    /// Seen from the other side.
    pub fn mirrored(self) -> Strength {
        match self {
            Strength::Weaker => Strength::Stronger,
            Strength::Stronger => Strength::Weaker,
            same => same,
        }
    }
}

/// What a change does to the protection, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What it does.
    pub strength: Strength,
    /// Whether that is only likely; the text says why.
    pub likely: bool,
    /// Why, in a few words.
    pub why: String,
}

impl Verdict {
    /// A verdict that needs no weighing.
    pub fn new(strength: Strength, why: impl Into<String>) -> Verdict {
        Verdict { strength, likely: false, why: why.into() }
    }

    /// Nothing can be said.
    pub fn unclear(why: impl Into<String>) -> Verdict {
        Verdict::new(Strength::Unclear, why)
    }

    /// Different, and neither weaker nor stronger.
    pub fn neutral(why: impl Into<String>) -> Verdict {
        Verdict::new(Strength::Neutral, why)
    }

    /// The same, only likely.
    pub fn likely(mut self) -> Verdict {
        self.likely = true;
        self
    }
}

/// Reasons that are weighed against one another.
#[derive(Debug, Default)]
pub(super) struct Scale(Vec<Verdict>);

impl Scale {
    pub(super) fn add(&mut self, verdict: Verdict) {
        self.0.push(verdict);
    }

    /// Weaker with the first text when something was there `before` and not `after`, stronger with the second when it came, and nothing
    /// when both are alike.
    pub(super) fn lost(&mut self, before: bool, after: bool, lost: &str, gained: &str) {
        match (before, after) {
            (true, false) => self.add(Verdict::new(Strength::Weaker, lost)),
            (false, true) => self.add(Verdict::new(Strength::Stronger, gained)),
            _ => {}
        }
    }

    /// The verdict. The reasons of the other strengths are kept out of the text where something is weaker or stronger, but not where the
    /// meaning of a part is not known.
    pub(super) fn verdict(self, otherwise: &str) -> Verdict {
        let has = |strength| self.0.iter().any(|verdict| verdict.strength == strength);
        let strength = match (has(Strength::Weaker) || has(Strength::Mixed), has(Strength::Stronger) || has(Strength::Mixed)) {
            (true, true) => Strength::Mixed,
            (true, false) => Strength::Weaker,
            (false, true) => Strength::Stronger,
            (false, false) if has(Strength::Unclear) => Strength::Unclear,
            (false, false) => Strength::Neutral,
        };
        let ordered = matches!(strength, Strength::Weaker | Strength::Stronger | Strength::Mixed);
        let mut told: Vec<&Verdict> = self.0.iter().filter(|verdict| !(ordered && verdict.strength == Strength::Neutral)).collect();
        told.sort_by_key(|verdict| verdict.strength);
        if told.is_empty() {
            return Verdict::new(strength, otherwise);
        }
        let mut parts: Vec<&str> = Vec::new();
        for verdict in &told {
            if !parts.contains(&verdict.why.as_str()) {
                parts.push(&verdict.why);
            }
        }
        Verdict { strength, likely: told.iter().all(|verdict| verdict.likely), why: parts.join("; ") }
    }
}

/// Judges two values of a setting that are known and differ.
pub fn judge(setting: Setting, before: &Value, after: &Value, generations: [Generation; 2]) -> Verdict {
    let iis6 = generations == [Generation::Iis6; 2];
    if matches!(before, Value::Malformed(_)) || matches!(after, Value::Malformed(_)) {
        return Verdict::unclear("a value that cannot be read: what IIS makes of it is not known");
    }
    let flags = || Some((before.flags()?, after.flags()?));
    let bools = || Some((before.bool()?, after.bool()?));
    match setting {
        Setting::AccessFlags => flags().map(|(before, after)| access_flags(before, after)),
        Setting::AccessPermissions => flags().map(|(before, after)| permissions(before, after)),
        Setting::CertCheckMode => flags().map(|(before, after)| cert_check_mode(before, after)),
        Setting::CtlIdentifier => Some(issuers(before, after, "the CTL", iis6)),
        Setting::CtlStoreName => Some(issuers(before, after, "the store of issuers", iis6)),
        Setting::AnonymousAuthentication => bools().map(|(before, after)| {
            let mut scale = Scale::default();
            scale.lost(!before, !after, "users enter without credentials of their own", "users need credentials or a mapped certificate");
            scale.verdict("")
        }),
        Setting::AllowDoubleEscaping => bools().map(|(before, after)| {
            let mut scale = Scale::default();
            let (lost, gained) = ("URLs that are escaped twice are let through", "URLs that are escaped twice are refused");
            scale.lost(!before, !after, lost, gained);
            scale.verdict("")
        }),
        Setting::RevocationFreshnessTime => Some(Verdict::neutral("how soon a CRL is fetched anew; no check comes or goes")),
        Setting::RevocationUrlRetrievalTimeout => {
            Some(Verdict::neutral("how long a CRL is waited for; without it the client is refused all the same"))
        }
        Setting::DsMapper => Some(Verdict::neutral("who maps certificates to accounts; what is checked of them stays")),
        Setting::NegotiateClientCertificate => {
            Some(Verdict::neutral("when the certificate is asked for; whether it is required stays with the access flags"))
        }
        Setting::ServerCertificate => Some(Verdict::neutral(match (before, after) {
            (Value::None, _) => "a server certificate was assigned; without one no client can connect",
            (_, Value::None) => "no server certificate is left, so no client can connect",
            _ => "another certificate, as after a renewal",
        })),
        Setting::ServerCertificateStore => Some(Verdict::neutral("where the server certificate is looked for")),
        Setting::UploadReadAheadSize => Some(Verdict::neutral("how large a body may be when a certificate is asked for late")),
        Setting::MaxContentLength => Some(Verdict::neutral("how large a body may be; who gets in stays the same")),
        Setting::IisCertificateMapping | Setting::AdCertificateMapping => {
            Some(Verdict::neutral("to which accounts certificates lead; what is checked of them stays"))
        }
    }
    .unwrap_or_else(|| Verdict::unclear("values of different kinds have no order"))
}

fn access_flags(before: u32, after: u32) -> Verdict {
    let mut scale = Scale::default();
    // That a demand for 128 bits demands https by itself is likely and not documented.
    match (before & (access::SSL | access::SSL128), after & (access::SSL | access::SSL128)) {
        (before, after) if (before ^ after) & access::SSL == 0 => {
            if before & access::SSL == 0 && before != after {
                let (lost, gained) =
                    ("likely: https is no longer required", "likely: https is required now, because 128-bit encryption is");
                let (strength, why) = if after == 0 { (Strength::Weaker, lost) } else { (Strength::Stronger, gained) };
                scale.add(Verdict::new(strength, why).likely());
            }
        }
        (_, access::SSL128) => {
            let why =
                "likely: https is no longer required by a flag of its own, and likely still is, because 128-bit encryption is required";
            scale.add(Verdict::new(Strength::Weaker, why).likely());
        }
        (access::SSL128, _) => {
            let why = "likely: https is required by a flag of its own now, and likely was before, because 128-bit encryption was required";
            scale.add(Verdict::new(Strength::Stronger, why).likely());
        }
        (before, _) => {
            scale.lost(before & access::SSL != 0, before & access::SSL == 0, "https is no longer required", "https is required now")
        }
    }
    let mut lost = |bit: u32, lost: &str, gained: &str| scale.lost(before & bit != 0, after & bit != 0, lost, gained);
    lost(access::SSL128, "128-bit encryption is no longer required", "128-bit encryption is required now");
    lost(access::REQUIRE, "a client certificate is no longer required", "a client certificate is required now");
    let (asked, asks) = (before & access::NEGOTIATE != 0, after & access::NEGOTIATE != 0);
    if (before | after) & access::REQUIRE == 0 {
        scale.lost(asked, asks, "clients are no longer asked for a certificate", "clients are asked for a certificate now");
    } else if asked != asks {
        scale.add(Verdict::neutral("whether clients are asked for the certificate that is required; without one they are refused"));
    }
    if (before ^ after) & access::MAP != 0 {
        scale.add(Verdict::neutral("whether the certificate is mapped to an account; whether one is required stays"));
    }
    unknown_bits(&mut scale, (before ^ after) & !access::KNOWN);
    scale.verdict("the flags differ in nothing that is known")
}

/// Permissions of IIS 6: those of a low bit allow, those about remote users forbid.
fn permissions(before: u32, after: u32) -> Verdict {
    const ALLOW: u32 = 1 | 2 | 4 | 16 | 512;
    const FORBID: u32 = 1024 | 4096 | 8192 | 16384;
    let mut scale = Scale::default();
    let (gained, gone) = (after & !before, before & !after);
    let more = gained & ALLOW | gone & FORBID;
    let less = gone & ALLOW | gained & FORBID;
    let name = |bits: u32| Value::Flags(bits).meaning(Setting::AccessPermissions);
    if more != 0 {
        let text = [(gained & ALLOW, "allowed now"), (gone & FORBID, "no longer in force")];
        let text = text.iter().filter(|(bits, _)| *bits != 0).map(|(bits, what)| format!("{what}: {}", name(*bits)));
        scale.add(Verdict::new(Strength::Weaker, text.collect::<Vec<_>>().join("; ")));
    }
    if less != 0 {
        let text = [(gone & ALLOW, "no longer allowed"), (gained & FORBID, "in force now")];
        let text = text.iter().filter(|(bits, _)| *bits != 0).map(|(bits, what)| format!("{what}: {}", name(*bits)));
        scale.add(Verdict::new(Strength::Stronger, text.collect::<Vec<_>>().join("; ")));
    }
    unknown_bits(&mut scale, (before ^ after) & !(ALLOW | FORBID | 32768));
    scale.verdict("the permissions differ in nothing that opens or closes anything")
}

fn cert_check_mode(before: u32, after: u32) -> Verdict {
    let mut scale = Scale::default();
    let changed = before ^ after;
    let off = |bits: u32| bits & cert_check::NO_REVOCATION != 0;
    let exclusive = |bits: u32| off(bits) && bits & (cert_check::CACHE_ONLY | cert_check::FRESHNESS) != 0;
    match (off(before), off(after)) {
        (false, false) => {
            if changed & cert_check::CACHE_ONLY != 0 {
                let (lost, gained) = (
                    "likely: only cached CRLs count, so a certificate revoked since the cached one was made gets in while that one is valid",
                    "likely: CRLs are fetched when they are needed, so a revocation counts sooner",
                );
                let (strength, why) =
                    if after & cert_check::CACHE_ONLY != 0 { (Strength::Weaker, lost) } else { (Strength::Stronger, gained) };
                scale.add(Verdict::new(strength, why).likely());
            }
            if changed & cert_check::FRESHNESS != 0 {
                scale.add(Verdict::neutral("how soon a CRL is fetched anew; revocation is checked either way"));
            }
        }
        (true, true) => {
            if exclusive(before) || exclusive(after) {
                let text = "likely: revocation is checked on neither side; what bit 1 means together with 2 or 4, which exclude it, is not documented";
                scale.add(Verdict::neutral(text).likely());
            } else if changed & (cert_check::CACHE_ONLY | cert_check::FRESHNESS) != 0 {
                scale.add(Verdict::neutral("revocation is checked on neither side, so the way to check it does nothing"));
            }
        }
        (was_off, _) => {
            let (strength, why) = if was_off {
                (Strength::Stronger, "revocation is checked now")
            } else {
                (Strength::Weaker, "revocation is no longer checked: revoked certificates are accepted")
            };
            scale.add(if exclusive(before) || exclusive(after) {
                let text = format!("likely: {why}; what bit 1 means together with 2 or 4, which exclude it, is not documented");
                Verdict::new(strength, text).likely()
            } else {
                Verdict::new(strength, why)
            });
        }
    }
    let (lost, gained) = (
        "usage is no longer checked: certificates that are not meant for client authentication are accepted",
        "certificates that are not meant for client authentication are likely refused now",
    );
    scale.lost(before & cert_check::NO_USAGE == 0, after & cert_check::NO_USAGE == 0, lost, gained);
    unknown_bits(&mut scale, changed & !cert_check::KNOWN);
    scale.verdict("the values differ in nothing that is known")
}

fn unknown_bits(scale: &mut Scale, bits: u32) {
    if bits != 0 {
        scale.add(Verdict::unclear(format!("bits {bits:#x} have no known meaning")));
    }
}

fn issuers(before: &Value, after: &Value, what: &str, iis6: bool) -> Verdict {
    let (strength, why) = match (before, after) {
        (Value::Text(_), Value::None) if iis6 => {
            (Strength::Weaker, format!("{what} is gone, so every root that the computer trusts is acceptable"))
        }
        (Value::None, Value::Text(_)) if iis6 => {
            (Strength::Stronger, format!("{what} narrows down which of the trusted roots are acceptable"))
        }
        (Value::Text(_), Value::None) => (
            Strength::Weaker,
            format!("likely: {what} is gone, so every issuer that the computer trusts is accepted; it depends on the version of Windows"),
        ),
        (Value::None, Value::Text(_)) => {
            (Strength::Stronger, format!("likely: {what} narrows down which issuers are accepted; it depends on the version of Windows"))
        }
        _ => return Verdict::unclear("other issuers are accepted; whether these are more or fewer stands in the list itself"),
    };
    let verdict = Verdict::new(strength, why);
    if iis6 { verdict } else { verdict.likely() }
}

/// Judges a switch of HTTP.sys records.
pub(super) fn judge_switch(switch: Switch, after: bool) -> Verdict {
    let strength = |weaker_when: bool| if after == weaker_when { Strength::Weaker } else { Strength::Stronger };
    match switch {
        Switch::DisableLegacyTls => {
            Verdict::new(strength(false), if after { "old versions of TLS are off now" } else { "old versions of TLS are possible again" })
        }
        Switch::DisableTls13 => Verdict::new(strength(true), if after { "TLS 1.3 is off now" } else { "TLS 1.3 is possible again" }),
        Switch::DisableTls12 => Verdict::neutral("TLS 1.2 is neither the oldest nor the newest version; what is left decides"),
        Switch::DisableHttp2 | Switch::DisableQuic => Verdict::neutral("a protocol above TLS; what is encrypted and checked stays"),
        Switch::DisableOcspStapling => Verdict::neutral("how browsers learn that the server certificate is not revoked"),
        _ => Verdict::neutral("no order is known"),
    }
}

/// Bits of `binding@sslFlags` that IIS hands on to the record as a switch.
pub(super) const BINDING_SWITCHES: [(u32, Switch); 5] = [
    (binding_flags::NO_LEGACY_TLS, Switch::DisableLegacyTls),
    (binding_flags::NO_TLS13, Switch::DisableTls13),
    (binding_flags::NO_HTTP2, Switch::DisableHttp2),
    (binding_flags::NO_QUIC, Switch::DisableQuic),
    (binding_flags::NO_OCSP_STAPLING, Switch::DisableOcspStapling),
];

/// Judges two numbers `binding@sslFlags`.
pub fn judge_binding_flags(before: Option<u32>, after: Option<u32>) -> Verdict {
    let (Some(before), Some(after)) = (before, after) else {
        return Verdict::unclear("a number that cannot be read: what IIS makes of it is not known");
    };
    let mut scale = Scale::default();
    let changed = before ^ after;
    let set = |bit: u32| after & bit != 0;
    for (bit, switch) in BINDING_SWITCHES {
        if changed & bit != 0 {
            scale.add(judge_switch(switch, set(bit)));
        }
    }
    if changed & (binding_flags::SNI | binding_flags::CCS) != 0 {
        scale.add(Verdict::unclear("another record of HTTP.sys serves the binding, with settings of its own"));
    }
    if changed & binding_flags::NEGOTIATE != 0 {
        scale.add(judge(
            Setting::NegotiateClientCertificate,
            &Value::Bool(!set(binding_flags::NEGOTIATE)),
            &Value::Bool(true),
            [Generation::Iis7; 2],
        ));
    }
    unknown_bits(&mut scale, changed & !binding_flags::KNOWN);
    scale.verdict("written differently")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(setting: Setting, before: &Value, after: &Value) -> Verdict {
        super::judge(setting, before, after, [Generation::Iis6; 2])
    }

    fn flags(setting: Setting, before: u32, after: u32) -> Verdict {
        judge(setting, &Value::Flags(before), &Value::Flags(after))
    }

    #[test]
    fn access_flags_are_weaker_when_something_is_no_longer_required() {
        use Strength::{Mixed, Neutral, Stronger, Unclear, Weaker};
        for (before, after, strength) in [
            (104, 8, Weaker),
            (104, 40, Weaker),
            (40, 104, Stronger),
            (8, 0, Weaker),
            (264, 8, Weaker),
            (8, 256, Mixed),
            (8, 40, Stronger),
            (40, 8, Weaker),
            (104, 72, Neutral),
            (40, 72, Stronger),
            (104, 232, Neutral),
            (8, 520, Unclear),
            (104, 520, Weaker),
        ] {
            let verdict = flags(Setting::AccessFlags, before, after);
            assert_eq!(verdict.strength, strength, "{before} -> {after}: {}", verdict.why);
            assert!(!verdict.why.is_empty());
        }
        assert!(flags(Setting::AccessFlags, 104, 520).why.contains("bits 0x200"), "an unknown bit is never swallowed");
    }

    #[test]
    fn only_bit_1_of_cert_check_mode_and_the_usage_bit_drop_a_check_and_cached_crls_are_only_likely_weaker() {
        use Strength::{Mixed, Neutral, Stronger, Unclear, Weaker};
        for (before, after, strength, likely) in [
            (0, 1, Weaker, false),
            (1, 0, Stronger, false),
            (0, 2, Weaker, true),
            (2, 0, Stronger, true),
            (0, 4, Neutral, false),
            (0, 6, Weaker, true),
            (1, 3, Neutral, true),
            (0, 3, Weaker, true),
            (5, 4, Stronger, true),
            (2, 1, Weaker, false),
            (0, 0x1_0000, Weaker, false),
            (1, 0x1_0000, Mixed, false),
            (0, 8, Unclear, false),
        ] {
            let verdict = flags(Setting::CertCheckMode, before, after);
            assert_eq!((verdict.strength, verdict.likely), (strength, likely), "{before} -> {after}: {}", verdict.why);
        }
        assert!(flags(Setting::CertCheckMode, 0, 2).why.starts_with("likely"));
    }

    #[test]
    fn whether_128_bits_demand_https_by_themselves_is_only_likely() {
        for (before, after) in [(104, 352), (352, 104), (264, 256), (256, 264), (8, 256)] {
            let why = flags(Setting::AccessFlags, before, after).why;
            assert!(why.contains("likely") && why.contains("by a flag of its own"), "{before} -> {after}: {why}");
        }
        assert!(flags(Setting::AccessFlags, 256, 0).why.contains("likely: https is no longer required"));
        assert_eq!(flags(Setting::AccessFlags, 104, 96).why, "https is no longer required");
    }

    #[test]
    fn on_iis_6_a_ctl_that_goes_leaves_every_trusted_root_whatever_the_version_of_windows() {
        let verdict = judge(Setting::CtlIdentifier, &Value::Text("a".to_owned()), &Value::None);
        assert_eq!((verdict.strength, verdict.likely), (Strength::Weaker, false));
        assert!(
            verdict.why.contains("every root that the computer trusts") && !verdict.why.contains("version of Windows"),
            "{}",
            verdict.why
        );
        let later = super::judge(Setting::CtlIdentifier, &Value::Text("a".to_owned()), &Value::None, [Generation::Iis7; 2]);
        assert!(later.likely && later.why.contains("version of Windows"));
    }

    #[test]
    fn a_ctl_that_goes_accepts_more_issuers_and_one_that_is_replaced_cannot_be_told() {
        let text = |text: &str| Value::Text(text.to_owned());
        let strength = |before: &Value, after: &Value| super::judge(Setting::CtlIdentifier, before, after, [Generation::Iis7; 2]).strength;
        assert_eq!(strength(&text("a"), &Value::None), Strength::Weaker);
        assert_eq!(strength(&Value::None, &text("a")), Strength::Stronger);
        assert_eq!(strength(&text("a"), &text("b")), Strength::Unclear);
    }

    #[test]
    fn a_renewed_certificate_and_the_time_of_asking_are_neutral_and_anonymous_users_are_not() {
        let hash = |byte| Value::Bytes(vec![byte; 20]);
        assert_eq!(judge(Setting::ServerCertificate, &hash(1), &hash(2)).strength, Strength::Neutral);
        for setting in [Setting::NegotiateClientCertificate, Setting::DsMapper] {
            assert_eq!(judge(setting, &Value::Bool(true), &Value::Bool(false)).strength, Strength::Neutral, "{setting}");
        }
        assert_eq!(judge(Setting::AnonymousAuthentication, &Value::Bool(false), &Value::Bool(true)).strength, Strength::Weaker);
        assert_eq!(judge(Setting::AllowDoubleEscaping, &Value::Bool(true), &Value::Bool(false)).strength, Strength::Stronger);
    }

    #[test]
    fn permissions_that_forbid_count_the_other_way_round() {
        assert_eq!(flags(Setting::AccessPermissions, 1, 3).strength, Strength::Weaker);
        assert_eq!(flags(Setting::AccessPermissions, 1, 1 | 1024).strength, Strength::Stronger);
        assert_eq!(flags(Setting::AccessPermissions, 1 | 1024, 1).strength, Strength::Weaker);
        assert_eq!(flags(Setting::AccessPermissions, 1, 2).strength, Strength::Mixed);
    }

    #[test]
    fn what_cannot_be_read_is_never_called_weaker_or_stronger() {
        let malformed = Value::parse(Setting::AccessFlags, Generation::Iis7, "Ssl.SslRequireCert");
        assert_eq!(judge(Setting::AccessFlags, &malformed, &Value::Flags(0)).strength, Strength::Unclear);
        assert_eq!(judge_binding_flags(Some(1), None).strength, Strength::Unclear);
    }

    #[test]
    fn switching_old_tls_off_is_stronger_and_switching_the_newest_off_is_weaker() {
        assert_eq!(judge_binding_flags(Some(1), Some(65)).strength, Strength::Stronger);
        assert_eq!(judge_binding_flags(Some(65), Some(1)).strength, Strength::Weaker);
        assert_eq!(judge_binding_flags(Some(1), Some(33)).strength, Strength::Weaker);
        assert_eq!(judge_binding_flags(Some(33), Some(65)).strength, Strength::Stronger);
        assert_eq!(judge_binding_flags(Some(1), Some(97)).strength, Strength::Mixed);
        assert_eq!(judge_binding_flags(Some(1), Some(5)).strength, Strength::Neutral);
        assert_eq!(judge_binding_flags(Some(0), Some(1)).strength, Strength::Unclear);
    }

    #[test]
    fn the_other_way_round_every_verdict_is_the_opposite_one() {
        let mut values: Vec<Value> = (0..1024).step_by(8).map(Value::Flags).collect();
        values.extend([1, 2, 3, 4, 6, 7, 0x1_0000, 0x1_0001, 0x2_0000].map(Value::Flags));
        values.extend([Value::None, Value::Bool(true), Value::Bool(false), Value::Number(1), Value::Text("a".to_owned())]);
        values.extend([Value::Text("b".to_owned()), Value::Bytes(vec![1]), Value::Malformed("x".to_owned())]);
        for setting in Setting::ALL {
            for before in &values {
                for after in values.iter().filter(|after| *after != before) {
                    let (there, back) = (judge(*setting, before, after), judge(*setting, after, before));
                    assert_eq!(there.strength, back.strength.mirrored(), "{setting}: {before:?} {after:?}");
                    assert_eq!(there.likely, back.likely, "{setting}: {before:?} {after:?}");
                }
            }
        }
        for before in 0..512 {
            for after in (0..512).filter(|after| *after != before) {
                let (there, back) = (judge_binding_flags(Some(before), Some(after)), judge_binding_flags(Some(after), Some(before)));
                assert_eq!(there.strength, back.strength.mirrored(), "{before} {after}");
            }
        }
    }
}
