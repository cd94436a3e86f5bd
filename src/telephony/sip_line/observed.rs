//! Calls that we did not dial, pieced together from what the PBX tells of each phone.
//!
//! A PBX tells of phones, not of calls: that the phones of a ring group ring for one caller, and that a phone that rings while a
//! colleague lets go has been handed the call, follows from the other party's number. It is told as inferred. An ended call is kept
//! for a moment before its end is told, because a transfer ends it at one phone just before it rings at the next.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::telling::{Channel, Telling};
use crate::ids::{CallId, Extension};
use crate::telephony::calls::hangup_cause::HangupCause;
use crate::telephony::pbx::event::{ChannelState, DialStatus};
use crate::telephony::sip::dialog_info::{DialogState, State};
use crate::telephony::sip::uri::{Uri, unescaped};

/// How long the other party of a call whose agent let go is waited for elsewhere.
const LINGER: Duration = Duration::from_secs(1);
/// Calls that are followed at most; the PBX has that many phones.
const CALLS_MAX: usize = 10_000;

/// One end of a call.
#[derive(Debug)]
struct End {
    channel: Channel,
    /// The phone, and what its PBX calls this dialog there; `None` of somebody outside.
    at: Option<(Extension, String)>,
    is_up: bool,
    is_caller: bool,
    /// Its phone has let go; its end is told when it is known that nobody else got the call.
    is_gone: bool,
}

/// One call.
#[derive(Debug)]
struct Call {
    ends: Vec<End>,
    /// The number of whoever is outside, or of the colleague.
    other: String,
    call_ids: BTreeSet<String>,
    is_established: bool,
    lingers_until: Option<Instant>,
}

/// All calls that were observed.
#[derive(Debug)]
pub(super) struct Observed {
    technology: String,
    /// Makes ids that no other run of the service has.
    run: String,
    count: u64,
    calls: BTreeMap<u64, Call>,
    by_dialog: BTreeMap<(Extension, String), u64>,
    by_call_id: BTreeMap<String, u64>,
    /// The calls with whoever has this number.
    by_number: BTreeMap<String, BTreeSet<u64>>,
    lingering: BTreeSet<(Instant, u64)>,
}

impl Observed {
    pub(super) fn new(technology: &str, run: u64) -> Self {
        Self {
            technology: technology.to_owned(),
            run: format!("{run:x}"),
            count: 0,
            calls: BTreeMap::new(),
            by_dialog: BTreeMap::new(),
            by_call_id: BTreeMap::new(),
            by_number: BTreeMap::new(),
            lingering: BTreeSet::new(),
        }
    }

