//! Finds the requests that came since the last look.

use crate::{RequestQuery, RequestView};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashSet;

/// How far one look reaches back into the last one: workers answer one after the other, so a request may end
/// before the newest one that was seen and be reported after it.
const OVERLAP: SignedDuration = SignedDuration::from_secs(2);

/// Follows the last requests: each look gives those that no earlier look gave.
#[derive(Clone, Debug)]
pub struct NewRequests {
    since: Timestamp,
    seen: HashSet<String>,
}

impl NewRequests {
    /// Begins with requests that end after `since`.
    pub fn since(since: Timestamp) -> Self {
        Self {
            since,
            seen: HashSet::new(),
        }
    }

    /// The query with which to look next.
    pub fn next(&self, query: &RequestQuery) -> RequestQuery {
        RequestQuery {
            since: Some(self.since),
            ..query.clone()
        }
    }

    /// The new ones of what a look found, the oldest first.
    pub fn take(&mut self, found: Vec<RequestView>) -> Vec<RequestView> {
        let Some(newest) = found.iter().map(|request| request.ended_at).max() else {
            return Vec::new();
        };
        let ids: HashSet<String> = found.iter().map(|request| request.id.clone()).collect();
        let mut new = found;
        new.retain(|request| !self.seen.contains(&request.id));
        new.sort_by_key(|request| request.ended_at);
        // Never back: the look before this one has given what lies before.
        self.since = self
            .since
            .max(newest.saturating_sub(OVERLAP).unwrap_or(newest));
        // Only these can be found again.
        self.seen = ids;
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(id: &str, ended: i64) -> RequestView {
        RequestView {
            id: id.to_owned(),
            ended_at: Timestamp::from_second(ended).expect("a time"),
            duration_us: 1,
            method: None,
            path: None,
            status: None,
            route: None,
            carrier: None,
            environment: None,
            account: None,
            app: None,
            replayed: false,
            trace_id: None,
            failure: None,
        }
    }

    /// What a gateway with these requests answers.
    fn look(new: &mut NewRequests, all: &[(&str, i64)]) -> Vec<String> {
        let query = new.next(&RequestQuery::default());
        let since = query.since.expect("a time");
        let found = all.iter().map(|(id, ended)| request(id, *ended));
        let found = found.filter(|request| request.ended_at > since).rev();
        let taken = new.take(found.collect());
        taken.into_iter().map(|request| request.id).collect()
    }

    #[test]
    fn each_request_is_given_once_and_the_oldest_first() {
        let mut new = NewRequests::since(Timestamp::from_second(100).expect("a time"));
        let mut all = vec![("before", 99), ("a", 101), ("b", 102)];
        assert_eq!(look(&mut new, &all), ["a", "b"]);
        assert!(look(&mut new, &all).is_empty());
        // A worker that answers later has one that ended earlier.
        all.push(("late", 101));
        all.push(("c", 110));
        assert_eq!(look(&mut new, &all), ["late", "c"]);
        assert!(look(&mut new, &all).is_empty());
        assert!(look(&mut new, &[]).is_empty());
        all.push(("d", 120));
        assert_eq!(look(&mut new, &all), ["d"]);
    }
}
