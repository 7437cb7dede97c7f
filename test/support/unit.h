/* What every unit test includes first: cmocka, and the headers that it wants before itself. */
#ifndef FUSEBOX_TEST_UNIT_H
#define FUSEBOX_TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
