//! draft
pub mod contract;
pub mod wire;
