//! What is compared: sites with their values, made of facts, so that it does not matter who read the files and where. What is equal is kept
//! once, for an estate repeats few texts and few sets of values very often; only places are each site's own.

mod whole;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::Text;
use crate::catalogue::{Level, Setting, Value, entry};
use crate::facts::{self, APPLICATION, BINDING, BINDING_FLAGS, DECLARED, SERVED_BY_RECORD};
use crate::hashing::Seed;
use crate::server::{Binding, Generation};
use crate::spelling::folded;
use crate::workers::Workers;

/// The name under which it is compared whether HTTP.sys has a record for a site at all.
pub(super) const RECORD: &str = "http-sys-record";

/// What so many rows came to is remembered; then it is forgotten.
const ROWS: usize = 4096;

/// So many sets of values are remembered with what they came to; then they are forgotten.
const SETS: usize = 1024;

/// So many sites are open for rows at once; then all of them are packed.
const OPEN: usize = 512;

/// A place, with the path of its file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// Path of the file as shown.
    pub file: Text,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

/// One row: a setting of a site at a path, as it is in effect.
#[derive(Debug, Clone)]
pub struct Observation<'a> {
    /// Name of the server.
    pub server: &'a str,
    /// Name of the site.
    pub site: &'a str,
    /// Its number.
    pub site_id: Option<u32>,
    /// URL path; empty for what is decided for the site as a whole.
    pub path: &'a str,
    /// Name of the setting.
    pub setting: &'a str,
    /// The value, so that equal values have equal texts whatever the generation; `None` when it was not assessed.
    pub value: Option<&'a str>,
    /// The value as reports show it.
    pub shown: &'a str,
    /// Kind of the origin: `explicit`, `inherited`, `default` or `unknown`.
    pub origin: &'a str,
    /// Where it is said: path of the file, line and column.
    pub place: Option<(&'a str, u32, u32)>,
}

/// A value in effect.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fact {
    /// The setting.
    pub setting: Text,
    /// The value for comparing; `None` when it was not assessed.
    pub value: Option<Text>,
    /// The value for showing.
    pub shown: Text,
    /// Kind of its origin.
    pub origin: Text,
}

/// Where one of the values at a path is said.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Spot {
    /// Index of the path, where it is told among those of other paths.
    path: u32,
    /// Index of the value.
    value: u16,
    /// Index of the file among those of the site.
    file: u16,
    line: u32,
    column: u32,
}

/// The values of a site at one path.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    path: Text,
    /// Sorted by setting, and shared with all paths of all sites that have the same.
    facts: Arc<[Arc<Fact>]>,
}

impl Told {
    fn position(&self, setting: &str) -> Option<usize> {
        self.facts.binary_search_by(|fact| (*fact.setting).cmp(setting)).ok()
    }
}

/// Whether paths are the same, with the same sets of values. Sets that are equal lie at one place.
fn are_the_same(one: &[Told], other: &[Told]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| Arc::ptr_eq(&one.facts, &other.facts) && one.path == other.path)
}

/// A hash of what [`are_the_same`] compares.
fn hash_of(all: &[Told], seed: &Seed) -> u64 {
    let mut hasher = seed.build_hasher();
    for told in all {
        told.path.hash(&mut hasher);
        hasher.write_usize(told.facts.as_ptr().addr());
    }
    hasher.finish()
}

/// The values of a site at one path, with their places.
#[derive(Debug)]
struct At {
    path: Text,
    /// As in [`Told`].
    facts: Arc<[Arc<Fact>]>,
    /// Sorted by index of the value.
    spots: Vec<Spot>,
}

impl Spot {
    fn location(&self, files: &[Text]) -> Option<Location> {
        Some(Location { file: Arc::clone(files.get(usize::from(self.file))?), line: self.line, column: self.column })
    }
}

impl At {
    fn position(&self, setting: &str) -> Option<usize> {
        self.facts.binary_search_by(|fact| (*fact.setting).cmp(setting)).ok()
    }

    fn location(&self, position: usize, files: &[Text]) -> Option<Location> {
        let value = u16::try_from(position).ok()?;
        self.spots.get(self.spots.binary_search_by_key(&value, |spot| spot.value).ok()?)?.location(files)
    }
}

/// A binding as it is compared: without its address, and in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Bound {
    /// Protocol, port, host name and flags, parted by blanks.
    text: Box<str>,
    /// Where the host name stands in it.
    host: (u32, u32),
}

impl Bound {
    fn new(protocol: &str, port: &str, host: &str, flags: &str) -> Self {
        let parts = [protocol, port, host, flags].map(folded);
        let [protocol, port, host, _] = &parts;
        let start = protocol.len() + port.len() + 2;
        // No text that comes from a file is that long.
        let at = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        let host = (at(start), at(start + host.len()));
        Bound { text: parts.join(" ").into_boxed_str(), host }
    }

    fn host(&self) -> &str {
        let at = |offset: u32| usize::try_from(offset).unwrap_or(usize::MAX);
        self.text.get(at(self.host.0)..at(self.host.1)).unwrap_or_default()
    }
}

