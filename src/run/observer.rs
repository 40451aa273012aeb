//! Observers of a session.

use super::{event::Event, event::PresenceChecked, judged_case::JudgedCase};
use crate::judge::transcript::Transcript;

/// An observer of a session. Reports only need [`event`](Self::event). Recordings, snapshots and comparisons also need
/// cases.
pub trait Observer: Send {
    /// The details that events must have. A session calls this once, before its first event.
    fn detail(&self) -> EventDetail {
        EventDetail::default()
    }

    /// Receives an event.
    fn event(&mut self, event: &Event);

    /// Receives a case with all its exchanges, just before its event.
    fn case(&mut self, _case: &JudgedCase) {}

    /// Receives the presence check of an operation just before its event. The transcript includes the states that its
    /// cases share; a recording may lack it.
    fn presence_checked(&mut self, _checked: &PresenceChecked, _transcript: Option<&Transcript>) {}
}

/// Details of a finished case that take time to make, and that few reports show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventDetail {
    /// All exchanges as text.
    pub exchanges: bool,
    /// The difference from the snapshot.
    pub difference: bool,
}

impl EventDetail {
    /// The details of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { exchanges: self.exchanges || other.exchanges, difference: self.difference || other.difference }
    }
}

/// Calls a function for each event.
#[derive(Debug, Clone)]
pub struct OnEvent<F>(pub F);

impl<F: FnMut(&Event) + Send> Observer for OnEvent<F> {
    fn event(&mut self, event: &Event) {
        (self.0)(event);
    }
}

/// Calls a function for each case.
#[derive(Debug, Clone)]
pub struct OnCase<F>(pub F);

impl<F: FnMut(&JudgedCase) + Send> Observer for OnCase<F> {
    fn event(&mut self, _: &Event) {}

    fn case(&mut self, case: &JudgedCase) {
        (self.0)(case);
    }
}

impl<O: Observer + ?Sized> Observer for &mut O {
    fn detail(&self) -> EventDetail {
        (**self).detail()
    }

    fn event(&mut self, event: &Event) {
        (**self).event(event);
    }

    fn case(&mut self, case: &JudgedCase) {
        (**self).case(case);
    }

    fn presence_checked(&mut self, checked: &PresenceChecked, transcript: Option<&Transcript>) {
        (**self).presence_checked(checked, transcript);
    }
}

impl<O: Observer> Observer for Option<O> {
    fn detail(&self) -> EventDetail {
        self.as_ref().map(Observer::detail).unwrap_or_default()
    }

    fn event(&mut self, event: &Event) {
        for observer in self.iter_mut() {
            observer.event(event);
        }
    }

    fn case(&mut self, case: &JudgedCase) {
        for observer in self.iter_mut() {
            observer.case(case);
        }
    }

    fn presence_checked(&mut self, checked: &PresenceChecked, transcript: Option<&Transcript>) {
        for observer in self.iter_mut() {
            observer.presence_checked(checked, transcript);
        }
    }
}

impl<A: Observer, B: Observer> Observer for (A, B) {
    fn detail(&self) -> EventDetail {
        self.0.detail().and(self.1.detail())
    }

    fn event(&mut self, event: &Event) {
        self.0.event(event);
        self.1.event(event);
    }

    fn case(&mut self, case: &JudgedCase) {
        self.0.case(case);
        self.1.case(case);
    }

    fn presence_checked(&mut self, checked: &PresenceChecked, transcript: Option<&Transcript>) {
        self.0.presence_checked(checked, transcript);
        self.1.presence_checked(checked, transcript);
    }
}
