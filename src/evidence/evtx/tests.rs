use std::fmt::Write as _;

use proptest::prelude::*;

use super::super::read_events_xml;
use super::super::timeline::alert_of;
use super::super::{Channel, Event as Read, event_groups};
use super::writer::{self, Content, Event, Node, Value, log, log_of, node, text};
use super::*;
use crate::xml::Limits;

fn read(bytes: &[u8]) -> ReadEvents {
    read_evtx(bytes, FileId(0)).unwrap()
}

fn warnings(out: &ReadEvents) -> Vec<&str> {
    out.warnings.iter().map(|warning| warning.message.as_str()).collect()
}

fn numbers(out: &ReadEvents) -> Vec<(u32, u32)> {
    out.events.iter().map(|event| (event.place.line, event.id)).collect()
}

/// The events without their places, which a line has otherwise than a record.
fn told(out: &ReadEvents) -> Vec<Read> {
    let nowhere = Place { file: FileId(0), line: 1, column: 1 };
    out.events.iter().map(|event| Read { place: nowhere, ..event.clone() }).collect()
}

/// An event as `wevtutil /f:xml` writes it.
fn xml(node: &Node) -> String {
    fn escape(text: &str) -> String {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
    }
    fn of_value(value: &Value) -> Vec<String> {
        match value {
            Value::Null => Vec::new(),
            Value::Text(text) => vec![text.clone()],
            Value::U8(number) => vec![number.to_string()],
            Value::U16(number) => vec![number.to_string()],
            Value::U32(number) => vec![number.to_string()],
            Value::Time(time) => vec![value::filetime(*time)],
            Value::Texts(texts) => texts.clone(),
            Value::Raw(kind, bytes) => vec![value::text(*kind, bytes)],
            Value::Piece(_) => unreachable!(),
        }
    }
    fn element(out: &mut String, node: &Node) {
        let lone = match node.content.as_slice() {
            [Content::Optional(Value::Null)] => return,
            [Content::Value(value @ Value::Texts(_))] => of_value(value),
            _ => vec![String::new()],
        };
        for text in lone {
            write!(out, "<{}", node.name).unwrap();
            for (name, value) in &node.attributes {
                match value {
                    Content::Text(text) => write!(out, " {name}=\"{}\"", escape(text)).unwrap(),
                    Content::Value(value) | Content::Optional(value) => {
                        for text in of_value(value) {
                            write!(out, " {name}=\"{}\"", escape(&text)).unwrap();
                        }
                    }
                    Content::Element(_) => unreachable!(),
                }
            }
            write!(out, ">{}", escape(&text)).unwrap();
            for content in &node.content {
                match content {
                    Content::Element(node) => element(out, node),
                    Content::Value(Value::Piece(node)) => element(out, node),
                    Content::Text(text) => out.push_str(&escape(text)),
                    Content::Value(Value::Texts(_)) => {}
                    Content::Value(value) | Content::Optional(value) => out.push_str(&escape(&of_value(value).concat())),
                }
            }
            write!(out, "</{}>", node.name).unwrap();
        }
    }
    let mut out = String::new();
    element(&mut out, node);
    out.push('\n');
    out
}

fn named(name: &str, value: Value) -> (String, Value) {
    (name.to_owned(), value)
}

fn schannel() -> Vec<Event> {
    let alert = |id, alert| Event {
        data: vec![named("AlertDesc", Value::U32(alert)), named("ErrorState", Value::U32(552))],
        ..Event::new("Schannel", id)
    };
    let key = vec![
        named("Type", Value::Text("server".to_owned())),
        named("ErrorCode", Value::Raw(0x14, 0x8009_030du32.to_le_bytes().to_vec())),
        named("Empty", Value::Null),
    ];
    vec![
        Event::new("Schannel", 36885),
        alert(36887, 48),
        alert(36888, 46),
        Event { data: key, ..Event::new("Schannel", 36870) },
        Event {
            data: vec![named("", Value::Texts(vec!["0.0.0.0:443".to_owned(), "a & b\r\nc".to_owned()]))],
            ..Event::new("Microsoft-Windows-HttpEvent", 15300)
        },
        Event { data: vec![named("", Value::Text(" 1003 ".to_owned()))], ..Event::new("W3SVC", 1173) },
    ]
}

