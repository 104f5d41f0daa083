// Why packets go no further. Each packet that does not is counted once, by its reason, at its interface or at the data
// path: counter "NAME.drops.REASON".
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "models/base/stats.h"
#include "models/net/parse.h"
#include "models/nic/messages.h"

namespace cardvp::nic {

// The first VPC_REASONS are the firmware's, by their numbers in messages.h; the last are net::Fault's, twice.
enum class Drop : std::uint8_t {
  kVpcOff = VPC_REASONS,  // VPC.CONTROL.ENABLE is 0
  kInterfaceOff,          // MODE is 0, or became 0 while the packet waited
  kReset,                 // of the card, while the packet waited
  kNoUplink,
  kTooLong,       // no room for the outer headers
  kNoSlots,       // SLOT_BASE is 0, or leads nowhere
  kSlowPathFull,  // no slot is free for this interface or peer, or too many packets wait for the flow's first
  kNoVerdict,     // the firmware kept a slot for longer than others could spare it
  kBadVerdict,    // the firmware's verdict makes no sense
  kBandwidthIn,   // allowances: the packet would have waited too long
  kBandwidthOut,
  kPacketRate,
  kSlowRate,
  kNoPeer,         // the verdict's peer is not stored
  kNoKey,          // the peer's packets are to be sealed, or opened, and there is no key
  kCipherBusy,     // the security engine's lanes are behind by too much
  kNotOurs,        // from the wire: to nobody here
  kOuterFragment,  // the outer packet is a fragment
  kNotGeneve,      // to the card, but nothing that it takes
  kBadUdpChecksum,
  kGeneveShort,  // the Geneve header or its options go beyond the packet
  kGeneveVersion,
  kGeneveOam,           // a control packet
  kGeneveOptions,       // an option's length is wrong, or one of ours occurs twice
  kGeneveCritical,      // an unknown option is critical
  kGeneveProtocol,      // the payload is no Ethernet frame
  kNotSealed,           // plain, from a peer whose packets are sealed
  kUnknownAssociation,  // sealed by an SPI that is not stored
  kWrongAssociation,    // sealed by another peer's
  kReplayed,            // seen before, or too old to tell
  kForged,
  kNotMultipath,  // of the multipath transport, from a peer that does not use it
  kOuterFault,    // + net::Fault: of the outer packet, or of a packet of the host's
  kInnerFault = kOuterFault + net::kFaults,
  kEnd = kInnerFault + net::kFaults,
};
inline constexpr std::size_t kDrops = static_cast<std::size_t>(Drop::kEnd);

constexpr Drop outer_fault(net::Fault fault) {
  return static_cast<Drop>(static_cast<unsigned>(Drop::kOuterFault) + static_cast<unsigned>(fault));
}
constexpr Drop inner_fault(net::Fault fault) {
  return static_cast<Drop>(static_cast<unsigned>(Drop::kInnerFault) + static_cast<unsigned>(fault));
}
// Of a verdict; a reason that does not exist is the firmware's mistake.
constexpr Drop reason_of(std::uint8_t vpc_reason) {
  return vpc_reason < VPC_REASONS ? static_cast<Drop>(vpc_reason) : Drop::kBadVerdict;
}
std::string name_of(Drop reason);
bool is_drop(std::string_view name);

class DropCounters {
 public:
  // `name`: of whose packets they are.
  DropCounters(Stats& stats, std::string name) : stats_(stats), name_(std::move(name)) {
    stats_.declare(name_ + ".drops.", is_drop);
  }
  void count(Drop reason) {
    Counter*& counter = counters_[static_cast<std::size_t>(reason)];
    if (!counter) counter = &stats_.counter(name_ + ".drops." + name_of(reason), "packets");
    counter->add();
  }

 private:
  Stats& stats_;
  std::string name_;
  std::array<Counter*, kDrops> counters_{};  // made at first use
};

}  // namespace cardvp::nic
