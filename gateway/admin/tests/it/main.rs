//! The admin listener over a real socket.

mod attacks;
mod client;
mod client_address;
mod descriptors;
mod document;
mod endpoints;
mod floods;
mod harness;
mod hostile;
mod live;
mod plane;
mod roles;
mod ui;
mod ui_pages;
mod ui_tables;
