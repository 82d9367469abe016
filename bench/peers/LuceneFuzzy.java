/*
 * LuceneFuzzy.java - Lucene's fuzzy terms beside bench_lexicon: the same words, the same queries.
 *
 *     java -cp CLASSES:lucene-core.jar LuceneFuzzy WORDS QUERIES
 *
 * WORDS and QUERIES are the files that bench_lexicon writes. Every word is a term of one field of a memory-mapped index
 * of one segment; a query enumerates all terms within one or two edits with FuzzyTermsEnum, which FuzzyQuery is made of
 * (swaps of neighbours count as one edit, no fixed prefix). Warmed up, one thread. Prints what bench_lexicon prints: how
 * many were found and the sum of their FNV-1a hashes, which must be the same.
 */
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.StringField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.Term;
import org.apache.lucene.index.Terms;
import org.apache.lucene.search.FuzzyTermsEnum;
import org.apache.lucene.store.MMapDirectory;
import org.apache.lucene.util.BytesRef;

public class LuceneFuzzy {
    static final int ROUNDS = 3;
    static final int WORDS_DOCUMENT = 1000;

    static void build(List<String> words, MMapDirectory directory) throws Exception {
        IndexWriterConfig config = new IndexWriterConfig(null).setRAMBufferSizeMB(512);
        try (IndexWriter writer = new IndexWriter(directory, config)) {
            for (int i = 0; i < words.size(); i += WORDS_DOCUMENT) {
                Document document = new Document();
                for (String word : words.subList(i, Math.min(words.size(), i + WORDS_DOCUMENT))) {
                    document.add(new StringField("word", word, Field.Store.NO));
                }
                writer.addDocument(document);
            }
            writer.forceMerge(1);
        }
    }

    static long hash(BytesRef word) {
        long hash = 0xcbf29ce484222325L;
        for (int i = 0; i < word.length; i++) {
            hash = (hash ^ (word.bytes[word.offset + i] & 0xff)) * 0x100000001b3L;
        }
        return hash;
    }

    static void run(Terms terms, List<String> queries, int edits) throws Exception {
        long[] times = new long[queries.size()];
        long found = 0;
        long sum = 0;
        long total = 0;
        for (int round = 0; round < ROUNDS; round++) {
            found = 0;
            sum = 0;
            total = 0;
            for (int i = 0; i < times.length; i++) {
                long start = System.nanoTime();
                FuzzyTermsEnum matches = new FuzzyTermsEnum(terms, new Term("word", queries.get(i)), edits, 0, true);
                for (BytesRef word = matches.next(); word != null; word = matches.next()) {
                    found++;
                    sum += hash(word);
                }
                times[i] = System.nanoTime() - start;
                total += times[i];
            }
        }
        Arrays.sort(times);
        System.out.printf("Lucene, %d edit(s): mean %.2f us, median %.2f, p99 %.2f; %d in all, hash %016x%n", edits,
                          total / 1e3 / times.length, times[times.length / 2] / 1e3,
                          times[times.length - 1 - times.length / 100] / 1e3, found, sum);
    }

    public static void main(String[] arguments) throws Exception {
        List<String> words = Files.readAllLines(Path.of(arguments[0]), StandardCharsets.UTF_8);
        List<String> queries = Files.readAllLines(Path.of(arguments[1]), StandardCharsets.UTF_8);
        Path place = Files.createTempDirectory("lucene-fuzzy");
        try (MMapDirectory directory = new MMapDirectory(place)) {
            build(words, directory);
            long bytes = 0;
            for (String file : directory.listAll()) {
                bytes += directory.fileLength(file);
            }
            System.out.printf("%d words, %.1f bytes each%n", words.size(), (double) bytes / words.size());
            try (DirectoryReader reader = DirectoryReader.open(directory)) {
                Terms terms = reader.leaves().get(0).reader().terms("word");
                run(terms, queries, 1);
                run(terms, queries, 2);
            }
            for (String file : directory.listAll()) {
                directory.deleteFile(file);
            }
        }
        Files.delete(place);
    }
}
