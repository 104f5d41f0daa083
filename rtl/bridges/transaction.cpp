#include "rtl/bridges/transaction.h"

#include <algorithm>
#include <cstring>

namespace cardvp::rtl {

std::string_view to_string(Response response) {
  switch (response) {
    case Response::kOkay: return "OKAY";
    case Response::kExOkay: return "EXOKAY";
    case Response::kSlvErr: return "SLVERR";
    case Response::kDecErr: return "DECERR";
    case Response::kTimeOut: return "time-out";
    case Response::kReset: return "reset";
    case Response::kRefused: return "refused";
    case Response::kBusy: return "busy";
  }
  return "?";
}

Transaction::Transaction(TargetBridge& bridge, bool is_write, std::uint64_t at_address, std::span<std::uint8_t> bytes,
                         const BurstShape& burst_shape)
    : write(is_write),
      address(at_address),
      data(bytes),
      shape(burst_shape),
      done(bridge.sim_.scheduler),
      bridge_(bridge) {}

Transaction::~Transaction() {
  if (begun_ && !done.done()) bridge_.abandon(*this);
}

std::string Transaction::text() const {
  std::string text = fmt::format("{} {:#x}", write ? "write" : "read", address);
  if (!write || data.size() > sizeof(std::uint64_t)) return text + fmt::format(", {} bytes", data.size());
  std::uint64_t value = 0;
  std::memcpy(&value, data.data(), data.size());
  return text + fmt::format(" <- {:#x}", value);
}

void Transaction::answer(Response part) {
  response = std::max(response, part);
  if (in_flight_ > 0 || cut_ < data.size()) return;
  if (!is_okay(response)) bridge_.errors_.add();
  Domain* const domain = bridge_.domain();
  done.complete(domain ? domain->edge_time() : bridge_.sim_.scheduler.now());
}

TargetBridge::TargetBridge(Sim& sim, Block& block, const InterfaceDescription& description)
    : sim_(sim),
      block_(block),
      pins_(block, description),
      track_(block.add_track(description.name)),
      transactions_(
          sim.stats.counter(fmt::format("{}.{}.transactions", block.name(), description.name), "transactions")),
      errors_(sim.stats.counter(fmt::format("{}.{}.errors", block.name(), description.name), "transactions")),
      unexpected_(sim.stats.counter(fmt::format("{}.{}.unexpected", block.name(), description.name), "responses")) {}

void TargetBridge::start(Transaction& transaction) {
  transactions_.add();
  transaction.begun_ = true;
  if (transaction.data.empty()) return transaction.answer(Response::kOkay);
  const Response refusal = accept(transaction);
  if (is_okay(refusal)) return begin_work();
  transaction.cut_ = transaction.data.size();
  transaction.answer(refusal);
}

Response TargetBridge::access_now(Transaction& transaction) {
  start(transaction);
  if (!transaction.done.done() && !domain()->run_until(transaction.done)) {
    abandon(transaction);
    transaction.in_flight_ = 0;
    transaction.cut_ = transaction.data.size();
    transaction.answer(Response::kBusy);
  }
  return transaction.response;
}

Task<Response> TargetBridge::read(std::uint64_t address, std::span<std::uint8_t> to, BurstShape shape) {
  Transaction transaction(*this, false, address, to, shape);
  start(transaction);
  co_await transaction.done;
  co_return transaction.response;
}

Task<Response> TargetBridge::write(std::uint64_t address, std::span<const std::uint8_t> from, BurstShape shape) {
  // What is written is only read.
  const std::span<std::uint8_t> bytes(const_cast<std::uint8_t*>(from.data()), from.size());
  Transaction transaction(*this, true, address, bytes, shape);
  start(transaction);
  co_await transaction.done;
  co_return transaction.response;
}

void TargetBridge::show(const Transaction& transaction) {
  if (block_.has_waves()) block_.note(track_, transaction.text());
}

void TargetBridge::show_nothing() {
  if (block_.has_waves()) block_.note(track_, "");
}

}  // namespace cardvp::rtl
