//! What is read of the fixtures, of files that people could hand in, and of hostile bytes.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::tlv::hex;
use super::*;

const ROOT: &[u8] = include_bytes!("../../../tests/fixtures/x509/root.cer");
const CLIENT: &[u8] = include_bytes!("../../../tests/fixtures/x509/client.cer");
const SERVER: &[u8] = include_bytes!("../../../tests/fixtures/x509/server.cer");
const PLAIN: &[u8] = include_bytes!("../../../tests/fixtures/x509/plain.cer");
const ISSUING: &[u8] = include_bytes!("../../../tests/fixtures/x509/issuing2.b64");
const USERS: &[u8] = include_bytes!("../../../tests/fixtures/x509/users.pem");
const BASE: &[u8] = include_bytes!("../../../tests/fixtures/x509/issuing2.crl");
const DELTA: &[u8] = include_bytes!("../../../tests/fixtures/x509/issuing2+.crl");
const CHAIN: &[u8] = include_bytes!("../../../tests/fixtures/x509/chain.p7b");
const LIST: &[u8] = include_bytes!("../../../tests/fixtures/x509/contoso.stl");
const STORE: &[u8] = include_bytes!("../../../tests/fixtures/x509/store.sst");
const PFX: &[u8] = include_bytes!("../../../tests/fixtures/x509/head.pfx");
const REFUSED: &[u8] = include_bytes!("../../../tests/fixtures/x509/refused.pem");
const ALL: [&[u8]; 13] = [ROOT, CLIENT, SERVER, PLAIN, ISSUING, USERS, BASE, DELTA, CHAIN, LIST, STORE, PFX, REFUSED];

const FILE: FileId = FileId(7);

fn of(bytes: &[u8]) -> ReadX509 {
    read(bytes, FILE).unwrap()
}

fn one(bytes: &[u8]) -> X509 {
    let read = of(bytes);
    assert_eq!((read.certificates.len(), read.warnings.len()), (1, 0), "{read:?}");
    read.certificates.into_iter().next().unwrap()
}

fn list(bytes: &[u8]) -> Crl {
    of(bytes).crls.into_iter().next().unwrap()
}

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn texts(read: &ReadX509) -> Vec<String> {
    let line = |place: Place| format!("line {}: ", place.line);
    read.warnings.iter().map(|warning| format!("{}{}", warning.place.map(line).unwrap_or_default(), warning.message)).collect()
}

#[test]
fn a_certificate_of_a_client_says_everything_that_is_asked() {
    let ann = one(CLIENT);
    assert_eq!(ann.subject.shown, "CN=Ann Example, OU=Übung, DC=contoso, DC=com");
    assert_eq!(ann.issuer.shown, "CN=Contoso Issuing CA 2, DC=contoso, DC=com");
    assert_eq!(ann.serial.to_string(), "00d1e2f3");
    assert!(ann.serial.is_written("d1e2f3") && ann.serial.is_written("00 D1:E2 F3") && !ann.serial.is_written("d1e2f300"));
    assert_eq!((ann.not_before, ann.not_after), (at("2026-04-05T06:07:08Z"), at("2031-04-05T06:07:08Z")));
    assert_eq!(ann.eku.as_deref().unwrap(), ["1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.4"]);
    assert_eq!(ann.application_policies.as_deref().unwrap(), ["1.3.6.1.5.5.7.3.2"]);
    let usage = ann.key_usage.unwrap();
    assert_eq!((usage.0, usage.signs(), usage.signs_certificates()), (0b101, true, false));
    assert_eq!((ann.ca, ann.path_length, ann.self_issued), (Some(false), None, false));
    assert_eq!(ann.crl_urls, ["http://pki.contoso.com/issuing2.crl", "ldap:///CN=Contoso%20Issuing%20CA%202"]);
    assert_eq!(ann.delta_crl_urls, ["http://pki.contoso.com/issuing2+.crl"]);
    assert_eq!(ann.issuer_urls, ["http://pki.contoso.com/issuing2.crt"]);
    assert_eq!(ann.ocsp_urls, ["http://ocsp.contoso.com"]);
    assert_eq!(ann.template.as_deref(), Some("1.3.6.1.4.1.311.21.8.1.2.3"));
    assert_eq!((ann.key.as_str(), ann.signature_algorithm.as_str()), ("RSA 2048", "sha256RSA"));
    assert_eq!(ann.unknown_extensions, [("1.3.6.1.4.1.99999.1".to_owned(), true)]);
    let names: Vec<_> = ann.alternative_names.iter().map(|name| (name.kind, name.text.as_str())).collect();
    assert_eq!(names, [(AlternativeKind::PrincipalName, "ann@contoso.com"), (AlternativeKind::Email, "ann@contoso.com")]);
    assert_eq!(ann.place, Place { file: FILE, line: 1, column: 1 });
    assert_eq!(hex(&ann.thumbprint), hex(&<[u8; 20]>::from(<sha1::Sha1 as sha1::Digest>::digest(CLIENT))));
}

