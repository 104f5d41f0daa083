#include "models/base/model.h"

namespace cardvp {

std::uint64_t derive_seed(std::uint64_t seed, std::string_view name) {
  // FNV-1a over the name, then a SplitMix64 step to spread neighbouring seeds.
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  std::uint64_t z = seed + hash + 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace cardvp
