#include "models/memory/flash.h"

#include "models/memory/image.h"

namespace cardvp::memory {

Flash::Flash(sc_core::sc_module_name name, Sim& sim, std::uint64_t size, const std::string& path)
    : ReadOnlyMemory(name, sim, size, path.empty() ? std::vector<std::byte>() : read_image(path, size, "flash image"),
                     std::byte{0xff}) {}

}  // namespace cardvp::memory
