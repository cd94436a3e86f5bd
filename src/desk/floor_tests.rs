//! The floor's flows, without a PBX: events in, seats and effects out.

#[cfg(test)]
mod tests {
    use super::super::floor::{Effect, Floor};
    use super::super::hub::{Command, Refusal};
    use super::super::queues::{MemberSeen, MemberState, QueueChange};
    use super::super::rules::{CreditorNumbers, DeskRules};
    use super::super::seat::{
        Activity, Candidate, DeskCall, DeskCallState, Lock, MatchCertainty, Notice, PauseReason, Presence, PresenceBy, Profile, SEAT_CALLS_MAX, Seat,
    };
    use crate::clock::Timestamp;
    use crate::ids::{AgentId, CallId, CaseId, Extension, PhoneNumber, Uniqueid};
    use crate::numbers::NumberPlan;
    use crate::telephony::calls::event::{CallEvent, CallEventKind, Certainty, Direction, EndReason, LegRef, Party, TransferKind, TransferTarget};

    const ANNA: AgentId = AgentId(1);
    const BRAM: AgentId = AgentId(2);
    const CASE: CaseId = CaseId(7);

    fn extension(text: &str) -> Extension {
        Extension::parse(text).unwrap()
    }

    fn leg(line: &str, id: &str) -> LegRef {
        let line_of = (!line.is_empty()).then(|| extension(line));
        LegRef { id: Uniqueid::new(id), channel: format!("PJSIP/{line}-{id}"), line: line_of }
    }

    struct Office {
        floor: Floor,
        now: Timestamp,
        said: Vec<Effect>,
    }

    impl Office {
        /// Anna at 101 and her softphone 111, Bram at 102.
        fn new() -> Self {
            let creditor = |name: &str, digits: &str| CreditorNumbers {
                name: name.to_owned(),
                numbers: vec![PhoneNumber::parse_e164(digits).unwrap()],
                caller_id: PhoneNumber::parse_e164(digits).ok(),
            };
            let creditors = vec![creditor("Acme", "+442079460101"), creditor("Bolt", "+442079460102")];
            let plan = NumberPlan::new("NL", &["1XX"], None).unwrap();
            let mut office =
                Self { floor: Floor::new(DeskRules { plan, queues: Vec::new(), creditors }), now: Timestamp(1_000_000_000), said: Vec::new() };
            for (agent, name, line, devices) in [(ANNA, "Anna", "101", vec![extension("111")]), (BRAM, "Bram", "102", vec![])] {
                let profile = Profile { agent, name: name.to_owned().into(), extension: extension(line), devices };
                office.ask(Command::TakeSeat(profile)).unwrap();
            }
            office
        }

        fn ask(&mut self, command: Command) -> Result<(), Refusal> {
            self.now = self.now.plus_seconds(1);
            let effects = self.floor.command(self.now, true, command)?;
            self.said.extend(effects);
            Ok(())
        }

        fn hears(&mut self, call: &str, kind: CallEventKind) {
            self.now = self.now.plus_seconds(1);
            let event = CallEvent { call: CallId::new(call), at: None, seen: self.now, certainty: Certainty::Observed, kind };
            let effects = self.floor.apply(&event);
            self.said.extend(effects);
        }

        fn rings(&mut self, call: &str, line: &str, id: &str) {
            self.rings_as(call, line, id, "+447700900123", "31101");
        }

        fn rings_as(&mut self, call: &str, line: &str, id: &str, number: &str, dialled: &str) {
            let other = Party { number: number.to_owned().into(), name: "M. Vos".to_owned().into() };
            let (direction, dialled) = (Direction::Inbound, dialled.to_owned());
            self.hears(
                call,
                CallEventKind::Delivered {
                    leg: leg(line, id),
                    by: None,
                    caller: Party::default(),
                    called: Party::default(),
                    other,
                    direction,
                    dialled,
                    queue: None,
                },
            );
        }

        fn finds(&mut self, agent: AgentId, call: &str, cases: &[(i64, &str)]) {
            let candidate = |(case, creditor): &(i64, &str)| Candidate {
                case: CaseId(*case),
                name: "Bakkerij".to_owned().into(),
                creditor: (*creditor).to_owned(),
            };
            let effects = self.floor.found(self.now, agent, &CallId::new(call), Some(cases.iter().map(candidate).collect()));
            self.said.extend(effects);
        }

