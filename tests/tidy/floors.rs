//! The floors inside crates: imports run downwards, and files do not import each other in circles.

use super::{assert_none, files};
use std::collections::{BTreeMap, BTreeSet};

/// A crate, and its floors from the top: the modules at the crate's root. A module of a floor may
/// import its own floor and those below it. Without floors only circles are looked for.
struct House {
    source: &'static str,
    floors: &'static [&'static [&'static str]],
}

/// The largest circle of files that import each other.
const CIRCLE: usize = 3;

/// Without floors: only circles are looked for.
const fn plain(source: &'static str) -> House {
    House {
        source,
        floors: &[],
    }
}

const HOUSES: &[House] = &[
    plain("gateway/model/src"),
    plain("gateway/token/src"),
    plain("gateway/http-client/src"),
    plain("gateway/broker/src"),
    plain("xtask/src"),
    House {
        source: "gateway/src",
        floors: &[
            &["lib"],
            &["commands"],
            &["lifecycle"],
            &["composition"],
            &["clock", "plugin_worker", "signals", "telemetry"],
        ],
    },
    House {
        source: "gateway/admin/src",
        floors: &[
            &["lib"],
            &["server"],
            &["routes"],
            &["api"],
            &["context"],
            &["client_address", "host", "metrics", "readiness"],
            &[
                "acceptor",
                "connections",
                "error",
                "labels",
                "runtime_status",
                "store_probe",
                "throttle",
            ],
        ],
    },
    House {
        source: "gateway/api/src",
        floors: &[
            &["lib"],
            &["client"],
            &["consent"],
            &[
                "account",
                "admin_token",
                "app",
                "backup",
                "gateway",
                "migration",
            ],
            &[
                "audit",
                "doctor",
                "error_body",
                "notice",
                "plugin",
                "probe",
                "protocol",
                "request",
                "secret_text",
                "token",
            ],
        ],
    },
    House {
        source: "gateway/cli/src",
        floors: &[
            &["lib"],
            &["dispatch"],
            &["command"],
            &["migrate"],
            &[
                "account",
                "admin_token",
                "app",
                "backup",
                "inspect",
                "key",
                "plugin",
                "requests",
                "token",
            ],
            &["completions", "local", "remote"],
            &["terminal"],
            &["error"],
        ],
    },
    House {
        source: "gateway/cli/local/src",
        floors: &[&["lib"], &["check_config", "plugin", "store"], &["runtime"]],
    },
    House {
        source: "gateway/config/src",
        floors: &[
            &["lib"],
            &["config"],
            &["checks", "partial", "schema"],
            &["sections"],
            &["reader"],
            &["description", "error"],
        ],
    },
    House {
        source: "gateway/control/src",
        floors: &[
            &["lib"],
            &["doctor"],
            &["migration", "probe"],
            // One file for each subject of the admin API, and the tasks that run by themselves.
            &[
                "accounts",
                "admins",
                "apps",
                "audit",
                "backup",
                "consent",
                "load",
                "plugins",
                "publication",
                "reminders",
                "requests",
                "tokens",
                "trail",
            ],
            &["plane", "store_watch"],
            &["pasted", "serving", "wiring"],
            &[
                "api_time",
                "blocking",
                "error",
                "instances",
                "plugin_settings",
                "reminder_state",
                "restored",
                "secret_digest",
                "settings",
                "signing",
            ],
        ],
    },
    House {
        source: "gateway/framing/src",
        floors: &[
            &["lib"],
            &["guard"],
            &["http2_frames", "peer_monitor"],
            &["flood", "http2_trailers"],
            &["connection_state"],
            &["request", "response"],
            &["body", "head"],
            &["chunked", "field", "start_line"],
            &["host", "line"],
            &["octets"],
            &[
                "expiry",
                "http2_frame",
                "limits",
                "pass",
                "position",
                "proxy_header",
                "read_buffer",
                "violation",
            ],
        ],
    },
    House {
        source: "gateway/plugin-host/src",
        floors: &[
            &["lib"],
            &["locking", "registry"],
            &["catalog"],
            &["consent", "drive", "plugin", "sign"],
            &["instance"],
            &["handle"],
            &["loaded"],
            &["host"],
            &["worker"],
            &["call", "instance_result", "sign_call"],
            &["handshake", "inspect", "refusal", "sink"],
            &[
                "exit_watch",
                "ffi",
                "fields",
                "host_table",
                "manifest",
                "private_copy",
            ],
            &[
                "context",
                "diagnosis",
                "library",
                "lock",
                "pool",
                "sign_watch",
                "signature",
            ],
            &[
                "authorization",
                "codes",
                "digest",
                "discover",
                "health",
                "limits",
                "plugin_log",
                "random",
                "text",
                "trust",
                "violation",
            ],
        ],
    },
    House {
        source: "gateway/proxy/src",
        floors: &[
            // What the crate shows to others, and to its own benches.
            &["lib", "bench_support"],
            &["serving"],
            &["request"],
            &["worker"],
            &["directory"],
            &["upstream"],
            &[
                "credential_source",
                "error",
                "field_names",
                "limits",
                "metrics",
                "path_rules",
                "recorded_path",
                "request_report",
                "settings",
                "ticks",
            ],
        ],
    },
    House {
        source: "gateway/store/src",
        floors: &[
            &["lib", "bench_support"],
            &["backup"],
            &["grants", "notices"],
            &["migrations", "renewals", "rotate"],
            // One file for each table or act, all on the store's handle.
            &[
                "accounts",
                "admin_tokens",
                "apps",
                "audit",
                "consents",
                "creation",
                "derive",
                "lookups",
                "manifests",
                "open",
                "preflight",
                "read",
                "recover",
            ],
            &["store"],
            &["rescue"],
            &["table"],
            &["db", "key", "lock"],
            &["doc", "file", "meta", "seal"],
            &["error", "record"],
            &["access", "classify", "time"],
        ],
    },
    House {
        source: "mock-ups/src",
        floors: &[
            &["lib"],
            // The two ways to start a mock: from a test and from the command line.
            &["mock", "program"],
            &["serving"],
            &["control", "oauth", "push"],
            &["mock_state"],
            &["journal"],
            &["lint"],
            &["faults", "products", "tokens"],
            &["hot_settings", "oauth_state", "registry"],
            &["config", "data", "standard_responses", "testing"],
            &["api", "response_envelope"],
            &[
                "calendar",
                "clock",
                "endpoint",
                "error_envelope",
                "json",
                "label",
                "lenient",
                "places",
                "response_body",
                "span",
                "tls",
                "toml",
            ],
        ],
    },
];

/// A module's path from the crate's root; the root's own is empty.
type Module = Vec<String>;

/// Each module of a crate, and the modules that it imports.
type Imports = BTreeMap<Module, BTreeSet<Module>>;

fn module(path: &str) -> Module {
    let path = path.strip_suffix(".rs").unwrap_or(path);
    let mut segments: Module = path.split('/').map(str::to_owned).collect();
    if segments
        .last()
        .is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str()))
    {
        segments.pop();
    }
    segments
}

