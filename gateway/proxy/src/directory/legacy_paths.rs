//! Older paths of a carrier's API, and what they are today.
//!
//! A path is read exactly as it is sent: a literal segment fits only itself, and what a named one
//! holds goes over byte by byte. Nothing is decoded, so nothing can be decoded twice.

use super::types::DirectoryError;
use crate::{
    error::{Code, Problem},
    path_rules,
};
use gateway_model::{LegacyProfile, PathRewrite, RetiredPath};
use http::{Method, uri::PathAndQuery};

/// The table, prepared.
#[derive(Debug)]
pub(crate) struct PathTable {
    /// Marks of how older paths begin: most paths of today are told apart by it at once.
    marks: u64,
    rules: Vec<Rule>,
    retired: Vec<RetiredPath>,
}

#[derive(Debug)]
struct Rule {
    methods: Vec<Method>,
    /// A literal, or any segment that is not empty.
    from: Vec<Option<String>>,
    to: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    Literal(String),
    /// The older path's segment of that number.
    Segment(usize),
}

impl PathTable {
    pub(crate) fn new(legacy: &LegacyProfile) -> Result<Self, DirectoryError> {
        let rules = legacy
            .paths
            .iter()
            .map(Rule::new)
            .collect::<Result<_, _>>()?;
        let rewritten = legacy.paths.iter().map(|rule| rule.from.as_str());
        let retired = legacy.retired.iter().map(|retired| retired.path.as_str());
        let marks = rewritten.chain(retired).map(|path| match path.get(..3) {
            Some(begin) if !begin.contains('{') => mark(begin),
            Some(_) | None => u64::MAX,
        });
        Ok(Self {
            marks: marks.fold(0, |all, mark| all | mark),
            rules,
            retired: legacy.retired.clone(),
        })
    }

    /// What the target is today; `None` if it is not an older one. An older one without a successor is a
    /// problem: the carrier would say no more than that it does not know the caller.
    pub(crate) fn rewrite(
        &self,
        method: &Method,
        target: &PathAndQuery,
    ) -> Result<Option<PathAndQuery>, Problem> {
        if self.marks & mark(target.path()) == 0 {
            return Ok(None);
        }
        self.search(method, target)
    }

    #[cold]
    fn search(
        &self,
        method: &Method,
        target: &PathAndQuery,
    ) -> Result<Option<PathAndQuery>, Problem> {
        let segments: Vec<&str> = segments(target.path()).collect();
        let fits = |rule: &&Rule| rule.fits(method, &segments);
        let Some(rule) = self.rules.iter().find(fits) else {
            return self.retired(target.path()).map_or(Ok(None), Err);
        };
        if segments.iter().any(|segment| hides_a_slash(segment)) {
            return Err(Problem::bad(
                "a path of the carrier's older API must not hold an encoded slash",
            ));
        }
        let mut path = String::with_capacity(target.as_str().len() + 16);
        for step in &rule.to {
            path.push('/');
            path.push_str(match step {
                Step::Literal(text) => text,
                Step::Segment(at) => segments[*at],
            });
        }
        if let Some(query) = target.query() {
            path.push('?');
            path.push_str(query);
        }
        let rewritten = path.parse().map(Some);
        rewritten.map_err(|_| Problem::bad("the request target cannot be sent on"))
    }

    fn retired(&self, path: &str) -> Option<Problem> {
        let found = self
            .retired
            .iter()
            .find(|retired| retired.path.covers(path))?;
        Some(Problem::owned(Code::PathRetired, found.remedy.clone()))
    }
}

/// One bit for the second and third character, which differ between the older paths and `/api`.
fn mark(path: &str) -> u64 {
    let at = |index: usize| path.as_bytes().get(index).copied().unwrap_or_default();
    1 << ((at(1).wrapping_mul(2) ^ at(2)) & 63)
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.strip_prefix('/').unwrap_or(path).split('/')
}

/// Another reader might see two segments where this one sees one.
fn hides_a_slash(segment: &str) -> bool {
    let escapes = segment.as_bytes().windows(3);
    escapes
        .into_iter()
        .any(|escape| escape.eq_ignore_ascii_case(b"%2f") || escape.eq_ignore_ascii_case(b"%5c"))
}

