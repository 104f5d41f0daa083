#include "Vaes.h"
#include "Vaes_bug1.h"
#include "Vaes_bug2.h"
#include "Vaes_bug3.h"
#include "Vchecksum.h"
#include "Vchecksum_bug1.h"
#include "Vchecksum_bug2.h"
#include "Vchecksum_bug3.h"
#include "Vdma.h"
#include "Vdma_bug1.h"
#include "Vdma_bug2.h"
#include "Vsha2.h"
#include "Vsha2_bug1.h"
#include "Vsha2_bug2.h"
#include "Vtoeplitz.h"
#include "Vtoeplitz_bug1.h"
#include "test/unit/rtl_blocks/verilated_block.h"

namespace cardvp::rtl_blocks {
namespace {

// The first for BUG = 0, the next for 1, and so on.
template <class... Tops>
std::unique_ptr<Block> make(unsigned bug) {
  using Maker = std::unique_ptr<Block> (*)();
  constexpr Maker makers[] = {[]() -> std::unique_ptr<Block> { return std::make_unique<VerilatedBlock<Tops>>(); }...};
  return bug < sizeof...(Tops) ? makers[bug]() : nullptr;
}

}  // namespace

std::unique_ptr<Block> make_aes(unsigned bug) { return make<Vaes, Vaes_bug1, Vaes_bug2, Vaes_bug3>(bug); }
std::unique_ptr<Block> make_checksum(unsigned bug) {
  return make<Vchecksum, Vchecksum_bug1, Vchecksum_bug2, Vchecksum_bug3>(bug);
}
std::unique_ptr<Block> make_dma(unsigned bug) { return make<Vdma, Vdma_bug1, Vdma_bug2>(bug); }
std::unique_ptr<Block> make_sha2(unsigned bug) { return make<Vsha2, Vsha2_bug1, Vsha2_bug2>(bug); }
std::unique_ptr<Block> make_toeplitz(unsigned bug) { return make<Vtoeplitz, Vtoeplitz_bug1>(bug); }

}  // namespace cardvp::rtl_blocks
