// What NVMe 1.4 lays down in numbers: entries of queues, opcodes, status codes. Section numbers are of that document.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

namespace cardvp::nvme {

static_assert(std::endian::native == std::endian::little, "entries are copied to and from host memory as they are");

inline constexpr std::uint32_t kPageSize = 4096;  // CAP.MPSMIN = CAP.MPSMAX = 0: the only one
inline constexpr unsigned kMdts = 8;  // a command transfers 2^8 pages at most (Identify Controller, 5.15.2.2)
inline constexpr std::uint32_t kMaxTransfer = kPageSize << kMdts;  // bytes
inline constexpr std::uint64_t kDoorbells = 0x1000;                // BAR 0 offset; 4 bytes each (3.1.24)

enum class Opcode : std::uint8_t { kFlush = 0x00, kWrite = 0x01, kRead = 0x02 };  // 6.1

// Submission queue entry, 4.2.
struct SubmissionEntry {
  std::uint8_t opcode;
  std::uint8_t flags;  // FUSE in 1:0, PSDT in 7:6
  std::uint16_t cid;
  std::uint32_t nsid;
  std::uint64_t reserved;
  std::uint64_t metadata;
  std::uint64_t prp1;
  std::uint64_t prp2;
  std::uint32_t dw10, dw11, dw12, dw13, dw14, dw15;

  std::uint64_t lba() const { return dw10 | std::uint64_t{dw11} << 32; }
  std::uint32_t lba_count() const { return (dw12 & 0xffff) + 1; }
  bool force_unit_access() const { return dw12 >> 30 & 1; }
  unsigned directive_type() const { return dw12 >> 20 & 0xf; }
};
static_assert(sizeof(SubmissionEntry) == 64);

// Completion queue entry, 4.6.
struct CompletionEntry {
  std::uint32_t dw0;
  std::uint32_t dw1;
  std::uint16_t sq_head;
  std::uint16_t sq_id;
  std::uint16_t cid;
  std::uint16_t status_and_phase;  // phase tag in bit 0
};
static_assert(sizeof(CompletionEntry) == 16);

// The status field without the phase tag (4.6.1): SC in 7:0, SCT in 10:8, M in 13, DNR in 14.
using Status = std::uint16_t;
namespace status {
inline constexpr Status kMediaType = 2 << 8;
inline constexpr Status kDnr = 1 << 14;  // do not retry: the same command would fail again

inline constexpr Status kSuccess = 0x00;
inline constexpr Status kInvalidOpcode = 0x01 | kDnr;
inline constexpr Status kInvalidField = 0x02 | kDnr;
inline constexpr Status kDataTransferError = 0x04;
inline constexpr Status kInternalError = 0x06;
inline constexpr Status kAbortRequested = 0x07;
inline constexpr Status kInvalidNamespace = 0x0b | kDnr;
inline constexpr Status kPrpOffsetInvalid = 0x13 | kDnr;
inline constexpr Status kWriteProtected = 0x20 | kDnr;
inline constexpr Status kLbaOutOfRange = 0x80 | kDnr;
inline constexpr Status kWriteFault = 0x80 | kMediaType;
inline constexpr Status kUnrecoveredReadError = 0x81 | kMediaType;
inline constexpr Status kAccessDenied = 0x86 | kMediaType | kDnr;

// For the names of counters.
std::string_view name(Status status);
}  // namespace status

}  // namespace cardvp::nvme
