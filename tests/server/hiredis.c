/*
 * hiredis.c - a program on hiredis: searches in the versions of RESP it speaks (3 from 1.0 on), a pipeline, an error.
 *
 *   server_hiredis PORT
 *
 * Prints its name and ends with 0 when all was as it should be.
 */
#include <hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void require(int fine, const char *what, const redisContext *client)
{
    if (!fine) {
        fprintf(stderr, "hiredis: %s: %s\n", what, client == NULL ? "" : client->errstr);
        exit(1);
    }
}

/* The value of a map's key, which both versions have behind it; NULL: it is not there. */
static const redisReply *value_of(const redisReply *map, const char *key)
{
    for (size_t i = 0; i + 1 < map->elements; i += 2) {
        if (strcmp(map->element[i]->str, key) == 0) {
            return map->element[i + 1];
        }
    }
    return NULL;
}

static void search(redisContext *client, int type)
{
    redisReply *reply = redisCommand(client, "AISLE.SEARCH shop %s LIMIT 0 2 RETURN 1 title FACET brand:3", "shoes");
    require(reply != NULL && reply->type == type && reply->elements >= 8, "the answer of a search", client);
    require(value_of(reply, "total")->integer > 2 && value_of(reply, "hits")->elements == 2, "the hits", client);
    const redisReply *facet = value_of(reply, "facets")->element[0];
    require(value_of(facet, "values")->elements == 3, "the facet's values", client);
    require(value_of(value_of(facet, "values")->element[0], "count")->integer > 0, "their counts", client);
    freeReplyObject(reply);
    reply = redisCommand(client, "AISLE.SUGGEST shop sho LIMIT 3");
    require(reply != NULL && reply->type == type, "the answer of a suggestion", client);
    require(value_of(reply, "suggestions")->elements > 0, "suggestions", client);
    freeReplyObject(reply);
    reply = redisCommand(client, "AISLE.SEARCH none x");
    require(reply != NULL && reply->type == REDIS_REPLY_ERROR, "an error", client);
    freeReplyObject(reply);
}

static void pipeline(redisContext *client)
{
    redisReply *reply = NULL;
    for (int i = 0; i < 100; i++) {
        require(redisAppendCommand(client, "ECHO %d", i) == REDIS_OK, "append", client);
    }
    for (int i = 0; i < 100; i++) {
        require(redisGetReply(client, (void **)&reply) == REDIS_OK && atoi(reply->str) == i, "the order", client);
        freeReplyObject(reply);
    }
}

int main(int argc, char **argv)
{
    redisContext *client = redisConnect("127.0.0.1", argc > 1 ? atoi(argv[1]) : 7707);
    require(client != NULL && client->err == 0, "connect", client);
    search(client, REDIS_REPLY_ARRAY);
    pipeline(client);
#ifdef REDIS_REPLY_MAP
    redisReply *greeting = redisCommand(client, "HELLO 3");
    require(greeting != NULL && greeting->type == REDIS_REPLY_MAP, "HELLO 3", client);
    freeReplyObject(greeting);
    search(client, REDIS_REPLY_MAP);
#endif
    redisFree(client);
    printf("hiredis %d.%d\n", HIREDIS_MAJOR, HIREDIS_MINOR);
    return 0;
}
