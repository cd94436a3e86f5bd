//! Two files, one for each side, become one in stereo: the agent left, the debtor right. Sample by sample, so that an hour
//! takes no more memory than a minute. The joined file is on the disk, whole, before anybody is told of it.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read};
use std::path::{Path, PathBuf};

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use sha2::{Digest, Sha256};

/// What is read from or written to a file at once.
const BUFFER_BYTES: usize = 64 * 1024;
/// Behind the file's name while it is being written.
const PART: &str = "part";

/// Why there is no joined file.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// A side's file cannot be read.
    #[error("the {side}'s side cannot be read: {source}")]
    Read {
        /// `agent` or `debtor`.
        side: &'static str,
        /// Why.
        source: hound::Error,
    },
    /// A side's file is no 16-bit mono, or the two have different rates.
    #[error("the {side}'s side is not 16-bit mono at the rate of the other side")]
    Format {
        /// `agent` or `debtor`.
        side: &'static str,
    },
    /// The joined file cannot be written: the disk is full, most likely.
    #[error("the joined file cannot be written: {0}")]
    Write(io::Error),
}

/// A file in stereo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// Its length in microseconds.
    pub micros: i64,
    /// What there was of the agent.
    pub agent: Heard,
    /// What there was of the debtor.
    pub debtor: Heard,
}

/// What there was of one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Heard {
    /// How long its file was, in microseconds.
    pub micros: i64,
    /// It was not all silence.
    pub sound: bool,
}

/// Joins the two sides to `into`. A side that has no file is silence.
///
/// # Errors
/// When a side cannot be read, or the joined file not be written. `into` is then as it was before.
pub fn join(agent: Option<&Path>, debtor: Option<&Path>, into: &Path) -> Result<Joined, JoinError> {
    let mut sides = [Side::open("agent", agent)?, Side::open("debtor", debtor)?];
    let rate = sides.iter().find_map(|side| side.rate).unwrap_or(8000);
    if let Some(unlike) = sides.iter().find(|side| side.rate.is_some_and(|own| own != rate)) {
        return Err(JoinError::Format { side: unlike.name });
    }
    let mut part = into.as_os_str().to_owned();
    part.push(".");
    part.push(PART);
    let part = PathBuf::from(part);
    let samples = interleave(&mut sides, rate, &part)?;
    let (sha256, bytes) = settle(&part, into).map_err(JoinError::Write)?;
    let [agent, debtor] = sides.map(|side| Heard { micros: micros(side.samples, rate), sound: side.sound });
    Ok(Joined { sha256, bytes, micros: micros(samples, rate), agent, debtor })
}

fn micros(samples: u64, rate: u32) -> i64 {
    i64::try_from(samples.saturating_mul(1_000_000) / u64::from(rate.max(1))).unwrap_or(i64::MAX)
}

/// Left, right, left, right; the shorter side is silent to the end of the longer. The number of samples of a side.
fn interleave(sides: &mut [Side; 2], rate: u32, part: &Path) -> Result<u64, JoinError> {
    let failed = |error: hound::Error| match error {
        hound::Error::IoError(error) => JoinError::Write(error),
        other => JoinError::Write(io::Error::other(other)),
    };
    let spec = WavSpec { channels: 2, sample_rate: rate, bits_per_sample: 16, sample_format: SampleFormat::Int };
    let file = BufWriter::with_capacity(BUFFER_BYTES, File::create(part).map_err(JoinError::Write)?);
    let mut writer = WavWriter::new(file, spec).map_err(failed)?;
    let mut samples = 0;
    loop {
        let [left, right] = sides;
        let (left, right) = (left.next()?, right.next()?);
        if left.is_none() && right.is_none() {
            break;
        }
        writer.write_sample(left.unwrap_or(0)).map_err(failed)?;
        writer.write_sample(right.unwrap_or(0)).map_err(failed)?;
        samples += 1;
    }
    writer.finalize().map_err(failed)?;
    Ok(samples)
}

/// To the disk, and only then under its own name.
fn settle(part: &Path, into: &Path) -> io::Result<(String, u64)> {
    let mut file = File::open(part)?;
    file.sync_all()?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        digest.update(buffer.get(..read).unwrap_or_default());
        bytes += read as u64;
    }
    std::fs::rename(part, into)?;
    File::open(into.parent().unwrap_or(Path::new(".")))?.sync_all()?;
    Ok((hex::encode(digest.finalize()), bytes))
}

/// One side's file as samples.
struct Side {
    name: &'static str,
    /// `None` when there is nothing of it.
    reader: Option<BufReader<File>>,
    rate: Option<u32>,
    /// Samples that are still to come; a PBX that was killed has not written how many there are.
    left: u64,
    samples: u64,
    sound: bool,
}

impl Side {
    fn open(name: &'static str, path: Option<&Path>) -> Result<Self, JoinError> {
        let nothing = Self { name, reader: None, rate: None, left: 0, samples: 0, sound: false };
        let Some(path) = path else { return Ok(nothing) };
        let unreadable = |source| JoinError::Read { side: name, source };
        let file = File::open(path).map_err(|error| unreadable(error.into()))?;
        if file.metadata().map_err(|error| unreadable(error.into()))?.len() == 0 {
            return Ok(nothing);
        }
        let wav = WavReader::new(BufReader::with_capacity(BUFFER_BYTES, file)).map_err(unreadable)?;
        let spec = wav.spec();
        if spec.channels != 1 || spec.bits_per_sample != 16 || spec.sample_format != SampleFormat::Int {
            return Err(JoinError::Format { side: name });
        }
        let told = u64::from(wav.len());
        let left = if told == 0 { u64::MAX } else { told };
        Ok(Self { reader: Some(wav.into_inner()), rate: Some(spec.sample_rate), left, ..nothing })
    }

