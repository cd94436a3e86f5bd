//! What somebody else's phone does, as its PBX tells it: `application/dialog-info+xml` (RFC 4235).

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

/// A document that is longer is refused; a phone with ten calls has under ten thousand bytes.
pub const DOCUMENT_BYTES_MAX: usize = 64 * 1024;
/// Calls of one phone that are read, at most.
pub const DIALOGS_MAX: usize = 64;
/// How deep elements lie in each other, at most; the format has four.
const DEPTH_MAX: usize = 16;
/// A text in it that is longer is cut.
const TEXT_BYTES_MAX: usize = 256;

/// The state of one phone, or what changed of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DialogInfo {
    /// Whose, `sip:101@pbx.example`.
    pub entity: String,
    /// Grows by one with each.
    pub version: u32,
    /// Everything there is; else only what changed.
    pub is_full: bool,
    /// Its calls.
    pub dialogs: Vec<DialogState>,
}

/// One call of a phone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DialogState {
    /// Names it among the calls of the phone, as long as it lasts.
    pub id: String,
    /// The Call-ID; many PBXs do not tell it.
    pub call_id: Option<String>,
    /// Who began it: the phone, or the other; `None` where the PBX does not say.
    pub is_initiator: Option<bool>,
    /// How far it has come.
    pub state: Option<State>,
    /// Why it ended: `cancelled`, `rejected`, `replaced`, `local-bye`, `remote-bye`, `error`, `timeout`.
    pub event: Option<String>,
    /// The status that it ended with.
    pub code: Option<u16>,
    /// The other party's address, or where it is reached.
    pub remote: String,
    /// Its name.
    pub remote_name: String,
    /// The phone's own party, as the PBX names it.
    pub local: String,
    /// The phone has put it on hold (`+sip.rendering` is `no`), or has not; `None` where it is not said.
    pub is_held: Option<bool>,
}

/// How far a call has come (RFC 4235, 3.7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It was asked for.
    Trying,
    /// Something was heard.
    Proceeding,
    /// It rings.
    Early,
    /// They talk.
    Confirmed,
    /// It is over.
    Terminated,
}

impl State {
    fn named(name: &str) -> Option<Self> {
        Some(match name.trim().to_ascii_lowercase().as_str() {
            "trying" => Self::Trying,
            "proceeding" => Self::Proceeding,
            "early" => Self::Early,
            "confirmed" => Self::Confirmed,
            "terminated" => Self::Terminated,
            _ => return None,
        })
    }
}

/// What cannot be read as the state of a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoDialogInfo {
    /// Too long, too deep, or too many calls.
    #[error("a dialog-info document beyond all bounds")]
    Bounds,
    /// It declares entities: nobody needs that here, and it can be made to grow without end.
    #[error("a dialog-info document with a DOCTYPE")]
    DocType,
    /// It is no such document.
    #[error("no dialog-info document (RFC 4235)")]
    Malformed,
}

