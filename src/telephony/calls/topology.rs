//! Who dialled whom and who hears whom: through Local channels, which are pipes inside the PBX, and over bridges.

use std::collections::{BTreeMap, VecDeque};

use super::leg::{Leg, LegKind, LegState, Origin};
use super::tracker::Tracker;
use crate::ids::{BridgeId, Uniqueid};
use crate::telephony::pbx::event::BridgeKind;

/// Local channels in a row that are followed; more is a loop.
const HOPS_MAX: usize = 8;
/// Legs that ended and are remembered.
const GONE_MAX: usize = 1024;

/// A place where channels hear each other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Bridge {
    pub(super) kind: BridgeKind,
    pub(super) legs: Vec<Uniqueid>,
}

/// The two ends of each live Local channel, by the name that they share.
#[derive(Debug, Default)]
pub(super) struct Locals(BTreeMap<String, [Option<Uniqueid>; 2]>);

impl Locals {
    pub(super) fn insert(&mut self, leg: &Leg) {
        if let Some((pair, first)) = leg.local_pair() {
            let ends = self.0.entry(pair.to_owned()).or_default();
            let [one, two] = ends;
            *(if first { one } else { two }) = Some(leg.id.clone());
        }
    }

    pub(super) fn remove(&mut self, leg: &Leg) {
        let Some((pair, first)) = leg.local_pair() else { return };
        if let Some([one, two]) = self.0.get_mut(pair) {
            *(if first { &mut *one } else { &mut *two }) = None;
            if one.is_none() && two.is_none() {
                self.0.remove(pair);
            }
        }
    }

    fn other(&self, leg: &Leg) -> Option<&Uniqueid> {
        let (pair, first) = leg.local_pair()?;
        let [one, two] = self.0.get(pair)?;
        if first { two.as_ref() } else { one.as_ref() }
    }
}

/// The last legs that ended.
#[derive(Debug, Default)]
pub(super) struct Gone {
    order: VecDeque<Uniqueid>,
    ids: std::collections::BTreeSet<Uniqueid>,
}

impl Gone {
    pub(super) fn insert(&mut self, id: Uniqueid) {
        if self.order.len() >= GONE_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
        if self.ids.insert(id.clone()) {
            self.order.push_back(id);
        }
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.ids.contains(id)
    }
}

impl Tracker {
    /// The party that dialled this leg, whatever lies between.
    pub(super) fn caller_of(&self, id: &Uniqueid) -> Option<Uniqueid> {
        let mut origin = &self.legs.get(id)?.origin;
        for _ in 0..HOPS_MAX {
            let Origin::DialledBy(by) = origin else { return None };
            let leg = self.legs.get(by)?;
            let Some((_, first)) = leg.local_pair() else { return Some(by.clone()) };
            let other = self.legs.get(self.locals.other(leg)?)?;
            if first {
                return self.behind(other);
            }
            match other.origin {
                // The pipe was laid into a bridge: somebody there dials through it.
                Origin::Itself | Origin::DialledUnseen => return self.beside(other),
                Origin::Asked => return None,
                Origin::DialledBy(_) => origin = &other.origin,
            }
        }
        None
    }

    /// The party at the far end of a Local channel whose second half this is.
    fn behind(&self, half: &Leg) -> Option<Uniqueid> {
        let is_dialled_by_it = |leg: &&Leg| leg.kind == LegKind::Party && leg.origin == Origin::DialledBy(half.id.clone());
        let call = self.calls.get(&half.call)?;
        let mut dialled = call.legs.iter().filter_map(|id| self.legs.get(id)).filter(is_dialled_by_it);
        let up = dialled.clone().find(|leg| leg.state == LegState::Up);
        up.or_else(|| dialled.next()).map(|leg| leg.id.clone()).or_else(|| self.beside(half))
    }

    /// The party on the other side of the Local channel whose half this is.
    pub(super) fn far_side(&self, half: &Leg) -> Option<Uniqueid> {
        let other = self.legs.get(self.locals.other(half)?)?;
        match &other.origin {
            Origin::DialledBy(by) if self.legs.get(by).is_some_and(|leg| leg.kind == LegKind::Party) => Some(by.clone()),
            _ => self.behind(other),
        }
    }

