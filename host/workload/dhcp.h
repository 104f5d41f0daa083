// A host that asks for its address: DHCP (RFC 2131, options of RFC 2132) from DISCOVER to ACK.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/ena/driver.h"
#include "models/net/address.h"

namespace cardvp::host {

struct DhcpConfig {
  std::uint64_t seed = 1;                        // of the transaction id
  unsigned tries = 3;                            // of DISCOVER and of REQUEST
  sc_core::sc_time timeout{4, sc_core::SC_SEC};  // of the first try; the next waits twice as long (RFC 2131, 4.1)
};

// What a server gave. What it did not say is zero or empty.
struct DhcpLease {
  std::string error;  // why there is none; empty: there is one
  net::IpAddress address;
  net::Prefix subnet;  // of the mask
  net::IpAddress router, server;
  std::vector<net::IpAddress> dns;
  unsigned mtu = 0;  // bytes
  std::uint32_t lease_seconds = 0;
  sc_core::sc_time elapsed;  // from the first DISCOVER to ACK
};

// The driver must be running.
Task<DhcpLease> run_dhcp(ena::Driver& driver, DhcpConfig config = {});

}  // namespace cardvp::host
