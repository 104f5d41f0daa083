#include "scenarios/media.h"

#include "scenarios/ext4_image.h"

namespace cardvp::scenarios {
namespace {

using platform::ConfigError;
using platform::MediumConfig;

std::unique_ptr<storage::Medium> make_medium(const MediumConfig& config, const std::filesystem::path& file,
                                             const std::string& pointer) {
  try {
    if (config.type == MediumConfig::Type::kMemory) return storage::make_memory_medium(config.size);
    return storage::make_file_medium(file.string(), config.size, config.create, config.read_only);
  } catch (const std::exception& error) {
    throw ConfigError(pointer, error.what());
  }
}

}  // namespace

Media make_media(const platform::CardConfig& card, const std::filesystem::path& work_folder,
                 const std::filesystem::path& output_folder) {
  Media result;
  for (std::size_t i = 0; i < card.volumes.size(); ++i) {
    const platform::VolumeConfig& volume = card.volumes[i];
    const std::string pointer = fmt::format("{}/volumes/{}/medium", card.pointer, i);
    std::filesystem::path file = volume.medium.path;
    if (file.string().starts_with(platform::kOutput)) {
      file = output_folder / file.string().substr(std::string_view(platform::kOutput).size());
      std::error_code ignored;  // what cannot be removed cannot be made either
      std::filesystem::remove(file, ignored);
    }
    if (volume.medium.type == MediumConfig::Type::kExt4) {
      if (!std::filesystem::is_directory(volume.medium.path))
        throw ConfigError(pointer + "/from", "a folder that exists", volume.medium.path.string());
      file = work_folder / (volume.name + ".ext4");
      make_ext4_image(volume.medium.path, volume.medium.size, file);
    }
    result.media.push_back(make_medium(volume.medium, file, pointer));
    if (result.media.back()->size() % volume.timing.block_size != 0)
      throw ConfigError(
          pointer, fmt::format("a size that is a multiple of the volume's block, {} bytes", volume.timing.block_size),
          fmt::format("{} bytes", result.media.back()->size()));
    result.files.push_back(std::move(file));
  }
  return result;
}

}  // namespace cardvp::scenarios