/// A site of a server, with its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Name of the server.
    pub server: Text,
    /// Name of the site.
    pub site: Text,
    /// Its number.
    pub id: Option<u32>,
    /// Sorted, each once.
    bindings: Box<[Bound]>,
    /// The applications below its root, in lower case, sorted, as one text; empty for none.
    pub role: Text,
    /// Where it is declared.
    pub place: Option<Location>,
    /// Shared with the sites that were met before it, where they name the same.
    files: Arc<[Text]>,
    /// Its values, sorted by path in lower case, and shared with all sites that have the same.
    told: Arc<[Told]>,
    /// Where they are said, sorted by index of the path, and of the value.
    spots: Box<[Spot]>,
}

impl Member {
    /// The paths at which it has values, sorted, in lower case; the empty one is the site as a whole.
    pub fn paths(&self) -> impl Iterator<Item = &Text> {
        self.told.iter().map(|told| &told.path)
    }

    /// The values at exactly this path, sorted by setting.
    pub fn values(&self, path: &str) -> Option<&[Arc<Fact>]> {
        Some(&*self.told.get(self.own(path)?)?.facts)
    }

    /// Where what it says lies. Members for which this is the same say the same.
    pub(super) fn address_of_values(&self) -> usize {
        self.told.as_ptr().addr()
    }

    /// A hash of what [`says_the_same`](Self::says_the_same) compares.
    pub(super) fn hash_of_values(&self, seed: &Seed) -> u64 {
        hash_of(&self.told, seed)
    }

    /// Whether another member has the same sets of values at the same paths.
    pub(super) fn says_the_same(&self, other: &Member) -> bool {
        are_the_same(&self.told, &other.told)
    }

    fn own(&self, path: &str) -> Option<usize> {
        self.told.binary_search_by(|told| (*told.path).cmp(path)).ok()
    }

    fn nearest(&self, path: &str) -> Option<usize> {
        let mut path = path;
        // Deeper paths than this are none of a web site; the bound keeps the work linear.
        for _ in 0..64 {
            if let Some(found) = self.own(path) {
                return Some(found);
            }
            path = above(path)?;
        }
        self.own("/")
    }

    /// The values at a path or, for a path at which nothing is said, at the nearest one above.
    pub(super) fn values_at(&self, path: &str) -> Option<&[Arc<Fact>]> {
        Some(&*self.told.get(self.nearest(path)?)?.facts)
    }

    /// The same for one setting.
    pub(super) fn at(&self, path: &str, setting: &str) -> Option<&Fact> {
        let told = self.told.get(self.nearest(path)?)?;
        told.facts.get(told.position(setting)?).map(|fact| &**fact)
    }

    /// The value of a setting at the path above this one; `None` at the root, and for the site as a whole.
    pub fn value_above(&self, path: &str, setting: &str) -> Option<&Fact> {
        self.at(above(path)?, setting)
    }

    /// Its host names in lower case, sorted, each once.
    pub fn hosts(&self) -> Vec<&str> {
        let mut hosts: Vec<&str> = self.bindings.iter().map(Bound::host).filter(|host| !host.is_empty()).collect();
        hosts.sort_unstable();
        hosts.dedup();
        hosts
    }

    /// Its bindings without addresses, in lower case, sorted: protocol, port, host name and flags, parted by blanks.
    pub fn bindings(&self) -> impl Iterator<Item = &str> {
        self.bindings.iter().map(|bound| &*bound.text)
    }

    /// The flags of its https bindings, as far as they can be read.
    pub fn binding_flags(&self) -> impl Iterator<Item = u32> {
        let https = self.bindings().filter(|binding| binding.starts_with("https "));
        https.filter_map(|binding| binding.rsplit_once(' ')?.1.parse().ok())
    }

    /// Where the value of a setting at a path, or else the site, is declared.
    pub fn location(&self, path: &str, setting: &str) -> Option<Location> {
        self.said(path, setting).or_else(|| self.place.clone())
    }

    fn said(&self, path: &str, setting: &str) -> Option<Location> {
        let path = self.nearest(path)?;
        let value = self.told.get(path)?.position(setting)?;
        let wanted = (u32::try_from(path).ok()?, u16::try_from(value).ok()?);
        let spot = self.spots.get(self.spots.binary_search_by_key(&wanted, |spot| (spot.path, spot.value)).ok()?)?;
        spot.location(&self.files)
    }
}

/// The path above; `None` for the root and for the site as a whole.
pub(super) fn above(path: &str) -> Option<&str> {
    match path.trim_end_matches('/').rsplit_once('/')? {
        ("", "") => None,
        ("", _) => Some("/"),
        (above, _) => Some(above),
    }
}

/// All sites of all servers, in an order that does not depend on that of the input.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Estate {
    /// The sites, sorted by server, name and number.
    pub members: Vec<Member>,
    /// All servers by name, those without sites included.
    pub servers: Vec<Text>,
    /// Values of the registry that hold for whole servers, by name, with the number of servers that have each.
    pub registry: BTreeMap<Text, BTreeMap<Text, usize>>,
}

/// A binding as it is written, after its protocol. Nearly every site has its own, so that nothing is gained by keeping what is equal once.
type Written = (Box<str>, Option<Location>);

type Values = BTreeMap<Text, BTreeMap<Text, (Arc<Fact>, Option<Location>)>>;

