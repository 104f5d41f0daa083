// The AES engine in RTL (rtl/blocks/aes/aes.sv) as a unit: AES-XTS and AES-GCM by commands to its registers and packets
// on its streams. Works at once: the block runs ahead of the simulated time, and time() tells how far.
//
// The block keeps the key of its last command until another one is used, or it is forgotten.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "rtl/bridges/axi_stream_sink.h"
#include "rtl/bridges/axi_stream_source.h"
#include "rtl/bridges/axi_target.h"
#include "rtl/units/unit.h"

namespace cardvp::rtl {

struct AesCommand {
  bool gcm = false, decrypt = false;
  std::span<const std::byte> key;  // XTS: 32 or 64 bytes; GCM: 16 or 32
  std::uint64_t key_id = 0;        // tells keys apart; not 0
  std::uint32_t unit = 0;          // XTS: bytes of a data unit, a multiple of 16
  std::span<const std::byte> iv;   // XTS: the tweak, 16 bytes; GCM: 1 byte or more
  std::span<const std::byte> additional;
  std::span<const std::byte> from;
  std::span<std::byte> to;                  // of the same size; may be the same place
  std::span<std::byte> tag;                 // of GCM: 4 to 16 bytes; written by encryption
  std::span<const std::byte> expected_tag;  // of decryption
};

class AesUnit : public Unit {
 public:
  AesUnit(sc_core::sc_module_name name, Sim& sim, const UnitConfig& config);

  enum class Result : std::uint8_t {
    kOk,
    kWrongTag,
    kFailed,  // the block did not answer, or said that the command makes no sense: logged, counted, and it was reset
  };
  Result run(const AesCommand& command);
  // The block's own copy is cleared.
  void forget_key(std::uint64_t key_id);
  // Card reset: nothing is in the block any more.
  void reset();

 private:
  Result fail(const AesCommand& command, std::string_view why);
  bool load_key(const AesCommand& command);
  bool start(const AesCommand& command);
  bool stream(const AesCommand& command);

  AxiTarget control_;
  AxiStreamSource in_;
  AxiStreamSink out_;
  StreamPacket packet_;
  std::uint64_t loaded_ = 0;  // key_id; 0: none
  Counter& commands_;
  Counter& bytes_;
  Counter& failures_;
};

}  // namespace cardvp::rtl
