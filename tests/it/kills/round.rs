//! One call, one kill, and what must hold afterwards.

use std::time::Duration;

use super::agent::{Agent, NUMBER};
use super::office::Office;
use super::plan::{Kill, Stage, Victim, Way};
use crate::lab::{Debtor, Phone, until_async};

/// How long the dialled debtor lets it ring.
const RINGS: Duration = Duration::from_millis(200);
/// Between two words that the agent types.
const TYPES_EVERY: Duration = Duration::from_millis(40);
/// With this word the agent takes the phone, or hangs up, where the people do not wait: about half a second into the stage.
const ACTS_AT_WORD: u64 = 12;
/// Calls of which the PBX has not said that they are over.
const OPEN: &str = "SELECT COUNT(*) FROM calls WHERE ended_seen IS NULL";
const OWED: &str = "SELECT COUNT(*) FROM calls WHERE owes_outcome = 1";
const RINGING: &str = "SELECT COUNT(*) FROM calls WHERE ended_seen IS NULL AND ringing_seen IS NOT NULL";
const TALKING: &str = "SELECT COUNT(*) FROM calls WHERE ended_seen IS NULL AND answered_seen IS NOT NULL";
const SETTLED_TWICE: &str =
    "SELECT COUNT(*) FROM (SELECT call_id FROM ledger WHERE call_id IS NOT NULL GROUP BY call_id HAVING COUNT(*) > 1) AS twice";

impl Office {
    /// Makes a call, kills as planned, lets everything come back and the people finish, and looks. What it found, in words.
    pub(super) async fn survives(&mut self, kill: &Kill) -> String {
        self.is_well().await;
        let mut debtor = Some(self.rings(kill).await);
        let talks = kill.stage != Stage::Ringing;
        if talks {
            let phone = self.phone.as_ref().expect("a phone");
            if kill.way == Way::Inbound {
                phone.answer().await;
            }
            self.things.until_count(TALKING, 1).await;
        }
        let notes = format!("Kill {} van {}", kill.number, if kill.way == Way::Inbound { "een inkomend gesprek" } else { "een uitgaand gesprek" });
        if kill.stage == Stage::Saving {
            self.agent.types_until_saved(&notes).await;
            self.phone.as_ref().expect("a phone").hang_up().await;
            debtor = None;
            self.things.until_count(OPEN, 0).await;
        }
        let saved = self.strikes(kill, &notes).await;
        self.comes_back(kill).await;
        let is_still_on = self.ledger_follows_pbx().await;
        if !saved {
            self.agent.finds_its_draft(&self.things).await;
        }
        drop(debtor);
        self.ends_calls().await;
        // A conversation that was in the ledger cannot be forgotten; one that nobody saw may be.
        let owed = self.things.count(OWED).await.expect("the database");
        assert!(owed <= 1, "one conversation owes {owed} outcomes");
        assert!(!talks || saved || owed == 1, "a conversation that was in the ledger owes nothing any more");
        if !saved {
            self.agent.types_until_saved(&format!("{notes}, daarna")).await;
            self.agent.saves(&key(kill), kill.number.is_multiple_of(2), &notes).await;
        }
        self.agent.finds_its_outcomes(&self.things).await;
        self.things.until_count(OWED, 0).await;
        self.things.until_count(SETTLED_TWICE, 0).await;
        let on = if is_still_on { "the call went on" } else { "the call was over" };
        format!("{on}, {owed} owed, {} outcomes in the ledger", self.agent.outcomes())
    }

    /// Everything runs, and nobody calls.
    async fn is_well(&mut self) {
        self.things.pbx.wait_idle().await;
        self.is_connected().await;
        self.things.until_count(OPEN, 0).await;
    }

    async fn is_connected(&mut self) {
        let (things, agent) = (&mut self.things, &self.agent);
        let connected = until_async(async || {
            things.keep_running().await;
            agent.page_says_connected().await.then_some(())
        });
        assert!(connected.await.is_some(), "the page is not connected:\n{}", self.things.home.log());
    }

