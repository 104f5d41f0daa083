// Driver: what the device can do, and how the driver wants it (GET_FEATURE, SET_FEATURE).
#include <algorithm>
#include <bit>
#include <cstring>

#include <fmt/format.h>

#include "host/ena/driver.h"

namespace cardvp::host::ena {

using sc_core::SC_MS;
using sc_core::sc_time;

Task<Error> Driver::negotiate() {
  co_await tell_host();
  if (Error error = co_await get_attributes()) co_return error;
  if (Error error = co_await get_limits()) co_return error;
  if (Error error = co_await get_offloads()) co_return error;
  if (Error error = co_await get_hints()) co_return error;
  if (Error error = co_await configure_events()) co_return error;
  if (Error error = co_await configure_llq()) co_return error;
  if (Error error = co_await get_moderation()) co_return error;
  co_await get_link();
  co_return Error{};
}

// Who the host is. The device may do without: nothing depends on its answer.
Task<> Driver::tell_host() {
  HostInfo info{};
  info.os_type = kOsLinux;
  constexpr std::string_view kText = "cardvp";
  std::ranges::copy(kText, info.os_text.begin());
  std::ranges::copy(kText, info.kernel_text.begin());
  info.spec_version = kSpecVersion;
  info.bdf = function_->bdf;
  info.cpus = static_cast<std::uint16_t>(std::min(config_.queues, kMostQueues));
  info.driver_features = kDriverRxOffset | kDriverModeration;
  std::ranges::fill(host_info_.bytes(), std::byte{0});
  std::memcpy(host_info_.data(), &info, sizeof info);
  const std::uint64_t address = host_info_.address();
  const FeatureData where{static_cast<std::uint32_t>(address), static_cast<std::uint32_t>(address >> 32)};
  const AdminResponse done = co_await admin_.set(kFeatureHostAttributes, where);
  if (!done.ok()) log_.warning("the device does not take host attributes", {{"why", done.text()}});
}

Task<Error> Driver::get_attributes() {
  const AdminResponse done = co_await admin_.get(kFeatureAttributes);
  if (!done.ok()) co_return refused("GET device attributes", done);
  const auto attributes = done.as<Attributes>();
  info_.features = attributes.features;
  info_.capabilities = attributes.capabilities;
  info_.max_mtu = attributes.max_mtu;
  info_.mac.bytes = attributes.mac;
  if (info_.mac.is_zero() || info_.mac.is_multicast()) {
    // A locally administered address of its own, the same in every run.
    info_.mac.bytes = {2, 0, 0, 0, static_cast<std::uint8_t>(function_->bus()), function_->number()};
    log_.warning("the device has no valid MAC address", {{"instead", info_.mac.text()}});
  }
  if (config_.mtu < 128 || config_.mtu > info_.max_mtu)
    co_return failure(fmt::format("an MTU of {} bytes; the device allows 128 to {}", config_.mtu, info_.max_mtu));
  co_return Error{};
}

Task<Error> Driver::get_limits() {
  const bool extended = offered(kFeatureMaxQueuesExtended);
  const AdminResponse done =
      co_await admin_.get(extended ? kFeatureMaxQueuesExtended : kFeatureMaxQueues, extended ? 1 : 0);
  if (!done.ok()) co_return refused("GET queue limits", done);
  if (extended) {
    const auto most = done.as<MaxQueuesExtended>();
    if (most.version != 1) co_return failure(fmt::format("queue limits of version {}", most.version));
    limits_ = {.queues = std::min({most.tx_sqs, most.tx_cqs, most.rx_sqs, most.rx_cqs}),
               .tx_entries = std::min(most.tx_sq_depth, most.tx_cq_depth),
               .rx_entries = std::min(most.rx_sq_depth, most.rx_cq_depth),
               .header = most.header,
               .tx_descriptors = most.tx_descriptors,
               .rx_descriptors = most.rx_descriptors};
  } else {
    // A pair has a CQ for each of its SQs.
    const auto most = done.as<MaxQueues>();
    limits_ = {.queues = std::min(most.sqs, most.cqs),
               .tx_entries = std::min(most.sq_depth, most.cq_depth),
               .rx_entries = std::min(most.sq_depth, most.cq_depth),
               .header = most.header,
               .tx_descriptors = most.tx_descriptors,
               .rx_descriptors = most.rx_descriptors};
  }
  limits_.tx_descriptors = std::min(limits_.tx_descriptors, kMostDescriptors);
  limits_.rx_descriptors = std::min(limits_.rx_descriptors, kMostDescriptors);
  if (limits_.queues == 0 || limits_.tx_entries < 2 || limits_.rx_entries < 2 || limits_.rx_descriptors == 0)
    co_return failure("the device has no queues to give");
  co_return Error{};
}

Task<Error> Driver::get_offloads() {
  const AdminResponse done = co_await admin_.get(kFeatureOffloads);
  if (!done.ok()) co_return refused("GET offloads", done);
  const auto offloads = done.as<Offloads>();
  info_.tx_offloads = offloads.tx;
  info_.rx_offloads = offloads.rx;
  if (!config_.checksum_offload) info_.tx_offloads &= ~std::uint32_t{kTxL4Ipv4 | kTxL4Ipv6};
  // Segments need checksums, which only the device can make.
  if (!config_.segmentation_offload || !config_.checksum_offload)
    info_.tx_offloads &= ~std::uint32_t{kTxTsoIpv4 | kTxTsoIpv6};
  if (!config_.receive_checksums) info_.rx_offloads = 0;
  co_return Error{};
}

Task<Error> Driver::get_hints() {
  if (!offered(kFeatureHints)) co_return Error{};
  const AdminResponse done = co_await admin_.get(kFeatureHints);
  if (done.unsupported()) co_return Error{};
  if (!done.ok()) co_return refused("GET hints", done);
  take_hints(done.as<Hints>());
  co_return Error{};
}

// 0 leaves what was.
void Driver::take_hints(const Hints& hints) {
  const auto take = [](sc_time& timeout, std::uint16_t ms) {
    if (ms == kNoLimit) {
      timeout = sc_core::SC_ZERO_TIME;
    } else if (ms > 0) {
      timeout = sc_time(ms, SC_MS);
    }
  };
  take(timeouts_.keep_alive, hints.keep_alive);
  take(timeouts_.completion, hints.completion);
  if (hints.missing_completions > 0) timeouts_.missing_completions = hints.missing_completions;
  if (hints.transmit > 0) timeouts_.transmit = sc_time(hints.transmit, SC_MS);
  if (hints.admin > 0) admin_.set_timeout(sc_time(hints.admin, SC_MS));
  if (hints.register_read > 0) registers_.set_timeout(sc_time(hints.register_read, SC_MS));
}

Task<Error> Driver::configure_events() {
  AdminResponse done = co_await admin_.get(kFeatureAenq);
  if (!done.ok()) co_return refused("GET AENQ configuration", done);
  const std::uint32_t groups = done.as<AenqConfig>().supported & kAenqWanted;
  const FeatureData enable{0, groups};
  done = co_await admin_.set(kFeatureAenq, enable);
  if (!done.ok()) co_return refused("SET AENQ configuration", done);
  keep_alives_ = groups >> kAenqKeepAlive & 1;
  co_return Error{};
}

namespace {

// What of `supported` is taken: the first of `wanted` that it has; 0: none.
std::uint16_t choose(std::uint16_t supported, std::initializer_list<std::uint16_t> wanted) {
  for (const std::uint16_t bit : wanted)
    if (supported & bit) return bit;
  return 0;
}

constexpr unsigned llq_entry_bytes(std::uint16_t choice) {
  return 64 + 64 * static_cast<unsigned>(choice == 4 ? 3 : choice);
}

}  // namespace

// Queues in device memory if they are wanted, offered, and in a form that this driver can do.
Task<Error> Driver::configure_llq() {
  using Placement = DriverConfig::Placement;
  llq_ = {};
  const auto without = [this](const char* why) {
    return config_.placement == Placement::kDeviceMemory ? failure(fmt::format("no device memory: {}", why)) : Error{};
  };
  if (config_.placement == Placement::kHostMemory) co_return Error{};
  if (!offered(kFeatureLlq)) co_return without("it is not offered");
  AdminResponse done = co_await admin_.get(kFeatureLlq);
  if (done.unsupported()) co_return without("it is not supported");
  if (!done.ok()) co_return refused("GET LLQ", done);
  const auto offer = done.as<LlqConfig>();
  if (offer.queues == 0 || offer.depth < 2) co_return without("there are no queues");

  LlqConfig choice;
  choice.header_location_chosen = choose(offer.header_location, {kHeaderInline});
  choice.entry_size_chosen = choose(offer.entry_size, {1, 2, 4});
  choice.before_header_chosen = choose(offer.before_header, {2, 4, 8, 1});
  choice.stride_chosen = choose(offer.stride, {kStrideMultiple, 1});
  choice.acceleration = kNoMetaCache | kBurstLimit;
  const unsigned entry = llq_entry_bytes(choice.entry_size_chosen);
  const unsigned descriptors = choice.before_header_chosen * sizeof(TxDescriptor);
  if (choice.header_location_chosen == 0 || choice.entry_size_chosen == 0 || choice.before_header_chosen == 0 ||
      choice.stride_chosen == 0 || descriptors >= entry)
    co_return without("its form is none of this driver's");
  FeatureData data{};
  std::memcpy(data.data(), &choice, sizeof choice);
  done = co_await admin_.set(kFeatureLlq, data);
  if (!done.answered) co_return refused("SET LLQ", done);
  if (!done.ok()) co_return without("the device refused the choice");
  if (function_->bars[2].size == 0) co_return without("there is no BAR 2");

  llq_ = {.entry = entry,
          .header = std::min(entry - descriptors, std::min(limits_.header, 0xffu)),
          .before_header = choice.before_header_chosen,
          .per_entry = choice.stride_chosen == kStrideMultiple ? entry / unsigned{sizeof(TxDescriptor)} : 1,
          .burst = offer.acceleration & kBurstLimit ? std::max(offer.max_burst / entry, 1u) : 0,
          .always_meta = (offer.acceleration & kNoMetaCache) != 0};
  limits_.queues = std::min(limits_.queues, offer.queues);
  limits_.tx_entries = std::min(limits_.tx_entries, offer.depth);
  info_.llq = true;
  info_.llq_entry_bytes = entry;
  co_return Error{};
}

Task<Error> Driver::get_moderation() {
  moderation_resolution_ = 0;
  if (!offered(kFeatureModeration)) co_return Error{};
  const AdminResponse done = co_await admin_.get(kFeatureModeration);
  if (done.unsupported()) co_return Error{};
  if (!done.ok()) co_return refused("GET interrupt moderation", done);
  moderation_resolution_ = std::max<unsigned>(done.as<std::uint16_t>(), 1);
  co_return Error{};
}

Task<> Driver::get_link() {
  if (!offered(kFeatureLink)) co_return;
  const AdminResponse done = co_await admin_.get(kFeatureLink);
  if (done.ok()) info_.speed_mbit = done.as<LinkConfig>().speed;
}

}  // namespace cardvp::host::ena