    /// When [`Observed::handle_timeout`] is to be called.
    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.lingering.first().map(|(at, _)| *at)
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, telling: &mut Telling) {
        while let Some((at, key)) = self.lingering.first().copied().filter(|(at, _)| *at <= now) {
            self.lingering.remove(&(at, key));
            // Unless he was sent on meanwhile.
            if self.calls.get(&key).is_some_and(|call| call.lingers_until == Some(at)) {
                self.end(key, telling);
            }
        }
    }

    /// Whether this dialog of a phone is told of already.
    pub(super) fn follows(&self, extension: &Extension, dialog: &str) -> bool {
        self.by_dialog.contains_key(&(extension.clone(), dialog.to_owned()))
    }

    /// Nobody is watched at this phone any more.
    pub(super) fn forget(&mut self, now: Instant, extension: &Extension, telling: &mut Telling) {
        let of_phone: Vec<String> = self.by_dialog.keys().filter(|(at, _)| at == extension).map(|(_, id)| id.clone()).collect();
        telling.is_inferred = true;
        for id in of_phone {
            let gone = DialogState { id, state: Some(State::Terminated), ..DialogState::default() };
            self.terminated(now, extension, &gone, telling);
        }
        telling.is_inferred = false;
    }

    /// Takes what changed of one dialog of a phone.
    pub(super) fn changed(
        &mut self,
        now: Instant,
        extension: &Extension,
        dialog: &DialogState,
        colleague: Option<Extension>,
        is_after_gap: bool,
        telling: &mut Telling,
    ) {
        telling.is_inferred = is_after_gap;
        let is_known = self.follows(extension, &dialog.id);
        match dialog.state {
            Some(State::Terminated) if is_known => self.terminated(now, extension, dialog, telling),
            Some(State::Terminated) | None => {}
            Some(state) => {
                if !is_known {
                    self.begun(extension, dialog, state, colleague, telling);
                }
                self.goes_on(extension, dialog, state, telling);
            }
        }
        telling.is_inferred = false;
    }

    fn begun(&mut self, extension: &Extension, dialog: &DialogState, state: State, colleague: Option<Extension>, telling: &mut Telling) {
        let other = number_of(&dialog.remote);
        let is_caller = dialog.is_initiator == Some(true);
        let at = (extension.clone(), dialog.id.clone());
        if let Some(key) = self.placeholder(extension, &other).filter(|_| colleague.is_some()) {
            // The colleague's phone has told of this call before.
            if let Some(end) = self.calls.get_mut(&key).and_then(|call| call.ends.iter_mut().find(|end| is_placeholder(end, extension))) {
                end.at = Some(at.clone());
            }
            self.by_dialog.insert(at, key);
            return;
        }
        let key = match self.same_call(dialog, &other, extension) {
            Some(key) => key,
            None if self.calls.len() >= CALLS_MAX => return,
            None => self.new_call(dialog, &other, colleague, is_caller, extension, telling),
        };
        let channel = self.channel(key, Some(extension), extension.as_str(), &dialog.local, &other, &dialog.remote_name);
        let Some(call) = self.calls.get_mut(&key) else { return };
        if let Some(call_id) = &dialog.call_id {
            call.call_ids.insert(call_id.clone());
            self.by_call_id.insert(call_id.clone(), key);
        }
        self.by_dialog.insert(at.clone(), key);
        if is_caller {
            telling.channel(&channel, if state == State::Confirmed { ChannelState::Up } else { ChannelState::Ring });
        } else {
            call.handed_on(&channel, telling);
            telling.channel(&channel, ChannelState::Down);
            let from = call.ends.iter().find(|end| end.at.is_none()).or_else(|| call.ends.iter().find(|end| end.is_caller));
            telling.dials(from.map(|from| &from.channel), &channel);
        }
        call.ends.push(End { channel, at: Some(at), is_up: false, is_caller, is_gone: false });
    }

    /// How far it has come.
    fn goes_on(&mut self, extension: &Extension, dialog: &DialogState, state: State, telling: &mut Telling) {
        let Some(key) = self.by_dialog.get(&(extension.clone(), dialog.id.clone())).copied() else { return };
        let needs_other = self.calls.get(&key).is_some_and(|call| call.ends.len() == 1) && state >= State::Early;
        if needs_other {
            self.add_called(key, dialog, telling);
        }
        let bridge = format!("b{key}-{}", self.run);
        let Some(call) = self.calls.get_mut(&key) else { return };
        let Some(at) = call.ends.iter().position(|end| end.at.as_ref().is_some_and(|(at, id)| at == extension && *id == dialog.id)) else { return };
        let is_caller = call.ends.get(at).is_some_and(|end| end.is_caller);
        if state >= State::Early
            && let Some(rings) =
                call.ends.iter().enumerate().find(|(i, end)| (*i == at) != is_caller && !end.is_caller && !end.is_up).map(|(_, end)| end)
        {
            telling.rings(&rings.channel, false);
        }
        if state == State::Confirmed {
            call.talk(at, &bridge, telling);
            if let (Some(end), Some(is_held)) = (call.ends.get(at), dialog.is_held) {
                telling.held(&end.channel, is_held);
            }
        }
    }

    /// Whom a phone of ours calls.
    fn add_called(&mut self, key: u64, dialog: &DialogState, telling: &mut Telling) {
        let other = number_of(&dialog.remote);
        let channel = self.channel(key, None, &other, &dialog.remote_name, "", "");
        let Some(call) = self.calls.get_mut(&key) else { return };
        telling.channel(&channel, ChannelState::Down);
        telling.dials(call.ends.first().map(|end| &end.channel), &channel);
        call.ends.push(End { channel, at: None, is_up: false, is_caller: false, is_gone: false });
    }

    /// One dialog of a phone is over.
    fn terminated(&mut self, now: Instant, extension: &Extension, dialog: &DialogState, telling: &mut Telling) {
        let Some(key) = self.by_dialog.remove(&(extension.clone(), dialog.id.clone())) else { return };
        let bridge = format!("b{key}-{}", self.run);
        let Some(call) = self.calls.get_mut(&key) else { return };
        let is_it = |end: &End| end.at.as_ref().is_some_and(|(at, id)| at == extension && *id == dialog.id);
        let Some(at) = call.ends.iter().position(is_it) else { return };
        let is_last = !call.ends.iter().any(|end| end.at.is_some() && !end.is_gone && !is_it(end));
        if let Some(end) = call.ends.get_mut(at).filter(|end| end.is_up && is_last && !telling.is_inferred) {
            end.is_gone = true;
            call.lingers_until = Some(now + LINGER);
            self.lingering.insert((now + LINGER, key));
            return;
        }
        let end = call.ends.remove(at);
        let why = why(dialog);
        let was_inferred = telling.is_inferred;
        if end.is_up {
            telling.leaves(&bridge, &end.channel);
            telling.hung_up(&end.channel, HangupCause::NORMAL);
        } else if end.is_caller {
            telling.hung_up(&end.channel, why.map_or(HangupCause::UNKNOWN, |(_, cause)| cause));
        } else {
            // Where the PBX does not say why, an answer elsewhere does.
            let status = why.map_or(DialStatus::Cancelled, |(status, _)| status);
            telling.is_inferred |= why.is_none();
            telling.dialled(&end.channel, status);
            telling.hung_up(&end.channel, why.map_or(HangupCause::UNKNOWN, |(_, cause)| cause));
        }
        telling.is_inferred = was_inferred;
        if is_last && call.lingers_until.is_none() {
            self.end(key, telling);
        }
    }

    /// The last phone has let go: whoever is outside has, too.
    fn end(&mut self, key: u64, telling: &mut Telling) {
        let Some(call) = self.calls.remove(&key) else { return };
        for call_id in &call.call_ids {
            self.by_call_id.remove(call_id);
        }
        if let Some(same) = self.by_number.get_mut(&call.other) {
            same.remove(&key);
            if same.is_empty() {
                self.by_number.remove(&call.other);
            }
        }
        let bridge = format!("b{key}-{}", self.run);
        for end in &call.ends {
            if end.is_up {
                telling.leaves(&bridge, &end.channel);
            }
            let cause = if call.is_established { HangupCause::NORMAL } else { HangupCause::UNKNOWN };
            telling.hung_up(&end.channel, cause);
        }
    }

    /// The call that a phone's dialog belongs to: by its Call-ID, else by who is at the other end.
    fn same_call(&self, dialog: &DialogState, other: &str, extension: &Extension) -> Option<u64> {
        if let Some(key) = dialog.call_id.as_ref().and_then(|call_id| self.by_call_id.get(call_id)) {
            return Some(*key);
        }
        if dialog.is_initiator == Some(true) || other.is_empty() {
            return None;
        }
        // One who talks with a colleague has two lines; one whom the colleague has just let go of was sent on.
        let may_be = |call: &Call| !call.is_established || call.lingers_until.is_some();
        let is_at_another = |call: &Call| !call.ends.iter().any(|end| end.at.as_ref().is_some_and(|(at, _)| at == extension) && !end.is_gone);
        let same = self.by_number.get(other)?;
        same.iter().rev().find(|key| self.calls.get(key).is_some_and(|call| may_be(call) && is_at_another(call))).copied()
    }

    /// A call of this phone that the colleague's phone has told of, and which it has not told of itself.
    fn placeholder(&self, extension: &Extension, other: &str) -> Option<u64> {
        let is_it =
            |call: &Call| call.ends.iter().any(|end| is_placeholder(end, extension)) && call.ends.iter().any(|end| end.channel.number == other);
        let with_it = self.by_number.get(extension.as_str())?;
        with_it.iter().find(|key| self.calls.get(key).is_some_and(is_it)).copied()
    }

    /// A call begins with whoever is at the other end, where that one calls.
    fn new_call(
        &mut self,
        dialog: &DialogState,
        other: &str,
        colleague: Option<Extension>,
        is_caller: bool,
        extension: &Extension,
        telling: &mut Telling,
    ) -> u64 {
        self.count += 1;
        let key = self.count;
        let call = Call { ends: Vec::new(), other: other.to_owned(), call_ids: BTreeSet::new(), is_established: false, lingers_until: None };
        self.calls.insert(key, call);
        self.by_number.entry(other.to_owned()).or_default().insert(key);
        if is_caller {
            return key;
        }
        let mut channel = self.channel(key, colleague.as_ref(), other, &dialog.remote_name, "", "");
        channel.exten = extension.to_string();
        telling.channel(&channel, ChannelState::Ring);
        if let Some(call) = self.calls.get_mut(&key) {
            call.ends.push(End { channel, at: None, is_up: false, is_caller: true, is_gone: false });
        }
        key
    }

    fn channel(&mut self, key: u64, phone: Option<&Extension>, number: &str, name: &str, other: &str, other_name: &str) -> Channel {
        self.count += 1;
        let call = format!("{}{}-{key}", CallId::OBSERVED_PREFIX, self.run);
        let is_first = self.calls.get(&key).is_none_or(|call| call.ends.is_empty());
        let id = if is_first { call.clone() } else { format!("{call}-{}", self.count) };
        let device = match phone {
            Some(extension) => format!("{}/{extension}", self.technology),
            None => "SIP/outside".to_owned(),
        };
        let is_name = |name: &str| !name.contains(':');
        Channel {
            id,
            name: format!("{device}-{:08x}", self.count),
            call,
            number: number.to_owned(),
            display_name: if is_name(name) { name.to_owned() } else { String::new() },
            other_number: other.to_owned(),
            other_name: other_name.to_owned(),
            exten: if phone.is_some() { other.to_owned() } else { String::new() },
        }
    }
}