#[test]
fn authorities_and_servers_differ_in_what_they_may() {
    let (root, issuing, server, plain) = (one(ROOT), one(ISSUING), one(SERVER), one(PLAIN));
    assert_eq!(root.subject.shown, "CN=Contoso Root CA, O=\"Contoso, Ltd.\", C=DE");
    assert_eq!((root.ca, root.path_length, root.self_issued, root.is_own_issuer()), (Some(true), None, true, true));
    assert_eq!((issuing.ca, issuing.path_length, issuing.template.as_deref()), (Some(true), Some(0), Some("SubCA")));
    assert_eq!(issuing.unknown_extensions, []);
    assert_eq!(issuing.authority_key_id, root.subject_key_id);
    assert_eq!((server.key.as_str(), server.serial.to_string().as_str()), ("ECDSA P-256", "0c"));
    let names: Vec<_> = server.alternative_names.iter().map(|name| name.text.as_str()).collect();
    assert_eq!(names, ["www.contoso.com", "192.0.2.7", "2001:db8::7", "https://www.contoso.com/"]);
    assert_eq!((plain.eku, plain.key_usage, plain.crl_urls.len()), (None, None, 0));
    assert_eq!(plain.not_after.to_string(), "9999-12-31 23:59:59 UTC");
}

#[test]
fn pem_is_read_with_text_around_its_blocks_and_in_every_encoding_of_a_console() {
    let read = of(USERS);
    let found: Vec<_> = read.certificates.iter().map(|one| (one.subject.shown.split(',').next().unwrap(), one.place.line)).collect();
    assert_eq!((found[0], found[1].0, read.container), (("CN=Bob Example", 3), "CN=Carol Example", "PEM"));
    let lines = USERS.split(|byte| *byte == b'\n').position(|line| line.starts_with(b"-----BEGIN TRUSTED")).unwrap();
    assert_eq!(found[1].1 as usize, lines + 1);
    let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(USERS.iter().flat_map(|byte| [*byte, 0])).collect();
    assert_eq!(of(&wide).certificates, read.certificates);
    let old: Vec<u8> = USERS.iter().copied().filter(|byte| *byte != b'\r').collect();
    assert_eq!(of(&old).certificates, read.certificates);
}

#[test]
fn one_broken_block_of_pem_does_not_stop_the_others() {
    let text = std::str::from_utf8(USERS).unwrap();
    let broken = text.replacen("\r\n-----END", "!\r\n-----END", 1);
    let read = of(broken.as_bytes());
    assert_eq!(read.certificates.len(), 1);
    assert_eq!(texts(&read), ["line 3: not read: it is no Base64"]);
    let cut = of(&USERS[..USERS.len() - 40]);
    assert!(texts(&cut)[0].contains("has no end; the file may have been cut"), "{:?}", texts(&cut));
    assert_eq!(cut.certificates.len(), 1);
    let only = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    let error = read_text(only, FILE).unwrap_err();
    assert_eq!(
        error.to_string(),
        "holds neither a certificate nor a revocation list, a trust list or PKCS #7 (byte 0 of the block at line 1)"
    );
}

