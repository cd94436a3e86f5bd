//! Reading the file, and what can be wrong with it. Every error names the setting and says what to write.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::settings::Config;
use crate::ids::Extension;
use crate::numbers::{NumberPlan, Pattern, country_code};
use crate::personal::Personal;

/// What is wrong with the config.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the config file {path} cannot be read: {source}. Copy config/belbrug.example.toml there, or name another with --config")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no TOML, or holds a setting that does not exist or has another kind of value.
    #[error("the config file {path} has an error:\n{message}")]
    Toml {
        /// The file.
        path: PathBuf,
        /// Where and what.
        message: String,
    },
    /// A setting has a value that cannot be.
    #[error("{setting}: {problem}")]
    Setting {
        /// `[section] name`.
        setting: &'static str,
        /// What is wrong, and what to write.
        problem: String,
    },
}

fn wrong(setting: &'static str, problem: impl Into<String>) -> ConfigError {
    ConfigError::Setting { setting, problem: problem.into() }
}

/// Reads the file, and the secret's file that it names. Paths in it are seen from the file's own folder.
///
/// # Errors
/// When something in it cannot be.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    let mut config = parse(&text).map_err(|error| match error {
        ConfigError::Toml { message, .. } => ConfigError::Toml { path: path.to_owned(), message },
        other => other,
    })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let (uses_manager, uses_sip) = (config.uses_manager(), config.sip.is_on());
    let Config { pbx, sip, browser, web, recording, .. } = &mut config;
    let files = [&mut pbx.secret_file, &mut pbx.ca_file, &mut sip.secret_file, &mut browser.secrets_file, &mut web.certificate, &mut web.key];
    for file in files.into_iter().flatten().chain(&mut recording.folder).chain([&mut sip.ca_file]) {
        *file = folder.join(&*file);
    }
    // A source that is not used needs no secret: the shipped config names a file for it.
    if let Some(secret) = secret_of("[pbx] secret_file", pbx.secret_file.as_deref().filter(|_| uses_manager))? {
        pbx.secret = secret;
    }
    if let Some(secret) = secret_of("[sip] secret_file", sip.secret_file.as_deref().filter(|_| uses_sip))? {
        sip.secret = secret;
    }
    if let Some(file) = browser.secrets_file.as_deref().filter(|_| !browser.lines.is_empty()) {
        let text = std::fs::read_to_string(file).map_err(|e| wrong("[browser] secrets_file", format!("{}: {e}", file.display())))?;
        browser.secrets.extend(secrets_in(&text)?);
    }
    if config.browser.is_on() && config.browser.secrets.is_empty() {
        return Err(wrong(
            "[browser] secrets_file",
            "is missing; name a file with a line for each extension: the extension, a space, and its secret at the PBX",
        ));
    }
    if uses_sip && config.sip.secret.reveal().is_empty() {
        return Err(wrong(
            "[sip] secret",
            "is empty; write the secret of the account at the PBX here, or name a file that holds it with secret_file",
        ));
    }
    if uses_manager && config.pbx.secret.reveal().is_empty() {
        return Err(wrong("[pbx] secret", "is empty; write the secret of manager.conf here, or name a file that holds it with secret_file"));
    }
    Ok(config)
}

/// The secret in a file, without its line's end.
fn secret_of(setting: &'static str, file: Option<&Path>) -> Result<Option<Personal<String>>, ConfigError> {
    let Some(file) = file else { return Ok(None) };
    let secret = std::fs::read_to_string(file).map_err(|e| wrong(setting, format!("{}: {e}", file.display())))?;
    Ok(Some(secret.trim_end_matches(['\r', '\n']).to_owned().into()))
}

/// The secrets of phones: an extension and its secret a line, with `#` before what is none.
fn secrets_in(text: &str) -> Result<Vec<(Extension, Personal<String>)>, ConfigError> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    let secret = |(at, line): (usize, &str)| {
        let parts = line.split_once([' ', '\t']).and_then(|(extension, secret)| Some((Extension::parse(extension).ok()?, secret.trim())));
        let (extension, secret) = parts
            .filter(|(_, secret)| !secret.is_empty())
            .ok_or_else(|| wrong("[browser] secrets_file", format!("line {}: write an extension, a space, and its secret at the PBX", at + 1)))?;
        Ok((extension, secret.to_owned().into()))
    };
    lines.map(secret).collect()
}

