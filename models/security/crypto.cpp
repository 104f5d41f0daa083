#include "models/security/crypto.h"

namespace cardvp::security {

std::size_t digest_bytes(unsigned hash) {
  switch (hash) {
    case SECURITY_SHA256:
    case SECURITY_SHA512_256: return 32;
    case SECURITY_SHA384: return 48;
    case SECURITY_SHA512: return 64;
    case SECURITY_SHA224:
    case SECURITY_SHA512_224: return 28;
    default: return 0;
  }
}

std::size_t curve_bytes(unsigned curve) {
  switch (curve) {
    case SECURITY_P256: return 32;
    case SECURITY_P384: return 48;
    default: return 0;
  }
}

}  // namespace cardvp::security
