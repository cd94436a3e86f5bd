//! The live streams of many agents, each read by a thread of its own that sleeps in the socket: when did which say something,
//! and what.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::service::Agent;

/// Longer than anything should take.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Default)]
struct Heard {
    /// When bytes came, with the stream's whole text up to then.
    times: Vec<(Instant, usize)>,
    text: String,
}

/// The open streams.
#[derive(Clone, Default)]
pub(crate) struct Pages {
    heard: Arc<Mutex<HashMap<usize, Heard>>>,
}

impl Pages {
    /// Opens the desk's stream of every agent.
    pub(crate) fn open(address: &str, agents: &[Agent]) -> Self {
        let pages = Self::default();
        for (at, agent) in agents.iter().enumerate() {
            let mut stream = TcpStream::connect(address).expect("the pages");
            let request = format!("GET /desk/live HTTP/1.1\r\nHost: {address}\r\nCookie: {}\r\n\r\n", agent.cookie);
            stream.write_all(request.as_bytes()).expect("asked");
            let mut first = [0; 12];
            stream.read_exact(&mut first).expect("an answer");
            assert_eq!(&first, b"HTTP/1.1 200", "the stream of agent {at}");
            let kept = pages.clone();
            std::thread::spawn(move || read(at, &stream, &kept));
        }
        pages
    }

    /// When this agent's stream first said something after `since`, once it did.
    pub(crate) fn first_after(&self, agent: usize, since: Instant) -> Instant {
        let first = |heard: &Heard| heard.times.iter().map(|(at, _)| *at).find(|at| *at > since);
        self.until(agent, first).unwrap_or_else(|| panic!("the page of agent {agent} never heard of it"))
    }

    /// When this agent's stream said this text after `since`, once it did.
    pub(crate) fn says_after(&self, agent: usize, since: Instant, text: &str) -> Option<Instant> {
        self.until(agent, |heard| {
            let (_, begin) = heard.times.iter().find(|(at, _)| *at > since)?;
            let place = begin + heard.text.get(*begin..)?.find(text)?;
            heard.times.iter().rev().find(|(_, from)| *from <= place).map(|(at, _)| *at)
        })
    }

    /// Waits until this agent's stream has said nothing for so long, and forgets what it said.
    pub(crate) fn quiet(&self, agent: usize, pause: Duration) {
        loop {
            let mut all = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
            let heard = all.entry(agent).or_default();
            if heard.times.last().is_none_or(|(at, _)| at.elapsed() > pause) {
                *heard = Heard::default();
                return;
            }
            drop(all);
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// What this agent's stream said since it was last quiet.
    pub(crate) fn text(&self, agent: usize) -> String {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).get(&agent).map(|heard| heard.text.clone()).unwrap_or_default()
    }

    fn until<T>(&self, agent: usize, look: impl Fn(&Heard) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let found = self.heard.lock().unwrap_or_else(PoisonError::into_inner).get(&agent).and_then(&look);
            if found.is_some() {
                return found;
            }
            std::thread::sleep(Duration::from_micros(500));
        }
        None
    }
}

fn read(at: usize, mut stream: &TcpStream, pages: &Pages) {
    let mut bytes = vec![0; 256 * 1024];
    while let Ok(count @ 1..) = stream.read(&mut bytes) {
        let now = Instant::now();
        let text = String::from_utf8_lossy(bytes.get(..count).unwrap_or_default()).into_owned();
        let mut all = pages.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let heard = all.entry(at).or_default();
        heard.times.push((now, heard.text.len()));
        heard.text.push_str(&text);
    }
}