/// Reads the text of a config file.
///
/// # Errors
/// When something in it cannot be.
pub fn parse(text: &str) -> Result<Config, ConfigError> {
    let config: Config = toml::from_str(text).map_err(|e| ConfigError::Toml { path: PathBuf::new(), message: toml_words(text, &e) })?;
    config.number_plan()?;
    check_web(&config)?;
    check_creditors(&config)?;
    check_recording(&config)?;
    check_sip(&config)?;
    for country in &config.office.dial_countries {
        if country_code(country).is_none() {
            return Err(wrong("[office] dial_countries", format!("{country:?} is no country code; write two letters, such as NL")));
        }
    }
    let technology = &config.pbx.technology;
    if technology.is_empty() || !technology.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(wrong("[pbx] technology", "must be letters and digits, such as PJSIP"));
    }
    if !(5..=120).contains(&config.pbx.dial_ring_seconds) {
        return Err(wrong("[pbx] dial_ring_seconds", "must be 5 to 120"));
    }
    Ok(config)
}

/// Where and what, without what stands behind the equals sign: it may be a secret.
fn toml_words(text: &str, error: &toml::de::Error) -> String {
    let Some(span) = error.span() else { return error.message().to_owned() };
    let before = text.get(..span.start).unwrap_or_default();
    let number = before.matches('\n').count();
    let setting = text.lines().nth(number).and_then(|line| line.split_once('=')).map_or("", |(setting, _)| setting.trim());
    format!("line {}, {setting}: {}", number + 1, error.message())
}

fn check_web(config: &Config) -> Result<(), ConfigError> {
    let web = &config.web;
    if web.certificate.is_some() != web.key.is_some() {
        return Err(wrong("[web] certificate and key", "belong together: name both, or neither"));
    }
    if web.certificate.is_none() && web.trusted_proxies.is_empty() && !web.listen.ip().is_loopback() {
        return Err(wrong(
            "[web] listen",
            format!(
                "{} is reachable from other machines without HTTPS: set certificate and key, or name the HTTPS proxy in trusted_proxies, or listen on 127.0.0.1",
                web.listen
            ),
        ));
    }
    if web.practice.as_ref().is_some_and(|address| !address.starts_with("https://") && !address.starts_with("http://")) {
        return Err(wrong("[web] practice", "is the whole address of the pages for practice, such as https://desk.example.nl:8090"));
    }
    if !matches!(web.language.as_str(), "nl" | "en") {
        return Err(wrong("[web] language", "must be nl or en"));
    }
    if !(1..=168).contains(&web.session_hours) {
        return Err(wrong("[web] session_hours", "must be 1 to 168"));
    }
    Ok(())
}

/// An extension has one source of what happens at it, and its settings hold together.
fn check_sip(config: &Config) -> Result<(), ConfigError> {
    let Config { sip, pbx, .. } = config;
    let at_sip = patterns("[sip] lines", &sip.lines)?;
    let at_manager = patterns("[pbx] lines", &pbx.lines)?;
    let browsers = patterns("[browser] lines", &config.browser.lines)?;
    for (pattern, text) in browsers.iter().zip(&config.browser.lines) {
        let others = at_sip.iter().zip(&sip.lines).chain(at_manager.iter().zip(&pbx.lines));
        if let Some(other) = others.into_iter().find(|(other, _)| pattern.meets(other)).map(|(_, text)| text) {
            let problem = format!("{text} and {other} of [sip] or [pbx] lines have extensions in common; an extension has one source");
            return Err(wrong("[browser] lines", problem));
        }
    }
    let [first, last] = config.browser.rtp_ports;
    if first < 1024 || last <= first || last == u16::MAX {
        return Err(wrong("[browser] rtp_ports", "are the first and the last port for audio of the PBX, such as [10000, 19999]"));
    }
    for (pattern, text) in at_sip.iter().zip(&sip.lines) {
        if let Some(other) = at_manager.iter().zip(&pbx.lines).find(|(other, _)| pattern.meets(other)).map(|(_, text)| text) {
            return Err(wrong("[sip] lines", format!("{text} and {other} of [pbx] lines have extensions in common; an extension has one source")));
        }
    }
    if !sip.is_on() && !config.browser.is_on() {
        return Ok(());
    }
    if sip.server.is_empty() || sip.server.contains([' ', '/', ':', '@']) && sip.server.parse::<std::net::IpAddr>().is_err() {
        return Err(wrong("[sip] server", "is the name or address of the PBX, without sip: and without a port"));
    }
    let is_word = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.+*".contains(&b));
    if !is_word(&sip.username) {
        return Err(wrong("[sip] username", "is the name of the account at the PBX: letters, digits, dot, dash, plus"));
    }
    if !sip.dial_prefix.bytes().all(|b| b.is_ascii_digit() || b"+*#".contains(&b)) || sip.dial_prefix.len() > 6 {
        return Err(wrong("[sip] dial_prefix", "is what the PBX wants before the country code, such as + or 00"));
    }
    Ok(())
}

