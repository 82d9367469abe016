/*
 * LuceneSuggest.java - Lucene's suggesters beside bench_suggest: the same suggestions, the same questions.
 *
 *     java -cp CLASSES:lucene-core.jar:lucene-suggest.jar:lucene-analysis-common.jar LuceneSuggest LIST ASKED
 *
 * LIST and ASKED are the files that bench_suggest writes with --list and --ask. AnalyzingSuggester completes from the
 * first word on, AnalyzingInfixSuggester from any word and inside contexts (a memory-mapped index, sorted by weight),
 * FuzzySuggester with one edit behind the first character. Ten answers are asked for; the last of three rounds counts,
 * one thread. `as good` is the share of questions for which the heaviest answer weighs what Aisle's does, or less only
 * because Aisle's begins at a later word or counts sums rounded to a thousandth.
 */
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.apache.lucene.analysis.core.KeywordAnalyzer;
import org.apache.lucene.analysis.core.WhitespaceAnalyzer;
import org.apache.lucene.search.suggest.InputIterator;
import org.apache.lucene.search.suggest.Lookup;
import org.apache.lucene.search.suggest.analyzing.AnalyzingInfixSuggester;
import org.apache.lucene.search.suggest.analyzing.AnalyzingSuggester;
import org.apache.lucene.search.suggest.analyzing.FuzzySuggester;
import org.apache.lucene.store.MMapDirectory;
import org.apache.lucene.util.BytesRef;

public class LuceneSuggest {
    static final int ROUNDS = 3;
    static final int ANSWERS = 10;

    record Suggestion(String text, long weight, String[] contexts) {}

    record Question(int mode, String typed, String context, long best) {}

    /* The list as Lucene wants it, with or without contexts. */
    static class Source implements InputIterator {
        final Iterator<Suggestion> rest;
        final boolean withContexts;
        Suggestion now;

        Source(List<Suggestion> list, boolean withContexts) {
            this.rest = list.iterator();
            this.withContexts = withContexts;
        }

        @Override
        public BytesRef next() {
            now = rest.hasNext() ? rest.next() : null;
            return now == null ? null : new BytesRef(now.text());
        }

        @Override
        public long weight() {
            return now.weight();
        }

        @Override
        public BytesRef payload() {
            return null;
        }

        @Override
        public boolean hasPayloads() {
            return false;
        }

        @Override
        public Set<BytesRef> contexts() {
            return Set.of(new BytesRef(now.contexts()[0]), new BytesRef(now.contexts()[1]));
        }

        @Override
        public boolean hasContexts() {
            return withContexts;
        }
    }

    static List<Lookup.LookupResult> ask(Lookup lookup, Question question, boolean inContext) throws IOException {
        if (inContext) {
            Set<BytesRef> contexts = Set.of(new BytesRef(question.context()));
            return ((AnalyzingInfixSuggester) lookup).lookup(question.typed(), contexts, ANSWERS, true, false);
        }
        if (lookup instanceof AnalyzingInfixSuggester infix) {
            return infix.lookup(question.typed(), ANSWERS, true, false);
        }
        return lookup.lookup(question.typed(), false, ANSWERS);
    }

    static void run(String name, Lookup lookup, List<Question> questions, boolean inContext) throws IOException {
        long[] times = new long[questions.size()];
        long answers = 0;
        long good = 0;
        for (int round = 0; round < ROUNDS; round++) {
            answers = 0;
            good = 0;
            for (int i = 0; i < times.length; i++) {
                Question question = questions.get(i);
                long start = System.nanoTime();
                List<Lookup.LookupResult> found = ask(lookup, question, inContext);
                times[i] = System.nanoTime() - start;
                answers += found.size();
                long best = found.isEmpty() ? 0 : found.get(0).value;
                good += best >= question.best() && best - question.best() <= best / 1000 + 1 ? 1 : 0;
            }
        }
        Arrays.sort(times);
        System.out.printf("%-42s p50 %8.1f us  p99 %9.1f  max %9.1f   %.1f answers, as good %.1f %%%n", name,
                          times[times.length / 2] / 1e3, times[times.length - 1 - times.length / 100] / 1e3,
                          times[times.length - 1] / 1e3, (double) answers / times.length, 100.0 * good / times.length);
    }

    static List<Question> of(List<Question> questions, int mode) {
        return questions.stream().filter(question -> question.mode() == mode).toList();
    }

    static void build(String name, Lookup lookup, List<Suggestion> list, boolean withContexts) throws IOException {
        long start = System.nanoTime();
        lookup.build(new Source(list, withContexts));
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf("%s: %.0f built a second, %.1f bytes of heap each%n", name, list.size() / seconds,
                          (double) lookup.ramBytesUsed() / list.size());
    }

    public static void main(String[] arguments) throws Exception {
        List<Suggestion> list = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of(arguments[0]), StandardCharsets.UTF_8)) {
            String[] parts = line.split("\t");
            String[] contexts = {"context " + parts[2], "context " + parts[3]};
            list.add(new Suggestion(parts[0], Long.parseLong(parts[1]), contexts));
        }
        List<Question> questions = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of(arguments[1]), StandardCharsets.UTF_8)) {
            String[] parts = line.split("\t", -1);
            questions.add(new Question(Integer.parseInt(parts[0]), parts[1], parts[2], Long.parseLong(parts[4])));
        }
        Path place = Files.createTempDirectory("lucene-suggest");
        try (MMapDirectory directory = new MMapDirectory(place.resolve("temporary"));
             MMapDirectory infixDirectory = new MMapDirectory(place.resolve("infix"))) {
            AnalyzingSuggester first = new AnalyzingSuggester(directory, "first", new KeywordAnalyzer());
            FuzzySuggester fuzzy = new FuzzySuggester(directory, "fuzzy", new KeywordAnalyzer());
            AnalyzingInfixSuggester any = new AnalyzingInfixSuggester(infixDirectory, new WhitespaceAnalyzer());
            build("AnalyzingSuggester", first, list, false);
            build("FuzzySuggester", fuzzy, list, false);
            build("AnalyzingInfixSuggester", any, list, true);
            run("1 to 3 letters, AnalyzingSuggester", first, of(questions, 0), false);
            run("1 to 3 letters, AnalyzingInfixSuggester", any, of(questions, 0), false);
            run("all lengths, AnalyzingSuggester", first, of(questions, 1), false);
            run("all lengths, AnalyzingInfixSuggester", any, of(questions, 1), false);
            run("in a context, AnalyzingInfixSuggester", any, of(questions, 2), true);
            run("with an error, FuzzySuggester", fuzzy, of(questions, 4), false);
            any.close();
        }
        System.out.println("left in " + place);
    }
}