#[test]
fn revocation_lists_are_read_with_their_entries_sorted() {
    let (base, delta) = (list(BASE), list(DELTA));
    assert_eq!(base.issuer.shown, "CN=Contoso Issuing CA 2, DC=contoso, DC=com");
    assert_eq!((base.this_update, base.next_update), (at("2031-04-01T06:07:08Z"), Some(at("2031-04-09T06:07:08Z"))));
    assert_eq!(base.next_publish, Some(at("2031-04-08T06:07:08Z")));
    assert_eq!((base.number.as_ref().unwrap().to_string(), base.delta.is_none()), ("10".to_owned(), true));
    assert_eq!(base.delta_urls, ["http://pki.contoso.com/issuing2+.crl"]);
    let entries: Vec<_> =
        base.revoked.iter().map(|entry| (entry.serial.to_string(), entry.date.to_string(), entry.reason.unwrap().name())).collect();
    assert_eq!(
        entries,
        [
            ("0a0b0c".to_owned(), "2027-01-02 03:04:05 UTC".to_owned(), Some("keyCompromise")),
            ("0a0b0d".to_owned(), "2027-02-03 04:05:06 UTC".to_owned(), Some("certificateHold")),
        ]
    );
    assert_eq!((base.unknown_extensions.len(), base.entries_not_understood), (0, 0));
    assert_eq!((delta.number.unwrap().to_string(), delta.delta.unwrap().to_string()), ("12".to_owned(), "10".to_owned()));
    assert_eq!(delta.revoked.iter().map(|entry| entry.serial.to_string()).collect::<Vec<_>>(), ["0a0b0d", "0c"]);
}

#[test]
fn pkcs_7_and_serialized_stores_give_all_that_they_hold() {
    let chain = of(CHAIN);
    assert_eq!((chain.certificates.len(), chain.crls.len(), chain.container), (2, 1, "PKCS #7"));
    assert_eq!((&chain.certificates[0].subject, &chain.certificates[1].subject), (&one(ISSUING).subject, &one(ROOT).subject));
    assert_eq!(chain.crls[0].revoked, list(BASE).revoked);
    let store = of(STORE);
    assert_eq!((store.certificates.len(), store.crls.len(), store.ctls.len(), store.properties), (2, 1, 1, 8));
    assert_eq!(store.warnings, []);
    assert_eq!(store.certificates[0].thumbprint, one(ROOT).thumbprint);
    assert!(store.certificates[0].place.column > 8 && store.certificates[0].place.line == 1);
}

#[test]
fn a_hash_in_a_serialized_store_that_is_another_is_told() {
    let mut store = STORE.to_vec();
    // The SHA-1 property of the first certificate follows its name: 8 bytes of begin, 12 and 16 of the name, 12 of its own.
    store[8 + 12 + 16 + 12] ^= 1;
    let read = of(&store);
    assert_eq!(read.certificates.len(), 2);
    assert!(texts(&read)[0].contains("its SHA-1 hash is not the one that the store has for it"), "{:?}", texts(&read));
    let cut = of(&STORE[..1200]);
    assert_eq!(cut.certificates.len(), 1);
    assert!(texts(&cut)[0].contains("not read: an element says that it has"), "{:?}", texts(&cut));
}

#[test]
fn trust_lists_name_their_members_and_what_they_are_for() {
    let read = of(LIST);
    let trust = &read.ctls[0];
    assert_eq!(trust.usage, ["1.3.6.1.5.5.7.3.2"]);
    assert_eq!(trust.identifier_text().as_deref(), Some("Contoso clients"));
    assert_eq!(trust.sequence.as_ref().unwrap().to_string(), "01d9");
    assert_eq!((trust.this_update, trust.next_update), (at("2026-04-05T06:07:08Z"), Some(at("2031-04-05T06:07:08Z"))));
    assert_eq!(trust.members, [one(ROOT).thumbprint, one(ISSUING).thumbprint]);
    assert_eq!((trust.enclosed.as_slice(), trust.signers, trust.members_not_understood), (&[one(ROOT).thumbprint][..], 0, 0));
    assert!(trust.names(&one(ISSUING)) && !trust.names(&one(CLIENT)));
    assert_eq!(trust.validity(at("2032-01-01")), Validity::Expired);
    assert_eq!(read.certificates.len(), 1);
}