fn patterns(setting: &'static str, lines: &[String]) -> Result<Vec<Pattern>, ConfigError> {
    lines.iter().map(|text| Pattern::parse(text).map_err(|error| wrong(setting, error.to_string()))).collect()
}

/// A number that belongs to two creditors would decide nothing.
fn check_creditors(config: &Config) -> Result<(), ConfigError> {
    let mut owners = BTreeMap::new();
    for (name, creditor) in &config.creditors {
        for number in &creditor.numbers {
            if let Some(other) = owners.insert(number, name) {
                return Err(wrong("[creditors] numbers", format!("{number} stands at {other:?} and at {name:?}; give it to one of them")));
            }
        }
    }
    Ok(())
}

/// A token that is shorter can be guessed.
const TOKEN_BYTES_MIN: usize = 16;

fn check_recording(config: &Config) -> Result<(), ConfigError> {
    let recording = &config.recording;
    if let Some((creditor, _)) = recording.notices.iter().find(|(creditor, notice)| creditor.trim().is_empty() || notice.trim().is_empty()) {
        return Err(wrong("[recording.notices]", format!("{creditor:?} has no text; write what is said to the debtor, or leave the creditor out")));
    }
    if recording.folder.is_none() && !config.browser.is_on() && !recording.notices.is_empty() {
        return Err(wrong("[recording] folder", "is missing; name the folder in which the PBX's MixMonitor writes (dialplans/recording.conf)"));
    }
    if (1..TOKEN_BYTES_MIN).contains(&config.metrics.token.reveal().len()) {
        return Err(wrong("[metrics] token", format!("must have at least {TOKEN_BYTES_MIN} characters")));
    }
    Ok(())
}

impl Config {
    /// Whether any extension is told of by the manager interface: not where all lines are named, and none for it.
    #[must_use]
    pub const fn uses_manager(&self) -> bool {
        !(self.sip.is_on() || self.browser.is_on()) || !self.pbx.lines.is_empty()
    }

    /// Where what is recorded comes from: the PBX's own folder, or one of ours where browsers are the phones.
    #[must_use]
    pub fn recordings_folder(&self) -> Option<PathBuf> {
        let ours = || (self.browser.is_on() && !self.recording.notices.is_empty()).then(|| self.recording.keep.join("running"));
        self.recording.folder.clone().or_else(ours)
    }

