/* Work for the descriptor DMA (dma.def), as it stands in memory. C and C++. Little-endian. */
#ifndef CARDVP_DMA_DESCRIPTOR_H
#define CARDVP_DMA_DESCRIPTOR_H

#include <stdint.h>

/* flags; the other bits must be 0. */
enum { DMA_INTERRUPT = 1 }; /* INTERRUPT_STATUS.DONE is set when it has been done. */

/* Source and destination may begin anywhere. What is in the destination is not specified where they overlap, or if
 * the descriptor is not done. A range must not go beyond the end of the address space. */
struct dma_descriptor {
  uint64_t source;
  uint64_t destination;
  uint32_t length; /* bytes; 0: nothing is copied */
  uint32_t flags;
  uint64_t reserved; /* ignored */
};

#ifdef __cplusplus
static_assert(sizeof(dma_descriptor) == 32);
#else
_Static_assert(sizeof(struct dma_descriptor) == 32, "the hardware's");
#endif

#endif
