//! What the handlers need.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime};
use tokio::sync::{mpsc, oneshot, watch};

use crate::clock::{Clock, Timestamp};
use crate::collection::policy::first_instant;
use crate::desk::hub::{AudioAnswer, AudioOffer, Board, Command, OfferRefused, Refusal};
use crate::desk::seat::Seat;
use crate::ids::{AgentId, Extension};
use crate::measure::Figures;
use crate::numbers::{NumberPlan, Pattern};
use crate::personal::Personal;
use crate::store::pool::Store;
use crate::store::writer::Writer;
use crate::web::agent::order::Order;
use crate::web::bell::Bells;

/// The way to the task that owns the PBX.
pub type Commands = mpsc::Sender<(Command, oneshot::Sender<Result<(), Refusal>>)>;

/// The way to whoever carries audio.
pub type Offers = mpsc::Sender<(AudioOffer, oneshot::Sender<AudioAnswer>)>;

/// What the handlers need; cheap to clone.
#[derive(Clone)]
pub struct Deps {
    /// To read.
    pub store: Store,
    /// To write.
    pub writer: Writer,
    /// To ask the bridge.
    pub commands: Commands,
    /// To let a page be heard.
    pub offers: Offers,
    /// What the bridge shows.
    pub board: watch::Receiver<Arc<Board>>,
    /// Whom a change on the board concerns is woken by it.
    pub bells: Arc<Bells>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The office.
    pub office: Arc<OfficeInfo>,
    /// Who is called next.
    pub order: Arc<Order>,
    /// What is counted, where that is shown.
    pub figures: Option<Figures>,
}

/// What the pages know of the office.
#[derive(Debug, Clone)]
pub struct OfficeInfo {
    /// Its name.
    pub name: String,
    /// Its time zone.
    pub zone: chrono_tz::Tz,
    /// Its numbers.
    pub plan: NumberPlan,
    /// Extensions whose phones make the calls that are clicked: they are hung up there.
    pub phones_that_dial: Vec<Pattern>,
    /// Countries that may be dialled.
    pub dial_countries: Vec<String>,
    /// Proxies whose word is taken.
    pub trusted_proxies: Vec<IpAddr>,
    /// We speak HTTPS ourselves.
    pub https: bool,
    /// All of this is practice.
    pub practice: bool,
    /// Where practice is.
    pub practice_at: Option<String>,
    /// `nl` or `en`.
    pub language: String,
    /// Hours.
    pub session_hours: u32,
    /// What is said to the debtor before a call is recorded, by creditor.
    pub notices: BTreeMap<String, String>,
    /// Where recordings are.
    pub recordings: PathBuf,
    /// The token for who asks for figures from another machine.
    pub metrics_token: Personal<String>,
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").field("office", &self.office).finish_non_exhaustive()
    }
}

impl OfficeInfo {
    /// Whether this extension's phone makes the calls that are clicked.
    #[must_use]
    pub fn dials_itself(&self, extension: &Extension) -> bool {
        self.phones_that_dial.iter().any(|pattern| pattern.matches(extension.as_str()))
    }

    /// An instant by the office's clock.
    #[must_use]
    pub fn local(&self, at: Timestamp) -> NaiveDateTime {
        at.utc().with_timezone(&self.zone).naive_local()
    }

    /// The first instant of a day of the office.
    #[must_use]
    pub fn start_of(&self, day: NaiveDate) -> Timestamp {
        first_instant(self.zone, day.and_time(chrono::NaiveTime::MIN))
    }
}

impl Deps {
    /// Now, and today's date in the office.
    #[must_use]
    pub fn now(&self) -> (Timestamp, NaiveDate) {
        let now = self.clock.now();
        (now, self.office.local(now).date())
    }

    /// Asks the bridge, and waits for its word.
    ///
    /// # Errors
    /// Says why it was not done.
    pub async fn ask(&self, command: Command) -> Result<(), Refusal> {
        let (answer, answered) = oneshot::channel();
        self.commands.try_send((command, answer)).map_err(|_| Refusal::NotSent)?;
        answered.await.map_err(|_| Refusal::NotSent)?
    }

    /// Lets a page be heard.
    ///
    /// # Errors
    /// Says why it is not.
    pub async fn offer(&self, offer: AudioOffer) -> AudioAnswer {
        let (answer, answered) = oneshot::channel();
        self.offers.try_send((offer, answer)).map_err(|_| OfferRefused::NoPhone)?;
        answered.await.map_err(|_| OfferRefused::NoPhone)?
    }

    /// The seat of an agent, as it is now.
    #[must_use]
    pub fn seat(&self, agent: AgentId) -> Option<Arc<Seat>> {
        self.board.borrow().seats.get(&agent).map(|(_, seat)| seat.clone())
    }
}
