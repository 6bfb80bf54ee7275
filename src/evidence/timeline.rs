//! Events about SSL in groups: how often each came, from when to when, and what it means, with the alert code of a failed handshake decoded.
//! What is not in the tables is told as a number.

use std::collections::{BTreeMap, BTreeSet};

use super::{Channel, Event};

/// Events of one source, number and alert code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventGroup {
    /// Where they come from.
    pub channel: Channel,
    /// Their number.
    pub id: u32,
    /// The alert code of TLS, of events that tell one.
    pub alert: Option<u32>,
    /// The name and meaning of the alert, where it is known.
    pub alert_meaning: Option<&'static str>,
    /// What an event with this number means, where it is known.
    pub meaning: Option<&'static str>,
    /// How many.
    pub count: u64,
    /// Time of the first, as written: by time where all times can be compared, else in the order of the file.
    pub first: String,
    /// Time of the last, in the same way.
    pub last: String,
    /// How many on each day, where the times can be compared.
    pub days: BTreeMap<String, u64>,
    /// The computers that logged them.
    pub computers: BTreeSet<String>,
}

/// Events of Schannel, HTTP.sys and the web service in groups, those of Schannel first, by number and alert code. Other events are left out.
pub fn event_groups<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<EventGroup> {
    let mut groups: BTreeMap<(Channel, u32, Option<u32>), Vec<&Event>> = BTreeMap::new();
    for event in events {
        let channel = event.channel();
        if channel != Channel::Other {
            groups.entry((channel, event.id, alert_of(event))).or_default().push(event);
        }
    }
    groups.into_iter().map(|((channel, id, alert), events)| group(channel, id, alert, &events)).collect()
}

fn group(channel: Channel, id: u32, alert: Option<u32>, events: &[&Event]) -> EventGroup {
    let times = || events.iter().map(|event| event.time.as_str()).filter(|time| !time.is_empty());
    let comparable = times().all(|time| day_of(time).is_some());
    let (first, last) = if comparable { (times().min(), times().max()) } else { (times().next(), times().next_back()) };
    let mut days = BTreeMap::new();
    if comparable {
        times().filter_map(day_of).for_each(|day| *days.entry(day.to_owned()).or_default() += 1);
    }
    EventGroup {
        channel,
        id,
        alert,
        alert_meaning: alert.and_then(alert_meaning),
        meaning: meaning(channel, id),
        count: events.len() as u64,
        first: first.unwrap_or_default().to_owned(),
        last: last.unwrap_or_default().to_owned(),
        days,
        computers: events.iter().map(|event| event.computer.clone()).filter(|computer| !computer.is_empty()).collect(),
    }
}

/// The day of a time that begins as `2025-01-31`.
fn day_of(time: &str) -> Option<&str> {
    let day = time.get(..10)?;
    let fits = |(at, byte): (usize, u8)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() };
    day.bytes().enumerate().all(fits).then_some(day)
}

/// The alert code of an event that has one: from its data, else the first number of its message, which is the same place in every language.
pub fn alert_of(event: &Event) -> Option<u32> {
    if event.channel() != Channel::Schannel || !matches!(event.id, 36887 | 36888) {
        return None;
    }
    let named = event.data.iter().find(|(name, _)| name == "AlertDesc").map(|(_, value)| value);
    let data = named.or_else(|| event.data.first().filter(|(name, _)| name.is_empty()).map(|(_, value)| value));
    let alert = |text: &str| text.parse::<u32>().ok().filter(|alert| *alert <= 255);
    match data {
        Some(value) => alert(value.trim()),
        None => {
            // A version of a protocol, as in TLS 1.2, is no number by itself.
            let mut words = event.message.split(|c: char| !(c.is_alphanumeric() || c == '.'));
            words.find_map(|word| alert(word.trim_end_matches('.')))
        }
    }
}

/// What an alert of TLS says (RFC 5246 and RFC 8446). The side that sends it is the one that refuses.
pub fn alert_meaning(code: u32) -> Option<&'static str> {
    let at = ALERTS.binary_search_by_key(&code, |(code, _)| *code).ok()?;
    ALERTS.get(at).map(|(_, meaning)| *meaning)
}

fn meaning(channel: Channel, id: u32) -> Option<&'static str> {
    EVENTS.iter().find(|(of, number, _)| *of == channel && *number == id).map(|(_, _, meaning)| *meaning)
}

/// Sorted by code.
const ALERTS: &[(u32, &str)] = &[
    (10, "unexpected_message: a message came out of order"),
    (20, "bad_record_mac: a record was damaged"),
    (40, "handshake_failure: no agreement on protocol, cipher or certificate"),
    (42, "bad_certificate: the certificate is damaged or its signature is wrong"),
    (43, "unsupported_certificate: this kind of certificate is not accepted"),
    (44, "certificate_revoked: the certificate is revoked by its issuer"),
    (45, "certificate_expired: the certificate has expired or is not yet valid"),
    (46, "certificate_unknown: the certificate is refused for another reason"),
    (47, "illegal_parameter: a field has a value that is not allowed"),
    (48, "unknown_ca: the issuer of the certificate is not known or not trusted"),
    (49, "access_denied: the certificate is valid, and its holder is not let in"),
    (50, "decode_error: a message could not be decoded"),
    (51, "decrypt_error: a signature or key exchange could not be verified"),
    (70, "protocol_version: the protocol of the other side is not accepted"),
    (71, "insufficient_security: the ciphers of the other side are too weak"),
    (80, "internal_error: an error that has nothing to do with the other side"),
    (86, "inappropriate_fallback: the client came back with an older protocol without need"),
    (90, "user_canceled: the handshake was cancelled"),
    (100, "no_renegotiation: the other side does not renegotiate, so that no certificate can be asked for late"),
    (109, "missing_extension: an extension that must be there is missing"),
    (110, "unsupported_extension: an extension came that was not offered"),
    (112, "unrecognized_name: there is no server of this name"),
    (116, "certificate_required: a client certificate is required and none came"),
    (120, "no_application_protocol: no agreement on the application protocol"),
];

