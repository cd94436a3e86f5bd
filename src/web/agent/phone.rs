//! The phone in the agent's browser: its keys on the call bar, what its user wants, and its audio.

use axum::extract::{Form, State};
use serde::Deserialize;
use serde_json::json;

use super::actions::{ask, new_call};
use crate::desk::hub::{AudioOffer, Command, OfferRefused};
use crate::desk::phone::{DeskPhone, PhoneWish, Quality, keys};
use crate::desk::seat::{DeskCall, DeskCallState, Seat};
use crate::ids::{CallId, Extension};
use crate::numbers::Dialled;
use crate::web::answer::{Answer, Fault, done};
use crate::web::deps::Deps;
use crate::web::sign_in::session::Session;
use crate::web::texts::Texts;

/// Characters of the name of a page, at most.
const TAB_CHARS_MAX: usize = 64;

/// The phone as the call bar shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct PhoneView {
    /// Ends the text key `phone-...`: known, awaited, refused.
    pub registered: &'static str,
    /// Why the PBX does not know it.
    pub why_not: String,
    /// The page that is heard; empty when none is.
    pub tab: String,
    /// What the page must speak; empty without a call.
    pub codec: &'static str,
    /// The network lets the agent hear something before it is answered.
    pub is_early: bool,
    /// Ends the text key `quality-...`; empty where there is nothing to say.
    pub quality: &'static str,
    /// The call that can be taken or refused.
    pub ringing: Option<String>,
    /// The call that can be held, with whether it is.
    pub talk: Option<(String, bool)>,
    /// Both calls can be joined.
    pub joins: bool,
    /// Colleagues to hand over to: extension and name.
    pub colleagues: Vec<(String, String)>,
}

/// The phone of a seat; `None` of one whose phone is elsewhere.
pub(super) fn phone(t: &Texts, seat: &Seat, colleagues: impl Iterator<Item = (String, String)>) -> Option<PhoneView> {
    let phone = seat.phone.as_ref()?;
    let main = seat.main_call().filter(|call| call.is_live());
    let is_talked = |call: &DeskCall| matches!(call.state, DeskCallState::Talking | DeskCallState::Held);
    let ringing = seat.calls.iter().find(|call| call.state == DeskCallState::Ringing);
    let talks = seat.calls.iter().filter(|call| is_talked(call)).count();
    let talk = main.filter(|call| is_talked(call));
    let (registered, why_not) = match &phone.registered {
        None => ("awaited", String::new()),
        Some(Ok(())) => ("known", String::new()),
        Some(Err(why)) => ("refused", t.a("phone-refused-why", why)),
    };
    Some(PhoneView {
        registered,
        why_not,
        tab: phone.tab.clone().unwrap_or_default(),
        codec: phone.codec.unwrap_or_default(),
        is_early: phone.is_early,
        quality: quality(phone),
        ringing: ringing.map(|call| call.id.to_string()),
        colleagues: if talk.is_some() && talks == 1 { colleagues.collect() } else { Vec::new() },
        talk: talk.map(|call| (call.id.to_string(), call.state == DeskCallState::Held && call.is_held_here)),
        joins: talks == 2,
    })
}

const fn quality(phone: &DeskPhone) -> &'static str {
    match phone.quality {
        None => "",
        Some(Quality::Good) => "good",
        Some(Quality::Fair) => "fair",
        Some(Quality::Poor) => "poor",
        Some(Quality::NothingHeard) => "nothing-heard",
        Some(Quality::NothingSaid) => "nothing-said",
    }
}

#[derive(Deserialize)]
pub(super) struct WishForm {
    call: String,
    wish: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    keys: String,
}

/// Does with a call what its user wants.
pub(super) async fn wish(State(deps): State<Deps>, session: Session, Form(form): Form<WishForm>) -> Answer {
    let t = session.t;
    let wish = match form.wish.as_str() {
        "answer" => PhoneWish::Answer,
        "reject" => PhoneWish::Reject,
        "hold" => PhoneWish::Hold,
        "retrieve" => PhoneWish::Retrieve,
        "join" => PhoneWish::Join,
        "send-on" => PhoneWish::SendOn(colleague(&deps, t, &form.to)?),
        "keys" => PhoneWish::Keys(keys(&form.keys).ok_or_else(|| Fault::Refused(t.t("error-keys")))?),
        _ => return Err(Fault::Refused(t.t("error-keys"))),
    };
    ask(&deps, &session, Command::Phone(session.user.id, CallId::new(&form.call), wish)).await?;
    done(json!({}))
}

/// Only inside numbers: the page is no telephone for other ends.
fn colleague(deps: &Deps, t: &Texts, typed: &str) -> Result<Extension, Fault> {
    match deps.office.plan.read(typed.split_whitespace().next().unwrap_or_default()) {
        Dialled::Extension(extension) => Ok(extension),
        _ => Err(Fault::Refused(t.t("error-extension"))),
    }
}

#[derive(Deserialize)]
pub(super) struct ConsultForm {
    to: String,
    key: String,
}

/// Asks a colleague, while the other waits.
pub(super) async fn consult(State(deps): State<Deps>, session: Session, Form(form): Form<ConsultForm>) -> Answer {
    let colleague = colleague(&deps, session.t, &form.to)?;
    let call = new_call(&deps, &session, &form.key).await?;
    ask(&deps, &session, Command::Consult { agent: session.user.id, colleague, call }).await?;
    done(json!({}))
}

/// Lets the agent hear himself.
pub(super) async fn echo(State(deps): State<Deps>, session: Session) -> Answer {
    ask(&deps, &session, Command::EchoTest(session.user.id)).await?;
    done(json!({}))
}

#[derive(Deserialize)]
pub(super) struct OfferForm {
    tab: String,
    sdp: String,
}

/// A page of the agent wants to be heard.
pub(super) async fn offer(State(deps): State<Deps>, session: Session, Form(form): Form<OfferForm>) -> Answer {
    let t = session.t;
    if form.tab.is_empty() || form.tab.len() > TAB_CHARS_MAX {
        return Err(Fault::Refused(t.t("request-failed")));
    }
    let offer = AudioOffer { agent: session.user.id, tab: form.tab, sdp: form.sdp };
    let sdp = deps.offer(offer).await.map_err(|why| {
        Fault::Refused(t.t(match why {
            OfferRefused::NoPhone => "error-no-phone",
            OfferRefused::Unreadable => "error-no-offer",
            OfferRefused::TooMany => "request-failed",
        }))
    })?;
    done(json!({ "sdp": sdp }))
}
