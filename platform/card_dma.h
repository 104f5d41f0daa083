// The card's descriptor DMA, as the card sees it: registers, its way to memory, an interrupt.
#pragma once

#include "models/dma/dma.h"

namespace cardvp::platform {

class CardDma {
 public:
  CardDma(const char* name, Sim& sim, const dma::DmaConfig& config) : model_(name, sim, config) {}

  tlm::tlm_target_socket<>& registers() { return model_.socket; }
  tlm::tlm_initiator_socket<>& memory() { return model_.memory; }
  Line& interrupt() { return model_.interrupt; }
  // Card reset.
  void reset() { model_.reset(); }

 private:
  dma::Dma model_;
};

}  // namespace cardvp::platform
