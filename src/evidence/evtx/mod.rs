//! Binary logs of events (`.evtx`), read as their export as XML would be: block by block, with no more of the file in memory than one block. What is
//! damaged is told with its place and stops nothing else.

mod record;
mod value;
#[cfg(test)]
#[path = "../../../tests/evtx/writer.rs"]
mod writer;

use std::collections::BTreeMap;
use std::io::{self, Read};

use flate2::Crc;
use memchr::memmem;

use self::record::{Budget, Record};
use super::events::{ReadEvents, close};
use crate::input::{FileId, Place, Remark};

const SIGNATURE: &[u8] = b"ElfFile\0";
const OF_BLOCK: &[u8] = b"ElfChnk\0";
const OF_RECORD: &[u8] = b"**\0\0";
/// Length of a block of records.
const BLOCK: usize = 1 << 16;
/// Where its records begin.
const RECORDS: usize = 512;
/// What stands in a record before its event.
const HEAD: usize = 24;
/// So many damaged places are told one by one.
const TOLD: usize = 10;

/// Whether a file begins as a binary log of events (`.evtx`).
pub fn is_evtx(bytes: &[u8]) -> bool {
    bytes.starts_with(SIGNATURE)
}

/// Reads a binary log of events to its end. The number of the record stands as line in the places of its events.
pub fn read_evtx(mut input: impl Read, file: FileId) -> io::Result<ReadEvents> {
    let mut block = vec![0; BLOCK];
    let mut log = Log { out: ReadEvents::default(), file, damaged: 0, unknown: BTreeMap::new() };
    let length = fill(&mut input, &mut block[..128])?;
    let head = Header::of(&block[..length]).map_err(|message| io::Error::new(io::ErrorKind::InvalidData, message))?;
    if head.is_damaged {
        log.damage(0, "the checksum of the header of the file is wrong");
    }
    let padding = head.length - 128;
    if fill(&mut input, &mut block[..padding])? < padding {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the file ends within its header"));
    }
    let mut at = head.length as u64;
    let mut blocks = 0;
    loop {
        let length = fill(&mut input, &mut block)?;
        if length == 0 {
            break;
        }
        blocks += usize::from(log.take(&block[..length], at, head.is_open));
        at += length as u64;
        if length < BLOCK {
            log.damage(at, "the file ends within a block of records; what came behind it is missing");
            break;
        }
    }
    // Blocks that were filled after the header was written last are no fault.
    if blocks < head.blocks {
        log.out
            .warnings
            .push(remark(format!("the file is cut off: its header tells of {} blocks of records, and {blocks} are there", head.blocks)));
    }
    Ok(log.finish())
}

/// Fills a buffer as far as the file goes.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match input.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn remark(message: String) -> Remark {
    Remark { message, place: None }
}

/// What the head of the file says.
#[derive(Debug)]
struct Header {
    length: usize,
    blocks: usize,
    /// Whether the log was in use when it was copied.
    is_open: bool,
    is_damaged: bool,
}

impl Header {
    fn of(bytes: &[u8]) -> Result<Header, String> {
        let Some(bytes) = bytes.first_chunk::<128>().filter(|bytes| is_evtx(*bytes)) else {
            return Err("the file ends within its header".to_owned());
        };
        let (minor, major) = (u16_at(bytes, 36), u16_at(bytes, 38));
        if major != 3 {
            return Err(format!("version {major}.{minor} of binary logs is not known here, only 3"));
        }
        let length = usize::from(u16_at(bytes, 40));
        Ok(Header {
            length: if length < 128 { 4096 } else { length },
            blocks: usize::from(u16_at(bytes, 42)),
            is_open: u32_at(bytes, 120) & 1 == 1,
            is_damaged: checksum(&[&bytes[..120]]) != u32_at(bytes, 124),
        })
    }
}

fn checksum(parts: &[&[u8]]) -> u32 {
    let mut sum = Crc::new();
    parts.iter().for_each(|part| sum.update(part));
    sum.sum()
}

fn bytes_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or([0; N])
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes_at(bytes, at))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes_at(bytes, at))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes_at(bytes, at))
}

#[derive(Debug)]
struct Log {
    out: ReadEvents,
    file: FileId,
    damaged: usize,
    /// Parts that are not known, with the record that has them first.
    unknown: BTreeMap<String, u64>,
}

impl Log {
    fn damage(&mut self, at: u64, what: &str) {
        self.damaged += 1;
        if self.damaged <= TOLD {
            self.out.warnings.push(remark(format!("byte {at}: {what}")));
        }
    }