        fn answers(&mut self, call: &str, line: &str, id: &str) {
            self.hears(call, CallEventKind::Established { leg: leg(line, id), caller: None, dialled: String::new() });
        }

        fn leaves(&mut self, call: &str, line: &str, id: &str) {
            self.hears(call, CallEventKind::ConnectionCleared { leg: leg(line, id) });
        }

        fn ends(&mut self, call: &str, reason: EndReason) {
            let kind = CallEventKind::Cleared { reason, cause: None, at_own_phone: false, direction: Direction::Inbound, other: Party::default() };
            self.hears(call, kind);
        }

        /// A conversation of Anna's with the debtor of [`CASE`].
        fn talks(&mut self, call: &str) {
            self.rings(call, "101", &format!("{call}-a"));
            self.finds(ANNA, call, &[(CASE.0, "Acme")]);
            self.answers(call, "101", &format!("{call}-a"));
        }

        fn hangs_up(&mut self, call: &str) {
            self.leaves(call, "101", &format!("{call}-a"));
            self.ends(call, EndReason::Completed);
        }

        fn transfers(&mut self, call: &str, transfer: TransferKind, to: TransferTarget) {
            let by = Some(leg("101", &format!("{call}-a")));
            self.hears(call, CallEventKind::Transferred { transfer, stays: None, by, to, consultation: None });
        }

        fn seat(&self, agent: AgentId) -> &Seat {
            self.floor.seat(agent).unwrap()
        }

        fn call(&self, agent: AgentId, call: &str) -> &DeskCall {
            self.seat(agent).call(&CallId::new(call)).unwrap()
        }

        fn owed(&self, agent: AgentId) -> Vec<&str> {
            self.seat(agent).owed().map(|call| call.id.as_str()).collect()
        }

        fn orders(&mut self) -> Vec<(String, QueueChange)> {
            let said = std::mem::take(&mut self.said);
            said.into_iter().filter_map(|effect| if let Effect::Queue(order) = effect { Some((order.queue, order.what)) } else { None }).collect()
        }

        fn member(&self, line: &str, queue: &str, state: MemberState, fixed: bool) -> MemberSeen {
            let interface = format!("PJSIP/{line}");
            MemberSeen { line: extension(line), queue: queue.to_owned(), interface: interface.clone(), state_interface: interface, fixed, state }
        }

        fn lists(&mut self, members: &[(&str, &str, MemberState, bool)]) {
            let listed = members.iter().map(|(line, queue, state, fixed)| self.member(line, queue, state.clone(), *fixed)).collect();
            let effects = self.floor.members_listed(self.now, listed);
            self.said.extend(effects);
        }

        fn tells(&mut self, line: &str, queue: &str, state: MemberState, fixed: bool) {
            let seen = self.member(line, queue, state, fixed);
            let effects = self.floor.member(self.now, seen);
            self.said.extend(effects);
        }
    }

    fn paused(reason: &str) -> MemberState {
        MemberState::Paused(reason.to_owned())
    }

    fn queue(name: &str, what: QueueChange) -> (String, QueueChange) {
        (name.to_owned(), what)
    }

    // Presence and the PBX's queues

    #[test]
    fn what_is_chosen_on_the_page_is_asked_of_the_queues_and_its_echo_changes_nothing() {
        let mut office = Office::new();
        office.lists(&[("101", "collections", MemberState::Active, true), ("101", "late", MemberState::Active, false)]);
        assert_eq!(office.orders(), [], "nobody chose anything yet");
        office.ask(Command::SetPresence(ANNA, Presence::Paused(PauseReason::Lunch))).unwrap();
        assert_eq!(office.orders(), [queue("collections", QueueChange::Pause("lunch")), queue("late", QueueChange::Pause("lunch"))]);
        office.tells("101", "collections", paused("lunch"), true);
        office.tells("101", "late", paused("lunch"), false);
        assert_eq!((office.seat(ANNA).presence, office.seat(ANNA).presence_by), (Presence::Paused(PauseReason::Lunch), PresenceBy::Page));
        office.ask(Command::SetPresence(ANNA, Presence::Offline)).unwrap();
        assert_eq!(
            office.orders(),
            [queue("collections", QueueChange::Pause("offline")), queue("late", QueueChange::Remove)],
            "config cannot be left"
        );
        office.tells("101", "late", MemberState::Gone, false);
        office.tells("101", "collections", paused("offline"), true);
        assert_eq!(office.seat(ANNA).presence, Presence::Offline);
        office.ask(Command::SetPresence(ANNA, Presence::Ready)).unwrap();
        let add = QueueChange::Add("Anna".to_owned().into());
        assert_eq!(office.orders(), [queue("collections", QueueChange::Unpause), queue("late", add)], "where she was before");
    }

