//! The desk's side of the task: commands of the pages, and doing what the floor says must be done.

use std::collections::VecDeque;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::outbound::Asked;
use super::recording;
use super::sources::Of;
use super::task::{Asking, Beside, COMMANDS_A_TURN, LOOKUP_TIMEOUT, Task};
use crate::clock::Clock;
use crate::desk::floor::Effect;
use crate::desk::hub::{Command, Refusal};
use crate::desk::recording::Recording;
use crate::desk::seat::Candidate;
use crate::ids::{AgentId, CallId, CaseId, Device, PhoneNumber};
use crate::measure;
use crate::store::write::{Write, Written};
use crate::telephony::pbx::command::Command as PbxCommand;
use crate::telephony::pbx::to_ami;
use crate::telephony::softphone::call::Ask;

impl<C: Clock> Task<C> {
    pub(super) async fn commands(&mut self, first: Asking, more: &mut mpsc::Receiver<Asking>) {
        let mut next = first;
        for turn in 1.. {
            let (command, answer) = next;
            let now = self.clock.now();
            let is_up = self.is_up_for(&command);
            let seats_change = matches!(command, Command::TakeSeat(_) | Command::LeaveSeat(_));
            let result = match self.floor.command(now, is_up, command) {
                Ok(effects) => {
                    if seats_change {
                        self.set_lines();
                    }
                    self.perform(effects).await
                }
                Err(refusal) => Err(refusal),
            };
            // The page reads the board after the answer: it must be there before.
            self.publish();
            let _ = answer.send(result);
            if turn >= COMMANDS_A_TURN {
                return;
            }
            match more.try_recv() {
                Ok(asking) => next = asking,
                Err(_) => return,
            }
        }
    }

