//! JSON as serde_json lays it out in its pretty form, byte for byte, but written faster: reports consist of texts, and in a text most
//! characters need no look at all.

use std::io::Write;

use serde::ser::{
    Error as _, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct,
    SerializeTupleVariant, Serializer,
};
use serde_json::Error;

/// The value as indented JSON.
pub(super) fn pretty<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    let mut writer = Writer { out: String::new(), depth: 0, sink: None, failed: None };
    value.serialize(&mut writer)?;
    Ok(writer.out)
}

/// The same and a line break, written piece by piece, so that a long report takes no more room than a short one.
pub(super) fn write_pretty<T: Serialize + ?Sized>(value: &T, sink: &mut dyn Write) -> std::io::Result<()> {
    let mut writer = Writer { out: String::new(), depth: 0, sink: Some(sink), failed: None };
    let result = value.serialize(&mut writer).and_then(|()| {
        writer.out.push('\n');
        writer.pass_on()
    });
    match writer.failed {
        Some(error) => Err(error),
        None => Ok(result?),
    }
}

/// So many bytes are held, and a little more.
const HELD: usize = 64 << 10;

struct Writer<'s> {
    out: String,
    depth: usize,
    /// Where the text goes; none keeps all of it.
    sink: Option<&'s mut dyn Write>,
    /// Why the sink took no more.
    failed: Option<std::io::Error>,
}

impl<'s> Writer<'s> {
    /// Gives the sink what is held.
    fn pass_on(&mut self) -> Result<(), Error> {
        let Some(sink) = &mut self.sink else { return Ok(()) };
        let written = sink.write_all(self.out.as_bytes());
        self.out.clear();
        written.map_err(|error| {
            self.failed = Some(error);
            Error::custom("the rest has nowhere to go")
        })
    }

    fn line(&mut self) {
        const BLANKS: &str = "                                ";
        self.out.push('\n');
        let mut blanks = 2 * self.depth;
        while blanks > 0 {
            let now = blanks.min(BLANKS.len());
            self.out.push_str(&BLANKS[..now]);
            blanks -= now;
        }
    }

    fn text(&mut self, text: &str) {
        self.out.push('"');
        // Without an early end the compiler can use vector instructions.
        if text.bytes().fold(false, |found, byte| found | (byte < b' ')) {
            text.chars().for_each(|c| self.escaped(c));
        } else {
            let mut rest = text;
            while let Some(at) = memchr::memchr2(b'"', b'\\', rest.as_bytes()) {
                self.out.push_str(&rest[..at]);
                self.out.push('\\');
                self.out.push_str(&rest[at..=at]);
                rest = &rest[at + 1..];
            }
            self.out.push_str(rest);
        }
        self.out.push('"');
    }

    fn escaped(&mut self, c: char) {
        match c {
            '"' => self.out.push_str("\\\""),
            '\\' => self.out.push_str("\\\\"),
            '\u{8}' => self.out.push_str("\\b"),
            '\t' => self.out.push_str("\\t"),
            '\n' => self.out.push_str("\\n"),
            '\u{c}' => self.out.push_str("\\f"),
            '\r' => self.out.push_str("\\r"),
            '\0'..='\u{1f}' => self.out.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ => self.out.push(c),
        }
    }

    fn unsigned(&mut self, mut number: u64) {
        // The largest has twenty digits.
        let mut digits = [b'0'; 20];
        let mut first = digits.len();
        while first == digits.len() || number > 0 {
            first -= 1;
            digits[first] = b'0' + (number % 10) as u8;
            number /= 10;
        }
        self.out.extend(digits[first..].iter().map(|digit| char::from(*digit)));
    }

    /// A number of a type that no report has much of.
    fn other<T: Serialize>(&mut self, number: &T) -> Result<(), Error> {
        self.out.push_str(&serde_json::to_string(number)?);
        Ok(())
    }