/// The modules under a folder, without tests, and what they import. A name that a module has by an
/// import of its own counts as an import from where it is defined.
fn imports(source: &str) -> Imports {
    let mut sources: BTreeMap<Module, String> = BTreeMap::new();
    for (path, text) in files(".rs") {
        let path = path.strip_prefix(source);
        let Some(path) = path.and_then(|path| path.strip_prefix('/')) else {
            continue;
        };
        let segments = module(path);
        if segments.iter().all(|segment| segment != "tests") {
            // A crate may have both `lib.rs` and `main.rs` at its root.
            sources.entry(segments).or_default().push_str(&code(&text));
        }
    }
    assert!(!sources.is_empty(), "{source} has no source files");
    let modules: BTreeSet<&Module> = sources.keys().collect();
    let exports: Exports = (sources.iter())
        .flat_map(|(at, text)| exports(at, text, &modules))
        .collect();
    let of = |(at, text): (&Module, &String)| {
        let found = paths(at, text, &modules).into_iter();
        let found = found.filter_map(|path| owner(path, &modules, &exports));
        (at.clone(), found.filter(|other| other != at).collect())
    };
    sources.iter().map(of).collect()
}

/// The path under which a module passes an item on, and the path that it stands for.
type Exports = BTreeMap<Module, Module>;