    /// The office's numbers.
    ///
    /// # Errors
    /// When the country, a pattern or the prefix cannot be.
    pub fn number_plan(&self) -> Result<NumberPlan, ConfigError> {
        let extensions: Vec<&str> = self.office.extensions.iter().map(String::as_str).collect();
        NumberPlan::new(&self.office.country, &extensions, self.office.trunk_prefix.as_deref())
            .map_err(|e| wrong("[office] country, extensions or trunk_prefix", e.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_says_what_is_true_when_nothing_is_said() {
        let example = parse(include_str!("../../config/belbrug.example.toml")).unwrap();
        let nothing = parse("").unwrap();
        assert_eq!(example.web.listen, nothing.web.listen);
        assert_eq!(example.office.zone, nothing.office.zone);
        assert_eq!(example.pbx.dial_context, nothing.pbx.dial_context);
        assert_eq!(example.store.url, nothing.store.url);
        assert_eq!(example.store.numbers_in_memory, nothing.store.numbers_in_memory);
        assert_eq!(example.recording.keep, nothing.recording.keep);
        assert!(example.recording.notices.is_empty() && example.recording.folder.is_none(), "off until it is configured");
        assert_eq!(example.metrics.enabled, nothing.metrics.enabled);
        assert!(!example.sip.is_on() && example.uses_manager());
    }

    #[test]
    fn a_source_that_is_not_used_needs_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let example = include_str!("../../config/belbrug.example.toml");
        let by_sip =
            example.replace("# lines = [\"2XX\"]", "lines = [\"2XX\"]").replace("# secret_file = \"sip.secret\"", "secret_file = \"sip.secret\"");
        std::fs::write(folder.path().join("belbrug.toml"), by_sip).unwrap();
        std::fs::write(folder.path().join("sip.secret"), "a secret\n").unwrap();
        let config = load(&folder.path().join("belbrug.toml")).expect("no pbx.secret is wanted");
        assert_eq!(config.sip.secret.reveal(), "a secret");
    }

    #[test]
    fn errors_name_the_setting() {
        for (text, says) in [
            ("[web]\nlisten = \"0.0.0.0:8080\"", "[web] listen: 0.0.0.0:8080 is reachable"),
            ("[web]\nlisten = \"nonsense\"", "listen"),
            ("[web]\nlissten = \"127.0.0.1:1\"", "unknown field `lissten`"),
            ("[web]\npractice = \"desk:8090\"", "[web] practice"),
            ("[web]\ncertificate = \"x\"", "[web] certificate and key"),
            ("[office]\nzone = \"Europe/Amsterdm\"", "zone"),
            ("[office]\nextensions = [\"abc\"]", "[office] country, extensions"),
            ("[office]\ndial_countries = [\"XX\"]", "[office] dial_countries"),
            ("[pbx]\nport = 99999", "port"),
            ("[pbx]\ntechnology = \"PJSIP/x\"", "[pbx] technology"),
            ("[recording.notices]\n\"A BV\" = \"Dit gesprek ...\"", "[recording] folder: is missing"),
            ("[recording]\nfolder = \"x\"\n[recording.notices]\n\"A BV\" = \" \"", "[recording.notices]: \"A BV\" has no text"),
            ("[metrics]\ntoken = \"short\"", "[metrics] token: must have at least 16"),
            ("[sip]\nlines = [\"2X\"]\nserver = \"sip:pbx\"", "[sip] server"),
            ("[sip]\nlines = [\"2XX\"]\n[pbx]\nlines = [\"20X\"]", "[sip] lines: 2XX and 20X of [pbx] lines have extensions in common"),
            ("[sip]\nlines = [\"abc\"]", "[sip] lines: an extension pattern"),
            ("[sip]\nlines = [\"2XX\"]\n[browser]\nlines = [\"20X\"]", "[browser] lines: 20X and 2XX of [sip] or [pbx]"),
            ("[browser]\nlines = [\"2XX\"]\nrtp_ports = [9, 8]", "[browser] rtp_ports"),
            ("[sip]\ntransport = \"pigeon\"", "unknown variant `pigeon`"),
            ("[sip]\nlines = [\"2XX\"]\ndial_prefix = \"x\"", "[sip] dial_prefix"),
            ("[pbx\n", "line 1"),
            ("[creditors.\"A\"]\nnumbers = [\"020 1234567\"]", "a telephone number must be a plus"),
            ("[creditors.A]\nnumbers = [\"+31201234567\"]\n[creditors.B]\nnumbers = [\"+31201234567\"]", "stands at \"A\" and at \"B\""),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text:?} says {error}");
        }
    }

    #[test]
    fn a_missing_file_says_what_to_do() {
        let error = load(Path::new("/nonexistent/belbrug.toml")).unwrap_err().to_string();
        assert!(error.contains("Copy config/belbrug.example.toml"), "{error}");
    }
}
