//! Takes a server that is at hand as a whole. It comes to what its rows would come to, one by one, without making them: sites repeat few sets
//! of values very often, so that a set that was met before is found by what it says.

use std::fmt::Write;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use super::{At, Collector, Fact, Key, Location, Packed, Pool, SETS, Spot, member, once, order, origin};
use crate::catalogue::{Level, Setting, Value, entry};
use crate::estate::InputReport;
use crate::facts::{self, SERVED_BY_RECORD};
use crate::fleet::Text;
use crate::hashing::Seed;
use crate::input::Place;
use crate::server::{Endpoint, Generation, Origin, Resolved, Server, Settings, Site};

/// A set of values that was met, with what it came to.
#[derive(Debug)]
pub(super) struct Known {
    level: Level,
    generation: Generation,
    /// One more value, which is no setting of the catalogue.
    besides: Option<Arc<Fact>>,
    said: Box<[(Setting, Value, &'static str)]>,
    facts: Arc<[Arc<Fact>]>,
    /// For each of the values, in the order of settings, where it stands among the facts.
    positions: Box<[u16]>,
    /// The same for the one besides.
    position_besides: u16,
}

/// Whether two values are spelled alike, too. Values that are merely equal are shown differently.
fn is_spelled_alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Text(one), Value::Text(other)) => *one == *other,
        _ => one == other,
    }
}

/// What of the settings is compared at a level.
fn of_level(settings: &Settings, level: Level) -> impl Iterator<Item = (Setting, &Resolved)> {
    settings.iter().filter(move |(setting, _)| entry(*setting).level == level)
}

impl Known {
    fn is(&self, level: Level, generation: Generation, besides: Option<&Arc<Fact>>, settings: &Settings) -> bool {
        let same_besides = match (&self.besides, besides) {
            (None, None) => true,
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => false,
        };
        let mut said = self.said.iter();
        self.level == level
            && self.generation == generation
            && same_besides
            && of_level(settings, level).all(|(setting, resolved)| {
                said.next().is_some_and(|(known, value, origin)| {
                    *known == setting && *origin == resolved.origin.kind() && is_spelled_alike(value, &resolved.value)
                })
            })
            && said.next().is_none()
    }
}

fn hash(seed: &Seed, level: Level, generation: Generation, besides: Option<&Arc<Fact>>, settings: &Settings) -> u64 {
    let mut hasher = seed.build_hasher();
    generation.hash(&mut hasher);
    hasher.write_u8(level as u8);
    hasher.write_usize(besides.map_or(0, |fact| Arc::as_ptr(fact).addr()));
    for (setting, resolved) in of_level(settings, level) {
        let kind = match &resolved.origin {
            Origin::Explicit { .. } => 0_u64,
            Origin::Inherited { .. } => 1,
            Origin::Default { .. } => 2,
            Origin::Unknown { .. } => 3,
        };
        let what = |value: u8| (setting as u64) << 16 | kind << 8 | u64::from(value);
        match &resolved.value {
            Value::None => hasher.write_u64(what(0)),
            Value::Flags(flags) => {
                hasher.write_u64(what(1));
                hasher.write_u32(*flags);
            }
            Value::Number(number) => {
                hasher.write_u64(what(2));
                hasher.write_u64(*number);
            }
            Value::Bool(on) => hasher.write_u64(what(3 + u8::from(*on))),
            Value::Text(text) => {
                hasher.write_u64(what(5));
                hasher.write(text.as_bytes());
            }
            Value::Bytes(bytes) => {
                hasher.write_u64(what(6));
                hasher.write(bytes);
            }
            Value::Malformed(text) => {
                hasher.write_u64(what(7));
                hasher.write(text.as_bytes());
            }
        }
    }
    hasher.finish()
}

/// The files of a server that places name, each as one text.
struct Files<'a> {
    inputs: &'a [InputReport],
    known: Vec<(u32, Text)>,
    /// Where the values of the path at hand are said, by where they stand among its facts.
    places: Vec<(u16, Place)>,
}

impl Files<'_> {
    fn text(&mut self, pool: &mut Pool, place: Place) -> Text {
        if let Some((_, known)) = self.known.iter().find(|(file, _)| *file == place.file.0) {
            return Arc::clone(known);
        }
        let text = pool.text(facts::path_of(self.inputs, place));
        self.known.push((place.file.0, Arc::clone(&text)));
        text
    }

    fn location(&mut self, pool: &mut Pool, place: Option<Place>) -> Option<Location> {
        place.map(|place| Location { file: self.text(pool, place), line: place.line, column: place.column })
    }
}

/// The files of one site by index.
#[derive(Default)]
struct OfSite {
    /// Those that were looked up, by their number in the run.
    numbers: Vec<(u32, u16)>,
    files: Vec<Text>,
}