#[test]
fn a_binary_log_gives_the_events_that_its_export_as_xml_gives() {
    let events = schannel();
    let out = read(&log(&events));
    let text: String = events.iter().map(|event| xml(&event.node())).collect();
    let exported = read_events_xml(&text, FileId(0), Limits::default()).unwrap();
    assert_eq!(told(&out), told(&exported));
    assert_eq!(warnings(&out), [""; 0]);
    assert_eq!(numbers(&out), [(1, 36885), (2, 36887), (3, 36888), (4, 36870), (5, 15300), (6, 1173)]);
    let first = &out.events[0];
    assert_eq!(
        (first.provider.as_str(), first.level.as_str(), first.time.as_str(), first.computer.as_str()),
        ("Schannel", "2", "2024-03-05T06:14:22.4171234Z", "WEB01.fabrikam.example")
    );
    assert_eq!(out.events.iter().map(alert_of).collect::<Vec<_>>(), [None, Some(48), Some(46), None, None, None]);
    assert_eq!(
        out.events[3].data,
        [("Type", "server"), ("ErrorCode", "0x8009030d"), ("Empty", "")].map(|(a, b)| (a.to_owned(), b.to_owned()))
    );
    assert_eq!(out.events[4].data.len(), 2);
    assert!(event_groups(&out.events)[0].meaning.is_some());
}

/// The fixture of `wevtutil` as XML, written as a binary log by hand.
#[test]
fn the_fixture_of_wevtutil_reads_the_same_as_a_binary_log() {
    const XML: &str = include_str!("../../../tests/fixtures/evidence/e03_schannel.xml");
    let exported = read_events_xml(XML, FileId(0), Limits::default()).unwrap();
    let records: Vec<(u64, Node)> = (1..)
        .zip(exported.events.iter().map(|event| {
            let part = |name: &str, content: &str| Content::Element(node(name, &[], vec![Content::Value(Value::Text(content.to_owned()))]));
            let system = node(
                "System",
                &[],
                vec![
                    Content::Element(node("Provider", &[("Name", text(&event.provider))], Vec::new())),
                    part("EventID", &event.id.to_string()),
                    part("Level", &event.level),
                    Content::Element(node("TimeCreated", &[("SystemTime", text(&event.time))], Vec::new())),
                    part("Computer", &event.computer),
                ],
            );
            let data = event.data.iter().map(|(name, value)| {
                let value = Content::Value(Value::Text(value.clone()));
                Content::Element(node("Data", &[("Name", Content::Value(Value::Text(name.clone())))], vec![value]))
            });
            let data = node("EventData", &[], data.collect());
            let message = node("RenderingInfo", &[], vec![part("Message", &event.message)]);
            node("Event", &[], vec![Content::Element(system), Content::Element(data), Content::Element(message)])
        }))
        .collect();
    assert_eq!(told(&read(&log_of(&records))), told(&exported));
    assert_eq!(records.len(), 3);
}

#[test]
fn data_of_user_data_is_found_and_parts_that_are_not_known_are_told() {
    let mut event = Event::new("Schannel", 36870).node();
    let part = |name: &str, value: &str| Content::Element(node(name, &[], vec![text(value)]));
    event.content.pop();
    event.content.push(Content::Element(node(
        "UserData",
        &[],
        vec![Content::Element(node("EventXML", &[], vec![part("Type", "server"), part("Code", "1")]))],
    )));
    event.content.push(Content::Element(node("BinaryEventData", &[], vec![part("Data", "00")])));
    let out = read(&log_of(&[(7, event.clone())]));
    let exported = read_events_xml(&xml(&event), FileId(0), Limits::default()).unwrap();
    assert_eq!(told(&out), told(&exported));
    assert_eq!(out.events[0].data, [("Type".to_owned(), "server".to_owned()), ("Code".to_owned(), "1".to_owned())]);
    assert_eq!(warnings(&out), ["record 7 is not understood: <BinaryEventData>"]);
    assert_eq!(exported.unknown[0].text, "<BinaryEventData>");
}

