use super::ladder::{events, rung};
#[test]
fn print_all() {
    for version in ["asterisk22", "asterisk16"] {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/captures").join(version);
        let Ok(dir) = std::fs::read_dir(folder) else { continue };
        let mut files: Vec<_> = dir.map(|e| e.unwrap().path()).collect();
        files.sort();
        let mut out = String::new();
        for f in files {
            let (events, tracker) = events(&std::fs::read(&f).unwrap());
            out += &format!("== {}\n", f.file_stem().unwrap().to_str().unwrap());
            for e in &events {
                out += &format!("{}\n", rung(e));
            }
            if tracker.calls().count() > 0 {
                out += "OPEN!\n";
            }
        }
        std::fs::write(format!("/tmp/ladders-{version}.txt"), out).unwrap();
    }
}
