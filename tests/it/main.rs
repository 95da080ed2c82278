//! End-to-end tests: the real `waybill` program, the real UPS plugin, a mock UPS, an app.
//!
//! Each test has its own world on free ports; see `tests::World`.

mod admin_https;
mod app_changes;
mod apps;
mod bad_input;
mod carriers;
mod check_config;
mod commands;
mod docs;
mod doctor;
mod every_command;
mod examples;
mod failures;
mod fleet;
mod grants;
mod hygiene;
mod inject;
mod installed;
mod isolation;
mod labels;
mod lead_through;
mod load_balancer;
mod no_secret_leaks;
mod notices;
mod observe;
mod openapi_rules;
mod plugin_author;
mod plugin_check;
mod plugin_reload;
mod plugins;
mod priorities;
mod programs;
mod real_clients;
mod reload;
mod renewal;
mod replay_after_401;
mod restarts;
mod restored;
mod shutdown;
mod signing;
mod single_flight;
mod symbols;
mod tls;
mod token_endpoint;
mod walkthroughs;
