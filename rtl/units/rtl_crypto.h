// The mathematics of the security engine with RTL where there is a unit for it: ciphers by the AES engine, digests by
// the SHA-2 engine. What these do not do, OpenSSL does: keys of 192 bits, XTS units that are not whole blocks, and with
// them everything that crypto.h has besides (a digest within an HMAC or a signature too).
//
// A unit in lockstep has its work done by OpenSSL as well, and compared; what counts is what the RTL gave. A unit that
// fails gives SECURITY_BUS_ERROR.
#pragma once

#include <memory>

#include "models/security/crypto.h"
#include "rtl/units/aes_unit.h"
#include "rtl/units/sha2_unit.h"

namespace cardvp::rtl {

// `aes`, `sha2`: may be null, and outlive it.
std::unique_ptr<security::Crypto> make_rtl_crypto(Sim& sim, AesUnit* aes, Sha2Unit* sha2);

}  // namespace cardvp::rtl