    #[test]
    fn an_echo_that_comes_late_does_not_flip_what_was_chosen_meanwhile() {
        let mut office = Office::new();
        office.lists(&[("101", "collections", MemberState::Active, true)]);
        office.ask(Command::SetPresence(ANNA, Presence::Paused(PauseReason::Lunch))).unwrap();
        office.ask(Command::SetPresence(ANNA, Presence::Ready)).unwrap();
        office.tells("101", "collections", paused("lunch"), true);
        assert_eq!(office.seat(ANNA).presence, Presence::Ready);
        office.tells("101", "collections", MemberState::Active, true);
        assert_eq!(office.seat(ANNA).presence, Presence::Ready);
    }

    #[test]
    fn a_pause_that_is_dialled_on_the_phone_comes_to_the_page_and_nothing_is_asked_back() {
        let mut office = Office::new();
        office.lists(&[("101", "collections", MemberState::Active, true), ("101", "late", MemberState::Active, true)]);
        office.ask(Command::SetPresence(ANNA, Presence::Ready)).unwrap();
        office.tells("101", "collections", paused(""), true);
        assert_eq!(office.seat(ANNA).presence, Presence::Ready, "the other queue still rings her");
        office.tells("101", "late", paused(""), true);
        assert_eq!(office.seat(ANNA).presence, Presence::Paused(PauseReason::Phone));
        office.tells("101", "late", paused("lunch"), true);
        office.tells("101", "collections", paused("lunch"), true);
        assert_eq!(office.seat(ANNA).presence, Presence::Paused(PauseReason::Lunch), "a reason that we know is told");
        office.tells("101", "collections", MemberState::Active, true);
        assert_eq!((office.seat(ANNA).presence, office.seat(ANNA).presence_by), (Presence::Ready, PresenceBy::Phone));
        assert_eq!(office.orders(), []);
        office.tells("201", "collections", paused(""), true);
        assert_eq!(office.seat(ANNA).presence, Presence::Ready, "another phone is another phone");
    }

    #[test]
    fn wrap_up_pauses_and_the_saved_outcome_brings_back_what_was_before() {
        let mut office = Office::new();
        office.lists(&[("101", "collections", MemberState::Active, true)]);
        office.ask(Command::SetPresence(ANNA, Presence::Ready)).unwrap();
        office.talks("c1");
        assert_eq!(office.orders(), []);
        office.hangs_up("c1");
        assert_eq!(office.orders(), [queue("collections", QueueChange::Pause("wrap-up"))]);
        office.tells("101", "collections", paused("wrap-up"), true);
        assert_eq!((office.seat(ANNA).presence, office.seat(ANNA).activity()), (Presence::Ready, Activity::WrapUp));
        office.ask(Command::OutcomeSaved(ANNA, CASE, vec![CallId::new("c1")])).unwrap();
        assert_eq!(office.orders(), [queue("collections", QueueChange::Unpause)]);
        office.tells("101", "collections", MemberState::Active, true);
        assert_eq!(office.seat(ANNA).activity(), Activity::Presence(Presence::Ready));
    }

    #[test]
    fn after_a_sign_in_the_page_is_asserted_but_a_pause_of_somebody_else_stays() {
        let mut office = Office::new();
        office.lists(&[("101", "collections", MemberState::Active, true)]);
        office.ask(Command::SetPresence(ANNA, Presence::Paused(PauseReason::Lunch))).unwrap();
        office.orders();
        // The PBX restarted and forgot the pause.
        office.floor.pbx_lost();
        office.lists(&[("101", "collections", MemberState::Active, true)]);
        assert_eq!(office.orders(), [queue("collections", QueueChange::Pause("lunch"))]);
        // While the link was away she came back on the page: our own pause is taken back.
        office.floor.pbx_lost();
        office.ask(Command::SetPresence(ANNA, Presence::Ready)).unwrap();
        assert_eq!(office.orders(), [], "nothing can be asked");
        office.lists(&[("101", "collections", paused("lunch"), true)]);
        assert_eq!(office.orders(), [queue("collections", QueueChange::Unpause)]);
        // While the link was away somebody paused her for a reason of their own.
        office.floor.pbx_lost();
        office.lists(&[("101", "collections", paused("toilet"), true)]);
        assert_eq!(office.orders(), []);
        assert_eq!(office.seat(ANNA).presence, Presence::Paused(PauseReason::Phone));
    }