fn exports(at: &Module, text: &str, modules: &BTreeSet<&Module>) -> Exports {
    // Private imports too: the modules below this one may use their names through it.
    let statements = text
        .split(';')
        .filter(|statement| statement.contains("use "));
    let passed_on = statements.flat_map(|statement| paths(at, statement, modules));
    let named = passed_on.filter_map(|path| {
        let name = path.last()?.clone();
        Some(([at.as_slice(), &[name]].concat(), path))
    });
    named.filter(|(from, to)| from != to).collect()
}

/// A file's text without comments and without the tests at its end. In a module that is written inside
/// the file, `super` is the file's own module.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next();
    let lines = text.unwrap_or_default().lines();
    let mut depth = 0_usize;
    let mut inline = None;
    let mut code = String::new();
    for line in lines.map(|line| line.split("//").next().unwrap_or_default()) {
        if inline.is_none() && line.contains("mod ") && line.trim_end().ends_with('{') {
            inline = Some(depth);
        }
        match inline {
            Some(_) => code.push_str(&line.replace("super::", "self::")),
            None => code.push_str(line),
        }
        code.push('\n');
        depth = (depth + line.matches('{').count()).saturating_sub(line.matches('}').count());
        inline = inline.filter(|outside| depth > *outside);
    }
    code
}

/// The module that a path names, or that the named item is in.
fn owner(mut path: Module, modules: &BTreeSet<&Module>, exports: &Exports) -> Option<Module> {
    // Each step leads nearer to the definition; a chain of more is a mistake of this reader.
    for _ in 0..8 {
        let prefix = (0..=path.len()).rev().map(|end| path[..end].to_vec());
        let prefix = prefix.into_iter().find(|prefix| modules.contains(prefix))?;
        let item = path.get(..=prefix.len());
        match item.and_then(|item| exports.get(item)) {
            Some(to) => path = [to.as_slice(), &path[prefix.len() + 1..]].concat(),
            None => return Some(prefix),
        }
    }
    None
}

/// Every path in the text that begins with `crate`, `super`, `self`, or a module of this one.
fn paths(at: &Module, text: &str, modules: &BTreeSet<&Module>) -> Vec<Module> {
    let mut found = Vec::new();
    let word = |c: char| c.is_alphanumeric() || c == '_';
    for (start, _) in text.match_indices("::") {
        let before = &text[..start];
        let first = before.rsplit(|c| !word(c)).next().unwrap_or_default();
        let ahead = before[..before.len() - first.len()].trim_end();
        if ahead.ends_with("::") || first.is_empty() {
            continue;
        }
        let child = [at.as_slice(), &[first.to_owned()]].concat();
        let base = match first {
            "crate" => Vec::new(),
            "self" => at.clone(),
            "super" => at[..at.len().saturating_sub(1)].to_vec(),
            _ if modules.contains(&child) => child,
            _ => continue,
        };
        expand(base, &text[start + 2..], &mut found);
    }
    found
}

/// Adds the paths of an import tree, and returns what follows it.
fn expand<'a>(mut base: Module, tree: &'a str, found: &mut Vec<Module>) -> &'a str {
    let mut left = tree.trim_start();
    loop {
        if let Some(inside) = left.strip_prefix('{') {
            left = inside.trim_start();
            while !left.is_empty() && !left.starts_with('}') {
                left = expand(base.clone(), left, found).trim_start();
                left = left.strip_prefix(',').unwrap_or(left).trim_start();
                if !left.starts_with(|c: char| c.is_alphanumeric() || "_{}*".contains(c)) {
                    break;
                }
            }
            return left.strip_prefix('}').unwrap_or(left);
        }
        let end = left.find(|c: char| !c.is_alphanumeric() && c != '_');
        let (segment, after) = left.split_at(end.unwrap_or(left.len()));
        match segment {
            "super" => {
                base.pop();
            }
            "self" | "" => {}
            name => base.push(name.to_owned()),
        }
        let Some(more) = after.strip_prefix("::") else {
            found.push(base);
            // A renamed import: what follows `as` is no path.
            let renamed = after.trim_start().strip_prefix("as ");
            return renamed.map_or_else(
                || after.strip_prefix('*').unwrap_or(after),
                |name| name.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'),
            );
        };
        left = more.trim_start();
    }
}

