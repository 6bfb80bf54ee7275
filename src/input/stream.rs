//! The text of a file that is too large to be held, decoded piece by piece; by what its first bytes speak for it is the text that
//! [`decode`](super::decode) would give, or there is none.

use std::io::Read;

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8};

use super::decode::of_head;

/// Why the text of a file could not be read on.
#[derive(Debug)]
pub enum StreamError {
    /// The file cannot be read.
    Read(std::io::Error),
    /// The bytes are no text in the encoding that the first of them speak for; whoever can hold the file can try others.
    Malformed,
}

/// A file as text.
pub struct TextStream<R> {
    source: R,
    decoder: Decoder,
    /// The encoding.
    encoding: &'static Encoding,
    warning: Option<String>,
    raw: Vec<u8>,
    /// The bytes of `raw` that are not decoded yet.
    start: usize,
    end: usize,
    has_ended: bool,
    /// Whether the decoder has given its last character; it must not be asked again.
    is_decoded: bool,
}

/// So many bytes are decoded at once.
const AT_ONCE: usize = 1 << 16;

impl<R: Read> TextStream<R> {
    /// A stream over `source`, of which the first bytes are read.
    pub fn new(mut source: R) -> std::io::Result<Self> {
        let mut raw = Vec::with_capacity(AT_ONCE);
        (&mut source).take(4).read_to_end(&mut raw)?;
        let (encoding, start, warning) = of_head(&raw).unwrap_or((UTF_8, 0, None));
        let end = raw.len();
        raw.resize(AT_ONCE, 0);
        let decoder = encoding.new_decoder_without_bom_handling();
        Ok(TextStream { source, decoder, encoding, warning, raw, start, end, has_ended: false, is_decoded: false })
    }

    /// Name of the encoding.
    pub fn encoding(&self) -> &'static str {
        self.encoding.name()
    }

    /// Something a reader should know about the encoding.
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// Appends about so many bytes of text to `text`, more rather than fewer. Says whether anything can be left.
    pub fn fill(&mut self, text: &mut String, about: usize) -> Result<bool, StreamError> {
        let enough = text.len().saturating_add(about.max(1));
        while text.len() < enough && !self.is_decoded {
            if self.start == self.end && !self.has_ended {
                self.start = 0;
                self.end = loop {
                    match self.source.read(&mut self.raw) {
                        Ok(read) => break read,
                        Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                        Err(error) => return Err(StreamError::Read(error)),
                    }
                };
                self.has_ended = self.end == 0;
            }
            let bytes = self.raw.get(self.start..self.end).unwrap_or_default();
            text.reserve(self.decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(4 * AT_ONCE));
            let (result, read) = self.decoder.decode_to_string_without_replacement(bytes, text, self.has_ended);
            self.start += read;
            match result {
                DecoderResult::InputEmpty if self.has_ended => self.is_decoded = true,
                DecoderResult::InputEmpty | DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => return Err(StreamError::Malformed),
            }
        }
        Ok(!self.is_decoded)
    }
}

#[cfg(test)]
mod tests {
    use super::super::decode;
    use super::*;

    /// Gives one byte at a time, as a slow pipe may.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let (Some((first, rest)), Some(place)) = (self.0.split_first(), buffer.first_mut()) else { return Ok(0) };
            *place = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    fn text<R: Read>(source: R, about: usize) -> Result<(String, &'static str, Option<String>), StreamError> {
        let mut stream = TextStream::new(source).unwrap();
        let mut text = String::new();
        while stream.fill(&mut text, about)? {}
        Ok((text, stream.encoding(), stream.warning().map(str::to_owned)))
    }

    #[test]
    fn the_text_is_that_of_the_whole_file_however_it_comes() {
        let source = format!("<a b='grün 😀'>{}</a>", "ü😀x".repeat(30_000));
        let units = |big: bool| -> Vec<u8> {
            source.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
        };
        let utf8 = source.clone().into_bytes();
        for bytes in [
            utf8.clone(),
            [b"\xef\xbb\xbf".as_slice(), &utf8].concat(),
            units(false),
            units(true),
            [b"\xff\xfe".as_slice(), &units(false)].concat(),
            [b"\xfe\xff".as_slice(), &units(true)].concat(),
            b"<".to_vec(),
            Vec::new(),
        ] {
            let whole = decode(&bytes, None).unwrap();
            let expected = (whole.text.into_owned(), whole.encoding, whole.warning);
            assert!(text(bytes.as_slice(), 1000).unwrap() == expected);
            assert!(text(Slow(&bytes), 1).unwrap() == expected);
        }
    }

    #[test]
    fn a_text_that_has_ended_has_nothing_left_however_often_it_is_asked() {
        let mut stream = TextStream::new(b"<a/>".as_slice()).unwrap();
        let mut text = String::new();
        for _ in 0..3 {
            assert!(!stream.fill(&mut text, 1000).unwrap());
        }
        assert_eq!(text, "<a/>");
    }

    #[test]
    fn a_wrong_byte_or_half_a_character_is_never_text() {
        for bytes in [b"<a>\xfc</a>".as_slice(), b"<a>\xc3", b"\xff\xfe<\0a", b"\xff\xfe<\0\0\xdc"] {
            assert!(decode(bytes, None).is_err());
            assert!(matches!(text(bytes, 1000), Err(StreamError::Malformed)), "{bytes:?}");
        }
    }
}
