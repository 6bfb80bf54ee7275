//! Hostile shapes of XML: reading them costs work linear in their size, ends with an error that has a place, and never overflows the
//! stack or panics.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops on anything unexpected")]

use iisaudit::input::FileId;
use iisaudit::xml::{Event, Limits, XmlError, XmlErrorKind, XmlReader};
use iisaudit::{apphost, metabase};

/// Limits out of the way, so that the shapes themselves are measured.
const UNLIMITED: Limits = Limits { file_bytes: u64::MAX, depth: usize::MAX, attributes: usize::MAX, attribute_bytes: usize::MAX };

/// Reads the whole text, asking for every place as a reader of settings would, and gives the work done.
fn work(text: &str) -> (u64, Option<XmlError>) {
    let mut reader = XmlReader::new(text, FileId(0), UNLIMITED);
    loop {
        match reader.next() {
            Ok(Some(Event::Start)) => {
                let places =
                    reader.place().line + reader.attributes().iter().take(20).map(|each| reader.attribute_place(each).line).sum::<u32>();
                assert!(places > 0);
            }
            Ok(Some(Event::End)) => {}
            Ok(None) => return (reader.work(), None),
            Err(error) => return (reader.work(), Some(error)),
        }
    }
}

/// A shape: its name, and the text it makes for a size.
type Shape = (&'static str, fn(usize) -> String);

const SHAPES: &[Shape] = &[
    ("nested elements", |size| "<a>".repeat(size) + &"</a>".repeat(size)),
    ("nested elements that never end", |size| "<a>".repeat(size)),
    ("nested elements with a namespace each", |size| {
        let open: String = (0..size).map(|index| format!("<a xmlns:n{index}='u{index}'>")).collect();
        open + &"</a>".repeat(size)
    }),
    ("attributes on one element", |size| format!("<a{}/>", (0..size).map(|index| format!(" a{index}=''")).collect::<String>())),
    ("namespaces on one element", |size| format!("<a{}/>", (0..size).map(|index| format!(" xmlns:n{index}='u'")).collect::<String>())),
    ("one long attribute", |size| format!("<a b='{}'/>", "x".repeat(size))),
    ("one long attribute of references", |size| format!("<a b='{}'/>", "&amp;".repeat(size))),
    ("one long attribute of line breaks", |size| format!("<a b='{}'/>", "\n".repeat(size))),
    ("one long comment", |size| format!("<a><!--{}--></a>", "x".repeat(size))),
    ("one long text", |size| format!("<a>{}</a>", "x".repeat(size))),
    ("one long name", |size| format!("<{0}></{0}>", "x".repeat(size))),
    ("elements on one line", |size| format!("<a>{}</a>", "<b c='1'/>".repeat(size))),
    ("elements on a line each", |size| format!("<a>{}</a>", "<b c='1'/>\n".repeat(size))),
    ("a quote that is never closed", |size| format!("<a b='{}", "x ".repeat(size))),
    ("ampersands", |size| format!("<a b='{}'/>", "&".repeat(size))),
    ("less-than signs", |size| "<".repeat(size)),
    ("end tags", |size| format!("<a/>{}", "</a>".repeat(size))),
    ("root elements", |size| "<a/>".repeat(size)),
    ("nul bytes", |size| "\0".repeat(size)),
    ("entities", |size| format!("<!DOCTYPE a [{}]><a/>", "<!ENTITY b 'c'>".repeat(size))),
];

#[test]
fn twice_the_input_is_at_most_about_twice_the_work() {
    for (name, shape) in SHAPES {
        let (once, _) = work(&shape(20_000));
        let (twice, _) = work(&shape(40_000));
        assert!(twice <= once * 23 / 10 + 1000, "{name}: {once} became {twice}");
    }
}

#[test]
fn the_work_is_proportional_to_the_bytes_whatever_the_shape() {
    for (name, shape) in SHAPES {
        let text = shape(40_000);
        let (work, _) = work(&text);
        assert!(work <= 8 * text.len() as u64 + 1000, "{name}: {work} for {} bytes", text.len());
    }
}

#[test]
fn a_million_nested_levels_are_refused_and_the_stack_survives() {
    let text = "<configuration>".repeat(1_000_000);
    for error in [
        apphost::read(&text, FileId(0), Limits::default()).err(),
        metabase::read(&text, FileId(0), Limits::default(), None).err(),
        metabase::MbSchema::read(&text, FileId(0), Limits::default()).err(),
    ] {
        assert!(matches!(error.map(|error| error.kind), Some(XmlErrorKind::Limit("levels of nested elements", _))));
    }
    assert!(matches!(work(&text).1.map(|error| error.kind), Some(XmlErrorKind::Truncated(_))));
}

#[test]
fn every_hostile_shape_is_read_or_refused_by_every_reader_without_a_panic() {
    for (name, shape) in SHAPES {
        let text = shape(3_000);
        for text in [
            text.clone(),
            format!("<configuration>{text}</configuration>"),
            format!("<configuration><MBProperty>{text}</MBProperty></configuration>"),
        ] {
            let outcomes = [
                apphost::read(&text, FileId(0), Limits::default()).err(),
                metabase::read(&text, FileId(0), Limits::default(), None).err(),
                metabase::MbSchema::read(&text, FileId(0), Limits::default()).err(),
            ];
            for error in outcomes.into_iter().flatten() {
                assert!(error.place.line >= 1 && error.place.column >= 1 && !error.to_string().is_empty(), "{name}");
            }
        }
    }
}
