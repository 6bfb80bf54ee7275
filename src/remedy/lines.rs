//! One command as it is typed into each shell.

/// A command line for cmd.exe, for PowerShell, or for both. There is always one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines {
    cmd: Option<String>,
    powershell: Option<String>,
}

impl Lines {
    /// The lines that there are; `None` without any.
    pub fn of(cmd: Option<String>, powershell: Option<String>) -> Option<Self> {
        (cmd.is_some() || powershell.is_some()).then_some(Lines { cmd, powershell })
    }

    /// The line for cmd.exe.
    pub fn cmd(&self) -> Option<&str> {
        self.cmd.as_deref()
    }

    /// The line for PowerShell.
    pub fn powershell(&self) -> Option<&str> {
        self.powershell.as_deref()
    }

    pub(super) fn into_parts(self) -> (Option<String>, Option<String>) {
        (self.cmd, self.powershell)
    }
}

/// A line for cmd.exe only.
impl From<String> for Lines {
    fn from(cmd: String) -> Self {
        Lines { cmd: Some(cmd), powershell: None }
    }
}

/// A line that both shells take in the same way: words without a sign that acts on either.
impl From<&'static str> for Lines {
    fn from(line: &'static str) -> Self {
        Lines { cmd: Some(line.to_owned()), powershell: Some(line.to_owned()) }
    }
}
