//! Sites as a table: one row a site, one column a setting that is set or differs somewhere. A value that differs from those of the other
//! sites of its server is marked; what is unknown is shown as unknown, never as a default.

use std::collections::BTreeMap;

use super::{Page, SiteKey, View, sign, text_of};
use crate::catalogue::{Setting, Value, access, cert_check, entry};
use crate::report::parts::{self, count};
use crate::report::records;
use crate::server::{Endpoint, Generation, Origin, Resolved, Scope, Server, Settings, Site};

/// Sites of one server that are shown; of more, those that differ come first.
const SITES: usize = 500;
/// A table with more columns than this is wide.
const WIDE: usize = 7;
/// With more rows, servers without findings are folded.
const ROWS: usize = 100;
/// Paths of one site that are shown.
const PATHS: usize = 30;
/// Bindings of one site that are shown.
const BINDINGS: usize = 4;
/// Digits of a thumbprint that are shown.
const DIGITS: usize = 8;
/// Values that the list of what is the same shows of one setting.
const SAME: usize = 3;

/// A column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    /// What the access flags say of client certificates.
    ClientCertificates,
    /// What the access flags say of https.
    Tls,
    /// A setting as it is.
    Of(Setting),
}

/// When a column is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Show {
    Always,
    /// When some site sets it to something, or sites differ.
    Set,
    /// When sites differ.
    Differing,
}

const COLUMNS: [(Column, &str, Show); 18] = [
    (Column::ClientCertificates, "Client certificates", Show::Always),
    (Column::Tls, "https", Show::Always),
    (Column::Of(Setting::CertCheckMode), "Revocation check", Show::Always),
    (Column::Of(Setting::RevocationFreshnessTime), "CRL freshness", Show::Set),
    (Column::Of(Setting::RevocationUrlRetrievalTimeout), "CRL time-out", Show::Set),
    (Column::Of(Setting::CtlIdentifier), "CTL", Show::Set),
    (Column::Of(Setting::CtlStoreName), "CTL store", Show::Set),
    (Column::Of(Setting::NegotiateClientCertificate), "Asks in the first handshake", Show::Set),
    (Column::Of(Setting::DsMapper), "DS mapper", Show::Set),
    (Column::Of(Setting::ServerCertificate), "Server certificate", Show::Set),
    (Column::Of(Setting::ServerCertificateStore), "Certificate store", Show::Set),
    (Column::Of(Setting::IisCertificateMapping), "IIS mapping", Show::Set),
    (Column::Of(Setting::AdCertificateMapping), "AD mapping", Show::Set),
    (Column::Of(Setting::AnonymousAuthentication), "Anonymous", Show::Differing),
    (Column::Of(Setting::UploadReadAheadSize), "Read-ahead", Show::Differing),
    (Column::Of(Setting::MaxContentLength), "Request limit", Show::Differing),
    (Column::Of(Setting::AllowDoubleEscaping), "Double escaping", Show::Differing),
    (Column::Of(Setting::AccessPermissions), "Permissions", Show::Differing),
];

/// What a cell shows.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Shown {
    /// There is no such setting here, or the path says nothing about it.
    Nothing,
    /// It was not assessed.
    Unknown,
    /// There is no value, and nothing is missing that would tell one.
    NoValue,
    /// A value. The second text is the whole of what the first one shortens.
    Value(String, Option<String>),
    /// A text in a file that is no value.
    Malformed(String),
    /// The endpoints of the site have values of their own.
    ByEndpoint(Vec<(String, String)>),
}

#[derive(Debug, Clone)]
struct Cell {
    shown: Shown,
    /// One word where the value is not written at this very place.
    origin: &'static str,
    /// Where the value comes from, for a tooltip.
    why: String,
    /// Whether a file sets it to something, here or above.
    set: bool,
    odd: bool,
}

impl Cell {
    fn nothing() -> Self {
        Cell { shown: Shown::Nothing, origin: "", why: String::new(), set: false, odd: false }
    }

