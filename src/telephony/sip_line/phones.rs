//! The phones that are watched: which subscription is whose, and what its PBX has told of it, in order.

use std::collections::{BTreeMap, VecDeque};

use crate::ids::Extension;
use crate::telephony::sip::dialog_info::{DialogInfo, DialogState, State};
use crate::telephony::sip::user_agent::event::SubscriptionId;

/// Ended calls of one phone that are remembered.
const OVER_MAX: usize = 32;

/// One phone that is watched.
#[derive(Debug)]
pub(super) struct Phone {
    pub(super) subscription: SubscriptionId,
    /// Of the last document; `None` after a gap.
    version: Option<u32>,
    /// What is told next comes after a gap: what is gone went unseen.
    is_after_gap: bool,
    pub(super) is_told: bool,
    /// Its live dialogs as the PBX names them, each with how far it has come.
    dialogs: BTreeMap<String, DialogState>,
    /// Dialogs that are over: Kamailio goes on listing them for a while, and a message that was overtaken may call one alive.
    over: VecDeque<String>,
}

/// What a document says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    /// These dialogs changed; those that are gone are among them, as terminated.
    Changed { dialogs: Vec<DialogState>, is_after_gap: bool },
    /// One was missed: all is to be asked for anew.
    Missed,
    /// It was overtaken by a newer one.
    Stale,
}

impl Phone {
    pub(super) const fn new(subscription: SubscriptionId) -> Self {
        Self { subscription, version: None, is_after_gap: false, is_told: false, dialogs: BTreeMap::new(), over: VecDeque::new() }
    }

    /// Its live calls.
    pub(super) fn live(&self) -> Vec<DialogState> {
        self.dialogs.values().cloned().collect()
    }

    /// Nothing is told any more.
    pub(super) fn lost(&mut self) {
        self.version = None;
        self.is_after_gap = !self.dialogs.is_empty() || self.is_after_gap;
        self.is_told = false;
    }

    /// Takes a document (RFC 4235, 4.3).
    pub(super) fn heard(&mut self, info: DialogInfo) -> Heard {
        match self.version {
            Some(last) if info.version <= last => return Heard::Stale,
            Some(last) if !info.is_full && info.version != last.wrapping_add(1) => return Heard::Missed,
            None if !info.is_full => return Heard::Missed,
            _ => {}
        }
        self.version = Some(info.version);
        self.is_told = true;
        let is_after_gap = std::mem::take(&mut self.is_after_gap);
        let mut changed = Vec::new();
        if info.is_full {
            let is_gone = |id: &String| !info.dialogs.iter().any(|dialog| dialog.id == *id);
            for id in self.dialogs.keys().filter(|id| is_gone(id)).cloned().collect::<Vec<_>>() {
                changed.extend(self.dialogs.remove(&id).map(|dialog| DialogState { state: Some(State::Terminated), ..dialog }));
            }
        }
        let is_terminated = |dialog: &DialogState| dialog.state == Some(State::Terminated);
        let (over, live): (Vec<_>, Vec<_>) = info.dialogs.into_iter().partition(is_terminated);
        for dialog in over {
            // A phone at rest: "terminated" is all that some PBXs have to say of it.
            if self.dialogs.remove(&dialog.id).is_some() {
                self.is_over(&dialog);
                changed.push(dialog);
            }
        }
        for dialog in live {
            if self.dialogs.get(&dialog.id) != Some(&dialog) && !self.over.contains(&dialog.id) {
                self.dialogs.insert(dialog.id.clone(), dialog.clone());
                changed.push(dialog);
            }
        }
        Heard::Changed { dialogs: changed, is_after_gap }
    }

    /// There is nothing to tell, says the PBX.
    pub(super) fn heard_nothing(&mut self) -> bool {
        !std::mem::replace(&mut self.is_told, true)
    }

    /// Where a PBX names the calls, an ended one never lives again. Asterisk calls every call of a phone by the phone's own number.
    fn is_over(&mut self, dialog: &DialogState) {
        if dialog.call_id.is_none() {
            return;
        }
        if self.over.len() >= OVER_MAX {
            self.over.pop_front();
        }
        self.over.push_back(dialog.id.clone());
    }
}

/// All phones that are watched.
#[derive(Debug, Default)]
pub(super) struct Phones {
    pub(super) by_extension: BTreeMap<Extension, Phone>,
    by_subscription: BTreeMap<SubscriptionId, Extension>,
}

impl Phones {
    pub(super) fn insert(&mut self, extension: Extension, subscription: SubscriptionId) {
        self.by_subscription.insert(subscription, extension.clone());
        self.by_extension.insert(extension, Phone::new(subscription));
    }

    pub(super) fn remove(&mut self, extension: &Extension) -> Option<Phone> {
        let phone = self.by_extension.remove(extension)?;
        self.by_subscription.remove(&phone.subscription);
        Some(phone)
    }

    pub(super) fn of(&mut self, subscription: SubscriptionId) -> Option<(Extension, &mut Phone)> {
        let extension = self.by_subscription.get(&subscription)?.clone();
        let phone = self.by_extension.get_mut(&extension)?;
        Some((extension, phone))
    }

    pub(super) fn has(&self, number: &str) -> Option<Extension> {
        let extension = Extension::parse(number).ok()?;
        self.by_extension.contains_key(&extension).then_some(extension)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialog(id: &str, state: State) -> DialogState {
        DialogState { id: id.to_owned(), state: Some(state), ..DialogState::default() }
    }

    fn info(version: u32, is_full: bool, dialogs: &[DialogState]) -> DialogInfo {
        DialogInfo { entity: String::new(), version, is_full, dialogs: dialogs.to_vec() }
    }

    fn phone() -> Phone {
        Phone::new(SubscriptionId(1))
    }

    fn changed(heard: Heard) -> Vec<(String, State)> {
        match heard {
            Heard::Changed { dialogs, .. } => dialogs.into_iter().map(|dialog| (dialog.id, dialog.state.unwrap())).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn partial_states_follow_each_other_and_full_ones_say_what_is_gone() {
        let mut phone = phone();
        assert_eq!(phone.heard(info(3, false, &[dialog("a", State::Early)])), Heard::Missed, "the first is a full one");
        assert_eq!(changed(phone.heard(info(3, true, &[dialog("a", State::Early), dialog("b", State::Confirmed)]))).len(), 2);
        assert_eq!(phone.heard(info(3, true, &[])), Heard::Stale);
        assert_eq!(changed(phone.heard(info(4, false, &[dialog("a", State::Confirmed)]))), [("a".to_owned(), State::Confirmed)]);
        assert_eq!(phone.heard(info(6, false, &[dialog("a", State::Terminated)])), Heard::Missed, "version 5 never came");
        assert_eq!(changed(phone.heard(info(6, true, &[dialog("a", State::Confirmed)]))), [("b".to_owned(), State::Terminated)]);
        assert_eq!(changed(phone.heard(info(7, true, &[dialog("a", State::Terminated), dialog("x", State::Terminated)]))).len(), 1);
    }

    #[test]
    fn after_a_gap_whatever_is_gone_went_unseen() {
        let mut phone = phone();
        let _ = phone.heard(info(1, true, &[dialog("a", State::Confirmed)]));
        phone.lost();
        let heard = phone.heard(info(0, true, &[]));
        assert!(matches!(&heard, Heard::Changed { is_after_gap: true, dialogs } if dialogs.len() == 1), "{heard:?}");
    }
}
