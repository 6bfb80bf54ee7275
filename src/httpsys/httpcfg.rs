//! Text of `httpcfg query ssl`, the tool of Windows Server 2003: numbers where netsh has words, and a blank where a byte of the hash
//! begins with a zero.

use super::netsh::{is_rule, put, repeated_keys, unknown};
use super::record::{self, Extent, ReadRecords, Record, Source, Switch};
use crate::catalogue::cert_check;
use crate::input::{Field, FileId, Place, Remark};

/// What the tool answers when there is no record (1168, not found).
const NOT_FOUND: &str = "httpqueryserviceconfiguration completed with 1168";
const STATUS: &str = "httpqueryserviceconfiguration completed with ";

/// The flags of a record that Windows Server 2003 knows.
const SWITCHES: [Switch; 2] = [Switch::DsMapper, Switch::Negotiate];

/// Whether `text` is such an output: a line for the address, soon followed by the hash or the owner, and a line that no other tool writes.
pub(super) fn is_httpcfg(text: &str) -> bool {
    let mut key = None;
    let (mut near, mut own) = (false, false);
    for (number, line) in text.lines().map(str::trim).filter(|line| !line.is_empty()).enumerate() {
        if line.len() < 80 && line.to_ascii_lowercase().starts_with(STATUS) {
            return true;
        }
        match split(line) {
            Some(("ip", value)) if record::parse_key(value).is_some() => key = Some(number),
            Some(("hash" | "guid", _)) => near |= key.is_some_and(|key| number - key <= 3),
            Some(("certstorename" | "certcheckmode" | "urlretrievaltimeout", _)) => own = true,
            _ => {}
        }
        if near && own {
            return true;
        }
    }
    false
}

/// Reads the output of `httpcfg query ssl`.
pub fn read_httpcfg(text: &str, file: FileId) -> ReadRecords {
    let mut read = read_lines(text, file);
    let within_line = !text.ends_with(['\n', '\r', '\0']);
    // The flags are the last line of a record.
    let ends = |record: &Record| !record.default_flags.is_absent() || !record.switches.is_empty();
    let (Some(last), Some(place)) = (read.records.last().filter(|last| !ends(last)), last_line(text, file)) else { return read };
    let earlier = read.records.iter().any(ends);
    if !within_line && !earlier {
        return read;
    }
    let message = format!(
        "the output stops here, within the record {}: it was cut, so that nothing is concluded from what is not in it; give the whole output of httpcfg \
         query ssl",
        last.key
    );
    // Half a line can be half a number.
    if let (true, Some(end)) = (within_line, text.rfind('\n')) {
        read = read_lines(&text[..=end], file);
    }
    read.cut = Some(Remark { message, place: Some(place) });
    read.extent = Extent::Asked;
    read
}

/// Where the last line begins that is not blank.
fn last_line(text: &str, file: FileId) -> Option<Place> {
    let (number, line) = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).last()?;
    let column = u32::try_from(line.len() - line.trim_start().len() + 1).unwrap_or(u32::MAX);
    Some(Place { file, line: u32::try_from(number + 1).unwrap_or(u32::MAX), column })
}

fn read_lines(text: &str, file: FileId) -> ReadRecords {
    let mut out = ReadRecords::default();
    let (mut asked, mut all) = (false, false);
    // Whether lines belong to the last record.
    let mut open = false;
    for (number, raw) in text.lines().enumerate() {
        let line = raw.trim_matches(|c: char| c.is_whitespace() || c == '\0' || c == '\u{feff}');
        if line.is_empty() || is_rule(line) {
            continue;
        }
        let column = u32::try_from(raw.len() - raw.trim_start().len() + 1).unwrap_or(u32::MAX);
        let place = Place { file, line: u32::try_from(number + 1).unwrap_or(u32::MAX), column };
        if let Some(one) = command(line) {
            asked |= one;
            all |= !one;
            continue;
        }
        let lower = line.get(..STATUS.len() + 8).unwrap_or(line).to_ascii_lowercase();
        if lower.starts_with(NOT_FOUND) {
            out.not_found = out.not_found.or(Some(place));
            continue;
        }
        if lower.starts_with(STATUS) {
            let message = format!("httpcfg failed: {line}");
            out.warnings.push(Remark { message, place: Some(place) });
            continue;
        }
        let Some((label, value)) = split(line) else {
            match out.records.last_mut().filter(|_| open) {
                Some(record) => record.unknown.push(unknown(line, place)),
                None => out.unknown.push(unknown(line, place)),
            }
            continue;
        };
        if label == "ip" {
            open = false;
            match record::parse_key(value) {
                Some(key) => {
                    open = true;
                    out.records.push(Record::new(key, value.to_owned(), place, Source::Httpcfg));
                }
                None => {
                    out.unknown.push(unknown(line, place));
                    let message = format!("the key \"{value}\" cannot be read; the lines of its record are not used");
                    out.warnings.push(Remark { message, place: Some(place) });
                }
            }
            continue;
        }
        let Some(record) = out.records.last_mut().filter(|_| open) else {
            out.unknown.push(unknown(line, place));
            continue;
        };
        if !take(record, label, value, raw, place) {
            record.unknown.push(unknown(line, place));
        }
    }
    out.extent = match (all || out.records.len() > 1, asked) {
        (_, true) if !all => Extent::Asked,
        (true, _) => Extent::Whole,
        (false, _) => Extent::Single,
    };
    if out.records.is_empty() && out.not_found.is_none() && out.warnings.is_empty() {
        out.warnings.push(Remark { message: "no record was found in this output of httpcfg".to_owned(), place: None });
    }
    repeated_keys(&mut out);
    out.warnings.sort_by_key(|warning| warning.place);
    out
}

