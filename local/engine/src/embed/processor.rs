//! What the processor can do, found out when the model is loaded.

#[cfg(target_arch = "x86_64")]
pub(super) use super::x86::Processor;

#[cfg(not(target_arch = "x86_64"))]
pub(super) use portable::Processor;

#[cfg(not(target_arch = "x86_64"))]
mod portable {
    use crate::embed::arithmetic::{Arithmetic, Plain, Work};

    /// Nothing special is known of this processor.
    #[derive(Debug, Clone, Copy)]
    pub(in crate::embed) struct Processor;

    impl Processor {
        pub(in crate::embed) fn detect() -> Processor {
            Processor
        }

        #[cfg(test)]
        pub(in crate::embed) fn all() -> impl Iterator<Item = Processor> {
            std::iter::once(Processor)
        }

        pub(in crate::embed) fn place(self, lane: usize, input: usize) -> usize {
            Plain::place(lane, input)
        }

        pub(in crate::embed) fn run<W: Work>(self, work: W) -> W::Done {
            work.run(Plain)
        }
    }
}