impl OfSite {
    /// None for a site of more files than can be counted, whose places then lack.
    fn index(&mut self, pool: &mut Pool, files: &mut Files<'_>, place: Place) -> Option<u16> {
        if let Some((_, index)) = self.numbers.iter().find(|(number, _)| *number == place.file.0) {
            return Some(*index);
        }
        let text = files.text(pool, place);
        let known = self.files.iter().position(|file| *file == text);
        let index = u16::try_from(known.unwrap_or(self.files.len())).ok()?;
        if known.is_none() {
            self.files.push(text);
        }
        self.numbers.push((place.file.0, index));
        Some(index)
    }
}

impl Pool {
    /// The values of one path or endpoint. `besides` is a value of another kind, with its place.
    #[expect(clippy::too_many_arguments, reason = "a path has this much to it")]
    fn at(
        &mut self,
        server: &Server,
        level: Level,
        path: Text,
        settings: &Settings,
        besides: Option<(Arc<Fact>, Option<Place>)>,
        files: &mut Files<'_>,
        of_site: &mut OfSite,
    ) -> At {
        let generation = server.generation;
        let (besides, place_besides) = besides.unzip();
        let hash = hash(self.known.hasher(), level, generation, besides.as_ref(), settings);
        let is = |known: &Known| known.is(level, generation, besides.as_ref(), settings);
        if !self.known.get(&hash).is_some_and(is) {
            if self.known.len() == SETS {
                self.known.clear();
            }
            let new = self.learn(server, level, settings, besides.clone(), files.inputs);
            self.known.insert(hash, new);
        }
        let Some(known) = self.known.get(&hash) else { return At { path, facts: Arc::from([]), spots: Vec::new() } };
        let facts = Arc::clone(&known.facts);
        let said = of_level(settings, level).zip(&known.positions);
        let mut places = std::mem::take(&mut files.places);
        places.extend(said.filter_map(|((_, resolved), position)| Some((*position, resolved.origin.place()?))));
        places.extend(place_besides.flatten().map(|place| (known.position_besides, place)));
        places.sort_unstable_by_key(|(position, _)| *position);
        let mut spots = Vec::with_capacity(places.len());
        for (value, place) in places.drain(..) {
            if let Some(file) = of_site.index(self, files, place) {
                spots.push(Spot { path: 0, value, file, line: place.line, column: place.column });
            }
        }
        files.places = places;
        At { path, facts, spots }
    }

    fn learn(&mut self, server: &Server, level: Level, settings: &Settings, besides: Option<Arc<Fact>>, inputs: &[InputReport]) -> Known {
        let mut said = Vec::new();
        let mut facts: Vec<(Arc<Fact>, usize)> = Vec::new();
        for (index, (setting, resolved)) in of_level(settings, level).enumerate() {
            said.push((setting, resolved.value.clone(), resolved.origin.kind()));
            // By way of its row, so that both ways come to the same.
            facts.extend(self.setting(level, &facts::of_setting(server, inputs, setting, resolved)).map(|fact| (fact, index)));
        }
        facts.extend(besides.clone().map(|fact| (fact, said.len())));
        facts.sort_by(|one, other| one.0.setting.cmp(&other.0.setting));
        let mut positions = vec![u16::MAX; said.len() + 1];
        for (position, (_, index)) in facts.iter().enumerate() {
            // There are fewer settings than that.
            positions[*index] = u16::try_from(position).unwrap_or(u16::MAX);
        }
        let position_besides = positions.pop().unwrap_or_default();
        let facts: Arc<[Arc<Fact>]> = facts.into_iter().map(|(fact, _)| fact).collect();
        let facts = once(&mut self.sets, facts);
        let (said, positions) = (said.into_boxed_slice(), positions.into_boxed_slice());
        Known { level, generation: server.generation, besides, said, facts, positions, position_besides }
    }
}

fn is_in_order_and_unique(paths: &[At]) -> bool {
    paths.is_sorted_by(|one, next| one.path < next.path)
}

impl Collector {
    /// Adds a server. It makes no difference whether that or all its rows are added, which takes longer.
    pub fn server(&mut self, server: &Server, inputs: &[InputReport]) {
        let is_new = |(key, _): &(Key, Packed)| !self.open.contains_key(key) && !self.packed.contains(key);
        // Where rows meet others of the same site, which of them counts has to be decided one by one.
        let Some(new) = self.pool.sites(server, inputs).filter(|new| new.iter().all(is_new)) else {
            facts::of_server(server, inputs).for_each(|fact| self.fact(&fact));
            return;
        };
        for (key, packed) in new {
            self.packed.insert(key, packed);
        }
        self.took(server, inputs);
    }