/// Reads a document.
///
/// # Errors
/// When it is none, or beyond the bounds.
pub fn parse(bytes: &[u8]) -> Result<DialogInfo, NoDialogInfo> {
    if bytes.len() > DOCUMENT_BYTES_MAX {
        return Err(NoDialogInfo::Bounds);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| NoDialogInfo::Malformed)?;
    let mut reader = Reader::from_str(text);
    let mut document = Document::default();
    loop {
        match reader.read_event().map_err(|_| NoDialogInfo::Malformed)? {
            Event::DocType(_) => return Err(NoDialogInfo::DocType),
            Event::Start(element) => document.open(&element)?,
            Event::Empty(element) => {
                document.open(&element)?;
                document.close();
            }
            Event::End(_) => document.close(),
            Event::Text(text) => document.text(&text.xml_content(XmlVersion::Implicit1_0)),
            Event::CData(text) => document.text(&text.xml_content(XmlVersion::Implicit1_0)),
            Event::GeneralRef(reference) => {
                let name = reference.xml_content(XmlVersion::Implicit1_0);
                let known = reference.resolve_char_ref().ok().flatten().map(String::from);
                let known = known.or_else(|| quick_xml::escape::resolve_predefined_entity(&name).map(str::to_owned));
                document.text(&known.ok_or(NoDialogInfo::Malformed)?);
            }
            Event::Eof => return document.done(),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
}

/// What has been read.
#[derive(Debug, Default)]
struct Document {
    info: DialogInfo,
    /// The elements that are open, by their local names.
    path: Vec<String>,
    is_dialog_info: bool,
}

impl Document {
    fn open(&mut self, element: &BytesStart<'_>) -> Result<(), NoDialogInfo> {
        if self.path.len() >= DEPTH_MAX {
            return Err(NoDialogInfo::Bounds);
        }
        let name = element.local_name().as_ref().to_owned();
        match (self.path.len(), name.as_str()) {
            (0, "dialog-info") => {
                self.is_dialog_info = true;
                self.info.entity = attribute(element, "entity").unwrap_or_default();
                self.info.version = attribute(element, "version").and_then(|version| version.parse().ok()).ok_or(NoDialogInfo::Malformed)?;
                self.info.is_full = attribute(element, "state").as_deref() == Some("full");
            }
            (0, _) => return Err(NoDialogInfo::Malformed),
            (1, "dialog") => {
                if self.info.dialogs.len() >= DIALOGS_MAX {
                    return Err(NoDialogInfo::Bounds);
                }
                let direction = attribute(element, "direction");
                self.info.dialogs.push(DialogState {
                    id: attribute(element, "id").ok_or(NoDialogInfo::Malformed)?,
                    call_id: attribute(element, "call-id"),
                    is_initiator: direction.map(|direction| direction == "initiator"),
                    ..DialogState::default()
                });
            }
            _ => self.open_inside(&name, element),
        }
        self.path.push(name);
        Ok(())
    }

    fn open_inside(&mut self, name: &str, element: &BytesStart<'_>) {
        let end = self.path.get(2).cloned();
        let Some(dialog) = self.info.dialogs.last_mut() else { return };
        match (end.as_deref(), name) {
            (None, "state") => {
                dialog.event = attribute(element, "event");
                dialog.code = attribute(element, "code").and_then(|code| code.parse().ok());
            }
            (Some("remote"), "identity") => {
                dialog.remote_name = attribute(element, "display").unwrap_or_default();
                // Said, it counts for more than where it is reached.
                dialog.remote.clear();
            }
            (Some("remote"), "target") if dialog.remote.is_empty() => dialog.remote = attribute(element, "uri").unwrap_or_default(),
            (Some("local"), "param") if attribute(element, "pname").as_deref() == Some("+sip.rendering") => {
                dialog.is_held = attribute(element, "pval").map(|rendering| rendering == "no");
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        let text = cut(text);
        if text.trim().is_empty() {
            return;
        }
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let Some(dialog) = self.info.dialogs.last_mut() else { return };
        match path.as_slice() {
            ["dialog-info", "dialog", "state"] => dialog.state = State::named(text),
            // In pieces, where a reference stands in it.
            ["dialog-info", "dialog", "remote", "identity"] => dialog.remote.push_str(text.trim()),
            ["dialog-info", "dialog", "local", "identity"] => dialog.local.push_str(text.trim()),
            _ => {}
        }
    }

    fn close(&mut self) {
        self.path.pop();
    }

    fn done(self) -> Result<DialogInfo, NoDialogInfo> {
        if self.is_dialog_info && self.path.is_empty() { Ok(self.info) } else { Err(NoDialogInfo::Malformed) }
    }
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = element.attributes().flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
    let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
    Some(cut(&value).to_owned())
}

/// The beginning of a text, whole characters.
fn cut(text: &str) -> &str {
    let end = (0..=TEXT_BYTES_MAX.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As Asterisk 22 writes it.
    const ASTERISK: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="1" state="full" entity="sip:101@127.0.0.1">
 <dialog id="101" direction="recipient">
  <remote><identity display="Transport &quot;Verhagen&quot; &amp; Zn">sip:+447700900123@127.0.0.1</identity><target uri="sip:+447700900123@127.0.0.1"/></remote>
  <local><identity>sip:101@127.0.0.1</identity><target uri="sip:101@127.0.0.1"/></local>
  <state>early</state>
 </dialog>
</dialog-info>"#;

    #[test]
    fn a_phone_that_rings_says_who_calls() {
        let info = parse(ASTERISK.as_bytes()).unwrap();
        assert_eq!((info.entity.as_str(), info.version, info.is_full), ("sip:101@127.0.0.1", 1, true));
        let [dialog] = info.dialogs.as_slice() else { panic!("{info:?}") };
        assert_eq!((dialog.id.as_str(), dialog.is_initiator, dialog.state), ("101", Some(false), Some(State::Early)));
        assert_eq!((dialog.remote.as_str(), dialog.remote_name.as_str()), ("sip:+447700900123@127.0.0.1", "Transport \"Verhagen\" & Zn"));
    }

    /// RFC 4235, 6.2, in other name spaces and with everything that a dialog can have.
    #[test]
    fn the_end_of_a_call_says_why() {
        let text = r#"<d:dialog-info xmlns:d="urn:ietf:params:xml:ns:dialog-info" version="7" state="partial" entity="sip:alice@example.com">
            <d:dialog id="as7d900as8" call-id="a84b4c76e66710" local-tag="1928301774" remote-tag="456887766" direction="initiator">
            <d:state event="remote-bye" code="200">terminated</d:state><d:duration>274</d:duration>
            <d:local><d:target uri="sip:alice@pc33.example.com"><d:param pname="+sip.rendering" pval="no"/></d:target></d:local>
            <d:remote><d:target uri="sip:bob@example.org"/></d:remote></d:dialog></d:dialog-info>"#;
        let info = parse(text.as_bytes()).unwrap();
        let dialog = &info.dialogs[0];
        assert_eq!(
            (dialog.call_id.as_deref(), dialog.state, dialog.event.as_deref()),
            (Some("a84b4c76e66710"), Some(State::Terminated), Some("remote-bye"))
        );
        assert_eq!((dialog.code, dialog.remote.as_str(), dialog.is_held, info.is_full), (Some(200), "sip:bob@example.org", Some(true), false));
    }

    #[test]
    fn bombs_and_nonsense_are_refused() {
        let bomb =
            r#"<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><dialog-info version="1" state="full" entity="&b;"/>"#;
        assert_eq!(parse(bomb.as_bytes()), Err(NoDialogInfo::DocType));
        let deep = format!("<dialog-info version='1'>{}", "<a>".repeat(50_000 / 3));
        assert_eq!(parse(deep.as_bytes()), Err(NoDialogInfo::Bounds));
        let many = format!("<dialog-info version='1'>{}</dialog-info>", "<dialog id='1'/>".repeat(DIALOGS_MAX + 1));
        assert_eq!(parse(many.as_bytes()), Err(NoDialogInfo::Bounds));
        assert_eq!(parse(&vec![b' '; DOCUMENT_BYTES_MAX + 1]), Err(NoDialogInfo::Bounds));
        for wrong in ["", "<x/>", "<dialog-info/>", "<dialog-info version='1'>", "<dialog-info version='1'><dialog/></dialog-info>", "\u{0}"] {
            assert_eq!(parse(wrong.as_bytes()), Err(NoDialogInfo::Malformed), "{wrong}");
        }
        let unknown = "<dialog-info version='1'><dialog id='1'><state>&x;</state></dialog></dialog-info>";
        assert_eq!(parse(unknown.as_bytes()), Err(NoDialogInfo::Malformed));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(<[a-z/!?]{0,8}( [a-z]{1,4}=\"[ -~]{0,6}\")?/?>|[ -~]{0,10}){0,20}", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(text.as_bytes());
            let _ = parse(format!("<dialog-info version=\"1\">{text}</dialog-info>").as_bytes());
            let _ = parse(&bytes);
        }
    }
}