    /// The agent's phone rings, or, where more than that is wanted of a dialled call, has answered and the debtor's rings.
    async fn rings(&mut self, kill: &Kill) -> Debtor {
        let phone = self.phone.as_ref().expect("a phone");
        match kill.way {
            Way::Inbound => {
                let debtor = Debtor::calls(&self.things.pbx, "31101", NUMBER, "T.", None).await;
                phone.wait_ringing().await;
                self.things.until_count(RINGING, 1).await;
                debtor
            }
            Way::Dialled => {
                let debtor = Debtor::answers(&self.things.pbx, RINGS).await;
                self.agent.dial(&format!("{}-dial", key(kill))).await;
                phone.wait_ringing().await;
                if kill.stage != Stage::Ringing {
                    phone.answer().await;
                }
                debtor
            }
        }
    }

    /// The kill itself, while the agent goes on with the page; whether the outcome was saved meanwhile.
    async fn strikes(&mut self, kill: &Kill, notes: &str) -> bool {
        let Self { things, agent, phone } = self;
        let (done, mut typing) = tokio::sync::watch::channel(false);
        let killing = async {
            tokio::time::sleep(kill.after).await;
            things.kill(kill.victim, kill.away).await;
            things.give_back(kill.victim).await;
            if let Some((second, later)) = kill.second {
                tokio::time::sleep(later).await;
                things.keep_running().await;
                things.kill(second, kill.away).await;
                things.give_back(second).await;
            }
            let _ = done.send(true);
        };
        let working = async {
            match kill.stage {
                Stage::Saving => agent.saves(&key(kill), kill.number.is_multiple_of(2), notes).await,
                Stage::Ringing | Stage::Talk | Stage::Reconnecting => works(kill, agent, phone.as_ref(), notes, &mut typing).await,
            }
        };
        tokio::join!(killing, working);
        kill.stage == Stage::Saving
    }

    /// All is back as it was: the service runs and is in touch, and the phone is at the PBX.
    async fn comes_back(&mut self, kill: &Kill) {
        let is_pbx = kill.victim == Victim::Pbx || kill.second.is_some_and(|(victim, _)| victim == Victim::Pbx);
        if is_pbx {
            self.register().await;
        }
        self.is_connected().await;
    }

    /// A call is open in the ledger if the PBX has one, and only then; whether it has.
    async fn ledger_follows_pbx(&self) -> bool {
        let things = &self.things;
        let agree = until_async(|| async {
            let before = things.pbx_has_calls().await;
            let open = things.count(OPEN).await?;
            (open == i64::from(before) && things.pbx_has_calls().await == before).then_some(before)
        });
        match agree.await {
            Some(has) => has,
            None => panic!(
                "the ledger has {:?} open calls, the PBX:\n{}\nthe service:\n{}",
                things.count(OPEN).await,
                things.pbx.cli("core show channels").await,
                things.home.log()
            ),
        }
    }

    /// The PBX ends whatever there is.
    async fn ends_calls(&mut self) {
        self.things.pbx.cli("channel request hangup all").await;
        self.things.pbx.wait_idle().await;
        self.things.until_count(OPEN, 0).await;
        if let Some(phone) = &self.phone {
            phone.forget();
        }
    }
}

/// The agent types; and takes the phone when it rings, or hangs up, where the people do not wait.
async fn works(kill: &Kill, agent: &mut Agent, phone: Option<&Phone>, notes: &str, done: &mut tokio::sync::watch::Receiver<bool>) {
    let mut word = 0;
    while !*done.borrow_and_update() {
        word += 1;
        agent.types(&format!("{notes}, woord {word}")).await;
        if let Some(phone) = phone.filter(|_| kill.people_go_on && word == ACTS_AT_WORD) {
            if kill.stage == Stage::Ringing { phone.tries_to_answer().await } else { phone.hang_up().await }
        }
        tokio::time::sleep(TYPES_EVERY).await;
    }
}

fn key(kill: &Kill) -> String {
    format!("kill-{:06}", kill.number)
}
