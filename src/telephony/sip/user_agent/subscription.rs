//! Being told what becomes of something (RFC 6665): asked for, kept alive, and asked for again when it is lost.

use std::time::{Duration, Instant};

use super::agent::{Owner, UserAgent};
use super::alarms::Alarm;
use super::event::{AccountId, Event, Failure, SubscriptionId};
use super::outcome::{Attempt, Outcome, Pending, Purpose};
use super::registration::pause;
use crate::telephony::sip::check::cseq;
use crate::telephony::sip::cursor::{Cursor, Params, number};
use crate::telephony::sip::dialog::{self, Dialog};
use crate::telephony::sip::draft::Draft;
use crate::telephony::sip::message::Message;
use crate::telephony::sip::method::Method;
use crate::telephony::sip::name::HeaderName;
use crate::telephony::sip::peer::Peer;

/// How long a subscription is asked for.
const EXPIRES: Duration = Duration::from_secs(600);
/// When many are made anew at once, this lies between two, so that neither side drowns.
const BETWEEN_TWO: Duration = Duration::from_micros(200);
/// Where the PBX says that trying is of no use for now, and not until when.
const LATER: Duration = Duration::from_secs(30);

/// And however late it says: a phone is not given up for good.
const LATEST: Duration = Duration::from_secs(3600);
/// Between two times that the whole state is asked for.
const REFRESH_PAUSE: Duration = Duration::from_secs(1);

/// What is watched.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) account: AccountId,
    uri: String,
    event: &'static str,
    accept: &'static str,
    wanted: Duration,
    call_id: String,
    tag: String,
    seq: u32,
    pub(super) dialog: Option<Dialog>,
    is_told: bool,
    /// Since it was asked for last: the PBX has agreed, and has told the state.
    was_answered: bool,
    was_notified: bool,
    /// Until when the PBX tells, as far as it has said.
    until: Option<Instant>,
    /// It was given up: its last NOTIFY is waited for.
    is_ending: bool,
    failures: u32,
    /// When the whole state was asked for last, because a part of it was missed.
    refreshed: Option<Instant>,
}

impl UserAgent {
    /// Watches the state of something: `sip:101@pbx.example`, event `dialog`.
    pub fn subscribe(&mut self, now: Instant, account: AccountId, uri: &str, event: &'static str, accept: &'static str) -> SubscriptionId {
        let id = SubscriptionId(self.next());
        let subscription = Subscription {
            account,
            uri: uri.to_owned(),
            event,
            accept,
            wanted: EXPIRES,
            call_id: String::new(),
            tag: String::new(),
            seq: 0,
            dialog: None,
            is_told: false,
            was_answered: false,
            was_notified: false,
            until: None,
            is_ending: false,
            failures: 0,
            refreshed: None,
        };
        self.subscriptions.insert(id, subscription);
        self.begin_anew(id);
        self.alarms.set(Alarm::Subscribe(id), now);
        id
    }

    /// Watches it no more.
    pub fn unsubscribe(&mut self, now: Instant, id: SubscriptionId) {
        self.alarms.clear(Alarm::Subscribe(id));
        let Some(account) = self.subscriptions.get(&id).map(|subscription| subscription.account) else { return };
        let contact = self.contact(account);
        let Some(subscription) = self.subscriptions.get_mut(&id) else { return };
        let Some(dialog) = &mut subscription.dialog else { return self.forget_subscription(id) };
        let draft = dialog
            .request(Method::Subscribe)
            .with(HeaderName::Contact, contact)
            .with(HeaderName::Event, subscription.event)
            .with(HeaderName::Expires, 0);
        let to = dialog.peer;
        subscription.is_ending = true;
        // 6665, 4.1.2.3: it ends with its last NOTIFY.
        self.alarms.set(Alarm::NothingNotified(id), now + self.settings.timers.t1 * 64);
        self.send(now, account, to, draft, Purpose::Nothing, Attempt::default());
    }

    fn forget_subscription(&mut self, id: SubscriptionId) {
        self.alarms.clear(Alarm::NothingNotified(id));
        if let Some(subscription) = self.subscriptions.remove(&id) {
            self.by_dialog.remove(&(subscription.call_id, subscription.tag));
        }
    }

    /// Asks for the whole state once more: a refresh is answered with it (4.1.2.3).
    pub fn refresh(&mut self, now: Instant, id: SubscriptionId) {
        let Some(subscription) = self.subscriptions.get_mut(&id) else { return };
        let at = subscription.refreshed.map_or(now, |last| now.max(last + REFRESH_PAUSE));
        subscription.refreshed = Some(at);
        self.alarms.set(Alarm::Subscribe(id), at);
    }

    /// Another dialog: what comes in the old one from now on is nobody's.
    fn begin_anew(&mut self, id: SubscriptionId) {
        let (call_id, tag) = (self.token(), self.token());
        let Some(subscription) = self.subscriptions.get_mut(&id) else { return };
        self.by_dialog.remove(&(subscription.call_id.clone(), subscription.tag.clone()));
        self.by_dialog.insert((call_id.clone(), tag.clone()), Owner::Subscription(id));
        (subscription.call_id, subscription.tag, subscription.seq) = (call_id, tag, 0);
        (subscription.dialog, subscription.is_told, subscription.until) = (None, false, None);
    }