    /// Does what the floor says must be done.
    pub(super) async fn perform(&mut self, effects: Vec<Effect>) -> Result<(), Refusal> {
        let mut result = Ok(());
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Changed(agent) => {
                    self.changed.insert(agent);
                }
                Effect::Gone(agent) => {
                    self.gone.insert(agent);
                }
                Effect::LookUp { agent, call, number } => effects.extend(self.whose_is(agent, call, number)),
                Effect::Link { call, case } => self.journal.put(Write::LinkCall(call, case)),
                Effect::Waive(call) => self.journal.put(Write::WaiveOutcome(call)),
                Effect::HandOver { call, to } => self.journal.put(Write::HandOver(call, to)),
                Effect::MoveDraft { from, to, case } => self.move_draft(from, to, case),
                Effect::LoadOwed(agent) => self.load_owed(agent),
                Effect::Queue(order) => self.queue_orders.push(order),
                Effect::Phone { agent, channel, wish } => result = self.phone_ask(agent, &channel, wish).and(result),
                Effect::Echo(agent) => self.phone_echo(agent),
                Effect::Join { channel, with } => result = self.phone_asked(&channel, Ask::JoinWith(with)),
                Effect::Consult { extension, colleague, call, name } => {
                    result = self.phone_dial(&call, extension, colleague.to_string().into(), name, None, false);
                    self.note_if_refused(&call, &result);
                }
                Effect::Dial { extension, number, call, name, caller_id, record } if self.phones.is_ours(&extension) => {
                    result = self.phone_dial(&call, extension, number.to_string().into(), name, caller_id, record);
                    self.note_if_refused(&call, &result);
                }
                Effect::Dial { extension, number, call, name, caller_id, .. } if self.sources.of(&extension) == Some(Of::Sip) => {
                    // Nobody records here yet: the page must not say that it is asked for.
                    let shown = self.floor.show_recording(&call, &Recording::Off);
                    self.note_changed(&shown);
                    if !self.sip_dial(call.clone(), extension, number, name, caller_id) {
                        result = Err(Refusal::NotSent);
                    }
                    self.note_if_refused(&call, &result);
                }
                Effect::Dial { extension, number, call, name, caller_id, record } => {
                    let device = Device::new(&format!("{}/{extension}", self.setup.technology));
                    let command = PbxCommand::Dial { call: call.clone(), device, number, name, caller_id, record };
                    result = self.ask(&command, Asked::Dial(call.clone())).await;
                    if result.is_ok() && record {
                        self.recorded.asked(&call);
                    }
                    self.note_if_refused(&call, &result);
                }
                Effect::Recording { channel, wish } if self.phone_recording(&channel, wish) => {}
                Effect::Recording { channel, wish } => result = self.ask(&recording::command(channel, wish), Asked::Recording).await,
                Effect::HangUp { channel } if self.is_at_sip(&channel) => {
                    if !self.sip_hang_up(&channel) {
                        result = Err(Refusal::NoSuchCall); // It is watched, and not ours.
                    }
                }
                Effect::HangUp { channel } => result = self.ask(&PbxCommand::HangUp { channel }, Asked::HangUp).await,
            }
        }
        result
    }

    /// A dial that could not even be sent leaves the seat.
    fn note_if_refused(&mut self, call: &CallId, result: &Result<(), Refusal>) {
        if result.is_err() {
            let changed = self.floor.pbx_refused(call, "");
            self.note_changed(&changed);
        }
    }

    pub(super) async fn ask(&mut self, command: &PbxCommand, asked: Asked) -> Result<(), Refusal> {
        let connection = self.connection.as_mut().ok_or(Refusal::NoPbx)?;
        let action = to_ami::translate(command, &self.setup.dial).map_err(|error| {
            tracing::warn!(%error, "refused before it was sent");
            Refusal::NotSent
        })?;
        connection.session.ask(action, asked).map_err(|_| Refusal::NotSent)?;
        if let Err(error) = self.flush().await {
            // Half an action may be on its way: the connection is of no use any more.
            self.broken = Some(error.to_string());
            return Err(Refusal::NotSent);
        }
        Ok(())
    }

    /// Whose number it is: from memory at once, else beside this task.
    fn whose_is(&mut self, agent: AgentId, call: CallId, number: PhoneNumber) -> Vec<Effect> {
        let asked = Instant::now();
        let Some(candidates) = self.setup.store.known_cases(number) else {
            self.look_up(agent, call, number);
            return Vec::new();
        };
        let (result, took) = (result_word(Some(&candidates)), asked.elapsed());
        let effects = self.floor.found(self.clock.now(), agent, &call, Some(candidates));
        measure::looked_up(result, took, asked.elapsed());
        effects
    }

    /// Finds out whose number it is, beside this task.
    pub(super) fn look_up(&self, agent: AgentId, call: CallId, number: PhoneNumber) {
        let asked = Instant::now();
        let permit = self.lookups.clone().try_acquire_owned();
        let (store, answer) = (self.setup.store.clone(), self.beside.clone());
        tokio::spawn(async move {
            let candidates = match permit {
                Ok(_permit) => match tokio::time::timeout(LOOKUP_TIMEOUT, store.cases_by_number(number)).await {
                    Ok(Ok(candidates)) => Some(candidates),
                    Ok(Err(error)) => {
                        tracing::warn!(%error, "a number could not be looked up");
                        store.remembered_cases(number)
                    }
                    Err(_) => store.remembered_cases(number),
                },
                Err(_) => store.remembered_cases(number),
            };
            let _ = answer.send(Beside::Found { agent, call, candidates, asked, took: asked.elapsed() }).await;
        });
    }

    /// Reads what else an agent owes, beside this task.
    fn load_owed(&self, agent: AgentId) {
        let (store, rules, answer) = (self.setup.store.clone(), self.setup.rules.clone(), self.beside.clone());
        tokio::spawn(async move {
            match store.owed_calls(Some(agent)).await {
                Ok(owed) => {
                    let calls = owed.iter().map(|call| call.at_desk(&rules)).collect();
                    let _ = answer.send(Beside::Owed { agent, calls }).await;
                }
                Err(error) => tracing::error!(%error, "what is owed could not be read; it stays in the ledger"),
            }
        });
    }

    /// Gives a draft to a colleague in the database, beside this task, and tells the floor when it is there.
    fn move_draft(&self, from: AgentId, to: AgentId, case: CaseId) {
        let (writer, answer) = (self.setup.writer.clone(), self.beside.clone());
        tokio::spawn(async move {
            match writer.write(Write::MoveDraft { from, to, case }).await {
                Ok(Written::Done) => {
                    let _ = answer.send(Beside::DraftMoved { agent: to, case }).await;
                }
                Ok(_) => {} // There was none.
                Err(error) => tracing::error!(%error, "a draft could not be handed over; it stays with the giver"),
            }
        });
    }
}

/// What came of a lookup, as the figures name it.
pub(super) fn result_word(candidates: Option<&Vec<Candidate>>) -> &'static str {
    match candidates.map(Vec::len) {
        None => "failed",
        Some(0) => "nobody",
        Some(1) => "one",
        Some(_) => "many",
    }
}
