"""Queries drawn from a corpus, and what their answers are worth by its text (run.py).

A query's words stand together in one product that was drawn, so that every query has a hit. How often a word occurs
is counted over the whole corpus; high is 1 product in 100 and more, low is fewer than 1 in 2,000.
"""
import array
import collections
import math
import os
import pickle
import random

K1, B = 1.2, 0.75
FIRST_TERMS = 12  # of a product, where its title and the start of its description stand: what people type


class Corpus:
    """Document frequencies, lengths, and access to a product's terms by number; counted once, kept beside the file."""

    def __init__(self, path):
        self.file = open(path, "rb")
        kept = path + ".counted"
        if not os.path.exists(kept) or os.path.getmtime(kept) < os.path.getmtime(path):
            with open(kept + ".part", "wb") as file:
                pickle.dump(self.counted(), file, protocol=4)
            os.rename(kept + ".part", kept)
        with open(kept, "rb") as file:
            self.starts, self.df, self.length_sum = pickle.load(file)
        self.count = len(self.starts)

    def counted(self):
        starts, df, length_sum, at = array.array("Q"), collections.Counter(), 0, 0
        for line in self.file:
            starts.append(at)
            at += len(line)
            terms = line.rsplit(b"\t", 1)[1].split()
            length_sum += len(terms)
            df.update(set(terms))
        return starts, df, length_sum

    def product(self, number):
        """Its price and its terms."""
        self.file.seek(self.starts[number])
        parts = self.file.readline().split(b"\t")
        return int(parts[1]), parts[-1].split()

    def terms(self, number):
        return self.product(number)[1]

    def score(self, number, words):
        """BM25 with nothing rounded, of words that count once each."""
        terms = self.terms(number)
        norm = K1 * (1 - B + B * len(terms) * self.count / self.length_sum)
        score = 0.0
        for word in words:
            frequency = terms.count(word)
            df = self.df[word]
            score += math.log(1 + (self.count - df + 0.5) / (df + 0.5)) * frequency * (K1 + 1) / (frequency + norm)
        return score


def frequency_class(corpus, word):
    share = corpus.df[word] / corpus.count
    return "high" if share >= 0.01 else "mid" if share >= 0.0005 else "low"


def draw(corpus, kind, chance):
    """
    Words for a query of this kind out of one product, or None when that one has none. A filtered query has one more
    "word": prices from two thirds of the product's to half as much again.
    """
    price, terms = corpus.product(chance.randrange(corpus.count))
    first = terms[:FIRST_TERMS]
    distinct = sorted(set(first))
    if kind.startswith("term"):
        fit = [t for t in sorted(set(terms)) if frequency_class(corpus, t) == kind.split("_")[1]]
        return [chance.choice(fit)] if fit else None
    if kind == "phrase":
        at = chance.randrange(max(len(first) - 1, 1))
        pair = first[at:at + 2]
        return pair if len(set(pair)) == 2 else None
    if kind == "prefix":
        fit = [t for t in distinct if len(t) >= 5 and b"zq" not in t]
        return [chance.choice(fit)[:chance.choice((3, 4))]] if fit else None
    if kind == "filter":
        prices = b"\t%d\t%d" % (price * 2 // 3, price * 3 // 2)
        return [*chance.sample(distinct, 2), prices] if len(distinct) >= 2 and price > 0 else None
    size = int(kind[-1])
    return chance.sample(distinct, size) if len(distinct) >= size else None


DRAWN = ("term_high", "term_mid", "term_low", "and2", "and3", "filter", "or2", "or3", "or5", "phrase", "prefix")
KINDS = (*DRAWN, "log")


def draw_all(corpus, kinds, each, seed, log):
    """
    each queries of every kind and those of the log (lists of terms, of which all are wanted), as lines (kind, words).
    Kinds are mixed: nobody's caches or branch predictors see one kind alone.
    """
    chance = random.Random(seed)
    lines = [("log", " ".join(dict.fromkeys(terms))) for terms in log if terms and "log" in kinds]
    for kind in DRAWN:
        tries = made = 0
        while kind in kinds and made < each and tries < 50 * each:
            words = draw(corpus, kind, chance)
            tries += 1
            if words:
                lines.append((kind, b" ".join(words).replace(b" \t", b"\t").decode()))
                made += 1
    chance.shuffle(lines)
    return lines
