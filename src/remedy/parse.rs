//! A reader for the commands that remedies print, for tests: the console, cmd.exe or PowerShell, the program's way to take arguments apart,
//! and the tool's own syntax, each modelled by its rules and on its own, without a look at how commands are written.

use crate::catalogue::{Setting, entry};

/// A command, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// adsutil: verb, key, property, values.
    Adsutil { verb: String, key: String, property: String, values: Vec<String> },
    /// appcmd on a section: verb, location, section, attributes, and whether it is committed to applicationHost.config.
    Section { verb: String, location: String, section: String, attributes: Vec<(String, String)>, apphost: bool },
    /// appcmd on a binding; without a change it is removed.
    Binding { site: String, protocol: String, binding: String, change: Option<(String, String)> },
    /// appcmd on elements of a site, or of `siteDefaults`: attributes with their values.
    Elements { site: Option<String>, attributes: Vec<(String, String)> },
    /// netsh http ... sslcert: verb, words and values.
    Netsh { verb: String, words: Vec<(String, String)> },
    /// Any other program, with its arguments.
    Other(Vec<String>),
}

/// Understands a command for cmd.exe.
pub(crate) fn cmd(command: &str) -> Result<Parsed, String> {
    let line = cmd_line(&paste(command)?)?;
    let (program, rest) = line.split_once(' ').unwrap_or((&line, ""));
    if program == "cscript" {
        // Whether the script host counts backslashes is not known, so both readings must give the same.
        let arguments = c_runtime(rest);
        if arguments != script_host(rest) {
            return Err(format!("read in two ways: {arguments:?} and {:?}", script_host(rest)));
        }
        return adsutil(&arguments);
    }
    let arguments = c_runtime(rest);
    match program {
        r"C:\Windows\system32\inetsrv\appcmd.exe" => appcmd(&arguments),
        "netsh" => Ok(netsh(arguments)),
        _ => Ok(Parsed::Other(std::iter::once(program.to_owned()).chain(arguments).collect())),
    }
}

/// Understands a command for PowerShell. Statements one after the other must write to elements of one and the same site.
pub(crate) fn powershell(command: &str) -> Result<Parsed, String> {
    let mut statements = statements(&paste(command)?)?.into_iter().map(|words| statement(&words));
    let mut all = statements.next().ok_or("no statement")??;
    for next in statements {
        match (&mut all, next?) {
            (Parsed::Elements { site, attributes }, Parsed::Elements { site: other, attributes: more }) if *site == other => {
                attributes.extend(more);
            }
            (all, next) => return Err(format!("{all:?}, then {next:?}")),
        }
    }
    Ok(all)
}

/// A word of PowerShell.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    /// As it is; it can be a command, a parameter, a number or an argument.
    Bare(String),
    /// A text in single quotes.
    Quoted(String),
}

impl Word {
    fn text(&self) -> &str {
        match self {
            Word::Bare(text) | Word::Quoted(text) => text,
        }
    }
}

fn is_single_quote(c: char) -> bool {
    matches!(c, '\'' | '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}')
}