/// Takes one field; false when it is not understood.
fn take(record: &mut Record, label: &str, value: &str, raw: &str, place: Place) -> bool {
    let text = |value: &str| Some((!is_null(value)).then(|| value.to_owned()));
    match label {
        "hash" => {
            let written = raw.split_once(':').map_or("", |(_, value)| value);
            put(&mut record.certificate, hash(written), value, place)
        }
        "guid" => put(&mut record.app_id, record::parse_guid(value), value, place),
        "certstorename" => put(&mut record.store, text(value), value, place),
        "sslctlidentifier" => put(&mut record.ctl_identifier, text(value), value, place),
        "sslctlstorename" => put(&mut record.ctl_store, text(value), value, place),
        "revocationfreshnesstime" => put(&mut record.freshness_seconds, number(value).map(u64::from), value, place),
        "urlretrievaltimeout" => put(&mut record.url_timeout_milliseconds, number(value).map(u64::from), value, place),
        "certcheckmode" => match number(value) {
            Some(bits) if record.cert_check_mode.known == 0 => {
                record.cert_check_mode.state(u32::MAX, false, place);
                record.cert_check_mode.set = bits;
                bits & !cert_check::KNOWN == 0
            }
            _ => false,
        },
        "flags" => {
            let flags = number(value);
            if record.default_flags.is_absent() {
                for switch in SWITCHES {
                    if let (Some(bit), Some(flags)) = (switch.bit(), flags) {
                        record.switches.insert(switch, Field::said(flags & bit != 0, place));
                    }
                }
            }
            put(&mut record.default_flags, flags, value, place) && flags.is_none_or(|flags| flags & !0x7 == 0)
        }
        _ => false,
    }
}

/// Reads the 40 places of a hash. A byte below 16 is written as a blank and one digit.
fn hash(written: &str) -> Option<Option<Vec<u8>>> {
    if is_null(written.trim()) {
        return Some(None);
    }
    let whole = written.trim_end();
    // Behind the colon stands one blank; another one is the first digit.
    let places = [whole.strip_prefix(' ').unwrap_or(whole), whole.trim_start()].into_iter().find(|places| places.len() == 40)?;
    let blank_is_first = |(at, c): (usize, char)| c != ' ' || at % 2 == 0;
    if !places.char_indices().all(blank_is_first) {
        return None;
    }
    record::parse_hash(&places.replace(' ', "0")).map(Some)
}

/// A number as the tool writes it: signed, so that the highest bit of a field of flags makes it negative.
fn number(value: &str) -> Option<u32> {
    value.parse::<u32>().ok().or_else(|| value.parse::<i32>().ok().map(i32::cast_unsigned))
}

fn is_null(value: &str) -> bool {
    value.is_empty() || value.eq_ignore_ascii_case("(null)")
}

/// The label, as one of those that the tool writes, and the value.
fn split(line: &str) -> Option<(&'static str, &str)> {
    const LABELS: [&str; 10] = [
        "ip",
        "hash",
        "guid",
        "certstorename",
        "certcheckmode",
        "revocationfreshnesstime",
        "urlretrievaltimeout",
        "sslctlidentifier",
        "sslctlstorename",
        "flags",
    ];
    let (label, value) = line.split_once(':')?;
    let label = label.trim();
    LABELS.iter().find(|known| known.eq_ignore_ascii_case(label)).map(|known| (*known, value.trim()))
}