#[test]
fn private_keys_are_refused_and_nothing_of_them_is_kept() {
    let read = of(PFX);
    assert_eq!((read.private_keys, read.certificates.len(), read.container), (1, 0, "PKCS #12"));
    assert_eq!(texts(&read), ["holds a private key; not needed, not read (byte 0)"]);
    let read = of(REFUSED);
    assert_eq!((read.private_keys, read.certificates.len()), (1, 1));
    assert!(texts(&read)[0].ends_with("holds a private key; not needed, not read"), "{:?}", texts(&read));
    assert!(!format!("{read:?}").contains("This is no key"));
    for begin in [
        &[0x30, 0x82, 4, 0xa4, 2, 1, 0, 2, 0x82, 1, 1, 0][..],
        &[0x30, 0x77, 2, 1, 1, 4, 0x20, 9, 9],
        &[0x30, 0x82, 4, 0xbe, 2, 1, 0, 0x30, 0x0d, 6, 9, 0x2a],
        &[0x30, 0x82, 5, 0, 0x30, 0x50, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 13],
        &[0x30, 0x80, 2, 1, 3, 0x30, 0x80, 6, 9],
        &[0x1e, 0xf1, 0xb5, 0xb0, 0, 0, 0, 0],
    ] {
        assert!(is_binary(begin) && of(begin).private_keys == 1, "{begin:02x?}");
    }
    let unfinished = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nTUlJ";
    assert_eq!(read_text(unfinished, FILE).unwrap().private_keys, 1);
}

#[test]
fn other_files_are_told_apart_by_content() {
    for bytes in ALL {
        let text = std::str::from_utf8(bytes).is_ok_and(is_text);
        assert!(is_binary(bytes) != text);
    }
    for text in ["", "MIIB", "MAA=", "-----BEGIN PUBLIC KEY-----", "-----BEGIN PGP MESSAGE-----", "SSL Certificate bindings:", "<a/>"] {
        assert!(!is_text(text) && !is_binary(text.as_bytes()), "{text}");
    }
    assert!(read(b"no certificate", FILE).is_err());
    let request = "-----BEGIN NEW CERTIFICATE REQUEST-----\nMAA=\n-----END NEW CERTIFICATE REQUEST-----\n";
    assert!(is_text(request));
    assert_eq!(texts(&read_text(request, FILE).unwrap())[0], "line 1: a request for a certificate; not read");
}

#[test]
fn a_fault_names_its_byte_and_keeps_what_was_read_before() {
    let mut wrong = CLIENT.to_vec();
    // The length of the body, two bytes behind the begin of the second element.
    wrong[6] = 0x7f;
    let error = read(&wrong, FILE).unwrap_err();
    assert!(error.message.contains("but only") && error.offset == 4 && error.line.is_none(), "{error}");
    let cut = read(&CLIENT[..700], FILE).unwrap_err();
    assert!(cut.to_string().ends_with("but only 696 are left (byte 0)"), "{cut}");
    let both = of(&[ROOT, &CLIENT[..700]].concat());
    assert_eq!(both.certificates.len(), 1);
    assert!(texts(&both)[0].starts_with("not read: an element says"), "{:?}", texts(&both));
    let more = of(&[ROOT, b"rubbish"].concat());
    assert_eq!(texts(&more), [format!("7 bytes after it are not read (byte {})", ROOT.len())]);
    assert_eq!(of(&[ROOT, b"\r\n"].concat()).warnings, []);
}

#[test]
fn a_broken_extension_is_told_and_the_certificate_is_kept() {
    // 2.5.29.37 with an object identifier of another type.
    let position = CLIENT.windows(5).position(|five| five == [6, 3, 0x55, 0x1d, 0x25]).unwrap();
    let mut odd = CLIENT.to_vec();
    assert_eq!(odd[position + 9], 6);
    odd[position + 9] = 5;
    let read = of(&odd);
    assert_eq!(read.certificates[0].eku, None);
    assert_eq!(read.certificates[0].unknown_extensions[0], ("2.5.29.37".to_owned(), false));
    assert!(texts(&read)[0].starts_with("the extension 2.5.29.37 cannot be read: expected an object identifier"), "{:?}", texts(&read));
}

