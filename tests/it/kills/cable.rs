//! The cable between Belbrug and the PBX's manager port: it can be cut, and it can stand still.

use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How the cable is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Whole,
    /// Nothing comes through, and nobody is told.
    Still,
    Cut,
}

pub(super) struct Cable {
    /// Where Belbrug finds the PBX.
    pub(super) port: u16,
    state: watch::Sender<State>,
}

impl Cable {
    pub(super) async fn to(pbx_port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let (state, seen) = watch::channel(State::Whole);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(carry(socket, pbx_port, seen.clone()));
            }
        });
        Self { port, state }
    }

    pub(super) fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    pub(super) async fn stall(&self, time: Duration) {
        self.state.send_replace(State::Still);
        tokio::time::sleep(time).await;
        self.cut();
    }

    pub(super) fn mend(&self) {
        self.state.send_replace(State::Whole);
    }
}

/// Carries bytes both ways until the cable is cut; while it stands still, nothing.
async fn carry(mut near: TcpStream, pbx_port: u16, mut state: watch::Receiver<State>) {
    if *state.borrow() == State::Cut {
        return;
    }
    let Ok(mut far) = TcpStream::connect(("127.0.0.1", pbx_port)).await else { return };
    loop {
        let now = *state.borrow_and_update();
        match now {
            State::Cut => return,
            State::Still => {
                if state.changed().await.is_err() {
                    return;
                }
            }
            State::Whole => tokio::select! {
                _ = copy_bidirectional(&mut near, &mut far) => return,
                changed = state.changed() => if changed.is_err() { return },
            },
        }
    }
}