/// Whether a line is the command that made the output, and then whether it asked for one record.
fn command(line: &str) -> Option<bool> {
    if line.len() > 400 {
        return None;
    }
    let lower = line.to_ascii_lowercase();
    let words: Vec<&str> = lower.rsplit_once("httpcfg")?.1.split_whitespace().skip_while(|word| word.starts_with(['.', '"'])).collect();
    match words.as_slice() {
        ["query", "ssl", rest @ ..] => {
            let options = rest.iter().take_while(|word| !word.starts_with(['>', '|']));
            Some(options.into_iter().any(|word| word.starts_with(['-', '/'])))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::httpsys::AppOwner;

    const O05: &str = include_str!("../../tests/fixtures/netsh/o05_2003_httpcfg_query_ssl.txt");

    fn read(text: &str) -> ReadRecords {
        read_httpcfg(text, FileId(0))
    }

    #[test]
    fn an_output_that_stops_within_a_record_says_where() {
        let whole = O05.trim_end();
        assert_eq!(read(O05).cut, None);
        let end = whole.rfind("RevocationFreshnessTime : 36").unwrap() + "RevocationFreshnessTime : 36".len();
        let out = read(&whole[..end]);
        assert!(out.cut.as_ref().is_some_and(|cut| cut.message.contains("within the record 10.20.0.5:443")), "{:?}", out.cut);
        assert!(out.records[1].freshness_seconds.is_absent() && out.extent == Extent::Asked);
        let line = whole.rfind("    UrlRetrievalTimeout").unwrap();
        assert!(read(&whole[..line]).cut.is_some());
    }

    #[test]
    fn every_field_of_a_record_is_read_and_nothing_is_left_over() {
        let out = read(O05);
        assert!(out.unknown.is_empty() && out.warnings.is_empty(), "{out:?}");
        let keys: Vec<String> = out.records.iter().map(|record| record.key.to_string()).collect();
        assert_eq!((keys.as_slice(), out.extent), (["0.0.0.0:443".to_owned(), "10.20.0.5:443".to_owned()].as_slice(), Extent::Whole));
        let [first, second] = out.records.as_slice() else { panic!("two records") };
        assert!(first.unknown.is_empty() && second.unknown.is_empty());
        assert_eq!((first.source, first.owner(), first.cert_check_mode.number()), (Source::Httpcfg, Some(AppOwner::Iis), Some(0)));
        assert_eq!(
            (first.switch(Switch::Negotiate), first.switch(Switch::DsMapper), first.switch(Switch::Reject)),
            (Some(false), Some(false), None)
        );
        assert_eq!((first.ctl_identifier.value(), first.store.value()), (Some(&None), Some(&Some("MY".to_owned()))));
        assert_eq!((second.cert_check_mode.number(), second.owner()), (Some(0x1_0005), Some(AppOwner::Zero)));
        assert_eq!((second.freshness_seconds.value(), second.url_timeout_milliseconds.value()), (Some(&3600), Some(&15000)));
        assert_eq!((second.switch(Switch::Negotiate), second.default_flags.value()), (Some(true), Some(&2)));
        assert_eq!(second.ctl_store.value(), Some(&Some("CA".to_owned())));
    }

    #[test]
    fn a_blank_in_the_hash_is_the_zero_that_the_tool_leaves_out() {
        let of = |text: &str| hash(text);
        let whole = record::parse_hash("0a0c6b7c2a9d4e58b30700d1e2f30415263748a9");
        assert_eq!(of("  a c6b7c2a9d4e58b3 7 0d1e2f3 415263748a9"), Some(whole.clone()));
        assert_eq!(of(" 0a0c6b7c2a9d4e58b30700d1e2f30415263748a9"), Some(whole));
        assert_eq!(of(" "), Some(None));
        // One that was lost in copying may stand anywhere.
        assert_eq!(of(" a c6b7c2a9d4e58b3 7 0d1e2f3 415263748a9"), None);
        assert_eq!(of(" a c6b7c2a9d4e58b3 7 0d1e2f3 415263748a99"), None);
    }

    #[test]
    fn what_was_asked_and_what_came_back_are_told() {
        let one = O05.split("-----").find(|part| part.contains("IP ")).unwrap();
        assert_eq!(read(one).extent, Extent::Single);
        assert_eq!(read(&format!("C:\\>httpcfg query ssl -i 0.0.0.0:443\r\n{one}")).extent, Extent::Asked);
        assert_eq!(read(&format!("C:\\>httpcfg.exe query ssl > all.txt\r\n{one}")).extent, Extent::Whole);
        let none = read("HttpQueryServiceConfiguration completed with 1168.\r\n");
        assert!(none.records.is_empty() && none.not_found.is_some() && none.warnings.is_empty());
        assert!(read("HttpQueryServiceConfiguration completed with 5.\r\n").warnings[0].message.contains("failed"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC*", cut in 0_usize..900, insert in "[: \\n0-9a-fA-F.é{}-]{0,12}") {
            let _ = read(&text);
            let cut = O05.floor_char_boundary(cut.min(O05.len()));
            let text = format!("{}{insert}{}", &O05[..cut], &O05[cut..]);
            let _ = (is_httpcfg(&text), read(&text));
        }
    }

    #[test]
    fn unknown_lines_and_flags_are_kept() {
        let out = read("    IP   : 0.0.0.0:443\n    Hash  : zz\n    Flags : 12\n    Colour : red\nfoo\n    IP : nowhere\n    Flags : 1\n");
        let unknown: Vec<&str> = out.records[0].unknown.iter().map(|unknown| unknown.text.as_str()).collect();
        assert_eq!(unknown, ["Hash  : zz", "Flags : 12", "Colour : red", "foo"]);
        assert_eq!((out.unknown.len(), out.warnings.len()), (2, 1));
        assert!(matches!(out.records[0].certificate, Field::Unreadable(_)));
    }
}
