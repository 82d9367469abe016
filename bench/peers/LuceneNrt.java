/*
 * LuceneNrt.java - Lucene's near-real-time search as a peer of `aisle index --follow`, on the same stream.
 *
 *     LuceneNrt PRODUCTS LOG INDEX QUERIES SEARCHES_A_SECOND IDLE_SECONDS nrt|durable CHANGES
 *
 * Indexes PRODUCTS, searches idle, prints "ready", and then follows the lines of LOG until CHANGES of them were read,
 * while a thread searches. Products are replaced by updateDocument, prices, stock and sales by updateDocValues. What was
 * read is made visible by a refresh as soon as there is nothing more to read, but not sooner than 10 ms behind the last
 * one, and every 200 ms under load, as Aisle commits. nrt: refresh alone, a commit (which syncs) once a second; durable:
 * a commit in front of each refresh, as Aisle's are. A change is fresh when the refresh behind it has returned; its age
 * counts from the time in its line, a search's latency from when it was due.
 */
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.document.*;
import org.apache.lucene.index.*;
import org.apache.lucene.search.*;
import org.apache.lucene.store.MMapDirectory;
import org.apache.lucene.util.QueryBuilder;

public class LuceneNrt {
    static final long GAP_NS = 10_000_000;
    static final long LONGEST_NS = 200_000_000;
    static final long COMMIT_NS = 1_000_000_000;
    static final String[] COLUMNS = {"price", "sales", "in_stock"};

    /** Growing numbers, for their percentiles. */
    static class Numbers {
        double[] values = new double[1024];
        int count;

        synchronized void add(double value) {
            if (count == values.length) {
                values = Arrays.copyOf(values, 2 * count);
            }
            values[count++] = value;
        }

        synchronized String show(String name) {
            double[] sorted = Arrays.copyOf(values, count);
            Arrays.sort(sorted);
            return count == 0 ? "" : String.format("\"%s\": {\"count\": %d, \"p50_ms\": %.3f, \"p99_ms\": %.3f}", name,
                                                   count, sorted[count / 2], sorted[(int) (count * 0.99)]);
        }
    }

    /** The text of a JSON string member, its escapes left in it; null: there is none. */
    static String text(String line, String name, int from) {
        int at = line.indexOf("\"" + name + "\":\"", from);
        if (at < 0) {
            return null;
        }
        int start = at + name.length() + 4;
        int end = start;
        while (line.charAt(end) != '"') {
            end += line.charAt(end) == '\\' ? 2 : 1;
        }
        return line.substring(start, end);
    }

    /** A number or truth value in hundredths; null: there is none. */
    static Long number(String line, String name, int from) {
        int at = line.indexOf("\"" + name + "\":", from);
        if (at < 0) {
            return null;
        }
        int start = at + name.length() + 3;
        int end = start;
        while (",}".indexOf(line.charAt(end)) < 0) {
            end++;
        }
        String value = line.substring(start, end);
        return value.equals("true") ? 100L : value.equals("false") ? 0L : Math.round(Double.parseDouble(value) * 100);
    }

    static Document document(String line, int from) {
        Document document = new Document();
        document.add(new StringField("id", text(line, "id", from), Field.Store.NO));
        String title = text(line, "title", from);
        String description = text(line, "description", from);
        String brand = text(line, "brand", from);
        document.add(new TextField("text", title + " " + description + " " + brand, Field.Store.NO));
        document.add(new StoredField("line", line.substring(from)));
        for (String column : COLUMNS) {
            Long value = number(line, column, from);
            document.add(new NumericDocValuesField(column, value == null ? 0 : value));
        }
        return document;
    }

    static void apply(IndexWriter writer, String line) throws Exception {
        if (line.startsWith("{\"op\":\"put\"")) {
            int from = line.indexOf("\"product\":");
            writer.updateDocument(new Term("id", text(line, "id", from)), document(line, from));
        } else if (line.startsWith("{\"op\":\"delete\"")) {
            writer.deleteDocuments(new Term("id", text(line, "id", 0)));
        } else {
            int from = line.indexOf("\"fields\":");
            List<Field> fields = new ArrayList<>();
            for (String column : COLUMNS) {
                Long value = number(line, column, from);
                if (value != null) {
                    fields.add(new NumericDocValuesField(column, value));
                }
            }
            writer.updateDocValues(new Term("id", text(line, "id", 0)), fields.toArray(new Field[0]));
        }
    }

