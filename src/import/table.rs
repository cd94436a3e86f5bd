//! Records of a delimited file of any size, each of at most a megabyte.

use std::io::{self, Read};

use csv::StringRecord;
use encoding_rs::Encoding;

use super::cells::DateForm;
use super::columns::{Column, ColumnMap};
use super::decode::{ByteCounter, Utf8Stream};
use super::error::{RowError, RowReason, TableError};
use super::mapping::ImportMapping;

/// A longer record is passed over, so that a file without line ends, or with a quote that is never closed, does not fill
/// the memory.
const RECORD_BYTES_MAX: usize = 1024 * 1024;
/// What the record parser holds beside the record.
const BUFFER_BYTES: usize = 64 * 1024;

/// The rows of one file, after its header line.
#[derive(Debug)]
pub(super) struct TableReader<R> {
    records: Option<csv::Reader<Bounded<R>>>,
    delimiter: u8,
    record: StringRecord,
    columns: ColumnMap,
    dates: DateForm,
    /// Lines before the part of the file that `records` reads.
    lines_before: u64,
    counter: ByteCounter,
}

/// Passes on so many bytes and then fails, until it is allowed more.
#[derive(Debug)]
struct Bounded<R> {
    stream: Utf8Stream<R>,
    left: usize,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.left.min(buffer.len());
        if length == 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let read = self.stream.read(buffer.get_mut(..length).unwrap_or_default())?;
        self.left -= read;
        Ok(read)
    }
}

impl<R: Read> TableReader<R> {
    /// Reads the header line and finds the columns of `C`.
    pub(super) fn open<C: Column>(source: R, mapping: &ImportMapping) -> Result<Self, TableError> {
        let columns_by_config = if C::SECTION == "debtors" { &mapping.debtors } else { &mapping.invoices };
        let encoding = match &mapping.encoding {
            Some(label) => Some(Encoding::for_label(label.as_bytes()).ok_or_else(|| TableError::Encoding { label: label.clone() })?),
            None => None,
        };
        let dates = DateForm::new(mapping.date_format.as_deref())?;
        let mut stream = Utf8Stream::new(source, encoding);
        let counter = stream.counter();
        let (delimiter, lines_before) = delimiter_of(&mut stream, mapping.delimiter)?;
        let mut records = record_reader(stream, delimiter);
        let mut header = StringRecord::new();
        match records.read_record(&mut header) {
            Ok(true) => {}
            Ok(false) => return Err(TableError::Empty),
            Err(_) if records.get_ref().left == 0 => return Err(TableError::HeaderTooLong),
            Err(error) => return Err(TableError::Read(io_error(error))),
        }
        let columns = ColumnMap::find::<C>(&header.iter().collect::<Vec<_>>(), columns_by_config)?;
        Ok(Self { records: Some(records), delimiter, record: header, columns, dates, lines_before, counter })
    }

    /// Counts the bytes read of the source.
    pub(super) fn counter(&self) -> ByteCounter {
        self.counter.clone()
    }

    /// The next record with something in it, and the line on which it begins; `None` at the end.
    pub(super) fn next_record(&mut self) -> Option<Result<Record<'_>, RowError>> {
        let line = loop {
            let records = self.records.as_mut()?;
            records.get_mut().left = RECORD_BYTES_MAX;
            match records.read_record(&mut self.record) {
                Ok(true) => {}
                Ok(false) => {
                    self.records = None;
                    return None;
                }
                Err(_) if records.get_ref().left == 0 => return Some(Err(self.skip_record())),
                Err(error) => return Some(Err(self.give_up(io_error(error)))),
            }
            if self.record.iter().any(|cell| !cell.trim().is_empty()) {
                break match record_line(&self.record, records.position().line()) {
                    Ok(line) => self.lines_before + line,
                    Err(line) => return Some(Err(row_error(self.lines_before + line, RowReason::QuoteNotClosed))),
                };
            }
        };
        let (cells, headers) = (self.record.len(), self.columns.width());
        let has_more = self.record.iter().skip(headers).any(|cell| !cell.trim().is_empty());
        if has_more {
            return Some(Err(row_error(line, RowReason::TooManyCells { cells, headers })));
        }
        Some(Ok(Record { line, record: &self.record, columns: &self.columns, dates: &self.dates }))
    }

    /// Goes on after a record that is too long, at the next line of the file.
    fn skip_record(&mut self) -> RowError {
        let Some(records) = self.records.take() else { return self.give_up(io::ErrorKind::UnexpectedEof.into()) };
        let line = self.lines_before + self.record.position().map_or(0, csv::Position::line);
        let lines_read = records.position().line();
        let mut stream = records.into_inner().stream;
        match stream.skip_line() {
            Ok(_) => {}
            Err(error) => return self.give_up(error),
        }
        self.lines_before += lines_read;
        self.records = Some(record_reader(stream, self.delimiter));
        row_error(line, RowReason::RecordTooLong { next_line: self.lines_before + 1 })
    }

    /// Ends after a failure of the source.
    fn give_up(&mut self, error: io::Error) -> RowError {
        let line = self.lines_before + self.records.take().map_or(0, |records| records.position().line());
        row_error(line, RowReason::ReadFailed { kind: error.kind() })
    }
}