/// A site that rows are added to.
#[derive(Debug, Default)]
struct Open {
    place: Option<Location>,
    applications: BTreeSet<Text>,
    /// Bindings as written, after their protocol, with their place.
    written: BTreeSet<Written>,
    /// Flags of bindings by the place of the binding.
    flags: BTreeMap<Location, Text>,
    /// By path.
    values: Values,
    /// By key of the endpoint.
    endpoints: Values,
}

/// The same in little room.
#[derive(Debug)]
struct Packed {
    place: Option<Location>,
    applications: Box<[Text]>,
    written: Box<[Written]>,
    flags: Box<[(Location, Text)]>,
    files: Vec<Text>,
    values: Vec<At>,
    endpoints: Vec<At>,
}

impl Open {
    fn of(packed: Packed) -> Open {
        Open {
            place: packed.place,
            applications: packed.applications.into_iter().collect(),
            written: packed.written.into_iter().collect(),
            flags: packed.flags.into_iter().collect(),
            values: unpack(packed.values, &packed.files),
            endpoints: unpack(packed.endpoints, &packed.files),
        }
    }
}

/// Gathers rows. The order in which they come changes nothing.
#[derive(Debug, Default)]
pub struct Collector {
    pool: Pool,
    servers: BTreeSet<Text>,
    /// Values of the registry: name, value, server.
    registry: BTreeSet<(Text, Text, Text)>,
    open: HashMap<Key, Open, Seed>,
    /// The site of the last row: the next one is likely to be of it, too.
    last: Option<Key>,
    packed: Packs,
    /// Sites to which no row will be added.
    settled: Vec<Member>,
}

/// Packed sites by key, in the order in which they came: servers are read in the order of their names, so that little is left to be sorted.
#[derive(Debug, Default)]
struct Packs {
    index: HashMap<Key, usize, Seed>,
    /// In pieces of [`PACKS`], so that what is made of the sites in the end takes the room that they leave.
    all: Vec<Vec<Option<Packed>>>,
}

/// See [`Packs`].
const PACKS: usize = 1024;

impl Packs {
    fn contains(&self, key: &Key) -> bool {
        self.index.contains_key(key)
    }

    fn insert(&mut self, key: Key, packed: Packed) {
        let full = self.all.last().is_none_or(|piece| piece.len() == PACKS);
        if full {
            self.all.push(Vec::with_capacity(PACKS));
        }
        let pieces = self.all.len();
        if let Some(piece) = self.all.last_mut() {
            self.index.insert(key, (pieces - 1) * PACKS + piece.len());
            piece.push(Some(packed));
        }
    }

    fn remove(&mut self, key: &Key) -> Option<Packed> {
        let index = self.index.remove(key)?;
        self.all.get_mut(index / PACKS)?.get_mut(index % PACKS)?.take()
    }

    fn into_all(self) -> impl Iterator<Item = (Key, Packed)> {
        let mut keys: Vec<(Key, usize)> = self.index.into_iter().collect();
        keys.sort_unstable_by_key(|(_, index)| *index);
        // Those that were removed have no key.
        self.all.into_iter().flatten().flatten().zip(keys).map(|(packed, (key, _))| (key, packed))
    }
}

type Key = (Text, Text, Option<u32>);

/// What is equal, once.
#[derive(Debug, Default)]
struct Pool {
    texts: HashSet<Text, Seed>,
    facts: HashSet<Arc<Fact>, Seed>,
    sets: HashSet<Arc<[Arc<Fact>]>, Seed>,
    /// What rows came to, by a hash of what they say. Few rows of a server say something new.
    rows: HashMap<u64, Vec<Judged>, Seed>,
    /// What the values of a path or endpoint came to, by a hash of what they say.
    known: HashMap<u64, whole::Known, Seed>,
    /// What the values of an only endpoint are for the site as a whole, by where their set lies, and whether it is said where its record is.
    wholes: HashMap<(usize, bool), Whole, Seed>,
    layouts: Layouts,
    /// Files of the last site: the next one is likely to be of the same server.
    files: Option<Arc<[Text]>>,
}

/// Paths with their values that are the same, once.
#[derive(Debug, Default)]
struct Layouts(HashMap<u64, Arc<[Told]>, Seed>);

impl Layouts {
    fn once(&mut self, all: Vec<Told>) -> Arc<[Told]> {
        let hash = hash_of(&all, self.0.hasher());
        if let Some(known) = self.0.get(&hash).filter(|known| are_the_same(known, &all)) {
            return Arc::clone(known);
        }
        if self.0.len() == SETS {
            self.0.clear();
        }
        let new: Arc<[Told]> = all.into();
        self.0.insert(hash, Arc::clone(&new));
        new
    }
}

/// The values of an only endpoint, for its site as a whole.
#[derive(Debug)]
struct Whole {
    facts: Arc<[Arc<Fact>]>,
    /// For each value of the endpoint, where it stands among those of the site.
    positions: Box<[Option<u16>]>,
}

/// What a row says, and what it came to; `None` where it is not compared.
type Judged = (Said, Option<Arc<Fact>>);

/// What a row says that decides what is compared.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    setting: Box<str>,
    value: Option<Box<str>>,
    number: Option<u64>,
    level: Level,
    kind: facts::ValueType,
    generation: Generation,
    origin: facts::OriginKind,
}

