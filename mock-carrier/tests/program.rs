//! The program: it says where it listens and what it accepts, and that is what it accepts.
#![cfg(test)]

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Command, Stdio},
};

fn send(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

fn post(address: &str, path: &str, fields: &str, body: &str) -> String {
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n{fields}\r\n{body}"
    );
    send(address, &request)
}

#[test]
fn program_gives_a_token_for_what_it_prints() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mock-carrier"))
        .args(["--carrier", "fedex"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let mut line = || lines.next().expect("a line").expect("text");
    let first = line();
    let address = first
        .strip_prefix("fedex listening on http://")
        .expect("where it listens");
    let value = |line: String| line.split_once(" = ").expect("a value").1.to_owned();
    let (id, secret) = (value(line()), value(line()));
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let ask = |secret: &str| {
        let body = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        post(address, "/oauth/token", form, &body)
    };
    let issued = ask(&secret);
    assert!(issued.starts_with("HTTP/1.1 200"), "{issued}");
    assert!(ask("wrong").contains("NOT.AUTHORIZED.ERROR"));
    let (_, rest) = issued.split_once(r#""access_token":""#).expect("a token");
    let token = rest.split('"').next().expect("its end");
    let bearer = format!("authorization: Bearer {token}\r\n");
    let rates = post(address, "/rate/v1/rates/quotes", &bearer, "{}");
    assert!(rates.starts_with("HTTP/1.1 200"), "{rates}");
    let stranger = post(address, "/rate/v1/rates/quotes", "", "{}");
    assert!(stranger.starts_with("HTTP/1.1 401"), "{stranger}");
    child.kill().expect("it runs");
    child.wait().expect("it ended");
}

#[test]
fn unknown_carrier_is_refused_with_the_names() {
    let done = Command::new(env!("CARGO_BIN_EXE_mock-carrier"))
        .args(["--carrier", "pigeon"])
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(!done.status.success());
    assert!(said.contains("pigeon") && said.contains("fedex"), "{said}");
}
