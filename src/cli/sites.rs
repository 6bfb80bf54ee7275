//! `iisaudit sites`: every site with its bindings and effective settings.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Common, Outcome, complain, judge_inputs, no_site};
use crate::compare::find_site;
use crate::{facts, report};

/// Shows every site with its bindings, its SSL and client-certificate settings, and where each value comes from
#[derive(Args)]
#[command(after_help = "Examples:
  iisaudit sites MetaBase.xml
  iisaudit sites C:/Windows/System32/inetsrv/config --site \"Default Web Site\"
  iisaudit sites servers/ --format json
  iisaudit sites servers/ --format ndjson > facts.ndjson
  duckdb -c \"SELECT server, site, value FROM 'facts.ndjson' WHERE setting = 'cert-check-mode'\"")]
pub(super) struct SitesArguments {
    /// Files, directories, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Only this site: an id, a name or a host header; may be given several times
    #[arg(long, value_name = "SITE")]
    site: Vec<String>,
    /// How results are written
    #[arg(long, value_enum, default_value_t = SitesFormat::Table)]
    format: SitesFormat,
}

/// How sites are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SitesFormat {
    /// Text for people
    Table,
    /// JSON for programs, described by schemas/report-sites.schema.json
    Json,
    /// Facts for DuckDB, Spark or pandas: one value a line as JSON, described by schemas/facts.schema.json
    Ndjson,
    /// The same facts as a table for spreadsheets
    Csv,
}

pub(super) fn run(arguments: &SitesArguments, common: &Common) -> Outcome {
    let mut estate = match common.read(&arguments.paths) {
        Ok(estate) => estate,
        Err(outcome) => return outcome,
    };
    let outcome = judge_inputs(&estate, &arguments.paths);
    if !arguments.site.is_empty() && !estate.servers.is_empty() {
        let wrong: Vec<String> = arguments.site.iter().filter_map(|site| no_site(&estate.servers, site)).collect();
        if !wrong.is_empty() {
            for message in wrong {
                complain(&format!("error: --site: {message}"));
            }
            // Where a file could not be read, that may be why the site was not found.
            return if outcome == Outcome::Unreadable { outcome } else { Outcome::Usage };
        }
        for server in &mut estate.servers {
            let wanted: Vec<usize> = arguments.site.iter().filter_map(|site| find_site(server, site).ok()).collect();
            server.keep_sites(&wanted);
        }
        estate.servers.retain(|server| !server.sites.is_empty());
    }
    if outcome == Outcome::NoInput && arguments.format == SitesFormat::Table {
        return outcome;
    }
    outcome.max(match arguments.format {
        SitesFormat::Table => common.print(&report::sites::table(&estate, common.style())),
        SitesFormat::Json => common.stream(|out| report::sites::write_json(&estate, out)),
        SitesFormat::Ndjson => common.stream(|out| report::facts::ndjson(facts::of_estate(&estate), out)),
        SitesFormat::Csv => common.stream(|out| report::facts::csv(facts::of_estate(&estate), out)),
    })
}