impl Said {
    fn is(&self, level: Level, fact: &facts::Fact<'_>) -> bool {
        *self.setting == *fact.setting
            && self.value.as_deref() == fact.value.as_deref()
            && self.number == fact.number
            && (self.level, self.kind, self.generation, self.origin) == (level, fact.kind, fact.generation, fact.origin)
    }
}

fn once<T: ?Sized + Hash + Eq>(known: &mut HashSet<Arc<T>, Seed>, new: Arc<T>) -> Arc<T> {
    match known.get(&new) {
        Some(known) => Arc::clone(known),
        None => {
            known.insert(Arc::clone(&new));
            new
        }
    }
}

impl Pool {
    fn text(&mut self, text: &str) -> Text {
        match self.texts.get(text) {
            Some(known) => Arc::clone(known),
            None => {
                let new: Text = Arc::from(text);
                self.texts.insert(Arc::clone(&new));
                new
            }
        }
    }

    fn text_in_lower_case(&mut self, text: &str) -> Text {
        self.text(&folded(text))
    }

    /// What a row of a setting of the catalogue comes to, where it is one that is compared at this level.
    fn setting(&mut self, level: Level, fact: &facts::Fact<'_>) -> Option<Arc<Fact>> {
        let hash = self.rows.hasher().hash_one((&*fact.setting, fact.value.as_deref(), fact.number, fact.origin as u8));
        if let Some((_, known)) = self.rows.get(&hash).and_then(|alike| alike.iter().find(|(said, _)| said.is(level, fact))) {
            return known.clone();
        }
        let new = setting(&fact.setting).filter(|setting| entry(*setting).level == level).map(|setting| {
            let (value, shown) = texts(setting, fact);
            self.fact(setting.name(), value.as_deref(), &shown, origin(fact))
        });
        let said = Said {
            setting: Box::from(&*fact.setting),
            value: fact.value.as_deref().map(Box::from),
            number: fact.number,
            level,
            kind: fact.kind,
            generation: fact.generation,
            origin: fact.origin,
        };
        if self.rows.len() == ROWS {
            self.rows.clear();
        }
        self.rows.entry(hash).or_default().push((said, new.clone()));
        new
    }

    fn location(&mut self, place: Option<(&str, u32, u32)>) -> Option<Location> {
        place.map(|(file, line, column)| Location { file: self.text(file), line, column })
    }

    fn files(&mut self, files: Vec<Text>) -> Arc<[Text]> {
        match self.files.as_ref().filter(|known| ***known == *files) {
            Some(known) => Arc::clone(known),
            None => Arc::clone(self.files.insert(files.into())),
        }
    }

    fn fact(&mut self, setting: &str, value: Option<&str>, shown: &str, origin: &str) -> Arc<Fact> {
        let fact = Fact {
            setting: self.text(setting),
            value: value.map(|value| self.text(value)),
            shown: self.text(shown),
            origin: self.text(origin),
        };
        match self.facts.get(&fact) {
            Some(known) => Arc::clone(known),
            None => once(&mut self.facts, Arc::new(fact)),
        }
    }

    fn pack(&mut self, values: Values, files: &mut Vec<Text>) -> Vec<At> {
        let mut packed = Vec::with_capacity(values.len());
        for (path, facts) in values {
            let mut spots = Vec::new();
            for (position, (_, location)) in facts.values().enumerate() {
                let Some(Location { file, line, column }) = location else { continue };
                let index = files.iter().rposition(|known| known == file).unwrap_or_else(|| {
                    files.push(Arc::clone(file));
                    files.len() - 1
                });
                // There are fewer settings, and a site of more files has places without a file.
                if let (Ok(value), Ok(index)) = (u16::try_from(position), u16::try_from(index)) {
                    spots.push(Spot { path: 0, value, file: index, line: *line, column: *column });
                }
            }
            let facts: Arc<[Arc<Fact>]> = facts.into_values().map(|(fact, _)| fact).collect();
            packed.push(At { path, facts: once(&mut self.sets, facts), spots });
        }
        packed
    }
}

/// What was taken over from another pool, by where it lies there.
#[derive(Default)]
struct Adopted {
    facts: HashMap<usize, Arc<Fact>, Seed>,
    sets: HashMap<usize, Arc<[Arc<Fact>]>, Seed>,
}

impl Pool {
    fn adopt_fact(&mut self, fact: &Arc<Fact>) -> Arc<Fact> {
        match self.facts.get(fact) {
            Some(known) => Arc::clone(known),
            None => self.fact(&fact.setting, fact.value.as_deref(), &fact.shown, &fact.origin),
        }
    }

    fn adopt_set(&mut self, set: &Arc<[Arc<Fact>]>, adopted: &mut Adopted) -> Arc<[Arc<Fact>]> {
        let address = set.as_ptr().addr();
        if let Some(known) = adopted.sets.get(&address) {
            return Arc::clone(known);
        }
        let own = match self.sets.get(set) {
            Some(known) => Arc::clone(known),
            None => {
                let fact = |fact: &Arc<Fact>| {
                    let own = adopted.facts.entry(Arc::as_ptr(fact).addr()).or_insert_with(|| self.adopt_fact(fact));
                    Arc::clone(own)
                };
                let set: Arc<[Arc<Fact>]> = set.iter().map(fact).collect();
                once(&mut self.sets, set)
            }
        };
        // Every set is held by the other one until all are taken over, so that no second one can lie at this address.
        adopted.sets.insert(address, Arc::clone(&own));
        own
    }

