/*
 * keyword.c - the form in which keywords and paths are compared.
 *
 * Thread rule: as the analyser.
 */
#include "text/text.h"

#include "base/buf.h"

/* Cuts what stands behind from so that out has at most max_bytes, at a character. */
static void cut(struct buf *out, size_t from, size_t max_bytes)
{
    if (out->size <= max_bytes) {
        return;
    }
    size_t size = max_bytes;
    while (size > from && (out->data[size] & 0xc0) == 0x80) {
        size--;
    }
    out->size = size;
}

int text_fold_keyword(struct analyser *analyser, const struct bytes *parts, size_t count, size_t max_bytes,
                      struct buf *out)
{
    buf_clear(out);
    for (size_t i = 0; i < count && out->size < max_bytes; i++) {
        struct bytes folded;
        int status = analyser_fold(analyser, parts[i], &folded);
        if (status != 0) {
            return status;
        }
        if (i != 0) {
            buf_put_u8(out, TEXT_PATH_SEPARATOR);
        }
        size_t from = out->size;
        buf_put(out, folded.data, folded.size);
        for (size_t at = from; buf_status(out) == 0 && at < out->size; at++) {
            if (out->data[at] <= TEXT_PATH_SEPARATOR) {
                out->data[at] = ' ';
            }
        }
        cut(out, from, max_bytes);
    }
    return buf_status(out);
}
