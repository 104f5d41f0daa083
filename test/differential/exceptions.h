// Where the two engines are not compared, each case with its reason. docs/differential-testing.md tells the stories.
#pragma once

#include <cstdint>
#include <span>

namespace cardvp::arm::differential {

enum class Exemption : std::uint8_t {
  kNotGenerated,    // not part of a sequence
  kExtension,       // undefined in Armv8.0-A, but the reference implements a later version's instruction
  kNotImplemented,  // of Armv8.0-A, but the reference does not implement it
  kStatus,          // the FPSR bits of `status` are not compared, where FPCR has the bits of `fpcr`
};

// FPSR.IDC, IXC, UFC, OFC, DZC, IOC.
inline constexpr std::uint32_t kFpExceptions = 0x9f;

struct Exception {
  Exemption exemption;
  std::uint32_t mask;   // words of which these bits
  std::uint32_t value;  // are this
  const char* reason;
  std::uint32_t status = 0;
  std::uint32_t fpcr = 0;
};

std::span<const Exception> exceptions();
// The first of that kind for the word, or null.
const Exception* find_exception(Exemption exemption, std::uint32_t word);
// The FPSR bits that are not compared after the word.
std::uint32_t ignored_status(std::uint32_t word, std::uint32_t fpcr);

}  // namespace cardvp::arm::differential
