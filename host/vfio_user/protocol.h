// The vfio-user protocol as it is on the wire: what QEMU (from 10.1) speaks to a device in another process. Version
// 0.0; little-endian, as hosts are. Every value that comes from a client is unchecked.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cardvp::host::vfio_user {

enum class Command : std::uint16_t {
  kVersion = 1,
  kDmaMap = 2,
  kDmaUnmap = 3,
  kGetInfo = 4,
  kGetRegionInfo = 5,
  kGetIrqInfo = 7,
  kSetIrqs = 8,
  kRegionRead = 9,
  kRegionWrite = 10,
  kDmaRead = 11,  // these two are sent by the server
  kDmaWrite = 12,
  kReset = 13,
  kRegionWriteMulti = 15,
};

struct Header {
  std::uint16_t id;  // the sender's; its reply has it, too
  std::uint16_t command;
  std::uint32_t size;  // bytes, of the whole message
  std::uint32_t flags;
  std::uint32_t error;  // errno, if flags has kError
};
static_assert(sizeof(Header) == 16);

inline constexpr std::uint32_t kTypeMask = 0xf;
inline constexpr std::uint32_t kTypeCommand = 0;
inline constexpr std::uint32_t kTypeReply = 1;
inline constexpr std::uint32_t kNoReply = 1 << 4;
inline constexpr std::uint32_t kError = 1 << 5;

// The most that one message reads or writes, and the descriptors that it may bring.
inline constexpr std::size_t kMostTransfer = 1 << 20;  // bytes
inline constexpr std::size_t kMostDescriptors = 16;

struct Version {  // followed by JSON, with its zero
  std::uint16_t major;
  std::uint16_t minor;
};
static_assert(sizeof(Version) == 4);

struct DmaMap {
  std::uint32_t argsz;
  std::uint32_t flags;
  std::uint64_t offset;  // in the file
  std::uint64_t address;
  std::uint64_t size;
};
static_assert(sizeof(DmaMap) == 32);
inline constexpr std::uint32_t kMapReadable = 1 << 0;
inline constexpr std::uint32_t kMapWritable = 1 << 1;

struct DmaUnmap {
  std::uint32_t argsz;
  std::uint32_t flags;
  std::uint64_t address;
  std::uint64_t size;
};
static_assert(sizeof(DmaUnmap) == 24);
inline constexpr std::uint32_t kUnmapAll = 1 << 1;

struct DeviceInfo {
  std::uint32_t argsz;
  std::uint32_t flags;
  std::uint32_t regions;
  std::uint32_t irqs;
};
static_assert(sizeof(DeviceInfo) == 16);
inline constexpr std::uint32_t kDeviceReset = 1 << 0;
inline constexpr std::uint32_t kDevicePci = 1 << 1;

// Regions 0 to 5 are the BARs.
inline constexpr std::uint32_t kBars = 6;
inline constexpr std::uint32_t kRegionConfig = 7;
inline constexpr std::uint32_t kRegions = 9;
inline constexpr std::uint32_t kConfigSize = 4096;

struct RegionInfo {
  std::uint32_t argsz;
  std::uint32_t flags;
  std::uint32_t index;
  std::uint32_t cap_offset;
  std::uint64_t size;
  std::uint64_t offset;
};
static_assert(sizeof(RegionInfo) == 32);
inline constexpr std::uint32_t kRegionReadable = 1 << 0;
inline constexpr std::uint32_t kRegionWritable = 1 << 1;
inline constexpr std::uint32_t kRegionMappable = 1 << 2;
inline constexpr std::uint32_t kRegionHasCapabilities = 1 << 3;

struct SparseMap {  // capability of a region, here with one area: what of it may be mapped
  std::uint16_t id;
  std::uint16_t version;
  std::uint32_t next;
  std::uint32_t areas;
  std::uint32_t reserved;
  std::uint64_t offset;
  std::uint64_t size;
};
static_assert(sizeof(SparseMap) == 32);
inline constexpr std::uint16_t kSparseMap = 1;

inline constexpr std::uint32_t kIrqIntx = 0;
inline constexpr std::uint32_t kIrqMsi = 1;
inline constexpr std::uint32_t kIrqMsix = 2;
inline constexpr std::uint32_t kIrqs = 5;

struct IrqInfo {
  std::uint32_t argsz;
  std::uint32_t flags;
  std::uint32_t index;
  std::uint32_t count;
};
static_assert(sizeof(IrqInfo) == 16);
inline constexpr std::uint32_t kIrqEventfd = 1 << 0;

struct SetIrqs {
  std::uint32_t argsz;
  std::uint32_t flags;
  std::uint32_t index;
  std::uint32_t start;
  std::uint32_t count;
};
static_assert(sizeof(SetIrqs) == 20);
inline constexpr std::uint32_t kIrqDataNone = 1 << 0;
inline constexpr std::uint32_t kIrqDataBool = 1 << 1;
inline constexpr std::uint32_t kIrqDataEventfd = 1 << 2;
inline constexpr std::uint32_t kIrqTrigger = 1 << 5;

struct RegionAccess {  // a write's request and a read's reply are followed by the data
  std::uint64_t offset;
  std::uint32_t region;
  std::uint32_t count;
};
static_assert(sizeof(RegionAccess) == 16);

struct WriteMultiEntry {  // a message has their number in 8 bytes, and then that many
  std::uint64_t offset;
  std::uint32_t region;
  std::uint32_t count;  // at most 8
  std::byte data[8];
};
static_assert(sizeof(WriteMultiEntry) == 24);
// QEMU packs 200; more would only hold up the others.
inline constexpr std::size_t kMostMultiWrites = 4096;

struct DmaAccess {  // a write's request and a read's reply are followed by the data
  std::uint64_t address;
  std::uint64_t count;
};
static_assert(sizeof(DmaAccess) == 16);

inline constexpr std::size_t kMostMessage = sizeof(Header) + sizeof(RegionAccess) + kMostTransfer;

}  // namespace cardvp::host::vfio_user
