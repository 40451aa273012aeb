//! draft
pub mod code;
pub mod contract;
pub mod reference;
pub mod scenario;
pub mod source;
pub mod statement;
pub mod transport;
pub mod verdict;
pub mod wire;
