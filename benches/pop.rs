//! The file on the screen when the phone rings: from the byte that goes into the manager socket to the first byte that
//! comes out of the agent's live stream. The service is the built program, on SQLite; the PBX and the browsers are this
//! process. First on a quiet floor, then while 50,000 other manager events a second come in. Every agent has a page open.
//! `BELBRUG_AGENTS=N` takes another number of agents, `BELBRUG_RATE=N` another rate.
#![expect(clippy::expect_used, clippy::print_stdout, clippy::panic, reason = "a benchmark prints, and stops where it cannot go on")]

#[expect(dead_code, reason = "each benchmark uses a part of it")]
mod measure;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use measure::Times;
use measure::pages::Pages;
use measure::pbx::{Office, Pbx, Ringing};
use measure::service::{Agent, Service, number, prepare};

const DEBTORS: usize = 2_000;
/// Calls on the quiet floor, and under load.
const QUIET: usize = 1_000;
const LOADED: usize = 500;
/// Between two calls.
const PAUSE: Duration = Duration::from_millis(8);

/// Set in the process that only says back what it hears: the port where it is to do so.
const ECHO: &str = "BELBRUG_ECHO";

fn main() {
    if let Ok(port) = std::env::var(ECHO) {
        let stream = TcpStream::connect(format!("127.0.0.1:{port}")).expect("who asks");
        stream.set_nodelay(true).expect("no delay");
        std::io::copy(&mut &stream, &mut &stream).expect("said back");
        return;
    }
    println!("limit: another process says 500 bytes back  {}", echo().words());
    let setting = |name: &str, default: u64| std::env::var(name).map_or(default, |n| n.parse().expect("a number"));
    let (agents, rate) = (setting("BELBRUG_AGENTS", 50), setting("BELBRUG_RATE", 50_000));
    let folder = measure::scratch();
    let url = format!("sqlite:{}", folder.path().join("bench.db").display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let agents = runtime.block_on(prepare(&url, usize::try_from(agents).expect("small"), DEBTORS));
    let pbx = Arc::new(Pbx::listen());
    let service = Service::start(folder.path(), pbx.port, &url);
    drop(pbx.line());
    let pages = Pages::open(&service.pages, &agents);
    println!("{} agents with a page open, {DEBTORS} debtors, from the manager socket to the page's stream", agents.len());
    rings(&pbx, &pages, &agents, 50, 0);
    println!("quiet                    {}", rings(&pbx, &pages, &agents, QUIET, 1).words());
    let (working, told) = (Arc::new(AtomicBool::new(true)), pbx.clone());
    let is_working = working.clone();
    let office = std::thread::spawn(move || {
        let (mut office, began, mut said, mut waits) = (Office::open(), Instant::now(), 0, Times::default());
        while is_working.load(Ordering::Relaxed) {
            let (more, times) = office.work(&told, rate, Duration::from_secs(1), |_| {});
            said += more;
            waits.extend(times);
        }
        (said as f64 / began.elapsed().as_secs_f64(), waits, office.calls())
    });
    std::thread::sleep(Duration::from_secs(1));
    let before = measure::cpu_of(service.pid());
    let began = Instant::now();
    let mut times = rings(&pbx, &pages, &agents, LOADED, 2);
    let busy = (measure::cpu_of(service.pid()) - before).as_secs_f64() / began.elapsed().as_secs_f64();
    working.store(false, Ordering::Relaxed);
    let (achieved, mut waits, calls) = office.join().expect("the office");
    println!("{:>7.0} other events/s   {}", achieved, times.words());
    println!("  {calls} other calls; the service used {:.0} % of one core; a breath of events was taken in {}", busy * 100.0, waits.words());
    assert!(!service.log().contains("the journal is full"), "the journal lost something");
}

/// What the machine takes for a way there and back between two processes that sleep meanwhile, as those of the bench do.
fn echo() -> Times {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let mut child = Command::new(std::env::current_exe().expect("this program")).env(ECHO, port.to_string()).spawn().expect("it runs");
    let (mut stream, _) = listener.accept().expect("it comes");
    stream.set_nodelay(true).expect("no delay");
    let mut out = Times::default();
    for _ in 0..QUIET {
        std::thread::sleep(PAUSE);
        let (began, mut bytes) = (Instant::now(), [b'x'; 500]);
        stream.write_all(&bytes).expect("said");
        stream.read_exact(&mut bytes).expect("said back");
        out.push(began.elapsed());
    }
    drop(stream);
    child.wait().expect("its end");
    out
}

/// Calls at one agent after the other, each given up again; how long each took to reach the page.
fn rings(pbx: &Pbx, pages: &Pages, agents: &[Agent], calls: usize, round: usize) -> Times {
    let mut out = Times::default();
    for n in 0..calls {
        let at = n % agents.len();
        let Some(agent) = agents.get(at) else { break };
        let call = Ringing::at(&agent.extension, &number((n * 7) % DEBTORS), &format!("{round:x}{n:07x}"));
        pbx.line().say(call.before.as_bytes());
        std::thread::sleep(PAUSE);
        pages.quiet(at, PAUSE);
        let mut line = pbx.line();
        let began = Instant::now();
        line.say(call.rings.as_bytes());
        drop(line);
        out.push(pages.first_after(at, began) - began);
        assert!(pages.says_after(at, began, "Korenaar").is_some(), "the debtor's name is not on the page: {}", pages.text(at));
        std::thread::sleep(PAUSE);
        pbx.line().say(call.given_up.as_bytes());
    }
    out
}
