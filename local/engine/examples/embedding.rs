//! How fast texts become vectors: `cargo run -p local-engine --example embedding`.

use std::{error::Error, time::Instant};

use local_engine::Embedder;

const WORDS: &str = "Employees who have completed their probation may take up to sixteen weeks of paid parental leave, in \
    one piece or in several, within two years of the birth. The request goes to the manager at least eight weeks before";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let embedder = Embedder::load().await?;
    let words: Vec<&str> = WORDS.split(' ').collect();
    for (length, count) in [(10, 400), (140, 200), (190, 200)] {
        let text: Vec<&str> = words.iter().copied().cycle().take(length).collect();
        let text = text.join(" ");
        let begin = Instant::now();
        embedder.embed(&vec![text.as_str(); count])?;
        let each = begin.elapsed().as_secs_f64() / f64::from(u32::try_from(count)?);
        println!("{count} texts of {length} words: {:.1} ms each, {:.1} a second", each * 1e3, 1.0 / each);
        let begin = Instant::now();
        embedder.embed(&[&text])?;
        println!("one alone: {:.1} ms", begin.elapsed().as_secs_f64() * 1e3);
    }
    Ok(())
}