/// Statements and their words. Only texts in single quotes, and bare words of signs that do nothing, are modelled.
fn statements(command: &str) -> Result<Vec<Vec<Word>>, String> {
    let mut statements = vec![Vec::new()];
    let mut chars = command.chars().peekable();
    while let Some(c) = chars.next() {
        let word = match c {
            ' ' => continue,
            ';' => {
                statements.push(Vec::new());
                continue;
            }
            c if is_single_quote(c) => {
                let mut text = String::new();
                loop {
                    match chars.next() {
                        // Of two, whichever they are, the second is meant.
                        Some(c) if is_single_quote(c) => match chars.next_if(|c| is_single_quote(*c)) {
                            Some(c) => text.push(c),
                            None => break,
                        },
                        Some(c) => text.push(c),
                        None => return Err("no closing quote".to_owned()),
                    }
                }
                if chars.peek().is_some_and(|c| !matches!(c, ' ' | ';')) {
                    return Err(format!("{text:?} goes on behind its quote"));
                }
                Word::Quoted(text)
            }
            c => {
                let mut text = String::from(c);
                while let Some(c) = chars.next_if(|c| !matches!(c, ' ' | ';' | '"')) {
                    text.push(c);
                }
                if chars.next_if_eq(&'"').is_some() {
                    let mut value = String::new();
                    loop {
                        match chars.next().ok_or("no closing quote")? {
                            '"' => break,
                            c => value.push(c),
                        }
                    }
                    let acts = value.contains(['$', '`', '\u{201c}', '\u{201d}', '\u{201e}']);
                    if acts || !text.ends_with('=') || chars.peek().is_some_and(|c| *c != ' ') {
                        return Err(format!("{value:?} is not plain in double quotes"));
                    }
                    statements.last_mut().ok_or("no statement")?.push(Word::Quoted(text + &value));
                    continue;
                }
                let program = text == r"$env:windir\system32\inetsrv\appcmd.exe" || text == "&";
                let inert = |c: char| c.is_ascii_alphanumeric() || matches!(c, '=' | '.' | ':' | '-' | '/' | '\\' | '_');
                if let Some(c) = text.chars().find(|c| !program && !inert(*c)) {
                    return Err(format!("{c:?} acts on PowerShell"));
                }
                Word::Bare(text)
            }
        };
        statements.last_mut().ok_or("no statement")?.push(word);
    }
    Ok(statements)
}

fn statement(words: &[Word]) -> Result<Parsed, String> {
    let [Word::Bare(first), rest @ ..] = words else { return Err(format!("no command in {words:?}")) };
    match first.as_str() {
        "&" => match rest {
            [Word::Bare(program), arguments @ ..] if program.starts_with("$env:windir") => appcmd(&passed(arguments)?),
            _ => Err("not appcmd".to_owned()),
        },
        "netsh" => Ok(netsh(passed(rest)?)),
        "certutil" | "httpcfg" | "proxycfg" | "reg" => Ok(Parsed::Other(std::iter::once(first.clone()).chain(passed(rest)?).collect())),
        cmdlet => self::cmdlet(cmdlet, rest),
    }
}

/// The arguments of a program: Windows PowerShell puts quotes round what holds blanks, and escapes nothing.
fn passed(words: &[Word]) -> Result<Vec<String>, String> {
    let mut line = String::new();
    for word in words {
        match word {
            Word::Bare(text) if text.starts_with('-') && text.contains(['.', ':']) => return Err(format!("{text} would be split")),
            Word::Bare(text) if text.starts_with(['&', '$']) => return Err(format!("{text} acts on PowerShell")),
            _ => {}
        }
        let text = word.text();
        line.push(' ');
        line.push_str(&if text.contains(char::is_whitespace) { format!("\"{text}\"") } else { text.to_owned() });
    }
    Ok(c_runtime(&line))
}

