/* CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), the checksum of everything we write.
 * Source: RFC 3720, B.4. */
#ifndef FUSEBOX_BASE_CRC32C_H
#define FUSEBOX_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Checksum of `data`; continue a running one by passing it as `before` (0 to begin). */
uint32_t crc32c(uint32_t before, const void *data, size_t len);

#endif
