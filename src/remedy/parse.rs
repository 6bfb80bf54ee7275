//! A reader for the commands that remedies print, for tests: the console, cmd.exe or PowerShell, the program's way to take arguments apart,
//! and the tool's own syntax, each modelled by its rules and on its own, without a look at how commands are written.

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

/// Understands a command for PowerShell; only programs without variables in their path.
pub(crate) fn powershell(command: &str) -> Result<Parsed, String> {
    let command = paste(command)?;
    let mut line = String::new();
    let mut rest = command.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            ' ' => line.push(' '),
            '\'' => {
                let mut word = String::new();
                loop {
                    match rest.next() {
                        Some('\'' | '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}') if rest.peek() == Some(&'\'') => {
                            rest.next();
                            word.push('\'');
                        }
                        Some('\'' | '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}') => break,
                        Some(c) => word.push(c),
                        None => return Err("no closing apostrophe".to_owned()),
                    }
                }
                // Windows PowerShell puts quotes round what holds blanks, and escapes nothing.
                line.push_str(&if word.contains(char::is_whitespace) { format!("\"{word}\"") } else { word });
            }
            c if c.is_ascii_alphanumeric() || "=.:-".contains(c) => line.push(c),
            c => return Err(format!("{c:?} acts on PowerShell")),
        }
    }
    match line.split_once(' ') {
        Some(("netsh", rest)) => Ok(netsh(c_runtime(rest))),
        _ => Err("not netsh".to_owned()),
    }
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
        assert!(powershell("netsh http show sslcert appid={x}").is_err());
    }
}
