// The parts of configuration space that host software uses (PCI Express Base Specification 4.0, 7.5).
#pragma once

#include <cstdint>

namespace cardvp::host::pci {

inline constexpr std::uint16_t kVendor = 0x00;
inline constexpr std::uint16_t kCommand = 0x04;
inline constexpr std::uint16_t kStatus = 0x06;
inline constexpr std::uint16_t kRevision = 0x08;
inline constexpr std::uint16_t kHeaderType = 0x0e;
inline constexpr std::uint16_t kBar0 = 0x10;
inline constexpr std::uint16_t kSubsystem = 0x2c;
inline constexpr std::uint16_t kCapabilities = 0x34;

inline constexpr std::uint16_t kCommandMemory = 1 << 1;
inline constexpr std::uint16_t kCommandBusMaster = 1 << 2;
inline constexpr std::uint16_t kCommandNoIntx = 1 << 10;
inline constexpr std::uint16_t kStatusCapabilities = 1 << 4;

inline constexpr std::uint8_t kCapabilityPower = 0x01;
inline constexpr std::uint8_t kCapabilityPcie = 0x10;
inline constexpr std::uint8_t kCapabilityMsix = 0x11;

// From the start of the PCI Express capability
inline constexpr std::uint16_t kDeviceCapabilities = 0x04;
inline constexpr std::uint16_t kDeviceControl = 0x08;
inline constexpr std::uint32_t kDeviceCapabilitiesFlr = 1u << 28;
inline constexpr std::uint16_t kDeviceControlFlr = 1 << 15;

// From the start of the MSI-X capability
inline constexpr std::uint16_t kMsixControl = 0x02;
inline constexpr std::uint16_t kMsixTable = 0x04;
inline constexpr std::uint16_t kMsixPending = 0x08;
inline constexpr std::uint16_t kMsixEnable = 1 << 15;
inline constexpr unsigned kMsixEntry = 16;  // bytes: address, data, vector control (bit 0: masked)

}  // namespace cardvp::host::pci
