/*
 * LuceneFacets.java - Lucene's facets by doc values, over the corpus of bench_facets.c; facets.py runs both.
 *
 *     LuceneFacets build CORPUS INDEX            one segment
 *     LuceneFacets search INDEX WARM PASSES QUERY...     "all", or words that must all occur
 *
 * Strings are counted by ordinals of SortedDocValues (StringValueFacetCounts), ranges of the price over NumericDocValues
 * (LongRangeFacetCounts), as Lucene's users do. Prints what bench_facets prints.
 */
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.lucene.analysis.core.WhitespaceAnalyzer;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.NumericDocValuesField;
import org.apache.lucene.document.SortedDocValuesField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.facet.FacetResult;
import org.apache.lucene.facet.Facets;
import org.apache.lucene.facet.FacetsCollector;
import org.apache.lucene.facet.FacetsCollectorManager;
import org.apache.lucene.facet.LabelAndValue;
import org.apache.lucene.facet.StringDocValuesReaderState;
import org.apache.lucene.facet.StringValueFacetCounts;
import org.apache.lucene.facet.range.LongRange;
import org.apache.lucene.facet.range.LongRangeFacetCounts;
import org.apache.lucene.index.*;
import org.apache.lucene.search.*;
import org.apache.lucene.store.MMapDirectory;
import org.apache.lucene.util.BytesRef;

public class LuceneFacets {
    static final LongRange[] RANGES = {range("..20", Long.MIN_VALUE, 2000), range("20..50", 2000, 5000),
        range("50..100", 5000, 10000), range("100..500", 10000, 50000), range("500..", 50000, Long.MAX_VALUE)};

    static LongRange range(String label, long from, long to) {
        return new LongRange(label, from, true, to, false);
    }

    static void build(String path, String index) throws IOException {
        IndexWriterConfig config = new IndexWriterConfig(new WhitespaceAnalyzer()).setRAMBufferSizeMB(512);
        try (MMapDirectory directory = new MMapDirectory(Path.of(index));
             IndexWriter writer = new IndexWriter(directory, config);
             BufferedReader corpus = Files.newBufferedReader(Path.of(path))) {
            for (String line; (line = corpus.readLine()) != null;) {
                String[] parts = line.split("\t", 5);
                Document document = new Document();
                document.add(new NumericDocValuesField("price", Long.parseLong(parts[1])));
                document.add(new SortedDocValuesField("category", new BytesRef(parts[2])));
                document.add(new SortedDocValuesField("brand", new BytesRef(parts[3])));
                document.add(new TextField("tag", parts[4], Field.Store.NO));
                writer.addDocument(document);
            }
            writer.forceMerge(1);
            writer.commit();
        }
    }

    static Query parse(String text) {
        if (text.equals("all")) {
            return new MatchAllDocsQuery();
        }
        BooleanQuery.Builder builder = new BooleanQuery.Builder();
        for (String word : text.split(" ")) {
            builder.add(new TermQuery(new Term("tag", word)), BooleanClause.Occur.FILTER);
        }
        return builder.build();
    }

    static void append(StringBuilder out, FacetResult result) {
        out.append('\t');
        for (int i = 0; result != null && i < result.labelValues.length; i++) {
            LabelAndValue value = result.labelValues[i];
            out.append(i == 0 ? "" : "|").append(value.label).append('=').append(value.value);
        }
    }

    static void search(String index, int warm, int passes, String[] queries, int first) throws IOException {
        try (DirectoryReader reader = DirectoryReader.open(new MMapDirectory(Path.of(index)))) {
            IndexSearcher searcher = new IndexSearcher(reader);
            searcher.setQueryCache(null);
            StringDocValuesReaderState brands = new StringDocValuesReaderState(reader, "brand");
            StringDocValuesReaderState categories = new StringDocValuesReaderState(reader, "category");
            for (int q = first; q < queries.length; q++) {
                Query query = parse(queries[q]);
                long best = Long.MAX_VALUE;
                StringBuilder out = new StringBuilder();
                for (int pass = 0; pass < warm + passes; pass++) {
                    long start = System.nanoTime();
                    FacetsCollector hits = searcher.search(query, new FacetsCollectorManager());
                    FacetResult brand = new StringValueFacetCounts(brands, hits).getTopChildren(10, "brand");
                    FacetResult category = new StringValueFacetCounts(categories, hits).getTopChildren(50, "category");
                    FacetResult price = new LongRangeFacetCounts("price", hits, RANGES).getAllChildren("price");
                    long took = System.nanoTime() - start;
                    best = pass >= warm && took < best ? took : best;
                    if (pass + 1 == warm + passes) {
                        out.append(queries[q]).append('\t').append(searcher.count(query));
                        append(out, brand);
                        append(out, category);
                        append(out, price);
                    }
                }
                System.out.println(out.append('\t').append(best));
            }
        }
    }

    public static void main(String[] a) throws Exception {
        if (a.length == 3 && a[0].equals("build")) {
            build(a[1], a[2]);
        } else if (a.length > 4 && a[0].equals("search")) {
            search(a[1], Integer.parseInt(a[2]), Integer.parseInt(a[3]), a, 4);
        } else {
            System.err.println("build CORPUS INDEX, or search INDEX WARM PASSES QUERY...");
            System.exit(1);
        }
    }
}