fn name(module: &Module) -> String {
    if module.is_empty() {
        "lib".to_owned()
    } else {
        module.join("::")
    }
}

#[test]
fn imports_run_downwards() {
    let mut offences = Vec::new();
    for house in HOUSES.iter().filter(|house| !house.floors.is_empty()) {
        let floor = |module: &Module| {
            let top = module.first().map_or("lib", String::as_str);
            house.floors.iter().position(|floor| floor.contains(&top))
        };
        for (from, targets) in imports(house.source) {
            let Some(here) = floor(&from) else {
                offences.push(format!("{}: {} has no floor", house.source, name(&from)));
                continue;
            };
            let climbs = targets
                .iter()
                .filter(|to| floor(to).is_some_and(|at| at < here));
            offences.extend(climbs.map(|to| {
                let (from, to) = (name(&from), name(to));
                format!("{}: {from} imports {to}, which is above it", house.source)
            }));
        }
    }
    assert_none("floors", &offences);
}

/// Crates without floors, of which there may be many.
fn others() -> Vec<String> {
    let roots = files("/src/lib.rs").into_iter().map(|(path, _)| path);
    let others = roots.filter(|path| !path.starts_with("gateway/"));
    others.map(|path| path.replace("/lib.rs", "")).collect()
}

#[test]
fn no_large_circle_of_imports() {
    let mut offences = Vec::new();
    let houses = HOUSES.iter().map(|house| house.source.to_owned());
    for source in houses.chain(others()) {
        for circle in circles(&imports(&source)) {
            let names: Vec<String> = circle.iter().map(name).collect();
            offences.push(format!("{source}: {}", names.join(", ")));
        }
    }
    assert_none("circles of imports", &offences);
}

/// Sets of more than [`CIRCLE`] modules of which each leads to each.
fn circles(imports: &Imports) -> Vec<BTreeSet<Module>> {
    let reached: BTreeMap<&Module, BTreeSet<&Module>> = (imports.keys())
        .map(|from| (from, reach(imports, from)))
        .collect();
    let mut found: BTreeSet<BTreeSet<Module>> = BTreeSet::new();
    for (from, to) in &reached {
        let back = |other: &&&Module| reached.get(*other).is_some_and(|to| to.contains(from));
        let circle: BTreeSet<Module> = to.iter().filter(back).map(|it| (*it).clone()).collect();
        if circle.len() > CIRCLE {
            found.insert(circle);
        }
    }
    found.into_iter().collect()
}

fn reach<'a>(imports: &'a Imports, from: &Module) -> BTreeSet<&'a Module> {
    let mut seen = BTreeSet::new();
    let mut next: Vec<&Module> = imports[from].iter().collect();
    while let Some(module) = next.pop() {
        if seen.insert(module) {
            next.extend(&imports[module]);
        }
    }
    seen
}

#[test]
fn import_trees_are_read_whole() {
    let known: Vec<Module> = ["", "a", "a/b", "c", "c/d", "e"]
        .map(|path| {
            path.split('/')
                .filter(|s| !s.is_empty())
                .map(str::to_owned)
                .collect()
        })
        .to_vec();
    let known: BTreeSet<&Module> = known.iter().collect();
    let text = code(
        "use crate::{a::{b::{X, self}, Y}, e};\nuse super::{super::c, d as other, E};\n\
         pub use b::Z; // crate::none\nfn f() { crate::c::d::call(); b::run(); std::fmt::x(); }\n",
    );
    let at: Module = vec!["a".to_owned()];
    let found: BTreeSet<String> = (paths(&at, &text, &known).iter())
        .map(|path| path.join("::"))
        .collect();
    for path in [
        "a::b::X",
        "a::b",
        "a::Y",
        "e",
        "c",
        "d",
        "E",
        "a::b::Z",
        "a::b::run",
        "c::d::call",
    ] {
        assert!(found.contains(path), "{path} is not in {found:?}");
    }
    assert_eq!(found.len(), 10, "{found:?}");
}
