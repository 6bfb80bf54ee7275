//! Texts from files on a command line: exactly as they are, or not at all.
//!
//! The target is one shell: an interactive prompt of cmd.exe as Windows sets it up, into which a person pastes the line. On the way to
//! the program a text passes four readers, and a text that any of them could change gives no command.
//!
//! 1. **The console.** It shows some characters as nothing and acts on others, so such a text is printed in an escaped form and the
//!    printed line would not be the command. When a line is pasted, the console window turns typographic quotes, long dashes and
//!    no-break spaces into their ASCII relatives: a typographic quote would then end the quoted part. All of these are refused.
//! 2. **cmd.exe.** `%name%` is replaced even inside quotes. A caret takes effect only outside of quotes, after that replacement, and so
//!    protects nothing for sure: every `%` is refused. A quote switches quoting on and off and knows no escape inside of quotes, so every
//!    quote is refused too. With that, one pair of quotes brings everything else through: `& | < > ^ ( )` are plain characters inside
//!    of it, and `, ; =` and blanks separate nothing. `!` is plain as long as delayed expansion is off, which is how cmd.exe starts.
//!    Outside of quotes stand only letters, digits and a few signs without a meaning to cmd.exe. A line has at most 8191 characters.
//! 3. **The program's way to take arguments apart.** Programs that use the C runtime (appcmd, netsh, certutil) take `\"` for a quote and
//!    count the backslashes before a quote in pairs; other backslashes are plain. Without quotes inside, only backslashes at the end of
//!    a quoted text matter: they are doubled. cscript has no escape of any kind, and whether it doubles backslashes is not documented:
//!    a quoted text that ends in one is refused there. What begins with `//` is an option of cscript itself wherever it stands.
//! 4. **Code pages.** A program that asks for its arguments in the code page of the system gets the nearest character for each that the
//!    code page lacks, and for some that is a quote or a backslash: these are refused.
//!
//! PowerShell is another shell with other rules; see [`super::powershell`].

use crate::report::escape;

/// How many UTF-16 units cmd.exe takes in a line; some are left for the variables that stand at the start of commands.
const LONGEST: usize = 8191 - 200;

/// How a program takes its arguments apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    /// By the rules of the C runtime.
    CRuntime,
    /// By the rules of the script host, cscript.
    Script,
}

/// Whether the text reaches a program unchanged inside of quotes.
pub(super) fn survives(text: &str) -> bool {
    // cmd.exe replaces variables.
    !text.contains('%') && reaches_program(text)
}

/// Whether the text reaches a program unchanged, as far as the console, quotes and code pages are concerned.
pub(super) fn reaches_program(text: &str) -> bool {
    let harmless = matches!(escape::terminal(text), std::borrow::Cow::Borrowed(_));
    if text.is_ascii() {
        return harmless && !text.as_bytes().contains(&b'"');
    }
    let changed = |c: char| {
        matches!(
            c,
            '"'
            // The console, when the line is pasted.
            | '\u{a0}' | '\u{202f}' | '\u{2013}' | '\u{2014}' | '\u{201c}' | '\u{201d}'
            // Code pages without them: a quote.
            | '\u{2ba}' | '\u{30e}' | '\u{201e}' | '\u{201f}' | '\u{2033}' | '\u{2036}' | '\u{ff02}'
            // A backslash.
            | '\u{a5}' | '\u{20a9}' | '\u{2216}' | '\u{ff3c}'
        )
    };
    harmless && !text.contains(changed)
}

/// The text in quotes.
pub(super) fn quoted(text: &str, program: Program) -> Option<String> {
    if !survives(text) {
        return None;
    }
    let backslashes = text.len() - text.trim_end_matches('\\').len();
    match program {
        Program::Script if backslashes > 0 => None,
        _ => Some(format!("\"{text}{}\"", "\\".repeat(backslashes))),
    }
}

/// The text as one argument, in quotes when it needs them.
pub(super) fn argument(text: &str, program: Program) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | ':' | '\\' | '*') || c.is_alphanumeric();
    if program == Program::Script && text.starts_with("//") {
        return None;
    }
    // Most are words without any sign, which nothing on the way can change.
    let is_plain_ascii = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'_' | b'-' | b':'));
    if !text.is_empty() && (is_plain_ascii || text.chars().all(plain) && survives(text)) {
        Some(text.to_owned())
    } else {
        quoted(text, program)
    }
}

/// The command, when it is one line that cmd.exe takes and that is printed as it is.
pub(super) fn line(command: String) -> Option<String> {
    // No text has more UTF-16 units than bytes.
    let fits = command.len() <= LONGEST || command.encode_utf16().count() <= LONGEST;
    (fits && matches!(escape::terminal(&command), std::borrow::Cow::Borrowed(_))).then_some(command)
}

/// Whether the text is a word without any meaning to a shell: a section, an attribute, a property.
pub(super) fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shell_characters_are_harmless_in_quotes() {
        for text in ["a b", "a&b", "a|b", "<a>", "a^b", "(a)", "it's", "wow!", "{g}", "[::1]", "a,b;c=d", "Büro 東京"] {
            assert_eq!(argument(text, Program::CRuntime), Some(format!("\"{text}\"")), "{text}");
            assert_eq!(argument(text, Program::Script), Some(format!("\"{text}\"")), "{text}");
        }
        assert_eq!(argument("Büro", Program::Script).as_deref(), Some("Büro"));
        assert_eq!(argument("", Program::Script).as_deref(), Some("\"\""));
    }

    #[test]
    fn what_a_reader_on_the_way_changes_gives_nothing() {
        for text in ["a\"b", "%PATH%", "100%", "a\nb", "a\tb", "\u{201c}x\u{201d}", "a\u{a0}b", "a – b", "a\u{202e}b", "＂ & calc", "##[x]"]
        {
            assert_eq!(argument(text, Program::CRuntime), None, "{text}");
            assert_eq!(argument(text, Program::Script), None, "{text}");
        }
    }

    #[test]
    fn backslashes_at_the_end_are_doubled_for_programs_and_refused_for_scripts() {
        assert_eq!(argument(r"C:\a b\", Program::CRuntime).as_deref(), Some(r#""C:\a b\\""#));
        assert_eq!(argument(r"C:\a b\", Program::Script), None);
        assert_eq!(argument(r"C:\a\", Program::CRuntime).as_deref(), Some(r"C:\a\"));
        assert_eq!(argument(r"C:\a\", Program::Script).as_deref(), Some(r"C:\a\"));
        assert_eq!(argument("//b", Program::Script), None);
    }

    #[test]
    fn a_line_that_cmd_would_cut_is_none() {
        assert!(line("x".repeat(7000)).is_some());
        assert_eq!(line("x".repeat(8000)), None);
    }
}