const EVENTS: &[(Channel, u32, &str)] = &[
    (Channel::Schannel, 36870, "the private key of a server certificate could not be opened"),
    (Channel::Schannel, 36874, "a client offered no cipher suite that the server accepts"),
    (Channel::Schannel, 36882, "a certificate came from an authority that is not trusted"),
    (
        Channel::Schannel,
        36885,
        "the list of trusted issuers was too long and was cut, so that clients of the issuers left out see no certificate to choose",
    ),
    (Channel::Schannel, 36887, "the other side ended the handshake with a fatal alert"),
    (Channel::Schannel, 36888, "this server ended a handshake with a fatal alert"),
    (Channel::HttpEvent, 15300, "the SSL record of an endpoint was deleted, with its check of client certificates and its list of issuers"),
    (Channel::HttpEvent, 15301, "an SSL record was made for an endpoint"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{read_events, read_events_xml};
    use crate::input::FileId;
    use crate::xml::Limits;

    #[test]
    fn both_tables_are_sorted_and_the_alerts_of_certificates_are_known() {
        assert!(ALERTS.is_sorted_by(|a, b| a.0 < b.0));
        for (code, name) in [
            (42, "bad_certificate"),
            (44, "certificate_revoked"),
            (45, "certificate_expired"),
            (46, "certificate_unknown"),
            (48, "unknown_ca"),
        ] {
            assert!(alert_meaning(code).unwrap().starts_with(name), "{code}");
        }
        assert_eq!(alert_meaning(250), None);
    }

    #[test]
    fn events_are_grouped_by_number_and_alert_with_times_and_days() {
        let event = |id: u32, time: &str, data: &str| {
            format!(
                "<Event xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\"><System><Provider Name=\"Schannel\"/><EventID>{id}</EventID><Level>2</Level><TimeCreated SystemTime=\"{time}\"/><Computer>WEB01</Computer></System><EventData>{data}</EventData></Event>"
            )
        };
        let text = format!(
            "<Events>{}{}{}{}</Events>",
            event(36887, "2025-01-02T10:00:00Z", "<Data Name=\"AlertDesc\">48</Data>"),
            event(36887, "2025-01-01T10:00:00Z", "<Data Name=\"AlertDesc\">48</Data>"),
            event(36887, "2025-01-03T10:00:00Z", "<Data>45</Data>"),
            event(36885, "2025-01-03T11:00:00Z", "")
        );
        let read = read_events_xml(&text, FileId(0), Limits::default()).unwrap();
        let groups = event_groups(&read.events);
        let told: Vec<_> =
            groups.iter().map(|group| (group.id, group.alert, group.count, group.first.get(..10).unwrap_or_default())).collect();
        assert_eq!(told, [(36885, None, 1, "2025-01-03"), (36887, Some(45), 1, "2025-01-03"), (36887, Some(48), 2, "2025-01-01")]);
        assert_eq!((groups[2].days.len(), groups[2].computers.len()), (2, 1));
        assert!(groups[2].alert_meaning.unwrap().starts_with("unknown_ca") && groups[0].meaning.unwrap().contains("was cut"));
    }

    #[test]
    fn an_alert_is_found_in_the_message_of_every_language_and_never_guessed_from_other_numbers() {
        let of = |message: &str, id: u32| {
            let text = format!(
                "Event[0]:\n  Log Name: System\n  Source: Schannel\n  Date: 2025-01-01T00:00:00.000\n  Event ID: {id}\n  Level: Error\n  Description: \n{message}\n"
            );
            alert_of(&read_events(&text, FileId(0)).events[0])
        };
        assert_eq!(
            of("A fatal alert was received from the remote endpoint. The TLS protocol defined fatal alert code is 46.", 36887),
            Some(46)
        );
        assert_eq!(of("The following fatal alert was generated: 48. The internal error state is 552.", 36888), Some(48));
        assert_eq!(of("Der im TLS-Protokoll definierte Code lautet 42.", 36887), Some(42));
        assert_eq!(of("A fatal alert for a TLS 1.2 client came. The code is 42.", 36887), Some(42));
        assert_eq!(of("The error state is 1205.", 36888), None);
        assert_eq!(of("The list has 48 names.", 36885), None);
    }

    #[test]
    fn times_that_cannot_be_compared_keep_the_order_of_the_file_and_other_sources_are_left_out() {
        let text = "Level,Date and Time,Source,Event ID,Task Category\nWarning,3/5/2024 8:14:22 AM,Schannel,36885,None\nWarning,12/4/2023 8:14:22 AM,Schannel,36885,None\nError,12/4/2023 8:14:22 AM,Disk,7,None\n";
        let groups = event_groups(&read_events(text, FileId(0)).events);
        assert_eq!(groups.len(), 1);
        assert_eq!(
            (groups[0].first.as_str(), groups[0].last.as_str(), groups[0].days.len()),
            ("3/5/2024 8:14:22 AM", "12/4/2023 8:14:22 AM", 0)
        );
    }
}