    /// What it is compared by; nothing where it has no value that is known.
    fn key(&self) -> Option<String> {
        match &self.shown {
            Shown::Nothing | Shown::Unknown | Shown::NoValue => None,
            Shown::Value(text, whole) => Some(whole.as_ref().unwrap_or(text).to_lowercase()),
            Shown::Malformed(text) => Some(format!("\u{0}{text}")),
            Shown::ByEndpoint(values) => Some(values.iter().map(|(keys, text)| format!("{keys}\u{0}{text}\u{0}")).collect()),
        }
    }
}

/// A row: a site, a path in it, or an endpoint of which no site is known.
#[derive(Debug)]
struct Row<'a> {
    head: Head<'a>,
    cells: Vec<Cell>,
}

#[derive(Debug, Clone, Copy)]
enum Head<'a> {
    Site(&'a Site),
    Path(&'a Scope),
    /// Paths of the site above that are not shown.
    MorePaths(usize),
    Endpoint(&'a Endpoint),
}

/// The rows of one server.
#[derive(Debug)]
struct Block<'a> {
    server: &'a Server,
    /// Sites, each followed by its paths.
    rows: Vec<Row<'a>>,
    /// Sites that are not shown.
    left_out: usize,
}

pub(super) fn section(page: &mut Page, view: &View<'_>) {
    let blocks: Vec<Block<'_>> = view.review.estate.servers.iter().map(|server| block(view, server)).collect();
    let columns: Vec<usize> = (0..COLUMNS.len()).filter(|column| is_shown(&blocks, *column)).collect();
    // On paper a wide table gets pages that are wide.
    page.markup(if columns.len() > WIDE { "<section class=\"wide\" " } else { "<section " });
    page.markup("id=\"sites\" aria-labelledby=\"sites-title\">\n<h2 id=\"sites-title\">Sites</h2>\n");
    if blocks.is_empty() {
        page.markup("<p>No configuration of a server was read.</p>\n</section>\n");
        return;
    }
    legend(page, &blocks, &columns);
    let many = blocks.iter().map(|block| block.rows.len()).sum::<usize>() > ROWS;
    let found = |block: &&Block<'_>| {
        view.at_sites.range((block.server.name.as_str(), None)..).next().is_some_and(|((server, _), _)| *server == block.server.name)
    };
    let (first, rest): (Vec<_>, Vec<_>) = blocks.iter().partition(|block| !many || found(block));
    table(page, view, &first, &columns);
    if !rest.is_empty() {
        page.markup("<details>\n<summary>").text(&count(rest.len(), "server", "servers")).markup(" without findings</summary>\n");
        table(page, view, &rest, &columns);
        page.markup("</details>\n");
    }
    elsewhere(page, &blocks, &columns);
    page.markup("</section>\n");
}

fn table(page: &mut Page, view: &View<'_>, blocks: &[&Block<'_>], columns: &[usize]) {
    if blocks.is_empty() {
        return;
    }
    page.markup(
        "<div class=\"scroll\" role=\"region\" aria-label=\"Sites and their settings\" tabindex=\"0\">\n<table class=\"matrix\">\n",
    );
    page.markup("<thead><tr><th scope=\"col\">Site</th><th scope=\"col\">Findings</th>");
    for (_, title, _) in columns.iter().filter_map(|column| COLUMNS.get(*column)) {
        page.within("<th scope=\"col\">", title, "</th>");
    }
    page.markup("</tr></thead>\n");
    for block in blocks {
        rows(page, view, block, columns);
    }
    page.markup("</table>\n</div>\n");
}