    #[test]
    fn the_queues_that_the_config_names_are_served_and_no_others() {
        let mut office = Office::new();
        office.floor.rules.queues = vec!["collections".to_owned()];
        office.lists(&[("101", "support", MemberState::Active, true), ("111", "collections", MemberState::Active, true)]);
        office.ask(Command::SetPresence(BRAM, Presence::Ready)).unwrap();
        assert_eq!(office.orders(), [queue("collections", QueueChange::Add("Bram".to_owned().into()))]);
        office.tells("102", "collections", MemberState::Active, false);
        assert_eq!(office.seat(BRAM).presence_by, PresenceBy::Page, "that was asked for");
        office.ask(Command::SetPresence(ANNA, Presence::Paused(PauseReason::Lunch))).unwrap();
        assert_eq!(office.orders(), [queue("collections", QueueChange::Pause("lunch"))], "her softphone there, and nothing in the other queue");
    }

    #[test]
    fn a_refusal_of_the_pbx_is_told() {
        let mut office = Office::new();
        office.lists(&[("101", "collections", MemberState::Active, true)]);
        let effects = office.floor.queue_refused(ANNA, "collections", "Permission denied");
        assert_eq!(effects, [Effect::Changed(ANNA)]);
        assert!(matches!(&office.seat(ANNA).notice, Some(Notice::QueueRefused { words, .. }) if words == "Permission denied"));
    }

    // Debt

    #[test]
    fn each_conversation_owes_its_own_outcome_also_with_the_page_closed() {
        let mut office = Office::new();
        office.talks("c1");
        // A second one of the same debtor, while the first waits.
        office.talks("c2");
        office.hangs_up("c2");
        office.hangs_up("c1");
        assert_eq!(office.owed(ANNA), ["c2", "c1"], "oldest first");
        let settles = office.seat(ANNA).settled_by_outcome(CASE).unwrap();
        assert_eq!(settles.len(), 1, "one outcome is one conversation's");
        office.ask(Command::OutcomeSaved(ANNA, CASE, settles)).unwrap();
        assert_eq!(office.owed(ANNA).len(), 1);
        let refused = office.floor.command(office.now, true, dial(ANNA, CASE, "belbrug-click-0001"));
        assert_eq!(refused, Err(Refusal::OutcomeOwed));
    }

    #[test]
    fn what_a_seat_has_no_room_for_stays_in_the_ledger_and_comes_back() {
        let mut office = Office::new();
        let names: Vec<String> = (0..SEAT_CALLS_MAX + 2).map(|n| format!("c{n:02}")).collect();
        for name in &names {
            office.talks(name);
            office.hangs_up(name);
        }
        assert_eq!((office.owed(ANNA).len(), office.seat(ANNA).owes_more), (SEAT_CALLS_MAX, true));
        office.said.clear();
        office.ask(Command::OutcomeSaved(ANNA, CASE, vec![CallId::new("c33")])).unwrap();
        assert!(office.said.contains(&Effect::LoadOwed(ANNA)));
        let debt = |name: &String| {
            let at = Some(office.now);
            DeskCall::owed(CallId::new(name), Direction::Inbound, Party::default(), at, at)
        };
        let ledger = names.iter().take(SEAT_CALLS_MAX + 1).map(debt).collect();
        let _ = office.floor.owed_more(office.now, ANNA, ledger);
        assert_eq!((office.owed(ANNA).len(), office.seat(ANNA).owes_more), (SEAT_CALLS_MAX, true), "one came back, one still waits");
    }

    fn dial(agent: AgentId, case: CaseId, call: &str) -> Command {
        let number = PhoneNumber::parse_e164("+447700900123").unwrap();
        Command::Dial { agent, case, name: "Bakkerij".to_owned().into(), creditor: "Acme".to_owned(), number, call: CallId::new(call), record: false }
    }

