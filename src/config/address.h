/*
 * "host:port" as scrape targets and listeners write it: a name, an IPv4 address,
 * or an IPv6 address in brackets.
 */
#ifndef FUSEBOX_CONFIG_ADDRESS_H
#define FUSEBOX_CONFIG_ADDRESS_H

#include <stdbool.h>

#include "base/diag.h"
#include "base/str.h"

enum { HOST_MAX_BYTES = 253 };

struct address {
    struct str host; /* with its brackets */
    int port;        /* -1: none is given */
};

/* False: diag says what is wrong with it. */
bool address_parse(struct str text, struct address *ret, struct diag *diag) MUST_CHECK;

#endif