/// One record, and what is needed to read its cells.
#[derive(Debug)]
pub(super) struct Record<'a> {
    pub(super) line: u64,
    pub(super) record: &'a StringRecord,
    pub(super) columns: &'a ColumnMap,
    pub(super) dates: &'a DateForm,
}

/// An error about the whole row.
fn row_error(line: u64, reason: RowReason) -> RowError {
    RowError { line, column: String::new(), reason }
}

/// The line on which a record begins, counted back from the line after it, because the parser counts empty lines before
/// a record to it. An `Err` when the file ended before the record did: a quote was never closed.
fn record_line(record: &StringRecord, line_after: u64) -> Result<u64, u64> {
    let lines_within = memchr::memchr_iter(b'\n', record.as_slice().as_bytes()).count() as u64;
    let earliest = record.position().map_or(0, csv::Position::line);
    let line = line_after.saturating_sub(1 + lines_within);
    if line < earliest { Err(earliest) } else { Ok(line) }
}

fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        _ => io::ErrorKind::InvalidData.into(),
    }
}

fn record_reader<R: Read>(stream: Utf8Stream<R>, delimiter: u8) -> csv::Reader<Bounded<R>> {
    csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(false)
        .buffer_capacity(BUFFER_BYTES)
        .from_reader(Bounded { stream, left: RECORD_BYTES_MAX })
}

/// The delimiter, and the lines taken to find it: Excel writes `sep=;` on a line of its own before the header.
fn delimiter_of<R: Read>(stream: &mut Utf8Stream<R>, by_config: Option<char>) -> Result<(u8, u64), TableError> {
    let by_config = match by_config {
        None => None,
        Some(delimiter) => {
            let byte = u8::try_from(delimiter).ok().filter(|byte| DELIMITERS.contains(byte));
            Some(byte.ok_or(TableError::Delimiter { delimiter })?)
        }
    };
    let pending = stream.pending().map_err(TableError::Read)?;
    let first_line = pending.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if let Some(&[delimiter]) = first_line.strip_prefix(b"sep=") {
        let length = first_line.len() + 1;
        stream.consume(length);
        return Ok((by_config.unwrap_or(delimiter), 1));
    }
    Ok((by_config.unwrap_or_else(|| most_frequent(pending)), 0))
}

const DELIMITERS: [u8; 4] = *b";,\t|";

/// The delimiter that the first line with text holds most of, outside quotes; a semicolon when it holds none.
fn most_frequent(text: &[u8]) -> u8 {
    let mut counts = [0_usize; 4];
    let mut is_quoted = false;
    for &byte in text.iter().skip_while(|byte| **byte == b'\n') {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' if !is_quoted => break,
            _ if is_quoted => {}
            _ => counts.iter_mut().zip(DELIMITERS).filter(|(_, d)| *d == byte).for_each(|(count, _)| *count += 1),
        }
    }
    let best = counts.iter().zip(DELIMITERS).rev().max_by_key(|(count, _)| **count);
    best.filter(|(count, _)| **count > 0).map_or(b';', |(_, delimiter)| delimiter)
}

#[cfg(test)]
mod tests {
    use super::super::{read_debtors, read_invoices};
    use super::*;
    use crate::import::DebtorRow;
    use crate::numbers::NumberPlan;
    use proptest::prelude::*;

    fn plan() -> NumberPlan {
        NumberPlan::new("NL", &[], None).unwrap()
    }

    fn read_with(file: &[u8], mapping: &ImportMapping) -> Result<Vec<Result<DebtorRow, RowError>>, TableError> {
        read_debtors(file, mapping, &plan()).map(Iterator::collect)
    }

    fn read(file: &[u8]) -> Vec<Result<DebtorRow, RowError>> {
        read_with(file, &ImportMapping::default()).unwrap()
    }

    fn rows(file: &[u8]) -> Vec<(u64, String, String)> {
        read(file).into_iter().map(|row| row.unwrap()).map(|row| (row.line, row.reference, row.name.into_revealed())).collect()
    }

    fn row(line: u64, reference: &str, name: &str) -> (u64, String, String) {
        (line, reference.to_owned(), name.to_owned())
    }

