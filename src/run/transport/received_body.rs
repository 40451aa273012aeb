//! The body of a response while it is received. It takes its memory from the budget of the run.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::wire::{TransportError, digest::Sha256, sigv4::hex};

/// The memory for bodies of all responses of a run, in bytes.
const RUN_BUDGET: usize = 64 << 20;

/// The memory is reserved in pieces of this size. A body of at most this size needs no reservation.
const PIECE: usize = 64 << 10;

/// A body over its limit is read to this many times the limit, for its digest.
const READ_ON: u64 = 16;

/// The length of the start of a body over its limit that is kept, in bytes.
const START: usize = 1024;

/// The memory for bodies that the responses of a run share.
#[derive(Debug, Clone)]
pub(super) struct BodyBudget(Arc<Semaphore>);

impl Default for BodyBudget {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(RUN_BUDGET / PIECE)))
    }
}

impl BodyBudget {
    /// An empty body of at most `limit` bytes.
    pub(super) fn body(&self, limit: usize) -> ReceivedBody {
        ReceivedBody { budget: self.clone(), limit, bytes: BytesMut::new(), reserved: None, omitted: None }
    }
}

/// A body that is being received.
#[derive(Debug)]
pub(super) struct ReceivedBody {
    budget: BodyBudget,
    limit: usize,
    bytes: BytesMut,
    reserved: Option<OwnedSemaphorePermit>,
    omitted: Option<OmittedBody>,
}

/// A body that is too large to be kept.
struct OmittedBody {
    length: u64,
    digest: Sha256,
}

impl std::fmt::Debug for OmittedBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OmittedBody").field("length", &self.length).finish_non_exhaustive()
    }
}

/// The bytes of a body, with the memory that they occupy.
struct KeptBody {
    bytes: BytesMut,
    _reserved: Option<OwnedSemaphorePermit>,
}

impl AsRef<[u8]> for KeptBody {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl ReceivedBody {
    /// Adds bytes. Over the limit, or without memory in the budget, it keeps the start and the digest only.
    pub(super) fn extend(&mut self, bytes: &[u8]) -> Result<(), TransportError> {
        if self.omitted.is_none() && !self.fits(bytes.len()) {
            self.omit();
        }
        let Some(omitted) = &mut self.omitted else {
            self.bytes.extend_from_slice(bytes);
            return Ok(());
        };
        omitted.length += bytes.len() as u64;
        omitted.digest.update(bytes);
        let room = START.saturating_sub(self.bytes.len()).min(bytes.len());
        self.bytes.extend_from_slice(bytes.get(..room).unwrap_or_default());
        if omitted.length > READ_ON.saturating_mul(self.limit as u64) { Err(self.too_large()) } else { Ok(()) }
    }

    /// The whole body.
    pub(super) fn finish(mut self) -> Result<Bytes, TransportError> {
        if self.omitted.is_some() {
            return Err(self.too_large());
        }
        let reserved = self.reserved.take();
        if reserved.is_none() {
            return Ok(self.bytes.freeze());
        }
        Ok(Bytes::from_owner(KeptBody { bytes: self.bytes, _reserved: reserved }))
    }

    /// Reserves the memory for more bytes.
    fn fits(&mut self, more: usize) -> bool {
        let length = self.bytes.len() + more;
        if length > self.limit {
            return false;
        }
        let needed = length.div_ceil(PIECE).saturating_sub(1);
        let missing = needed.saturating_sub(self.reserved.as_ref().map_or(0, OwnedSemaphorePermit::num_permits));
        let Some(missing) = u32::try_from(missing).ok().filter(|missing| *missing > 0) else { return missing == 0 };
        let Ok(permit) = Arc::clone(&self.budget.0).try_acquire_many_owned(missing) else { return false };
        match &mut self.reserved {
            Some(reserved) => reserved.merge(permit),
            None => self.reserved = Some(permit),
        }
        true
    }

    fn omit(&mut self) {
        let digest = Sha256::new().chain_update(&self.bytes);
        self.omitted = Some(OmittedBody { length: self.bytes.len() as u64, digest });
        self.bytes = BytesMut::from(self.start());
        self.reserved = None;
    }

    fn start(&self) -> &[u8] {
        self.bytes.get(..START).unwrap_or(&self.bytes)
    }

    fn too_large(&mut self) -> TransportError {
        let omitted = self.omitted.take();
        let (length, digest) = omitted.map_or((0, Sha256::new()), |omitted| (omitted.length, omitted.digest));
        TransportError::BodyTooLarge {
            limit: self.limit,
            length,
            sha256: hex(&digest.finalize()),
            start: String::from_utf8_lossy(self.start()).into_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn received(budget: &BodyBudget, limit: usize, pieces: &[usize]) -> Result<Bytes, TransportError> {
        let mut body = budget.body(limit);
        for piece in pieces {
            body.extend(&vec![b'x'; *piece])?;
        }
        body.finish()
    }

    #[rstest]
    #[case::at_the_limit(&[50, 50], None)]
    #[case::over(&[50, 51], Some(101))]
    #[case::at_once(&[101], Some(101))]
    #[case::up_to_the_last_byte_that_is_read(&[1000, 600], Some(1600))]
    #[case::not_to_its_end(&[1000, 700, 1_000_000], Some(1700))]
    fn a_body_over_the_limit_is_kept_as_length_digest_and_start(
        #[case] pieces: &[usize],
        #[case] expected: Option<u64>,
    ) {
        let outcome = received(&BodyBudget::default(), 100, pieces);
        match (outcome, expected) {
            (Ok(body), None) => assert_eq!(body.len(), pieces.iter().sum::<usize>()),
            (Err(TransportError::BodyTooLarge { limit, length, sha256, start }), Some(expected)) => {
                let read = usize::try_from(length).unwrap();
                assert_eq!((limit, length), (100, expected));
                assert_eq!(sha256, hex(&Sha256::digest(vec![b'x'; read])));
                assert_eq!(start, "x".repeat(read.min(START)));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn bodies_share_the_memory_of_the_run_and_give_it_back() {
        let budget = BodyBudget(Arc::new(Semaphore::new(2)));
        let large = || received(&budget, usize::MAX, &[PIECE, PIECE, PIECE]);
        let kept = large().unwrap();
        assert!(matches!(large(), Err(TransportError::BodyTooLarge { .. })));
        assert_eq!(received(&budget, usize::MAX, &[PIECE]).unwrap().len(), PIECE);
        drop(kept.slice(..10));
        assert_eq!(budget.0.available_permits(), 0);
        drop(kept);
        assert!(large().is_ok());
    }
}
