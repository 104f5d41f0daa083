// What the ENA interface lays down in numbers: entries of rings, places in them. docs/nic.md names the sources.
#pragma once

#include <bit>
#include <cstdint>

namespace cardvp::nic::ena {

static_assert(std::endian::native == std::endian::little, "entries are copied to and from host memory as they are");

inline constexpr std::uint32_t kAdminEntry = 64;       // bytes: AQ, ACQ and AENQ
inline constexpr std::uint32_t kDescriptor = 16;       // bytes: of SQs in host memory, and a slot of an LLQ entry
inline constexpr std::uint32_t kMostDescriptors = 21;  // of a TX packet: 19, one that drivers add, and meta
inline constexpr std::uint32_t kMostBuffers = 19;      // of a received frame

enum Status : std::uint8_t { kSuccess = 0, kMalformedRequest = 4, kUnknownError = 6, kResourceBusy = 7 };

// Ring counters run freely in 16 bits; rings are powers of two, so the entry is the lower bits, and the lap's parity
// the next one. Phase tags are 1 in the first lap and toggle.
inline bool phase_of(std::uint32_t counter, std::uint32_t entries) { return (counter & entries) == 0; }

// A TX descriptor, data or meta: fields of its dwords.
struct TxDescriptor {
  std::uint32_t dword[4];

  bool is_meta() const { return dword[0] >> 23 & 1; }
  bool is_first() const { return dword[0] >> 26 & 1; }
  bool is_last() const { return dword[0] >> 27 & 1; }
  // Data:
  std::uint32_t length() const { return dword[0] & 0xffff; }
  std::uint16_t request() const {
    return static_cast<std::uint16_t>((dword[0] >> 16 & 0x3f) << 10 | (dword[1] >> 22 & 0x3ff));
  }
  std::uint64_t address() const { return dword[2] | std::uint64_t{dword[3] & 0xffff} << 32; }
  std::uint32_t header_length() const { return dword[3] >> 24; }  // LLQ: bytes pushed behind the descriptors
  // Meta:
  bool is_extended() const { return (dword[0] >> 14 & 1) && (dword[0] >> 20 & 1); }
  bool stores() const { return dword[0] >> 21 & 1; }
};
static_assert(sizeof(TxDescriptor) == kDescriptor);

// What a meta descriptor says about the headers of a packet.
struct TxMeta {
  std::uint32_t l3_offset = 0;  // bytes
  std::uint32_t l3_length = 0;  // bytes
  std::uint32_t l4_length = 0;  // bytes; 0 without segmentation
  std::uint32_t mss = 0;        // bytes
  bool known = false;

  static TxMeta of(const TxDescriptor& descriptor) {
    return {.l3_offset = descriptor.dword[2] >> 8 & 0xff,
            .l3_length = descriptor.dword[2] & 0xff,
            .l4_length = (descriptor.dword[2] >> 16 & 0x3f) * 4,
            .mss = (descriptor.dword[0] >> 16 & 0xf) << 10 | descriptor.dword[2] >> 22,
            .known = true};
  }
};

// Offloads that the first data descriptor asks for: its dword 1.
struct TxOffloads {
  std::uint32_t bits = 0;

  bool segmentation() const { return bits >> 7 & 1; }
  bool l3_checksum() const { return bits >> 13 & 1; }
  bool l4_checksum() const { return bits >> 14 & 1; }
  bool partial() const { return bits >> 17 & 1; }  // the host has put the pseudo header's sum into the field
  bool any() const { return segmentation() || l3_checksum() || l4_checksum(); }
};

// Completions: the phase tag is bit 24 of dword 0 in all of them, and is the ring's to fill in.
inline constexpr std::uint32_t kPhaseByte = 3;

struct TxCompletion {
  std::uint16_t request;
  std::uint8_t status;
  std::uint8_t flags;
  std::uint16_t sub_queue;
  std::uint16_t head;       // of the SQ, behind the packet
  std::uint64_t timestamp;  // extended form: ns
};
static_assert(sizeof(TxCompletion) == 16);

struct RxDescriptor {
  std::uint16_t length;  // 0: 64 KiB
  std::uint8_t reserved;
  std::uint8_t flags;
  std::uint16_t request;
  std::uint16_t reserved2;
  std::uint32_t address_low;
  std::uint16_t address_high;
  std::uint16_t reserved3;

  std::uint32_t bytes() const { return length == 0 ? 0x10000u : length; }
  std::uint64_t address() const { return address_low | std::uint64_t{address_high} << 32; }
};
static_assert(sizeof(RxDescriptor) == kDescriptor);

struct RxCompletion {
  std::uint32_t status;
  std::uint16_t length;
  std::uint16_t request;
  std::uint32_t hash;
  std::uint16_t sub_queue;
  std::uint8_t offset;
  std::uint8_t reserved;
  // Extended form:
  std::uint32_t address_low;
  std::uint16_t address_high;
  std::uint16_t reserved2;
  std::uint64_t timestamp;  // ns
};
static_assert(sizeof(RxCompletion) == 32);

enum RxStatus : std::uint32_t {
  kRxL3Ipv4 = 8,
  kRxL3Ipv6 = 11,
  kRxVlanShift = 5,
  kRxL4Tcp = 12 << 8,
  kRxL4Udp = 13 << 8,
  kRxL3Bad = 1u << 13,
  kRxL4Bad = 1u << 14,
  kRxFragment = 1u << 15,
  kRxL4Checked = 1u << 16,
  kRxFirst = 1u << 26,
  kRxLast = 1u << 27,
  kRxBuffer = 1u << 30,
};

// An interrupt unmask register.
struct Unmask {
  std::uint32_t value;

  std::uint32_t rx_delay() const { return value & 0x7fff; }
  std::uint32_t tx_delay() const { return value >> 15 & 0x7fff; }
  bool unmasks() const { return value >> 30 & 1; }
  bool keeps_delays() const { return value >> 31 & 1; }
};

}  // namespace cardvp::nic::ena
