// The card's descriptor DMA, as the card sees it: registers, a way to memory, an interrupt. Its model, or its RTL, or
// both in lockstep.
#pragma once

#include <memory>

#include "models/dma/dma.h"
#include "platform/card_rtl.h"
#include "rtl/units/dma_unit.h"

namespace cardvp::platform {

class CardDma {
 public:
  // `config` is of the model. Throws ConfigError for a plug-in that is no DMA.
  CardDma(const char* name, Sim& sim, const dma::DmaConfig& config, const RtlUnitConfig& rtl, CardRtl& card_rtl);

  tlm::tlm_target_socket<>& registers();
  tlm::tlm_initiator_socket<>& memory();
  Line& interrupt() { return unit_ ? unit_->interrupt : model_->interrupt; }
  // Card reset.
  void reset();

 private:
  std::unique_ptr<dma::Dma> model_;  // one of the two
  std::unique_ptr<rtl::DmaUnit> unit_;
};

}  // namespace cardvp::platform
