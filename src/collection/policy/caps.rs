//! How often a debtor may be approached: attempts and conversations in so many days, and the days of rest after a conversation.
//! Days are those of the debtor's own calendar, the present one included: "seven in seven days" is today and the six before.

use chrono::{Days, NaiveDate};
use chrono_tz::Tz;
use serde::Deserialize;

use super::hours::{first_instant, local};
use crate::clock::Timestamp;
use crate::ids::{CaseId, PhoneNumber};

choice! {
    /// Whose attempts are counted together.
    Per {
        /// Those for one debt.
        Debt = "debt",
        /// All to one debtor.
        Debtor = "debtor",
        /// Those to one number.
        Number = "number",
    }
}

/// At most so many in so many days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cap {
    /// How many are allowed.
    pub count: u16,
    /// In so many days.
    pub days: u16,
    /// Counted together.
    pub per: Per,
    /// Conversations only.
    #[serde(default)]
    pub conversations: bool,
    /// No reason lifts it.
    pub hard: bool,
    /// A source was found for it.
    #[serde(default)]
    pub verified: bool,
}

/// Days of rest after a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cooldown {
    /// The day of the conversation is the first.
    pub days: u16,
    /// After a conversation about the debt, with the debtor, or at the number.
    pub per: Per,
    /// No reason lifts it.
    pub hard: bool,
    /// A source was found for it.
    #[serde(default)]
    pub verified: bool,
}

/// Something that happened between the desk and a debtor: on the page, on a desk phone, or the debtor called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touch {
    /// When it began.
    pub at: Timestamp,
    /// The debtor called: never an attempt of ours, but it can be a conversation.
    pub inbound: bool,
    /// The debt that it was about, as far as known.
    pub case: Option<CaseId>,
    /// The number at the other end.
    pub number: Option<PhoneNumber>,
    /// It counts as an attempt.
    pub counts: bool,
    /// The debtor was spoken to.
    pub conversation: bool,
}

impl Touch {
    fn is_of(&self, per: Per, case: CaseId, number: Option<PhoneNumber>) -> bool {
        match per {
            Per::Debt => self.case == Some(case),
            Per::Debtor => true,
            Per::Number => number.is_some() && self.number == number,
        }
    }
}

impl Cap {
    /// When one more is allowed, if none is now.
    pub(super) fn until(&self, touches: &[Touch], case: CaseId, number: Option<PhoneNumber>, zone: Tz, now: Timestamp) -> Option<Timestamp> {
        let today = local(now, zone).date();
        let first = today.checked_sub_days(Days::new(u64::from(self.days.saturating_sub(1))))?;
        let counts = |touch: &&Touch| if self.conversations { touch.conversation } else { touch.counts && !touch.inbound };
        let of_us = touches.iter().filter(counts).filter(|touch| touch.is_of(self.per, case, number));
        let mut days: Vec<NaiveDate> = of_us.map(|touch| local(touch.at, zone).date()).filter(|day| (first..=today).contains(day)).collect();
        days.sort_unstable();
        // One more is allowed when so many have become too old that fewer than the cap are left.
        let leaves = days.len().checked_sub(usize::from(self.count))?;
        let day = days.get(leaves)?.checked_add_days(Days::new(u64::from(self.days)))?;
        Some(first_instant(zone, day.and_time(chrono::NaiveTime::MIN)))
    }
}

impl Cooldown {
    /// When the rest ends, if it has not.
    pub(super) fn until(&self, touches: &[Touch], case: CaseId, number: Option<PhoneNumber>, zone: Tz, now: Timestamp) -> Option<Timestamp> {
        let last = touches.iter().filter(|touch| touch.conversation && touch.is_of(self.per, case, number)).map(|touch| touch.at).max()?;
        let day = local(last, zone).date().checked_add_days(Days::new(u64::from(self.days)))?;
        Some(first_instant(zone, day.and_time(chrono::NaiveTime::MIN))).filter(|end| *end > now)
    }
}
