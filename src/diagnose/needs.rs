//! What causes ask for, worded once, so that a report can say which piece of evidence would decide most.

use super::logged::of_status;
use super::{Case, Need};
use crate::evidence::{StoreListing, Verification};
use crate::httpsys::Extent;
use crate::server::{Generation, Server};

/// Whether it was given already, and whole.
pub(super) fn is_given(case: &Case<'_>, need: &Need) -> bool {
    if *need == log() {
        return of_status(&case.logged, &case.status).any(|one| one.win32.is_some());
    }
    let Some(command) = need.command.as_deref() else { return false };
    let server = case.server;
    if let Some(store) = command.strip_prefix("certutil -store ") {
        return server.evidence.store(store).is_some_and(StoreListing::is_whole);
    }
    let of_user =
        |store: &StoreListing| store.is_called("My") && store.part.as_deref().is_some_and(|part| part.eq_ignore_ascii_case("-user"));
    match command {
        "certutil -verify -urlfetch client.cer" => server.evidence.verifications.iter().any(Verification::tried_urls),
        "certutil -user -store My" => server.evidence.stores.iter().any(of_user),
        "netsh http show sslcert" => server.records.as_ref().is_some_and(|records| records.extent == Extent::Whole),
        command if command.starts_with("reg export ") && command.contains(r"\SCHANNEL ") => {
            server.schannel.as_ref().is_some_and(|schannel| schannel.place.is_some())
        }
        _ => false,
    }
}

/// The verification of a client certificate on the server.
pub(super) fn verification() -> Need {
    Need::command(
        "the output, on this server, of the verification of a certificate of a refused client",
        "certutil -verify -urlfetch client.cer",
    )
}

/// The records of HTTP.sys.
pub(super) fn records(server: &Server) -> Need {
    if server.generation == Generation::Iis6 {
        Need::command("the SSL records that HTTP.sys really has", "httpcfg query ssl")
    } else {
        Need::command("the SSL records of HTTP.sys", "netsh http show sslcert")
    }
}

/// The log.
pub(super) fn log() -> Need {
    Need::plain("the log of the site with sc-status, sc-substatus and sc-win32-status, of the time of the refusals")
}

/// The proxy of the system.
pub(super) fn proxy(server: &Server) -> Need {
    let what = "the WinHTTP proxy of the system, through which revocation lists are fetched";
    Need::command(what, if server.generation == Generation::Iis6 { "proxycfg" } else { "netsh winhttp show proxy" })
}

/// The configuration itself.
pub(super) fn configuration(server: &Server) -> Need {
    Need::plain(match server.generation {
        Generation::Iis6 => "the whole MetaBase.xml",
        Generation::Iis7 | Generation::IisExpress => "applicationHost.config of the server",
    })
}