    fn open<'a>(&'a mut self, brackets: Brackets) -> Inside<'a, 's> {
        self.out.push(brackets.0);
        self.depth += 1;
        Inside { writer: self, brackets, is_empty: true, is_variant: false }
    }

    /// An object with the name of a variant as its only key, and what is in it opened.
    fn variant<'a>(&'a mut self, name: &str, brackets: Brackets) -> Inside<'a, 's> {
        self.out.push('{');
        self.depth += 1;
        self.line();
        self.text(name);
        self.out.push_str(": ");
        Inside { is_variant: true, ..self.open(brackets) }
    }
}

#[derive(Clone, Copy)]
struct Brackets(char, char);

const LIST: Brackets = Brackets('[', ']');
const OBJECT: Brackets = Brackets('{', '}');

/// A list or object that is not closed yet.
struct Inside<'a, 's> {
    writer: &'a mut Writer<'s>,
    brackets: Brackets,
    is_empty: bool,
    is_variant: bool,
}

impl<'s> Inside<'_, 's> {
    fn next(&mut self) -> Result<&mut Writer<'s>, Error> {
        if self.writer.out.len() >= HELD {
            self.writer.pass_on()?;
        }
        if !self.is_empty {
            self.writer.out.push(',');
        }
        self.is_empty = false;
        self.writer.line();
        Ok(self.writer)
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(self.next()?)
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Error> {
        let writer = self.next()?;
        writer.text(name);
        writer.out.push_str(": ");
        value.serialize(writer)
    }

    fn close(self) {
        let close = |is_empty: bool, bracket: char, writer: &mut Writer<'_>| {
            writer.depth -= 1;
            if !is_empty {
                writer.line();
            }
            writer.out.push(bracket);
        };
        close(self.is_empty, self.brackets.1, self.writer);
        if self.is_variant {
            close(false, '}', self.writer);
        }
    }
}

