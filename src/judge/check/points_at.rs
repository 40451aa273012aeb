//! The part of an exchange that reports mark for a finding without a JSON pointer.

/// The part of the exchange that findings of a check are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointsAt {
    /// The status line.
    StatusLine,
    /// The first of these headers that the response has; without any, the status line.
    Headers(&'static [&'static str]),
    /// The name of the error: the header, else this member of the body.
    ErrorName {
        /// The header.
        header: &'static [&'static str],
        /// The JSON pointer of the member.
        member: &'static str,
    },
    /// The body.
    Body,
    /// The status line of the response to the control.
    Control,
    /// The body of the read that follows the step.
    Guard,
}

impl PointsAt {
    /// The headers to look for first.
    #[must_use]
    pub fn headers(self) -> &'static [&'static str] {
        match self {
            Self::Headers(names) | Self::ErrorName { header: names, .. } => names,
            Self::StatusLine | Self::Body | Self::Control | Self::Guard => &[],
        }
    }

    /// The JSON pointer to mark in the body.
    #[must_use]
    pub fn member(self) -> &'static str {
        if let Self::ErrorName { member, .. } = self { member } else { "" }
    }

    /// The mark belongs in the head of the response, even if it has a body.
    #[must_use]
    pub fn is_in_head(self) -> bool {
        matches!(self, Self::StatusLine | Self::Headers(_) | Self::Control)
    }
}
