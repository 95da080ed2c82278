//! The web interface and the mock's own pages in a real browser.
//!
//! `pages` has the table of all pages: a new page is one line there. `WAYBILL_SCREENSHOTS=1` lets
//! `screenshots` write the pictures of the documents, and `WAYBILL_GALLERY=FOLDER` all pages.

mod axe;
mod check;
mod flows;
mod invited;
mod keyboard;
mod mock_pages;
mod news;
mod overtaken;
mod pages;
mod screenshots;
mod tables;
mod world;
