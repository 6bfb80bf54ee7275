//! Threads for work that falls into equal pieces. The results come in the order of the pieces, so that output never depends on how many
//! threads there were or which was the fastest.

use std::num::NonZeroUsize;

use rayon::prelude::*;

/// The threads of a run.
#[derive(Debug)]
pub(crate) struct Workers(Option<rayon::ThreadPool>);

impl Workers {
    /// As many threads as asked for, else one a core, and never more than there are pieces of work. Where the system gives no threads the
    /// work is done without.
    pub(crate) fn new(threads: Option<NonZeroUsize>, pieces: usize) -> Workers {
        // To find out how many cores there are takes as long as to read a small file.
        if pieces < 2 {
            return Workers::none();
        }
        let threads = threads.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get).min(pieces);
        let pool = || rayon::ThreadPoolBuilder::new().num_threads(threads).build().ok();
        Workers((threads > 1).then(pool).flatten())
    }

    /// The calling thread alone.
    pub(crate) fn none() -> Workers {
        Workers(None)
    }

    /// How many pieces are worked on at once.
    pub(crate) fn count(&self) -> usize {
        self.0.as_ref().map_or(1, rayon::ThreadPool::current_num_threads)
    }

    /// What `work` makes of each piece, in the order of the pieces.
    pub(crate) fn map<T: Send, R: Send>(&self, pieces: Vec<T>, work: impl Fn(T) -> R + Send + Sync) -> Vec<R> {
        match &self.0 {
            None => pieces.into_iter().map(work).collect(),
            Some(pool) => pool.install(|| pieces.into_par_iter().with_max_len(1).map(work).collect()),
        }
    }

    /// The same, and meanwhile something else in the calling thread, which is done by the time the results are there.
    pub(crate) fn map_beside<T: Send, R: Send>(
        &self,
        pieces: Vec<T>,
        work: impl Fn(T) -> R + Send + Sync,
        meanwhile: impl FnOnce(),
    ) -> Vec<R> {
        let Some(pool) = &self.0 else {
            meanwhile();
            return pieces.into_iter().map(work).collect();
        };
        let mut results = Vec::new();
        pool.in_place_scope(|scope| {
            scope.spawn(|_| results = pieces.into_par_iter().with_max_len(1).map(work).collect());
            meanwhile();
        });
        results
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_pieces_whatever_the_number_of_threads() {
        let slow_first = |piece: u64| {
            std::thread::sleep(std::time::Duration::from_millis(if piece == 0 { 20 } else { 0 }));
            piece * 2
        };
        for threads in [1, 8] {
            let workers = Workers::new(NonZeroUsize::new(threads), 100);
            assert_eq!(workers.count(), threads);
            assert_eq!(workers.map((0..100).collect(), slow_first), (0..100).map(|piece| piece * 2).collect::<Vec<_>>());
        }
    }

    #[test]
    fn something_else_is_done_by_the_time_the_results_are_there() {
        for threads in [1, 2, 8] {
            let mut done = false;
            let workers = Workers::new(NonZeroUsize::new(threads), 100);
            let results = workers.map_beside((0..100).collect(), |piece: u64| piece * 2, || done = true);
            assert_eq!((results, done), ((0..100).map(|piece| piece * 2).collect::<Vec<_>>(), true));
        }
    }

    #[test]
    fn a_single_piece_needs_no_threads() {
        assert_eq!(Workers::new(NonZeroUsize::new(8), 1).count(), 1);
        assert_eq!(Workers::new(None, 0).count(), 1);
    }
}
