//! `belbrug serve`: the service, until it is told to stop.

use std::net::TcpListener;
use std::path::Path;

use anyhow::Context;
use belbrug::config;

use super::service::Service;

pub(crate) async fn serve(config: &Path) -> anyhow::Result<()> {
    let config = config::load(config)?;
    super::start_log(&config.log.filter)?;
    let listen = config.web.listen;
    let listener = TcpListener::bind(listen).with_context(|| format!("[web] listen {listen} cannot be had: is another Belbrug running?"))?;
    Service::start(&config, listener).await?.until_stopped().await
}