    #[test]
    fn a_supervisor_settles_and_the_seat_learns_it() {
        let mut office = Office::new();
        office.talks("c1");
        assert_eq!(office.seat(ANNA).settled_by_outcome(CASE), None, "the call lives");
        office.hangs_up("c1");
        office.ask(Command::Settled { call: CallId::new("c1"), by: Some("Carla".to_owned().into()) }).unwrap();
        assert!(office.seat(ANNA).calls.is_empty() && office.seat(ANNA).open.is_none());
        assert!(matches!(office.seat(ANNA).notice, Some(Notice::SettledBy { .. })));
        office.ask(Command::Settled { call: CallId::new("c1"), by: None }).unwrap();
    }

    #[test]
    fn a_word_with_a_colleague_owes_nothing_in_the_ledger_either() {
        let mut office = Office::new();
        office.rings_as("c1", "101", "l1", "150", "101");
        office.answers("c1", "101", "l1");
        office.leaves("c1", "101", "l1");
        assert!(office.seat(ANNA).calls.is_empty());
        assert!(office.said.contains(&Effect::Waive(CallId::new("c1"))));
    }

    // Two devices of one agent

    #[test]
    fn a_call_that_rings_on_both_phones_of_an_agent_is_one_call_and_not_missed_on_the_other() {
        let mut office = Office::new();
        office.rings("c1", "101", "desk");
        office.rings("c1", "111", "soft");
        assert_eq!(office.seat(ANNA).calls.len(), 1);
        office.hears("c1", CallEventKind::RingEnded { leg: leg("101", "desk"), reason: EndReason::Elsewhere });
        assert_eq!(office.call(ANNA, "c1").state, DeskCallState::Ringing);
        office.answers("c1", "111", "soft");
        assert_eq!((office.call(ANNA, "c1").state, office.call(ANNA, "c1").leg.clone()), (DeskCallState::Talking, Some(leg("111", "soft"))));
        assert!(office.seat(ANNA).notice.is_none());
        // From one of her phones to the other: the old leg's end is not the call's.
        office.hears(
            "c1",
            CallEventKind::Transferred {
                transfer: TransferKind::Attended,
                stays: None,
                by: Some(leg("111", "soft")),
                to: TransferTarget::Leg(leg("101", "d2")),
                consultation: None,
            },
        );
        office.answers("c1", "101", "d2");
        office.leaves("c1", "111", "soft");
        assert_eq!(office.call(ANNA, "c1").state, DeskCallState::Talking);
        office.leaves("c1", "101", "d2");
        assert_eq!(office.owed(ANNA), ["c1"]);
        // Nobody takes it on either: one missed call.
        office.rings("c2", "101", "e1");
        office.rings("c2", "111", "e2");
        office.hears("c2", CallEventKind::RingEnded { leg: leg("101", "e1"), reason: EndReason::NoAnswer });
        assert_eq!(office.call(ANNA, "c2").state, DeskCallState::Ringing);
        office.hears("c2", CallEventKind::RingEnded { leg: leg("111", "e2"), reason: EndReason::NoAnswer });
        assert!(matches!(office.seat(ANNA).notice, Some(Notice::Missed { reason: EndReason::NoAnswer, .. })));
    }

    // The lock

    fn open(agent: AgentId) -> Command {
        Command::Open { agent, case: CASE, call: None, attached: false, name: "Bakkerij".to_owned().into(), has_draft: false }
    }

    #[test]
    fn a_file_is_for_one_agent_until_it_is_closed_or_taken_over() {
        let mut office = Office::new();
        office.ask(open(ANNA)).unwrap();
        office.ask(open(BRAM)).unwrap();
        let lock = |office: &Office, agent| office.seat(agent).open.as_ref().map(|open| open.lock.clone());
        assert!(matches!(lock(&office, BRAM), Some(Lock::Other(holder)) if holder.agent == ANNA));
        assert!(matches!(office.ask(Command::Claim(BRAM, CASE)), Err(Refusal::CaseTaken { by, .. }) if by.reveal() == "Anna"));
        assert!(matches!(office.ask(dial(BRAM, CASE, "belbrug-click-0002")), Err(Refusal::CaseTaken { .. })));
        office.ask(Command::TakeOver(BRAM, CASE)).unwrap();
        assert!(matches!(lock(&office, ANNA), Some(Lock::Other(holder)) if holder.took_over && holder.name.reveal() == "Bram"));
        assert!(matches!(&office.seat(ANNA).notice, Some(Notice::TakenOver { by }) if by.reveal() == "Bram"));
        assert!(matches!(office.ask(Command::Claim(ANNA, CASE)), Err(Refusal::CaseTaken { .. })));
        office.ask(Command::Close(BRAM)).unwrap();
        assert!(matches!(lock(&office, ANNA), Some(Lock::Held(_))), "whoever reads it gets it");
        assert_eq!(office.seat(ANNA).notice, Some(Notice::FileFree));
        office.ask(Command::OutcomeSaved(ANNA, CASE, Vec::new())).unwrap();
        assert!(office.floor.holder(CASE).is_none());
        assert!(matches!(office.ask(Command::TakeOver(ANNA, CASE)), Err(Refusal::NoSuchFile)));
    }