    fn adopt_location(&mut self, location: Location) -> Location {
        Location { file: self.text(&location.file), ..location }
    }

    fn adopt_site(&mut self, site: Packed, adopted: &mut Adopted) -> Packed {
        let mut values = |pool: &mut Pool, all: Vec<At>| -> Vec<At> {
            let own = |at: At| At { path: pool.text(&at.path), facts: pool.adopt_set(&at.facts, adopted), spots: at.spots };
            all.into_iter().map(own).collect()
        };
        Packed {
            values: values(self, site.values),
            endpoints: values(self, site.endpoints),
            place: site.place.map(|place| self.adopt_location(place)),
            applications: site.applications.iter().map(|path| self.text(path)).collect(),
            written: site
                .written
                .into_iter()
                .map(|(text, location)| (text, location.map(|location| self.adopt_location(location))))
                .collect(),
            flags: site.flags.into_iter().map(|(location, text)| (self.adopt_location(location), self.text(&text))).collect(),
            files: site.files.iter().map(|file| self.text(file)).collect(),
        }
    }
}

fn unpack(packed: Vec<At>, files: &[Text]) -> Values {
    let open = |at: At| {
        let facts = at.facts.iter().enumerate();
        let facts = facts.map(|(index, fact)| (Arc::clone(&fact.setting), (Arc::clone(fact), at.location(index, files)))).collect();
        (at.path, facts)
    };
    packed.into_iter().map(open).collect()
}

/// Of two rows for the same value the one that stands first in the files counts.
fn first(values: &mut Values, path: Text, fact: Arc<Fact>, location: Option<Location>) {
    let new = (fact, location);
    let known = values.entry(path).or_default().entry(Arc::clone(&new.0.setting)).or_insert_with(|| new.clone());
    let order = |one: &(Arc<Fact>, Option<Location>)| (one.1.is_none(), one.1.clone(), Arc::clone(&one.0));
    if *known != new && order(&new) < order(known) {
        *known = new;
    }
}

impl Collector {
    fn member(&mut self, server: &str, site: &str, id: Option<u32>) -> (&mut Pool, &mut Open) {
        let key = match &self.last {
            Some(last) if *last.1 == *site && *last.0 == *server && last.2 == id => last.clone(),
            _ => (self.pool.text(server), self.pool.text(site), id),
        };
        self.last = Some(key.clone());
        if !self.open.contains_key(&key) {
            if self.open.len() >= OPEN {
                self.pack();
            }
            self.servers.insert(Arc::clone(&key.0));
        }
        let packed = &mut self.packed;
        let open = self.open.entry(key).or_insert_with_key(|key| match packed.remove(key) {
            None => Open::default(),
            Some(packed) => Open::of(packed),
        });
        (&mut self.pool, open)
    }

    /// Adds what another one has gathered.
    pub fn absorb(&mut self, mut other: Collector) {
        other.pack();
        self.settled.append(&mut other.settled);
        self.last = None;
        for server in &other.servers {
            let server = self.pool.text(server);
            self.servers.insert(server);
        }
        for (name, value, server) in &other.registry {
            self.registry.insert((self.pool.text(name), self.pool.text(value), self.pool.text(server)));
        }
        let mut adopted = Adopted::default();
        for ((server, site, id), packed) in other.packed.into_all() {
            let key = (self.pool.text(&server), self.pool.text(&site), id);
            let packed = self.pool.adopt_site(packed, &mut adopted);
            if !self.open.contains_key(&key) && !self.packed.contains(&key) {
                self.packed.insert(key, packed);
                continue;
            }
            let (_, open) = self.member(&server, &site, id);
            let Open { place, applications, written, flags, values, endpoints } = Open::of(packed);
            if open.place.is_none() || place.as_ref().is_some_and(|new| Some(new) < open.place.as_ref()) {
                open.place = place;
            }
            open.applications.extend(applications);
            open.written.extend(written);
            open.flags.extend(flags);
            for (known, new) in [(&mut open.values, values), (&mut open.endpoints, endpoints)] {
                for (path, facts) in new {
                    facts.into_values().for_each(|(fact, location)| first(known, Arc::clone(&path), fact, location));
                }
            }
        }
    }

    /// Packs all sites that are open.
    pub fn pack(&mut self) {
        #[expect(clippy::iter_over_hash_type, reason = "what is packed is sorted in the end")]
        for (key, open) in self.open.drain() {
            let mut files = Vec::new();
            let (values, endpoints) = (self.pool.pack(open.values, &mut files), self.pool.pack(open.endpoints, &mut files));
            let packed = Packed {
                place: open.place,
                applications: open.applications.into_iter().collect(),
                written: open.written.into_iter().collect(),
                flags: open.flags.into_iter().collect(),
                files,
                values,
                endpoints,
            };
            self.packed.insert(key, packed);
        }
    }