    /// A party in the same bridge.
    fn beside(&self, leg: &Leg) -> Option<Uniqueid> {
        let bridge = self.bridges.get(leg.bridge.as_ref()?)?;
        bridge.legs.iter().find(|id| **id != leg.id && self.legs.get(*id).is_some_and(|l| l.kind == LegKind::Party)).cloned()
    }

    /// The parties that hear each other in this bridge and in those that Local channels tie to it.
    pub(super) fn conversation(&self, bridge: &BridgeId) -> Vec<Uniqueid> {
        let mut parties = Vec::new();
        let mut bridges = vec![bridge];
        let mut at = 0;
        while let Some(name) = bridges.get(at) {
            at += 1;
            let bridge = self.bridges.get(*name).filter(|bridge| bridge.kind != BridgeKind::Holding);
            for leg in bridge.into_iter().flat_map(|bridge| &bridge.legs).filter_map(|id| self.legs.get(id)) {
                if leg.kind == LegKind::Party {
                    parties.push(leg.id.clone());
                } else if let Some(beyond) = self.locals.other(leg).and_then(|id| self.legs.get(id)).and_then(|half| half.bridge.as_ref())
                    && !bridges.contains(&beyond)
                    && bridges.len() <= HOPS_MAX
                {
                    bridges.push(beyond);
                }
            }
        }
        parties
    }

    /// Whether this is the agent's own phone of a click-to-dial.
    pub(super) fn is_own_phone(&self, leg: &Leg) -> bool {
        match &leg.origin {
            Origin::Asked => leg.kind == LegKind::Party,
            Origin::DialledBy(by) => {
                let half = self.legs.get(by).filter(|half| half.local_pair().is_some_and(|(_, first)| !first));
                let one = half.and_then(|half| self.locals.other(half)).and_then(|id| self.legs.get(id));
                one.is_some_and(|one| one.origin == Origin::Asked)
            }
            Origin::Itself | Origin::DialledUnseen => false,
        }
    }

    /// Takes a leg out of the bridge that it is in.
    pub(super) fn leave_bridge(&mut self, id: &str) {
        let Some(leg) = self.legs.get_mut(id) else { return };
        let Some(name) = leg.bridge.take() else { return };
        let Some(bridge) = self.bridges.get_mut(&name) else { return };
        bridge.legs.retain(|leg| leg.as_str() != id);
        if bridge.legs.is_empty() {
            self.bridges.remove(&name);
        }
    }

    /// Puts a leg into a bridge.
    pub(super) fn put_into_bridge(&mut self, id: &Uniqueid, name: &str, kind: BridgeKind) {
        self.leave_bridge(id.as_str());
        let name = self.bridges.get_key_value(name).map_or_else(|| BridgeId::new(name), |(name, _)| name.clone());
        let Some(leg) = self.legs.get_mut(id) else { return };
        leg.bridge = Some(name.clone());
        let bridge = self.bridges.entry(name).or_default();
        bridge.kind = kind;
        bridge.legs.push(id.clone());
    }

    /// Before an end of a Local channel goes: whoever it dialled was dialled by the party behind it.
    pub(super) fn bequeath(&mut self, id: &Uniqueid) {
        let Some(leg) = self.legs.get(id).filter(|leg| leg.kind == LegKind::LocalHalf) else { return };
        let Some(call) = self.calls.get(&leg.call) else { return };
        let is_heir = |heir: &&Uniqueid| self.legs.get(*heir).is_some_and(|leg| leg.origin == Origin::DialledBy(id.clone()));
        let heirs: Vec<Uniqueid> = call.legs.iter().filter(is_heir).cloned().collect();
        for heir in heirs {
            let is_own = self.legs.get(&heir).is_some_and(|leg| self.is_own_phone(leg));
            let caller = self.caller_of(&heir);
            if let Some(leg) = self.legs.get_mut(&heir) {
                leg.origin = match caller {
                    _ if is_own => Origin::Asked,
                    Some(caller) => Origin::DialledBy(caller),
                    None => Origin::DialledUnseen,
                };
            }
        }
    }

    /// Everything but the call forgets the leg.
    pub(super) fn forget_leg(&mut self, id: &Uniqueid) -> Option<Leg> {
        self.bequeath(id);
        self.leave_bridge(id.as_str());
        let leg = self.legs.remove(id)?;
        self.locals.remove(&leg);
        self.gone.insert(id.clone());
        Some(leg)
    }
}