    #[test]
    fn delimiters_encodings_and_line_ends_are_recognised() {
        let expected = [row(2, "1", "Café €"), row(3, "2", "B")];
        for file in [
            "klantnr;naam\n1;Café €\n2;B\n".as_bytes(),
            "klantnr;naam\r1;Café €\r2;B".as_bytes(),
            "klantnr,naam\r\n1,Café €\r\n2,B".as_bytes(),
            "\u{feff}klantnr\tnaam\n1\tCafé €\n2\tB\n".as_bytes(),
            "klantnr|naam\n1|Café €\n2|B\n".as_bytes(),
            b"klantnr;naam\r\n1;Caf\xe9 \x80\r\n2;B\r\n",
        ] {
            assert_eq!(rows(file), expected, "{}", String::from_utf8_lossy(file));
        }
        assert_eq!(rows(b"sep=,\nklantnr,naam\n1,A;B\n"), [row(3, "1", "A;B")]);
        assert_eq!(rows(b"\"klant, nr\",\"naam; voluit\",Naam\n"), []);
    }

    #[test]
    fn the_config_decides_over_what_is_recognised() {
        let mapping = ImportMapping { delimiter: Some(','), encoding: Some("latin1".into()), ..ImportMapping::default() };
        let row = read_with("klantnr,naam;x;y;z\n1,é\n".as_bytes(), &mapping);
        assert!(matches!(row, Err(TableError::MissingColumn { column: "name", .. })));
        let row = read_with("klantnr,naam\n1,é\n".as_bytes(), &mapping).unwrap().remove(0).unwrap();
        assert_eq!(row.name.reveal(), "Ã©");
        let bad = ImportMapping { delimiter: Some('é'), ..ImportMapping::default() };
        assert!(matches!(read_with(b"a", &bad), Err(TableError::Delimiter { delimiter: 'é' })));
        let bad = ImportMapping { encoding: Some("utf-9".into()), ..ImportMapping::default() };
        assert!(matches!(read_with(b"a", &bad), Err(TableError::Encoding { .. })));
        let bad = ImportMapping { date_format: Some("dd-mm".into()), ..ImportMapping::default() };
        assert!(matches!(read_with(b"a", &bad), Err(TableError::DateFormat { .. })));
    }

    #[test]
    fn quotes_hold_delimiters_line_breaks_and_quotes() {
        let file = "klantnr;naam\n1;\"A;B\n\"\"C\"\"\"\n2;5\" pipes\n\n;\n\n3;D\n";
        let expected = [row(2, "1", "A;B \"C\""), row(4, "2", "5\" pipes"), row(8, "3", "D")];
        assert_eq!(rows(file.as_bytes()), expected);
        assert_eq!(rows(file.replace('\n', "\r\n").as_bytes()), expected);
    }

    #[test]
    fn a_file_without_a_table_is_refused() {
        for file in ["", "\n\r\n", "\u{feff}"] {
            assert!(matches!(read_with(file.as_bytes(), &ImportMapping::default()), Err(TableError::Empty)), "{file:?}");
        }
        let no_table = vec![b'x'; 3 * RECORD_BYTES_MAX];
        assert!(matches!(read_with(&no_table, &ImportMapping::default()), Err(TableError::HeaderTooLong)));
        assert_eq!(rows(b"klantnr;naam"), []);
    }

    #[test]
    fn a_header_twice_is_refused_when_it_matters() {
        let twice = read_with(b"klantnr;naam;Klant nr.\n", &ImportMapping::default());
        assert!(matches!(twice, Err(TableError::DuplicateHeader { header, .. }) if header == "klantnr"));
        assert_eq!(rows(b"klantnr;naam;x;x\n1;A;;\n"), [row(2, "1", "A")]);
    }

    #[test]
    fn ragged_rows() {
        let result = read(b"klantnr;naam;taal\n1;A\n2;B;nl;;\n3;C;nl;oops\n4;D;nl\n");
        assert_eq!(result.iter().filter(|row| row.is_ok()).count(), 3);
        let reason = RowReason::TooManyCells { cells: 4, headers: 3 };
        assert_eq!(result[2], Err(RowError { line: 4, column: String::new(), reason }));
    }

    #[test]
    fn nul_bytes_go_from_text_and_refuse_a_key() {
        let result = read(b"klantnr;naam\n1;A\0B\n2\0;C\n");
        assert_eq!(result[0].as_ref().unwrap().name.reveal(), "AB");
        assert_eq!(result[1].as_ref().unwrap_err().reason, RowReason::ControlCharacter);
    }

    #[test]
    fn lost_characters_are_told() {
        let file = [b"klantnr;naam\n1;\xc3\xa9\n".as_slice(), &b"2;plain text only\n".repeat(5000), b"3;caf\xe9 x\n4\xe9;D\n"].concat();
        let result = read(&file);
        let (kept, lost) = (&result[5001].as_ref().unwrap().warnings, result[5002].as_ref().unwrap_err());
        assert_eq!((kept[0].line, &kept[0].reason), (5003, &RowReason::LostCharacters));
        assert_eq!((lost.line, &lost.reason), (5004, &RowReason::LostCharacters));
    }

