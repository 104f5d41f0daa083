// Driver: receive-side scaling (features 12, 10 and 18).
#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "host/ena/driver.h"

namespace cardvp::host::ena {

namespace {

constexpr unsigned kTableEntries = 1u << kRssTableLog2;

// Header fields that make a flow, by kind of packet: L3 addresses, and ports where there are any.
constexpr std::uint16_t kL3Fields = 0x0c;
constexpr std::uint16_t kL4Fields = 0x3c;
constexpr std::uint16_t kL2Fields = 0x03;
constexpr std::array<std::uint16_t, 16> kHashFields{kL4Fields, kL4Fields, kL4Fields, kL4Fields,
                                                    kL3Fields, kL3Fields, kL3Fields, kL2Fields};
constexpr std::uint32_t kHashSort = 0x6;  // L3 and L4

}  // namespace

// Whether what is offered is of a kind that write_rss() can set.
Task<Error> Driver::probe_rss() {
  if (!offered(kFeatureRssTable)) co_return Error{};
  const AdminResponse done = co_await admin_.get(kFeatureRssTable);
  if (done.unsupported()) co_return Error{};
  if (!done.ok()) co_return refused("GET RSS table", done);
  const auto table = done.as<RssTableInfo>();
  if (table.min_log2 > kRssTableLog2 || table.max_log2 < kRssTableLog2)
    co_return failure(fmt::format("an RSS table of 2^{} to 2^{} entries", table.min_log2, table.max_log2));
  co_return Error{};
}

Task<Error> Driver::write_rss() {
  if (Error error = co_await write_rss_table()) co_return error;
  if (offered(kFeatureHashFunction) && offered(kFeatureRssTable)) {
    // The device's own key stays.
    Buffer key(memory(), kHashKeyBytes);
    std::ranges::fill(key.bytes(), std::byte{0});
    AdminResponse done = co_await admin_.get(kFeatureHashFunction, 0, &key);
    const FeatureData choice{0, kToeplitz, ~0u};
    if (done.ok() && (done.as<HashFunctionInfo>().supported & kToeplitz))
      done = co_await admin_.set(kFeatureHashFunction, choice, &key);
    if (!done.ok() && !done.unsupported()) co_return refused("RSS hash function", done);
  }
  if (offered(kFeatureHashInput) && offered(kFeatureRssTable)) {
    Buffer fields(memory(), kHashInputBytes);
    std::ranges::fill(fields.bytes(), std::byte{0});
    AdminResponse done = co_await admin_.get(kFeatureHashInput, 0, &fields);
    for (std::size_t kind = 0; kind < kHashFields.size(); ++kind)
      std::memcpy(fields.data() + kHashInputSelected + 4 * kind, &kHashFields[kind], sizeof kHashFields[kind]);
    const FeatureData sort{kHashSort << 16};
    if (done.ok()) done = co_await admin_.set(kFeatureHashInput, sort, &fields);
    if (!done.ok() && !done.unsupported()) co_return refused("RSS hash input", done);
  }
  co_return Error{};
}

Task<Error> Driver::write_rss_table() {
  if (!offered(kFeatureRssTable)) co_return Error{};
  std::vector<std::uint16_t> receive;  // SQ indices
  for (const CreatedQueue& queue : created_)
    if (queue.direction == kRx) receive.push_back(queue.sq);
  Buffer table(memory(), kTableEntries * sizeof(RssTableEntry));
  for (unsigned n = 0; n < kTableEntries; ++n) {
    const unsigned queue = rss_table_.empty() ? n : rss_table_[n];
    table.as<RssTableEntry>()[n] = {receive[queue % receive.size()], 0};
  }
  const FeatureData whole{0, kRssTableLog2, ~0u};
  const AdminResponse done = co_await admin_.set(kFeatureRssTable, whole, &table);
  if (!done.ok() && !done.unsupported()) co_return refused("SET RSS table", done);
  co_return Error{};
}

Task<Error> Driver::set_rss_table(std::vector<unsigned> queues) {
  if (!running()) co_return failure("set_rss_table: the driver is not running");
  if (!offered(kFeatureRssTable)) co_return failure("set_rss_table: the device has no RSS table");
  const auto exists = [&](unsigned queue) { return queue < pairs_.size(); };
  if (queues.size() != kTableEntries || !std::ranges::all_of(queues, exists))
    co_return failure(fmt::format("set_rss_table: {} entries of existing queues are needed", kTableEntries));
  rss_table_ = std::move(queues);
  co_return co_await write_rss_table();
}

Task<Error> Driver::set_mtu(unsigned mtu) {
  if (!running()) co_return failure("set_mtu: the driver is not running");
  if (mtu < 128 || mtu > info_.max_mtu)
    co_return failure(fmt::format("set_mtu: {} bytes; the device allows 128 to {}", mtu, info_.max_mtu));
  const FeatureData wanted{mtu};
  const AdminResponse done = co_await admin_.set(kFeatureMtu, wanted);
  if (!done.ok()) co_return refused("SET MTU", done);
  config_.mtu = mtu;
  for (auto& pair : pairs_) pair->tx().set_most_frame(most_frame());
  co_return Error{};
}

Task<std::optional<EniStatistics>> Driver::eni_statistics() {
  if (!running() || !(info_.capabilities & kEniStats)) co_return std::nullopt;
  GetStats command;
  command.type = kStatsEni;
  const AdminResponse done = co_await admin_.execute(command);
  if (!done.ok()) co_return std::nullopt;
  const auto eni = done.as<EniCounters>();
  co_return EniStatistics{.bandwidth_in = eni.bandwidth_in,
                          .bandwidth_out = eni.bandwidth_out,
                          .packet_rate = eni.packet_rate,
                          .conntrack = eni.conntrack,
                          .link_local = eni.link_local};
}

}  // namespace cardvp::host::ena
