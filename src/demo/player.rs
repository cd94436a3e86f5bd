//! The capture player: a small manager server on loopback. It plays a call to the first agent when it is told to, and
//! answers `Originate` with a captured dial.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::capture::{Cast, Scene, Step, steps};
use crate::clock::{Clock, SystemClock};
use crate::telephony::ami::frame::{Frame, FrameBuffer};

/// A ringing lasts this many times longer than when it was captured, so that a newcomer sees it.
const RING_STRETCH: u32 = 3;
/// A conversation lasts this long, when nobody hangs up.
const TALK: Duration = Duration::from_secs(90);
/// Calls at a time, at most.
const CALLS_MAX: usize = 16;

/// Somebody who calls.
#[derive(Debug, Clone)]
pub struct Caller {
    /// `+44...`, or `anonymous`.
    pub number: String,
    /// The name that the PBX shows.
    pub name: String,
    /// Gives up before being answered.
    pub gives_up: bool,
}

/// Serves one manager connection after the other until the listener fails. Each `()` that comes lets the next caller call.
pub async fn serve(listener: TcpListener, callers: Vec<Caller>, mut call_now: mpsc::Receiver<()>) {
    let mut player = Player::new(callers);
    while let Ok((socket, _)) = listener.accept().await {
        let _ = player.run(socket, &mut call_now).await;
    }
}

/// A call that is being played.
struct Playing {
    steps: std::collections::VecDeque<Step>,
    channel_prefix: String,
    next_at: Instant,
    is_talking: bool,
}

struct Player {
    callers: Vec<Caller>,
    next_caller: usize,
    calls: BTreeMap<u32, Playing>,
    serial: u32,
}

impl Player {
    const fn new(callers: Vec<Caller>) -> Self {
        Self { callers, next_caller: 0, calls: BTreeMap::new(), serial: 0 }
    }

    async fn run(&mut self, socket: TcpStream, call_now: &mut mpsc::Receiver<()>) -> std::io::Result<()> {
        self.calls.clear();
        let (mut read, mut write) = socket.into_split();
        write.write_all(b"Asterisk Call Manager/11.0.0\r\n").await?;
        let (bytes_in, mut bytes_out) = mpsc::channel::<Vec<u8>>(16);
        tokio::spawn(async move {
            let mut chunk = vec![0; 8192];
            while let Ok(n) = read.read(&mut chunk).await {
                if n == 0 || bytes_in.send(chunk.get(..n).unwrap_or_default().to_vec()).await.is_err() {
                    return;
                }
            }
        });
        let mut buffer = FrameBuffer::new();
        loop {
            let due = self.calls.values().map(|call| call.next_at).min();
            let replies = tokio::select! {
                bytes = bytes_out.recv() => {
                    let Some(bytes) = bytes else { return Ok(()) };
                    buffer.extend(&bytes);
                    let mut replies = Vec::new();
                    while let Some(frame) = buffer.next_frame() {
                        replies.extend(frame.map(|frame| self.action(frame)).unwrap_or_default());
                    }
                    replies
                }
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => self.play(),
                Some(()) = call_now.recv() => {
                    self.call_in();
                    self.play()
                }
            };
            write.write_all(&replies).await?;
        }
    }

    fn action(&mut self, frame: Frame<'_>) -> Vec<u8> {
        let text = |key| frame.text(key).unwrap_or_default().into_owned();
        let id = text("ActionID");
        let answer = |word: &str, rest: &str| format!("Response: {word}\r\nActionID: {id}\r\n{rest}\r\n").into_bytes();
        match text("Action").as_str() {
            "Challenge" => answer("Success", "Challenge: 190472683\r\n"),
            "Login" => answer("Success", "Message: Authentication accepted\r\n"),
            "Ping" => answer("Success", "Ping: Pong\r\n"),
            "CoreShowChannels" => {
                let mut bytes = answer("Success", "EventList: start\r\nMessage: Channels will follow\r\n");
                bytes
                    .extend(format!("Event: CoreShowChannelsComplete\r\nActionID: {id}\r\nEventList: Complete\r\nListItems: 0\r\n\r\n").into_bytes());
                bytes
            }
            "Originate" => {
                let cast = self.cast(&text("Channel"), &text("Exten"), &text("CallerID"), text("ChannelId"));
                let scene = match cast.number.bytes().last() {
                    Some(b'7') => Scene::Busy,
                    Some(b'8') => Scene::NoAnswer,
                    _ => Scene::Answered,
                };
                self.begin(scene, &cast);
                answer("Success", "Message: Originate successfully queued\r\n")
            }
            "Hangup" => {
                let channel = text("Channel");
                for call in self.calls.values_mut().filter(|call| channel.contains(&call.channel_prefix)) {
                    call.hang_up();
                }
                answer("Success", "Message: Channel Hungup\r\n")
            }
            other => answer("Error", &format!("Message: The capture player knows no {other}\r\n")),
        }
    }

    fn cast(&mut self, channel: &str, number: &str, caller_id: &str, call: String) -> Cast {
        self.serial += 1;
        let extension = channel.rsplit('/').next().unwrap_or("101").to_owned();
        let name = caller_id.split('"').nth(1).unwrap_or_default().to_owned();
        Cast { extension, number: number.to_owned(), name, call, serial: self.serial }
    }

    fn begin(&mut self, scene: Scene, cast: &Cast) {
        if self.calls.len() < CALLS_MAX {
            let steps = steps(scene, cast).into();
            let channel_prefix = format!("-{:04x}", cast.serial & 0xffff);
            self.calls.insert(cast.serial, Playing { steps, channel_prefix, next_at: Instant::now(), is_talking: false });
        }
    }

    /// Everything that is due.
    fn play(&mut self) -> Vec<u8> {
        let now = Instant::now();
        let mut bytes = Vec::new();
        for call in self.calls.values_mut() {
            call.play(now, &mut bytes);
        }
        self.calls.retain(|_, call| !call.steps.is_empty());
        bytes
    }

    /// The next caller, unless a call is going on.
    fn call_in(&mut self) {
        if !self.calls.is_empty() {
            return;
        }
        let Some(caller) = self.callers.get(self.next_caller % self.callers.len().max(1)).cloned() else { return };
        self.next_caller += 1;
        self.serial += 1;
        let call = format!("demo-{}-{}", SystemClock.now().0, self.serial);
        let cast = Cast { extension: "101".to_owned(), number: caller.number, name: caller.name, call, serial: self.serial };
        self.begin(if caller.gives_up { Scene::GivesUp } else { Scene::CallsIn }, &cast);
    }
}

impl Playing {
    fn play(&mut self, now: Instant, bytes: &mut Vec<u8>) {
        while self.next_at <= now {
            let Some(step) = self.steps.pop_front() else { return };
            bytes.extend(step.bytes(SystemClock.now()));
            self.is_talking |= step.is_answer;
            let after = self.steps.front().map_or(Duration::ZERO, |next| next.after);
            self.next_at = if step.is_answer {
                now + TALK
            } else if self.is_talking {
                now + after
            } else {
                now + after * RING_STRETCH
            };
        }
    }

    /// On to the end of the call.
    fn hang_up(&mut self) {
        if !self.is_talking {
            // What was captured after the ringing tells of an answer that does not come.
            self.steps.retain(|step| step.is_end());
        }
        self.next_at = Instant::now();
        if let Some(next) = self.steps.front_mut() {
            next.after = Duration::ZERO;
        }
    }
}
