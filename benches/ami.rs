//! Manager bytes to call events: events per CPU-second, beside a pass that only cuts the same bytes into keys and values.
//! The bytes are the captures of `tests/it/captures`, over and over with ids of their own, or a file (`BELBRUG_AMI=FILE`).
#![expect(clippy::expect_used, clippy::print_stdout, clippy::indexing_slicing, reason = "a benchmark prints, and stops where it cannot go on")]

use std::hint::black_box;
use std::time::Duration;

use belbrug::clock::Timestamp;
use belbrug::ids::{Device, Extension};
use belbrug::telephony::ami::frame::FrameBuffer;
use belbrug::telephony::calls::tracker::{Lines, Tracker};
use belbrug::telephony::pbx::from_ami::translate;

const CHUNK: usize = 64 * 1024;

fn main() {
    let bytes = match std::env::var("BELBRUG_AMI") {
        Ok(path) => std::fs::read(path).expect("the file"),
        Err(_) => captures(2_000),
    };
    let frames = memchr::memmem::find_iter(&bytes, b"\r\n\r\n").count();
    let megabytes = bytes.len() / 1_000_000;
    println!("{frames} events, {megabytes} MB, medians of 5 runs, CPU time of this process");
    let limit = median(|| split(&bytes));
    let ours = median(|| track(&bytes));
    let rate = |cpu: Duration| frames as f64 / cpu.as_secs_f64() / 1e6;
    println!("keys and values cut, nothing kept  {:6.2} M events per CPU-second", rate(limit));
    println!("tracked to call events             {:6.2} M events per CPU-second", rate(ours));
    println!("call events: {}, peak memory {} MB (the input itself is {megabytes} MB of it)", track(&bytes), peak_megabytes());
}

fn lines() -> Lines {
    let all = (100..200).chain(6000..6200);
    all.map(|e| (Device::new(&format!("PJSIP/{e}")), Extension::parse(&e.to_string()).expect("an extension"))).collect()
}

fn track(bytes: &[u8]) -> usize {
    let (mut buffer, mut tracker, mut told) = (FrameBuffer::new(), Tracker::new(lines()), 0);
    for chunk in bytes.chunks(CHUNK) {
        buffer.extend(chunk);
        while let Some(frame) = buffer.next_frame() {
            if let Ok(frame) = frame
                && let Some(event) = translate(frame)
            {
                told += black_box(tracker.apply(Timestamp(0), &event)).len();
            }
        }
    }
    assert_eq!(tracker.calls().count(), 0, "a call was left open");
    told
}

fn split(bytes: &[u8]) -> usize {
    let mut fields = 0;
    for line in bytes.split(|&b| b == b'\n') {
        fields += usize::from(black_box(memchr::memchr(b':', line)).is_some());
    }
    fields
}

/// The captures `times` over, each time with other ids, so that every call is a new one.
fn captures(times: usize) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/captures/asterisk22");
    let mut files: Vec<_> = std::fs::read_dir(folder).expect("captures").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let texts: Vec<String> = files.iter().map(|path| String::from_utf8_lossy(&std::fs::read(path).expect("a capture")).into_owned()).collect();
    let mut bytes = Vec::new();
    for n in 0..times {
        let text = texts.get(n % texts.len()).expect("a capture");
        let text = text.split_once("\r\n").map_or("", |(_, rest)| rest);
        bytes.extend(text.replace("capture-", &format!("c{n}-")).replace("belbrug-", &format!("belbrug-{n}-")).into_bytes());
    }
    bytes
}

fn median(mut run: impl FnMut() -> usize) -> Duration {
    black_box(run());
    let mut times: Vec<Duration> = (0..5)
        .map(|_| {
            let before = cpu();
            black_box(run());
            cpu() - before
        })
        .collect();
    times.sort();
    times[2]
}

/// User and system time of this process: fields 14 and 15 of /proc/self/stat, in ticks of 10 ms.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("/proc");
    let after_name = stat.rsplit(')').next().expect("fields");
    let ticks: u64 = after_name.split_whitespace().skip(11).take(2).map(|t| t.parse::<u64>().expect("ticks")).sum();
    Duration::from_millis(ticks * 10)
}

fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("VmHWM");
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}