/// A cmdlet of the module WebAdministration.
fn cmdlet(name: &str, words: &[Word]) -> Result<Parsed, String> {
    let mut parameters: Vec<(&str, &str)> = Vec::new();
    for pair in words.chunks(2) {
        let [Word::Bare(parameter), value] = pair else { return Err(format!("no parameter and value: {pair:?}")) };
        let number = matches!(value, Word::Bare(text) if text.parse::<i32>().is_ok());
        if !parameter.starts_with('-') || !(number || matches!(value, Word::Quoted(_))) {
            return Err(format!("no parameter and value: {pair:?}"));
        }
        parameters.push((parameter, value.text()));
    }
    let names: Vec<&str> = parameters.iter().map(|(name, _)| *name).collect();
    let value = |wanted: &str| parameters.iter().find(|(name, _)| *name == wanted).map_or("", |(_, value)| *value);
    let (verb, known): (&str, &[&[&str]]) = match name {
        "Set-WebConfigurationProperty" => {
            ("set", &[&["-PSPath", "-Filter", "-Name", "-Value"], &["-PSPath", "-Location", "-Filter", "-Name", "-Value"]])
        }
        "Get-WebConfigurationProperty" => ("list", &[&["-PSPath", "-Filter", "-Name"]]),
        "Set-WebConfiguration" => ("unlock", &[&["-PSPath", "-Filter", "-Metadata", "-Value"]]),
        _ => return Err(format!("{name} is no cmdlet that is known here")),
    };
    if !known.contains(&names.as_slice()) {
        return Err(format!("{name} with {names:?}"));
    }
    let below = value("-PSPath").strip_prefix("MACHINE/WEBROOT/APPHOST").ok_or("another root")?;
    let below = if below.is_empty() { "" } else { below.strip_prefix('/').filter(|below| !below.is_empty()).ok_or("another root")? };
    let location = if below.is_empty() { value("-Location") } else { below };
    if names.contains(&"-Location") && (location.is_empty() || !below.is_empty()) {
        return Err("a location that is none".to_owned());
    }
    if location.contains(['*', '?', '[', ']', '`', '\\']) {
        return Err(format!("{location} may be a pattern"));
    }
    let (filter, attribute) = (value("-Filter"), value("-Name"));
    if verb == "unlock" && (value("-Metadata"), value("-Value")) != ("overrideMode", "Allow") {
        return Err("not unlocked".to_owned());
    }
    if let Some(rest) = filter.strip_prefix("system.applicationHost/sites/") {
        let (site, rest) = match rest.strip_prefix("siteDefaults") {
            Some(rest) => (None, rest),
            None => {
                let text = rest.strip_prefix("site[@name=\"").ok_or("no site")?;
                let (name, rest) = text.split_once('"').ok_or("no closing quote")?;
                if name.contains(['{', '}', '*', '?', '[', ']', '`']) {
                    return Err(format!("{name} may be a pattern"));
                }
                (Some(name.to_owned()), rest.strip_prefix(']').ok_or("no closing bracket")?)
            }
        };
        let path = rest.strip_prefix('/').ok_or("no element")?;
        if !location.is_empty() || verb != "set" || !path.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'/') {
            return Err(format!("{verb} {path} at {location}"));
        }
        let attribute = format!("{}.{attribute}", path.replace('/', "."));
        return Ok(Parsed::Elements { site, attributes: vec![(attribute, value("-Value").to_owned())] });
    }
    if filter.is_empty() || !filter.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_')) {
        return Err(format!("{filter} is no section"));
    }
    let mut sections = Setting::ALL.iter().filter_map(|setting| Some(entry(*setting).iis7.as_ref()?.section));
    let within = |section: &&str| filter.strip_prefix(*section).is_some_and(|below| below.starts_with('/'));
    // What stands below a section is an element of it.
    let (section, element) = match sections.find(within) {
        Some(section) => (section, filter[section.len() + 1..].replace('/', ".") + "."),
        None => (filter, String::new()),
    };
    let attributes = match verb {
        "set" => vec![(format!("{element}{attribute}"), value("-Value").to_owned())],
        _ => Vec::new(),
    };
    // What PowerShell shows is one attribute, where appcmd shows the section.
    if (verb == "list") == attribute.is_empty() && verb != "set" {
        return Err("nothing to show".to_owned());
    }
    let apphost = verb == "set" && below.is_empty();
    Ok(Parsed::Section { verb: verb.to_owned(), location: location.to_owned(), section: section.to_owned(), attributes, apphost })
}

/// What the console window makes of a line that is pasted.
fn paste(command: &str) -> Result<String, String> {
    if let Some(c) = command.chars().find(|c| c.is_control()) {
        return Err(format!("{c:?} ends the line or acts on the console"));
    }
    Ok(command
        .chars()
        .map(|c| match c {
            '\u{a0}' | '\u{202f}' => ' ',
            '\u{201c}' | '\u{201d}' => '"',
            '\u{2013}' | '\u{2014}' => '-',
            c => c,
        })
        .collect())
}

/// cmd.exe: variables first, everywhere; then quotes, carets and operators. A variable that is not known here is taken to be set.
fn cmd_line(command: &str) -> Result<String, String> {
    if command.encode_utf16().count() > 8191 {
        return Err("too long".to_owned());
    }
    let mut expanded = String::new();
    let mut rest = command;
    while let Some((before, after)) = rest.split_once('%') {
        expanded.push_str(before);
        rest = match after.split_once('%') {
            Some((name, after)) => {
                expanded.push_str(match name {
                    "windir" => r"C:\Windows",
                    "SystemDrive" => "C:",
                    _ => "value of a variable",
                });
                after
            }
            None => {
                expanded.push('%');
                after
            }
        };
    }
    expanded.push_str(rest);
    let mut line = String::new();
    let mut quoted = false;
    let mut chars = expanded.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                quoted = !quoted;
                line.push(c);
            }
            '^' if !quoted => line.extend(chars.next()),
            '&' | '|' | '<' | '>' | '(' | ')' if !quoted => return Err(format!("{c} acts on cmd.exe")),
            c => line.push(c),
        }
    }
    if quoted { Err("an open quote".to_owned()) } else { Ok(line) }
}