    /// The same for a server of which no other row will come. Then nothing is left to be done for it in the end.
    pub(crate) fn settle(&mut self, server: &Server, inputs: &[InputReport]) {
        let Some(new) = (!self.servers.contains(&*server.name)).then(|| self.pool.sites(server, inputs)).flatten() else {
            return self.server(server, inputs);
        };
        for (key, packed) in new {
            self.settled.push(member(&mut self.pool, key, packed));
        }
        self.took(server, inputs);
    }

    fn took(&mut self, server: &Server, inputs: &[InputReport]) {
        let name = self.pool.text(&server.name);
        self.servers.insert(name);
        facts::of_registry(server, inputs).into_iter().for_each(|fact| self.fact(&fact));
    }
}

impl Pool {
    /// The sites of a server in the order that they will have in the end; none where two of them, or two values of one, have to be told apart
    /// row by row.
    fn sites(&mut self, server: &Server, inputs: &[InputReport]) -> Option<Vec<(Key, Packed)>> {
        let mut files = Files { inputs, known: Vec::new(), places: Vec::new() };
        let name = self.text(&server.name);
        let mut endpoints: Vec<Vec<&Endpoint>> = vec![Vec::new(); server.sites.len()];
        for endpoint in &server.endpoints {
            for site in &endpoint.sites {
                if let Some(of_site) = endpoints.get_mut(*site) {
                    of_site.push(endpoint);
                }
            }
        }
        let mut new: Vec<(Key, Packed)> = Vec::with_capacity(server.sites.len());
        for (site, endpoints) in server.sites.iter().zip(&endpoints) {
            let key = (Arc::clone(&name), self.text(&site.name), site.id);
            new.push((key, self.site(server, site, endpoints, &mut files)?));
        }
        new.sort_by(|((server, site, id), _), (other, ..)| order((server, site, *id), (&other.0, &other.1, other.2)));
        new.is_sorted_by(|(one, _), (next, _)| one != next).then_some(new)
    }
}

