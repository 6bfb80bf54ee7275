//! The version of Windows, from the key of the registry that holds it.

use crate::input::registry::{self as text, Data, Value};
use crate::input::{FileId, Place};
use crate::server::WindowsVersion;

const KEY: [&str; 2] = ["Windows NT", "CurrentVersion"];

/// The version that an export of `SOFTWARE\Microsoft\Windows NT\CurrentVersion` tells, and the value that does. The number of the build
/// comes before the name of the product, which some releases kept from their forerunner.
pub fn read_windows(export: &str, file: FileId) -> Option<(WindowsVersion, Place)> {
    let read = text::read(export, file);
    let values: Vec<&Value> =
        read.keys.iter().filter(|key| key.below(&KEY).is_some_and(|below| below.is_empty())).flat_map(|key| &key.values).collect();
    let of = |name: &str, version: fn(&str) -> Option<WindowsVersion>| {
        values.iter().filter(|value| value.name.eq_ignore_ascii_case(name)).find_map(|value| {
            let text = match &value.data {
                Data::Text(text) => text.clone(),
                Data::Number(number) => number.to_string(),
                Data::Bytes(_) | Data::Other => return None,
            };
            Some((version(text.trim())?, value.place))
        })
    };
    let build = |text: &str| text.parse().ok().and_then(WindowsVersion::of_build);
    // On Windows Server 2003 CurrentBuild holds a text that says not to use it.
    of("CurrentBuildNumber", build).or_else(|| of("CurrentBuild", build)).or_else(|| of("ProductName", WindowsVersion::of_product))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion";

    fn read(text: &str) -> Option<(WindowsVersion, u32)> {
        read_windows(text, FileId(0)).map(|(version, place)| (version, place.line))
    }

    #[test]
    fn the_build_tells_the_version_and_else_the_product() {
        let query = format!(
            "\r\n{ROOT}\r\n    ProductName    REG_SZ    Windows Server 2016 Standard\r\n    CurrentBuildNumber    REG_SZ    17763\r\n\r\n"
        );
        assert_eq!(read(&query), Some((WindowsVersion::Server2019, 4)));
        let export = format!("Windows Registry Editor Version 5.00\n\n[{ROOT}]\n\"ProductName\"=\"Windows Server 2012 R2 Standard\"\n");
        assert_eq!(read(&export), Some((WindowsVersion::Server2012R2, 4)));
        let old = format!(
            "! REG.EXE VERSION 3.0\n\n{ROOT}\n    CurrentBuild\tREG_SZ\t1.511.1 () (Obsolete data - do not use)\n    CurrentBuildNumber\tREG_SZ\t3790\n"
        );
        assert_eq!(read(&old), Some((WindowsVersion::Server2003, 5)));
    }

    #[test]
    fn keys_below_and_builds_of_no_server_tell_nothing() {
        assert_eq!(read(&format!("{ROOT}\\Image\r\n    CurrentBuildNumber    REG_SZ    9600\r\n")), None);
        assert_eq!(read(&format!("{ROOT}\r\n    CurrentBuildNumber    REG_SZ    19045\r\n")), None);
    }
}
