//! The guarded reader against roxmltree: what the one accepts the other must read as the same elements, attributes and text, and what is
//! well-formed for roxmltree must be accepted. The exceptions are few, and each has its reason here.
#![no_main]

use iisaudit::input::FileId;
use iisaudit::xml::{Event, Limits, XmlErrorKind, XmlReader};
use libfuzzer_sys::fuzz_target;
use roxmltree::{Document, Error, ParsingOptions};

#[derive(Debug, PartialEq)]
enum Seen {
    Start(String, Vec<(String, String)>),
    End,
}

fn guarded(text: &str) -> Result<(Vec<Seen>, bool), XmlErrorKind> {
    let mut reader = XmlReader::new(text, FileId(0), Limits::default());
    let mut seen = Vec::new();
    loop {
        match reader.next().map_err(|error| error.kind)? {
            Some(Event::Start) => {
                let attributes = reader.attributes().iter().map(|one| (one.name.to_owned(), one.value().into_owned())).collect();
                seen.push(Seen::Start(reader.name().to_owned(), attributes));
            }
            Some(Event::End) => seen.push(Seen::End),
            None => return Ok((seen, reader.late_declaration().is_some())),
        }
    }
}

fn text_of_root(text: &str) -> String {
    let mut reader = XmlReader::new(text, FileId(0), Limits::default());
    let _ = reader.next();
    reader.text().unwrap_or_default()
}

fn tree(document: &Document<'_>) -> Vec<Seen> {
    let mut seen = Vec::new();
    let mut open = Vec::new();
    for node in document.descendants().filter(|node| node.is_element()) {
        while open.last().is_some_and(|last| Some(*last) != node.parent_element()) {
            open.pop();
            seen.push(Seen::End);
        }
        let attributes = node.attributes().map(|one| (one.name().to_owned(), one.value().to_owned())).collect();
        seen.push(Seen::Start(node.tag_name().name().to_owned(), attributes));
        open.push(node);
    }
    seen.extend(open.iter().map(|_| Seen::End));
    seen
}

/// IIS reads names up to the prefix, so namespaces are not checked: a prefix may be undeclared, and declarations may be odd.
fn is_about_namespaces(error: &Error) -> bool {
    matches!(
        error,
        Error::InvalidXmlPrefixUri(_)
            | Error::UnexpectedXmlUri(_)
            | Error::UnexpectedXmlnsUri(_)
            | Error::InvalidElementNamePrefix(_)
            | Error::DuplicatedNamespace(..)
            | Error::UnknownNamespace(..)
            | Error::NamespacesLimitReached
    )
}

fn has_empty_prefix(text: &str) -> bool {
    text.as_bytes().windows(2).any(|pair| matches!(pair, [b'<' | b'/' | b' ' | b'\t' | b'\r' | b'\n', b':']))
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    // A byte order mark is taken off by decoding.
    if text.starts_with('\u{feff}') {
        return;
    }
    let options = ParsingOptions { allow_dtd: false, ..ParsingOptions::default() };
    match (guarded(text), Document::parse_with_options(text, options)) {
        (Ok((ours, _)), Ok(document)) => {
            let theirs = tree(&document);
            // Declarations of namespaces are attributes here and none there; prefixed attributes of one local name stay two.
            if text.contains("xmlns") {
                let names = |seen: &[Seen]| -> Vec<Option<String>> {
                    seen.iter().map(|one| if let Seen::Start(name, _) = one { Some(name.clone()) } else { None }).collect()
                };
                assert_eq!(names(&ours), names(&theirs));
            } else {
                assert_eq!(ours, theirs);
            }
            let text_of_tree: String =
                document.root_element().descendants().filter(|node| node.is_text()).filter_map(|node| node.text()).collect();
            assert_eq!(text_of_root(text), text_of_tree);
        }
        // A late declaration is survived and reported by the rule late-xml-declaration.
        (Ok((_, true)), Err(_)) => {}
        (Ok(_), Err(error)) if is_about_namespaces(&error) => {}
        (Ok((ours, _)), Err(error)) => panic!("accepted here, refused there: {error}\n{ours:?}"),
        (Err(XmlErrorKind::Limit(..)), _) => {}
        // There only the beginnings of the words in the declaration are compared, and values such as version='9' pass.
        (Err(XmlErrorKind::Declaration(_)), Ok(_)) => {}
        // There a name of a processing instruction may be followed by anything, here by a blank, as XML has it.
        (Err(XmlErrorKind::Instruction), Ok(_)) => {}
        // There a name may start with a colon, that is with an empty prefix, which namespaces do not allow.
        (Err(XmlErrorKind::Attribute(_) | XmlErrorKind::Name | XmlErrorKind::EndTag { .. }), Ok(_)) if has_empty_prefix(text) => {}
        (Err(error), Ok(_)) => panic!("refused here, accepted there: {error:?}"),
        (Err(_), Err(_)) => {}
    }
});
