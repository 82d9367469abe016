//! Tantivy as a peer of Aisle (the protocol is in ../../peer.h, the runs are in ../../run.py).
//!
//!     peer_tantivy build CORPUS INDEX THREADS merged|stored; peer_tantivy search INDEX QUERIES MODE WARM PASSES
//!
//! BM25 with its fixed k1 1.2 and b 0.75, frequencies and positions, merged into one segment. A product's number is a
//! column, read for each hit; price, sales, category and brand are columns, too. A prefix is a regular expression, which
//! it does not score. stored: the lines of the corpus are stored as well, compressed by LZ4.
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::ops::Bound;
use std::time::Instant;

use tantivy::collector::{Count, TopDocs};
use tantivy::columnar::Column;
use tantivy::merge_policy::NoMergePolicy;
use tantivy::query::{BooleanQuery, BoostQuery, Occur, PhraseQuery, Query, RangeQuery, RegexQuery, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions, FAST, STORED};
use tantivy::{Index, IndexWriter, Result, Searcher, TantivyDocument, Term};

const TOP: usize = 10;
const BUDGET: usize = 512 << 20;

fn build(corpus: &str, path: &str, threads: usize, stored: bool) -> Result<()> {
    let mut schema = Schema::builder();
    let indexing = TextFieldIndexing::default()
        .set_tokenizer("whitespace")
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let text = schema.add_text_field("text", TextOptions::default().set_indexing_options(indexing));
    let number = schema.add_u64_field("number", FAST);
    let price = schema.add_i64_field("price", FAST);
    let sales = schema.add_i64_field("sales", FAST);
    let category = schema.add_text_field("category", TextOptions::default().set_fast("raw"));
    let brand = schema.add_text_field("brand", TextOptions::default().set_fast("raw"));
    let whole = schema.add_text_field("line", STORED);
    let start = Instant::now();
    fs::create_dir_all(path)?;
    let index = Index::create_in_dir(path, schema.build())?;
    let mut writer: IndexWriter = index.writer_with_num_threads(threads, BUDGET)?;
    writer.set_merge_policy(Box::new(NoMergePolicy)); // one merge at the end, and timed by itself
    for line in BufReader::new(fs::File::open(corpus)?).lines() {
        let line = line?;
        let parts: Vec<&str> = line.splitn(6, '\t').collect();
        let mut document = TantivyDocument::default();
        document.add_u64(number, parts[0].parse().expect("a number"));
        document.add_i64(price, parts[1].parse().expect("a price"));
        document.add_i64(sales, parts[2].parse().expect("sales"));
        document.add_text(category, parts[3]);
        document.add_text(brand, parts[4]);
        document.add_text(text, parts[5]);
        if stored {
            document.add_text(whole, &line);
        }
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

/// Prices from low to high, worth nothing.
fn between(price: Field, low: &str, high: &str) -> Box<dyn Query> {
    let at = |text: &str| Bound::Included(Term::from_field_i64(price, text.parse().expect("a price")));
    Box::new(BoostQuery::new(Box::new(RangeQuery::new(at(low), at(high))), 0.0))
}

fn parse(line: &str, text: Field, price: Field) -> Result<Box<dyn Query>> {
    let parts: Vec<&str> = line.split('\t').collect();
    let (kind, words) = (parts[0], parts[1]);
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
    let mut clauses: Vec<_> = terms.into_iter().map(|term| (occur, leaf(term))).collect();
    if parts.len() == 4 {
        clauses.push((Occur::Must, between(price, parts[2], parts[3])));
    }
    Ok(Box::new(BooleanQuery::new(clauses)))
}

/// The best ten: their numbers and scores.
fn top(searcher: &Searcher, columns: &[Column<u64>], query: &dyn Query) -> Result<Vec<(u64, f32)>> {
    let hits = searcher.search(query, &TopDocs::with_limit(TOP).order_by_score())?;
    let number = |segment: u32, document| columns[segment as usize].first(document).expect("a number");
    Ok(hits.into_iter().map(|(score, at)| (number(at.segment_ord, at.doc_id), score)).collect())
}

fn search(path: &str, queries: &str, count: bool, warm: usize, passes: usize) -> Result<()> {
    let index = Index::open_in_dir(path)?;
    let (text, price) = (index.schema().get_field("text")?, index.schema().get_field("price")?);
    let searcher = index.reader()?.searcher();
    let columns: Vec<Column<u64>> =
        searcher.segment_readers().iter().map(|s| s.fast_fields().u64("number")).collect::<Result<_>>()?;
    let queries: Vec<Box<dyn Query>> =
        fs::read_to_string(queries)?.lines().map(|line| parse(line, text, price)).collect::<Result<_>>()?;
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
        ["build", corpus, index, _, variant] => build(corpus, index, number(3), variant == "stored"),
        ["search", index, queries, mode, _, _] => search(index, queries, mode == "count", number(4), number(5)),
        _ => panic!("build CORPUS INDEX THREADS VARIANT, or search INDEX QUERIES MODE WARM PASSES"),
    }
}
