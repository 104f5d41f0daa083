/* CRC-32 (IEEE 802.3: reflected polynomial 0xedb88320, initial value and final inversion ~0). C and C++. */
#ifndef CARDVP_FIRMWARE_CRC32_H
#define CARDVP_FIRMWARE_CRC32_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Not crc32: zlib has one, and a program may use both. `crc`: 0, or the CRC of the bytes before these. */
uint32_t crc32_ieee(uint32_t crc, const void* data, size_t bytes);

#ifdef __cplusplus
}
#endif

#endif