#[test]
fn a_chain_is_made_by_names_and_keys_and_says_what_is_missing() {
    let (ann, issuing, root) = (one(CLIENT), one(ISSUING), one(ROOT));
    let all = [root.clone(), issuing.clone(), ann.clone(), issuing.clone()];
    let whole = chain(&ann, &all);
    assert_eq!(whole.links, [&ann, &issuing, &root]);
    assert_eq!((&whole.end, whole.gap(), whole.alternatives.len()), (&ChainEnd::SelfIssued, None, 0));
    let without = chain(&ann, &all[2..]);
    assert_eq!(without.links, [&ann, &issuing]);
    assert_eq!(without.gap().unwrap(), "no certificate of CN=Contoso Root CA, O=\"Contoso, Ltd.\", C=DE among the files");
    let mut renewed = issuing.clone();
    renewed.subject_key_id = Some(vec![1; 20]);
    let other_key = [renewed.clone()];
    assert_eq!(
        chain(&ann, &other_key).gap().unwrap(),
        "no certificate of CN=Contoso Issuing CA 2, DC=contoso, DC=com with the key that issued it among the files, only with another key"
    );
    // The same key with another life: what counts longest is taken, the other one is told.
    let mut longer = issuing.clone();
    (longer.not_after.0, longer.thumbprint) = (longer.not_after.0 + 1, [3; 20]);
    let three = [issuing.clone(), longer.clone(), root.clone()];
    let taken = chain(&ann, &three);
    assert_eq!((taken.links[1], taken.alternatives.as_slice()), (&longer, &[&issuing][..]));
}

#[test]
fn a_chain_tells_which_certificate_stands_in_the_way() {
    let (ann, issuing, root) = (one(CLIENT), one(ISSUING), one(ROOT));
    let all = [root.clone(), issuing.clone()];
    let whole = chain(&ann, &all);
    assert_eq!((whole.not_for_clients(), whole.may_not_issue()), (None, None));
    let mut servers_only = issuing.clone();
    servers_only.eku = Some(vec!["1.3.6.1.5.5.7.3.1".to_owned()]);
    let all = [root.clone(), servers_only.clone()];
    assert_eq!(chain(&ann, &all).not_for_clients(), Some(&servers_only));
    let mut no_signer = issuing.clone();
    no_signer.key_usage = Some(KeyUsage(1));
    let all = [root.clone(), no_signer.clone()];
    assert_eq!(chain(&ann, &all).may_not_issue(), Some(&no_signer));
    let mut short = root.clone();
    short.path_length = Some(0);
    let all = [short.clone(), issuing.clone()];
    assert_eq!(chain(&ann, &all).may_not_issue(), Some(&short));
}

#[test]
fn issuers_that_go_round_in_a_circle_end() {
    let mut first = one(ISSUING);
    let mut second = one(ROOT);
    (second.issuer, second.self_issued, second.authority_key_id) = (first.subject.clone(), false, first.subject_key_id.clone());
    first.authority_key_id = second.subject_key_id.clone();
    let all = [first, second];
    let circle = chain(&all[0], &all);
    assert_eq!((circle.links.len(), circle.end), (2, ChainEnd::Circle));
}

#[test]
fn a_chain_that_is_too_long_ends() {
    let all: Vec<X509> = (0..200u8)
        .map(|number| {
            let mut link = one(ISSUING);
            (link.subject.der, link.issuer.der, link.thumbprint) = (vec![number; 5], vec![number + 1; 5], [number; 20]);
            (link.subject_key_id, link.authority_key_id) = (None, None);
            link
        })
        .collect();
    let long = chain(&all[0], &all);
    assert_eq!((long.links.len(), &long.end), (32, &ChainEnd::TooLong));
}

#[test]
fn serial_numbers_are_shown_as_windows_does_and_compared_as_numbers() {
    for (encoded, shown) in
        [(&[][..], "00"), (&[0], "00"), (&[0, 0, 0x7f], "7f"), (&[0, 0xc1, 0, 0x8b], "00c1008b"), (&[0xff], "ff"), (&[0x01, 0x02], "0102")]
    {
        let serial = Serial::new(encoded);
        assert_eq!(serial.to_string(), shown);
        assert!(serial.is_written(shown) && serial.is_written(&shown.to_uppercase()), "{shown}");
    }
    assert_ne!(Serial::new(&[0, 0xff]), Serial::new(&[0xff]));
    assert_eq!(Serial::new(&[0, 0xff]).bytes(), [0xff]);
    assert!(Serial::new(&[1]).is_written("1") && !Serial::new(&[0]).is_written(""));
}