#[test]
fn an_event_without_its_number_is_told() {
    let mut event = Event::new("Schannel", 36870).node();
    let Content::Element(system) = &mut event.content[0] else { unreachable!() };
    system.content.remove(1);
    let out = read(&log_of(&[(9, event)]));
    assert_eq!(warnings(&out), ["record 9 is not understood: an event without its source or number", "no event was found in this file"]);
}

#[test]
fn events_of_other_sources_are_only_counted() {
    let mut events = vec![Event::new("Microsoft-Windows-Security-Auditing", 4624); 1600];
    events.push(Event::new("Schannel", 36885));
    let file = log(&events);
    assert!(file.len() > 3 * BLOCK, "{}", file.len());
    let out = read(&file);
    assert_eq!((out.others, numbers(&out)), (1600, vec![(1601, 36885)]));
    assert_eq!(warnings(&out), [""; 0]);
    let none = read(&log(&events[..3]));
    assert!(none.warnings.is_empty() && none.only_others().unwrap().ends_with("only others (3)"));
    assert_eq!(out.only_others(), None);
    assert_eq!(warnings(&read(&log(&[]))), ["no event was found in this file"]);
}

#[test]
fn a_log_that_began_again_gives_its_events_in_their_order() {
    let of = |numbers: std::ops::Range<u64>| numbers.map(|number| (number, Event::new("Schannel", 36885).node())).collect::<Vec<_>>();
    let (late, early) = (log_of(&of(300..400)), log_of(&of(100..200)));
    let file = [&late[..], &early[4096..]].concat();
    let out = read(&file);
    let lines: Vec<u32> = out.events.iter().map(|event| event.place.line).collect();
    assert_eq!(lines, (100..200).chain(300..400).collect::<Vec<u32>>());
    assert!(out.warnings.is_empty(), "{:?}", out.warnings);
}

#[test]
fn a_log_that_was_in_use_is_read_beyond_what_its_headers_say() {
    let events: Vec<Event> = (0..1600).map(|_| Event::new("Schannel", 36885)).collect();
    let mut file = log(&events);
    let whole = numbers(&read(&file));
    let blocks = (file.len() - 4096) / BLOCK;
    assert!(blocks > 2);
    // The header of the file tells of one block, that of the last block of its first record.
    file[42..44].copy_from_slice(&1u16.to_le_bytes());
    file[120] = 1;
    writer::seal_header(&mut file);
    let last = file.len() - BLOCK;
    let first = u32_at(&file, last + RECORDS + 4);
    file[last + 48..last + 52].copy_from_slice(&(RECORDS as u32 + first).to_le_bytes());
    let out = read(&file);
    assert_eq!(numbers(&out), whole);
    assert!(out.warnings.is_empty(), "{:?}", out.warnings);
    // What is left of older events behind the newest is none of them.
    let second = last + RECORDS + first as usize;
    file[second + 8] = 0xff;
    assert_eq!(read(&file).events.len(), whole.len() - ((whole.len() as u64 - u64_at(&file, last + RECORDS + 8)) as usize));
}

#[test]
fn room_that_was_not_used_is_no_fault_and_foreign_bytes_are() {
    let mut file = log(&schannel());
    file.extend(vec![0; 3 * BLOCK]);
    assert!(read(&file).warnings.is_empty());
    file[4096 + 2 * BLOCK + 9] = 1;
    assert_eq!(warnings(&read(&file)), ["byte 135168: these 65536 bytes are no block of records"]);
}

