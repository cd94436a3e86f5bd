//! Call events as lines of JSON, for `belbrug replay`: each line says by itself who called whom.

use std::collections::BTreeMap;

use serde::Serialize;

use super::event::{CallEvent, CallEventKind, Certainty, EndReason, LegRef, Party, TransferKind, TransferTarget};
use super::leg::endpoint;
use crate::ids::{CallId, Uniqueid};

/// One line. What does not apply is left out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// `originating`, `ringing`, `ring_ended`, `answered`, `held`, `retrieved`, `transferred`, `queued`,
    /// `queue_abandoned` or `ended`.
    pub event: &'static str,
    /// The call's id.
    pub call: String,
    /// Seconds since the epoch, by the PBX's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<f64>,
    /// Who calls; of `transferred` the party that stays.
    pub caller: Caller,
    /// The number that was dialled.
    pub dialled: String,
    /// The channels that ring now, the latest last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub targets: Option<Vec<String>>,
    /// The channel that it happened to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// How it was transferred.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<TransferKind>,
    /// The channel that transferred.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The channel, or the number, that got it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The call of the consultation, which goes up in this one and has no `ended` of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merges: Option<String>,
    /// The queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// Why it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<EndReason>,
    /// How sure it is.
    pub certainty: Certainty,
}

impl Line {
    const fn empty() -> Self {
        Self {
            event: "",
            call: String::new(),
            at: None,
            caller: Caller { channel: String::new(), number: String::new(), name: String::new() },
            dialled: String::new(),
            targets: None,
            target: None,
            kind: None,
            by: None,
            to: None,
            merges: None,
            queue: None,
            reason: None,
            certainty: Certainty::Observed,
        }
    }
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Caller {
    /// The channel.
    pub channel: String,
    /// As the PBX shows it; empty when withheld.
    pub number: String,
    /// As the PBX shows it; empty when there is none.
    pub name: String,
}

/// Remembers of each call what its next line needs.
#[derive(Debug, Default)]
pub struct Lines {
    calls: BTreeMap<CallId, Shown>,
}

#[derive(Debug, Default)]
struct Shown {
    caller: Caller,
    dialled: String,
    ringing: Vec<(Uniqueid, String)>,
    parties: BTreeMap<Uniqueid, Party>,
}

impl Shown {
    fn calls(&mut self, leg: &LegRef, party: &Party) {
        self.parties.insert(leg.id.clone(), party.clone());
        self.caller = Caller { channel: leg.channel.clone(), number: party.number.reveal().clone(), name: party.name.reveal().clone() };
    }

    /// Somebody of whom no channel was told.
    fn calls_unseen(&mut self, party: &Party) {
        if self.caller.channel.is_empty() {
            self.caller = Caller { channel: String::new(), number: party.number.reveal().clone(), name: party.name.reveal().clone() };
        }
    }

    fn dials(&mut self, number: &str) {
        if !number.is_empty() {
            number.clone_into(&mut self.dialled);
        }
    }

    fn originated(&mut self, line: &mut Line, leg: &LegRef, to: &Party) {
        let number = leg.line.as_ref().map_or_else(|| endpoint(&leg.channel), |line| line.as_str());
        self.calls(leg, &Party { number: number.to_owned().into(), name: String::new().into() });
        self.dials(to.number.reveal());
        (line.event, line.target) = ("originating", Some(leg.channel.clone()));
    }

    fn delivered(&mut self, line: &mut Line, leg: &LegRef, by: Option<&LegRef>, caller: &Party, called: &Party) {
        match by {
            Some(by) => self.calls(by, caller),
            None => self.calls_unseen(caller),
        }
        self.parties.insert(leg.id.clone(), called.clone());
        self.ringing.push((leg.id.clone(), leg.channel.clone()));
        line.event = "ringing";
        line.targets = Some(self.ringing.iter().map(|(_, channel)| channel.clone()).collect());
    }

    fn answered(&mut self, caller: &LegRef, party: &Party, dialled: &str) {
        if caller.channel != self.caller.channel {
            self.calls(caller, party);
        }
        if self.dialled.is_empty() {
            self.dials(dialled);
        }
    }