#[test]
fn validity_includes_its_first_and_its_last_second() {
    let ann = one(CLIENT);
    let of = |text: &str| validity(&ann, at(text));
    assert_eq!(of("2026-04-05T06:07:07Z"), Validity::NotYet);
    assert_eq!(of("2026-04-05T06:07:08Z"), Validity::Valid);
    assert_eq!(of("2031-04-05T06:07:08Z"), Validity::Valid);
    assert_eq!(of("2031-04-05T06:07:09Z"), Validity::Expired);
}

#[test]
fn certificates_without_usages_are_for_clients_and_those_of_servers_are_not() {
    assert_eq!(for_client_authentication(&one(CLIENT)), ClientUse::Named);
    assert_eq!(for_client_authentication(&one(PLAIN)), ClientUse::NotRestricted);
    let server = for_client_authentication(&one(SERVER));
    assert_eq!(server, ClientUse::OthersOnly(vec!["1.3.6.1.5.5.7.3.1".to_owned()]));
    assert!(!server.is_allowed());
    let mut any = one(SERVER);
    any.eku = Some(vec!["2.5.29.37.0".to_owned()]);
    assert_eq!(for_client_authentication(&any), ClientUse::Any);
    any.application_policies = Some(vec!["1.3.6.1.5.5.7.3.1".to_owned()]);
    assert!(!for_client_authentication(&any).is_allowed());
}

#[test]
fn revocation_is_told_with_the_list_that_says_it_and_whether_it_counts() {
    let users = of(USERS).certificates;
    let (bob, carol, ann, server) = (&users[0], &users[1], &one(CLIENT), &one(SERVER));
    let both = [list(DELTA), list(BASE)];
    let then = at("2031-04-04T00:00:00Z");
    assert!(
        matches!(revoked(bob, &both, then), Revocation::Revoked { entry, list: Validity::Valid, .. } if entry.reason == Some(Reason(1)))
    );
    assert_eq!(revoked(ann, &both, then), Revocation::NotRevoked { crl: &both[1], delta: Some(&both[0]) });
    // The delta list takes Carol off again, and names the server.
    assert!(matches!(revoked(carol, &both[1..], then), Revocation::Revoked { entry, .. } if entry.reason == Some(Reason::ON_HOLD)));
    assert!(matches!(revoked(carol, &both, then), Revocation::NotRevoked { .. }));
    // Its certificate names no freshest list, which does not keep the delta list from speaking for it.
    assert!(matches!(revoked(server, &both, then), Revocation::Revoked { crl, .. } if crl.delta.is_some()));
    // After the delta list has ended the whole list decides, and after that no list counts.
    let later = at("2031-04-08");
    assert!(matches!(revoked(server, &both, later), Revocation::NotRevoked { delta: None, .. }));
    assert_eq!(revoked(ann, &both, at("2031-05-01")), Revocation::NotCurrent { crl: &both[1], list: Validity::Expired });
    assert_eq!(revoked(ann, &both, at("2031-01-01")), Revocation::NotCurrent { crl: &both[1], list: Validity::NotYet });
    assert!(matches!(revoked(bob, &both, at("2031-05-01")), Revocation::Revoked { list: Validity::Expired, .. }));
    assert_eq!(revoked(ann, &both[..1], then), Revocation::NoList);
    assert_eq!(revoked(&one(ISSUING), &both, then), Revocation::NoList);
}

#[test]
fn a_list_speaks_for_certificates_of_its_issuer_key_kind_and_point_only() {
    let (mut crl, ann) = (list(BASE), one(CLIENT));
    assert_eq!(crl_covers(&crl, &ann), Coverage::Covers);
    assert_eq!(crl_covers(&crl, &one(ISSUING)), Coverage::OtherIssuer);
    crl.scope.authorities_only = true;
    assert_eq!(crl_covers(&crl, &ann), Coverage::OtherKind);
    crl.scope = CrlScope { urls: vec!["http://elsewhere/".to_owned()], ..CrlScope::default() };
    assert_eq!(crl_covers(&crl, &ann), Coverage::OtherPoint);
    crl.scope.urls.push("http://pki.contoso.com/issuing2.crl".to_owned());
    assert_eq!(crl_covers(&crl, &ann), Coverage::Covers);
    crl.scope.some_reasons = true;
    assert_eq!(crl_covers(&crl, &ann), Coverage::Partial);
    crl.authority_key_id = Some(vec![9]);
    assert_eq!(crl_covers(&crl, &ann), Coverage::OtherKey);
}

