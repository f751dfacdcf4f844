//! Handlers without their types: what the router calls.

use std::any::Any;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use atlas_kernel::{Error, Result};
use atlas_store::Tx;
use futures::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::input::{Parts, decode};
use crate::{Ctx, Input};

/// What a handler answered, and how it becomes JSON.
pub(crate) struct Answer {
    pub value: Box<dyn Any + Send + Sync>,
    to_json: fn(&dyn Any) -> Result<Vec<u8>>,
}

impl Answer {
    fn new<O: Serialize + Send + Sync + 'static>(value: O) -> Self {
        Self { value: Box::new(value), to_json: to_json::<O> }
    }

    /// The body sent.
    pub fn json(&self) -> Result<Vec<u8>> {
        (self.to_json)(&*self.value)
    }
}

fn to_json<O: Serialize + 'static>(value: &dyn Any) -> Result<Vec<u8>> {
    let value = value.downcast_ref::<O>().expect("an answer is made with its own serialiser");
    serde_json::to_vec(value).map_err(Error::internal)
}

/// How an operation is to be run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Running {
    /// Straight away.
    Reading,
    /// In a write transaction of the kit.
    Writing,
    /// To its end, with its own transactions.
    Acting,
}

/// A handler whose types are forgotten.
pub(crate) trait Endpoint: Send + Sync {
    fn running(&self) -> Running;

    /// Reads the input without running anything, so that what is malformed never opens a transaction.
    fn check(&self, parts: &Parts) -> Result<()>;

    /// Runs the handler; `tx` is there exactly when [`Endpoint::running`] says writing.
    fn call(&self, ctx: Ctx, tx: Option<Tx>, parts: Arc<Parts>) -> BoxFuture<'static, Result<Answer>>;
}

macro_rules! endpoints {
    ($($name:ident = $running:ident, |$run:ident, $ctx:ident, $tx:ident, $input:ident| ($($bound:ty),+) $call:expr;)+) => {$(
        pub(crate) struct $name<P, Q, B, F> { run: F, input: PhantomData<fn(P, Q, B)> }

        impl<P, Q, B, F> $name<P, Q, B, F> {
            pub fn new(run: F) -> Self { Self { run, input: PhantomData } }
        }

        impl<P, Q, B, O, F, Fut> Endpoint for $name<P, Q, B, F>
        where
            P: DeserializeOwned + Send + 'static,
            Q: DeserializeOwned + Send + 'static,
            B: DeserializeOwned + Send + 'static,
            O: Serialize + Send + Sync + 'static,
            F: Fn($($bound),+) -> Fut + Send + Sync + 'static,
            Fut: Future<Output = Result<O>> + Send + 'static,
        {
            fn running(&self) -> Running { Running::$running }

            fn check(&self, parts: &Parts) -> Result<()> { decode::<P, Q, B>(parts).map(drop) }

            fn call(&self, $ctx: Ctx, $tx: Option<Tx>, parts: Arc<Parts>) -> BoxFuture<'static, Result<Answer>> {
                let $input: Input<P, Q, B> = match decode(&parts) {
                    Ok(input) => input,
                    Err(error) => return Box::pin(async { Err(error) }),
                };
                let $run = &self.run;
                let answering = $call;
                Box::pin(async move { answering.await.map(Answer::new) })
            }
        }
    )+};
}

endpoints! {
    Reading = Reading, |run, ctx, _tx, input| (Ctx, Input<P, Q, B>) run(ctx, input);
    Acting = Acting, |run, ctx, _tx, input| (Ctx, Input<P, Q, B>) run(ctx, input);
    Writing = Writing, |run, ctx, tx, input| (Ctx, Tx, Input<P, Q, B>) run(ctx, tx.expect("writing operations are called with a transaction"), input);
}