    /// Adds a row.
    pub fn observe(&mut self, row: &Observation<'_>) {
        let (pool, open) = self.member(row.server, row.site, row.site_id);
        let path = pool.text(&row.path.to_lowercase());
        let fact = pool.fact(row.setting, row.value, row.shown, row.origin);
        first(&mut open.values, path, fact, pool.location(row.place));
    }

    /// Adds a fact. What is not compared only makes its server known.
    pub fn fact(&mut self, fact: &facts::Fact<'_>) {
        let Some(site) = fact.site.as_deref() else {
            let server = self.pool.text(&fact.server);
            // Of the level of the server the names with a slash are those of the registry.
            if fact.level == facts::Level::Server && fact.setting.contains('/') {
                let value = self.pool.text(fact.value.as_deref().unwrap_or_default());
                self.registry.insert((self.pool.text(&fact.setting), value, Arc::clone(&server)));
            }
            self.servers.insert(server);
            return;
        };
        let (pool, open) = self.member(&fact.server, site, fact.site_id);
        let place = match (&fact.file, fact.line, fact.col) {
            (Some(file), Some(line), Some(column)) => Some((&**file, line, column)),
            _ => None,
        };
        let value = fact.value.as_deref();
        match (fact.level, &*fact.setting) {
            (facts::Level::Site, DECLARED) => {
                let location = pool.location(place);
                if open.place.is_none() || location.as_ref().is_some_and(|new| Some(new) < open.place.as_ref()) {
                    open.place = location;
                }
            }
            (facts::Level::Path, APPLICATION) => {
                open.applications.insert(pool.text(&fact.path.as_deref().unwrap_or_default().to_lowercase()));
            }
            (facts::Level::Binding, BINDING) => {
                open.written.insert((Box::from(value.unwrap_or_default()), pool.location(place)));
            }
            (facts::Level::Binding, BINDING_FLAGS) => {
                if let Some(location) = pool.location(place) {
                    open.flags.insert(location, pool.text(value.unwrap_or_default()));
                }
            }
            (facts::Level::Endpoint, name) => {
                let new = match pool.setting(Level::Endpoint, fact) {
                    Some(new) => new,
                    None if name == SERVED_BY_RECORD => pool.fact(name, value, "", origin(fact)),
                    None => return,
                };
                let key = pool.text(fact.endpoint.as_deref().unwrap_or_default());
                first(&mut open.endpoints, key, new, pool.location(place));
            }
            (facts::Level::Path, _) => {
                let Some(new) = pool.setting(Level::Url, fact) else { return };
                let path = pool.text_in_lower_case(fact.path.as_deref().unwrap_or_default());
                first(&mut open.values, path, new, pool.location(place));
            }
            (facts::Level::Server | facts::Level::Site | facts::Level::Binding, _) => {}
        }
    }

    /// All that several have gathered, which is quick where each has servers of its own.
    pub(crate) fn finish_all(mut collectors: Vec<Collector>, workers: &Workers) -> Estate {
        let mut servers: HashSet<&str, Seed> = HashSet::default();
        let mut is_apart = || collectors.iter().flat_map(|one| &one.servers).all(|server| servers.insert(server));
        if workers.count() < 2 || collectors.len() < 2 || !is_apart() {
            let mut all = collectors.drain(..);
            let mut first = all.next().unwrap_or_default();
            all.for_each(|other| first.absorb(other));
            return first.finish();
        }
        let shared = Shared::default();
        let parts = workers.map(collectors, |collector| {
            let mut part = Part::of(collector);
            shared.share(&mut part.members);
            part
        });
        Part::join(parts)
    }

    /// All that was gathered.
    pub fn finish(self) -> Estate {
        Part::join(vec![Part::of(self)])
    }
}

/// What one collector came to.
struct Part {
    members: Vec<Member>,
    servers: BTreeSet<Text>,
    /// Name, value, server.
    registry: BTreeSet<(Text, Text, Text)>,
}

impl Part {
    fn of(mut collector: Collector) -> Part {
        collector.pack();
        let Collector { mut pool, servers, registry, packed, settled, .. } = collector;
        let mut members = settled;
        members.extend(packed.into_all().map(|(key, packed)| member(&mut pool, key, packed)));
        Part { members, servers, registry }
    }

    fn join(parts: Vec<Part>) -> Estate {
        let mut whole = Estate::default();
        for mut part in parts {
            if whole.members.is_empty() {
                whole.members = part.members;
            } else {
                whole.members.append(&mut part.members);
            }
            whole.servers.extend(part.servers);
            for (name, value, _) in part.registry {
                *whole.registry.entry(name).or_default().entry(value).or_default() += 1;
            }
        }
        let ranks = ranks(&whole.members);
        whole.members.sort_by_cached_key(|member| ranks.get(&member.server.as_ptr().addr()).copied());
        // The sites of a server are nearly always in order already.
        whole.members.sort_by(|one, other| order((&one.server, &one.site, one.id), (&other.server, &other.site, other.id)));
        whole.servers.sort();
        whole
    }
}

/// What members say that is equal, once for all threads: they are put together by where it lies.
#[derive(Default)]
struct Shared(Mutex<Equals>);

#[derive(Default)]
struct Equals {
    sets: HashSet<Arc<[Arc<Fact>]>, Seed>,
    layouts: Layouts,
}

