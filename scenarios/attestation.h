// Attestation as somebody does it who trusts the card's attestation key and nothing else: the quote's signature, its
// nonce, and an event log that leads to the measurements which were signed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "host/nvme/driver.h"
#include "models/memory/fuses.h"
#include "scenarios/output_folder.h"

namespace cardvp::scenarios {

struct AttestResult {
  struct Event {
    std::uint32_t measurement;  // register
    std::uint32_t version;      // of an image; 0 otherwise
    std::string what;
    std::string digest;  // SHA-384, hexadecimal
  };

  std::vector<std::byte> quote;      // security_quote, models/security/descriptor.h
  std::vector<std::byte> event_log;  // event_log, firmware/sdk/include/handoff.h
  std::uint64_t card_id = 0;
  std::string life_cycle;
  std::uint32_t security_version = 0;
  std::vector<std::string> measurements;  // hexadecimal
  std::vector<Event> events;
  std::string error;  // why it is not to be trusted; empty: it is
};

// Asks through a running driver, and checks. The nonce comes from `seed`; the key must be that of a card with these
// fuses.
Task<AttestResult> attest(host::nvme::Driver& driver, std::uint64_t seed, const memory::FusesConfig& fuses);

// X and Y of a P-384 key.
using AttestationKey = std::array<std::uint8_t, 96>;

// Checks what is in `quote` and `event_log`, and fills in the rest.
void check_attestation(AttestResult& result, std::span<const std::uint8_t> nonce, const AttestationKey& key);

// For a workload's files: a folder of its name.
OutputFolder attestation_folder(const OutputFolder& out, const std::string& workload);

// quote.bin, what was signed; quote.sig, the signature in DER; attestation.pem, the public key; event_log.bin and
// event_log.json. OpenSSL's own program verifies them:
//   openssl dgst -sha384 -verify attestation.pem -signature quote.sig quote.bin
void write_attestation(const AttestResult& result, const OutputFolder& folder);

}  // namespace cardvp::scenarios
