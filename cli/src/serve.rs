//! `tidegate serve`: the approver's page of a demo's account, on this machine alone, until it is stopped.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use tidegate_local_account::{LocalAccount, Server, Services, Setup};
use tidegate_registry::Stage;

use crate::error::CliError;
use crate::registry::At;
use crate::terminal::Outcome;

/// Serve the approver's page of a demo's account on this machine, so that its decision links open
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The folder that `tidegate demo` left its buckets and table in
    #[arg(long, value_name = "FOLDER")]
    state: PathBuf,
    /// The port, on 127.0.0.1; 0 for one that is free
    #[arg(long, value_name = "NUMBER", default_value_t = 8080)]
    port: u16,
    /// Which of the accounts it is: dev, test or prod
    #[arg(long, value_name = "STAGE", default_value = "dev")]
    stage: Stage,
    /// As if it were that moment: links of a demo that plays in 2013 are long over [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<At>,
}

/// Serves until the process is ended.
pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, CliError> {
    let folder = &arguments.state;
    Services::open_to_read(folder).map_err(|source| CliError::NoState { path: folder.clone(), source })?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CliError::demo)?;
    runtime.block_on(async {
        let setup = Setup { stage: arguments.stage, ..Setup::default() };
        let account = Arc::new(LocalAccount::start_with(folder, setup).await.map_err(CliError::demo)?);
        let server = match arguments.at {
            Some(at) => {
                let started = Instant::now();
                let clock = move || at.ms().saturating_add(i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX));
                Server::start_at(account, arguments.port, Arc::new(clock)).await
            }
            None => Server::start(account, arguments.port).await,
        };
        let server = server.map_err(CliError::demo)?;
        let says = format!("Decision links of this account open at {}/decision?t=… until you press Ctrl-C.\n", server.url);
        std::io::stdout().write_all(says.as_bytes()).map_err(CliError::demo)?;
        std::future::pending::<()>().await;
        Ok(Outcome::good(String::new()))
    })
}