/// Arguments by the rules of the C runtime.
fn c_runtime(line: &str) -> Vec<String> {
    let mut arguments = Vec::new();
    let mut chars = line.chars().peekable();
    loop {
        while chars.next_if(|c| matches!(c, ' ' | '\t')).is_some() {}
        if chars.peek().is_none() {
            return arguments;
        }
        let mut argument = String::new();
        let mut quoted = false;
        while let Some(c) = chars.peek().copied() {
            if matches!(c, ' ' | '\t') && !quoted {
                break;
            }
            let mut backslashes = 0;
            while chars.next_if_eq(&'\\').is_some() {
                backslashes += 1;
            }
            if chars.peek() != Some(&'"') {
                argument.push_str(&"\\".repeat(backslashes));
                if backslashes == 0 {
                    argument.extend(chars.next());
                }
                continue;
            }
            argument.push_str(&"\\".repeat(backslashes / 2));
            chars.next();
            let doubled = backslashes % 2 == 0 && quoted && chars.next_if_eq(&'"').is_some();
            if backslashes % 2 == 1 || doubled {
                argument.push('"');
            } else {
                quoted = !quoted;
            }
        }
        arguments.push(argument);
    }
}

/// Arguments of a script: a quote switches quoting, and nothing escapes it.
fn script_host(line: &str) -> Vec<String> {
    let mut arguments = Vec::new();
    let mut current: Option<String> = None;
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                current.get_or_insert_default();
            }
            ' ' | '\t' if !quoted => arguments.extend(current.take()),
            c => current.get_or_insert_default().push(c),
        }
    }
    arguments.extend(current);
    arguments
}

fn adsutil(arguments: &[String]) -> Result<Parsed, String> {
    let host = |argument: &&String| !argument.starts_with("//");
    let kept: Vec<&String> = arguments.iter().filter(host).collect();
    let [script, verb, target, values @ ..] = kept.as_slice() else { return Err("too few arguments".to_owned()) };
    if *script != r"C:\Inetpub\AdminScripts\adsutil.vbs" || arguments.first().is_none_or(|first| first != "//nologo") {
        return Err(format!("no adsutil: {script}"));
    }
    let wanted = match verb.as_str() {
        "get" | "delete" => values.is_empty(),
        "set" => !values.is_empty(),
        _ => false,
    };
    if !wanted || values.iter().any(|value| value.starts_with(['-', '/'])) {
        return Err(format!("{verb} with {values:?}"));
    }
    let target = target.replace('\\', "/");
    let (key, property) = target.rsplit_once('/').ok_or("no property")?;
    let values = values.iter().map(|value| (*value).clone()).collect();
    Ok(Parsed::Adsutil { verb: (*verb).clone(), key: key.to_owned(), property: property.to_owned(), values })
}

