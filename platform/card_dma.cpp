#include "platform/card_dma.h"

namespace cardvp::platform {

CardDma::CardDma(const char* name, Sim& sim, const dma::DmaConfig& config, const RtlUnitConfig& rtl,
                 CardRtl& card_rtl) {
  if (rtl.use == rtl::Use::kModel) {
    model_ = std::make_unique<dma::Dma>(name, sim, config);
    return;
  }
  const rtl::UnitConfig unit = card_rtl.unit_config(rtl);
  try {
    unit_ = std::make_unique<rtl::DmaUnit>(name, sim, unit);
  } catch (const std::invalid_argument& error) {
    CardRtl::misfit(rtl, error);
  }
  card_rtl.add(*unit_);
}

tlm::tlm_target_socket<>& CardDma::registers() {
  if (unit_) return unit_->registers();
  return model_->socket;
}

tlm::tlm_initiator_socket<>& CardDma::memory() {
  if (unit_) return unit_->memory();
  return model_->memory;
}

void CardDma::reset() {
  if (unit_)
    unit_->reset();
  else
    model_->reset();
}

}  // namespace cardvp::platform
