//! The house rules that a machine can hold: who imports whom, how long files and functions are, and which crates are
//! caged (ARCHITECTURE.md).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 60;

/// Each room, and the rooms that it may import. Everybody may import the leaves.
const LEAVES: [&str; 4] = ["clock", "ids", "numbers", "personal"];
const MAP: [(&str, &[&str]); 17] = [
    ("clock", &[]),
    ("ids", &[]),
    ("personal", &[]),
    ("numbers", &["ids"]),
    ("telephony", &[]),
    ("collection", &[]),
    ("import", &["collection"]),
    ("config", &["import"]),
    ("desk", &["collection", "telephony::calls", "telephony::media"]),
    ("measure", &[]),
    ("store", &["desk", "collection", "telephony::calls", "telephony::media", "measure"]),
    ("recordings", &["store", "measure", "telephony::media"]),
    ("demo", &["store", "collection", "simulate"]),
    ("simulate", &["telephony", "bridge::sip", "recordings::live"]),
    ("bridge", &["telephony", "desk", "store", "recordings", "config", "measure"]),
    ("web", &["desk", "store", "config", "collection", "telephony::calls", "measure"]),
    ("cli", &["belbrug"]),
];

/// A crate, and the only places that may name it.
const CAGED: [(&str, &[&str]); 18] = [
    ("str0m", &["src/bridge/audio/browser.rs", "src/simulate/browser.rs"]),
    ("reqwest", &["src/simulate/agent.rs"]),
    ("mio", &["src/bridge/audio"]),
    ("rtp_types", &["src/bridge/audio/leg.rs", "src/simulate/serve.rs"]),
    ("rtc_srtp", &["src/telephony/media/srtp.rs"]),
    ("base64", &["src/telephony/sip/sdes.rs"]),
    ("rtcp_types", &["src/telephony/media/reports.rs"]),
    ("ezk_g722", &["src/recordings/live.rs"]),
    ("axum", &["src/web", "src/cli/service.rs"]),
    ("askama", &["src/web"]),
    ("sqlx", &["src/store"]),
    ("rlibphonenumber", &["src/numbers.rs"]),
    ("argon2", &["src/web/sign_in/password.rs"]),
    ("csv", &["src/import"]),
    ("hound", &["src/recordings"]),
    ("tower_http", &["src/web"]),
    ("metrics", &["src/measure.rs"]),
    ("metrics_exporter_prometheus", &["src/measure.rs"]),
];

/// What the pure rooms never name.
const PURE: [&str; 3] = ["src/telephony", "src/collection", "src/desk"];
const IMPURE: [&str; 6] = ["tokio", "std::net", "std::fs", "SystemTime", "Instant::now", "Utc::now"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file under `src`, with its text up to its tests.
fn sources() -> Vec<(String, String)> {
    let mut files = Vec::new();
    collect(&root().join("src"), &mut files);
    files.sort();
    assert!(files.len() > 60, "the sources are not where this test looks");
    files
}

fn collect(folder: &Path, files: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).expect("src").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            collect(&entry, files);
        } else if entry.extension().is_some_and(|e| e == "rs") {
            let text = std::fs::read_to_string(&entry).expect("a source");
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
            files.push((entry.strip_prefix(root()).expect("inside").display().to_string(), code));
        }
    }
}

/// The lines that are code, without comments.
fn code_lines(code: &str) -> impl Iterator<Item = &str> {
    code.lines().filter(|line| !line.trim_start().starts_with("//"))
}

fn room(path: &str) -> &str {
    let rest = path.strip_prefix("src/").expect("under src");
    rest.split(['/', '.']).next().expect("a room")
}

