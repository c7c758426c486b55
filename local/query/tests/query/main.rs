//! The engine from outside: files are attached, queries run, and what comes back is what Athena would give.

#[cfg(test)]
mod attach_folder;
#[cfg(test)]
mod attach_sqlite;
#[cfg(test)]
mod bounds;
#[cfg(test)]
mod constructs;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod names;
#[cfg(test)]
mod shared;
#[cfg(test)]
mod stop;
#[cfg(test)]
mod strict;
#[cfg(test)]
mod text;