    pub(super) fn send_subscribe(&mut self, now: Instant, id: SubscriptionId) {
        let Some(account) = self.subscriptions.get(&id).map(|subscription| subscription.account) else { return };
        let contact = self.contact(account);
        let Some(known) = self.accounts.get(account.0).filter(|known| known.is_away != Some(true)) else { return };
        let (peer, from) = (known.peer, known.address());
        let Some(subscription) = self.subscriptions.get_mut(&id) else { return };
        (subscription.was_answered, subscription.was_notified) = (false, false);
        let (to, draft) = match &mut subscription.dialog {
            Some(dialog) => (dialog.peer, dialog.request(Method::Subscribe)),
            None => {
                subscription.seq += 1;
                let draft = Draft::request(Method::Subscribe, &subscription.uri)
                    .with(HeaderName::From, format_args!("<{from}>;tag={}", subscription.tag))
                    .with(HeaderName::To, format_args!("<{}>", subscription.uri))
                    .with(HeaderName::CallId, &subscription.call_id)
                    .with(HeaderName::CSeq, format_args!("{} SUBSCRIBE", subscription.seq));
                (peer, draft)
            }
        };
        let draft = draft
            .with(HeaderName::Contact, contact)
            .with(HeaderName::Event, subscription.event)
            .with(HeaderName::Accept, subscription.accept)
            .with(HeaderName::Expires, subscription.wanted.as_secs());
        if !self.send(now, account, to, draft, Purpose::Subscribe(id), Attempt::default()) {
            self.lost(now, id, Failure::Unreachable, None);
        }
    }

    pub(super) fn subscribe_answered(&mut self, now: Instant, id: SubscriptionId, pending: &Pending, outcome: Outcome<'_>) {
        let Some(subscription) = self.subscriptions.get_mut(&id) else { return };
        // An answer to the dialog that was given up meanwhile.
        if pending.draft.value(HeaderName::CallId) != Some(&subscription.call_id) || !outcome.is_final() {
            return;
        }
        match outcome {
            Outcome::Response(200..300, message) => {
                let granted = message.value(HeaderName::Expires).and_then(|value| number(&value).ok());
                let granted = granted.map_or(subscription.wanted, |seconds| Duration::from_secs(seconds.into()));
                match &mut subscription.dialog {
                    Some(dialog) => dialog.target_from(message),
                    None => subscription.dialog = Dialog::of_answer(&pending.draft, message, pending.to),
                }
                subscription.was_answered = true;
                let is_silent = !subscription.was_notified;
                if !std::mem::replace(&mut subscription.is_told, true) {
                    self.events.push_back(Event::Subscribed(id));
                } else if !is_silent {
                    self.events.push_back(Event::Refreshed(id));
                }
                self.refresh_after(now, id, granted);
                if is_silent {
                    self.alarms.set(Alarm::NothingNotified(id), now + self.settings.timers.t1 * 64);
                }
            }
            Outcome::Response(423, message) => {
                let least = message.value(HeaderName::MinExpires).and_then(|value| number(&value).ok()).unwrap_or(3600);
                subscription.wanted = Duration::from_secs(least.into()).max(subscription.wanted);
                self.lost(now, id, outcome.failure(), Some(Duration::ZERO));
            }
            // 6665, 4.1.2.2: the PBX knows nothing of it any more.
            Outcome::Response(481, _) => self.lost(now, id, outcome.failure(), Some(Duration::ZERO)),
            _ => self.refresh_failed(now, id, outcome),
        }
    }

    /// A refresh that fails for now leaves the subscription as it is, until its time is up (4.1.2.2).
    fn refresh_failed(&mut self, now: Instant, id: SubscriptionId, outcome: Outcome<'_>) {
        let Some(subscription) = self.subscriptions.get_mut(&id) else { return };
        let is_for_good = matches!(outcome.status(), 404 | 405 | 410 | 416 | 480..=485 | 489 | 501 | 604);
        let wait = pause(subscription.failures + 1).max(outcome.retry_after());
        let goes_on = subscription.until.is_some_and(|until| now + wait < until) && !is_for_good;
        if goes_on {
            subscription.failures += 1;
            self.alarms.set(Alarm::Subscribe(id), now + wait);
        } else {
            self.lost(now, id, outcome.failure(), Some(wait));
        }
    }

    fn refresh_after(&mut self, now: Instant, id: SubscriptionId, granted: Duration) {
        if let Some(subscription) = self.subscriptions.get_mut(&id) {
            subscription.until = Some(now + granted);
        }
        self.alarms.set(Alarm::Subscribe(id), now + granted.mul_f64(0.8).max(Duration::from_secs(1)));
    }

