// What `cardvp serve` is told.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>

namespace cardvp::scenarios {

// How simulated time goes.
enum class Pace : std::uint8_t {
  // As fast as possible while a guest waits for something, or what it asked for goes on. Otherwise as the wall's, so
  // that timers of the firmware expire.
  kFree,
  // Never ahead of the wall's: what takes the card 100 us takes a guest so long at least.
  kRealtime,
};

// How guests ring the doorbells of volumes.
enum class Doorbells : std::uint8_t {
  kMapped,    // by stores to memory that they share; found by looking for them, which takes processor time
  kMessages,  // by a message each
};

struct ServeOptions {
  std::filesystem::path sockets;  // the folder that they are made in
  Pace pace = Pace::kFree;
  Doorbells doorbells = Doorbells::kMapped;
  std::chrono::microseconds interrupt_gap{0};  // between two interrupts of a function, at least; wall time
};

}  // namespace cardvp::scenarios
