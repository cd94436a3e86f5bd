//! `belbrug simulate --agents`: a whole office under load, on this machine. Agents sign in at real pages, their browsers speak WebRTC, debtors
//! call in by SIP; what was seen of it is said at the end.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use belbrug::clock::{Clock, SystemClock};
use belbrug::config;
use belbrug::ids::Extension;
use belbrug::personal::Personal;
use belbrug::simulate::agent::Agent;
use belbrug::simulate::counts::{Counts, of};
use belbrug::simulate::voice::Voice;
use belbrug::store::write::UserSave;
use belbrug::web::sign_in::password;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::service::Service;
use super::simulate::make_calls;
use super::{sample_office, say};

/// Extensions have four figures.
const AGENTS_MAX: usize = 1000;
const FIRST_EXTENSION: usize = 1000;
/// Says how far it is this often.
const SAID_EVERY: Duration = Duration::from_secs(2);
/// How long phones may take to be registered.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) struct Load {
    pub(super) agents: usize,
    pub(super) cps: f64,
    pub(super) seconds: u64,
    pub(super) talk: Option<u64>,
}

impl Load {
    pub(super) async fn run(self, voice: Option<Voice>) -> anyhow::Result<()> {
        if !(1..=AGENTS_MAX).contains(&self.agents) {
            bail!("--agents must be 1 to {AGENTS_MAX}");
        }
        let folder = std::env::temp_dir().join(format!("belbrug-load-{}", std::process::id()));
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let done = tokio::select! {
            done = self.run_in(&folder, voice) => done,
            _ = tokio::signal::ctrl_c() => Ok(()),
        };
        let _ = std::fs::remove_dir_all(&folder);
        done
    }

    async fn run_in(&self, folder: &Path, voice: Option<Voice>) -> anyhow::Result<()> {
        let mut config = config::parse("")?;
        config.office.name = "Load".to_owned();
        config.office.extensions = vec!["1XXX".to_owned()];
        config.store.url = format!("sqlite:{}", folder.join("load.db").display()).into();
        config.browser.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (password, users) = self.users().await?;
        let (call_now, counts) = sample_office::furnish(&mut config, users, voice.clone()).await?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port for the pages")?;
        let service = Service::start(&config, listener).await?;
        let (end, ended) = watch::channel(false);
        let mut at_work = JoinSet::new();
        let mut said = Instant::now();
        for at in 0..self.agents {
            let agent = Agent::sign_in(service.address(), &login(at), &password, counts.clone()).await?;
            at_work.spawn(agent.work(voice.clone().unwrap_or_else(|| Voice::of(&login(at))), self.talk(), ended.clone()));
            if said.elapsed() >= SAID_EVERY {
                said = Instant::now();
                say(&format!("{} of {} agents have signed in", at + 1, self.agents));
            }
        }
        self.until_ready(&counts).await?;
        let talk = self.talk().as_secs();
        say(&format!("{} agents are at work; {} calls a second, for {talk} s until most talk, and {} s more", self.agents, self.cps, self.seconds));
        let calling = tokio::spawn(make_calls(self.cps, call_now.clone()));
        // From then on as many talk as will.
        tokio::time::sleep(self.talk()).await;
        let (began, cpu) = (Instant::now(), cpu());
        tokio::time::sleep(Duration::from_secs(self.seconds)).await;
        let used = cpu_since(cpu) / began.elapsed().as_secs_f64() * 100.0;
        calling.abort();
        // Whoever talks has his time.
        tokio::time::sleep(self.talk() + Duration::from_secs(2)).await;
        let _ = end.send(true);
        while let Some(worked) = at_work.join_next().await {
            worked.context("an agent")??;
        }
        drop(call_now);
        report(&counts, used);
        service.stop().await
    }

    /// So that four of five talk at any time.
    fn talk(&self) -> Duration {
        #[expect(clippy::cast_precision_loss, reason = "a thousand")]
        let fitting = 0.8 * self.agents as f64 / self.cps;
        self.talk.map_or_else(|| Duration::from_secs_f64(fitting.clamp(1.0, 120.0)), Duration::from_secs)
    }

    async fn users(&self) -> anyhow::Result<(Personal<String>, Vec<UserSave>)> {
        let password = format!("{:032x}", rand::random::<u128>());
        let hash = password::hash(password.clone()).await?;
        let user = |at: usize| {
            Ok(UserSave {
                id: None,
                login: login(at),
                name: format!("Agent {}", at + 1),
                role: "agent",
                extension: Some(Extension::parse(&(FIRST_EXTENSION + at).to_string())?),
                language: "nl".to_owned(),
                password_hash: hash.clone(),
                at: SystemClock.now(),
            })
        };
        Ok((password.into(), (0..self.agents).map(user).collect::<anyhow::Result<_>>()?))
    }

    /// Waits until the phones are registered, and the pages heard.
    async fn until_ready(&self, counts: &Counts) -> anyhow::Result<()> {
        let (since, mut said) = (Instant::now(), Instant::now());
        while of(&counts.ready) < self.agents as u64 {
            if since.elapsed() > PATIENCE {
                bail!("the phones of only {} of {} agents are registered and heard", of(&counts.ready), self.agents);
            }
            if said.elapsed() >= SAID_EVERY {
                said = Instant::now();
                say(&format!("the phones of {} of {} agents are registered and heard", of(&counts.ready), self.agents));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }
}

fn login(at: usize) -> String {
    format!("agent{}", at + 1)
}

/// What was seen.
fn report(counts: &Counts, used: f64) {
    say(&format!(
        "calls: {} made, {} rang at a page, {} taken; in {} one side heard nothing; {} wishes refused",
        of(&counts.made),
        of(&counts.rang),
        of(&counts.taken),
        of(&counts.deaf),
        of(&counts.refused)
    ));
    say(&format!(
        "audio: {} of {} packets lost to the browsers, {} of {} to the debtors",
        of(&counts.heard_lost),
        of(&counts.heard),
        of(&counts.said_lost),
        of(&counts.said)
    ));
    say(&format!("processor: {used:.0} % of one core while most talked, for service, browsers and debtors together"));
}

/// What this process has used so far (`proc_pid_stat(5)`: user and system time, in hundredths of a second).
fn cpu() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_ascii_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}

/// In seconds.
fn cpu_since(before: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "seconds")]
    let ticks = cpu().saturating_sub(before) as f64;
    ticks / 100.0
}