    #[test]
    fn a_record_that_is_too_long_is_passed_over() {
        let huge = "x".repeat(10 * 1024 * 1024);
        let file = format!("klantnr;naam\r\n1;A\r\n2;{huge}\r\n3;C\r\n4;{huge}");
        let result = read(file.as_bytes());
        assert_eq!(result.len(), 4);
        let too_long = |line, next_line| Err(RowError { line, column: String::new(), reason: RowReason::RecordTooLong { next_line } });
        assert_eq!(result[1], too_long(3, 4));
        assert_eq!(result[2].as_ref().unwrap().line, 4);
        assert_eq!(result[3], too_long(5, 6));
    }

    #[test]
    fn a_quote_that_is_never_closed_does_not_eat_the_whole_file() {
        let file = format!("klantnr;naam\n1;\"A\n{}", "2;B\n".repeat(600_000));
        let result = read(file.as_bytes());
        let Err(error) = &result[0] else { panic!("a row") };
        let RowReason::RecordTooLong { next_line } = error.reason else { panic!("{error}") };
        assert_eq!(error.line, 2);
        assert_eq!(result[1].as_ref().unwrap().line, next_line);
        assert_eq!(result.last().unwrap().as_ref().unwrap().line, 600_002);
    }

    #[test]
    fn a_quote_open_at_the_end_of_the_file_is_told() {
        let result = read(b"klantnr;naam\n1;A\n2;\"B\n3;C\n");
        assert_eq!(result[1], Err(row_error(3, RowReason::QuoteNotClosed)));
        assert_eq!(result.len(), 2);
        assert_eq!(rows(b"klantnr;naam\n1;\"A\n\"\n"), [row(2, "1", "A")]);
        assert_eq!(rows(b"klantnr;naam\n1;\"A\""), [row(2, "1", "A")]);
    }

    /// A million bytes of rows, and then the disk fails.
    struct Failing(usize);

    impl Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(1).ok_or(io::ErrorKind::ConnectionReset)?;
            let rows = b"klantnr;naam\n".repeat(1000);
            let length = rows.len().min(buffer.len());
            buffer[..length].copy_from_slice(&rows[..length]);
            Ok(length)
        }
    }

    #[test]
    fn a_failing_source_ends_the_rows() {
        let result: Vec<_> = read_debtors(Failing(100), &ImportMapping::default(), &plan()).unwrap().collect();
        let error = result.last().unwrap().as_ref().unwrap_err();
        assert_eq!(error.reason, RowReason::ReadFailed { kind: io::ErrorKind::ConnectionReset });
        assert_eq!(result.iter().filter(|row| matches!(row, Err(e) if matches!(e.reason, RowReason::ReadFailed { .. }))).count(), 1);
        assert!(result.len() > 1000);
        let at_once = read_debtors(Failing(0), &ImportMapping::default(), &plan());
        assert!(matches!(at_once, Err(TableError::Read(_))));
    }

    /// Writes invoices as they are asked for.
    struct Invoices {
        next: u64,
        end: u64,
        line: Vec<u8>,
    }

    impl Read for Invoices {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.line.is_empty() && self.next < self.end {
                self.line = format!("{0};F{0};1-2-2026;3-3-2026;1.234,56;;Verf \u{e9}\n", self.next).into_bytes();
                self.next += 1;
            }
            let length = self.line.len().min(buffer.len());
            buffer[..length].copy_from_slice(&self.line[..length]);
            self.line.drain(..length);
            Ok(length)
        }
    }

    #[test]
    fn many_rows_stream_and_the_bytes_are_counted() {
        let header = b"debiteurnummer;factuurnummer;factuurdatum;vervaldatum;bedrag;openstaand;omschrijving\n";
        let source = header.chain(Invoices { next: 0, end: 100_000, line: Vec::new() });
        let table = read_invoices(source, &ImportMapping::default()).unwrap();
        let counter = table.counter();
        assert!(counter.bytes() <= 64 * 1024, "only the first chunk was read");
        assert_eq!(table.filter(|row| row.is_ok()).count(), 100_000);
        assert!(counter.bytes() > 4_000_000);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_with(&bytes, &ImportMapping::default());
        }

        #[test]
        fn any_rows_are_read_or_refused(text in "[12;,\"\n\ra\u{0}\u{e9}-]{0,200}") {
            let file = format!("klantnr;naam;telefoon;mail;stage\n{text}");
            let lines = file.lines().count() as u64 + text.matches('\r').count() as u64;
            for row in read(file.as_bytes()) {
                let line = row.map_or_else(|error| error.line, |row| row.line);
                prop_assert!((2..=lines).contains(&line));
            }
        }
    }
}
