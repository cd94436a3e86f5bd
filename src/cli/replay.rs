//! `belbrug replay`: a capture of manager bytes, told as the calls that it holds. For looking into a call that went
//! otherwise than the record says, and for sending such a call to us.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::PathBuf;

use anyhow::Context;
use belbrug::clock::Timestamp;
use belbrug::telephony::ami::anonymise::Anonymiser;
use belbrug::telephony::ami::frame::FrameBuffer;
use belbrug::telephony::calls::line;
use belbrug::telephony::calls::summary::Summary;
use belbrug::telephony::calls::tracker::{Lines, Tracker};
use belbrug::telephony::pbx::from_ami;
use clap::Args;

/// Bytes that are read at once.
const CHUNK_BYTES: usize = 64 * 1024;

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// Manager bytes as received; `-` for standard input.
    #[arg(long, value_name = "FILE")]
    ami: PathBuf,
    /// Counts instead of a line an event.
    #[arg(long, conflicts_with = "anonymise")]
    summary: bool,
    /// The bytes themselves, with names and numbers replaced, the same one by the same one: to be sent on.
    #[arg(long)]
    anonymise: bool,
}

impl Replay {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let mut input: Box<dyn Read> = if self.ami.as_os_str() == "-" {
            Box::new(std::io::stdin().lock())
        } else {
            Box::new(File::open(&self.ami).with_context(|| format!("{} cannot be read", self.ami.display()))?)
        };
        let mut out = BufWriter::new(std::io::stdout().lock());
        let done = if self.anonymise { anonymise(&mut input, &mut out) } else { tell(&mut input, &mut out, self.summary) };
        match done.and_then(|()| out.flush()) {
            // Whoever reads our output has seen enough: `belbrug replay ... | head`.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            other => other.context("replay"),
        }
    }
}

fn tell(input: &mut dyn Read, out: &mut impl Write, summary: bool) -> std::io::Result<()> {
    let (mut buffer, mut tracker) = (FrameBuffer::new(), Tracker::new(Lines::new()));
    let (mut lines, mut counts) = (line::Lines::default(), Summary::default());
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let read = input.read(&mut chunk)?;
        if read == 0 {
            buffer.end();
        }
        buffer.extend(chunk.get(..read).unwrap_or_default());
        while let Some(frame) = buffer.next_frame() {
            let Ok(frame) = frame else {
                counts.unreadable += 1;
                continue;
            };
            counts.frame(frame);
            let Some(event) = from_ami::translate(frame) else { continue };
            for event in tracker.apply(Timestamp(0), &event) {
                counts.event(&event);
                if let Some(line) = lines.line(&event).filter(|_| !summary) {
                    serde_json::to_writer(&mut *out, &line)?;
                    out.write_all(b"\n")?;
                }
            }
        }
        if read == 0 {
            break;
        }
    }
    if summary {
        counts.open = tracker.calls().count();
        serde_json::to_writer(&mut *out, &counts)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn anonymise(input: &mut dyn Read, out: &mut impl Write) -> std::io::Result<()> {
    // Twice over the bytes: a name may be spoken of before the field that shows it to be one.
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes)?;
    Anonymiser::learn(&bytes).rewrite(&bytes, out)
}
