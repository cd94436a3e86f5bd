//! Manager bytes to call events, as the service reads them: another process sends them over loopback TCP to the service's
//! own connection (sign-in, frames, session, events), and the tracker makes calls of them. Counted is the CPU time of this
//! process alone, the kernel's for its socket with it; beside it a pass over the same bytes in memory that only cuts them
//! into keys and values.
//!
//! `BELBRUG_AMI=FILE` takes bytes of your own, else it is the captures of `tests/it/captures`, each time with other ids.
//! `BELBRUG_EXPECT='{"calls":...}'` compares what was counted with what should be.
#![expect(clippy::expect_used, clippy::print_stdout, clippy::panic, reason = "a benchmark prints, and stops where it cannot go on")]

#[expect(dead_code, reason = "each benchmark uses a part of it")]
mod measure;

use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use belbrug::bridge::link::{Address, connect};
use belbrug::bridge::outbound::{Connection, LinkError, Told};
use belbrug::clock::{Clock, SystemClock};
use belbrug::ids::{Device, Extension};
use belbrug::telephony::ami::session::Account;
use belbrug::telephony::calls::summary::Summary;
use belbrug::telephony::calls::tracker::{Lines, Tracker};
use measure::{Times, megabytes};

const RUNS: usize = 5;
/// How often each capture comes when there is no file.
const TIMES: usize = 40;
/// The limit is measured on the first bytes: the file is not to stand in memory.
const LIMIT_BYTES: usize = 64 * 1024 * 1024;

fn main() {
    if let Ok(file) = std::env::var("BELBRUG_AMI_SEND") {
        return send(Path::new(&file));
    }
    let file = std::env::var("BELBRUG_AMI").map_or_else(|_| captures(), PathBuf::from);
    let (mut cpu, mut seen) = (Times::default(), Seen::default());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    for _ in 0..RUNS {
        let before = measure::cpu();
        seen = runtime.block_on(track(&file));
        cpu.push(measure::cpu() - before);
    }
    let (frames, size) = (seen.counts.events, std::fs::metadata(&file).expect("its size").len());
    println!("{frames} events, {} MB, over loopback TCP, median of {RUNS} runs, CPU time of this process", size / 1_000_000);
    println!("tracked to call events             {:6.2} M events per CPU-second", rate(frames, cpu.median()));
    println!(
        "resident memory                    {:6.1} MB at most; {} calls at most at a time, {} call events",
        megabytes("VmHWM"),
        seen.most_calls,
        seen.told
    );
    println!("counted: {}", serde_json::to_string(&seen.counts).expect("JSON"));
    if let Ok(expected) = std::env::var("BELBRUG_EXPECT") {
        compare(&serde_json::to_value(seen.counts).expect("JSON"), &expected);
    }
    limit(&file);
}

fn rate(frames: u64, cpu: Duration) -> f64 {
    frames as f64 / cpu.as_secs_f64() / 1e6
}

#[derive(Default)]
struct Seen {
    /// What `belbrug replay --summary` counts.
    counts: Summary,
    told: usize,
    most_calls: usize,
}

/// The service's connection from its beginning to the end of the bytes.
async fn track(file: &Path) -> Seen {
    let mut sender = Command::new(std::env::current_exe().expect("this program"));
    let mut sender = sender.env("BELBRUG_AMI_SEND", file).stdout(Stdio::piped()).spawn().expect("the sender");
    let mut port = String::new();
    BufReader::new(sender.stdout.take().expect("its output")).read_line(&mut port).expect("its port");
    let address = Address { host: "127.0.0.1".to_owned(), port: port.trim().parse().expect("a port"), tls: None };
    let account = Account { username: "belbrug".to_owned(), secret: "secret".to_owned().into(), plain: true };
    let clock = SystemClock;
    let mut connection = Connection::new(connect(&address).await.expect("a connection"), account, clock.now());
    let (mut tracker, mut seen) = (Tracker::new(lines()), Seen::default());
    loop {
        match connection.read().await {
            Ok(()) => {}
            Err(LinkError::Closed) => break,
            Err(error) => panic!("{error}"),
        }
        let now = clock.now();
        while let Some(told) = connection.next(now).expect("a session") {
            seen.counts.events += 1;
            if let Told::Event(event) = told {
                let told = tracker.apply(now, &event);
                seen.told += told.len();
                told.iter().for_each(|event| seen.counts.event(event));
            }
        }
        seen.most_calls = seen.most_calls.max(tracker.calls().count());
        connection.flush().await.expect("sent");
    }
    assert!(sender.wait().expect("the sender").success());
    assert_eq!(tracker.calls().count(), 0, "a call was left open");
    seen.counts.events -= 1; // The answer to the sign-in was none.
    seen
}

