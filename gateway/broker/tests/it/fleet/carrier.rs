//! A strict authorization server: it keeps a ledger of presentations, rotates the refresh token at each use, and
//! revokes the grant when one comes twice.

use super::{database::REQUEST, member::Member};
use crate::support::{TokioClock, issued};
use gateway_broker::{
    Authorization, AuthorizationReason, Authorizer, BoxFuture, GrantChange, Issued, Transport,
};
use gateway_model::{Clock as _, Failure, FailureClass, GrantHint, SecretBytes};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// What happens to one token request.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// It takes this long.
    Slow(Duration),
    /// No connection.
    Unreachable,
    /// It never reaches the carrier, and nobody knows.
    RequestLost,
    /// The carrier serves it, and the answer is lost.
    AnswerLost,
    /// The carrier says no.
    Refused(Failure),
}

#[derive(Debug)]
pub(crate) struct Carrier(Mutex<Books>);

#[derive(Debug)]
pub(crate) struct Books {
    /// The number of the refresh token that is accepted.
    pub(crate) accepted: usize,
    pub(crate) revoked: bool,
    pub(crate) presented: BTreeMap<usize, u32>,
    /// Who got each refresh token.
    pub(crate) delivered: BTreeMap<usize, Arc<Member>>,
    pub(crate) lifetime: u64,
    pub(crate) faults: VecDeque<Fault>,
    /// Begin and end of each request that was made.
    pub(crate) requests: Vec<(Instant, Instant, AuthorizationReason)>,
    /// The refresh token of each request, and which refresh token it brought.
    attempts: Vec<(usize, Option<usize>)>,
}

impl Carrier {
    /// Tokens live for so many seconds.
    pub(crate) fn new(lifetime: u64) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Books {
            accepted: 0,
            revoked: false,
            presented: BTreeMap::new(),
            delivered: BTreeMap::new(),
            lifetime,
            faults: VecDeque::new(),
            requests: Vec::new(),
            attempts: Vec::new(),
        })))
    }

    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().expect("no panic under the lock")
    }

    pub(crate) fn requests(&self) -> usize {
        self.books().requests.len()
    }

    pub(crate) fn next(&self, fault: Fault) {
        self.books().faults.push_back(fault);
    }
}

impl Books {
    /// Whether the newest refresh token reached a process that lives, or a login brought it.
    pub(crate) fn newest_was_delivered(&self) -> bool {
        let login = self.accepted.is_multiple_of(1_000);
        let receiver = self.delivered.get(&self.accepted);
        login || receiver.is_some_and(|member| !member.is_dead())
    }

    /// Whether the refresh token that brought the newest one was presented once more, as a last chance that
    /// never reached the carrier.
    pub(crate) fn last_chance_was_lost(&self) -> bool {
        let mut later = self.attempts.iter().rev();
        let newest = self.accepted;
        let after = later
            .by_ref()
            .take_while(|(_, brought)| *brought != Some(newest));
        let after: Vec<usize> = after.map(|(number, _)| *number).collect();
        self.attempts
            .iter()
            .find(|(_, brought)| *brought == Some(newest))
            .is_some_and(|(number, _)| after.contains(number))
    }

    /// The number of the new refresh token, or a refusal.
    fn present(&mut self, number: usize) -> Result<usize, ()> {
        *self.presented.entry(number).or_default() += 1;
        if number != self.accepted {
            // A refresh token of an earlier login harms the present one no more.
            self.revoked |= login_of(number) == login_of(self.accepted);
        }
        if self.revoked || number != self.accepted {
            return Err(());
        }
        self.accepted += 1;
        Ok(self.accepted)
    }
}

/// Each login has a thousand numbers of its own.
const fn login_of(number: usize) -> usize {
    number / 1_000
}

/// Asks the carrier for one gateway.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) carrier: Arc<Carrier>,
    pub(crate) member: Arc<Member>,
    pub(crate) single_use: bool,
}

