/*
 * xapian.cpp - Xapian as a peer (peer.h): its default backend with positions, compacted.
 *
 *     peer_xapian build CORPUS INDEX THREADS; peer_xapian search INDEX QUERIES MODE WARM PASSES
 *
 * BM25 with k1 1.2 and b 0.75, nothing for words that a query repeats, and no least length. Its own document numbers
 * are the products' numbers + 1: hits need no document to be read. The price is a value, which filters by range.
 */
#include "peer.h"

#include <xapian.h>

#define PRICE 0 /* the number of the value */

static Xapian::Database database;

static void build(const char *path, const char *index)
{
    FILE *corpus = fopen(path, "r");
    char *line = NULL;
    size_t capacity = 0;
    struct peer_product product;
    if (corpus == NULL) {
        peer_fail("the corpus cannot be read");
    }
    double start = peer_seconds();
    std::string loose = std::string(index) + ".loose";
    {
        Xapian::WritableDatabase writer(loose, Xapian::DB_CREATE_OR_OVERWRITE);
        while (peer_read(corpus, &line, &capacity, &product)) {
            Xapian::Document document;
            Xapian::termpos position = 0;
            char *save = NULL;
            for (char *word = strtok_r(product.terms, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save)) {
                document.add_posting(word, ++position);
            }
            document.add_value(PRICE, Xapian::sortable_serialise(strtod(product.price, NULL)));
            writer.replace_document((Xapian::docid)product.number + 1, document);
        }
        writer.commit();
    }
    double built = peer_seconds();
    Xapian::Database(loose).compact(index);
    double merged = peer_seconds();
    free(line);
    fclose(corpus);
    printf("{\"seconds\":%.3f,\"merge_seconds\":%.3f,\"version\":\"%s\"}\n", built - start, merged - built,
           Xapian::version_string());
}

static void peer_open(const char *index)
{
    database = Xapian::Database(index);
}

static void *peer_prepare(const struct peer_query *query)
{
    using Xapian::Query;
    if (query->kind == 'P') {
        return new Query(Query::OP_WILDCARD, query->words[0]);
    }
    const Query::op how = query->kind == 'o' ? Query::OP_OR : query->kind == 'p' ? Query::OP_PHRASE : Query::OP_AND;
    const Xapian::termcount window = query->kind == 'p' ? (Xapian::termcount)query->count : 0;
    const Query words(how, query->words, query->words + query->count, window);
    if (query->kind != 'f') {
        return new Query(words);
    }
    return new Query(Query::OP_FILTER, words,
                     Query(Query::OP_VALUE_RANGE, PRICE, Xapian::sortable_serialise((double)query->low),
                           Xapian::sortable_serialise((double)query->high)));
}

static void peer_ask(void *prepared, int count_only, struct peer_answer *answer)
{
    Xapian::Enquire enquire(database);
    enquire.set_query(*static_cast<Xapian::Query *>(prepared));
    if (count_only) {
        enquire.set_weighting_scheme(Xapian::BoolWeight());
    } else {
        enquire.set_weighting_scheme(Xapian::BM25Weight(1.2, 0, 0, 0.75, 0));
    }
    enquire.set_docid_order(Xapian::Enquire::DONT_CARE);
    Xapian::MSet found = enquire.get_mset(0, count_only ? 1 : PEER_TOP, count_only ? database.get_doccount() : 0);
    answer->total = count_only ? found.get_matches_estimated() : 0;
    for (Xapian::MSetIterator hit = found.begin(); !count_only && hit != found.end(); ++hit) {
        answer->number[answer->count] = *hit - 1;
        answer->score[answer->count++] = hit.get_weight();
    }
}

int main(int argc, char **argv)
{
    try {
        if (argc == 5 && strcmp(argv[1], "build") == 0) {
            build(argv[2], argv[3]);
        } else if (argc == 7 && strcmp(argv[1], "search") == 0) {
            peer_search(argv + 2);
        } else {
            peer_fail("build CORPUS INDEX THREADS, or search INDEX QUERIES MODE WARM PASSES");
        }
    } catch (const Xapian::Error &error) {
        peer_fail(error.get_description().c_str());
    }
    return 0;
}
