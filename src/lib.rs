//! draft
pub mod check;
pub mod code;
pub mod contract;
pub mod event;
pub mod execute;
pub mod golden;
pub mod observe;
pub mod reference;
pub mod scenario;
pub mod session;
pub mod source;
pub mod statement;
pub mod target;
pub mod transcript;
pub mod transport;
pub mod verdict;
pub mod wire;