#[test]
fn a_file_that_is_cut_off_is_told_with_the_place_and_read_as_far_as_it_goes() {
    let file = log(&schannel());
    let third = 4096 + (0..3).fold(RECORDS, |at, _| at + u32_at(&file, 4096 + at + 4) as usize);
    let out = read(&file[..third + 10]);
    assert_eq!(numbers(&out), [(1, 36885), (2, 36887), (3, 36888)]);
    assert_eq!(warnings(&out), [format!("byte {}: the file ends within a block of records; what came behind it is missing", third + 10)]);
    let events: Vec<Event> = (0..1600).map(|_| Event::new("Schannel", 36885)).collect();
    let file = log(&events);
    let blocks = (file.len() - 4096) / BLOCK;
    let out = read(&file[..4096 + BLOCK]);
    assert_eq!(warnings(&out), [format!("the file is cut off: its header tells of {blocks} blocks of records, and 1 are there")]);
    for length in [8, 127, 128, 4095] {
        let error = read_evtx(&file[..length], FileId(0)).unwrap_err();
        assert_eq!(error.to_string(), "the file ends within its header");
    }
    let mut other = file;
    other[38] = 4;
    assert!(read_evtx(other.as_slice(), FileId(0)).unwrap_err().to_string().starts_with("version 4.1"));
}

#[test]
fn what_is_damaged_is_told_with_its_place_and_hides_nothing_else() {
    let file = log(&schannel());
    let second = 4096 + RECORDS + u32_at(&file, 4096 + RECORDS + 4) as usize;
    // A record without its beginning.
    let mut headless = file.clone();
    headless[second] = 0;
    let out = read(&headless);
    assert_eq!(numbers(&out), [(1, 36885), (3, 36888), (4, 36870), (5, 15300), (6, 1173)]);
    let length = u32_at(&file, second + 4);
    assert_eq!(
        warnings(&out),
        [
            format!("byte {second}: no record begins here; {length} bytes were passed over"),
            "byte 4096: a checksum of this block of records is wrong: it was damaged or changed; what could be read of it counts"
                .to_owned()
        ]
    );
    // A record with a token that does not exist. The first has the template that the others use.
    let mut garbage = file.clone();
    garbage[second + HEAD + 4] = 0x1f;
    let out = read(&garbage);
    assert_eq!((out.events.len(), numbers(&out)[1]), (5, (3, 36888)));
    assert!(warnings(&out)[0].ends_with("record 2 is damaged and left out: there is no such token"), "{:?}", out.warnings);
    // Damage that changes nothing of the events is told as well.
    let mut changed = file.clone();
    changed[4096 + 130] ^= 1;
    assert!(warnings(&read(&changed))[0].contains("checksum"));
    let mut header = file;
    header[30] ^= 1;
    assert_eq!(warnings(&read(&header)), ["byte 0: the checksum of the header of the file is wrong"]);
}

#[test]
fn a_block_that_is_garbage_costs_only_its_own_events_and_ten_places_are_told() {
    let events: Vec<Event> = (0..1600).map(|_| Event::new("Schannel", 36885)).collect();
    let file = log(&events);
    let whole = read(&file).events.len();
    let mut bad = file.clone();
    for at in (4096 + RECORDS..4096 + BLOCK).step_by(97) {
        bad[at] = 0x55;
    }
    let out = read(&bad);
    assert!(out.events.len() < whole && out.events.len() > whole / 2, "{} of {whole}", out.events.len());
    assert_eq!(out.warnings.len(), TOLD + 1, "{:?}", out.warnings);
    assert!(out.warnings[TOLD].message.ends_with("more places are damaged"));
}

/// A block with one record, which holds these bytes as binary XML at byte 536 of the block.
fn crafted(body: &[u8], records: usize) -> Vec<u8> {
    let mut file = log(&[]);
    let block = &mut file[4096..];
    let mut at = RECORDS;
    for number in 1..=records as u64 {
        let size = (HEAD + body.len() + 4) as u32;
        if at + size as usize > BLOCK {
            break;
        }
        block[at..at + 4].copy_from_slice(OF_RECORD);
        block[at + 4..at + 8].copy_from_slice(&size.to_le_bytes());
        block[at + 8..at + 16].copy_from_slice(&number.to_le_bytes());
        block[at + HEAD..at + HEAD + body.len()].copy_from_slice(body);
        at += size as usize;
        block[at - 4..at].copy_from_slice(&size.to_le_bytes());
    }
    block[48..52].copy_from_slice(&(at as u32).to_le_bytes());
    writer::seal_block(block);
    file
}

