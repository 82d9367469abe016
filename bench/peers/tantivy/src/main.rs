//! Tantivy as a peer of Aisle (the protocol is in ../../peer.h, the runs are in ../../run.py).
//!
//!     peer_tantivy build CORPUS INDEX THREADS; peer_tantivy search INDEX QUERIES MODE WARM PASSES
//!
//! BM25 with its fixed k1 1.2 and b 0.75, frequencies and positions, merged into one segment. A product's number is a
//! column, read for each hit. A prefix is a regular expression, which it does not score.
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::time::Instant;

use tantivy::collector::{Count, TopDocs};
use tantivy::columnar::Column;
use tantivy::merge_policy::NoMergePolicy;
use tantivy::query::{BooleanQuery, Occur, PhraseQuery, Query, RegexQuery, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions, FAST};
use tantivy::{Index, IndexWriter, Result, Searcher, TantivyDocument, Term};

const TOP: usize = 10;
const BUDGET: usize = 512 << 20;

fn build(corpus: &str, path: &str, threads: usize) -> Result<()> {
    let mut schema = Schema::builder();
    let indexing = TextFieldIndexing::default()
        .set_tokenizer("whitespace")
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let text = schema.add_text_field("text", TextOptions::default().set_indexing_options(indexing));
    let number = schema.add_u64_field("number", FAST);
    let start = Instant::now();
    fs::create_dir_all(path)?;
    let index = Index::create_in_dir(path, schema.build())?;
    let mut writer: IndexWriter = index.writer_with_num_threads(threads, BUDGET)?;
    writer.set_merge_policy(Box::new(NoMergePolicy)); // one merge at the end, and timed by itself
    for line in BufReader::new(fs::File::open(corpus)?).lines() {
        let line = line?;
        let (id, terms) = line.split_once('\t').expect("a tab");
        let mut document = TantivyDocument::default();
        document.add_u64(number, id.parse().expect("a number"));
        document.add_text(text, terms);
        writer.add_document(document)?;
    }
    writer.commit()?;
    let built = start.elapsed().as_secs_f64();
    let segments = index.searchable_segment_ids()?;
    if segments.len() > 1 {
        writer.merge(&segments).wait()?;
    }
    writer.garbage_collect_files().wait()?;
    writer.wait_merging_threads()?;
    let merged = start.elapsed().as_secs_f64() - built;
    let version = tantivy::version_string();
    println!("{{\"seconds\": {built:.3}, \"merge_seconds\": {merged:.3}, \"version\": \"{version}\"}}");
    Ok(())
}

fn parse(line: &str, text: Field) -> Result<Box<dyn Query>> {
    let (kind, words) = line.split_once('\t').expect("a tab");
    let terms: Vec<Term> = words.split(' ').map(|word| Term::from_field_text(text, word)).collect();
    if kind.starts_with("prefix") {
        return Ok(Box::new(RegexQuery::from_pattern(&format!("{words}.*"), text)?));
    }
    if kind.starts_with("phrase") {
        return Ok(Box::new(PhraseQuery::new(terms)));
    }
    let leaf = |term| -> Box<dyn Query> { Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)) };
    if terms.len() == 1 {
        return Ok(leaf(terms[0].clone()));
    }
    let occur = if kind.starts_with("or") { Occur::Should } else { Occur::Must };
    Ok(Box::new(BooleanQuery::new(terms.into_iter().map(|term| (occur, leaf(term))).collect())))
}

/// The best ten: their numbers and scores.
fn top(searcher: &Searcher, columns: &[Column<u64>], query: &dyn Query) -> Result<Vec<(u64, f32)>> {
    let hits = searcher.search(query, &TopDocs::with_limit(TOP).order_by_score())?;
    let number = |segment: u32, document| columns[segment as usize].first(document).expect("a number");
    Ok(hits.into_iter().map(|(score, at)| (number(at.segment_ord, at.doc_id), score)).collect())
}

fn search(path: &str, queries: &str, count: bool, warm: usize, passes: usize) -> Result<()> {
    let index = Index::open_in_dir(path)?;
    let text = index.schema().get_field("text")?;
    let searcher = index.reader()?.searcher();
    let columns: Vec<Column<u64>> =
        searcher.segment_readers().iter().map(|s| s.fast_fields().u64("number")).collect::<Result<_>>()?;
    let queries: Vec<Box<dyn Query>> =
        fs::read_to_string(queries)?.lines().map(|line| parse(line, text)).collect::<Result<_>>()?;
    let mut times = vec![Vec::new(); queries.len()];
    for pass in 0..warm + passes {
        for (query, spent) in queries.iter().zip(&mut times) {
            let start = Instant::now();
            if count {
                std::hint::black_box(searcher.search(&**query, &Count)?);
            } else {
                std::hint::black_box(top(&searcher, &columns, &**query)?);
            }
            if pass >= warm {
                spent.push(start.elapsed().as_nanos().to_string());
            }
        }
    }
    let mut out = std::io::BufWriter::new(std::io::stdout());
    for (query, spent) in queries.iter().zip(times) {
        let total = if count { searcher.search(&**query, &Count)? } else { 0 };
        let hits = if count { Vec::new() } else { top(&searcher, &columns, &**query)? };
        let hits: Vec<String> = hits.iter().map(|(number, score)| format!("{number}:{score}")).collect();
        writeln!(out, "{total}\t{}\t{}", hits.join(","), spent.join(","))?;
    }
    Ok(())
}

fn main() -> Result<()> {
    let a: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize| a[i].parse::<usize>().expect("a number");
    match a.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["build", corpus, index, _] => build(corpus, index, number(3)),
        ["search", index, queries, mode, _, _] => search(index, queries, mode == "count", number(4), number(5)),
        _ => panic!("build CORPUS INDEX THREADS, or search INDEX QUERIES MODE WARM PASSES"),
    }
}
