//! Recording what we carry ourselves: both sides of a call, each into a file of its own beside those that a PBX writes, so that the keeper
//! joins, keeps and checks them alike. One thread writes all of them; whoever carries the audio never waits for the disk.

use std::collections::HashMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use ezk_g722::libg722::Bitrate;
use ezk_g722::libg722::decoder::Decoder;
use hound::{SampleFormat, WavSpec, WavWriter};

use super::source::Source;
use crate::ids::CallId;
use crate::measure;
use crate::telephony::media::codec::{CLOCK_HZ, Codec};
use crate::telephony::media::g711;

/// Packets that wait for the disk, at most: six seconds of a hundred calls.
const WAITING_MAX: usize = 65_536;
/// Recordings that broke off and are not told of yet, at most.
const BROKEN_MAX: usize = 1024;
/// How often the header is brought up to date: what a crash leaves can be heard to within this.
const FLUSH_EVERY: Duration = Duration::from_secs(1);
/// What has not come so long after its time is silence.
const LATE: Duration = Duration::from_millis(300);
/// A packet may come so much before or after its time without a seam being heard.
const SLACK: Duration = Duration::from_millis(80);

/// Which side of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The agent; left, when it is joined.
    Agent,
    /// Whoever is at the other end; right.
    Debtor,
}

enum Item {
    Open(CallId, Instant),
    Audio(CallId, Side, Instant, Codec, Vec<u8>),
    Close(CallId, Instant),
}

/// The way to the thread that writes.
#[derive(Debug, Clone)]
pub struct Recorder {
    line: SyncSender<Item>,
}

/// Calls whose recording broke off.
pub type BrokenOff = Receiver<CallId>;

impl std::fmt::Debug for Item {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Item")
    }
}

impl Recorder {
    /// Begins a thread that writes into this folder; and what it could not.
    ///
    /// # Errors
    /// When the folder cannot be made, or no thread begun.
    pub fn start(folder: &Path) -> std::io::Result<(Self, BrokenOff)> {
        std::fs::create_dir_all(folder)?;
        let ((line, items), (broken, broken_off)) = (sync_channel(WAITING_MAX), sync_channel(BROKEN_MAX));
        let folder = folder.to_owned();
        std::thread::Builder::new().name("recorder".to_owned()).spawn(move || run(&folder, &items, &broken))?;
        Ok((Self { line }, broken_off))
    }

    fn send(&self, item: Item) -> bool {
        let is_taken = self.line.try_send(item).is_ok();
        if !is_taken {
            measure::recording_packet_lost();
        }
        is_taken
    }

    /// The recording of a call begins; whether it could be asked for.
    #[must_use]
    pub fn open(&self, call: &CallId, now: Instant) -> bool {
        self.send(Item::Open(call.clone(), now))
    }

    /// A packet of one side.
    pub fn audio(&self, call: &CallId, side: Side, now: Instant, codec: Codec, payload: &[u8]) {
        self.send(Item::Audio(call.clone(), side, now, codec, payload.to_vec()));
    }

    /// It is over.
    pub fn close(&self, call: &CallId, now: Instant) {
        self.send(Item::Close(call.clone(), now));
    }
}

