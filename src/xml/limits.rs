//! The limits that keep a hostile file from costing more than a harmless one of the same size.

/// Bounds that the guarded reader enforces; a file beyond one of them is refused with an error that names the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest file in bytes that is read at all. The largest real MetaBase.xml known to us has 37 KB; 10,000 sites come to about 80 MB.
    pub file_bytes: u64,
    /// Deepest nesting of elements. applicationHost.config needs about 12 levels.
    pub depth: usize,
    /// Most attributes of one element. The web service key of a metabase has about 60.
    pub attributes: usize,
    /// Longest attribute value in bytes. ScriptMaps, the longest list in practice, has a few KB.
    pub attribute_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { file_bytes: 1 << 30, depth: 256, attributes: 1024, attribute_bytes: 4 << 20 }
    }
}
