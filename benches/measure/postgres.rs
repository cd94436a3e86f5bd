//! A PostgreSQL cluster of the benchmark's own, durable as it is by default.

use std::path::{Path, PathBuf};
use std::process::Command;

const BIN: &str = "/usr/lib/postgresql/15/bin";

pub(crate) struct Cluster {
    folder: PathBuf,
    pub(crate) url: String,
}

impl Cluster {
    /// Makes and starts a cluster in `folder`, which becomes the property of the user `postgres`: it refuses to be root.
    pub(crate) fn start(folder: &Path) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|s| s.local_addr()).expect("a free port").port();
        let cluster = Self { folder: folder.join("cluster"), url: format!("postgres://belbrug@127.0.0.1:{port}/postgres") };
        let path = cluster.folder.display().to_string();
        std::fs::create_dir(&cluster.folder).expect("the folder");
        for path in [folder, &cluster.folder] {
            run(Command::new("chown").arg("postgres").arg(path));
        }
        for above in folder.ancestors() {
            run(Command::new("chmod").arg("o+x").arg(above));
        }
        run(as_postgres("initdb").args(["--no-sync", "--auth=trust", "--username=belbrug", "-D", &path]));
        let options = format!("-p {port} -h 127.0.0.1 -k {path}");
        run(as_postgres("pg_ctl").args(["-D", &path, "-w", "-l", &format!("{path}/log"), "-o", &options, "start"]));
        cluster
    }

    /// Takes the database away, or gives it back: every process of it.
    pub(crate) fn pause(&self, is_away: bool) {
        let pid = std::fs::read_to_string(self.folder.join("postmaster.pid")).expect("its pid");
        let signal = if is_away { "-STOP" } else { "-CONT" };
        let pid = pid.lines().next().expect("a line");
        run(Command::new("sh").arg("-c").arg(format!("kill {signal} {pid} $(pgrep -P {pid})")));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        run(as_postgres("pg_ctl").args(["-D", &self.folder.display().to_string(), "-m", "immediate", "stop"]));
    }
}

fn as_postgres(program: &str) -> Command {
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--", &format!("{BIN}/{program}")]).current_dir("/");
    command
}

fn run(command: &mut Command) {
    let done = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}; run scripts/tools"));
    assert!(done.status.success(), "{done:?}");
}