fn run(folder: &Path, items: &Receiver<Item>, broken: &SyncSender<CallId>) {
    let breaks_off = |call: &CallId, error: &hound::Error| {
        tracing::error!(%call, %error, "a recording is broken off: is the disk full?");
        let _ = broken.try_send(call.clone());
    };
    let mut calls: HashMap<CallId, Call> = HashMap::new();
    let mut flush_at = Instant::now() + FLUSH_EVERY;
    loop {
        match items.recv_timeout(flush_at.saturating_duration_since(Instant::now())) {
            Ok(Item::Open(call, now)) => match Call::open(&call, folder, now) {
                Ok(opened) => {
                    calls.entry(call).or_insert(opened);
                }
                Err(error) => breaks_off(&call, &error),
            },
            Ok(Item::Audio(call, side, now, codec, payload)) => {
                let Some(of) = calls.get_mut(&call) else { continue };
                if let Err(error) = of.side(side).write(now, codec, &payload) {
                    breaks_off(&call, &error);
                    calls.remove(&call);
                }
            }
            Ok(Item::Close(call, now)) => {
                if let Some(Err(error)) = calls.remove(&call).map(|of| of.close(now)) {
                    tracing::error!(%call, %error, "the end of a recording could not be written");
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                flush_at = Instant::now() + FLUSH_EVERY;
                calls.retain(|call, of| match of.flush(Instant::now()) {
                    Ok(()) => true,
                    Err(error) => {
                        breaks_off(call, &error);
                        false
                    }
                });
            }
            Err(RecvTimeoutError::Disconnected) => {
                let now = Instant::now();
                return calls.into_values().for_each(|of| drop(of.close(now)));
            }
        }
    }
}

struct Call {
    agent: Track,
    debtor: Track,
}

impl Call {
    fn open(call: &CallId, folder: &Path, now: Instant) -> Result<Self, hound::Error> {
        let source = Source::of(call, folder).ok_or(hound::Error::Unsupported)?;
        Ok(Self { agent: Track::open(source.agent, now)?, debtor: Track::open(source.debtor, now)? })
    }

    const fn side(&mut self, side: Side) -> &mut Track {
        match side {
            Side::Agent => &mut self.agent,
            Side::Debtor => &mut self.debtor,
        }
    }

    fn flush(&mut self, now: Instant) -> Result<(), hound::Error> {
        for track in [&mut self.agent, &mut self.debtor] {
            if let Some(past) = now.checked_sub(LATE) {
                track.fill_up_to(past)?;
            }
            track.writer.flush()?;
        }
        Ok(())
    }

    fn close(mut self, now: Instant) -> Result<(), hound::Error> {
        for track in [&mut self.agent, &mut self.debtor] {
            track.fill_up_to(now)?;
        }
        self.agent.writer.finalize().and(self.debtor.writer.finalize())
    }
}

/// One side. Each sample stands where its time is: what does not come is silence, so that both sides stay beside each other.
struct Track {
    writer: WavWriter<BufWriter<File>>,
    since: Instant,
    written: u64,
    wideband: Option<Decoder>,
}

impl Track {
    fn open(file: PathBuf, since: Instant) -> Result<Self, hound::Error> {
        let spec = WavSpec { channels: 1, sample_rate: CLOCK_HZ, bits_per_sample: 16, sample_format: SampleFormat::Int };
        let mut writer = WavWriter::create(file, spec)?;
        writer.flush()?;
        Ok(Self { writer, since, written: 0, wideband: None })
    }

    /// How many samples there should be by then.
    fn samples_until(&self, then: Instant) -> u64 {
        samples(then.saturating_duration_since(self.since))
    }

    fn fill_up_to(&mut self, then: Instant) -> Result<(), hound::Error> {
        for _ in self.written..self.samples_until(then) {
            self.writer.write_sample(0_i16)?;
            self.written += 1;
        }
        Ok(())
    }

    fn write(&mut self, now: Instant, codec: Codec, payload: &[u8]) -> Result<(), hound::Error> {
        let samples: Vec<i16> = match codec {
            // To 8,000 samples a second, as the other side may be.
            Codec::G722 => self.wideband.get_or_insert_with(|| Decoder::new(Bitrate::Mode1_64000, false, true)).decode(payload),
            other => g711::decoded(other, payload).collect(),
        };
        let length = u64::try_from(samples.len()).unwrap_or_default();
        let begins = self.samples_until(now).saturating_sub(length);
        let slack = self::samples(SLACK);
        if self.written + slack < begins {
            while self.written < begins {
                self.writer.write_sample(0_i16)?;
                self.written += 1;
            }
        } else if self.written > begins + slack * 3 {
            return Ok(()); // More than time has passed: a sender whose clock runs ahead.
        }
        for sample in samples {
            self.writer.write_sample(sample)?;
        }
        self.written += length;
        Ok(())
    }
}

fn samples(time: Duration) -> u64 {
    u64::try_from(time.as_micros() * u128::from(CLOCK_HZ) / 1_000_000).unwrap_or(u64::MAX)
}

/// The samples of a file like those that are written here.
///
/// # Errors
/// When it is no WAV file of 16 bit, mono, with 8,000 samples a second.
pub fn samples_in(file: &Path) -> Result<Vec<i16>, hound::Error> {
    let reader = hound::WavReader::open(file)?;
    let spec = reader.spec();
    if (spec.channels, spec.sample_rate, spec.bits_per_sample) != (1, CLOCK_HZ, 16) {
        return Err(hound::Error::Unsupported);
    }
    reader.into_samples().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Duration = Duration::from_millis(20);

    fn samples_of(file: &Path) -> Vec<i16> {
        hound::WavReader::open(file).unwrap().into_samples().map(Result::unwrap).collect()
    }

    /// Both sides begin together; one is silent in the middle, and is where its time is afterwards.
    #[test]
    fn each_sample_stands_where_its_time_is() {
        let folder = tempfile::tempdir().unwrap();
        let (call, start) = (CallId::new("belbrug-12345678"), Instant::now());
        let mut of = Call::open(&call, folder.path(), start).unwrap();
        let loud = [0x2A_u8; 160]; // A-law, the loudest negative.
        for frame in (1..=10).chain(26..=50) {
            of.agent.write(start + FRAME * frame, Codec::Pcma, &loud).unwrap();
        }
        for frame in 1..=50_u32 {
            // 15 ms of jitter change nothing.
            let off = Duration::from_millis(u64::from(frame % 3) * 5);
            of.debtor.write(start + FRAME * frame + off, Codec::Pcmu, &[0x80; 160]).unwrap();
        }
        of.flush(start + FRAME * 50 + LATE).unwrap();
        let file = |side: &str| folder.path().join(format!("belbrug-12345678-{side}.wav"));
        assert_eq!(samples_of(&file("agent")).len(), 8000, "what there is can be heard before the end");
        of.close(start + FRAME * 60).unwrap();
        let (agent, debtor) = (samples_of(&file("agent")), samples_of(&file("debtor")));
        assert_eq!((agent.len(), debtor.len()), (9600, 9600));
        assert!(agent[..1600].iter().all(|sample| *sample == -32256));
        assert!(agent[1600..4000].iter().all(|sample| *sample == 0), "nothing of the stretch in which it was paused");
        assert!(agent[4000..8000].iter().all(|sample| *sample == -32256) && agent[8000..].iter().all(|sample| *sample == 0));
        assert!(debtor[..8000].iter().all(|sample| *sample == 32124));
    }

    #[test]
    fn a_name_that_could_be_a_path_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Call::open(&CallId::new("../x"), folder.path(), Instant::now()).is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
