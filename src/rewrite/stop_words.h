/*
 * stop_words.h - words that a shopper types between those that matter, by language.
 *
 * Few on purpose: articles, "and", "for", "with" and their like. Words that can be a product's (it, can, will, no, not,
 * under, over, more) are none. Each word is written as folding leaves it.
 * Thread rule: static text.
 */
#ifndef AISLE_REWRITE_STOP_WORDS_H
#define AISLE_REWRITE_STOP_WORDS_H

/* The stop words of a language, as text_language_find names it, separated by one space; "" when none are known. */
const char *stop_words_of(const char *language);

#endif