fn block<'a>(view: &View<'a>, server: &'a Server) -> Block<'a> {
    let mut endpoints = vec![Vec::new(); server.sites.len()];
    for endpoint in &server.endpoints {
        for site in &endpoint.sites {
            if let Some(endpoints) = endpoints.get_mut(*site) {
                endpoints.push(endpoint);
            }
        }
    }
    let mut rows: Vec<Row<'_>> = server
        .sites
        .iter()
        .zip(&endpoints)
        .map(|(site, endpoints)| Row { head: Head::Site(site), cells: site_cells(view, server, site, endpoints) })
        .collect();
    if server.sites.is_empty() {
        rows = server
            .endpoints
            .iter()
            .map(|endpoint| Row { head: Head::Endpoint(endpoint), cells: cells(view, server.generation, &endpoint.settings) })
            .collect();
    }
    for (column, (which, _, _)) in COLUMNS.iter().enumerate() {
        // Every site may well have a certificate of its own.
        if *which != Column::Of(Setting::ServerCertificate) {
            mark(&mut rows, column);
        }
    }
    let total = rows.len();
    if total > SITES {
        let odd = rows.iter().filter(|row| row.cells.iter().any(|cell| cell.odd)).count().min(SITES);
        let mut room = (odd, SITES - odd);
        rows.retain(|row| {
            let room = if row.cells.iter().any(|cell| cell.odd) { &mut room.0 } else { &mut room.1 };
            let kept = *room > 0;
            *room = room.saturating_sub(1);
            kept
        });
    }
    let left_out = total - rows.len();
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        let head = row.head;
        all.push(row);
        if let Head::Site(site) = head {
            let root = all.len() - 1;
            let mut paths = 0;
            for scope in site.scopes.iter().skip(1).filter(|scope| (0..COLUMNS.len()).any(|column| said_here(scope, column))) {
                paths += 1;
                if paths > PATHS {
                    continue;
                }
                let mut cells = cells(view, server.generation, &scope.settings);
                for (index, cell) in cells.iter_mut().enumerate() {
                    if !said_here(scope, index) {
                        *cell = Cell::nothing();
                    } else if let Some(above) = all.get(root).and_then(|row| row.cells.get(index)) {
                        cell.odd = cell.key() != above.key();
                    }
                }
                all.push(Row { head: Head::Path(scope), cells });
            }
            if paths > PATHS {
                all.push(Row { head: Head::MorePaths(paths - PATHS), cells: Vec::new() });
            }
        }
    }
    Block { server, rows: all, left_out }
}

/// The setting of a column.
fn setting_of(column: usize) -> Option<Setting> {
    COLUMNS.get(column).map(|(column, _, _)| match column {
        Column::ClientCertificates | Column::Tls => Setting::AccessFlags,
        Column::Of(setting) => *setting,
    })
}

/// Whether a file says the setting of this column for this very path.
fn said_here(scope: &Scope, column: usize) -> bool {
    setting_of(column).and_then(|setting| scope.settings.get(setting)).is_some_and(Resolved::is_explicit)
}

fn cells(view: &View<'_>, generation: Generation, settings: &Settings) -> Vec<Cell> {
    let of = |(column, _, _): &(Column, &str, Show)| {
        let setting = match column {
            Column::ClientCertificates | Column::Tls => Setting::AccessFlags,
            Column::Of(setting) => *setting,
        };
        settings.get(setting).map_or_else(Cell::nothing, |resolved| cell(view, *column, setting, generation, resolved))
    };
    COLUMNS.iter().map(of).collect()
}

fn site_cells(view: &View<'_>, server: &Server, site: &Site, endpoints: &[&Endpoint]) -> Vec<Cell> {
    let Some(root) = site.scopes.first() else { return COLUMNS.iter().map(|_| Cell::nothing()).collect() };
    let mut cells = cells(view, server.generation, &root.settings);
    for (column, cell) in cells.iter_mut().enumerate() {
        if setting_of(column).is_some_and(|setting| server.disputed(site, setting).is_some()) {
            cell.why.push_str(" – written; in effect not known");
        }
    }
    let differing = records::differing(server, endpoints, site);
    for (column, cell) in cells.iter_mut().enumerate() {
        let Some(setting) = setting_of(column).filter(|setting| differing.contains(setting)) else { continue };
        let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for endpoint in endpoints {
            let Some(resolved) = endpoint.settings.get(setting) else { continue };
            let text = resolved.known().map_or_else(|| "?".to_owned(), |value| short(setting, value, server.generation).0);
            values.entry(text).or_default().push(endpoint.key.to_string());
        }
        let values = values.into_iter().map(|(text, keys)| (records::named(&keys), text)).collect();
        *cell = Cell {
            shown: Shown::ByEndpoint(values),
            origin: "",
            why: "differs between the endpoints of this site".to_owned(),
            set: true,
            odd: false,
        };
    }
    cells
}