    fn stays(&mut self, leg: Option<&LegRef>) {
        if let Some(leg) = leg {
            let party = self.parties.get(&leg.id).cloned().unwrap_or_default();
            self.calls(leg, &party);
        }
    }
}

impl Lines {
    /// The line for an event; `None` for one that the lines around it tell.
    pub fn line(&mut self, event: &CallEvent) -> Option<Line> {
        if let CallEventKind::Merged { into } = &event.kind {
            let gone = self.calls.remove(&event.call).unwrap_or_default();
            let shown = self.calls.entry(into.clone()).or_default();
            shown.parties.extend(gone.parties);
            shown.ringing.extend(gone.ringing);
            return None;
        }
        let shown = self.calls.entry(event.call.clone()).or_default();
        let line = told(shown, event);
        if matches!(event.kind, CallEventKind::Cleared { .. }) {
            self.calls.remove(&event.call);
        }
        line
    }
}

/// The line of an event, with what its call has told so far.
fn told(shown: &mut Shown, event: &CallEvent) -> Option<Line> {
    let at = event.at.map(|at| std::time::Duration::from_micros(u64::try_from(at.0).unwrap_or(0)).as_secs_f64());
    let mut line = Line { call: event.call.to_string(), at, certainty: event.certainty, ..Line::empty() };
    match &event.kind {
        CallEventKind::Originated { leg, to } => shown.originated(&mut line, leg, to),
        CallEventKind::Queued { queue, leg, caller, dialled } => {
            shown.calls(leg, caller);
            shown.dials(dialled);
            (line.event, line.queue) = ("queued", Some(queue.clone()));
        }
        CallEventKind::QueueAbandoned { queue } => (line.event, line.queue) = ("queue_abandoned", Some(queue.clone())),
        CallEventKind::Delivered { leg, by, caller, called, dialled, .. } => {
            shown.dials(dialled);
            shown.delivered(&mut line, leg, by.as_ref(), caller, called);
        }
        CallEventKind::RingEnded { leg, reason } => {
            shown.ringing.retain(|(id, _)| *id != leg.id);
            (line.event, line.target, line.reason) = ("ring_ended", Some(leg.channel.clone()), Some(*reason));
        }
        CallEventKind::Established { leg, caller: Some((caller, party)), dialled } => {
            shown.answered(caller, party, dialled);
            (line.event, line.target) = ("answered", Some(leg.channel.clone()));
        }
        CallEventKind::Held { leg } => (line.event, line.target) = ("held", Some(leg.channel.clone())),
        CallEventKind::Retrieved { leg } => (line.event, line.target) = ("retrieved", Some(leg.channel.clone())),
        CallEventKind::Transferred { transfer, stays, by, to, consultation } => {
            (line.event, line.kind) = ("transferred", Some(*transfer));
            (line.by, line.to) = (by.as_ref().map(|by| by.channel.clone()), Some(name_of(to)));
            line.merges = consultation.as_ref().map(ToString::to_string);
            shown.stays(stays.as_ref());
        }
        CallEventKind::Cleared { reason, other, .. } => {
            shown.calls_unseen(other);
            (line.event, line.reason) = ("ended", Some(*reason));
        }
        CallEventKind::Established { caller: None, .. }
        | CallEventKind::OwnPhoneAnswered { .. }
        | CallEventKind::QueueTimedOut { .. }
        | CallEventKind::Diverted { .. }
        | CallEventKind::Parked { .. }
        | CallEventKind::Conferenced { .. }
        | CallEventKind::Merged { .. }
        | CallEventKind::ConnectionCleared { .. } => return None,
    }
    line.caller = shown.caller.clone();
    line.dialled.clone_from(&shown.dialled);
    Some(line)
}

fn name_of(to: &TransferTarget) -> String {
    match to {
        TransferTarget::Leg(leg) => leg.channel.clone(),
        TransferTarget::Number(number) => number.clone(),
    }
}
