/*
 * Lucene.java - Lucene as a peer of Aisle (the protocol is in peer.h, the runs are in run.py).
 *
 *     Lucene build CORPUS INDEX THREADS built|stored|small
 *     Lucene merge INDEX merged|reordered
 *     Lucene search INDEX QUERIES MODE WARM PASSES
 *
 * Its defaults where they are its best: memory-mapped, block-max pruning on (only the ten best are wanted), counts by
 * its own short cuts, no query cache. built: segments as indexing leaves them; stored: with each line of the corpus as a
 * stored field; small: likewise, compressed for size. merge makes one segment of what is built; reordered: in the order
 * that its graph bisection finds. A product's number is a column, read for each hit; price, sales, category and brand
 * are columns, too, and the price has points.
 */
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.apache.lucene.analysis.core.WhitespaceAnalyzer;
import org.apache.lucene.codecs.lucene104.Lucene104Codec;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.LongField;
import org.apache.lucene.document.NumericDocValuesField;
import org.apache.lucene.document.SortedDocValuesField;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.document.Field;
import org.apache.lucene.index.*;
import org.apache.lucene.misc.index.BPIndexReorderer;
import org.apache.lucene.misc.index.BPReorderingMergePolicy;
import org.apache.lucene.search.*;
import org.apache.lucene.search.similarities.BM25Similarity;
import org.apache.lucene.store.MMapDirectory;
import org.apache.lucene.util.BytesRef;
import org.apache.lucene.util.Version;

public class Lucene {
    static final BM25Similarity SIMILARITY = new BM25Similarity(1.2f, 0.75f);
    static final int TOP = 10;
    static final int BATCH = 1000;

    // ---- building ----

    /** Takes lines off the corpus, a batch at a time, until there are none. */
    static void put(IndexWriter writer, BufferedReader corpus, boolean stored) throws IOException {
        TextField text = new TextField("text", "", Field.Store.NO);
        NumericDocValuesField number = new NumericDocValuesField("number", 0);
        LongField price = new LongField("price", 0, Field.Store.NO);
        NumericDocValuesField sales = new NumericDocValuesField("sales", 0);
        SortedDocValuesField category = new SortedDocValuesField("category", new BytesRef());
        SortedDocValuesField brand = new SortedDocValuesField("brand", new BytesRef());
        StoredField whole = new StoredField("line", "");
        Document document = new Document();
        for (Field field : List.of(text, number, price, sales, category, brand)) {
            document.add(field);
        }
        if (stored) {
            document.add(whole);
        }
        List<String> lines = new ArrayList<>();
        do {
            lines.clear();
            synchronized (corpus) {
                for (String line; lines.size() < BATCH && (line = corpus.readLine()) != null;) {
                    lines.add(line);
                }
            }
            for (String line : lines) {
                String[] parts = line.split("\t", 6);
                number.setLongValue(Long.parseLong(parts[0]));
                price.setLongValue(Long.parseLong(parts[1]));
                sales.setLongValue(Long.parseLong(parts[2]));
                category.setBytesValue(new BytesRef(parts[3]));
                brand.setBytesValue(new BytesRef(parts[4]));
                text.setStringValue(parts[5]);
                whole.setStringValue(line);
                writer.addDocument(document);
            }
        } while (!lines.isEmpty());
    }

    static IndexWriterConfig config() {
        IndexWriterConfig config = new IndexWriterConfig(new WhitespaceAnalyzer());
        return config.setSimilarity(SIMILARITY).setRAMBufferSizeMB(512).setUseCompoundFile(false);
    }

    static void report(long start) {
        System.out.printf("{\"seconds\": %.3f, \"version\": \"%s, Java %s\"}%n", (System.nanoTime() - start) / 1e9,
                          Version.LATEST, System.getProperty("java.version"));
    }

    static void build(String path, String index, int threads, String variant) throws Exception {
        IndexWriterConfig config = config();
        if (variant.equals("small")) {
            config.setCodec(new Lucene104Codec(Lucene104Codec.Mode.BEST_COMPRESSION));
        }
        long start = System.nanoTime();
        try (MMapDirectory directory = new MMapDirectory(Path.of(index));
             IndexWriter writer = new IndexWriter(directory, config);
             BufferedReader corpus = Files.newBufferedReader(Path.of(path))) {
            CountDownLatch done = new CountDownLatch(threads);
            for (int i = 0; i < threads; i++) {
                new Thread(() -> {
                    try {
                        put(writer, corpus, !variant.equals("built"));
                        done.countDown();
                    } catch (IOException error) {
                        error.printStackTrace();
                        Runtime.getRuntime().halt(1);
                    }
                }).start();
            }
            done.await();
            writer.commit();
        }
        report(start);
    }

