// One call to the gateway of a run that goes on in another process (gateway_server.h).
#pragma once

#include <filesystem>
#include <string>

namespace cardvp::platform {

// Sends the line, and waits for the answer's as long as the run goes on. Throws std::runtime_error: nobody is there, or
// the connection ended ahead of an answer.
std::string call_gateway(const std::filesystem::path& socket, std::string line);

}  // namespace cardvp::platform