impl Client {
    fn answer(&self, number: Result<usize, ()>) -> Result<Issued, Failure> {
        let lifetime = self.carrier.books().lifetime;
        let number = number.map_err(|()| {
            let mut refused = Failure::new(FailureClass::Interaction, "10400", "used up");
            refused.grant = GrantHint::Refused;
            refused
        })?;
        Ok(Issued {
            grant: if self.single_use {
                GrantChange::Replaced { lifetime: None }
            } else {
                GrantChange::NotSingleUse
            },
            ..issued(number, lifetime)
        })
    }

    /// One request, which the carrier serves even if the process that made it dies.
    fn request(
        &self,
        (number, attempt): (usize, usize),
        takes: Duration,
    ) -> oneshot::Receiver<Result<usize, ()>> {
        let (sender, answer) = oneshot::channel();
        let (carrier, single_use) = (Arc::clone(&self.carrier), self.single_use);
        tokio::spawn(async move {
            tokio::time::sleep(takes / 2).await;
            let served = if single_use {
                let mut books = carrier.books();
                let served = books.present(number);
                books.attempts[attempt].1 = served.ok();
                served
            } else {
                let mut books = carrier.books();
                books.accepted += 1;
                Ok(books.accepted)
            };
            tokio::time::sleep(takes / 2).await;
            let _gone = sender.send(served);
        });
        answer
    }
}

fn failure(code: &str, sent: bool) -> Failure {
    let mut failure = Failure::new(FailureClass::Transient, code, "no answer");
    failure.certainly_not_sent = !sent;
    failure
}

impl Authorizer for Client {
    fn authorize(
        &self,
        authorization: Authorization,
        transport: Transport,
    ) -> BoxFuture<'_, Result<Issued, Failure>> {
        Box::pin(async move {
            let number = String::from_utf8_lossy(authorization.state.expose()).into_owned();
            let number = number.rsplit('-').next().and_then(|it| it.parse().ok());
            let number: usize = number.unwrap_or_default();
            if let Transport::Replayed(answer) = &transport {
                let text = String::from_utf8_lossy(answer.expose()).into_owned();
                return self.answer(text.parse().map_err(drop));
            }
            self.member.runs().await;
            if let Transport::Recorded { may_send, .. } = &transport
                && !may_send()
            {
                return Err(failure("lease_ended", false));
            }
            let fault = self.carrier.books().faults.pop_front();
            let takes = match &fault {
                Some(Fault::Slow(takes)) => *takes,
                Some(Fault::Unreachable) => return Err(failure("connect", false)),
                Some(Fault::Refused(refusal)) => {
                    let now = TokioClock.now();
                    let requests = &mut self.carrier.books().requests;
                    requests.push((now, now, authorization.reason));
                    return Err(refusal.clone());
                }
                Some(Fault::RequestLost | Fault::AnswerLost) | None => Duration::from_millis(400),
            };
            let begin = TokioClock.now();
            let end = begin + takes;
            let made = (begin, end, authorization.reason);
            let attempt = {
                let mut books = self.carrier.books();
                books.requests.push(made);
                books.attempts.push((number, None));
                books.attempts.len() - 1
            };
            if matches!(fault, Some(Fault::RequestLost)) {
                tokio::time::sleep(REQUEST).await;
                return Err(failure("timeout", true));
            }
            let answer = self.request((number, attempt), takes);
            let (member, carrier) = (Arc::clone(&self.member), Arc::clone(&self.carrier));
            let lost = matches!(fault, Some(Fault::AnswerLost));
            // In a task: the deadline of a frozen process passes when it wakes, and the answer is there by then.
            let arrival = tokio::spawn(async move {
                let answer = answer.await.expect("the carrier answers");
                member.runs().await;
                if lost {
                    tokio::time::sleep(REQUEST.saturating_sub(takes)).await;
                    return Err(failure("timeout", true));
                }
                if let Ok(number) = answer {
                    carrier.books().delivered.insert(number, member);
                }
                if let Transport::Recorded { recorder, .. } = &transport {
                    let text = match answer {
                        Ok(number) => number.to_string(),
                        Err(()) => "refused".to_owned(),
                    };
                    recorder(SecretBytes::new(text.into_bytes())).await;
                }
                Ok(answer)
            });
            let answer = arrival.await.expect("no panic")?;
            self.answer(answer)
        })
    }
}