impl Shared {
    fn share(&self, members: &mut [Member]) {
        // Each is kept until the end, so that no other one can lie where it lies.
        let mut known: HashMap<usize, [Arc<[Told]>; 2], Seed> = HashMap::default();
        for member in members {
            let [_, shared] = known.entry(member.address_of_values()).or_insert_with(|| {
                // Nothing that is done while it is locked can fail.
                let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                let Equals { sets, layouts } = &mut *all;
                let told = |told: &Told| Told { path: Arc::clone(&told.path), facts: once(sets, Arc::clone(&told.facts)) };
                [Arc::clone(&member.told), layouts.once(member.told.iter().map(told).collect())]
            });
            member.told = Arc::clone(shared);
        }
    }
}

/// How servers are ordered, by where their names lie. There are fewer of them than of sites, and numbers are compared quickly.
fn ranks(members: &[Member]) -> HashMap<usize, usize, Seed> {
    let mut servers: Vec<&Text> = members.iter().map(|member| &member.server).collect();
    servers.dedup_by(|one, next| Arc::ptr_eq(one, next));
    servers.sort_by(|one, other| order_of_names(one, other));
    let same = servers.chunk_by(|one, next| one == next).enumerate();
    same.flat_map(|(rank, same)| same.iter().map(move |server| (server.as_ptr().addr(), rank))).collect()
}

/// How sites are ordered, by server, name and number.
fn order(one: (&str, &str, Option<u32>), other: (&str, &str, Option<u32>)) -> Ordering {
    order_of_names(one.0, other.0).then_with(|| order_of_names(one.1, other.1)).then_with(|| one.2.cmp(&other.2))
}

fn order_of_names(one: &str, other: &str) -> Ordering {
    // Most are compared with themselves: those of two sites of one server.
    if std::ptr::eq(one, other) { Ordering::Equal } else { order_in_lower_case(one, other).then_with(|| one.cmp(other)) }
}

/// How two texts are ordered in lower case.
fn order_in_lower_case(one: &str, other: &str) -> Ordering {
    if one.is_ascii() && other.is_ascii() {
        return one.bytes().map(|byte| byte.to_ascii_lowercase()).cmp(other.bytes().map(|byte| byte.to_ascii_lowercase()));
    }
    one.to_lowercase().cmp(&other.to_lowercase())
}

fn member(pool: &mut Pool, (server, site, id): Key, packed: Packed) -> Member {
    // Sorted by location, as they were packed.
    let flags = |location: &Location| packed.flags.binary_search_by(|(known, _)| known.cmp(location)).ok();
    let mut bindings = Vec::with_capacity(packed.written.len());
    for (text, location) in &packed.written {
        let (protocol, written) = text.split_once(' ').unwrap_or((text, ""));
        let (port, host) = Binding::port_and_host(written);
        let flags = location.as_ref().and_then(flags).and_then(|index| packed.flags.get(index)).map_or("0", |(_, flags)| &**flags);
        let port = port.map_or(Cow::Borrowed(written), |port| Cow::Owned(port.to_string()));
        bindings.push(Bound::new(protocol, &port, host, flags));
    }
    bindings.sort_unstable();
    bindings.dedup();
    let (mut files, mut paths) = (packed.files, packed.values);
    if let Some(whole) = as_whole(pool, &packed.endpoints, &mut files) {
        // Rows made by hand can hold values of the site as a whole.
        paths.retain(|at| !at.path.is_empty());
        paths.insert(0, whole);
    }
    // No path holds a line break.
    let role = match &*packed.applications {
        [] => pool.text(""),
        [only] => Arc::clone(only),
        many => pool.text(&many.iter().map(|path| &**path).collect::<Vec<_>>().join("\n")),
    };
    let mut spots = Vec::with_capacity(paths.iter().map(|at| at.spots.len()).sum());
    let mut told = Vec::with_capacity(paths.len());
    for (number, At { path, facts, spots: here }) in paths.into_iter().enumerate() {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        spots.extend(here.into_iter().map(|spot| Spot { path: number, ..spot }));
        told.push(Told { path, facts });
    }
    Member {
        server,
        site,
        id,
        bindings: bindings.into_boxed_slice(),
        role,
        place: packed.place,
        files: pool.files(files),
        told: pool.layouts.once(told),
        spots: spots.into_boxed_slice(),
    }
}

/// The values of a site as a whole; `None` where it has none.
fn as_whole(pool: &mut Pool, endpoints: &[At], files: &mut Vec<Text>) -> Option<At> {
    // Nearly all sites have one endpoint, and nearly all of those have one of few sets of values.
    if let [only] = endpoints {
        let served = only.position(SERVED_BY_RECORD);
        let key = (only.facts.as_ptr().addr(), served.is_some_and(|served| only.location(served, files).is_some()));
        if let Some(known) = pool.wholes.get(&key) {
            let spot = |spot: &Spot| Some(Spot { value: (*known.positions.get(usize::from(spot.value))?)?, ..spot.clone() });
            let mut spots: Vec<Spot> = only.spots.iter().filter_map(spot).collect();
            spots.sort_unstable_by_key(|spot| spot.value);
            let facts = Arc::clone(&known.facts);
            return (!facts.is_empty()).then(|| At { path: pool.text(""), facts, spots });
        }
        let whole = at_no_path(pool, endpoints, files);
        let facts = whole.as_ref().map_or_else(|| Arc::from([]), |whole| Arc::clone(&whole.facts));
        let position = |fact: &Arc<Fact>| {
            let name = if &*fact.setting == SERVED_BY_RECORD { RECORD } else { &*fact.setting };
            facts.binary_search_by(|fact| (*fact.setting).cmp(name)).ok().and_then(|position| u16::try_from(position).ok())
        };
        let positions = only.facts.iter().map(position).collect();
        // The set is kept by the pool, so that no other one can lie where it lies.
        pool.wholes.insert(key, Whole { facts, positions });
        return whole;
    }
    at_no_path(pool, endpoints, files)
}