/// The other process: greets, lets in, and sends the file as fast as it is taken.
fn send(file: &Path) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    println!("{}", listener.local_addr().expect("its address").port());
    let (mut stream, _) = listener.accept().expect("a connection");
    stream.write_all(b"Asterisk Call Manager/11.0.0\r\n").expect("sent");
    let login = frame(&stream);
    assert!(login.contains("Action: Login"), "{login}");
    stream.write_all(b"Response: Success\r\nActionID: 1\r\nMessage: Authentication accepted\r\n\r\n").expect("sent");
    std::io::copy(&mut std::fs::File::open(file).expect("the file"), &mut stream).expect("sent");
}

fn frame(stream: &TcpStream) -> String {
    let mut lines = BufReader::new(stream).lines().map(|line| line.expect("a line"));
    lines.by_ref().take_while(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn lines() -> Lines {
    let all = (100..200).chain(6000..6200);
    all.map(|e| (Device::new(&format!("PJSIP/{e}")), Extension::parse(&e.to_string()).expect("an extension"))).collect()
}

fn compare(counted: &serde_json::Value, expected: &str) {
    let expected: serde_json::Value = serde_json::from_str(expected).expect("BELBRUG_EXPECT is JSON");
    let mut differs = false;
    for (name, value) in expected.as_object().expect("BELBRUG_EXPECT is an object") {
        if let Some(ours) = counted.get(name).filter(|ours| *ours != value) {
            differs = true;
            println!("  {name}: {ours} instead of {value}");
        }
    }
    println!("{}", if differs { "the counts differ" } else { "the counts are those expected" });
}

/// What the machine could do at most: the same bytes in memory, a search for the colon of every line, nothing kept.
fn limit(file: &Path) {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    std::fs::File::open(file).expect("the file").take(LIMIT_BYTES as u64).read_to_end(&mut bytes).expect("bytes");
    let frames = memchr::memmem::find_iter(&bytes, b"\r\n\r\n").count() as u64;
    let mut cpu = Times::default();
    for _ in 0..RUNS {
        let before = measure::cpu();
        let mut fields = 0;
        for line in bytes.split(|&b| b == b'\n') {
            fields += usize::from(black_box(memchr::memchr(b':', line)).is_some());
        }
        black_box(fields);
        cpu.push(measure::cpu() - before);
    }
    println!("limit, in memory: keys and values  {:6.2} M events per CPU-second", rate(frames, cpu.median()));
}

/// The captures over and over, each time with other ids, so that every call is a new one; in a file.
fn captures() -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/captures/asterisk22");
    let mut files: Vec<_> = std::fs::read_dir(folder).expect("captures").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let texts: Vec<String> = files.iter().map(|path| String::from_utf8_lossy(&std::fs::read(path).expect("a capture")).into_owned()).collect();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("captures.ami");
    let mut out = std::io::BufWriter::new(std::fs::File::create(&path).expect("a file"));
    for n in 0..TIMES * texts.len() {
        let text = texts.get(n % texts.len()).and_then(|text| text.split_once("\r\n")).map_or("", |(_, rest)| rest);
        out.write_all(text.replace("capture-", &format!("c{n}-")).replace("belbrug-", &format!("belbrug-{n}-")).as_bytes()).expect("written");
    }
    out.flush().expect("written");
    path
}
