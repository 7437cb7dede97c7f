/* The entry that libFuzzer, or replay.c, calls with one input. */
#ifndef FUSEBOX_FUZZ_FUZZ_H
#define FUSEBOX_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
