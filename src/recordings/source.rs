//! The files that the PBX writes (dialplans/recording.conf): `CALL-agent.wav` and `CALL-debtor.wav`.

use std::path::{Path, PathBuf};

use crate::ids::CallId;

/// A longer id cannot be a file's name with what is put behind it.
const ID_BYTES_MAX: usize = 150;

/// The two sides of a call, each its own file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) call: CallId,
    pub(super) agent: PathBuf,
    pub(super) debtor: PathBuf,
}

/// What is in the folder now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    /// The bytes of the agent's and of the debtor's file; `None` for one that is not there.
    pub(super) sizes: [Option<u64>; 2],
    /// The PBX has written down how long both are, which it does when it closes them.
    pub(super) closed: bool,
    /// There is a sample in one of them.
    pub(super) has_samples: bool,
}

/// What stands before the samples of a file that the PBX writes, and a byte behind to make them even.
const HEADER_BYTES: u64 = 45;

const AGENT: &str = "-agent.wav";
const DEBTOR: &str = "-debtor.wav";

impl Source {
    /// The files of a call. `None` when its id could not be a file's name: the dialplan keeps letters, digits, dots, dashes
    /// and underscores only, and nothing of a path comes through here either.
    pub(super) fn of(call: &CallId, folder: &Path) -> Option<Self> {
        let id = call.as_str();
        let is_name = (1..=ID_BYTES_MAX).contains(&id.len())
            && !id.starts_with(['.', '-'])
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
        let file = |side: &str| folder.join(format!("{id}{side}"));
        is_name.then(|| Self { call: call.clone(), agent: file(AGENT), debtor: file(DEBTOR) })
    }

    /// The call whose file this is.
    pub(super) fn call_of(file_name: &str) -> Option<CallId> {
        let id = file_name.strip_suffix(AGENT).or_else(|| file_name.strip_suffix(DEBTOR))?;
        Self::of(&CallId::new(id), Path::new("")).map(|source| source.call)
    }

    /// Looks at both files.
    pub(super) fn look(&self) -> Look {
        let files = [&self.agent, &self.debtor];
        let sizes = files.map(|file| std::fs::metadata(file).ok().map(|found| found.len()));
        let samples = files.map(|file| hound::WavReader::open(file).map_or(0, |wav| u64::from(wav.len()) * 2));
        let closed = sizes.iter().zip(samples).all(|(size, samples)| samples > 0 && size.is_some_and(|size| size <= samples + HEADER_BYTES));
        Look { sizes, closed, has_samples: sizes.iter().flatten().any(|size| *size > HEADER_BYTES) }
    }

    /// Where the joined file goes, within the folder where recordings are kept.
    pub(super) fn kept_name(&self) -> String {
        format!("{}.wav", self.call)
    }

    /// Both are of no use any more.
    pub(super) fn remove(&self) -> std::io::Result<()> {
        for file in [&self.agent, &self.debtor] {
            match std::fs::remove_file(file) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_path_becomes_a_file() {
        let folder = Path::new("/spool");
        for bad in ["", ".", "..", "../x", "a/b", "/etc/passwd", "-x", "a b", "a\0b", "é", &"x".repeat(151)] {
            assert_eq!(Source::of(&CallId::new(bad), folder), None, "{bad:?}");
        }
        for good in ["1795304876.12", "belbrug-0b4f-11", "pbx-1795304876.12", "a..b"] {
            let source = Source::of(&CallId::new(good), folder).unwrap();
            assert_eq!(source.agent, folder.join(format!("{good}-agent.wav")));
            assert_eq!(Source::call_of(&format!("{good}-debtor.wav")), Some(CallId::new(good)));
        }
        assert_eq!(Source::call_of("1.2.wav"), None);
        assert_eq!(Source::call_of("..-agent.wav"), None);
    }
}
