/*
 * schema_encode.c - a schema as indented JSON, one line a field, and the built-in shop schema.
 *
 * What stands at its default is left out, so the text stays one that a person would write and edit.
 * Thread rule: functions touch only what they are given.
 */
#include "schema/json.h"
#include "schema/schema.h"

#define ALIGN_MAX 24 /* names up to this long get their fields aligned */

static const char shop[] = "{ \"version\": 1, \"id\": \"id\", \"language\": \"english\",\n"
                           "  \"fields\": {\n"
                           "    \"title\":       {\"type\": \"text\", \"weight\": 5},\n"
                           "    \"description\": {\"type\": \"text\"},\n"
                           "    \"brand\":       {\"type\": \"keyword\", \"facet\": true, \"search_weight\": 3},\n"
                           "    \"category\":    {\"type\": \"path\", \"facet\": true},\n"
                           "    \"sku\":         {\"type\": \"keyword\", \"code\": true},\n"
                           "    \"size\":        {\"type\": \"keyword\", \"facet\": true},\n"
                           "    \"price\":       {\"type\": \"decimal\", \"scale\": 2, \"facet\": true},\n"
                           "    \"in_stock\":    {\"type\": \"bool\"},\n"
                           "    \"sales\":       {\"type\": \"integer\"},\n"
                           "    \"rating\":      {\"type\": \"double\"},\n"
                           "    \"reviews\":     {\"type\": \"integer\"},\n"
                           "    \"updated\":     {\"type\": \"date\"} },\n"
                           "  \"order\": [\"length\", \"category\", \"brand\", \"sales:desc\"],\n"
                           "  \"signals\": [\n"
                           "    {\"kind\": \"popularity\", \"field\": \"sales\", \"weight\": 0.5},\n"
                           "    {\"kind\": \"rating\", \"field\": \"rating\", \"count\": \"reviews\", "
                           "\"weight\": 0.3},\n"
                           "    {\"kind\": \"recency\", \"field\": \"updated\", \"half_life\": \"90d\", "
                           "\"weight\": 0.2},\n"
                           "    {\"kind\": \"stock\", \"field\": \"in_stock\", \"weight\": 0.3} ],\n"
                           "  \"exact\": 100 }\n";

struct bytes schema_default_json(void)
{
    return bytes_of(shop, sizeof shop - 1);
}

int schema_default(struct schema **out)
{
    return schema_parse(schema_default_json(), out, NULL);
}

/* Hundredths as 5, 0.5 or 0.25. */
static void put_hundredths(struct buf *out, uint32_t hundredths)
{
    buf_printf(out, "%u", hundredths / 100);
    if (hundredths % 100 != 0) {
        buf_printf(out, hundredths % 10 == 0 ? ".%u" : ".%02u",
                   hundredths % 10 == 0 ? hundredths / 10 % 10 : hundredths % 100);
    }
}

static void put_name(struct buf *out, const char *name)
{
    json_put_string(out, bytes_of_string(name));
}

static void put_field(struct buf *out, const struct schema *schema, const struct field *field, int width)
{
    int padding = width - (int)strlen(field->name);
    buf_put_string(out, "    ");
    put_name(out, field->name);
    buf_printf(out, ": %*s{\"type\": \"%s\"", padding > 0 ? padding : 0, "", field_type_name(field->type));
    if (field->code) {
        buf_put_string(out, ", \"code\": true");
    }
    if (field->type == FIELD_DECIMAL) {
        buf_printf(out, ", \"scale\": %u", field->scale);
    }
    if (field->facet) {
        buf_put_string(out, ", \"facet\": true");
    }
    if (field->of_variants) {
        buf_put_string(out, ", \"variant\": true");
    }
    if (field->type == FIELD_VARIANTS && strcmp(schema->variants_key, SCHEMA_VARIANTS_KEY) != 0) {
        buf_put_string(out, ", \"key\": ");
        put_name(out, schema->variants_key);
    }
    if (field->of_variants && field_type_is_number(field->type) && field->keeps != field_keeps_default(field->type)) {
        buf_printf(out, ", \"keeps\": \"%s\"", field_keeps_name(field->keeps));
    }
    uint32_t weight_default = field->type == FIELD_TEXT || field->code ? 100 : 0;
    if (field->weight != weight_default) {
        buf_put_string(out, field->type == FIELD_TEXT ? ", \"weight\": " : ", \"search_weight\": ");
        put_hundredths(out, field->weight);
    }
    if (field->searchable && strcmp(field->language, schema->language) != 0) {
        buf_put_string(out, ", \"language\": ");
        put_name(out, field->language);
    }
    if (field->searchable && !field->positions) {
        buf_put_string(out, ", \"positions\": false");
    }
    if (field->searchable && !field->typos) {
        buf_put_string(out, ", \"typos\": false");
    }
    if (field->understand != schema_understand_default(field)) {
        static const char *const names[] = {"off", "filter", "boost"};
        buf_printf(out, ", \"understand\": \"%s\"", names[field->understand]);
    }
    buf_put_string(out, "}");
}

