//! The one gate: may this debtor be approached now, on this way? Yes, or no and the rules that say so, each with the moment from which
//! it does not stand in the way any more. Hard rules have no override; a soft one is lifted by a reason, which is reported.

use chrono_tz::Tz;

use super::caps::{Cap, Touch};
use super::hours::{local, next_outside, next_within};
use super::profile::Profile;
use super::restriction::{Restriction, RestrictionKind};
use crate::clock::Timestamp;
use crate::collection::calendar::Holiday;
use crate::collection::money::Cents;
use crate::ids::{CaseId, PhoneNumber};

choice! {
    /// How a debtor is approached.
    Channel {
        /// A call.
        Phone = "phone",
        /// An e-mail.
        Email = "email",
        /// A text message.
        Sms = "sms",
        /// A letter by post.
        Letter = "letter",
    }
}

choice! {
    /// The rules of the gate, in the order in which they are told. The word is what the ledger keeps.
    Rule {
        /// The debtor died.
        Deceased = "deceased",
        /// The debtor is insolvent.
        Insolvent = "insolvent",
        /// Only the representative may be approached.
        Represented = "represented",
        /// Collection stands still by law: a plan or a mediator was asked for, or the debt is disputed.
        Standstill = "standstill",
        /// The debtor does not want it.
        DoNotCall = "do_not_call",
        /// Nobody but the debtor may be approached.
        ThirdParty = "third_party",
        /// A mistake of our own is not solved yet (advice 1.4).
        OwnFault = "own_fault",
        /// Outside the hours.
        Hours = "hours",
        /// A holiday, or a day equated with one.
        Holiday = "holiday",
        /// The debtor asked for other hours.
        WantedHours = "wanted_hours",
        /// Too many attempts or conversations.
        Cap = "cap",
        /// There was a conversation not long ago.
        Cooldown = "cooldown",
        /// Nothing is due that is not disputed.
        Disputed = "disputed",
        /// The debtor cannot pay, or is vulnerable.
        Hardship = "hardship",
        /// At this hour few are reached (advice 2.3).
        SoftHours = "soft_hours",
        /// Too little to call for (advice 0.17).
        MinAmount = "min_amount",
    }
}

/// What the gate looks at.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// The present instant.
    pub now: Timestamp,
    /// The zone that the debtor lives in.
    pub zone: Tz,
    /// How the debtor would be approached.
    pub channel: Channel,
    /// At which number.
    pub number: Option<PhoneNumber>,
    /// About which debt.
    pub case: CaseId,
    /// Whoever is approached speaks for the debtor.
    pub is_representative: bool,
    /// Whoever is approached is neither the debtor nor speaks for the debtor.
    pub is_third_party: bool,
    /// What is overdue and not disputed.
    pub overdue: Cents,
    /// What is disputed.
    pub disputed: Cents,
    /// The check before the call found a mistake of our own that is not solved.
    pub own_fault: bool,
    /// What stands in the way.
    pub restrictions: &'a [Restriction],
    /// What happened lately.
    pub touches: &'a [Touch],
    /// The debtor asked to be called about now, or something was agreed for now.
    pub agreed: bool,
}

/// What a page says beside the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Nothing.
    None,
    /// The holiday; none where a decree equates the day.
    Holiday(Option<Holiday>),
    /// The cap.
    Cap(Cap),
    /// Why collection stands still, or who is not to be called.
    Restriction(RestrictionKind),
    /// The least amount.
    Amount(Cents),
}

/// A rule that stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// Which.
    pub rule: Rule,
    /// No reason lifts it.
    pub hard: bool,
    /// From when on it does not stand in the way, as far as time alone solves it.
    pub until: Option<Timestamp>,
    /// More to say.
    pub detail: Detail,
}

/// The gate's answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdict {
    /// What stands in the way, in the order of [`Rule`].
    pub stops: Vec<Stop>,
}

impl Verdict {
    /// Nothing stands in the way.
    #[must_use]
    pub fn is_yes(&self) -> bool {
        self.stops.is_empty()
    }

    /// Something stands in the way that no reason lifts.
    #[must_use]
    pub fn is_no(&self) -> bool {
        self.stops.iter().any(|stop| stop.hard)
    }
}

/// So many moments are tried to find the first that is allowed.
const TRIES_MAX: usize = 64;

impl Profile {
    /// Whether the debtor may be approached.
    #[must_use]
    pub fn gate(&self, facts: &Facts<'_>) -> Verdict {
        let mut stops = Vec::new();
        self.restrictions(facts, &mut stops);
        self.times(facts, &mut stops);
        self.counts(facts, &mut stops);
        self.house(facts, &mut stops);
        stops.sort_by_key(|stop| stop.rule);
        Verdict { stops }
    }

    /// The first moment from now on at which no hard rule stands in the way; `None` where time alone does not solve it.
    #[must_use]
    pub fn first_allowed(&self, facts: &Facts<'_>) -> Option<Timestamp> {
        let mut facts = facts.clone();
        for _ in 0..TRIES_MAX {
            let verdict = self.gate(&facts);
            let hard: Vec<&Stop> = verdict.stops.iter().filter(|stop| stop.hard).collect();
            if hard.is_empty() {
                return Some(facts.now);
            }
            let until = hard.iter().map(|stop| stop.until).collect::<Option<Vec<Timestamp>>>()?.into_iter().max()?;
            facts.now = until.max(Timestamp(facts.now.0 + 1));
        }
        None
    }

