//! Versions of Windows Server, as far as they decide what a setting means.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A version of Windows Server. The order is that of release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WindowsVersion {
    /// Windows Server 2003, with IIS 6.
    #[serde(rename = "2003")]
    Server2003,
    /// Windows Server 2008, with IIS 7.
    #[serde(rename = "2008")]
    Server2008,
    /// Windows Server 2008 R2, with IIS 7.5.
    #[serde(rename = "2008-r2")]
    Server2008R2,
    /// Windows Server 2012, with IIS 8.
    #[serde(rename = "2012")]
    Server2012,
    /// Windows Server 2012 R2, with IIS 8.5.
    #[serde(rename = "2012-r2")]
    Server2012R2,
    /// Windows Server 2016, with IIS 10.
    #[serde(rename = "2016")]
    Server2016,
    /// Windows Server 2019, with IIS 10 version 1809.
    #[serde(rename = "2019")]
    Server2019,
    /// Windows Server 2022.
    #[serde(rename = "2022")]
    Server2022,
    /// Windows Server 2025.
    #[serde(rename = "2025")]
    Server2025,
}

impl WindowsVersion {
    /// All versions, the oldest first.
    pub const ALL: &'static [WindowsVersion] = &[
        WindowsVersion::Server2003,
        WindowsVersion::Server2008,
        WindowsVersion::Server2008R2,
        WindowsVersion::Server2012,
        WindowsVersion::Server2012R2,
        WindowsVersion::Server2016,
        WindowsVersion::Server2019,
        WindowsVersion::Server2022,
        WindowsVersion::Server2025,
    ];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            WindowsVersion::Server2003 => "2003",
            WindowsVersion::Server2008 => "2008",
            WindowsVersion::Server2008R2 => "2008-r2",
            WindowsVersion::Server2012 => "2012",
            WindowsVersion::Server2012R2 => "2012-r2",
            WindowsVersion::Server2016 => "2016",
            WindowsVersion::Server2019 => "2019",
            WindowsVersion::Server2022 => "2022",
            WindowsVersion::Server2025 => "2025",
        }
    }

    /// The product name.
    pub const fn product(self) -> &'static str {
        match self {
            WindowsVersion::Server2003 => "Windows Server 2003",
            WindowsVersion::Server2008 => "Windows Server 2008",
            WindowsVersion::Server2008R2 => "Windows Server 2008 R2",
            WindowsVersion::Server2012 => "Windows Server 2012",
            WindowsVersion::Server2012R2 => "Windows Server 2012 R2",
            WindowsVersion::Server2016 => "Windows Server 2016",
            WindowsVersion::Server2019 => "Windows Server 2019",
            WindowsVersion::Server2022 => "Windows Server 2022",
            WindowsVersion::Server2025 => "Windows Server 2025",
        }
    }

    /// The version that a number of a build belongs to. A Windows for clients with the same number has the same IIS. Builds between the
    /// releases of Windows Server belong to none.
    pub fn of_build(build: u32) -> Option<WindowsVersion> {
        Some(match build {
            3790 => WindowsVersion::Server2003,
            6001..=6003 => WindowsVersion::Server2008,
            7600 | 7601 => WindowsVersion::Server2008R2,
            9200 => WindowsVersion::Server2012,
            9600 => WindowsVersion::Server2012R2,
            14393 => WindowsVersion::Server2016,
            17763 => WindowsVersion::Server2019,
            20348 => WindowsVersion::Server2022,
            26100 => WindowsVersion::Server2025,
            _ => return None,
        })
    }

    /// The version that the name of a product holds, such as `Windows Server 2012 R2 Standard`.
    pub fn of_product(name: &str) -> Option<WindowsVersion> {
        // Whitespace and letter case differ between editions; the name of a release may begin another one's.
        let name = name.to_lowercase().replace(['(', ')', '®', '™'], "");
        let after = name.split_once("server")?.1.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut versions = WindowsVersion::ALL.iter().rev();
        versions
            .find(|version| {
                let wanted = version.name().replace('-', " ");
                after
                    .strip_prefix(wanted.as_str())
                    .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()) && !(rest.starts_with(" r2")))
            })
            .copied()
    }
}

impl fmt::Display for WindowsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.product())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_and_product_names_lead_to_the_version_or_to_none() {
        assert_eq!(WindowsVersion::of_build(9600), Some(WindowsVersion::Server2012R2));
        assert_eq!(WindowsVersion::of_build(19045), None);
        for (name, version) in [
            ("Windows Server 2012 R2 Standard", Some(WindowsVersion::Server2012R2)),
            ("Windows Server 2012 Datacenter", Some(WindowsVersion::Server2012)),
            ("Windows Server (R) 2008 Standard", None),
            ("Microsoft Windows Server 2003", Some(WindowsVersion::Server2003)),
            ("Windows Server 2008 R3", Some(WindowsVersion::Server2008)),
            ("Windows 10 Pro", None),
            ("Windows Server 20251", None),
        ] {
            assert_eq!(WindowsVersion::of_product(name), version, "{name}");
        }
        assert!(WindowsVersion::ALL.windows(2).all(|pair| pair[0] < pair[1]));
        for version in WindowsVersion::ALL {
            assert_eq!(WindowsVersion::of_product(version.product()), Some(*version));
            assert_eq!(serde_json::to_value(version).unwrap(), version.name());
        }
    }
}