fn cell(view: &View<'_>, column: Column, setting: Setting, generation: Generation, resolved: &Resolved) -> Cell {
    let (origin, why, set) = match &resolved.origin {
        Origin::Explicit { at } => ("", text_of(view.places, *at), true),
        Origin::Inherited { from, at } => ("inherited", format!("inherited from {from} at {}", text_of(view.places, *at)), true),
        Origin::Default { why } => ("default", format!("default: {why}"), false),
        Origin::Unknown { needs } => {
            // Where no record serves the endpoint nothing is missing that would tell.
            let (shown, why) = match needs.strip_prefix("nothing: ") {
                Some(why) => (Shown::NoValue, format!("no value: {why}")),
                None => (Shown::Unknown, format!("not assessed; needs: {needs}")),
            };
            return Cell { shown, origin: "", why, set: false, odd: false };
        }
    };
    let shown = match (&resolved.value, column) {
        (Value::Malformed(text), _) => Shown::Malformed(text.clone()),
        (Value::Flags(bits), Column::ClientCertificates) => Shown::Value(client_certificates(*bits), None),
        (Value::Flags(bits), Column::Tls) => Shown::Value(tls(*bits).to_owned(), None),
        (value, _) => {
            let (text, whole) = short(setting, value, generation);
            Shown::Value(text, whole)
        }
    };
    let meaning = resolved.value.meaning(setting);
    let why =
        if meaning.is_empty() || matches!(resolved.value, Value::Text(_) | Value::Bytes(_)) { why } else { format!("{meaning} – {why}") };
    // A record states every one of its values, and most of them are nothing, zero, no, or the usual store.
    let plain = match &resolved.value {
        Value::None | Value::Flags(0) | Value::Number(0) | Value::Bool(false) => true,
        Value::Text(text) => setting == Setting::ServerCertificateStore && text.eq_ignore_ascii_case("MY"),
        Value::Flags(_) | Value::Number(_) | Value::Bool(true) | Value::Bytes(_) | Value::Malformed(_) => false,
    };
    Cell { shown, origin, why, set: set && !plain, odd: false }
}

/// What the flags do with client certificates, in the words of IIS Manager.
pub(in crate::report) fn client_certificates(bits: u32) -> String {
    let mut text = match (bits & access::REQUIRE != 0, bits & access::NEGOTIATE != 0) {
        (true, true) => "require",
        (true, false) => "require, but never ask",
        (false, true) => "accept",
        (false, false) => "ignore",
    }
    .to_owned();
    if bits & access::MAP != 0 {
        text.push_str(", map");
    }
    let unknown = bits & !access::KNOWN;
    if unknown != 0 {
        text.push_str(&format!(", unknown bits {unknown:#x}"));
    }
    text
}

fn tls(bits: u32) -> &'static str {
    match (bits & access::SSL != 0, bits & access::SSL128 != 0) {
        (true, false) => "required",
        (true, true) => "required, 128 bits",
        (false, true) => "not required, 128 bits",
        (false, false) => "not required",
    }
}

/// The value in few words, and the whole of it where it was shortened.
fn short(setting: Setting, value: &Value, generation: Generation) -> (String, Option<String>) {
    match value {
        Value::Flags(bits) if setting == Setting::CertCheckMode => (revocation(*bits), None),
        Value::Number(number) => {
            let unit = match entry(setting).unit {
                "seconds" => "s",
                "milliseconds" => "ms",
                unit => unit,
            };
            (format!("{number} {unit}"), None)
        }
        Value::Bool(value) => (if *value { "yes" } else { "no" }.to_owned(), None),
        Value::None => ("none".to_owned(), None),
        Value::Bytes(bytes) if bytes.len() * 2 > DIGITS => {
            let whole = value.show(setting, generation);
            (format!("{}…", whole.get(..DIGITS).unwrap_or_default()), Some(whole))
        }
        Value::Flags(_) | Value::Bytes(_) | Value::Text(_) | Value::Malformed(_) => (value.show(setting, generation), None),
    }
}

