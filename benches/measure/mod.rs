//! What the benchmarks share: percentiles, CPU time and memory of a process, and what the disk takes to make 4 KiB durable.

pub(crate) mod pages;
pub(crate) mod pbx;
pub(crate) mod postgres;
pub(crate) mod service;

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// Times, sorted when they are asked for.
#[derive(Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn push(&mut self, time: Duration) {
        self.0.push(time);
    }

    pub(crate) fn extend(&mut self, other: Times) {
        self.0.extend(other.0);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// `per_mille` of the times are not longer than this: 500 is the median, 999 is p99.9.
    pub(crate) fn at(&mut self, per_mille: usize) -> Duration {
        self.0.sort_unstable();
        let last = self.0.len().saturating_sub(1);
        self.0.get(last * per_mille / 1000).copied().unwrap_or_default()
    }

    pub(crate) fn median(&mut self) -> Duration {
        self.at(500)
    }

    /// `p50 1.2 us  p99 ...  p99.9 ...  max ...`
    pub(crate) fn words(&mut self) -> String {
        let [p50, p99, p999, max] = [500, 990, 999, 1000].map(|per_mille| micros(self.at(per_mille)));
        format!("p50 {p50:>11}  p99 {p99:>11}  p99.9 {p999:>11}  max {max:>11}")
    }
}

pub(crate) fn micros(time: Duration) -> String {
    match time.as_secs_f64() * 1e6 {
        us if us < 1000.0 => format!("{us:.1} us"),
        us => format!("{:.2} ms", us / 1000.0),
    }
}

/// User and system time of a process, in ticks of 10 ms (fields 14 and 15 of `/proc/PID/stat`).
pub(crate) fn cpu_of(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("/proc");
    let after_name = stat.rsplit(')').next().expect("fields");
    let ticks: u64 = after_name.split_whitespace().skip(11).take(2).map(|t| t.parse::<u64>().expect("ticks")).sum();
    Duration::from_millis(ticks * 10)
}

/// User and system time of this process, to the microsecond where the kernel gives it (`/proc/self/schedstat` is that of
/// one thread, so the tasks are added up).
pub(crate) fn cpu() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").expect("/proc");
    let nanos = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?.split(' ').next()?.parse::<u64>().ok());
    Duration::from_nanos(nanos.sum())
}

/// Resident memory now (`VmRSS`) or at most (`VmHWM`), in MB.
pub(crate) fn megabytes(of: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc");
    let line = status.lines().find(|line| line.starts_with(of)).expect("a field of /proc/self/status");
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

/// What the disk takes for 4 KiB that are written and made durable.
pub(crate) fn fdatasyncs(folder: &Path, times: usize) -> Times {
    let mut file = File::create(folder.join("sync")).expect("a file");
    let mut out = Times::default();
    for _ in 0..times {
        file.write_all(&[0; 4096]).expect("written");
        let began = Instant::now();
        file.sync_data().expect("durable");
        out.push(began.elapsed());
    }
    out
}

/// A folder beside the build, on a real disk: the system's folder for temporary files may be memory.
pub(crate) fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder")
}