    /// Takes a block, which begins at byte `at` of the file; whether it holds records.
    fn take(&mut self, block: &[u8], at: u64, is_open: bool) -> bool {
        if !block.starts_with(OF_BLOCK) {
            // Room that was not used yet is empty.
            if block.iter().any(|byte| *byte != 0) {
                self.damage(at, &format!("these {} bytes are no block of records", block.len()));
            }
            return false;
        }
        let free = u32_at(block, 48) as usize;
        let is_known = (RECORDS..=BLOCK).contains(&free);
        let fits = is_known
            && checksum(&[&block[..block.len().min(120)], block.get(128..RECORDS).unwrap_or_default()]) == u32_at(block, 124)
            && checksum(&[block.get(RECORDS..free).unwrap_or_default()]) == u32_at(block, 52);
        let before = self.damaged;
        self.records_of(block, at, if is_known { free } else { BLOCK });
        // The head of a block is written after its records, so that it is old in a log that was in use.
        let is_whole = block.len() == BLOCK;
        if !fits && is_whole && (!is_open || self.damaged > before) {
            self.damage(at, "a checksum of this block of records is wrong: it was damaged or changed; what could be read of it counts");
        }
        true
    }

    fn records_of(&mut self, block: &[u8], start: u64, free: usize) {
        let mut budget = Budget::of_block();
        let mut at = RECORDS;
        let mut last: Option<u64> = None;
        while at < block.len() {
            let Some(size) = size_of_record(block, at) else {
                if at >= free || block.get(at..).is_some_and(|rest| rest.iter().all(|byte| *byte == 0)) {
                    break;
                }
                let next = next_record(block, at + 1);
                if block.len() == BLOCK || next.is_some() {
                    let end = next.unwrap_or(free.min(block.len()));
                    self.damage(start + at as u64, &format!("no record begins here; {} bytes were passed over", end.saturating_sub(at)));
                }
                match next {
                    Some(next) => at = next,
                    None => break,
                }
                continue;
            };
            let number = u64_at(block, at + 8);
            // Behind the last record of the head stand those that came later, and what is left of others.
            if at >= free && last.is_some_and(|last| last.checked_add(1) != Some(number)) {
                break;
            }
            last = Some(number);
            self.record(block, at, size, number, start, &mut budget);
            at += size;
        }
    }

    fn record(&mut self, block: &[u8], at: usize, size: usize, number: u64, start: u64, budget: &mut Budget) {
        let place = Place { file: self.file, line: u32::try_from(number).unwrap_or(u32::MAX).max(1), column: 1 };
        match record::read(block, at + HEAD..at + size - 4, budget, place) {
            Ok(Record::Other) => self.out.others += 1,
            Ok(Record::Event(event, unknown)) => {
                close(&mut self.out, Some(*event));
                for unknown in unknown.into_iter().chain(self.out.unknown.drain(..)) {
                    if self.unknown.len() < TOLD {
                        self.unknown.entry(unknown.text).or_insert(number);
                    }
                }
            }
            Err(fault) => {
                let message = format!("record {number} is damaged and left out: {}", fault.what);
                self.damage(start + fault.at as u64, &message);
            }
        }
    }

    fn finish(mut self) -> ReadEvents {
        let unknown = self.unknown.into_iter().map(|(text, number)| remark(format!("record {number} is not understood: {text}")));
        self.out.warnings.extend(unknown);
        if self.damaged > TOLD {
            self.out.warnings.push(remark(format!("{} more places are damaged", self.damaged - TOLD)));
        }
        // A log that is full begins again with its first block. A record that was moved while the file was copied is there twice.
        self.out.events.sort_by_key(|event| event.place.line);
        self.out.events.dedup();
        self.out.finished()
    }
}

/// The length of the record at `at`, if there is one.
fn size_of_record(block: &[u8], at: usize) -> Option<usize> {
    let head = block.get(at..)?;
    let size = u32_at(head, 4) as usize;
    let is_record = head.starts_with(OF_RECORD) && (HEAD + 4..=head.len()).contains(&size) && u32_at(head, size - 4) as usize == size;
    is_record.then_some(size)
}

fn next_record(block: &[u8], mut from: usize) -> Option<usize> {
    loop {
        from += memmem::find(block.get(from..)?, OF_RECORD)?;
        if size_of_record(block, from).is_some() {
            return Some(from);
        }
        from += 1;
    }
}

#[cfg(test)]
mod tests;