/// What stands behind each `crate::` of a file: the room, and what follows.
fn imports(code: &str) -> Vec<String> {
    code_lines(code)
        .flat_map(|line| line.match_indices("crate::").map(|(at, _)| &line[at + 7..]).collect::<Vec<_>>())
        .map(|rest| rest.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn the_import_map_holds() {
    let map: BTreeMap<&str, &[&str]> = MAP.into_iter().collect();
    let mut wrong = Vec::new();
    for (path, code) in sources().iter().filter(|(path, _)| !matches!(path.as_str(), "src/lib.rs" | "src/main.rs")) {
        let own = room(path);
        let allowed = map.get(own).unwrap_or_else(|| panic!("{path}: the map does not know the room {own}"));
        for import in imports(code) {
            let target = import.split("::").next().unwrap_or_default();
            let fits = target == own
                || (LEAVES.contains(&target) && !LEAVES.contains(&own))
                || allowed.iter().any(|a| import == *a || import.starts_with(&format!("{a}::")));
            if !fits {
                wrong.push(format!("{path}: {own} may not import crate::{import}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn telephony_and_collection_never_see_each_other_and_web_never_sees_bridge() {
    for (path, code) in sources() {
        for (own, other) in [("telephony", "collection"), ("collection", "telephony"), ("web", "bridge"), ("bridge", "web")] {
            if room(&path) == own {
                assert!(!imports(&code).iter().any(|import| import.split("::").next() == Some(other)), "{path} imports {other}");
            }
        }
    }
}

#[test]
fn caged_crates_stay_in_their_cages() {
    let mut wrong = Vec::new();
    for (path, code) in sources() {
        for (name, cages) in CAGED {
            let named = code_lines(&code).any(|line| {
                line.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == name)
                    && (line.contains(&format!("{name}::")) || line.contains(&format!("use {name}")))
            });
            if named && !cages.iter().any(|cage| path.starts_with(cage)) {
                wrong.push(format!("{path} names {name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_pure_rooms_do_no_io_and_read_no_clock() {
    let mut wrong = Vec::new();
    for (path, code) in sources().iter().filter(|(path, _)| PURE.iter().any(|room| path.starts_with(room))) {
        for line in code_lines(code) {
            wrong.extend(IMPURE.iter().filter(|name| line.contains(*name)).map(|name| format!("{path}: {name}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_and_functions_are_short() {
    let mut wrong = Vec::new();
    for (path, code) in sources() {
        let lines = code.lines().count();
        if lines > FILE_LINES_MAX {
            wrong.push(format!("{path}: {lines} lines, at most {FILE_LINES_MAX}"));
        }
        wrong.extend(
            long_functions(&code).into_iter().map(|(name, lines)| format!("{path}: fn {name} has {lines} lines, at most {FUNCTION_LINES_MAX}")),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Functions by the indentation of their first and last line, which rustfmt keeps true.
fn long_functions(code: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = code.lines().collect();
    let mut long = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let trimmed = line.trim_start();
        let Some(at) = trimmed.find("fn ").filter(|at| *at == 0 || trimmed[..*at].ends_with(' ')) else { continue };
        if trimmed.starts_with("//") || trimmed.contains('"') {
            continue;
        }
        let indent = line.len() - trimmed.len();
        let end = lines[start..].iter().position(|l| l.starts_with(&format!("{}}}", " ".repeat(indent))) && l.trim() == "}");
        if let Some(length) = end.filter(|length| *length + 1 > FUNCTION_LINES_MAX) {
            let name = trimmed[at + 3..].split(['(', '<']).next().unwrap_or_default().to_owned();
            long.push((name, length + 1));
        }
    }
    long
}

#[test]
fn no_file_is_named_for_nothing() {
    let vague: BTreeSet<&str> = ["utils", "util", "helpers", "helper", "misc", "common", "manager"].into();
    for (path, _) in sources() {
        assert!(!path.split(['/', '.']).any(|part| vague.contains(part)), "{path}");
    }
}

#[test]
fn every_mod_rs_opens_with_its_purpose_and_holds_no_logic() {
    for (path, code) in sources().iter().filter(|(path, _)| path.ends_with("/mod.rs") && !path.starts_with("src/cli/")) {
        assert!(code.starts_with("//!"), "{path} does not say what it is for");
        assert!(!code.contains("fn "), "{path} holds logic");
    }
}
