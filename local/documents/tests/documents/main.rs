//! Documents of every format: honest ones, odd ones and hostile ones.

#[cfg(test)]
mod build;
#[cfg(test)]
mod formats;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod layout;
#[cfg(test)]
mod samples;
