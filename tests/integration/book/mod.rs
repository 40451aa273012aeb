//! The book does what it says: every command that it shows is run, every link leads somewhere, every page is in its
//! contents, and the pages that are written from the program are what the program says.

#[cfg(unix)]
mod commands;
mod generated;
mod links;
mod page;