static void put_fields(struct buf *out, const struct schema *schema)
{
    int width = 0;
    for (uint8_t i = 0; i < schema->field_count; i++) {
        int size = (int)strlen(schema->fields[i].name);
        width = size > width && size <= ALIGN_MAX ? size : width;
    }
    buf_put_string(out, "  \"fields\": {\n");
    for (uint8_t i = 0; i < schema->field_count; i++) {
        put_field(out, schema, &schema->fields[i], width);
        buf_put_string(out, i + 1 < schema->field_count ? ",\n" : " },\n");
    }
}

static void put_order(struct buf *out, const struct schema *schema)
{
    buf_put_string(out, "  \"order\": [");
    for (uint8_t i = 0; i < schema->order_count; i++) {
        const struct order_part *part = &schema->order[i];
        const char *name = part->kind == ORDER_LENGTH ? "length" : schema->fields[part->field].name;
        enum field_type type = part->kind == ORDER_LENGTH ? FIELD_TEXT : schema->fields[part->field].type;
        bool directed = field_type_is_number(type);
        /* Names hold nothing that JSON escapes. A field called length can order with its direction only. */
        buf_printf(out, "%s\"%s%s\"", i == 0 ? "" : ", ", name, !directed ? "" : part->descending ? ":desc" : ":asc");
    }
    buf_put_string(out, "]");
}

static void put_half_life(struct buf *out, int64_t ms)
{
    static const struct {
        int64_t ms;
        char name;
    } units[] = {{86400000, 'd'}, {3600000, 'h'}, {60000, 'm'}, {1000, 's'}};
    size_t i = 0;
    while (i < 3 && ms % units[i].ms != 0) {
        i++;
    }
    buf_printf(out, ", \"half_life\": \"%lld%c\"", (long long)(ms / units[i].ms), units[i].name);
}

static void put_signals(struct buf *out, const struct schema *schema)
{
    buf_put_string(out, ",\n  \"signals\": [\n");
    for (uint8_t i = 0; i < schema->signal_count; i++) {
        const struct signal *signal = &schema->signals[i];
        buf_printf(out, "    {\"kind\": \"%s\", \"field\": ", signal_kind_name(signal->kind));
        put_name(out, schema->fields[signal->field].name);
        if (signal->count_field != SCHEMA_NO_FIELD) {
            buf_put_string(out, ", \"count\": ");
            put_name(out, schema->fields[signal->count_field].name);
        }
        if (signal->kind == SIGNAL_RECENCY) {
            put_half_life(out, signal->half_life_ms);
        }
        buf_put_string(out, ", \"weight\": ");
        put_hundredths(out, signal->weight);
        buf_put_string(out, i + 1 < schema->signal_count ? "},\n" : "} ]");
    }
}

static void put_stems(struct buf *out, const struct schema *schema)
{
    buf_put_string(out, ",\n  \"stems\": {\n");
    for (uint32_t i = 0; i < schema->stem_count; i++) {
        buf_put_string(out, "    ");
        json_put_string(out, schema->stems[i].word);
        buf_put_string(out, ": ");
        json_put_string(out, schema->stems[i].stem);
        buf_put_string(out, i + 1 < schema->stem_count ? ",\n" : " }");
    }
}

int schema_encode(const struct schema *schema, struct buf *out)
{
    buf_printf(out, "{ \"version\": %u, \"id\": ", schema->version);
    put_name(out, schema->id_name);
    buf_put_string(out, ", \"language\": ");
    put_name(out, schema->language);
    buf_put_string(out, schema->strict ? ", \"strict\": true,\n" : ",\n");
    put_fields(out, schema);
    put_order(out, schema);
    if (schema->route_field != SCHEMA_NO_FIELD) {
        buf_put_string(out, ",\n  \"route\": ");
        put_name(out, schema->fields[schema->route_field].name);
    }
    if (schema->signal_count > 0) {
        put_signals(out, schema);
    }
    if (schema->exact > 0) {
        buf_put_string(out, ",\n  \"exact\": ");
        put_hundredths(out, schema->exact);
    }
    if (schema->stem_count > 0) {
        put_stems(out, schema);
    }
    buf_put_string(out, " }\n");
    return buf_status(out);
}