impl Pool {
    fn site(&mut self, server: &Server, site: &Site, endpoints: &[&Endpoint], files: &mut Files<'_>) -> Option<Packed> {
        let mut of_site = OfSite::default();
        let mut paths: Vec<_> = site.scopes.iter().map(|scope| (self.text_in_lower_case(&scope.path), scope)).collect();
        paths.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        let mut applications: Vec<Text> = Vec::new();
        // The root is an application by nature.
        let below = site.scopes.iter().skip(1).filter(|scope| scope.is_application);
        applications.extend(below.map(|scope| self.text_in_lower_case(&scope.path)));
        applications.sort_unstable();
        applications.dedup();
        // One more will be there in the end, for the site as a whole.
        let mut values = Vec::with_capacity(paths.len() + 1);
        for (path, scope) in paths {
            if of_level(&scope.settings, Level::Url).next().is_some() {
                values.push(self.at(server, Level::Url, path, &scope.settings, None, files, &mut of_site));
            }
        }
        let mut text = String::new();
        let mut key = |endpoint: &Endpoint| -> Text {
            text.clear();
            // Writing to a text cannot fail.
            let _ = write!(text, "{}", endpoint.key);
            // Nearly every site has its own, and it is soon forgotten.
            Text::from(&*text)
        };
        let mut endpoints: Vec<_> = endpoints.iter().map(|endpoint| (key(endpoint), *endpoint)).collect();
        endpoints.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        let mut of_endpoints = Vec::with_capacity(endpoints.len());
        for (key, endpoint) in endpoints {
            let served = facts::of_record(server, endpoint, files.inputs).map(|row| {
                let place = server.record_of(endpoint).map(|record| record.place);
                (self.fact(SERVED_BY_RECORD, row.value.as_deref(), "", origin(&row)), place)
            });
            if served.is_some() || of_level(&endpoint.settings, Level::Endpoint).next().is_some() {
                of_endpoints.push(self.at(server, Level::Endpoint, key, &endpoint.settings, served, files, &mut of_site));
            }
        }
        if !is_in_order_and_unique(&values) || !is_in_order_and_unique(&of_endpoints) {
            return None;
        }
        let (mut written, mut flags) = (Vec::with_capacity(site.bindings.len()), Vec::with_capacity(site.bindings.len()));
        for binding in &site.bindings {
            let text = [&*binding.protocol, " ", &*binding.written].concat();
            let location = files.location(self, Some(binding.place));
            written.push((text.into_boxed_str(), location.clone()));
            if let (Some(as_written), Some(location)) = (&binding.flags_written, location) {
                flags.push((location, self.text(&binding.flags.map_or_else(|| as_written.clone(), |flags| flags.to_string()))));
            }
        }
        written.sort_unstable();
        written.dedup();
        flags.sort_by(|one, other| one.0.cmp(&other.0));
        if !flags.is_sorted_by(|one, next| one.0 < next.0) {
            return None;
        }
        Some(Packed {
            place: files.location(self, site.place),
            applications: applications.into_boxed_slice(),
            written: written.into_boxed_slice(),
            flags: flags.into_boxed_slice(),
            files: of_site.files,
            values,
            endpoints: of_endpoints,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::estate::{self, Options};

    fn by_rows(servers: &[Server], inputs: &[InputReport]) -> Collector {
        let mut collector = Collector::default();
        servers.iter().flat_map(|server| facts::of_server(server, inputs)).for_each(|fact| collector.fact(&fact));
        collector
    }

    fn whole(servers: &[Server], inputs: &[InputReport]) -> Collector {
        let mut collector = Collector::default();
        servers.iter().for_each(|server| collector.server(server, inputs));
        collector
    }

    fn settled(servers: &[Server], inputs: &[InputReport]) -> Collector {
        let mut collector = Collector::default();
        servers.iter().for_each(|server| collector.settle(server, inputs));
        collector
    }

    #[test]
    fn a_server_comes_to_what_its_rows_come_to() {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let (mut sites, mut records) = (0, 0);
        for directory in [root.join("examples"), root.join("tests/fixtures")] {
            let estate = estate::read(&[directory], &Options::default());
            for server in &estate.servers {
                let one = std::slice::from_ref(server);
                let expected = by_rows(one, &estate.inputs).finish();
                assert_eq!(whole(one, &estate.inputs).finish(), expected, "{}", server.name);
                assert_eq!(settled(one, &estate.inputs).finish(), expected, "{}", server.name);
                sites += server.sites.len();
                records += usize::from(server.records.is_some());
            }
            let expected = by_rows(&estate.servers, &estate.inputs).finish();
            assert_eq!(whole(&estate.servers, &estate.inputs).finish(), expected);
            assert_eq!(settled(&estate.servers, &estate.inputs).finish(), expected);
        }
        assert!(sites > 20 && records > 2, "{sites} sites, {records} listings");
    }

    /// Servers with all that can stand in the way: paths that differ in case alone, sites of one name, bindings that are written twice.
    fn odd_servers() -> crate::estate::Estate {
        let site = |number: u32, name: &str, path: &str| {
            format!(
                "<site name=\"{name}\" id=\"{number}\"><application path=\"/\"/><application path=\"{path}\"/><bindings>\
                 <binding protocol=\"https\" bindingInformation=\"*:443:A.example\" sslFlags=\"1\"/>\
                 <binding protocol=\"https\" bindingInformation=\"*:443:A.example\" sslFlags=\"x\"/></bindings></site>"
            )
        };
        let location = |path: &str, flags: &str| {
            format!(
                "<location path=\"{path}\"><system.webServer><security><access sslFlags=\"{flags}\"/></security></system.webServer></location>"
            )
        };
        let directory = tempfile::tempdir().unwrap();
        for (server, (sites, locations)) in [
            (site(1, "A", "/x"), location("A/X", "Ssl")),
            (site(1, "A", "/x") + &site(2, "B", "/Y"), location("A/x", "Ssl") + &location("a/X", "SslRequireCert,Bogus")),
            (site(1, "A", "/x") + &site(1, "A", "/X/y"), location("B", "128") + &location("A/É", "ssl") + &location("A/é", "Ssl")),
        ]
        .into_iter()
        .enumerate()
        {
            let folder = directory.path().join(format!("srv{server}"));
            std::fs::create_dir(&folder).unwrap();
            let text = format!(
                "<configuration><system.applicationHost><sites>{sites}</sites></system.applicationHost>{locations}</configuration>"
            );
            std::fs::write(folder.join("applicationHost.config"), text).unwrap();
        }
        estate::read(&[directory.path().to_path_buf()], &Options::default())
    }

    #[test]
    fn it_does_so_where_sites_and_paths_are_met_twice_too() {
        let estate = odd_servers();
        assert_eq!(estate.servers.len(), 3);
        let expected = by_rows(&estate.servers, &estate.inputs).finish();
        assert!(expected.members.len() >= 4, "{}", expected.members.len());
        assert_eq!(whole(&estate.servers, &estate.inputs).finish(), expected);
        assert_eq!(settled(&estate.servers, &estate.inputs).finish(), expected);
        // With rows of it that came before.
        let mut collector = by_rows(&estate.servers, &estate.inputs);
        estate.servers.iter().for_each(|server| collector.settle(server, &estate.inputs));
        assert_eq!(collector.finish(), expected);
        // The same server once more, and rows of it before and after.
        for order in [[true, false], [false, true], [true, true]] {
            let mut twice = Collector::default();
            for server in estate.servers.iter().rev() {
                for is_whole in order {
                    if is_whole {
                        twice.server(server, &estate.inputs);
                    } else {
                        facts::of_server(server, &estate.inputs).for_each(|fact| twice.fact(&fact));
                    }
                }
            }
            assert_eq!(twice.finish(), expected, "{order:?}");
        }
    }
}