    /** Searches at a rate until told to stop. */
    static Thread search(SearcherManager manager, List<Query> queries, int rate, Numbers took, AtomicBoolean stop) {
        Thread thread = new Thread(() -> {
            long start = System.nanoTime();
            for (long i = 0; !stop.get(); i++) {
                long due = start + i * 1_000_000_000L / rate;
                long wait = due - System.nanoTime();
                try {
                    if (wait > 0) {
                        Thread.sleep(wait / 1_000_000, (int) (wait % 1_000_000));
                    }
                    IndexSearcher searcher = manager.acquire();
                    try {
                        TopScoreDocCollectorManager top = new TopScoreDocCollectorManager(10, 10);
                        searcher.search(queries.get((int) (i % queries.size())), top);
                    } finally {
                        manager.release(searcher);
                    }
                } catch (Exception error) {
                    error.printStackTrace();
                    Runtime.getRuntime().halt(1);
                }
                took.add((System.nanoTime() - due) / 1e6);
            }
        });
        thread.start();
        return thread;
    }

    /** Follows the log; returns the seconds from its first change to the last one's being visible. */
    static double follow(IndexWriter writer, SearcherManager manager, String log, long changes, boolean durable,
                         Numbers fresh) throws Exception {
        RandomAccessFile file = new RandomAccessFile(log, "r");
        byte[] block = new byte[1 << 20];
        byte[] rest = new byte[0];
        List<Long> pending = new ArrayList<>();
        long seen = 0, first = 0, refreshed = System.nanoTime(), committed = refreshed;
        while (seen < changes || !pending.isEmpty()) {
            int got = file.read(block);
            if (got > 0) {
                first = first == 0 ? System.nanoTime() : first;
                byte[] all = Arrays.copyOf(rest, rest.length + got);
                System.arraycopy(block, 0, all, rest.length, got);
                int start = 0;
                for (int i = 0; i < all.length; i++) {
                    if (all[i] == '\n') {
                        String line = new String(all, start, i - start, StandardCharsets.UTF_8);
                        apply(writer, line);
                        pending.add(Instant.parse(text(line, "time", 0)).toEpochMilli());
                        seen++;
                        start = i + 1;
                    }
                }
                rest = Arrays.copyOfRange(all, start, all.length);
            }
            long now = System.nanoTime();
            if (!pending.isEmpty() && now - refreshed >= (got > 0 ? LONGEST_NS : GAP_NS)) {
                if (durable || now - committed >= COMMIT_NS) {
                    writer.commit();
                    committed = System.nanoTime();
                }
                manager.maybeRefreshBlocking();
                refreshed = System.nanoTime();
                long wall = System.currentTimeMillis();
                for (long time : pending) {
                    fresh.add(Math.max(0, wall - time));
                }
                pending.clear();
            } else if (got <= 0) {
                Thread.sleep(1);
            }
        }
        writer.commit();
        return (System.nanoTime() - first) / 1e9;
    }

    public static void main(String[] a) throws Exception {
        Analyzer analyzer = new EnglishAnalyzer();
        IndexWriterConfig config = new IndexWriterConfig(analyzer).setRAMBufferSizeMB(512).setUseCompoundFile(false);
        QueryBuilder builder = new QueryBuilder(analyzer);
        List<Query> queries = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of(a[3]))) {
            Query query = builder.createBooleanQuery("text", line, BooleanClause.Occur.MUST);
            queries.add(query == null ? new MatchAllDocsQuery() : query);
        }
        try (MMapDirectory directory = new MMapDirectory(Path.of(a[2]));
             IndexWriter writer = new IndexWriter(directory, config)) {
            try (var lines = Files.lines(Path.of(a[0]))) {
                for (String line : (Iterable<String>) lines::iterator) {
                    writer.addDocument(document(line, 0));
                }
            }
            writer.commit();
            SearcherManager manager = new SearcherManager(writer, null);
            int rate = Integer.parseInt(a[4]);
            Numbers idle = new Numbers(), beside = new Numbers(), fresh = new Numbers(), warm = new Numbers();
            for (Numbers numbers : List.of(warm, idle)) {
                AtomicBoolean stop = new AtomicBoolean();
                Thread thread = search(manager, queries, rate, numbers, stop);
                Thread.sleep(Long.parseLong(a[5]) * 1000);
                stop.set(true);
                thread.join();
            }
            System.out.println("ready");
            AtomicBoolean stop = new AtomicBoolean();
            Thread thread = search(manager, queries, rate, beside, stop);
            double seconds = follow(writer, manager, a[1], Long.parseLong(a[7]), a[6].equals("durable"), fresh);
            stop.set(true);
            thread.join();
            System.out.printf("{\"changes\": %s, \"seconds\": %.3f, %s, %s, %s}%n", a[7], seconds, fresh.show("event"),
                              idle.show("idle"), beside.show("beside"));
        }
    }
}
