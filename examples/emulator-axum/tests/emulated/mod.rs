//! The emulator as a target: its router is called in this process, without a socket.

use emulator_axum::Emulator;
use wireproof::{StateChange, Target};

/// An emulator of its own. States that no operation reaches are brought about by a function.
pub(crate) fn target() -> Target {
    let emulator = Emulator::default();
    Target::in_process(wireproof::tower(emulator.router())).named("emulator-axum").state_handler(
        move |change: StateChange| {
            let variables = emulator.establish(&change.state);
            async move { Ok(variables) }
        },
    )
}