impl Call {
    /// A phone rings for somebody who talks, or just talked, with a colleague: he has been sent on.
    fn handed_on(&mut self, to: &Channel, telling: &mut Telling) {
        self.lingers_until = None;
        if !self.is_established {
            return;
        }
        telling.is_inferred = true;
        let by = self.ends.iter().position(|end| end.at.is_some() && end.is_up);
        let stays = self.ends.iter().find(|end| end.at.is_none());
        let (Some(by), Some(stays)) = (by, stays) else { return };
        if let Some(by) = self.ends.get(by) {
            telling.sent_on(&by.channel, &stays.channel, &to.number);
        }
        if self.ends.get(by).is_some_and(|by| by.is_gone) {
            let by = self.ends.remove(by);
            telling.hung_up(&by.channel, HangupCause::NORMAL);
        }
    }

    /// The end at this place has answered, or was.
    fn talk(&mut self, at: usize, bridge: &str, telling: &mut Telling) {
        let Some(end) = self.ends.get_mut(at).filter(|end| !end.is_up) else { return };
        end.is_up = true;
        let is_caller = end.is_caller;
        // Whoever is up already talks; else the first that can be the other.
        let may_be = |end: &&End| end.is_caller != is_caller && !end.is_gone;
        let other = self.ends.iter().filter(may_be).find(|end| end.is_up).or_else(|| self.ends.iter().find(may_be)).map(|end| end.channel.id.clone());
        let other = other.and_then(|id| self.ends.iter().position(|end| end.channel.id == id));
        for place in [Some(at), other].into_iter().flatten() {
            if let Some(end) = self.ends.get_mut(place) {
                telling.channel(&end.channel, ChannelState::Up);
                if place != at {
                    // The colleague's phone says so itself; whoever is outside never will.
                    end.is_up |= end.at.is_none();
                }
            }
        }
        self.is_established = true;
        let both = [Some(at), other].into_iter().flatten().filter_map(|place| self.ends.get(place)).map(|end| &end.channel);
        telling.talks(bridge, both);
    }
}

