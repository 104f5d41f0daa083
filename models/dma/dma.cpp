#include "models/dma/dma.h"

#include <algorithm>

namespace cardvp::dma {

using sc_core::sc_time;

Dma::Dma(sc_core::sc_module_name name, Sim& sim, const DmaConfig& config)
    : BusTarget(name, sim),
      config_(config),
      descriptors_(counter("descriptors", "descriptors")),
      bytes_(counter("bytes", "bytes")),
      doorbell_(sim.scheduler),
      tasks_(sim.scheduler) {
  ring_.on_enable = [this] { enable(); };
  ring_.on_disable = [this] { disable(); };
  ring_.on_doorbell = [this] { announce(); };
}

void Dma::reset() {
  ring_.reset();
  ready_at_ = sc_core::SC_ZERO_TIME;
}

void Dma::enable() {
  ++session_;
  tasks_.spawn(serve());
}

void Dma::disable() {
  ++session_;
  tasks_.cancel();
}

void Dma::announce() {
  ready_at_ = std::max(ready_at_, access_time());
  doorbell_.notify();
}

Task<> Dma::serve() {
  const std::uint64_t session = session_;
  while (true) {
    while (ring_.head() == ring_.tail()) co_await doorbell_;
    co_await scheduler().until(ready_at_);
    ring_.begin();
    dma_descriptor descriptor;
    sc_time delay = config_.latency;
    DmaError error = fetch(descriptor, delay);
    co_await scheduler().delay(delay);
    for (std::uint32_t done = 0; error == DmaError::kNone && done < descriptor.length;) {
      const auto size = static_cast<std::uint32_t>(std::min<std::uint64_t>(kPiece, descriptor.length - done));
      delay = sc_time(size / config_.bytes_per_second, sc_core::SC_SEC);
      error = move(descriptor, done, size, delay);
      done += size;
      co_await scheduler().delay(delay);
    }
    if (session != session_) co_return;
    if (error != DmaError::kNone) co_return ring_.stop(error);
    finish(descriptor);
  }
}

DmaError Dma::fetch(dma_descriptor& descriptor, sc_time& delay) {
  const std::span<std::byte> bytes = std::as_writable_bytes(std::span(&descriptor, 1));
  if (!card_memory_.read(ring_.address_of(ring_.head()), bytes, delay)) return DmaError::kFetch;
  return usable(descriptor) ? DmaError::kNone : DmaError::kDescriptor;
}

DmaError Dma::move(const dma_descriptor& descriptor, std::uint32_t done, std::size_t size, sc_time& delay) {
  const std::span piece = std::span(buffer_).first(size);
  // The bus's time for both is within the bandwidth.
  sc_time bus;
  if (!card_memory_.read(descriptor.source + done, piece, bus)) return DmaError::kRead;
  if (!card_memory_.write(descriptor.destination + done, piece, bus)) return DmaError::kWrite;
  delay = std::max(delay, bus);
  return DmaError::kNone;
}

void Dma::finish(const dma_descriptor& descriptor) {
  descriptors_.add();
  bytes_.add(descriptor.length);
  ring_.finish(descriptor);
}

}  // namespace cardvp::dma
