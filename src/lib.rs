//! draft
pub mod contract;
pub mod transport;
pub mod wire;