    #[test]
    fn a_lock_is_released_by_going_offline_and_by_leaving_the_seat() {
        let mut office = Office::new();
        office.ask(open(ANNA)).unwrap();
        office.ask(Command::SetPresence(ANNA, Presence::Offline)).unwrap();
        assert!(office.floor.holder(CASE).is_none() && office.seat(ANNA).open.is_none());
        // What is owed stays on the screen, but a colleague may work in it.
        office.talks("c1");
        office.hangs_up("c1");
        office.ask(Command::SetPresence(ANNA, Presence::Offline)).unwrap();
        assert_eq!(office.seat(ANNA).open.as_ref().map(|open| open.lock.clone()), Some(Lock::Free));
        office.ask(open(BRAM)).unwrap();
        assert!(matches!(office.floor.holder(CASE), Some(holder) if holder.agent == BRAM));
        office.ask(Command::LeaveSeat(BRAM)).unwrap();
        assert!(matches!(office.floor.holder(CASE), Some(holder) if holder.agent == ANNA));
    }

    #[test]
    fn a_call_about_a_file_that_a_colleague_has_pops_it_to_read() {
        let mut office = Office::new();
        office.ask(open(BRAM)).unwrap();
        office.talks("c1");
        let opened = office.seat(ANNA).open.clone().unwrap();
        assert!(matches!(opened.lock, Lock::Other(holder) if holder.agent == BRAM));
        office.hangs_up("c1");
        office.ask(Command::Close(ANNA)).unwrap();
        assert_eq!(office.owed(ANNA), ["c1"], "closed, and still owed");
    }

    #[test]
    fn locks_debts_and_calls_in_the_balance_survive_a_restart() {
        let mut office = Office::new();
        office.talks("c1");
        office.transfers("c1", TransferKind::Blind, TransferTarget::Number("queue".to_owned()));
        office.leaves("c1", "101", "c1-a");
        office.ask(open(BRAM)).unwrap();
        let kept: Vec<Seat> = office.floor.seats().map(|seat| serde_json::from_str(&serde_json::to_string(seat).unwrap()).unwrap()).collect();
        let mut again = Office { floor: Floor::new(office.floor.rules.clone()), now: office.now, said: Vec::new() };
        kept.into_iter().for_each(|seat| again.floor.restore(seat));
        again.floor.restored(again.now);
        assert!(matches!(again.floor.holder(CASE), Some(holder) if holder.agent == ANNA));
        assert_eq!(again.owed(ANNA), Vec::<&str>::new(), "in the balance");
        again.rings("c1", "102", "b");
        assert!(again.call(BRAM, "c1").given_by.is_some());
        again.answers("c1", "102", "b");
        assert!(again.seat(ANNA).calls.is_empty());
        assert!(matches!(again.floor.holder(CASE), Some(holder) if holder.agent == BRAM));
    }

    // Handing over