fn appcmd(arguments: &[String]) -> Result<Parsed, String> {
    let [verb, object, rest @ ..] = arguments else { return Err("too few arguments".to_owned()) };
    if object != "config" || !["set", "list", "clear", "unlock"].contains(&verb.as_str()) {
        return Err(format!("{verb} {object}"));
    }
    let mut location = String::new();
    let mut section = String::new();
    let mut attributes = Vec::new();
    let mut apphost = false;
    let mut binding = None;
    let mut elements: Vec<(Option<String>, (String, String))> = Vec::new();
    for (index, argument) in rest.iter().enumerate() {
        if let Some(name) = argument.strip_prefix("-section:") {
            section = name.to_owned();
        } else if argument == "/commit:apphost" {
            apphost = true;
        } else if let Some(element) = element(argument)? {
            elements.push(element);
        } else if let Some(predicate) = argument.strip_prefix("/-[").or_else(|| argument.strip_prefix("/[")) {
            binding = Some(self::binding(predicate, argument.starts_with("/-"))?);
        } else if let Some(attribute) = argument.strip_prefix('/') {
            let (name, value) = attribute.split_once(':').ok_or("an attribute without a value")?;
            attributes.push((name.to_owned(), value.to_owned()));
        } else if index == 0 && !argument.starts_with('-') {
            location = argument.clone();
        } else {
            return Err(format!("{argument:?} means nothing"));
        }
    }
    if let Some((site, _)) = elements.first() {
        let site = site.clone();
        if verb != "set" || section != "system.applicationHost/sites" || !apphost || !location.is_empty() {
            return Err("elements elsewhere".to_owned());
        }
        if binding.is_some() || !attributes.is_empty() || elements.iter().any(|(other, _)| *other != site) {
            return Err("elements among others".to_owned());
        }
        return Ok(Parsed::Elements { site, attributes: elements.into_iter().map(|(_, attribute)| attribute).collect() });
    }
    match binding {
        Some(binding)
            if verb == "set" && section == "system.applicationHost/sites" && apphost && location.is_empty() && attributes.is_empty() =>
        {
            Ok(binding)
        }
        Some(_) => Err("a binding elsewhere".to_owned()),
        None => Ok(Parsed::Section { verb: verb.clone(), location, section, attributes, apphost }),
    }
}

/// An attribute of an element of a site or of `siteDefaults`, such as `/[name='Shop'].logFile.logFormat:W3C`; `None` for anything else.
#[expect(clippy::type_complexity, reason = "owner, attribute and value")]
fn element(argument: &str) -> Result<Option<(Option<String>, (String, String))>, String> {
    let (site, rest) = if let Some(rest) = argument.strip_prefix("/siteDefaults.") {
        (None, rest)
    } else {
        let Some(text) = argument.strip_prefix("/[name='") else { return Ok(None) };
        let (site, rest) = text.split_once('\'').ok_or("no closing apostrophe")?;
        let Some(rest) = rest.strip_prefix("].").filter(|rest| !rest.starts_with("bindings.")) else { return Ok(None) };
        (Some(site.to_owned()), rest)
    };
    let (name, value) = rest.split_once(':').ok_or("an element without a value")?;
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-')) {
        return Err(format!("{name} is no attribute"));
    }
    Ok(Some((site, (name.to_owned(), value.to_owned()))))
}

/// What stands behind the first bracket: `name='Shop'].bindings.[protocol='https',bindingInformation='*:443:'].sslFlags:1`.
fn binding(text: &str, remove: bool) -> Result<Parsed, String> {
    let mut rest = text;
    let mut texts = Vec::new();
    for before in ["name='", "].bindings.[protocol='", ",bindingInformation='"] {
        let after = rest.strip_prefix(before).ok_or_else(|| format!("{before} is missing in {text}"))?;
        let (value, after) = after.split_once('\'').ok_or("no closing apostrophe")?;
        texts.push(value.to_owned());
        rest = after;
    }
    let rest = rest.strip_prefix(']').ok_or("no closing bracket")?;
    let change = match (remove, rest.strip_prefix('.').and_then(|change| change.split_once(':'))) {
        (true, None) if rest.is_empty() => None,
        (false, Some((attribute, value))) => Some((attribute.to_owned(), value.to_owned())),
        _ => return Err(format!("{rest} behind the binding")),
    };
    let binding = texts.pop().unwrap_or_default();
    let protocol = texts.pop().unwrap_or_default();
    Ok(Parsed::Binding { site: texts.pop().unwrap_or_default(), protocol, binding, change })
}

fn netsh(arguments: Vec<String>) -> Parsed {
    match arguments.as_slice() {
        [http, verb, sslcert, words @ ..] if http == "http" && sslcert == "sslcert" => {
            // netsh cuts at every equals sign and takes the first two parts.
            let cut = |word: &String| {
                let mut parts = word.split('=');
                (parts.next().unwrap_or_default().to_owned(), parts.next().unwrap_or_default().to_owned())
            };
            Parsed::Netsh { verb: verb.clone(), words: words.iter().map(cut).collect() }
        }
        _ => Parsed::Other(std::iter::once("netsh".to_owned()).chain(arguments).collect()),
    }
}

mod tests {
    use super::*;

