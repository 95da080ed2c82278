//! What a request has to look like.

use crate::basic;
use oauth2::HttpRequest;

type Check = Box<dyn Fn(&HttpRequest) -> Result<(), String>>;

/// One expected request.
#[must_use = "an expectation is checked when it is part of a script"]
pub struct Expect {
    checks: Vec<Check>,
}

/// A `POST` to that path.
pub fn post(path: &str) -> Expect {
    Expect::new("POST", path)
}

/// A `GET` of that path.
pub fn get(path: &str) -> Expect {
    Expect::new("GET", path)
}

impl Expect {
    fn new(method: &'static str, path: &str) -> Self {
        let wanted = path.to_owned();
        Self { checks: Vec::new() }.check(move |request| {
            let (got, path) = (request.method().as_str(), request.uri().path());
            expect(got == method && path == wanted, || {
                format!("{method} {wanted} was expected, {got} {path} came")
            })
        })
    }

    /// Any condition; its text says what was wrong.
    pub fn check(mut self, check: impl Fn(&HttpRequest) -> Result<(), String> + 'static) -> Self {
        self.checks.push(Box::new(check));
        self
    }

    /// The origin, such as `https://api.acme.example`.
    pub fn origin(self, origin: &str) -> Self {
        let origin = origin.to_owned();
        self.check(move |request| {
            let uri = request.uri();
            let got = format!(
                "{}://{}",
                uri.scheme_str().unwrap_or_default(),
                uri.authority().map_or("", |authority| authority.as_str())
            );
            expect(got == origin, || {
                format!("origin {origin} was expected, {got} came")
            })
        })
    }

    /// `Authorization: Basic`, with id and secret as they are.
    pub fn basic(self, id: &str, secret: &str) -> Self {
        let wanted = basic(id, secret);
        self.check(move |request| {
            let got = request.headers().get(http::header::AUTHORIZATION);
            expect(got == Some(&wanted), || {
                "other Basic credentials were expected".to_owned()
            })
        })
    }

    /// A field with that value.
    pub fn header(self, name: &'static str, value: &'static str) -> Self {
        self.check(move |request| {
            let got = request.headers().get(name);
            expect(got.is_some_and(|got| got == value), || {
                format!("the field {name} was expected to be {value}, it is {got:?}")
            })
        })
    }

    /// No field of that name.
    pub fn no_header(self, name: &'static str) -> Self {
        self.check(move |request| {
            let found = request.headers().contains_key(name);
            expect(!found, || format!("no field {name} was expected"))
        })
    }

    /// The content, exactly.
    pub fn body(self, body: &str) -> Self {
        let body = body.to_owned();
        self.check(move |request| {
            expect(request.body() == body.as_bytes(), || {
                format!("the content {body:?} was expected")
            })
        })
    }

    pub(super) fn mismatch(&self, request: &HttpRequest) -> Option<String> {
        self.checks.iter().find_map(|check| check(request).err())
    }
}

fn expect(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}