impl<'a, 's> Serializer for &'a mut Writer<'s> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Inside<'a, 's>;
    type SerializeTuple = Inside<'a, 's>;
    type SerializeTupleStruct = Inside<'a, 's>;
    type SerializeTupleVariant = Inside<'a, 's>;
    type SerializeMap = Inside<'a, 's>;
    type SerializeStruct = Inside<'a, 's>;
    type SerializeStructVariant = Inside<'a, 's>;

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.out.push_str(if value { "true" } else { "false" });
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), Error> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<(), Error> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<(), Error> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<(), Error> {
        if value < 0 {
            self.out.push('-');
        }
        self.unsigned(value.unsigned_abs());
        Ok(())
    }

    fn serialize_i128(self, value: i128) -> Result<(), Error> {
        self.other(&value)
    }

    fn serialize_u8(self, value: u8) -> Result<(), Error> {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), Error> {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), Error> {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<(), Error> {
        self.unsigned(value);
        Ok(())
    }

    fn serialize_u128(self, value: u128) -> Result<(), Error> {
        self.other(&value)
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        self.other(&value)
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        self.other(&value)
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.text(value.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        self.text(value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        self.collect_seq(value)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.out.push_str("null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        let mut object = self.open(OBJECT);
        object.field(variant, value)?;
        object.close();
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Inside<'a, 's>, Error> {
        Ok(self.open(LIST))
    }

    fn serialize_tuple(self, _: usize) -> Result<Inside<'a, 's>, Error> {
        Ok(self.open(LIST))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Inside<'a, 's>, Error> {
        Ok(self.open(LIST))
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Inside<'a, 's>, Error> {
        Ok(self.variant(variant, LIST))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Inside<'a, 's>, Error> {
        Ok(self.open(OBJECT))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Inside<'a, 's>, Error> {
        Ok(self.open(OBJECT))
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Inside<'a, 's>, Error> {
        Ok(self.variant(variant, OBJECT))
    }
}

/// Lists of several kinds, which JSON does not tell apart.
macro_rules! lists {
    ($($of:ident $item:ident,)*) => {$(
        impl $of for Inside<'_, '_> {
            type Ok = ();
            type Error = Error;

            fn $item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.item(value)
            }

            fn end(self) -> Result<(), Error> {
                self.close();
                Ok(())
            }
        }
    )*};
}

lists! {
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field,
}

/// Structs of both kinds.
macro_rules! structs {
    ($($of:ident,)*) => {$(
        impl $of for Inside<'_, '_> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
                self.field(name, value)
            }

            fn end(self) -> Result<(), Error> {
                self.close();
                Ok(())
            }
        }
    )*};
}

structs! { SerializeStruct, SerializeStructVariant, }

impl SerializeMap for Inside<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        let writer = self.next()?;
        let start = writer.out.len();
        key.serialize(&mut *writer)?;
        // Reports have no other keys than texts.
        if writer.out.as_bytes().get(start) == Some(&b'"') { Ok(()) } else { Err(Error::custom("a key must be a text")) }
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.writer.out.push_str(": ");
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), Error> {
        self.close();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::Serialize;

    use super::*;

    #[derive(Serialize)]
    enum Kinds<'a> {
        Unit,
        Newtype(&'a str),
        Tuple(i64, Option<bool>),
        Struct { list: Vec<u64>, map: BTreeMap<&'a str, f64> },
    }

    #[derive(Serialize)]
    struct Outer<'a> {
        kinds: Vec<Kinds<'a>>,
        nothing: (),
        empty: BTreeMap<String, u8>,
        #[serde(flatten)]
        flat: BTreeMap<&'a str, char>,
    }

    proptest! {
        #[test]
        fn whatever_a_report_holds_looks_as_serde_json_writes_it(
            text in proptest::collection::vec(prop_oneof![any::<char>(), (0u8..0x80).prop_map(char::from)], 0..40),
            numbers in proptest::collection::vec(any::<u64>(), 0..3),
            signed: i64,
            fraction in -1e30..1e30f64,
            truth: Option<bool>,
        ) {
            let text: String = text.into_iter().collect();
            let of = |map: BTreeMap<&'static str, f64>| Kinds::Struct { list: numbers.clone(), map };
            let value = Outer {
                kinds: vec![
                    Kinds::Unit,
                    Kinds::Newtype(&text),
                    Kinds::Tuple(signed, truth),
                    of(BTreeMap::from([("a", fraction), ("b", f64::NAN)])),
                    of(BTreeMap::new()),
                ],
                nothing: (),
                empty: BTreeMap::new(),
                flat: BTreeMap::from([(text.as_str(), '\\'), ("\u{1f}\"", '\u{7f}')]),
            };
            prop_assert_eq!(pretty(&value).unwrap(), serde_json::to_string_pretty(&value).unwrap());
        }
    }

    /// Takes so many bytes and then fails.
    struct Full(usize, Vec<u8>);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let taken = bytes.len().min(self.0 - self.1.len());
            self.1.extend(&bytes[..taken]);
            if taken == 0 { Err(std::io::ErrorKind::StorageFull.into()) } else { Ok(taken) }
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_is_written_piece_by_piece_is_the_same_and_why_it_ended_early_is_told() {
        let long: Vec<String> = (0..20_000).map(|number| format!("{number} \u{1f}\"")).collect();
        let expected = format!("{}\n", pretty(&long).unwrap());
        assert!(expected.len() > 3 * HELD);
        let mut out = Vec::new();
        write_pretty(&long, &mut out).unwrap();
        assert!(out == expected.as_bytes());
        for room in [0, HELD, 3 * HELD] {
            let mut full = Full(room, Vec::new());
            assert_eq!(write_pretty(&long, &mut full).unwrap_err().kind(), std::io::ErrorKind::StorageFull);
            assert!(full.1 == expected.as_bytes()[..room]);
        }
    }

    #[test]
    fn depth_is_shown_however_deep_it_is() {
        let value = (0..40).fold(serde_json::json!({"a": 1}), |value, _| serde_json::json!([value]));
        assert_eq!(pretty(&value).unwrap(), serde_json::to_string_pretty(&value).unwrap());
        assert!(pretty(&BTreeMap::from([(vec![1], 2)])).is_err());
    }
}