/// CertCheckMode in few words, with its number: each bit does one thing, and only bit 1 switches the check off.
pub(in crate::report) fn revocation(bits: u32) -> String {
    let mut parts = vec![if bits & cert_check::NO_REVOCATION != 0 {
        "off"
    } else if bits & cert_check::CACHE_ONLY != 0 {
        "on, cached CRLs only"
    } else {
        "on"
    }];
    if bits & cert_check::FRESHNESS != 0 {
        parts.push("freshness time counts");
    }
    if bits & cert_check::NO_USAGE != 0 {
        parts.push("no usage check");
    }
    if bits & !cert_check::KNOWN != 0 {
        parts.push("unknown bits");
    }
    format!("{} ({bits})", parts.join(", "))
}

/// Marks the cells of a column that differ from most of the others; where no value has a majority, all of them.
fn mark(rows: &mut [Row<'_>], column: usize) {
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    let keys: Vec<Option<String>> = rows.iter().map(|row| row.cells.get(column).and_then(Cell::key)).collect();
    for key in keys.iter().flatten() {
        *numbers.entry(key.clone()).or_default() += 1;
    }
    if numbers.len() < 2 {
        return;
    }
    let all: usize = numbers.values().sum();
    let usual = numbers.into_iter().find(|(_, number)| number * 2 > all).map(|(key, _)| key);
    for (row, key) in rows.iter_mut().zip(keys) {
        if let Some(cell) = row.cells.get_mut(column) {
            cell.odd = key.is_some() && key != usual;
        }
    }
}

fn column_of<'a>(blocks: &'a [Block<'_>], column: usize) -> impl Iterator<Item = &'a Cell> {
    blocks.iter().flat_map(|block| &block.rows).filter_map(move |row| row.cells.get(column))
}

fn is_shown(blocks: &[Block<'_>], column: usize) -> bool {
    let first = || column_of(blocks, column).find_map(Cell::key);
    let differs = || {
        let first = first();
        column_of(blocks, column).filter_map(Cell::key).any(|key| Some(key) != first)
    };
    match COLUMNS.get(column).map(|(_, _, show)| show) {
        Some(Show::Always) => true,
        Some(Show::Set) => column_of(blocks, column).any(|cell| cell.set) || differs(),
        Some(Show::Differing) => differs(),
        None => false,
    }
}

fn legend(page: &mut Page, blocks: &[Block<'_>], columns: &[usize]) {
    let any = |wanted: &dyn Fn(&Cell) -> bool| columns.iter().any(|column| column_of(blocks, *column).any(wanted));
    page.markup("<ul class=\"legend\">\n");
    if any(&|cell| cell.odd) {
        page.markup("<li><span class=\"mark\">≠</span> differs from most sites of its server, or where there is no majority from some; on a path: from the root of its site</li>\n");
    }
    if any(&|cell| cell.shown == Shown::Unknown) {
        page.markup("<li><span class=\"unknown\">?</span> not assessed: the file that decides it was not given, or its claims contradict each other</li>\n");
    }
    if any(&|cell| cell.shown == Shown::NoValue) {
        page.markup("<li><span class=\"unknown\">∅</span> no value, because no record serves the endpoint</li>\n");
    }
    if any(&|cell| matches!(cell.shown, Shown::Malformed(_))) {
        page.markup("<li><span class=\"mark\">!</span> a text that is no value of the setting</li>\n");
    }
    page.markup("<li><small>default</small> nothing sets it; <small>inherited</small> it is set above</li>\n");
    page.markup("<li>Point at a cell for its meaning and place; <code>iisaudit sites</code> prints all of them.</li>\n</ul>\n");
}

fn rows(page: &mut Page, view: &View<'_>, block: &Block<'_>, columns: &[usize]) {
    let server = block.server;
    page.within("<tbody>\n<tr class=\"server\"><th scope=\"rowgroup\"><bdi>", &server.name, "</bdi> <small>");
    page.text(&server.generation.to_string()).markup("</small></th><td>");
    tally(page, view, (&server.name, None));
    page.markup("</td>");
    for _ in columns {
        page.markup("<td></td>");
    }
    page.markup("</tr>\n");
    if server.sites.is_empty() {
        note(page, columns, if server.lists_sites { "It has no sites." } else { "No list of sites was given." });
    }
    for row in &block.rows {
        let says = |column: &usize| row.cells.get(*column).is_some_and(|cell| cell.shown != Shown::Nothing);
        match row.head {
            // What it sets is the same everywhere, and said so below.
            Head::Path(_) if !columns.iter().any(says) => continue,
            Head::MorePaths(number) => {
                let text = format!("{} that set something; `iisaudit sites` prints all.", count(number, "more path", "more paths"));
                note(page, columns, &text);
                continue;
            }
            Head::Site(_) | Head::Path(_) | Head::Endpoint(_) => {}
        }
        head(page, view, server, row.head);
        for cell in columns.iter().filter_map(|column| row.cells.get(*column)) {
            self::cell_of(page, cell, matches!(row.head, Head::Path(_)));
        }
        page.markup("</tr>\n");
    }
    if block.left_out > 0 {
        let text = format!(
            "{} that {} not shown here; those that differ come first. `iisaudit sites` prints all.",
            count(block.left_out, "more site", "more sites"),
            if block.left_out == 1 { "is" } else { "are" }
        );
        note(page, columns, &text);
    }
    page.markup("</tbody>\n");
}

/// A row with a remark.
fn note(page: &mut Page, columns: &[usize], text: &str) {
    page.within("<tr class=\"note\"><td colspan=\"", &(columns.len() + 2).to_string(), "\">").text(text).markup("</td></tr>\n");
}

fn head(page: &mut Page, view: &View<'_>, server: &Server, head: Head<'_>) {
    match head {
        Head::Site(site) => {
            page.markup("<tr><th scope=\"row\">");
            match (site.id, site.name.as_str()) {
                (Some(id), "") => page.markup("site ").text(&id.to_string()),
                (None, name) => page.within("<bdi>", name, "</bdi>"),
                (Some(id), name) => page.within("<bdi>", name, "</bdi>").within(" <small>id ", &id.to_string(), "</small>"),
            };
            match (site.declared, site.auto_start) {
                (true, true) => {}
                (true, false) => {
                    page.markup(" <small>does not start by itself</small>");
                }
                (false, _) => {
                    page.markup(" <small>known from location tags only</small>");
                }
            }
            for binding in site.bindings.iter().take(BINDINGS) {
                page.within("<span class=\"binding\">", &binding.protocol, " ").text(&binding.written);
                if let Some(flags) = parts::binding_flags(binding) {
                    page.within(" <small>", &flags, "</small>");
                }
                page.markup("</span>");
            }
            if site.bindings.len() > BINDINGS {
                let more = count(site.bindings.len() - BINDINGS, "more binding", "more bindings");
                page.within("<span class=\"binding\">", &more, "</span>");
            }
            page.markup("</th><td>");
            tally(page, view, (&server.name, Some((site.id, &site.name))));
            page.markup("</td>");
        }
        Head::Path(scope) => {
            page.within("<tr class=\"path\"><th scope=\"row\"><code>", &scope.path, "</code></th><td></td>");
        }
        Head::MorePaths(_) => {}
        Head::Endpoint(endpoint) => {
            page.within("<tr><th scope=\"row\">record <code>", &endpoint.key.to_string(), "</code></th><td></td>");
        }
    }
}

/// How many findings there are, with a link to the worst.
fn tally(page: &mut Page, view: &View<'_>, key: SiteKey<'_>) {
    let Some(tally) = view.at_sites.get(&key) else { return };
    page.within("<a class=\"tally\" href=\"#", view.anchor(tally.first), "\"><span aria-hidden=\"true\">");
    page.markup(sign(tally.worst)).markup("</span> ").number(tally.number);
    page.within("<span class=\"hidden\">, the worst is ", tally.worst.name(), "</span></a>");
}

fn cell_of(page: &mut Page, cell: &Cell, below: bool) {
    if cell.shown == Shown::Nothing {
        page.markup(if below { "<td></td>" } else { "<td class=\"unknown\">–</td>" });
        return;
    }
    page.within(if cell.odd { "<td class=\"odd\" title=\"" } else { "<td title=\"" }, &cell.why, "\">");
    if cell.odd {
        page.markup("<span class=\"mark\" aria-hidden=\"true\">≠\u{a0}</span><span class=\"hidden\">differs: </span>");
    }
    match &cell.shown {
        Shown::Nothing => {}
        Shown::Unknown => {
            page.markup("<span class=\"unknown\"><span aria-hidden=\"true\">?</span><span class=\"hidden\">not assessed</span></span>");
        }
        Shown::NoValue => {
            page.markup("<span class=\"unknown\"><span aria-hidden=\"true\">∅</span><span class=\"hidden\">no value</span></span>");
        }
        Shown::Value(text, None) => {
            page.text(text);
        }
        Shown::Value(text, Some(whole)) => {
            page.within("<code title=\"", whole, "\">").text(text).markup("</code>");
        }
        Shown::Malformed(text) => {
            page.within("<span class=\"mark\">!</span> <code>", text, "</code> <small>no value</small>");
        }
        Shown::ByEndpoint(values) => {
            for (keys, text) in values {
                page.within("<span class=\"binding\"><code>", keys, "</code>: ").text(text).markup("</span>");
            }
        }
    }
    if !cell.origin.is_empty() {
        page.within(" <small>", cell.origin, "</small>");
    }
    page.markup("</td>");
}

/// The columns that are not shown: one value everywhere, or no value that is known.
fn elsewhere(page: &mut Page, blocks: &[Block<'_>], columns: &[usize]) {
    let mut same: Vec<(&str, String)> = Vec::new();
    let mut unknown: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (column, (_, title, _)) in COLUMNS.iter().enumerate().filter(|(column, _)| !columns.contains(column)) {
        let known = column_of(blocks, column).find(|cell| cell.key().is_some());
        let missing = column_of(blocks, column).find(|cell| cell.shown == Shown::Unknown);
        if let Some(known) = known {
            let text = match &known.shown {
                Shown::Value(text, _) | Shown::Malformed(text) => text.clone(),
                Shown::ByEndpoint(values) => values.iter().take(SAME).map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(", "),
                Shown::Nothing | Shown::Unknown | Shown::NoValue => String::new(),
            };
            let origin = if known.origin.is_empty() { "set" } else { known.origin };
            let rest = if missing.is_some() { ", where it is known" } else { "" };
            same.push((title, format!("{text} ({origin}{rest})")));
        } else if let Some(missing) = missing {
            unknown.entry(missing.why.as_str()).or_default().push(title);
        }
    }
    if !same.is_empty() {
        page.markup("<h3>The same everywhere</h3>\n<dl class=\"same\">\n");
        for (title, text) in same {
            page.within("<div><dt>", title, "</dt><dd>").text(&text).markup("</dd></div>\n");
        }
        page.markup("</dl>\n");
    }
    if !unknown.is_empty() {
        page.markup("<h3>Known for no site</h3>\n<ul class=\"unknowns\">\n");
        for (why, titles) in unknown {
            page.within("<li><span class=\"unknown\" aria-hidden=\"true\">?</span> <strong>", &titles.join(", "), "</strong>: ");
            page.text(why).markup("</li>\n");
        }
        page.markup("</ul>\n");
    }
}