fn is_placeholder(end: &End, extension: &Extension) -> bool {
    end.at.is_none() && end.channel.number == extension.as_str()
}

/// What the PBX says of why a dialog is over (RFC 4235, 3.7.2).
fn why(dialog: &DialogState) -> Option<(DialStatus, HangupCause)> {
    let cause = HangupCause::from_code;
    Some(match (dialog.event.as_deref()?, dialog.code) {
        ("rejected", Some(486 | 600)) => (DialStatus::Busy, cause(17)),
        ("rejected", Some(408 | 480)) | ("timeout", _) => (DialStatus::NoAnswer, cause(19)),
        ("rejected", _) => (DialStatus::Rejected, cause(21)),
        ("cancelled", _) => (DialStatus::Cancelled, HangupCause::NORMAL),
        ("error", _) => (DialStatus::Failed, cause(41)),
        _ => return None,
    })
}

/// The number in an address; empty where it is withheld, or where there is none.
pub(in crate::telephony) fn number_of(address: &str) -> String {
    let user = match Uri::parse(address.trim()) {
        Ok(Uri::Sip(sip)) => sip.user.map(unescaped).unwrap_or_default().into_owned(),
        Ok(Uri::Tel(tel)) => tel.number.to_owned(),
        _ => String::new(),
    };
    let user = user.split(';').next().unwrap_or_default();
    if user.eq_ignore_ascii_case("anonymous") || user.eq_ignore_ascii_case("unknown") { String::new() } else { user.to_owned() }
}
