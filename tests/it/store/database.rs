//! A database of one test's own: a SQLite file, or a PostgreSQL cluster on a port of its own.

use std::path::PathBuf;
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
        let cluster = Cluster { folder: folder.path().join("cluster") };
        let port = cluster.start().await;
        Self::open(format!("postgres://belbrug@127.0.0.1:{port}/postgres"), Some(cluster), folder).await
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
        let pid = std::fs::read_to_string(self.cluster.as_ref().expect("PostgreSQL").folder.join("postmaster.pid")).expect("its pid");
        let signal = if is_away { "-STOP" } else { "-CONT" };
        // The whole group: the processes that serve connections, too.
        let pid = pid.lines().next().expect("a line");
        let said = run(Command::new("sh").arg("-c").arg(format!("kill {signal} {pid} $(pgrep -P {pid})")));
        assert!(said.status.success(), "{said:?}");
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
    async fn start(&self) -> u16 {
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|s| s.local_addr()).expect("a free port").port();
        let folder = self.folder.display().to_string();
        let parent = self.folder.parent().expect("its parent");
        std::fs::create_dir(&self.folder).expect("the folder");
        for path in [parent, &self.folder] {
            assert!(run(Command::new("chown").arg("postgres").arg(path)).status.success());
        }
        let made = run(as_postgres("initdb").args(["--no-sync", "--auth=trust", "--username=belbrug", "-D", &folder]));
        assert!(made.status.success(), "{made:?}");
        let options = format!("-p {port} -h 127.0.0.1 -k {folder} -c fsync=off");
        let started = run(as_postgres("pg_ctl").args(["-D", &folder, "-w", "-l", &format!("{folder}/log"), "-o", &options, "start"]));
        assert!(started.status.success(), "{started:?}");
        assert!(until(|| std::net::TcpStream::connect(("127.0.0.1", port)).ok()).await.is_some(), "PostgreSQL does not listen");
        port
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = run(as_postgres("pg_ctl").args(["-D", &self.folder.display().to_string(), "-m", "immediate", "stop"]));
    }
}