    fn restrictions(&self, facts: &Facts<'_>, stops: &mut Vec<Stop>) {
        let mut hard = |rule, kind| stops.push(Stop { rule, hard: true, until: None, detail: Detail::Restriction(kind) });
        let by_phone = matches!(facts.channel, Channel::Phone | Channel::Sms);
        for restriction in facts.restrictions {
            let kind = restriction.kind;
            match kind {
                RestrictionKind::Deceased => hard(Rule::Deceased, kind),
                RestrictionKind::Insolvent => hard(Rule::Insolvent, kind),
                RestrictionKind::Represented if !facts.is_representative => hard(Rule::Represented, kind),
                RestrictionKind::DebtMediator | RestrictionKind::PlanRequested if self.stops.contains(&kind) => hard(Rule::Standstill, kind),
                RestrictionKind::NotAtAll => hard(Rule::DoNotCall, kind),
                RestrictionKind::NotByPhone if by_phone => hard(Rule::DoNotCall, kind),
                RestrictionKind::NotThisNumber if by_phone && facts.number.is_some() && restriction.number == facts.number => {
                    hard(Rule::DoNotCall, kind)
                }
                _ => {}
            }
        }
        if facts.is_third_party && self.third_party_forbidden {
            stops.push(Stop { rule: Rule::ThirdParty, hard: true, until: None, detail: Detail::None });
        }
        if self.dispute_stops && facts.disputed > Cents(0) {
            stops.push(Stop { rule: Rule::Standstill, hard: true, until: None, detail: Detail::None });
        }
        if facts.own_fault {
            stops.push(Stop { rule: Rule::OwnFault, hard: true, until: None, detail: Detail::None });
        }
    }

    fn times(&self, facts: &Facts<'_>, stops: &mut Vec<Stop>) {
        let shown = local(facts.now, facts.zone);
        let (free, hours) = (|day| self.is_free(day), &self.hours);
        if hours.channels.contains(&facts.channel) {
            let until = || next_within(&hours.windows, free, facts.zone, facts.now);
            if self.is_free(shown.date()) {
                let holiday = Detail::Holiday(self.holidays.holiday(shown.date()));
                stops.push(Stop { rule: Rule::Holiday, hard: hours.hard, until: until(), detail: holiday });
            } else if !hours.windows.iter().any(|window| window.contains(shown)) {
                stops.push(Stop { rule: Rule::Hours, hard: hours.hard, until: until(), detail: Detail::None });
            }
        }
        if facts.channel != Channel::Phone || facts.agreed {
            return;
        }
        for restriction in facts.restrictions.iter().filter(|restriction| restriction.kind == RestrictionKind::OnlyAt) {
            let wanted = &restriction.hours;
            if !wanted.iter().any(|window| window.contains(shown)) {
                let until = next_within(wanted, free, facts.zone, facts.now);
                stops.push(Stop { rule: Rule::WantedHours, hard: true, until, detail: Detail::None });
            }
        }
        if self.soft_avoid.iter().any(|window| window.contains(shown)) {
            let until = next_outside(&self.soft_avoid, facts.zone, facts.now);
            stops.push(Stop { rule: Rule::SoftHours, hard: false, until, detail: Detail::None });
        }
    }

    fn counts(&self, facts: &Facts<'_>, stops: &mut Vec<Stop>) {
        if facts.channel != Channel::Phone {
            return;
        }
        let exempt = facts.agreed && self.agreed_lifts_caps;
        for cap in self.caps.iter().filter(|_| !exempt) {
            if let Some(until) = cap.until(facts.touches, facts.case, facts.number, facts.zone, facts.now) {
                stops.push(Stop { rule: Rule::Cap, hard: cap.hard, until: Some(until), detail: Detail::Cap(*cap) });
            }
        }
        if let Some(cooldown) = self.cooldown.filter(|_| !facts.agreed)
            && let Some(until) = cooldown.until(facts.touches, facts.case, facts.number, facts.zone, facts.now)
        {
            stops.push(Stop { rule: Rule::Cooldown, hard: cooldown.hard, until: Some(until), detail: Detail::None });
        }
    }

    fn house(&self, facts: &Facts<'_>, stops: &mut Vec<Stop>) {
        let mut soft = |rule, detail| stops.push(Stop { rule, hard: false, until: None, detail });
        if facts.agreed || facts.channel != Channel::Phone {
            return;
        }
        if facts.disputed > Cents(0) && facts.overdue <= Cents(0) && !self.dispute_stops {
            soft(Rule::Disputed, Detail::None);
        }
        if facts.restrictions.iter().any(|restriction| restriction.kind == RestrictionKind::Hardship) {
            soft(Rule::Hardship, Detail::Restriction(RestrictionKind::Hardship));
        }
        if facts.overdue > Cents(0) && facts.overdue < self.min_call_amount {
            soft(Rule::MinAmount, Detail::Amount(self.min_call_amount));
        }
    }
}
