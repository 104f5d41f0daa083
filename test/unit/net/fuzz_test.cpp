// Whatever comes: what parse() says of it lies within it, and can be relied on. Frames lie at the end of their memory,
// so that a sanitizer sees what is read beyond.
#include <memory>
#include <random>

#include "models/net/build.h"
#include "models/net/checksum.h"
#include "models/net/parse.h"
#include "test/unit/net/bytes.h"

namespace cardvp::net {
namespace {

std::vector<Bytes> good_frames() {
  std::vector<Bytes> frames;
  for (const char* address : {"10.0.0.1", "fd00::1"})
    for (const std::uint8_t protocol : {kProtocolTcp, kProtocolUdp, kProtocolIcmp, kProtocolIcmpv6})
      for (const std::uint16_t vlan : {0, 7}) {
        FrameSpec spec;
        spec.source_ip = spec.destination_ip = *IpAddress::parse(address);
        spec.protocol = protocol;
        spec.vlan = vlan;
        frames.push_back(build(spec, hex("0800000012340001 00112233445566778899")));
      }
  frames.push_back(ethernet(kEtherIpv4) + Ipv4{.version_length = 0x4f}.with(udp(30)));
  frames.push_back(ethernet(kEtherIpv4) + Ipv4{.flags_offset = 0x2000}.with(udp(32, 3000)));
  frames.push_back(ethernet(kEtherIpv4) + Ipv4{.flags_offset = 0x00b9}.with(zeros(32)));
  frames.push_back(ethernet(kEtherIpv6) + Ipv6{.next = 44}.with(fragment_header(17, 1) + udp(32, 3000)));
  frames.push_back(ethernet(kEtherIpv6) + Ipv6{.next = 44}.with(fragment_header(60, 0) + extension(6) + tcp(9)));
  frames.push_back(ethernet(kEtherIpv6) +
                   Ipv6{.next = 0}.with(extension(43) + extension(60, 2) + extension(51) + extension(17) + udp(9)));
  return frames;
}

::testing::AssertionResult holds(std::span<const std::byte> frame, const Parsed& parsed) {
  const auto broken = [&](const char* what) { return ::testing::AssertionFailure() << what; };
  if (parsed.end > frame.size()) return broken("end beyond the frame");
  if (static_cast<unsigned>(parsed.fault) >= kFaults) return broken("no such fault");
  if (parsed.fault != Fault::kNone) return ::testing::AssertionSuccess();
  if (parsed.l3 != kEthernetBytes + kVlanBytes * parsed.vlan_tags) return broken("l3");
  if (parsed.l3 > parsed.payload || parsed.payload > parsed.end) return broken("order");
  if (parsed.l4 != 0 && (parsed.l4 < parsed.l3 || parsed.l4 > parsed.payload)) return broken("l4");
  if (parsed.later_fragment && (parsed.l4 != 0 || !parsed.fragment)) return broken("later fragment");
  if (parsed.ipv4 && parsed.ipv6) return broken("both families");
  if (parsed.tcp() && parsed.payload - parsed.l4 < 20) return broken("TCP header");
  if (parsed.udp() && parsed.payload - parsed.l4 != 8) return broken("UDP header");
  return ::testing::AssertionSuccess();
}

// What the card does with a frame that parse() finds no fault in.
void use(std::span<std::byte> frame, const Parsed& parsed) {
  if (!parsed.ip()) return;
  const FlowKey key = flow_key(frame, parsed);
  ASSERT_EQ(hash_of(key.reversed().reversed()), hash_of(key));
  if (parsed.ipv4) {
    set_ipv4_checksum(frame, parsed);
    ASSERT_TRUE(ipv4_checksum_good(frame, parsed));
    ASSERT_EQ(parse(frame, Checks::kIpChecksum).fault, Fault::kNone);
  }
  const L4Check before = check_l4(frame, parsed);
  if (set_l4_checksum(frame, parsed))
    ASSERT_EQ(check_l4(frame, parsed), L4Check::kGood);
  else
    ASSERT_EQ(before, L4Check::kNone);
}

void mutate(Bytes& frame, std::mt19937_64& random) {
  for (std::uint64_t changes = random() % 4 + 1; changes > 0 && !frame.empty(); --changes) {
    const std::uint64_t draw = random();
    // Headers are where the decisions are.
    const std::size_t at = (draw >> 32) % std::min<std::size_t>(frame.size(), draw & 1 ? 80 : frame.size());
    switch (draw >> 1 & 7) {
      case 0: frame.resize(at); break;
      case 1: frame.insert(frame.begin() + static_cast<std::ptrdiff_t>(at), draw >> 4 & 15, std::byte{0}); break;
      case 2: frame[at] = std::byte{0xff}; break;
      case 3: frame[at] = std::byte{0}; break;
      case 4: frame[at] = static_cast<std::byte>(draw >> 8); break;
      default: frame[at] ^= static_cast<std::byte>(1u << (draw >> 8 & 7)); break;
    }
  }
}

TEST(ParseFuzz, AMillionFrames) {
  const std::vector<Bytes> good = good_frames();
  std::mt19937_64 random(20);
  std::array<std::uint64_t, kFaults> faults{};
  for (int i = 0; i < 1'000'000; ++i) {
    Bytes frame;
    if (i % 8 == 0) {
      frame.resize(random() % 100);
      for (std::byte& byte : frame) byte = static_cast<std::byte>(random());
    } else {
      frame = good[random() % good.size()];
      mutate(frame, random);
    }
    const auto memory = std::make_unique<std::byte[]>(frame.size());
    std::copy(frame.begin(), frame.end(), memory.get());
    const std::span<std::byte> exact(memory.get(), frame.size());
    const Parsed parsed = parse(exact, i % 3 ? Checks::kLengths : Checks::kIpChecksum);
    ASSERT_TRUE(holds(exact, parsed)) << i;
    ++faults[static_cast<std::size_t>(parsed.fault)];
    if (parsed.fault == Fault::kNone) use(exact, parsed);
    if (HasFatalFailure()) FAIL() << "frame " << i;
  }
  for (unsigned fault = 0; fault < kFaults; ++fault)  // it got everywhere; an address is mapped by ten right bytes only
    EXPECT_GE(faults[fault], static_cast<Fault>(fault) == Fault::kBadAddress ? 0u : 500u)
        << name_of(static_cast<Fault>(fault));
}

TEST(ParseFuzz, EveryFrameCutAtEveryByte) {
  for (const Bytes& frame : good_frames()) {
    ASSERT_EQ(parse(frame).fault, Fault::kNone);
    for (std::size_t size = 0; size < frame.size(); ++size) {
      const auto memory = std::make_unique<std::byte[]>(size);
      std::copy_n(frame.begin(), size, memory.get());
      const Parsed parsed = parse({memory.get(), size});
      EXPECT_NE(parsed.fault, Fault::kNone) << size;  // none of them has padding
      EXPECT_TRUE(holds({memory.get(), size}, parsed)) << size;
    }
  }
}

}  // namespace
}  // namespace cardvp::net