#[test]
fn templates_that_hold_themselves_end() {
    // A template at 546 whose body is an instance of the same template.
    let here = (RECORDS + HEAD + 10) as u32;
    let instance = |at: u32| [&[0x0c, 1, 0, 0, 0, 0][..], &at.to_le_bytes()].concat();
    let mut inner = instance(here);
    inner.extend(0u32.to_le_bytes());
    inner.push(0);
    let mut body = instance(here);
    body.extend([0; 20]);
    body.extend((inner.len() as u32).to_le_bytes());
    body.extend(&inner);
    body.extend(0u32.to_le_bytes());
    let out = read(&crafted(&body, 1));
    assert!(warnings(&out)[0].ends_with("templates are nested too deep"), "{:?}", out.warnings);
}

#[test]
fn many_values_of_many_templates_come_to_an_end() {
    let mut event = Event::new("Schannel", 36885);
    event.data = vec![named("", Value::Texts(vec!["x".repeat(60); 200]))];
    let file = log(&[event]);
    let block = &file[4096..];
    let free = u32_at(block, 48) as usize;
    let record = block[RECORDS..free].to_vec();
    let mut budget = Budget::of_block();
    let place = Place { file: FileId(0), line: 1, column: 1 };
    let mut last = None;
    for _ in 0..100_000 {
        match record::read(block, RECORDS + HEAD..RECORDS + record.len() - 4, &mut budget, place) {
            Ok(Record::Event(..)) => {}
            other => {
                last = Some(other);
                break;
            }
        }
    }
    assert_eq!(last.unwrap().unwrap_err().what, "the records of this block come to too much");
}

#[test]
fn the_number_of_events_that_are_kept_is_bounded_and_a_flood_hides_no_other_event() {
    let mut events = vec![Event { data: vec![named("AlertDesc", Value::U32(48))], ..Event::new("Schannel", 36887) }; 10_050];
    events.push(Event::new("Schannel", 36885));
    let out = read(&log(&events));
    let of = |id| out.events.iter().filter(|event| event.id == id).count();
    assert_eq!((of(36887), of(36885)), (10_000, 1));
    assert!(warnings(&out)[0].starts_with("50 events were left out"), "{:?}", out.warnings);
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        "[ -~äλ]{0,12}".prop_map(Value::Text),
        any::<u32>().prop_map(Value::U32),
        (0..1u64 << 62).prop_map(Value::Time),
        Just(Value::Null),
        proptest::collection::vec("[a-z&<]{0,5}", 1..4).prop_map(Value::Texts),
        (3..0x18u8, proptest::collection::vec(any::<u8>(), 0..20)).prop_map(|(kind, bytes)| Value::Raw(kind, bytes)),
    ]
}

fn any_events() -> impl Strategy<Value = Vec<Event>> {
    let provider = prop_oneof![Just("Schannel"), Just("Microsoft-Windows-HttpEvent"), Just("W3SVC"), Just("Disk")];
    let event = (provider, any::<u16>(), any::<u8>(), proptest::collection::vec(("[A-Za-z]{0,6}", any_value()), 0..5));
    proptest::collection::vec(event, 1..12).prop_map(|events| {
        let event = |(provider, id, level, data)| Event { level, data, ..Event::new(provider, id) };
        events.into_iter().map(event).collect()
    })
}

proptest! {
    #[test]
    fn any_event_reads_the_same_from_its_export(events in any_events()) {
        let text: String = events.iter().map(|event| xml(&event.node())).collect();
        let exported = read_events_xml(&text, FileId(0), Limits::default()).unwrap();
        let out = read(&log(&events));
        prop_assert_eq!(told(&out), told(&exported));
        prop_assert_eq!(out.others, exported.others);
        prop_assert!(out.events.iter().all(|event| event.channel() != Channel::Other));
    }

    #[test]
    fn no_damage_makes_it_panic(
        events in any_events(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40),
        cut in any::<Option<prop::sample::Index>>(),
    ) {
        let mut file = log(&events);
        // Where something stands.
        let used = 4096 + u32_at(&file, 4096 + 48) as usize;
        for (at, byte) in damage {
            let at = 4096 + at.index(used - 4096);
            file[at] = byte;
        }
        let length = cut.map_or(file.len(), |cut| cut.index(used));
        let _ = read_evtx(&file[..length], FileId(0));
    }
}
