/*
 * units.h - the units that go with a number. One function, no state.
 */
#ifndef AISLE_TEXT_UNITS_H
#define AISLE_TEXT_UNITS_H

#include "base/bytes.h"

/* Whether a folded word is exactly a unit ("gb", "kg"). */
bool unit_known(struct bytes word);

#endif