    #[test]
    fn a_blind_transfer_takes_file_draft_and_debt_to_whoever_answers() {
        let mut office = Office::new();
        office.talks("c1");
        office.ask(Command::HasDraft(ANNA, CASE, true)).unwrap();
        office.transfers("c1", TransferKind::Blind, TransferTarget::Leg(leg("102", "b")));
        office.rings("c1", "102", "b");
        office.leaves("c1", "101", "c1-a");
        let opened = office.seat(BRAM).open.clone().unwrap();
        assert_eq!((opened.case, opened.given_by.map(|name| name.reveal().clone())), (CASE, Some("Anna".to_owned())));
        assert!(matches!(opened.lock, Lock::Other(holder) if holder.agent == ANNA), "hers until it is answered");
        assert!(office.owed(ANNA).is_empty() && office.owed(BRAM).is_empty(), "in the balance");
        assert_eq!(office.seat(ANNA).activity(), Activity::Presence(Presence::Offline), "she may go on");
        office.said.clear();
        office.answers("c1", "102", "b");
        let (case, call) = (CASE, CallId::new("c1"));
        assert!(office.said.contains(&Effect::HandOver { call, to: BRAM }));
        assert!(office.said.contains(&Effect::MoveDraft { from: ANNA, to: BRAM, case }));
        assert!(office.seat(ANNA).calls.is_empty() && office.seat(ANNA).open.is_none());
        assert!(matches!(office.seat(ANNA).notice, Some(Notice::HandedOver { .. })));
        assert!(matches!(office.seat(BRAM).open.as_ref().map(|open| &open.lock), Some(Lock::Held(_))));
        // What she typed last comes after it.
        office.said.clear();
        office.ask(Command::HasDraft(ANNA, CASE, true)).unwrap();
        assert!(office.said.contains(&Effect::MoveDraft { from: ANNA, to: BRAM, case }));
        let _ = office.floor.draft_moved(BRAM, CASE);
        assert!(office.seat(BRAM).has_draft);
        office.leaves("c1", "102", "b");
        office.ends("c1", EndReason::Completed);
        assert_eq!((office.owed(ANNA), office.owed(BRAM)), (vec![], vec!["c1"]));
    }

    #[test]
    fn a_transfer_that_nobody_answers_leaves_the_debt_with_the_giver() {
        let mut office = Office::new();
        office.talks("c1");
        office.transfers("c1", TransferKind::Blind, TransferTarget::Leg(leg("102", "b")));
        office.rings("c1", "102", "b");
        office.leaves("c1", "101", "c1-a");
        office.hears("c1", CallEventKind::RingEnded { leg: leg("102", "b"), reason: EndReason::NoAnswer });
        assert!(office.seat(BRAM).open.is_none());
        assert!(office.owed(ANNA).is_empty());
        office.ends("c1", EndReason::Completed);
        assert_eq!((office.owed(ANNA), office.owed(BRAM)), (vec!["c1"], vec![]));
        assert!(matches!(office.floor.holder(CASE), Some(holder) if holder.agent == ANNA));
    }

    #[test]
    fn an_attended_transfer_goes_at_once_and_the_word_with_the_colleague_owes_nothing() {
        let mut office = Office::new();
        office.talks("c1");
        office.hears("c1", CallEventKind::Held { leg: leg("101", "c1-a") });
        let other = Party { number: "101".to_owned().into(), name: "Anna".to_owned().into() };
        let (direction, dialled) = (Direction::Internal, "102".to_owned());
        office.hears(
            "i1",
            CallEventKind::Delivered {
                leg: leg("102", "i-b"),
                by: None,
                caller: Party::default(),
                called: Party::default(),
                other,
                direction,
                dialled,
                queue: None,
            },
        );
        office.answers("i1", "102", "i-b");
        assert_eq!(office.seat(ANNA).open.as_ref().map(|open| open.case), Some(CASE), "her file stays open");
        assert!(office.seat(BRAM).open.is_none());
        office.transfers("c1", TransferKind::Attended, TransferTarget::Leg(leg("102", "i-b")));
        office.hears("i1", CallEventKind::Merged { into: CallId::new("c1") });
        assert_eq!(office.seat(BRAM).calls.len(), 1);
        assert_eq!((office.call(BRAM, "c1").state, office.call(BRAM, "c1").case), (DeskCallState::Talking, Some(CASE)));
        assert_eq!(office.seat(BRAM).open.as_ref().map(|open| open.case), Some(CASE));
        assert!(office.seat(ANNA).calls.is_empty() && office.seat(ANNA).open.is_none());
        office.leaves("c1", "101", "c1-a");
        office.leaves("c1", "102", "i-b");
        office.ends("c1", EndReason::Completed);
        assert_eq!((office.owed(ANNA), office.owed(BRAM)), (vec![], vec!["c1"]));
    }

    #[test]
    fn a_blonde_transfer_rings_on_with_the_file_and_is_answered_or_not() {
        let mut office = Office::new();
        office.talks("c1");
        office.transfers("c1", TransferKind::Blonde, TransferTarget::Leg(leg("102", "i-b")));
        assert_eq!(office.call(BRAM, "c1").state, DeskCallState::Ringing);
        assert_eq!(office.seat(BRAM).open.as_ref().map(|open| open.case), Some(CASE));
        office.answers("c1", "102", "i-b");
        assert!(office.seat(ANNA).calls.is_empty());
        assert_eq!(office.call(BRAM, "c1").state, DeskCallState::Talking);
    }