    /// Nothing is told any more: it is asked for anew, after a pause.
    fn lost(&mut self, now: Instant, id: SubscriptionId, why: Failure, wait: Option<Duration>) {
        let Some(subscription) = self.subscriptions.get_mut(&id) else { return };
        subscription.failures += 1;
        let is_first = subscription.failures == 1;
        let wait = match wait {
            Some(wait) if is_first || !wait.is_zero() => wait,
            _ => pause(subscription.failures),
        };
        self.alarms.clear(Alarm::NothingNotified(id));
        self.alarms.set(Alarm::Subscribe(id), now + wait);
        self.begin_anew(id);
        self.events.push_back(Event::Unsubscribed { subscription: id, why });
    }

    pub(super) fn nothing_notified(&mut self, now: Instant, id: SubscriptionId) {
        if self.subscriptions.get(&id).is_some_and(|subscription| subscription.is_ending) {
            return self.forget_subscription(id);
        }
        self.lost(now, id, Failure::NoAnswer, None);
    }

    /// The PBX is not there: what it told is of no worth.
    pub(super) fn subscriptions_are_lost(&mut self, now: Instant, account: AccountId) {
        let of_account = |(id, one): (&SubscriptionId, &Subscription)| (one.account == account && !one.is_ending).then_some(*id);
        for id in self.subscriptions.iter().filter_map(of_account).collect::<Vec<_>>() {
            self.lost(now, id, Failure::NoAnswer, None);
        }
    }

    /// The PBX is there again.
    pub(super) fn subscribe_anew(&mut self, now: Instant, account: AccountId) {
        let mut at = now;
        for (id, subscription) in self.subscriptions.iter_mut().filter(|(_, one)| one.account == account && !one.is_ending) {
            subscription.failures = 0;
            self.alarms.set(Alarm::Subscribe(*id), at);
            at += BETWEEN_TWO;
        }
    }

    /// Takes a NOTIFY of this subscription; the status to answer with.
    pub(super) fn notified(&mut self, now: Instant, from: Peer, id: SubscriptionId, message: &Message<'_>) -> u16 {
        let Some(subscription) = self.subscriptions.get_mut(&id) else { return 481 };
        let event = message.value(HeaderName::Event).unwrap_or_default();
        if !event.split(';').next().is_some_and(|event| event.trim().eq_ignore_ascii_case(subscription.event)) {
            return 489;
        }
        let of = message.value(HeaderName::CSeq).unwrap_or_default();
        let number = cseq(&of).map_or(0, |(number, _)| number);
        let tag = message.value(HeaderName::From).as_deref().and_then(dialog::tag).unwrap_or_default();
        match &mut subscription.dialog {
            Some(dialog) if !dialog.remote_tag.is_empty() && dialog.remote_tag != tag => return 481,
            Some(dialog) => {
                if dialog.take(number).is_err() {
                    return 500;
                }
                dialog.target_from(message);
            }
            // It overtook the answer to our SUBSCRIBE, and makes the dialog (6665, 4.4.1).
            None => subscription.dialog = Dialog::of_request(message, &subscription.tag, from).map(|dialog| dialog.going_on_from(subscription.seq)),
        }
        let is_first = !std::mem::replace(&mut subscription.was_notified, true);
        let is_refreshed = is_first && subscription.was_answered;
        let state = message.value(HeaderName::SubscriptionState).unwrap_or_default();
        if subscription.is_ending {
            if state.trim_start().get(..10).is_some_and(|name| name.eq_ignore_ascii_case("terminated")) {
                self.forget_subscription(id);
            }
            return 200;
        }
        self.alarms.clear(Alarm::NothingNotified(id));
        let content_type = message.value(HeaderName::ContentType).unwrap_or_default().into_owned();
        self.events.push_back(Event::Notified { subscription: id, content_type, body: message.body.to_vec() });
        if is_refreshed {
            self.events.push_back(Event::Refreshed(id));
        }
        self.take_state(now, id, &state);
        200
    }

    /// `active;expires=600`, `terminated;reason=deactivated;retry-after=5` (6665, 4.1.3).
    fn take_state(&mut self, now: Instant, id: SubscriptionId, state: &str) {
        let mut cursor = Cursor::new(state);
        let name = cursor.token().unwrap_or_default();
        let params = Params::read(&mut cursor).unwrap_or_default();
        let seconds = |name: &str| params.get(name).and_then(|value| number(&value).ok()).map(|seconds| Duration::from_secs(seconds.into()));
        if !name.eq_ignore_ascii_case("terminated") {
            if let Some(subscription) = self.subscriptions.get_mut(&id) {
                subscription.failures = 0;
            }
            if let Some(expires) = seconds("expires").filter(|expires| !expires.is_zero()) {
                self.refresh_after(now, id, expires);
            }
            return;
        }
        let wait = match params.get("reason").as_deref() {
            Some("deactivated" | "timeout") => Duration::ZERO,
            _ => seconds("retry-after").unwrap_or(LATER).min(LATEST),
        };
        self.lost(now, id, Failure::Ended, Some(wait));
    }
}