fn at_no_path(pool: &mut Pool, endpoints: &[At], files: &mut Vec<Text>) -> Option<At> {
    let whole = of_endpoints(pool, endpoints, files);
    if whole.is_empty() {
        return None;
    }
    let nowhere = pool.text("");
    pool.pack(BTreeMap::from([(nowhere, whole)]), files).pop()
}

/// What holds on all endpoints of a site. Endpoints with different values make a value of their own, for which one a client meets depends
/// on the address it uses; with the values unknown in part nothing is known, for the rest could differ.
fn of_endpoints(pool: &mut Pool, endpoints: &[At], files: &[Text]) -> BTreeMap<Text, (Arc<Fact>, Option<Location>)> {
    let mut whole = BTreeMap::new();
    let record = |endpoint: &At| {
        let position = endpoint.position(SERVED_BY_RECORD)?;
        let value = endpoint.facts.get(position)?.value.clone()?;
        Some((value, endpoint.location(position, files)))
    };
    let records: Vec<Option<(Text, Option<Location>)>> = endpoints.iter().map(record).collect();
    let is_nobody = |record: &Option<(Text, Option<Location>)>| record.as_ref().is_some_and(|(key, _)| key.is_empty());
    // An endpoint that nobody serves has no values to compare; that it is not served is compared by itself.
    let served: Vec<&At> = endpoints.iter().zip(&records).filter(|(_, record)| !is_nobody(record)).map(|(endpoint, _)| endpoint).collect();
    let names: BTreeSet<&Text> = served.iter().flat_map(|endpoint| endpoint.facts.iter()).map(|fact| &fact.setting).collect();
    for name in names.into_iter().filter(|name| &***name != SERVED_BY_RECORD) {
        let found = |endpoint: &&At| {
            let position = endpoint.position(name)?;
            Some((Arc::clone(endpoint.facts.get(position)?), endpoint.location(position, files)))
        };
        let all: Vec<(Arc<Fact>, Option<Location>)> = served.iter().filter_map(found).collect();
        let unknown = all.iter().find(|(fact, _)| fact.value.is_none());
        let Some((first, location)) = unknown.or(all.first()).cloned() else { continue };
        // Equal values can be spelled differently.
        let values: BTreeMap<&Text, &Text> = all.iter().rev().filter_map(|(fact, _)| Some((fact.value.as_ref()?, &fact.shown))).collect();
        let one = if unknown.is_some() || values.len() == 1 {
            first
        } else {
            let value = values.keys().map(|value| &***value).collect::<Vec<_>>().join(" | ");
            let shown = values.values().map(|shown| &***shown).collect::<Vec<_>>().join(" and ");
            pool.fact(name, Some(&value), &format!("{shown} by endpoint"), &first.origin)
        };
        whole.insert(Arc::clone(name), (one, location));
    }
    if !records.is_empty() && records.iter().all(Option::is_some) {
        let word = if records.iter().any(is_nobody) { "missing" } else { "present" };
        let location = records.into_iter().flatten().find_map(|(_, location)| location);
        let fact = pool.fact(RECORD, Some(word), word, if location.is_some() { "explicit" } else { "default" });
        whole.insert(Arc::clone(&fact.setting), (fact, location));
    }
    whole
}

/// The setting of the catalogue.
fn setting(name: &str) -> Option<Setting> {
    static BY_NAME: OnceLock<HashMap<&'static str, Setting, Seed>> = OnceLock::new();
    BY_NAME.get_or_init(|| Setting::ALL.iter().map(|setting| (setting.name(), *setting)).collect()).get(name).copied()
}

fn origin(fact: &facts::Fact<'_>) -> &'static str {
    match fact.origin {
        facts::OriginKind::Explicit => "explicit",
        facts::OriginKind::Inherited => "inherited",
        facts::OriginKind::Default => "default",
        facts::OriginKind::Unknown => "unknown",
    }
}

/// The value for comparing, and for showing.
fn texts(setting: Setting, fact: &facts::Fact<'_>) -> (Option<String>, String) {
    let Some(value) = fact.model_value() else { return (None, "not assessed".to_owned()) };
    let canonical = match &value {
        // A malformed value equals no other kind of value, whatever its text is.
        Value::Malformed(text) => format!("malformed: {text}"),
        value => value.show(setting, Generation::Iis7).to_lowercase(),
    };
    let shown = value.show(setting, fact.generation);
    (Some(canonical), if shown.is_empty() { "none".to_owned() } else { shown })
}