#[test]
fn a_certificate_is_looked_for_in_a_store_by_its_thumbprint() {
    let root = one(ROOT);
    let listing = |hash: &str, end: &str| {
        let text = format!(
            "Root \"Trusted Root Certification Authorities\"\n================ Certificate 0 ================\nSerial Number: 01\nIssuer: CN=A\n NotBefore: x\n NotAfter: x\nSubject: CN=A\nCert Hash(sha1): {hash}\n{end}\n"
        );
        crate::evidence::read_stores(&text, FILE).stores.remove(0)
    };
    let done = "CertUtil: -store command completed successfully.";
    assert_eq!(in_store(&root, &listing(&hex(&root.thumbprint), "")), Some(true));
    assert_eq!(in_store(&root, &listing(&"00".repeat(20), done)), Some(false));
    assert_eq!(in_store(&root, &listing(&"00".repeat(20), "")), None);
}

#[test]
fn many_faults_are_not_all_listed() {
    // PKCS #7 whose certificates are a thousand empty elements.
    let mut parts = vec![0x30, 0x80, 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2, 0xa0, 0x80, 0x30, 0x80, 2, 1, 1, 0x31, 0];
    parts.extend([0x30, 3, 6, 1, 0x2a, 0xa0, 0x80]);
    parts.extend([0x30, 0].repeat(1000));
    parts.extend([0; 8]);
    assert!(is_binary(&parts));
    assert!(read(&parts, FILE).unwrap_err().message.contains("the body of a certificate is missing"));
    let both = of(&[&parts, ROOT].concat());
    assert_eq!((both.certificates.len(), both.warnings.len()), (1, 101));
    assert_eq!(texts(&both)[100], "more in this file cannot be read or is odd");
}

#[test]
fn deep_nesting_and_huge_lengths_are_read_at_once() {
    let deep: Vec<u8> = [0x30, 0x80].repeat(500_000);
    assert!(read(&deep, FILE).is_err());
    let begin = [0x30, 0x80, 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2, 0xa0, 0x80];
    assert!(read(&[&begin[..], &deep].concat(), FILE).is_err());
    let mut store = b"\0\0\0\0CERT\x20\0\0\0\x01\0\0\0\xff\xff\xff\xff".to_vec();
    store.extend(CLIENT);
    assert!(read(&store, FILE).unwrap_err().message.contains("4294967295 bytes"));
}

#[test]
fn what_one_file_gives_does_not_depend_on_its_container() {
    let chain: BTreeSet<_> = of(CHAIN).certificates.iter().map(|one| one.thumbprint).collect();
    let store: BTreeSet<_> = of(STORE).certificates.iter().map(|one| one.thumbprint).collect();
    assert_eq!(chain, store);
    assert_eq!(chain, BTreeSet::from([one(ROOT).thumbprint, one(ISSUING).thumbprint]));
}

fn look_at_everything(read: &ReadX509) {
    let now = at("2031-04-04");
    let authorities = Authorities::new(&read.certificates);
    for certificate in &read.certificates {
        let chain = authorities.chain(certificate);
        assert!(!chain.links.is_empty());
        let _ = (chain.gap(), validity(certificate, now), for_client_authentication(certificate), certificate.serial.to_string());
        let _ = (revoked(certificate, &read.crls, now), certificate.not_after.to_string());
    }
    for trust in &read.ctls {
        let _ = (trust.identifier_text(), trust.validity(now));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        if let Ok(read) = read(&bytes, FILE) {
            look_at_everything(&read);
        }
        if let Ok(read) = read_binary(&bytes, FILE) {
            look_at_everything(&read);
        }
        let _ = read_text(&String::from_utf8_lossy(&bytes), FILE);
    }

    #[test]
    fn changed_files_are_read_or_refused(
        which in 0..ALL.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = ALL[which].to_vec();
        for (index, value) in changes {
            let index = index.index(bytes.len());
            bytes[index] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(read) = read(&bytes, FILE) {
            look_at_everything(&read);
        }
    }
}
