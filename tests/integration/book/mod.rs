//! The README and the pages below `docs/`: every command runs, every link leads somewhere, the contents name every page,
//! and generated pages are up to date.

#[cfg(unix)]
mod commands;
mod generated;
mod links;
pub(crate) mod page;
