//! `belbrug simulate`: an exchange with debtors behind it, for trying and for load.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use belbrug::simulate::persona::Caller;
use belbrug::simulate::serve::{CALLS_TO_MAKE_MAX, CallNow, Simulator};
use belbrug::simulate::voice::Voice;
use clap::Args;
use tokio::sync::mpsc;

use super::load::Load;
use super::say;

/// Calls a second that are made, at most.
const CPS_MAX: f64 = 1000.0;

#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// Where phones register: one address of this machine.
    #[arg(long, default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, 5070)))]
    listen: SocketAddr,
    /// The only address from which phones are heard; nothing is proved here.
    #[arg(long, default_value_t = IpAddr::from(Ipv4Addr::LOCALHOST))]
    from: IpAddr,
    /// What everybody says: a WAV file, 16 bit, mono, 8000 samples a second. Without it each hums in his own way.
    #[arg(long)]
    voice: Option<PathBuf>,
    /// Calls a second to the phones that are registered, one after the other.
    #[arg(long, default_value_t = 0.0)]
    cps: f64,
    /// Ends after so many seconds.
    #[arg(long)]
    seconds: Option<u64>,
    /// Makes load: an office of its own on this machine with so many agents at their browsers (at most 1000), who take the calls that
    /// --cps makes (1 where nothing is said), until most of them talk and for --seconds (30) more, and what was seen of it. Nothing of it is kept.
    #[arg(long, conflicts_with_all = ["listen", "from"])]
    agents: Option<usize>,
    /// How long each of these agents talks; so that most of them do at any time, where nothing is said.
    #[arg(long, requires = "agents")]
    talk: Option<u64>,
}

impl Simulate {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        super::start_log("warn,belbrug=info")?;
        if !(0.0..=CPS_MAX).contains(&self.cps) {
            bail!("--cps must be 0 to {CPS_MAX}");
        }
        let voice = self.voice.as_deref().map(Voice::from_file).transpose().map_err(|why| anyhow::anyhow!("--voice {why}"))?;
        if let Some(agents) = self.agents {
            let load = Load { agents, cps: if self.cps > 0.0 { self.cps } else { 1.0 }, seconds: self.seconds.unwrap_or(30), talk: self.talk };
            return load.run(voice).await;
        }
        let simulator = Simulator::open(self.listen, self.from, voice).await.with_context(|| format!("--listen {}", self.listen))?;
        say(&format!(
            "Phones register at {}, with any secret. Whoever they call talks; numbers that end in 7 are busy, in 8 out,",
            simulator.address()
        ));
        say("in 9 hang up after 8 s, in 6 let one wait. Ctrl+C ends it.");
        let (calls, to_make) = mpsc::channel(CALLS_TO_MAKE_MAX);
        let running = tokio::spawn(simulator.run(to_make));
        let end = async {
            match self.seconds {
                Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = make_calls(self.cps, calls) => {}
            () = end => {}
            _ = tokio::signal::ctrl_c() => {}
            ended = running => ended.context("the exchange ended")?,
        }
        Ok(())
    }
}

pub(super) async fn make_calls(cps: f64, calls: mpsc::Sender<CallNow>) {
    if cps <= 0.0 {
        return std::future::pending().await;
    }
    let mut tick = tokio::time::interval(Duration::from_secs_f64(1.0 / cps));
    for count in 0_u64.. {
        tick.tick().await;
        let caller = Caller { number: format!("+447700900{:03}", count % 1000), name: String::new(), patience: Duration::from_secs(30) };
        if calls.send(CallNow { phone: None, caller }).await.is_err() {
            return;
        }
    }
}