    #[test]
    fn the_reader_does_what_cmd_and_the_c_runtime_do() {
        assert_eq!(c_runtime(r#"a "b c" /x:"y z" "C:\d\\" \\srv\x e\"f "" "#), ["a", "b c", "/x:y z", r"C:\d\", r"\\srv\x", "e\"f", ""]);
        assert_eq!(c_runtime(r#""a""b" c"#), ["a\"b", "c"]);
        assert_eq!(script_host(r#"a "b c" "C:\d\" e"#), ["a", "b c", r"C:\d\", "e"]);
        assert_eq!(cmd_line("a ^& b \"^&\" 5%").unwrap(), "a & b \"^&\" 5%");
        assert_eq!(cmd_line("\"%x%\"").unwrap(), "\"value of a variable\"");
        assert!(cmd_line("a & b").is_err() && cmd_line("\"a").is_err() && cmd_line("a > b").is_err());
    }

    #[test]
    fn what_is_wrong_is_not_understood_as_something_else() {
        for wrong in [
            r#"%windir%\system32\inetsrv\appcmd.exe set config "A" & calc -section:x"#,
            r#"%windir%\system32\inetsrv\appcmd.exe set config -section:x "/[name='O'Reilly'].bindings.[protocol='a',bindingInformation='b'].c:d" /commit:apphost"#,
            r#"cscript //nologo %SystemDrive%\Inetpub\AdminScripts\adsutil.vbs set W3SVC/1/A "b\" c"#,
            "cscript //nologo %SystemDrive%\\Inetpub\\AdminScripts\\adsutil.vbs set W3SVC/1/A \u{201c}x",
        ] {
            assert!(cmd(wrong).is_err(), "{wrong}: {:?}", cmd(wrong));
        }
        for wrong in [
            "netsh http show sslcert appid={x}",
            "netsh http show sslcert 'ipport=[::1]:443'; calc",
            "netsh http delete sslcert 'ipport=1'; netsh http delete sslcert 'ipport=2'",
            "netsh -section:a.b",
            "netsh http show sslcert appid=\"$x\"",
            "netsh http show sslcert appid=\"a\"b",
            "Set-WebConfigurationProperty -PSPath 'MACHINE/WEBROOT/APPHOST' -Location 'a' -Filter 'b' -Name 'c' -Value Ssl,SslRequireCert",
            "Set-WebConfigurationProperty -PSPath 'MACHINE/WEBROOT/APPHOST' -Location 'a*' -Filter 'b' -Name 'c' -Value 1",
            "Set-WebConfigurationProperty -PSPath 'MACHINE/WEBROOT/APPHOST' -Location 'O'Reilly' -Filter 'b' -Name 'c' -Value 1",
            "Set-WebConfigurationProperty -PSPath 'MACHINE/WEBROOT/APPHOST' -Location 'a\u{2019}; calc' -Filter 'b' -Name 'c' -Value 1",
            "Set-WebConfigurationProperty -PSPath 'IIS:/' -Filter 'b' -Name 'c' -Value 1",
            "Set-WebConfigurationProperty -PSPath 'MACHINE/WEBROOT/APPHOST' -Filter 'system.applicationHost/sites/site[@name=\"a\" or \"b\"]/hsts' -Name 'c' -Value 1",
            "Set-WebConfiguration -PSPath 'MACHINE/WEBROOT/APPHOST' -Filter 'b' -Metadata 'overrideMode' -Value 'Deny'",
            "Remove-Website -Name 'a'",
        ] {
            assert!(powershell(wrong).is_err(), "{wrong}: {:?}", powershell(wrong));
        }
    }

    #[test]
    fn powershell_takes_the_second_of_two_single_quotes_whichever_they_are() {
        let command = "Set-WebConfigurationProperty -PSPath 'MACHINE/WEBROOT/APPHOST' -Location \u{2018}a''b\u{2019}\u{2019}c' -Filter 'd' -Name 'e' -Value 5";
        let attributes = vec![("e".to_owned(), "5".to_owned())];
        let meant = Parsed::Section { verb: "set".into(), location: "a'b\u{2019}c".into(), section: "d".into(), attributes, apphost: true };
        assert_eq!(powershell(command), Ok(meant));
    }
}
