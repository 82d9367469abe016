/*
 * difference.h - prints what the engine and the oracle answer to a query, and the products that they differ in.
 *
 * For a query whose answers were found to differ: a product is printed when one of the two finds it and the other
 * does not, or both with another score (three at most), and whether the two also differ about a catalog of that
 * product alone. If so, it is cut down to the words that the difference needs.
 *
 * Thread rule: that of the catalog and the oracle.
 */
#ifndef ORACLE_DIFFERENCE_H
#define ORACLE_DIFFERENCE_H

#include "aisle.h"
#include "oracle/oracle.h"

void difference_print(aisle *catalog, struct oracle *oracle, const char *text);

#endif
