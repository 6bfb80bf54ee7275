//! What causes ask for, worded once, so that a report can say which piece of evidence would decide most.

use super::Need;
use crate::server::{Generation, Server};

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
