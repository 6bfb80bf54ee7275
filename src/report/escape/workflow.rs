//! Workflow commands of GitHub Actions: `::name property=value,…::message`, one a line.

use std::borrow::Cow;

use super::{Sink, terminal};

/// The message of a workflow command.
#[derive(Debug)]
pub struct WorkflowMessage;

impl Sink for WorkflowMessage {
    fn escape(text: &str) -> Cow<'_, str> {
        // Line breaks are visible before, so the sign of the escapes themselves is all that is left.
        Cow::Owned(terminal(text).replace('%', "%25"))
    }
}

/// The value of a property of a workflow command.
#[derive(Debug)]
pub struct WorkflowProperty;

impl Sink for WorkflowProperty {
    fn escape(text: &str) -> Cow<'_, str> {
        Cow::Owned(WorkflowMessage::escape(text).replace(':', "%3A").replace(',', "%2C"))
    }
}

#[cfg(test)]
pub(in crate::report) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Undoes the escapes as the runner does.
    pub(in crate::report) fn unescape(text: &str) -> String {
        text.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",").replace("%25", "%")
    }

    #[test]
    fn separators_and_line_breaks_do_not_separate() {
        assert_eq!(WorkflowMessage::escape("100%0A\n::error::x, y"), r"100%250A\u{a}::error::x, y");
        assert_eq!(WorkflowProperty::escape("C:\\a,b%\r\n"), r"C%3A\a%2Cb%25\u{d}\u{a}");
    }

    proptest! {
        #[test]
        fn any_text_stays_in_its_line_and_property_and_is_read_back(text in "[%:,=\r\n0-9A-D#a-z\\PC]{0,40}") {
            let (message, property) = (WorkflowMessage::escape(&text), WorkflowProperty::escape(&text));
            for escaped in [&message, &property] {
                prop_assert!(!escaped.contains(['\r', '\n']) && !escaped.contains("##"), "{}", escaped);
                prop_assert_eq!(unescape(escaped), terminal(&text).into_owned());
            }
            prop_assert!(!property.contains([':', ',']), "{}", property);
        }
    }
}
