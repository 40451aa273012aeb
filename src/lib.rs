//! draft
pub mod contract;
pub mod reference;
pub mod wire;