    fn next(&mut self) -> Result<Option<i16>, JoinError> {
        let Some(reader) = self.reader.as_mut().filter(|_| self.left > 0) else { return Ok(None) };
        let mut sample = [0; 2];
        match reader.read_exact(&mut sample) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                self.reader = None;
                return Ok(None);
            }
            Err(error) => return Err(JoinError::Read { side: self.name, source: error.into() }),
        }
        let sample = i16::from_le_bytes(sample);
        self.left -= 1;
        self.samples += 1;
        self.sound |= sample != 0;
        Ok(Some(sample))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONO: WavSpec = WavSpec { channels: 1, sample_rate: 8000, bits_per_sample: 16, sample_format: SampleFormat::Int };

    fn wav(folder: &Path, name: &str, spec: WavSpec, samples: impl IntoIterator<Item = i16>) -> PathBuf {
        let path = folder.join(name);
        let mut writer = WavWriter::create(&path, spec).unwrap();
        samples.into_iter().for_each(|sample| writer.write_sample(sample).unwrap());
        writer.finalize().unwrap();
        path
    }

    fn stereo(path: &Path) -> Vec<i16> {
        let mut reader = WavReader::open(path).unwrap();
        assert_eq!(reader.spec().channels, 2);
        reader.samples().map(Result::unwrap).collect()
    }

    #[test]
    fn the_agent_is_left_the_debtor_right_and_the_shorter_is_padded() {
        let folder = tempfile::tempdir().unwrap();
        let agent = wav(folder.path(), "a.wav", MONO, [1, 2, 3]);
        let debtor = wav(folder.path(), "d.wav", MONO, [-1]);
        let into = folder.path().join("joined.wav");
        let joined = join(Some(&agent), Some(&debtor), &into).unwrap();
        assert_eq!(stereo(&into), [1, -1, 2, 0, 3, 0]);
        assert_eq!((joined.micros, joined.agent.micros, joined.debtor.micros), (375, 375, 125));
        assert!(joined.agent.sound && joined.debtor.sound);
        let bytes = std::fs::read(&into).unwrap();
        assert_eq!((joined.bytes, joined.sha256), (bytes.len() as u64, hex::encode(Sha256::digest(&bytes))));
        assert!(!folder.path().join("joined.wav.part").exists());
    }

    #[test]
    fn a_side_without_a_file_and_a_side_without_a_sound_are_told_apart_from_one_that_speaks() {
        let folder = tempfile::tempdir().unwrap();
        let agent = wav(folder.path(), "a.wav", MONO, [0; 800]);
        let debtor = wav(folder.path(), "d.wav", MONO, (0..1600).map(|n| n % 7));
        let into = folder.path().join("joined.wav");
        let joined = join(Some(&agent), Some(&debtor), &into).unwrap();
        assert_eq!((joined.agent, joined.debtor), (Heard { micros: 100_000, sound: false }, Heard { micros: 200_000, sound: true }));
        let joined = join(None, Some(&debtor), &into).unwrap();
        assert_eq!((joined.agent, joined.micros), (Heard::default(), 200_000));
        let empty = folder.path().join("e.wav");
        std::fs::write(&empty, b"").unwrap();
        assert_eq!(join(Some(&empty), None, &into).unwrap().micros, 0);
    }

    #[test]
    fn what_a_killed_pbx_left_is_read_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let debtor = wav(folder.path(), "d.wav", MONO, [5; 100]);
        // The sizes of a file that was never closed are 0.
        let mut bytes = std::fs::read(&debtor).unwrap();
        bytes[40..44].fill(0);
        bytes[4..8].fill(0);
        bytes.push(7);
        std::fs::write(&debtor, &bytes).unwrap();
        let into = folder.path().join("joined.wav");
        assert_eq!(join(None, Some(&debtor), &into).unwrap().debtor.micros, 12_500);
    }

    #[test]
    fn what_is_no_wav_or_of_another_kind_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let good = wav(folder.path(), "g.wav", MONO, [1]);
        let wide = wav(folder.path(), "w.wav", WavSpec { sample_rate: 16_000, ..MONO }, [1]);
        let nonsense = folder.path().join("n.wav");
        std::fs::write(&nonsense, b"RIFF nonsense").unwrap();
        let into = folder.path().join("joined.wav");
        assert!(matches!(join(Some(&good), Some(&nonsense), &into), Err(JoinError::Read { side: "debtor", .. })));
        assert!(matches!(join(Some(&good), Some(&wide), &into), Err(JoinError::Format { side: "debtor" })));
        assert!(matches!(join(Some(&good), Some(&good), &folder.path().join("no/such/folder.wav")), Err(JoinError::Write(_))));
        assert!(!into.exists());
    }

    #[test]
    fn a_long_call_takes_little_memory() {
        let folder = tempfile::tempdir().unwrap();
        let long = |name| wav(folder.path(), name, MONO, (0..8000 * 900).map(|n| (n % 100) as i16));
        let (agent, debtor) = (long("a.wav"), long("d.wav"));
        let resident = || {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
            line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
        };
        let before = resident();
        let joined = join(Some(&agent), Some(&debtor), &folder.path().join("j.wav")).unwrap();
        assert_eq!(joined.micros, 900_000_000);
        assert!(resident() < before + 8 * 1024, "{} KiB more", resident() - before);
    }
}