    static void merge(String index, String variant) throws IOException {
        IndexWriterConfig config = config();
        if (variant.equals("reordered")) {
            BPIndexReorderer reorderer = new BPIndexReorderer();
            reorderer.setRAMBudgetMB(Runtime.getRuntime().maxMemory() / 3 / 1e6);
            config.setMergePolicy(new BPReorderingMergePolicy(config.getMergePolicy(), reorderer));
        }
        long start = System.nanoTime();
        try (MMapDirectory directory = new MMapDirectory(Path.of(index));
             IndexWriter writer = new IndexWriter(directory, config)) {
            writer.forceMerge(1);
            writer.commit();
        }
        report(start);
    }

    // ---- searching ----

    static Query parse(String line) {
        String[] columns = line.split("\t");
        String[] parts = (columns[0] + " " + columns[1]).split(" ");
        if (parts[0].startsWith("prefix")) {
            return new PrefixQuery(new Term("text", parts[1]));
        }
        if (parts[0].startsWith("phrase")) {
            return new PhraseQuery("text", parts[1], parts[2]);
        }
        if (parts.length == 2) {
            return new TermQuery(new Term("text", parts[1]));
        }
        BooleanQuery.Builder builder = new BooleanQuery.Builder();
        BooleanClause.Occur occur = parts[0].startsWith("or") ? BooleanClause.Occur.SHOULD : BooleanClause.Occur.MUST;
        for (int i = 1; i < parts.length; i++) {
            builder.add(new TermQuery(new Term("text", parts[i])), occur);
        }
        if (columns.length == 4) {
            builder.add(LongField.newRangeQuery("price", Long.parseLong(columns[2]), Long.parseLong(columns[3])),
                        BooleanClause.Occur.FILTER);
        }
        return builder.build();
    }

    /** The best ten with their numbers in numbers; they are in the order of score, a column is read ascending. */
    static ScoreDoc[] top(IndexSearcher searcher, Query query, long[] numbers) throws IOException {
        ScoreDoc[] hits = searcher.search(query, new TopScoreDocCollectorManager(TOP, TOP)).scoreDocs;
        List<LeafReaderContext> leaves = searcher.getIndexReader().leaves();
        for (int i = 0; i < hits.length; i++) {
            LeafReaderContext leaf = leaves.get(ReaderUtil.subIndex(hits[i].doc, leaves));
            NumericDocValues values = leaf.reader().getNumericDocValues("number");
            values.advanceExact(hits[i].doc - leaf.docBase);
            numbers[i] = values.longValue();
        }
        return hits;
    }

    static void print(StringBuilder out, IndexSearcher searcher, Query query, boolean count, long[] times)
            throws IOException {
        long[] numbers = new long[TOP];
        out.append(count ? searcher.count(query) : 0).append('\t');
        ScoreDoc[] hits = count ? new ScoreDoc[0] : top(searcher, query, numbers);
        for (int i = 0; i < hits.length; i++) {
            out.append(i == 0 ? "" : ",").append(numbers[i]).append(':').append(hits[i].score);
        }
        for (int pass = 0; pass < times.length; pass++) {
            out.append(pass == 0 ? '\t' : ',').append(times[pass]);
        }
        out.append('\n');
    }

    static void search(String index, String path, boolean count, int warm, int passes) throws IOException {
        List<Query> queries = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of(path))) {
            queries.add(parse(line));
        }
        long[][] times = new long[queries.size()][passes];
        long[] numbers = new long[TOP];
        StringBuilder out = new StringBuilder();
        try (DirectoryReader reader = DirectoryReader.open(new MMapDirectory(Path.of(index)))) {
            IndexSearcher searcher = new IndexSearcher(reader);
            searcher.setSimilarity(SIMILARITY);
            searcher.setQueryCache(null);
            for (int pass = 0; pass < warm + passes; pass++) {
                for (int i = 0; i < queries.size(); i++) {
                    long start = System.nanoTime();
                    if (count) {
                        numbers[0] = searcher.count(queries.get(i));
                    } else {
                        top(searcher, queries.get(i), numbers);
                    }
                    if (pass >= warm) {
                        times[i][pass - warm] = System.nanoTime() - start;
                    }
                }
            }
            for (int i = 0; i < queries.size(); i++) {
                print(out, searcher, queries.get(i), count, times[i]);
            }
        }
        System.out.print(out);
    }

    public static void main(String[] a) throws Exception {
        if (a.length == 5 && a[0].equals("build")) {
            build(a[1], a[2], Integer.parseInt(a[3]), a[4]);
        } else if (a.length == 3 && a[0].equals("merge")) {
            merge(a[1], a[2]);
        } else if (a.length == 6 && a[0].equals("search")) {
            search(a[1], a[2], a[3].equals("count"), Integer.parseInt(a[4]), Integer.parseInt(a[5]));
        } else {
            System.err.println("build CORPUS INDEX THREADS VARIANT, merge INDEX VARIANT, or "
                               + "search INDEX QUERIES MODE WARM PASSES");
            System.exit(1);
        }
    }
}
