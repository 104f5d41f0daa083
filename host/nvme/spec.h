// NVM Express 1.4 as far as the driver needs it. Sections and figures are of that specification.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace cardvp::host::nvme {

static_assert(std::endian::native == std::endian::little, "queue entries are used in place");

inline constexpr std::uint32_t kClassCode = 0x010802;  // PCI class of an NVM Express I/O controller (2.1.5)

// Controller registers (3.1), offsets in BAR 0.
namespace reg {
inline constexpr std::uint64_t kCap = 0x00;  // 64 bits
inline constexpr std::uint64_t kVs = 0x08;
inline constexpr std::uint64_t kCc = 0x14;
inline constexpr std::uint64_t kCsts = 0x1c;
inline constexpr std::uint64_t kAqa = 0x24;
inline constexpr std::uint64_t kAsq = 0x28;  // 64 bits
inline constexpr std::uint64_t kAcq = 0x30;  // 64 bits
inline constexpr std::uint64_t kDoorbells = 0x1000;
}  // namespace reg

// CAP (3.1.1)
constexpr unsigned cap_mqes(std::uint64_t cap) { return cap & 0xffff; }       // entries of an I/O queue, minus 1
constexpr unsigned cap_to(std::uint64_t cap) { return cap >> 24 & 0xff; }     // 500 ms units
constexpr unsigned cap_dstrd(std::uint64_t cap) { return cap >> 32 & 0xf; }   // doorbell stride: 4 << dstrd bytes
constexpr bool cap_nvm(std::uint64_t cap) { return cap >> 37 & 1; }           // NVM command set
constexpr unsigned cap_mpsmin(std::uint64_t cap) { return cap >> 48 & 0xf; }  // smallest page: 4096 << mpsmin bytes

// CC (3.1.5): entry sizes as powers of two, memory page size 4 KiB, NVM command set.
inline constexpr std::uint32_t kCcEnable = 1;
inline constexpr std::uint32_t kCcEntrySizes = 6 << 16 | 4 << 20;
inline constexpr std::uint32_t kCcShutdownMask = 3 << 14;
inline constexpr std::uint32_t kCcShutdownNormal = 1 << 14;

// CSTS (3.1.6)
inline constexpr std::uint32_t kCstsReady = 1;
inline constexpr std::uint32_t kCstsFatal = 2;
inline constexpr std::uint32_t kCstsShutdownMask = 3 << 2;
inline constexpr std::uint32_t kCstsShutdownComplete = 2 << 2;

enum AdminOpcode : std::uint8_t {
  kDeleteSubmissionQueue = 0x00,
  kCreateSubmissionQueue = 0x01,
  kGetLogPage = 0x02,
  kDeleteCompletionQueue = 0x04,
  kCreateCompletionQueue = 0x05,
  kIdentify = 0x06,
  kAbort = 0x08,
  kSetFeatures = 0x09,
  kGetFeatures = 0x0a,
  kAsyncEventRequest = 0x0c,
  kFirmwareCommit = 0x10,
  kFirmwareImageDownload = 0x11,
  // Vendor specific, in the format of Figure 105: dword 10 is the number of dwords of data (NDT). The structures that
  // they give are the card's (docs/security.md).
  kGetQuote = 0xc2,  // dwords 12 to 15: nonce
  kGetEventLog = 0xc6,
};
enum NvmOpcode : std::uint8_t { kFlush = 0x00, kWrite = 0x01, kRead = 0x02 };

// Firmware Commit: action, command dword 10 bits 5:3 (5.11).
enum class CommitAction : std::uint8_t {
  kReplace = 0,             // the slot's image; not activated
  kReplaceAndActivate = 1,  // at the next controller reset
  kActivate = 2,            // at the next controller reset
  kActivateNow = 3,         // the downloaded image, or else the slot's, without a reset
};
inline constexpr std::size_t kNonceSize = 16;  // bytes

inline constexpr std::uint32_t kFeatureQueues = 0x07;      // 5.21.1.7
inline constexpr std::uint32_t kIdentifyNamespace = 0x00;  // CNS values, 5.15
inline constexpr std::uint32_t kIdentifyController = 0x01;
inline constexpr std::uint32_t kQueueContiguous = 1;  // Create I/O queue, command dword 11 (5.3, 5.4)
inline constexpr std::uint32_t kQueueInterruptsEnabled = 2;
inline constexpr unsigned kIdentifySize = 4096;  // bytes
inline constexpr std::uint32_t kAllNamespaces = 0xffffffff;

// Submission queue entry (4.2)
struct Command {
  std::uint8_t opcode = 0;
  std::uint8_t flags = 0;  // FUSE, PSDT
  std::uint16_t cid = 0;
  std::uint32_t nsid = 0;
  std::uint32_t dw2 = 0, dw3 = 0;
  std::uint64_t metadata = 0;
  std::uint64_t prp1 = 0;
  std::uint64_t prp2 = 0;
  std::uint32_t dw10 = 0, dw11 = 0, dw12 = 0, dw13 = 0, dw14 = 0, dw15 = 0;
};
static_assert(sizeof(Command) == 64);

// Completion queue entry (4.6)
struct CompletionEntry {
  std::uint32_t dw0 = 0;
  std::uint32_t dw1 = 0;
  std::uint16_t sq_head = 0;
  std::uint16_t sq_id = 0;
  std::uint16_t cid = 0;
  std::uint16_t status = 0;  // bit 0: phase tag
};
static_assert(sizeof(CompletionEntry) == 16);

}  // namespace cardvp::host::nvme