    #[test]
    fn an_outcome_that_the_giver_saved_before_the_answer_is_the_only_one() {
        let mut office = Office::new();
        office.talks("c1");
        office.transfers("c1", TransferKind::Blind, TransferTarget::Number("900".to_owned()));
        office.leaves("c1", "101", "c1-a");
        let settles = office.seat(ANNA).settled_by_outcome(CASE).unwrap();
        office.ask(Command::OutcomeSaved(ANNA, CASE, settles)).unwrap();
        office.rings("c1", "102", "b");
        assert_eq!(office.call(BRAM, "c1").case, Some(CASE));
        office.answers("c1", "102", "b");
        office.leaves("c1", "102", "b");
        assert!(office.owed(BRAM).is_empty() && office.owed(ANNA).is_empty());
    }

    #[test]
    fn a_call_that_was_handed_to_nobody_comes_back() {
        let mut office = Office::new();
        office.talks("c1");
        office.transfers("c1", TransferKind::Blind, TransferTarget::Number("71".to_owned()));
        office.leaves("c1", "101", "c1-a");
        office.rings("c1", "101", "back");
        assert_eq!(office.call(ANNA, "c1").state, DeskCallState::Ringing);
        office.answers("c1", "101", "back");
        office.leaves("c1", "101", "back");
        office.ends("c1", EndReason::Completed);
        assert_eq!(office.owed(ANNA), ["c1"]);
    }

    #[test]
    fn a_second_debtor_who_was_merged_into_a_conference_owes_an_outcome_all_the_same() {
        let mut office = Office::new();
        office.talks("c1");
        office.rings_as("c2", "101", "c2-a", "+447700900124", "31101");
        office.answers("c2", "101", "c2-a");
        office.hears("c2", CallEventKind::Merged { into: CallId::new("c1") });
        office.hangs_up("c1");
        assert_eq!(office.owed(ANNA), ["c2", "c1"]);
    }

    #[test]
    fn a_phone_that_picks_up_a_call_of_a_colleague_has_it_with_its_number() {
        let mut office = Office::new();
        office.rings("c1", "101", "a");
        office.said.clear();
        office.hears("c1", CallEventKind::RingEnded { leg: leg("101", "a"), reason: EndReason::Elsewhere });
        let trunk = LegRef { id: Uniqueid::new("t"), channel: "PJSIP/trunk-00000001".into(), line: None };
        let debtor = Party { number: "+447700900123".to_owned().into(), name: "J. Smit".to_owned().into() };
        office.hears("c1", CallEventKind::Established { leg: leg("102", "b"), caller: Some((trunk, debtor)), dialled: "31101".into() });
        assert!(office.said.iter().any(|effect| matches!(effect, Effect::LookUp { agent: BRAM, .. })));
        office.leaves("c1", "102", "b");
        assert_eq!((office.owed(ANNA), office.owed(BRAM)), (vec![], vec!["c1"]));
    }

    // The creditor

    #[test]
    fn the_dialled_number_chooses_among_the_cases_of_a_caller() {
        let mut office = Office::new();
        office.rings_as("c1", "101", "a", "+447700900123", "442079460102");
        office.finds(ANNA, "c1", &[(7, "Acme"), (8, "Bolt")]);
        assert_eq!((office.call(ANNA, "c1").case, office.call(ANNA, "c1").certainty), (Some(CaseId(8)), Some(MatchCertainty::Dialled)));
        assert_eq!(office.call(ANNA, "c1").creditor.as_deref(), Some("Bolt"));
        assert_eq!(office.seat(ANNA).open.as_ref().map(|open| open.case), Some(CaseId(8)));
        office.ends("c1", EndReason::Cancelled);
        office.rings_as("c2", "101", "b", "+447700900123", "31101");
        office.finds(ANNA, "c2", &[(7, "Acme"), (8, "Bolt")]);
        assert_eq!(office.call(ANNA, "c2").case, None, "asked, where the number says nothing");
    }

    #[test]
    fn a_dial_shows_the_number_of_its_creditor() {
        let mut office = Office::new();
        office.ask(dial(ANNA, CASE, "belbrug-click-0003")).unwrap();
        let shown = office.said.iter().find_map(|effect| if let Effect::Dial { caller_id, .. } = effect { *caller_id } else { None });
        assert_eq!(shown.map(|number| number.to_string()).as_deref(), Some("+442079460101"));
    }
}