impl Rule {
    fn new(rule: &PathRewrite) -> Result<Self, DirectoryError> {
        let wrong = || DirectoryError::LegacyPath(rule.from.clone());
        let named = |segment: &str| -> Option<String> {
            let name = segment.strip_prefix('{')?.strip_suffix('}')?;
            Some(name.to_owned())
        };
        let usable =
            |path: &str| path.starts_with('/') && path_rules::check(path.as_bytes()).is_ok();
        if !usable(&rule.from) || !usable(&rule.to) {
            return Err(wrong());
        }
        let names: Vec<Option<String>> = segments(&rule.from).map(named).collect();
        let literals = segments(&rule.from).map(|s| named(s).is_none().then(|| s.to_owned()));
        let step = |segment: &str| match named(segment) {
            None => Ok(Step::Literal(segment.to_owned())),
            Some(name) => {
                let at = names.iter().position(|n| n.as_ref() == Some(&name));
                at.map(Step::Segment).ok_or_else(wrong)
            }
        };
        Ok(Self {
            methods: rule.methods.clone(),
            from: literals.collect(),
            to: segments(&rule.to).map(step).collect::<Result<_, _>>()?,
        })
    }

    fn fits(&self, method: &Method, segments: &[&str]) -> bool {
        let fits = |(want, is): (&Option<String>, &&str)| match want {
            Some(literal) => literal == is,
            None => !is.is_empty(),
        };
        (self.methods.is_empty() || self.methods.contains(method))
            && self.from.len() == segments.len()
            && self.from.iter().zip(segments).all(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;

    fn table(rules: &[(&str, &str)]) -> Result<PathTable, DirectoryError> {
        let rule = |(from, to): &(&str, &str)| PathRewrite {
            from: (*from).to_owned(),
            to: (*to).to_owned(),
            methods: Vec::new(),
        };
        PathTable::new(&LegacyProfile {
            key_header: HeaderName::from_static("accesslicensenumber"),
            strip: Vec::new(),
            paths: rules.iter().map(rule).collect(),
            retired: Vec::new(),
        })
    }

    fn rewrite(table: &PathTable, target: &str) -> Option<String> {
        let target = target.parse().expect("a target");
        let rewritten = table.rewrite(&Method::POST, &target).expect("clean");
        rewritten.map(|target| target.as_str().to_owned())
    }

    #[test]
    fn segments_go_over_byte_by_byte() {
        let table = table(&[("/ship/{v}/rating/{opt}", "/api/rating/{v}/{opt}")]).expect("a table");
        for (from, to) in [
            ("/ship/v1/rating/Rate", "/api/rating/v1/Rate"),
            (
                "/ship/v1/rating/R%2561te?a=%2F&b",
                "/api/rating/v1/R%2561te?a=%2F&b",
            ),
            ("/ship/{v}/rating/{opt}?", "/api/rating/{v}/{opt}?"),
        ] {
            assert_eq!(rewrite(&table, from).as_deref(), Some(to));
        }
        for other in [
            "/api/rating/v1/Rate",
            "/ship/v1/rating",
            "/ship/v1/rating/",
            "/ship//rating/Rate",
            "/ship/v1/rating/Rate/",
            "/Ship/v1/rating/Rate",
            "/s%68ip/v1/rating/Rate",
            "//ship/v1/rating/Rate",
            "/",
            "/s",
        ] {
            assert_eq!(rewrite(&table, other), None, "{other}");
        }
    }

    #[test]
    fn first_rule_that_fits_counts() {
        let rules = [
            ("/old/fixed", "/api/first"),
            ("/old/{x}", "/api/second/{x}"),
        ];
        let table = table(&rules).expect("a table");
        assert_eq!(rewrite(&table, "/old/fixed").as_deref(), Some("/api/first"));
        assert_eq!(rewrite(&table, "/old/y").as_deref(), Some("/api/second/y"));
    }

    #[test]
    fn rule_that_begins_with_a_name_is_found() {
        let table = table(&[("/{x}", "/api/{x}")]).expect("a table");
        assert_eq!(rewrite(&table, "/a").as_deref(), Some("/api/a"));
        assert_eq!(rewrite(&table, "/abc").as_deref(), Some("/api/abc"));
    }

    #[test]
    fn encoded_slashes_are_refused_in_older_paths_only() {
        let table = table(&[("/track/{n}", "/api/track/{n}")]).expect("a table");
        for target in ["/track/1%2f2", "/track/..%5Cx"] {
            let target = target.parse().expect("a target");
            assert!(table.rewrite(&Method::GET, &target).is_err());
        }
        assert_eq!(rewrite(&table, "/trace/1%2f2"), None);
    }

    #[test]
    fn rules_that_cannot_be_served_are_refused() {
        for rule in [
            ("/old/{x}", "/api/{y}"),
            ("old", "/api"),
            ("/old", "api"),
            ("/old", "/api/../x"),
        ] {
            let refused = table(&[rule]).expect_err("refused");
            assert_eq!(refused, DirectoryError::LegacyPath(rule.0.to_owned()));
        }
    }
}
