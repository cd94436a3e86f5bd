//! A database of one test's own: a SQLite file, or a PostgreSQL cluster on a port of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use belbrug::store::pool::Store;
use belbrug::store::writer::Writer;
use tokio::task::JoinHandle;

use crate::lab::until;

/// An open database with its writer.
pub(crate) struct Database {
    pub(crate) store: Store,
    pub(crate) writer: Writer,
    pub(crate) url: String,
    _writing: JoinHandle<()>,
    cluster: Option<Cluster>,
    pub(crate) folder: tempfile::TempDir,
}

/// A database that nobody uses.
pub(crate) struct AtRest {
    pub(crate) url: String,
    _cluster: Option<Cluster>,
    pub(crate) folder: tempfile::TempDir,
}

/// A running PostgreSQL.
pub(crate) struct Cluster {
    folder: PathBuf,
    port: u16,
    pub(crate) url: String,
}

const BIN: &str = "/usr/lib/postgresql/15/bin";

impl Database {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}", folder.path().join("belbrug.db").display());
        Self::open(url, None, folder).await
    }

    pub(crate) async fn postgres() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let cluster = Cluster::start(folder.path()).await;
        Self::open(cluster.url.clone(), Some(cluster), folder).await
    }

    async fn open(url: String, cluster: Option<Cluster>, folder: tempfile::TempDir) -> Self {
        let store = Store::open(&url).await.expect("an open database");
        let (writer, writing) = Writer::start(store.clone());
        Self { store, writer, url, _writing: writing, cluster, folder }
    }

    /// As it is when no service runs: written to its end, and closed. The database itself goes on.
    pub(crate) async fn at_rest(self) -> AtRest {
        let Self { store, writer, url, _writing: writing, cluster, folder } = self;
        drop(writer);
        writing.await.expect("the writer's end");
        store.close().await;
        AtRest { url, _cluster: cluster, folder }
    }

    /// Takes the database away for a while: only PostgreSQL can be.
    pub(crate) fn pause(&self, is_away: bool) {
        self.cluster.as_ref().expect("PostgreSQL").signal(if is_away { "-STOP" } else { "-CONT" });
    }
}

fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|e| panic!("{command:?}: {e}; run scripts/tools"))
}

/// As the user that PostgreSQL runs as: it refuses to be root.
fn as_postgres(program: &str) -> Command {
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--", &format!("{BIN}/{program}")]).current_dir("/");
    command
}

impl Cluster {
    /// Makes a cluster in this folder, which becomes the property of the user `postgres`, and starts it.
    pub(crate) async fn start(parent: &Path) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|s| s.local_addr()).expect("a free port").port();
        let cluster = Self { folder: parent.join("cluster"), port, url: format!("postgres://belbrug@127.0.0.1:{port}/postgres") };
        let folder = cluster.folder.display().to_string();
        std::fs::create_dir(&cluster.folder).expect("the folder");
        for path in [parent, &cluster.folder] {
            assert!(run(Command::new("chown").arg("postgres").arg(path)).status.success());
        }
        let made = run(as_postgres("initdb").args(["--no-sync", "--auth=trust", "--username=belbrug", "-D", &folder]));
        assert!(made.status.success(), "{made:?}");
        cluster.start_again().await;
        assert!(until(|| std::net::TcpStream::connect(("127.0.0.1", port)).ok()).await.is_some(), "PostgreSQL does not listen");
        cluster
    }

    /// Starts it on its port, again and again as a service manager does: after a kill its last process may still be ending.
    /// What it says it has written is with the kernel, which outlives it: `fsync` would only cost time.
    pub(crate) async fn start_again(&self) {
        let folder = self.folder.display();
        let options = format!("-p {} -h 127.0.0.1 -k {folder} -c fsync=off", self.port);
        let start = || run(as_postgres("pg_ctl").args(["-D", &folder.to_string(), "-w", "-l", &format!("{folder}/log"), "-o", &options, "start"]));
        let started = until(|| Some(start()).filter(|said| said.status.success()));
        let log = || std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        assert!(started.await.is_some(), "PostgreSQL does not start:\n{}", log());
    }

    /// SIGKILL to all its processes, as when the machine has run out of memory.
    pub(crate) fn kill(&self) {
        self.signal("-KILL");
    }

    /// A signal to all its processes: those that serve connections, too.
    fn signal(&self, signal: &str) {
        let pid = std::fs::read_to_string(self.folder.join("postmaster.pid")).expect("its pid");
        let pid = pid.lines().next().expect("a line");
        let said = run(Command::new("sh").arg("-c").arg(format!("kill {signal} {pid} $(pgrep -P {pid})")));
        assert!(said.status.success(), "{said:?}");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = run(as_postgres("pg_ctl").args(["-D", &self.folder.display().to_string(), "-m", "immediate", "stop"]));
    }
}
