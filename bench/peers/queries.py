"""Queries drawn from a corpus, and what their answers are worth by its text (run.py).

A query's words stand together in one product that was drawn, so that every query has a hit. How often a word occurs
is counted over the whole corpus; high is 1 product in 100 and more, low is fewer than 1 in 2,000.
"""
import collections
import math
import random

K1, B = 1.2, 0.75
FIRST_TERMS = 12  # of a product, where its title and the start of its description stand: what people type


class Corpus:
    """Document frequencies, lengths, and access to a product's terms by number."""

    def __init__(self, path):
        self.file = open(path, "rb")
        self.starts, self.df, self.length_sum = [], collections.Counter(), 0
        at = 0
        for line in self.file:
            self.starts.append(at)
            at += len(line)
            terms = line.split(b"\t", 1)[1].split()
            self.length_sum += len(terms)
            self.df.update(set(terms))
        self.count = len(self.starts)

    def terms(self, number):
        self.file.seek(self.starts[number])
        return self.file.readline().split(b"\t", 1)[1].split()

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
    """Words for a query of this kind out of one product, or None when that one has none."""
    terms = corpus.terms(chance.randrange(corpus.count))
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
    size = int(kind[-1])
    return chance.sample(distinct, size) if len(distinct) >= size else None


DRAWN = ("term_high", "term_mid", "term_low", "and2", "and3", "or2", "or3", "or5", "phrase", "prefix")
KINDS = (*DRAWN, "log")


def write(corpus, path, each, seed, log):
    """
    each queries of every kind and those of the log (lists of terms, of which all are wanted), kinds mixed: nobody's
    caches or branch predictors see one kind alone.
    """
    chance = random.Random(seed)
    lines = [f"log\t{' '.join(dict.fromkeys(terms))}\n" for terms in log if terms]
    for kind in DRAWN:
        tries = made = 0
        while made < each and tries < 50 * each:
            words = draw(corpus, kind, chance)
            tries += 1
            if words:
                lines.append(f"{kind}\t{b' '.join(words).decode()}\n")
                made += 1
    chance.shuffle(lines)
    with open(path, "w") as file:
        file.writelines(lines)
